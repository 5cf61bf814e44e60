//! What is issued to one attested instance is worth nothing to another of the same client (draft-ietf-oauth-attestation-based-client-auth §8).

use super::*;
use crate::ciba::{self, approve};
use crate::dpop::Key;
use crate::harness::{ALICE, NewClient, Receiver};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const CHAT: &str = "https://chat.example";

/// The client `app`, of which there are two instances.
struct Instances {
    wallet: Wallet,
    other: SigningKey,
}

impl Instances {
    async fn new(world: &World, change: impl FnOnce(NewClient) -> NewClient) -> Self {
        let wallet = Wallet::new(world).await;
        world.person(ALICE.0, ALICE.1).await;
        let method = json!("attest_jwt_client_auth");
        let app = world
            .client("app")
            .public()
            .set("token_endpoint_auth_method", method);
        let app = app.set("client_attestation_jwks", set(&wallet.attester));
        change(app).create().await;
        let other = key();
        Self { wallet, other }
    }

    /// A request of one of them.
    async fn by(
        &self,
        instance: &SigningKey,
        path: &str,
        form: &[(&str, &str)],
        proof: Option<&str>,
    ) -> Answer {
        let wallet = &self.wallet;
        let jwk = instance.public_jwk().unwrap().to_value();
        let attests = wallet.attests(json!({"sub": "app", "cnf": {"jwk": jwk}}));
        let attestation = sign(&wallet.attester, "oauth-client-attestation+jwt", &attests);
        let pop = sign(
            instance,
            "oauth-client-attestation-pop+jwt",
            &wallet.proves(json!({})),
        );
        let form: Vec<(&str, &str)> = form.iter().copied().chain([("client_id", "app")]).collect();
        let call = wallet
            .world
            .post(path)
            .form(&form)
            .header("oauth-client-attestation", &attestation);
        let call = call.header("oauth-client-attestation-pop", &pop);
        let call = match proof {
            Some(proof) => call.header("dpop", proof),
            None => call,
        };
        call.send().await
    }

    async fn token(&self, instance: &SigningKey, form: &[(&str, &str)]) -> Answer {
        self.by(instance, "/token", form, None).await
    }

    /// Whether the refresh token is that of the first instance alone.
    async fn is_the_firsts(&self, refresh: &str) {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        self.token(&self.other, &form)
            .await
            .refused(400, "invalid_grant");
        self.token(&self.wallet.instance, &form).await.status(200);
    }
}

on_each_engine! {
    /// By a password too.
    async fn a_refresh_token_for_a_password_is_the_instances(world: World) {
        let instances = Instances::new(&world, |app| {
            let app = app.set("profile", json!("openid")).set("allow_retired_grants", json!(true));
            app.grants(&["password", "refresh_token"]).redirects(&[]).scope("openid offline_access")
        }).await;
        let form = [("grant_type", "password"), ("username", ALICE.0), ("password", ALICE.1), ("scope", "openid offline_access")];
        let answer = instances.token(&instances.wallet.instance, &form).await;
        instances.is_the_firsts(&answer.status(200).text("refresh_token")).await;
    }

    /// And when it is pushed: it is for the instance that asked.
    async fn a_refresh_token_that_is_pushed_is_the_instances(world: World) {
        let receiver = Receiver::new().await;
        let instances = Instances::new(&world, |app| {
            let app = ciba::called(app, "push", &receiver.url).grants(&[ciba::GRANT, "refresh_token"]);
            app.redirects(&[]).scope("openid offline_access")
        }).await;
        let form = [("scope", "openid offline_access"), ("login_hint", ALICE.0), ("client_notification_token", "8d67dc78-7faa-4d41-aabd-67707b374255")];
        instances.by(&instances.wallet.instance, "/bc-authorize", &form, None).await.status(200);
        approve(&world).await;
        world.sync().await;
        let pushed = Tokens(receiver.heard()[0].json());
        instances.is_the_firsts(pushed.refresh()).await;
    }

    /// RFC 8693, draft-ietf-oauth-identity-assertion-authz-grant §4.3: the instance may exchange its own, without another proof; no other instance may, whatever it may
    /// bind anew.
    async fn a_refresh_token_is_exchanged_by_its_instance_alone(world: World) {
        let instances = Instances::new(&world, |app| {
            let known = json!([{"audience": CHAT, "client_id": "app-at-chat", "scope": "chat.read"}]);
            let policy = json!({"rebinding": true, "identity_assertions": known});
            app.grants(&["authorization_code", "refresh_token", EXCHANGE]).scope("openid offline_access notes.read").set("token_exchange", policy)
        }).await;
        let app = crate::harness::Client::existing(&world, "app", None, crate::harness::CALLBACK);
        let flow = world.flow(&app).with("scope", "openid offline_access notes.read").with("prompt", "consent");
        let form = flow.redemption(&flow.fresh_code().await);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| *name != "client_id").collect();
        let own = &instances.wallet.instance;
        let tokens = Tokens(instances.token(own, &form).await.status(200).json());
        let kind = |kind: &str| format!("urn:ietf:params:oauth:token-type:{kind}");
        let (refresh, id_jag, access) = (kind("refresh_token"), kind("id-jag"), kind("access_token"));
        let subject = [("grant_type", EXCHANGE), ("subject_token", tokens.refresh()), ("subject_token_type", refresh.as_str())];
        for more in [&[("requested_token_type", id_jag.as_str()), ("audience", CHAT)][..], &[("requested_token_type", access.as_str()), ("scope", "notes.read")]] {
            let form = [&subject[..], more].concat();
            instances.token(own, &form).await.status(200);
            instances.token(&instances.other, &form).await.refused(400, "invalid_request");
            let dpop = Key::new();
            let answer = instances.by(&instances.other, "/token", &form, Some(&dpop.proof(&world))).await;
            answer.refused(400, "invalid_request");
            instances.by(own, "/token", &form, Some(&dpop.proof(&world))).await.status(200);
        }
        instances.is_the_firsts(tokens.refresh()).await;
    }
}
