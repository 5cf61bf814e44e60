//! What is permitted in particular goes along when a token is exchanged (RFC 8693), and is not had where nobody is asked about it.

use serde_json::{Value, json};

use super::{archive, ask, bank, may_pay, payment};
use crate::harness::{ALICE, Answer, Client, World};
use crate::jwt_bearer::{self, Issuer};
use crate::on_each_engine;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BANK: &str = "urn:example:bank";
const REFUSED: &str = "invalid_authorization_details";

/// The application `app`, which may ask for everything, and a token of alice's with these details.
async fn token(world: &World, details: &Value) -> (Client, Answer) {
    bank(world).await;
    archive(world).await;
    let types = json!(["payment", "transfer", "document"]);
    let app = world
        .app_with(|client| {
            may_pay(client)
                .grants(&["authorization_code", "refresh_token", GRANT])
                .set("authorization_details_types", types)
        })
        .await;
    world.join_group(ALICE.0, "staff").await;
    let flow = ask(world, &app, details).with("scope", "offline_access bank.read");
    // Nothing is asked of an API of which nothing is wanted.
    let archive = details.to_string().contains("document");
    let archive = if archive {
        "&resource=urn:example:archive"
    } else {
        ""
    };
    let url = format!("{}&resource={BANK}{archive}", flow.url());
    let mut browser = world.browser();
    let page = browser.get(&url).await;
    let page = flow.go_on(&mut browser, page).await;
    let answer = flow.redeem(&flow.response(&page)["code"]).await;
    answer.status(200);
    (app, answer)
}

/// The client that is the bank's API, and is registered for these types.
async fn teller(world: &World, id: &str, types: Value) -> Client {
    let client = world
        .client(id)
        .redirects(&[])
        .grants(&[GRANT])
        .scope("bank.read");
    client
        .set("introspects", json!([BANK]))
        .set("authorization_details_types", types)
        .create()
        .await
}

async fn exchange(client: &Client, token: &str, kind: &str, more: &[(&str, &str)]) -> Answer {
    let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
    let mut form = vec![
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", kind.as_str()),
    ];
    form.extend_from_slice(more);
    client.token(&form).await
}

/// What the answer and its token say, which must be the same.
async fn carried(world: &World, answer: &Answer) -> Value {
    let told = answer.status(200).json()["authorization_details"].clone();
    let claims = world.claims(&answer.text("access_token")).await;
    assert_eq!(
        claims.get("authorization_details").unwrap_or(&Value::Null),
        &told
    );
    told
}

