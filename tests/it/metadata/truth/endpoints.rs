//! Where things are: each endpoint that is announced is there, and each that is there is announced.

use realm::Admission;
use realm::initial_access;
use serde_json::{Value, json};

use super::draw::{Certificates, STATES};
use super::drawn::{Drawn, TYPE, jwks, number};
use crate::harness::{CALLBACK, World};

/// All there are, but those of clients' registrations, which are asked for as they are.
const ENDPOINTS: &[(&str, &str)] = &[
    ("authorization_endpoint", "/authorize"),
    ("token_endpoint", "/token"),
    ("userinfo_endpoint", "/userinfo"),
    ("jwks_uri", "/jwks"),
    ("introspection_endpoint", "/introspect"),
    ("revocation_endpoint", "/revoke"),
    ("device_authorization_endpoint", "/device_authorization"),
    ("pushed_authorization_request_endpoint", "/par"),
    ("backchannel_authentication_endpoint", "/bc-authorize"),
    ("end_session_endpoint", "/logout"),
    ("check_session_iframe", "/check_session"),
    ("registration_endpoint", "/register"),
    (
        "federation_registration_endpoint",
        "/federation_registration",
    ),
    // Clients with attesters of their own use it where it is not announced.
    ("challenge_endpoint", "/challenge"),
];

/// Whether something answers there.
async fn is_there(world: &World, path: &str) -> bool {
    let post = world.post(path).form(&[]).send().await.status;
    let get = world.get(path).send().await.status;
    post != 404 && !(post == 405 && matches!(get, 404 | 405))
}

pub async fn endpoints(drawn: &Drawn<'_>) {
    let (world, issuer) = (&drawn.world, drawn.world.issuer());
    assert_eq!(*drawn.told("issuer"), json!(issuer));
    for &(member, path) in ENDPOINTS {
        let announced = drawn.told(member);
        let there = is_there(world, path).await;
        let hidden = member == "challenge_endpoint" && announced.is_null();
        let expected = match there && !hidden {
            true => json!(format!("{issuer}{path}")),
            false => Value::Null,
        };
        assert_eq!(*announced, expected, "{member} under {:?}", drawn.draw);
    }
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(drawn.get(path).await.unwrap(), drawn.document, "{path}");
    }
    // What the operator says for people to read.
    for (member, kind) in [
        ("service_documentation", "docs"),
        ("op_policy_uri", "policy"),
        ("op_tos_uri", "terms"),
    ] {
        let said = drawn.draw.federation[3].then(|| format!("https://example.com/{kind}"));
        assert_eq!(*drawn.told(member), json!(said), "{member}");
    }
    aliases(drawn).await;
    registration(drawn).await;
}

/// RFC 8705 §5: where clients show certificates.
async fn aliases(drawn: &Drawn<'_>) {
    let announced = drawn.told("mtls_endpoint_aliases");
    let mut expected = json!({});
    for &(member, path) in ENDPOINTS {
        let form = [
            ("client_id", "nobody"),
            ("client_assertion_type", TYPE),
            ("client_assertion", "x.y.z"),
            ("token", "x"),
        ];
        let answer = drawn
            .world
            .post(path)
            .form(&form)
            .host("mtls.example")
            .send()
            .await;
        let authenticates =
            answer.status == 401 && answer.json()["error"] == json!("invalid_client");
        // Tokens that are bound to a certificate are shown there.
        if authenticates || member == "userinfo_endpoint" {
            expected[member] = json!(format!("https://mtls.example{path}"));
        }
    }
    match drawn.draw.certificates {
        Certificates::Apart => assert_eq!(*announced, expected),
        _ => assert_eq!(*announced, Value::Null),
    }
    let reached = drawn.draw.certificates != Certificates::Nowhere;
    let bound = drawn.told("tls_client_certificate_bound_access_tokens");
    assert_eq!(*bound == json!(true), reached);
}

/// RFC 7591: whoever has what it takes can register where that is announced.
async fn registration(drawn: &Drawn<'_>) {
    let world = &drawn.world;
    let mut metadata = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[jose::Algorithm::Es256]),
        "client_name": format!("Number {}", number()),
    });
    let mut call = world.post("/register");
    match drawn.settings.registration.mode {
        Admission::Token => {
            let token = initial_access::create(world.realm(), "partner", (1, 60), "test").await;
            call = call.bearer(&token.unwrap().1);
        }
        Admission::Statement => {
            let claims = json!({"iss": STATES, "software_id": "x"});
            metadata["software_statement"] =
                json!(drawn.sign("JWT", &claims, jose::Algorithm::Es384));
        }
        Admission::Open | Admission::Off => {}
    }
    let registered = call.json(&metadata).send().await;
    let announced = !drawn.told("registration_endpoint").is_null();
    assert_eq!(
        registered.status == 201,
        announced,
        "{registered:?} under {:?}",
        drawn.draw
    );
}

/// RFC 9101 §5.2: objects at addresses that the client registered.
pub async fn references(drawn: &Drawn<'_>) {
    let site = &drawn.stage.site;
    let (registered, other) = (site.id.clone(), format!("{}?other", site.id));
    let uris = json!([registered]);
    let id = drawn
        .client(|client| client.set("request_uris", uris))
        .await
        .unwrap();
    let object = drawn.object(&id, &drawn.request(&id, &[]), jose::Algorithm::Es256);
    let kind = vec![("content-type", "application/oauth-authz-req+jwt".to_owned())];
    site.say(200, kind, object.into_bytes());
    let asked = async |address: &str| {
        let before = site.requests();
        let query = crate::harness::call::encode(&[("client_id", &id), ("request_uri", address)]);
        drawn.world.get(&format!("/authorize?{query}")).send().await;
        site.requests() > before
    };
    let (fetched, strange) = (asked(&registered).await, asked(&other).await);
    site.publish(json!({}));
    let pushed = *drawn.told("require_pushed_authorization_requests") == json!(true);
    // Where requests must be pushed it is what names them.
    assert!(fetched || pushed, "{:?}", drawn.draw);
    assert_eq!(*drawn.told("request_uri_parameter_supported"), json!(true));
    assert_eq!(
        *drawn.told("require_request_uri_registration") == json!(true),
        !strange
    );
}
