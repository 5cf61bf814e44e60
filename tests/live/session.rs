//! Signing in once, so that the code flow afterwards needs no page.

use std::net::SocketAddr;

use reqwest::StatusCode;

use super::Grantor;
use super::browser::{Browser, encode, hidden_fields, location};

/// The redirect URI of the client that [`sign_in`] makes.
pub const REDIRECT: &str = "http://127.0.0.1/callback";
/// The code verifier of every request (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The secret of the client that [`sign_in`] makes.
pub const SECRET: &str = "load-test-secret";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser's session in which consent is remembered.
#[derive(Clone, Debug)]
pub struct Session {
    /// The `Cookie` header that carries it.
    pub cookie: String,
}

/// Path and query of an authorization request of the client `client`.
pub fn authorize_path(client: &str) -> String {
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", "openid offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "s"),
    ]);
    format!("/authorize?{query}")
}

/// Makes a person and the confidential client `id` with [`SECRET`], signs in and consents.
pub async fn sign_in(grantor: &Grantor, id: &str) -> Session {
    let person = ["user", "create", "--username", "alice", "--password-stdin"];
    let email = ["--email", "alice@example.org"];
    grantor.command(
        &[&person[..], &email[..]].concat(),
        "correct-horse-battery\n",
    );
    let client = ["client", "create", "--name", "Load", "--id", id];
    let secret = ["--secret", SECRET, "--redirect-uri", REDIRECT];
    let grants = ["--grant", "authorization_code", "--grant", "refresh_token"];
    let scopes = [
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--id-token-alg",
        "ES256",
    ];
    grantor.command(
        &[&client[..], &secret[..], &grants[..], &scopes[..]].concat(),
        "",
    );
    let cookie = consent(grantor.address(), &authorize_path(id)).await;
    Session { cookie }
}

async fn consent(address: SocketAddr, path: &str) -> String {
    let base = format!("http://localhost:{}", address.port());
    let mut browser = Browser::new();
    let mut at = url::Url::parse(&format!("{base}{path}")).unwrap();
    for _ in 0..12 {
        if at.as_str().starts_with(REDIRECT) {
            return browser.cookie();
        }
        let response = browser.get(at.as_str()).await;
        if response.status() == StatusCode::SEE_OTHER {
            at = location(&response, address);
            continue;
        }
        let page = response.text().await.unwrap();
        let hidden = hidden_fields(&page);
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        if at.path() == "/login" {
            form.extend([("username", "alice"), ("password", "correct-horse-battery")]);
        } else {
            form.push(("decision", "allow"));
        }
        let response = browser.post(&format!("{base}{}", at.path()), &form).await;
        at = location(&response, address);
    }
    panic!("sign-in does not end: {at}");
}