on_each_engine! {
    /// RFC 8693 §2.1, RFC 9396 §6.2, §7, §9: all that is of the API that the new token is for, in the token, its answer and at introspection; through each step again.
    async fn details_go_along_when_a_token_is_exchanged(world: World) {
        let (pay, read) = (payment("A"), json!({"type": "document", "id": "7"}));
        let (app, first) = token(&world, &json!([pay, read])).await;
        let teller = teller(&world, "teller", json!(["payment"])).await;
        let answer = exchange(&teller, &first.text("access_token"), "access_token", &[("resource", BANK)]).await;
        assert_eq!(carried(&world, &answer).await, json!([pay]));
        assert_eq!(teller.introspect(&answer.text("access_token")).await["authorization_details"], json!([pay]));
        let again = exchange(&teller, &answer.text("access_token"), "access_token", &[]).await;
        assert_eq!(carried(&world, &again).await, json!([pay]));
        // The application's own, by its refresh token: all of both.
        let own = exchange(&app, &first.text("refresh_token"), "refresh_token", &[]).await;
        assert_eq!(carried(&world, &own).await, json!([pay, read]));
        let one = exchange(&app, &first.text("refresh_token"), "refresh_token", &[("resource", "urn:example:archive")]).await;
        assert_eq!(carried(&world, &one).await, json!([read]));
    }

    /// An API made with the library hands on what it was permitted in particular, or less.
    async fn the_library_exchanges_details(world: World) {
        let world = world.listening().await;
        let (_, first) = token(&world, &json!([payment("A"), payment("B")])).await;
        let teller = teller(&world, "teller", json!(["payment"])).await;
        let library = grantor_client::Client::builder(world.issuer(), grantor_client::Credentials::basic("teller", teller.secret.clone().unwrap()))
            .ambient(world.node().ambient().clone())
            .fetch(fetch::Fetch::new(fetch::FetchOptions::loopback()).unwrap())
            .discover()
            .await
            .unwrap();
        let exchange = || library.exchange(first.text("access_token"), grantor_client::TokenType::AccessToken).resource(BANK);
        let all = exchange().tokens().await.unwrap();
        assert_eq!(all.details::<Value>().unwrap(), [payment("A"), payment("B")]);
        let less = exchange().detail(&payment("B")).tokens().await.unwrap();
        assert_eq!(less.details::<Value>().unwrap(), [payment("B")]);
        for tokens in [&all, &less] {
            world.remember(tokens.access_token());
        }
        assert!(exchange().detail(&payment("C")).tokens().await.is_err());
        assert!(exchange().detail(&"no object").tokens().await.is_err());
    }

    /// RFC 9396 §6.1: an exchange may ask for less and not for more, and what was left behind is not had again.
    async fn details_are_narrowed_and_never_widened_by_exchange(world: World) {
        let mut both = payment("A");
        both["actions"] = json!(["prepare", "execute"]);
        let mut prepare = both.clone();
        prepare["actions"] = json!(["prepare"]);
        let (_, first) = token(&world, &json!([both, payment("B"), {"type": "document", "id": "7"}])).await;
        let teller = teller(&world, "teller", json!(["payment", "document"])).await;
        let asked = async |token: &str, details: &Value| {
            let more = [("resource", BANK), ("authorization_details", &details.to_string())];
            exchange(&teller, token, "access_token", &more).await
        };
        let token = first.text("access_token");
        let less = asked(&token, &json!([prepare])).await;
        assert_eq!(carried(&world, &less).await, json!([prepare]));
        let mut dear = payment("B");
        dear["amount"]["value"] = json!("1000.00");
        let mut open = payment("B");
        open.as_object_mut().unwrap().remove("payee");
        for more in [
            json!([dear]), json!([open]), json!([payment("B"), payment("B")]), json!([payment("C")]), json!([{"type": "transfer"}]),
            json!([{"type": "document", "id": "7"}]), json!([{"type": "coffee"}]), json!([]), json!("all"),
        ] {
            asked(&token, &more).await.refused(400, REFUSED);
        }
        for more in [json!([both]), json!([payment("B")])] {
            asked(&less.text("access_token"), &more).await.refused(400, REFUSED);
        }
        // One that has none gives none.
        let plain = exchange(&teller, &token, "access_token", &[("resource", BANK)]).await;
        plain.status(200);
        let service = world.client("service").redirects(&[]).grants(&["client_credentials", GRANT]).scope("bank.read").create().await;
        let none = service.client_credentials("bank.read").await.text("access_token");
        let more = [("authorization_details", json!([payment("A")]).to_string())];
        exchange(&service, &none, "access_token", &[("authorization_details", &more[0].1)]).await.refused(400, REFUSED);
        assert_eq!(carried(&world, &exchange(&service, &none, "access_token", &[]).await).await, Value::Null);
    }

    /// RFC 9396 §10, §12: nothing said in particular is dropped on the way to a token that then might permit more: who may not carry it gets nothing, unless it asks for
    /// what it may carry.
    async fn details_are_not_dropped_by_exchange(world: World) {
        let transfer = json!({"type": "transfer", "amount": 5});
        let (_, first) = token(&world, &json!([payment("A"), transfer])).await;
        let token = first.text("access_token");
        let (none, one, all) = (
            teller(&world, "none", json!([])).await,
            teller(&world, "one", json!(["payment"])).await,
            teller(&world, "all", json!(["payment", "transfer"])).await,
        );
        for client in [&none, &one] {
            exchange(client, &token, "access_token", &[("resource", BANK)]).await.refused(400, REFUSED);
            exchange(client, &token, "access_token", &[("scope", "bank.read")]).await.refused(400, REFUSED);
        }
        let details = json!([payment("A")]).to_string();
        let answer = exchange(&one, &token, "access_token", &[("authorization_details", &details)]).await;
        assert_eq!(carried(&world, &answer).await, json!([payment("A")]));
        let answer = exchange(&all, &token, "access_token", &[]).await;
        assert_eq!(carried(&world, &answer).await, json!([payment("A"), transfer]));
    }

    /// RFC 9396 §4: people are asked about details each time. Where nobody is asked (a trusted issuer's word, a password, an assertion for another server) they are refused
    /// and not ignored, before anything is used up; a client that hands in a word about itself asks as it does for itself.
    async fn details_are_refused_where_nobody_is_asked(world: World) {
        bank(&world).await;
        world.person(ALICE.0, ALICE.1).await;
        let details = json!([payment("A")]).to_string();
        let asks = [("authorization_details", details.as_str())];
        let pays = json!(["payment"]);
        let app = world.client("app").redirects(&[]).grants(&["client_credentials", jwt_bearer::GRANT]).scope("openid bank.read");
        let app = app.set("authorization_details_types", pays.clone()).create().await;
        let idp = Issuer::new(&world, jwt_bearer::IDP);
        let person = json!({"condition": "true", "subject": {"person": {"claim": "email", "by": "email"}}, "clients": ["app"], "scope": "bank.read"});
        let workload = json!({"condition": "claims.sub == 'job'", "subject": {"client": "app"}});
        idp.trusted(json!([workload, person]), json!({})).await;
        let said = idp.says("00u1", jwt_bearer::alice());
        jwt_bearer::hand_in(&app, &said, &asks).await.refused(400, REFUSED);
        jwt_bearer::hand_in(&app, &said, &[("authorization_details", "[]")]).await.refused(400, REFUSED);
        jwt_bearer::hand_in(&app, &said, &[]).await.status(200);
        let mut particular = jwt_bearer::alice();
        particular["authorization_details"] = json!([payment("A")]);
        jwt_bearer::hand_in(&app, &idp.says("00u1", particular), &[]).await.refused(400, REFUSED);
        let own = jwt_bearer::hand_in(&app, &idp.says("job", json!({})), &asks).await;
        assert_eq!(carried(&world, &own).await, json!([payment("A")]));

        let old = world.client("old").redirects(&[]).set("profile", json!("openid")).set("allow_retired_grants", json!(true));
        let old = old.set("grant_types", json!(["password"])).set("response_types", json!([])).scope("bank.read");
        let old = old.set("authorization_details_types", pays).create().await;
        let mut form = vec![("grant_type", "password"), ("username", ALICE.0), ("password", ALICE.1), ("scope", "bank.read")];
        old.token(&form).await.status(200);
        form.push(asks[0]);
        old.token(&form).await.refused(400, REFUSED);
    }
}
