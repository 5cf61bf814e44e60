//! What trusted issuers sign: the JWT bearer grant (RFC 7521 §4.1, RFC 7523 §2.1), workload identity (RFC 7523 §2.2), and ID-JAG
//! (draft-ietf-oauth-identity-assertion-authz-grant).

mod attacks;
mod id_jag;
mod keys;
mod workload;

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use realm::issuers::{self, TrustedIssuer};
use serde_json::{Value, json};

use crate::harness::authority::TRUSTED;
use crate::harness::{ALICE, Answer, Client, World};
use crate::on_each_engine;

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub const IDP: &str = "https://idp.example";

/// Somebody else who signs.
pub struct Issuer {
    world: World,
    pub id: String,
    pub key: SigningKey,
    number: std::sync::atomic::AtomicUsize,
}

impl Issuer {
    pub fn new(world: &World, id: &str) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        Self {
            world: world.clone(),
            id: id.to_owned(),
            key,
            number: Default::default(),
        }
    }

    pub fn jwks(&self) -> Value {
        jwks(&[&self.key])
    }

    /// Is trusted under these rules, with more members.
    pub async fn trusted(&self, rules: Value, more: Value) {
        self.trusted_in(self.world.realm(), rules, more)
            .await
            .unwrap();
    }

    pub async fn trusted_in(
        &self,
        realm: &realm::Realm,
        rules: Value,
        more: Value,
    ) -> Result<(), realm::Error> {
        let mut document = json!({"issuer": self.id, "jwks": self.jwks(), "rules": rules});
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let issuer: TrustedIssuer = serde_json::from_value(document).unwrap();
        issuers::put(realm, issuer, "test").await.map(drop)
    }

    /// What it signs about somebody: for us, for five minutes, once.
    pub fn claims(&self, sub: &str, more: Value) -> Value {
        let number = self
            .number
            .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let now = self.world.now();
        let mut claims = json!({"iss": self.id, "sub": sub, "aud": self.world.issuer(), "iat": now, "exp": now + 300,
            "jti": format!("{number}")});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        claims
    }

    pub fn says(&self, sub: &str, more: Value) -> String {
        sign(&self.world, &self.key, "JWT", &self.claims(sub, more))
    }
}

pub fn jwks(keys: &[&SigningKey]) -> Value {
    let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    serde_json::to_value(JwkSet { keys }).unwrap()
}

pub fn sign(world: &World, key: &SigningKey, typ: &str, claims: &Value) -> String {
    let text = jws::sign(key, &Header::typed(typ, key), claims.to_string().as_bytes()).unwrap();
    world.remember(&text);
    text
}

/// The rule that `app` may hand in what is said about people, by their verified e-mail address, for `notes.read`.
pub fn people() -> Value {
    json!([{"condition": "claims.department == 'sales'", "subject": {"person": {"claim": "email", "by": "email"}},
        "clients": ["app"], "scope": "notes.read openid"}])
}

/// What the identity provider says about alice.
pub fn alice() -> Value {
    json!({"email": "alice@example.com", "email_verified": true, "department": "sales"})
}

/// alice, the API, and the client `app`.
pub async fn app(world: &World) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    client(world, "app").await
}

pub async fn client(world: &World, id: &str) -> Client {
    let client = world
        .client(id)
        .redirects(&[])
        .grants(&["client_credentials", GRANT]);
    client.scope("openid notes.read notes.write").create().await
}

pub async fn hand_in(client: &Client, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", GRANT), ("assertion", assertion)];
    form.extend_from_slice(more);
    client.token(&form).await
}

