//! What a request may demand: one act in particular (RFC 9396), and a strong sign-in (RFC 9470).

use serde_json::Value;

use super::*;

/// An API with one kind of act, and a client that may ask for it.
pub(super) async fn payer(world: &World) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    let kind = json!({"type": "payment", "words": "Pay {amount} to {payee}", "schema": {"type": "object", "required": ["type", "amount", "payee"]}});
    let staff = json!({"type": "transfer", "words": "Transfer {amount}", "schema": {"type": "object"}, "grantable": {"group": "staff"}});
    let bank = json!({"id": "urn:example:bank", "name": "The bank", "scopes": [], "authorization_details_types": [kind, staff]});
    world.resource_document(bank).await;
    let client = asking(world, "agent").scope("openid offline_access");
    client
        .set(
            "authorization_details_types",
            json!(["payment", "transfer"]),
        )
        .create()
        .await
}

pub(super) async fn ask_for(client: &Client, details: &Value) -> Answer {
    let form = [
        ("scope", "openid"),
        ("login_hint", ALICE.0),
        ("authorization_details", &details.to_string()),
    ];
    client.post("/bc-authorize", &form).await
}

async fn name_strengths(world: &World) {
    let info = realm::realms::find(world.node(), world.realm().name()).await;
    let info = info.unwrap().unwrap();
    let strengths = json!([{"value": "1", "amr": ["pwd"]}, {"value": "2", "amr": ["pwd", "hwk"]}]);
    let settings = realm::Settings {
        acr: serde_json::from_value(strengths).unwrap(),
        ..info.settings
    };
    realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .unwrap();
}

on_each_engine! {
    /// One act is said in words, approved, and stands in the token.
    async fn one_act_is_said_in_words_and_stands_in_the_token(world: World) {
        let agent = payer(&world).await;
        let act = json!([{"type": "payment", "amount": "10.00", "payee": "Bo"}]);
        let request = ask_for(&agent, &act).await.status(200).text("auth_req_id");
        let (_, page) = waiting(&world).await;
        assert!(page.says("Bo") && page.says("10.00") && page.says("The bank"), "{}", page.words());
        approve(&world).await;
        let tokens = redeemed(&agent, &request).await;
        assert_eq!(tokens.0["authorization_details"], act);
        let claims = world.claims(tokens.access()).await;
        assert_eq!(claims["authorization_details"], act);
        for bad in [json!([{"type": "payment"}]), json!([{"type": "other"}]), json!({}), json!("x")] {
            ask_for(&agent, &bad).await.refused(400, "invalid_authorization_details");
        }
        // CIBA Core §13 has another status than the token endpoint.
        let beyond = json!([{"type": "transfer", "amount": "5"}]);
        ask_for(&agent, &beyond).await.refused(403, "access_denied");
    }

    /// Where the realm names strengths, what is asked for is reached or refused, and the tokens say which it was.
    async fn a_strong_sign_in_is_reached_or_refused(world: World) {
        let agent = agent(&world).await;
        let asked = async |values: &str| {
            let form = [("scope", "openid"), ("login_hint", ALICE.0), ("acr_values", values)];
            agent.post("/bc-authorize", &form).await
        };
        asked("anything").await.status(200);
        deny(&world).await;
        name_strengths(&world).await;
        asked("2").await.refused(400, "unmet_authentication_requirements");
        let request = asked("2 1").await.text("auth_req_id");
        approve(&world).await;
        let tokens = redeemed(&agent, &request).await;
        assert_eq!(world.claims(tokens.id()).await["acr"], json!("1"));
    }
}
