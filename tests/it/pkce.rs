//! Proof key for code exchange: RFC 7636, and what RFC 9700 §2.1.1 makes of it.

use serde_json::json;

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// RFC 7636 §4.6: the example of appendix B.
    async fn the_right_verifier_redeems_the_code(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
    }

    /// RFC 7636 §4.6.
    async fn a_wrong_verifier_is_invalid_grant(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let wrong = "a".repeat(43);
        flow.redeem_with(&code, &[("code_verifier", &wrong)]).await.refused(400, "invalid_grant");
    }

    /// RFC 7636 §4.6: a code with a challenge is worth nothing without the verifier.
    async fn a_missing_verifier_is_invalid_grant(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let answer = flow.redeem_with(&code, &[("code_verifier", "")]).await;
        assert!(matches!(answer.text("error").as_str(), "invalid_grant" | "invalid_request"));
        assert_eq!(answer.status, 400);
    }

    /// RFC 7636 §4.1: 43 to 128 characters, unreserved ones.
    async fn a_malformed_verifier_is_refused(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        for verifier in ["a".repeat(42), "a".repeat(129), "ä".repeat(43), format!("{}+", "a".repeat(43))] {
            let code = flow.fresh_code().await;
            let answer = flow.redeem_with(&code, &[("code_verifier", &verifier)]).await;
            assert_eq!(answer.status, 400, "{verifier}");
            assert!(matches!(answer.text("error").as_str(), "invalid_grant" | "invalid_request"));
        }
    }

    /// RFC 7636 §4.4.1: the server requires PKCE, so a request without it is sent back.
    async fn a_request_without_a_challenge_is_sent_back(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).without_pkce();
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
    }

    /// OAuth 2.1: `plain` protects nothing. A method that is left out means `plain` (RFC 7636 §4.3).
    async fn the_method_plain_is_refused(world: World) {
        let app = world.app().await;
        let plain = world.flow(&app).with("code_challenge_method", "plain");
        assert_eq!(plain.error(&mut world.browser()).await, "invalid_request");
        let omitted = world.flow(&app).without("code_challenge_method");
        assert_eq!(omitted.error(&mut world.browser()).await, "invalid_request");
        let unknown = world.flow(&app).with("code_challenge_method", "S512");
        assert_eq!(unknown.error(&mut world.browser()).await, "invalid_request");
    }

    /// RFC 7636 §4.2: an S256 challenge is 43 characters of base64url.
    async fn a_malformed_challenge_is_sent_back(world: World) {
        let app = world.app().await;
        for challenge in ["short".to_owned(), "a".repeat(44), "=".repeat(43)] {
            let flow = world.flow(&app).with("code_challenge", &challenge);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_request", "{challenge}");
        }
    }

    /// A challenge method without a challenge is a client's mistake, not a request without PKCE.
    async fn a_method_without_a_challenge_is_sent_back(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).without("code_challenge");
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
    }

    /// RFC 9700 §2.1.1: the server refuses a verifier where there was no challenge, else an attacker strips PKCE from the request.
    async fn a_code_without_a_challenge_refuses_a_verifier(world: World) {
        world.profile("openid").await;
        let app = world.app_with(|client| client.set("require_pkce", json!(false))).await;
        let flow = world.flow(&app).without_pkce();
        let code = flow.fresh_code().await;
        let verifier = "a".repeat(43);
        let answer = flow.redeem_with(&code, &[("code_verifier", &verifier)]).await;
        answer.refused(400, "invalid_grant");
    }

    /// A confidential client may be let off PKCE where the realm's profile is `openid`.
    async fn a_confidential_client_may_be_let_off(world: World) {
        world.profile("openid").await;
        let app = world.app_with(|client| client.set("require_pkce", json!(false))).await;
        let flow = world.flow(&app).without_pkce();
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
    }

    /// The profile by itself lets confidential clients off, unless the realm or the client is set otherwise.
    async fn openid_alone_lets_confidential_clients_off(world: World) {
        world.profile("openid").await;
        let app = world.app().await;
        let strict = world.client("strict").set("require_pkce", json!(true)).create().await;
        let flow = world.flow(&app).without_pkce();
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        assert_eq!(world.flow(&strict).without_pkce().error(&mut world.browser()).await, "invalid_request");
        world.settings(|settings| settings.require_pkce = Some(true)).await;
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
    }

    /// RFC 9700 §2.1.1: public clients must use PKCE, whatever their registration says.
    async fn a_public_client_is_never_let_off(world: World) {
        world.profile("openid").await;
        let app = world.app_with(|client| client.public().set("require_pkce", json!(false))).await;
        let flow = world.flow(&app).without_pkce();
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
    }
}
