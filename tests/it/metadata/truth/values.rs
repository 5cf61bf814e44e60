//! Members that list the values of one parameter, or of one member of a registration.

use std::collections::BTreeSet;

use jose::Algorithm;
use serde_json::json;

use super::drawn::Drawn;

/// Whether somebody may sign in for such a request: it leads to a page of ours, and not back with an error.
async fn leads_in(drawn: &Drawn, id: &str, changes: &[(&str, &str)]) -> bool {
    let object = drawn.object(id, &drawn.request(id, changes), Algorithm::Es256);
    let form = [("client_id", id), ("request", object.as_str())];
    let pushed = drawn.post("/par", (id, Algorithm::Es256), &form).await;
    if pushed.status != 201 {
        return false;
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", id)
        .append_pair("request_uri", &pushed.text("request_uri"))
        .finish();
    let path = format!("/authorize?{query}");
    let answer = drawn.world.get(&path).send().await;
    answer.status == 303 && answer.header("location").starts_with("/login")
}

pub async fn values(drawn: &Drawn) {
    let id = drawn.client(|client| client).await.unwrap();
    if !drawn.settings.acr.0.is_empty() {
        let mut works = BTreeSet::new();
        for value in drawn.settings.acr.values().chain(["unheard"]) {
            if leads_in(drawn, &id, &[("acr_values", value)]).await {
                works.insert(value);
            }
        }
        drawn.agree("acr_values_supported", &works);
    }
    let mut works = BTreeSet::new();
    for prompt in ["none", "login", "consent", "select_account", "create"] {
        if drawn.taken(&id, &[("prompt", prompt)]).await {
            works.insert(prompt);
        }
    }
    drawn.agree("prompt_values_supported", &works);
    let mut works = BTreeSet::new();
    for kind in ["public", "pairwise", "ephemeral"] {
        let of = drawn.client(|client| client.set("subject_type", json!(kind)));
        if of.await.is_some() {
            works.insert(kind);
        }
    }
    drawn.agree("subject_types_supported", &works);
    let claims = drawn.announced("claims_supported");
    for claim in ["sub", "email", "acr"] {
        assert!(claims.contains(claim), "{claim}");
    }
    for logout in ["backchannel_logout_uri", "frontchannel_logout_uri"] {
        let of = drawn.client(|client| client.set(logout, json!("https://app.example/out")));
        let channel = logout.split('_').next().unwrap();
        assert_eq!(
            drawn.document[format!("{channel}_logout_supported")],
            json!(of.await.is_some()),
            "{logout}"
        );
    }
}
