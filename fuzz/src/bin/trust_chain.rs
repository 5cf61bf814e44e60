//! What federations say: statements as they come and as anybody could put them into a JWT, chains of them, trust marks. Nothing that nobody signed is believed.
#![no_main]

use jose::{KeySet, base64url};
use libfuzzer_sys::fuzz_target;
use oauth::federation::{Anchor, Chain, Statement, TrustMark, TrustMarkIssuers, is_entity_id};
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
const HEADERS: [&str; 2] = [
    r#"{"alg":"ES256","typ":"entity-statement+jwt","kid":"k"}"#,
    r#"{"alg":"ES256","typ":"trust-mark+jwt","kid":"k"}"#,
];

fn unsigned(header: &str, claims: &Value) -> String {
    let [header, claims] = [header, &claims.to_string()].map(base64url::encode);
    format!("{header}.{claims}.{}", base64url::encode([1; 64]))
}

fn judge(texts: &[String]) {
    let statements: Vec<Statement> = texts
        .iter()
        .filter_map(|text| Statement::parse(text).ok())
        .collect();
    for statement in &statements {
        assert!(is_entity_id(&statement.issuer, true) && is_entity_id(&statement.subject, true));
        assert!(!statement.is_signed_by(&statement.keys));
        let _ = (
            statement.fetch_endpoint(),
            statement.authority_hints().count(),
            statement.trust_marks().count(),
        );
        let _ = TrustMarkIssuers::of(statement);
    }
    let keys: Vec<KeySet> = statements.iter().map(|one| one.keys.clone()).collect();
    let anchors: Vec<Anchor<'_>> = statements
        .iter()
        .zip(&keys)
        .map(|(one, keys)| Anchor {
            id: &one.issuer,
            keys,
        })
        .collect();
    assert!(Chain::verify(statements.clone(), &anchors, NOW).is_err());
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if is_entity_id(text, false) {
        assert!(text.starts_with("https://"));
    }
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    judge(&lines);
    let claims: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let statements: Vec<String> = claims
        .iter()
        .map(|claims| unsigned(HEADERS[0], claims))
        .collect();
    judge(&statements);
    let nobody = TrustMarkIssuers::default();
    for claims in &claims {
        if let Ok(mark) = TrustMark::parse(&unsigned(HEADERS[1], claims)) {
            assert!(
                mark.judge(&mark.subject, &KeySet::new(Vec::new()), &nobody, NOW)
                    .is_err()
            );
        }
    }
});
