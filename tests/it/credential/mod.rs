//! Verifiable credentials: OpenID4VCI 1.0, SD-JWT VC, RFC 9901.

mod account;
mod attacks;
mod certified;
mod encryption;
mod metadata;
mod status_list;

use std::collections::BTreeSet;

use jose::jws::{self, Header};
use jose::sd_jwt::{open, split};
use jose::{Algorithm, Jwk, SigningKey, VerifyingKey};
use realm::resources::issuing;
use realm::{CredentialClaim, CredentialConfiguration, Grantable};
use serde_json::{Map, Value, json};

use crate::harness::{Answer, Client, NewClient, Tokens, World};
use crate::on_each_engine;

const ACTOR: &str = "test";

/// A claim of this path, computed so.
fn claim(path: &str, value: &str) -> CredentialClaim {
    CredentialClaim {
        path: path.split('.').map(str::to_owned).collect(),
        value: value.to_owned(),
        display: Vec::new(),
        mandatory: false,
    }
}

/// The credential `employee`: a name, an address in an object, a department that nobody has.
pub fn employee(world: &World) -> CredentialConfiguration {
    let vct = format!("{}/vct/employee", world.issuer());
    CredentialConfiguration {
        scope: Some("employee".to_owned()),
        claims: vec![
            claim("name", "profile.name"),
            claim("contact.email", "profile.email"),
            claim("department", "profile.department"),
        ],
        ..CredentialConfiguration::new("employee", &vct, "Employee pass")
    }
}

pub async fn issue(world: &World, one: CredentialConfiguration) {
    issuing::offer(world.realm(), one, ACTOR).await.unwrap();
    world.sync().await;
}

fn wallet(client: NewClient) -> NewClient {
    client
        .scope("openid offline_access employee")
        .set("authorization_details_types", json!(["openid_credential"]))
}

/// The credential, alice, and her wallet.
async fn shop(world: &World) -> Client {
    issue(world, employee(world)).await;
    world.app_with(wallet).await
}

/// What asks for the credential by name.
fn details() -> Value {
    json!([{"type": "openid_credential", "credential_configuration_id": "employee"}])
}

async fn by_scope(world: &World, app: &Client) -> Tokens {
    world.flow(app).with("scope", "employee").tokens().await
}

async fn by_details(world: &World, app: &Client) -> Tokens {
    let flow = world.flow(app).with("scope", "offline_access");
    flow.with("authorization_details", &details().to_string())
        .tokens()
        .await
}

/// The name that a token response gives the credential.
pub fn named(tokens: &Tokens) -> String {
    let identifiers = &tokens.0["authorization_details"][0]["credential_identifiers"];
    identifiers[0].as_str().unwrap().to_owned()
}

pub fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

pub async fn nonce(world: &World) -> String {
    let answer = world.post("/nonce").send().await;
    answer.status(200).not_stored();
    answer.text("c_nonce")
}

/// A proof of a key, with other claims.
pub fn proof(world: &World, key: &SigningKey, changes: Value) -> String {
    let mut claims = json!({"aud": world.issuer(), "iss": "app", "iat": world.now()});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    let header = Header {
        typ: Some("openid4vci-proof+jwt".to_owned()),
        jwk: Some(key.public_jwk().unwrap()),
        ..Header::default()
    };
    jws::sign(key, &header, claims.to_string().as_bytes()).unwrap()
}

/// A proof with the present nonce.
pub async fn fresh(world: &World, key: &SigningKey) -> String {
    let nonce = nonce(world).await;
    proof(world, key, json!({ "nonce": nonce }))
}

pub async fn fetch(world: &World, token: &str, body: &Value) -> Answer {
    let call = world.post("/credential").bearer(token);
    call.json(body).send().await
}

/// A request by configuration with these proofs.
pub fn request(proofs: &[&str]) -> Value {
    json!({"credential_configuration_id": "employee", "proofs": {"jwt": proofs}})
}

/// The credentials of an answer.
pub fn credentials(answer: &Answer) -> Vec<String> {
    let json = answer.status(200).not_stored().json();
    let list = json["credentials"].as_array().unwrap().iter();
    list.map(|one| one["credential"].as_str().unwrap().to_owned())
        .collect()
}

