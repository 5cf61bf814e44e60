//! Scope: RFC 6749 §3.3, OpenID Connect Core §3.1.2.1 and §5.4, and who may be granted what.

use serde_json::json;

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// OpenID Connect Core §3.1.2.1: unknown scopes are ignored, and the granted ones come back.
    async fn an_openid_request_ignores_unknown_scopes(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).with("scope", "openid email unknown urn:x").tokens().await;
        assert_eq!(tokens.scope(), "openid email");
    }

    /// RFC 6749 §4.1.2.1 `invalid_scope` in a plain OAuth request.
    async fn a_plain_request_with_an_unknown_scope_is_sent_back(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        for scope in ["unknown", "notes.read unknown", "notes.write"] {
            let flow = world.flow(&app).with("scope", scope);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_scope", "{scope}");
        }
    }

    /// RFC 6749 §3.3: the grammar.
    async fn a_malformed_scope_is_sent_back(world: World) {
        let app = world.app().await;
        for scope in ["openid \"quoted\"", "openid back\\slash", "openid é"] {
            let flow = world.flow(&app).with("scope", scope);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_scope", "{scope}");
        }
    }

    /// RFC 6749 §3.3: without `scope`, the defaults of the client.
    async fn without_a_scope_the_defaults_are_granted(world: World) {
        world.notes().await;
        let app = world
            .app_with(|client| client.scope("openid email notes.read").default_scope("notes.read"))
            .await;
        let tokens = world.flow(&app).without("scope").tokens().await;
        assert_eq!(tokens.scope(), "notes.read");
    }

    /// A client gets what it is registered for.
    async fn a_scope_that_the_client_may_not_have_is_left_out(world: World) {
        let app = world.app_with(|client| client.scope("openid profile")).await;
        let tokens = world.flow(&app).with("scope", "openid profile email").tokens().await;
        assert_eq!(tokens.scope(), "openid profile");
    }

    /// A scope for a group is granted to its members only.
    async fn a_scope_of_a_group_is_for_its_members(world: World) {
        let document = json!({
            "id": "urn:example:payroll",
            "name": "Payroll",
            "scopes": [{"name": "payroll.read", "description": "See salaries", "grantable": {"group": "finance"}}],
        });
        world.resource_document(document).await;
        let app = world.app_with(|client| client.scope("openid payroll.read")).await;
        let flow = world.flow(&app).with("scope", "openid payroll.read");
        assert_eq!(flow.tokens().await.scope(), "openid");
        world.join_group("alice", "finance").await;
        assert_eq!(flow.tokens().await.scope(), "openid payroll.read");
    }

    /// A scope may ask a CEL expression over the person and the client.
    async fn a_scope_may_ask_an_expression(world: World) {
        let grantable = json!({"expression": "person.email.endsWith('@example.com') && client.id == 'app'"});
        let document = json!({
            "id": "urn:example:inner",
            "name": "Inner",
            "scopes": [{"name": "inner.read", "description": "Look inside", "grantable": grantable}],
        });
        world.resource_document(document).await;
        let scope = "openid inner.read";
        let app = world.app_with(|client| client.scope(scope)).await;
        assert_eq!(world.flow(&app).with("scope", scope).tokens().await.scope(), scope);
        let other = world.client("other").scope(scope).create().await;
        assert_eq!(world.flow(&other).with("scope", scope).tokens().await.scope(), "openid");
    }
}
