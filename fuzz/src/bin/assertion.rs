//! What trusted issuers say about people and workloads: whatever the claims are, they are judged, and their rules never fail.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use oauth::Params;
use oauth::claims::Confirmation;
use oauth::jwt_bearer::IdJag;
use oauth::token::TokenRequest;
use oauth::token_exchange::Actors;
use realm::Client;
use realm::issuers::{Issuers, TrustedIssuer};
use serde_json::json;
use server::jwt_bearer::rules::{HandedIn, decide};
use server::trust::rules::{self, Kind, LEEWAY};

const NOW: i64 = 1_800_000_000;
const OWN: [&str; 2] = ["https://example.org", "https://example.org/token"];

fn trusted() -> &'static Issuers {
    static TRUSTED: OnceLock<Issuers> = OnceLock::new();
    TRUSTED.get_or_init(|| {
        let rules = json!([
            {"condition": "claims.repository.startsWith('acme/') && claims.ref == 'refs/heads/main'", "subject": {"client": "deploy"}},
            {"condition": "claims.groups.exists(group, group == 'sales')", "subject": {"person": {"claim": "email", "by": "email"}},
                "clients": ["app"], "scope": "notes.read notes.write offline_access"},
            {"condition": "size(claims) > 3", "subject": {"person": {"claim": "sub", "by": "id"}}, "clients": ["app"], "scope": "notes.read",
                "resources": ["urn:example:notes"]},
        ]);
        let all = ["https://idp.example", "spiffe://example.org"].map(|issuer| {
            let document = json!({"issuer": issuer, "audiences": ["sts.example"], "rules": rules});
            serde_json::from_value::<TrustedIssuer>(document).expect("an issuer")
        });
        Issuers::new(all.into())
    })
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    let _ = serde_json::from_str::<IdJag>(first);
    let client: Client = serde_json::from_value(json!({"client_id": "app"})).expect("a client");
    let Ok(claims) = jose::json_object(first) else {
        return;
    };
    let Some(issuer) = trusted().claimed_by(&claims) else {
        return;
    };
    let document = issuer.document();
    let params = Params::parse(second);
    let request = TokenRequest::parse(&params);
    let typ = params.get("typ");
    if let Ok(kind) = rules::kind(typ, document) {
        assert!(kind == Kind::Plain || typ.is_some());
    }
    for kind in [Kind::Plain, Kind::IdJag] {
        let Ok(accepted) = rules::judge(&claims, kind, document, &OWN, NOW) else {
            continue;
        };
        assert!(accepted.expires_at > NOW - LEEWAY && accepted.issued_at <= NOW);
        assert!(accepted.expires_at <= NOW + document.longest + LEEWAY);
        assert!(!accepted.sub.is_empty() && accepted.jti.is_some());
        let actors = Actors::parse(claims.get("act"));
        assert!(claims.contains_key("act") || actors.is_ok_and(|actors| actors.is_empty()));
        let bound = claims
            .get("cnf")
            .map(|cnf| serde_json::from_value(cnf.clone()));
        let Ok(bound): Result<Option<Confirmation>, _> = bound.transpose() else {
            continue;
        };
        let holding = issuer.rules_for(&claims);
        let handed = HandedIn {
            kind,
            issuer: &document.id,
            claims: &claims,
            confirmation: bound.as_ref(),
        };
        let Ok(TokenRequest::JwtBearer(request)) = &request else {
            continue;
        };
        if let Ok(offer) = decide(&client, &handed, &holding, request, (OWN[0], None)) {
            // Never without a rule, never more than it says, and nothing that lasts.
            assert!(
                holding
                    .iter()
                    .any(|rule| offer.scope.is_subset(&rule.scope))
            );
            assert!(!offer.scope.contains("offline_access") && bound.is_none());
        }
    }
});
