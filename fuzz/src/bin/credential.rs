//! What wallets send: requests for credentials, proofs of keys, attestations, notices, the pre-authorized code; and offers. Any texts, and any claims under good
//! signatures.
#![no_main]

use std::sync::OnceLock;

use jose::jwe::KeyManagement;
use jose::jws::{self, Header};
use jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey};
use libfuzzer_sys::fuzz_target;
use oauth::Params;
use oauth::credential::{
    ATTESTATION_TYPE, Attesters, CredentialRequest, Holder, MOST_PROOFS, Notice, Offer, PROOF_TYPE,
    Proofs, Proven, public_part,
};
use oauth::token::TokenRequest;
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://example.org";

struct Keys {
    wallet: SigningKey,
    attester: SigningKey,
    trusted: KeySet,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let attester = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let keys = vec![attester.public_jwk().unwrap()];
        Keys {
            wallet: SigningKey::generate(Algorithm::EdDsa).unwrap(),
            trusted: KeySet::from_jwks(&JwkSet { keys }),
            attester,
        }
    })
}

fn proof(key: &SigningKey, jwk: Jwk, kid: Option<&str>, claims: &str) -> Option<String> {
    let header = Header {
        typ: Some(PROOF_TYPE.to_owned()),
        kid: kid.map(str::to_owned),
        jwk: Some(jwk),
        ..Header::default()
    };
    jws::sign(key, &header, claims.as_bytes()).ok()
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let keys = keys();
    let holder = Holder {
        issuer: ISSUER,
        client: Some("app"),
        now: NOW,
    };
    let attesters = Attesters {
        keys: &keys.trusted,
        now: NOW,
    };
    if let Ok(members) = jose::json_object(text) {
        let _ = Notice::parse(&members);
        if let Ok(request) = CredentialRequest::parse(&members, &[KeyManagement::EcdhEs]) {
            if let Some(Proofs::Jwt(all)) = &request.proofs {
                assert!((1..=MOST_PROOFS).contains(&all.len()));
                for one in all {
                    let _ = Proven::judge(one, &holder, None);
                }
            }
            if let Some(how) = request.response_encryption {
                assert!(!how.key.is_private() && how.management == KeyManagement::EcdhEs);
            }
        }
    }
    if let Ok(offer) = serde_json::from_str::<Offer>(text) {
        let again = serde_json::to_string(&offer).unwrap();
        assert_eq!(serde_json::from_str::<Offer>(&again).unwrap(), offer);
    }
    if let Ok(TokenRequest::PreAuthorizedCode(request)) = TokenRequest::parse(&Params::parse(text))
    {
        assert!(!request.code.is_empty());
        assert!(!format!("{request:?}").contains(&request.code) || request.code.len() < 8);
    }
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    assert!(Proven::judge(first, &holder, None).is_err() || first.matches('.').count() == 2);
    let own = || keys.wallet.public_jwk().unwrap();
    if let Some(good) = proof(&keys.wallet, own(), None, first) {
        if let Ok(proven) = Proven::judge(&good, &holder, None) {
            let claims: Value = serde_json::from_str(first).expect("claims");
            assert!(claims["aud"] == ISSUER || claims["aud"] == serde_json::json!([ISSUER]));
            assert!(claims["iss"] == "app" || claims.get("iss").is_none_or(Value::is_null));
            assert_eq!(claims["nonce"], proven.nonce.as_str());
            assert_eq!(proven.key.thumbprint(), own().thumbprint());
            assert!(public_part(&proven.key).as_object().unwrap().len() <= 6);
            // Where keys have to be attested, this one is not; and a proof names its key in one way.
            assert!(Proven::judge(&good, &holder, Some(&attesters)).is_err());
            let named = proof(&keys.wallet, own(), Some("k"), first).unwrap();
            assert!(Proven::judge(&named, &holder, None).is_err());
        }
        // Not under another key than it names.
        let foreign = proof(&keys.attester, own(), None, first).unwrap_or_default();
        assert!(Proven::judge(&foreign, &holder, None).is_err());
    }
    // `KEY` stands for the key of the wallet, which no input could guess.
    let attests = second.replace("\"KEY\"", &own().to_value().to_string());
    let sign = |key: &SigningKey| {
        let header = Header::typed(ATTESTATION_TYPE, key);
        jws::sign(key, &header, attests.as_bytes()).unwrap_or_default()
    };
    assert!(attesters.judge(second).is_err() && attesters.judge(&sign(&keys.wallet)).is_err());
    if let Ok(attested) = attesters.judge(&sign(&keys.attester)) {
        assert!((1..=MOST_PROOFS).contains(&attested.keys.len()));
        assert!(attested.keys.iter().all(|key| !key.is_private()));
    }
});