/// What a credential says with all its disclosures, its header, and what it says with none; verified with the published keys.
pub async fn read(world: &World, credential: &str) -> (Value, Value, Value) {
    let (jwt, disclosures, proof) = split(credential).unwrap();
    assert_eq!(proof, None);
    let jwks = world.get("/jwks").send().await.json();
    let header = jws::peek(jwt).unwrap().header;
    let keys = jwks["keys"].as_array().unwrap();
    let jwk = keys
        .iter()
        .find(|it| it["kid"].as_str() == header.kid.as_deref());
    let jwk = Jwk::from_value(jwk.unwrap().clone()).unwrap();
    let key = VerifyingKey::from_jwk(&jwk, Algorithm::Es256).unwrap();
    let payload = jws::verify(jwt, &key).unwrap().payload;
    let payload: Map<String, Value> = serde_json::from_slice(&payload).unwrap();
    let all = open(&payload, &disclosures).unwrap();
    let none = open(&payload, &[]).unwrap();
    let header = json!({"typ": header.typ, "kid": header.kid});
    (Value::Object(all), header, Value::Object(none))
}

on_each_engine! {
    /// §5.1.2, §8: by scope to a credential that the published keys verify, bound to the wallet's key, whose claims are disclosed one by one.
    async fn a_wallet_fetches_what_is_said_of_a_person(world: World) {
        let app = shop(&world).await;
        let flow = world.flow(&app).with("scope", "employee");
        let mut browser = world.browser();
        let page = flow.consent_in(&mut browser).await;
        assert!(page.says("Put the credential “Employee pass” into your wallet"), "{}", page.words());
        let page = flow.go_on(&mut browser, page).await;
        let code = flow.response(&page)["code"].clone();
        let answer = flow.redeem(&code).await;
        let token = answer.status(200).text("access_token");
        assert_eq!(world.claims(&token).await["aud"], json!(world.issuer()));
        let holder = key();
        let proof = fresh(&world, &holder).await;
        let answer = fetch(&world, &token, &request(&[&proof])).await;
        let [credential] = credentials(&answer).try_into().unwrap();
        let (all, header, open) = read(&world, &credential).await;
        assert_eq!(header["typ"], "dc+sd-jwt");
        let jwk = holder.public_jwk().unwrap().to_value();
        let cnf = json!({"jwk": {"kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]}});
        let now = world.now();
        let vct = format!("{}/vct/employee", world.issuer());
        let said = json!({"iss": world.issuer(), "vct": vct, "iat": now - now % 3600, "exp": (now + 1_209_600) / 3600 * 3600, "cnf": cnf, "contact": {}});
        assert_eq!(open, said);
        assert_eq!((&all["name"], &all["contact"]["email"]), (&json!("Alice Example"), &json!("alice@example.com")));
        // A decoy stands where nothing is known.
        let (jwt, disclosures, _) = split(&credential).unwrap();
        let payload: Value = serde_json::from_slice(&jws::peek(jwt).unwrap().payload().unwrap()).unwrap();
        assert_eq!((disclosures.len(), payload["_sd"].as_array().unwrap().len()), (2, 2));
        assert!(all.get("department").is_none() && all.get("sub").is_none());
    }

    /// §5.1.1, §6.2, §8.2: by name; the token response says by which identifier, and goes on saying so after a refresh.
    async fn what_was_asked_for_by_name_is_had_by_name(world: World) {
        let app = shop(&world).await;
        let tokens = by_details(&world, &app).await;
        let name = named(&tokens);
        let proof = fresh(&world, &key()).await;
        let body = json!({"credential_identifier": name, "proofs": {"jwt": [proof]}, "unknown": {"a": 1}});
        assert_eq!(credentials(&fetch(&world, tokens.access(), &body).await).len(), 1);
        let by_kind = fetch(&world, tokens.access(), &request(&[&proof])).await;
        by_kind.refused(400, "invalid_credential_request");
        let later = app.refreshed(tokens.refresh()).await;
        assert_eq!(named(&later), name);
        assert_eq!(credentials(&fetch(&world, later.access(), &body).await).len(), 1);
    }

    /// §3.3.2, §8.2: a proof for each key, a credential for each proof, with nothing in common that is hidden.
    async fn several_keys_give_several_credentials(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let keys = [key(), key(), key()];
        let mut proofs = Vec::new();
        for key in &keys {
            proofs.push(fresh(&world, key).await);
        }
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = fetch(&world, tokens.access(), &request(&proofs)).await;
        let all = credentials(&answer);
        let mut seen = BTreeSet::new();
        for (credential, key) in all.iter().zip(&keys) {
            let (said, ..) = read(&world, credential).await;
            assert_eq!(said["cnf"]["jwk"]["x"], key.public_jwk().unwrap().to_value()["x"]);
            let (_, disclosures, _) = split(credential).unwrap();
            seen.extend(disclosures.into_iter().map(str::to_owned));
        }
        assert_eq!((all.len(), seen.len()), (3, 6), "no salt twice");
    }

    /// §8.2: a kind without a key takes no proof.
    async fn an_unbound_credential_is_for_whoever_holds_it(world: World) {
        issue(&world, CredentialConfiguration { unbound: true, ..employee(&world) }).await;
        let app = world.app_with(wallet).await;
        let tokens = by_scope(&world, &app).await;
        let body = json!({"credential_configuration_id": "employee"});
        let [credential] = credentials(&fetch(&world, tokens.access(), &body).await).try_into().unwrap();
        let (said, ..) = read(&world, &credential).await;
        assert!(said.get("cnf").is_none());
    }

    /// Appendix D: where keys have to be attested, by a trusted attester about this key, in the proof or instead of it.
    async fn a_key_that_nobody_vouches_for_is_not_taken(world: World) {
        let attester = SigningKey::generate(Algorithm::Es256).unwrap();
        let jwks = json!({"keys": [attester.public_jwk().unwrap().to_value()]}).to_string();
        let attesters = realm::clients::PublicKeys::from_json(&jwks).unwrap();
        issue(&world, CredentialConfiguration { key_attestation_jwks: Some(attesters), ..employee(&world) }).await;
        let app = world.app_with(wallet).await;
        let tokens = by_scope(&world, &app).await;
        let holder = key();
        let nonce = nonce(&world).await;
        let attest = |by: &SigningKey, about: &[&SigningKey], changes: Value| {
            let keys: Vec<Value> = about.iter().map(|key| key.public_jwk().unwrap().to_value()).collect();
            let mut claims = json!({"iat": world.now(), "exp": world.now() + 60, "attested_keys": keys, "nonce": nonce});
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let mut header = Header::typed("key-attestation+jwt", by);
            header.extra.insert("x5c".into(), json!(["AAAA"]));
            jws::sign(by, &header, claims.to_string().as_bytes()).unwrap()
        };
        let proof = |attestation: Option<String>| {
            let mut header = Header { typ: Some("openid4vci-proof+jwt".into()), jwk: Some(holder.public_jwk().unwrap()), ..Header::default() };
            if let Some(attestation) = attestation {
                header.extra.insert("key_attestation".into(), attestation.into());
            }
            let claims = json!({"aud": world.issuer(), "iat": world.now(), "nonce": nonce});
            jws::sign(&holder, &header, claims.to_string().as_bytes()).unwrap()
        };
        let other = key();
        for (case, wrong) in [
            ("none", proof(None)),
            ("of another attester", proof(Some(attest(&other, &[&holder], json!({}))))),
            ("about another key", proof(Some(attest(&attester, &[&other], json!({}))))),
            ("past", proof(Some(attest(&attester, &[&holder], json!({"exp": world.now() - 100}))))),
            ("about none", proof(Some(attest(&attester, &[], json!({}))))),
        ] {
            let answer = fetch(&world, tokens.access(), &request(&[&wrong])).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_proof"), "{case}");
        }
        let good = proof(Some(attest(&attester, &[&holder], json!({}))));
        assert_eq!(credentials(&fetch(&world, tokens.access(), &request(&[&good])).await).len(), 1);
        let alone = |text: String| json!({"credential_configuration_id": "employee", "proofs": {"attestation": [text]}});
        let both = alone(attest(&attester, &[&holder, &other], json!({})));
        assert_eq!(credentials(&fetch(&world, tokens.access(), &both).await).len(), 2);
        let stale = alone(attest(&attester, &[&holder], json!({"nonce": "old"})));
        fetch(&world, tokens.access(), &stale).await.refused(400, "invalid_nonce");
        let twice = alone(attest(&attester, &[&holder, &holder], json!({})));
        fetch(&world, tokens.access(), &twice).await.refused(400, "invalid_proof");
    }

    /// Who may have it is asked when it is fetched, not only when it was consented to; and who lacks what it must say gets none.
    async fn who_may_not_have_it_does_not_get_it(world: World) {
        let staff = Grantable::Group("staff".to_owned());
        issue(&world, CredentialConfiguration { grantable: staff, ..employee(&world) }).await;
        let app = world.app_with(wallet).await;
        let flow = world.flow(&app).with("scope", "employee");
        let page = flow.walk(&mut world.browser()).await;
        assert_eq!(flow.response(&page)["error"], "access_denied");
        world.join_group("alice", "staff").await;
        let tokens = by_scope(&world, &app).await;
        let mut stricter = CredentialConfiguration { grantable: Grantable::Expression("false".to_owned()), ..employee(&world) };
        issuing::change(world.realm(), stricter.clone(), ACTOR).await.unwrap();
        let body = request(&[&fresh(&world, &key()).await]);
        fetch(&world, tokens.access(), &body).await.refused(400, "credential_request_denied");
        stricter.grantable = Grantable::Everyone;
        stricter.claims[2].mandatory = true;
        issuing::change(world.realm(), stricter.clone(), ACTOR).await.unwrap();
        fetch(&world, tokens.access(), &body).await.refused(400, "credential_request_denied");
        stricter.claims[2].mandatory = false;
        issuing::change(world.realm(), stricter, ACTOR).await.unwrap();
        assert_eq!(credentials(&fetch(&world, tokens.access(), &body).await).len(), 1);
        issuing::withdraw(world.realm(), "employee", ACTOR).await.unwrap();
        fetch(&world, tokens.access(), &body).await.refused(400, "unknown_credential_configuration");
    }

    /// §11: what became of it is heard once, of the wallet that has it.
    async fn a_wallet_tells_what_became_of_a_credential(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let answer = fetch(&world, tokens.access(), &request(&[&fresh(&world, &key()).await])).await;
        let id = answer.text("notification_id");
        let tell = async |token: &str, body: Value| world.post("/notification").bearer(token).json(&body).send().await;
        let accepted = json!({"notification_id": id, "event": "credential_accepted", "event_description": "Thanks", "x": 1});
        for _ in 0..2 {
            tell(tokens.access(), accepted.clone()).await.status(204);
        }
        tell(tokens.access(), json!({"notification_id": id, "event": "credential_deleted"})).await.status(204);
        for wrong in [json!({"notification_id": "x", "event": "credential_accepted"}), json!({"notification_id": format!("{id}A"), "event": "credential_failure"})] {
            tell(tokens.access(), wrong).await.refused(400, "invalid_notification_id");
        }
        for wrong in [json!({"notification_id": id}), json!({"notification_id": id, "event": "eaten"}), json!({"event": "credential_accepted"})] {
            tell(tokens.access(), wrong).await.refused(400, "invalid_notification_request");
        }
        let another = by_scope(&world, &app).await;
        tell(another.access(), accepted.clone()).await.refused(400, "invalid_notification_id");
        tell("x", accepted).await.refused(401, "invalid_token");
        let heard = events(&world).await;
        assert_eq!(heard, ["credential.accepted", "credential.deleted", "credential.issued"]);
    }
}

db::statements! {
    /// The events about credentials.
    pub(crate) EVENTS = "SELECT kind, detail FROM event WHERE realm = $1 AND kind LIKE 'credential.%' ORDER BY kind";
}

/// What the audit knows of credentials, in the order of their names; nothing of what they say.
async fn events(world: &World) -> Vec<String> {
    let rows = world
        .realm()
        .db()
        .rows(&EVENTS, db::params![world.realm().name()])
        .await;
    let rows = rows.unwrap();
    for row in &rows {
        assert!(!row.text(1).contains("Alice"), "{}", row.text(1));
    }
    rows.iter().map(|row| row.text(0).to_owned()).collect()
}