on_each_engine! {
    /// RFC 7523 §2.1, §3: the word of an identity provider for a person, within what the rule lets be had.
    async fn an_assertion_about_a_person_gives_a_token_for_them(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        let answer = hand_in(&app, &idp.says("00u1", alice()), &[("scope", "notes.read")]).await;
        answer.status(200).not_stored();
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("notes.read")));
        assert_eq!((body.get("refresh_token"), body.get("issued_token_type")), (None, None));
        let claims = world.claims(body["access_token"].as_str().unwrap()).await;
        let own = realm_person(&world).await;
        assert_eq!((claims["sub"].as_str().unwrap(), &claims["client_id"]), (own.as_str(), &json!("app")));
        assert_eq!(claims["aud"], json!("urn:example:notes"));
        // All that can be had, and openid works.
        let all = hand_in(&app, &idp.says("00u1", alice()), &[]).await;
        assert_eq!(all.text("scope"), "notes.read openid");
        let told = world.userinfo(&all.text("access_token")).await;
        assert_eq!(told.json()["sub"], json!(own));
    }

    /// RFC 7521 §4.1.1: `invalid_grant`, and always the same words about what is not believed.
    async fn the_rule_decides_who_is_meant_and_for_whom(world: World) {
        let app = app(&world).await;
        let other = client(&world, "other").await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        hand_in(&other, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
        for change in [
            json!({"department": "legal"}),
            json!({"department": null}),
            json!({"department": ["sales"]}),
            json!({"email": "mallory@example.com"}),
            json!({"email": null}),
            json!({"email_verified": false}),
            json!({"email_verified": null}),
            json!({"email_verified": "true"}),
        ] {
            let mut said = alice();
            for (name, value) in change.as_object().unwrap() {
                said[name] = value.clone();
            }
            let answer = hand_in(&app, &idp.says("00u1", said), &[]).await;
            answer.refused(400, "invalid_grant");
        }
        hand_in(&app, &idp.says("00u1", alice()), &[("scope", "notes.write")]).await.refused(400, "invalid_scope");
        let mut said = alice();
        said["scope"] = json!("openid");
        hand_in(&app, &idp.says("00u1", said), &[("scope", "notes.read")]).await.refused(400, "invalid_scope");
        let unknown = [("resource", "urn:example:nothing")];
        hand_in(&app, &idp.says("00u1", alice()), &unknown).await.refused(400, "invalid_target");
    }

    /// A client that proves itself by the connection names itself only, and hands in what is said about a person all the same.
    async fn a_client_with_a_certificate_hands_it_in_too(world: World) {
        app(&world).await;
        let idp = Issuer::new(&world, IDP);
        let mut rules = people();
        rules[0]["clients"] = json!(["wall"]);
        idp.trusted(rules, json!({})).await;
        world
            .client("wall")
            .public()
            .redirects(&[])
            .grants(&[GRANT])
            .scope("notes.read")
            .set("token_endpoint_auth_method", json!("tls_client_auth"))
            .set("tls_client_auth_san_dns", json!("service.example"))
            .create()
            .await;
        let certificate = TRUSTED.certify(|_| {});
        for (shown, status) in [(true, 200), (false, 401)] {
            let form = [("grant_type", GRANT), ("client_id", "wall"), ("assertion", &idp.says("00u1", alice())), ("scope", "notes.read")];
            let call = world.post("/token").form(&form);
            let call = if shown { call.certificate(&certificate) } else { call };
            call.send().await.status(status);
        }
    }

    /// What came of it ends with the person, and one of them alone by revocation.
    async fn what_it_gave_can_be_ended(world: World) {
        let app = app(&world).await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        let first = hand_in(&app, &idp.says("00u1", alice()), &[]).await.text("access_token");
        let second = hand_in(&app, &idp.says("00u1", alice()), &[]).await.text("access_token");
        app.revoke(&first).await.status(200);
        world.userinfo(&first).await.status(401);
        world.userinfo(&second).await.status(200);
        let before = idp.says("00u1", alice());
        world.advance(2);
        world.disable(ALICE.0).await;
        world.userinfo(&second).await.status(401);
        hand_in(&app, &before, &[]).await.refused(400, "invalid_grant");
        hand_in(&app, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
    }

    /// A change of mind holds on every node within a second.
    async fn trust_that_is_withdrawn_is_withdrawn_everywhere(world: World) {
        let app = app(&world).await;
        let beside = world.beside().await;
        let idp = Issuer::new(&world, IDP);
        idp.trusted(people(), json!({})).await;
        beside.sync().await;
        hand_in(&app.at(&beside), &idp.says("00u1", alice()), &[]).await.status(200);
        issuers::remove(world.realm(), IDP, "test").await.unwrap();
        hand_in(&app, &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
        beside.sync().await;
        hand_in(&app.at(&beside), &idp.says("00u1", alice()), &[]).await.refused(400, "invalid_grant");
    }

    /// RFC 8693 §3, §4.1: tokens of trusted issuers are exchanged under the same rules, and its actors stay named.
    async fn a_trusted_issuers_token_is_exchanged(world: World) {
        const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
        app(&world).await;
        let gateway = world.client("gateway").redirects(&[]).grants(&[EXCHANGE]).scope("notes.read notes.write").create().await;
        let other = world.client("other").redirects(&[]).grants(&[EXCHANGE]).scope("notes.read").create().await;
        let idp = Issuer::new(&world, IDP);
        let mut rules = people();
        rules[0]["clients"] = json!(["gateway"]);
        idp.trusted(rules, json!({})).await;
        let mut said = alice();
        said["act"] = json!({"sub": "robot"});
        let token = idp.says("00u1", said);
        let exchange = async |client: &Client, token: &str, kind: &str, more: &[(&str, &str)]| {
            let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
            let mut form = vec![("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", kind.as_str())];
            form.extend_from_slice(more);
            client.token(&form).await
        };
        for kind in ["jwt", "id_token"] {
            let answer = exchange(&gateway, &token, kind, &[("scope", "notes.read")]).await;
            answer.status(200);
            let claims = world.claims(&answer.text("access_token")).await;
            assert_eq!(claims["act"], json!({"sub": "gateway", "act": {"sub": "robot", "iss": IDP}}));
            assert_eq!(claims["sub"].as_str().unwrap(), realm_person(&world).await);
            assert!(claims["exp"].as_i64().unwrap() <= world.now() + 300);
        }
        exchange(&gateway, &token, "access_token", &[]).await.refused(400, "invalid_request");
        exchange(&gateway, &token, "jwt", &[("scope", "notes.write")]).await.refused(400, "invalid_scope");
        exchange(&other, &token, "jwt", &[]).await.refused(400, "invalid_request");
        let mut said = alice();
        said["may_act"] = json!({"sub": "gateway"});
        exchange(&gateway, &idp.says("00u1", said.clone()), "jwt", &[]).await.refused(400, "invalid_request");
        said["may_act"] = json!({"sub": "gateway", "iss": world.issuer()});
        exchange(&gateway, &idp.says("00u1", said), "jwt", &[("scope", "notes.read")]).await.status(200);
        world.advance(331);
        exchange(&gateway, &token, "jwt", &[]).await.refused(400, "invalid_request");
    }
}

/// alice's own identifier here.
pub async fn realm_person(world: &World) -> String {
    let person = identity::people::find_by_username(world.realm(), ALICE.0).await;
    person.unwrap().unwrap().id
}
