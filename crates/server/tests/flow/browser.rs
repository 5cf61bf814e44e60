//! A browser with a cookie jar, and a client that posts forms.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{CALLBACK, House, SECRET, VERIFIER};

/// An answer, read to its end.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.text))
            .to_str()
            .unwrap()
    }

    /// A parameter of the location's query.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let url = url::Url::parse("http://localhost:8080")
            .unwrap()
            .join(self.location())
            .unwrap();
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The value of a hidden field of the page's form.
    pub(crate) fn field(&self, name: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no field {name}: {}", self.text));
        rest.split('"').next().unwrap().replace("&amp;", "&")
    }
}

pub(crate) async fn send(house: &House, request: Request<Body>) -> Seen {
    let response = house.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Seen {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Posts a form as a client does, with Basic authentication when a client is named.
pub(crate) async fn post(
    house: &House,
    path: &str,
    client: Option<&str>,
    pairs: &[(&str, &str)],
) -> Seen {
    let mut request = Request::post(path)
        .header(header::HOST, "localhost:8080")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(client) = client {
        let basic = oauth::client_auth::basic(client, SECRET);
        request = request.header(header::AUTHORIZATION, basic);
    }
    send(house, request.body(Body::from(encode(pairs))).unwrap()).await
}

/// Gets with a Bearer token.
pub(crate) async fn get_with(house: &House, path: &str, token: &str) -> Seen {
    let request = Request::get(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    send(house, request).await
}

#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn go(&mut self, house: &House, mut request: Request<Body>) -> Seen {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = request.headers_mut();
        headers.insert(header::HOST, "localhost:8080".parse().unwrap());
        if !cookies.is_empty() {
            headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let seen = send(house, request).await;
        for cookie in seen.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() || rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        seen
    }

    pub(crate) async fn get(&mut self, house: &House, path: &str) -> Seen {
        let path = path.strip_prefix("http://localhost:8080").unwrap_or(path);
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.go(house, request).await
    }

    pub(crate) async fn submit(
        &mut self,
        house: &House,
        path: &str,
        pairs: &[(&str, &str)],
    ) -> Seen {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "http://localhost:8080")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(encode(pairs)))
            .unwrap();
        self.go(house, request).await
    }

    /// Goes through sign-in and consent as far as they are shown, and gives the redirect to the application.
    pub(crate) async fn authorize(&mut self, house: &House, pairs: &[(&str, &str)]) -> Seen {
        let mut seen = self.get(house, &authorize_path(pairs)).await;
        for _ in 0..8 {
            if seen.status == StatusCode::SEE_OTHER {
                let to = seen.location().to_owned();
                if !to.starts_with('/') {
                    return seen;
                }
                seen = self.get(house, &to).await;
            } else if seen.text.contains("id=\"sign-in\"") {
                let token = seen.field("interaction");
                let form = [
                    ("interaction", token.as_str()),
                    ("username", "alice"),
                    ("password", "correct-horse-battery"),
                ];
                seen = self.submit(house, "/login", &form).await;
            } else if seen.text.contains("id=\"allow\"") {
                seen = self.decide(house, &seen, "allow").await;
            } else {
                return seen;
            }
        }
        panic!("the pages lead in a circle");
    }

    pub(crate) async fn decide(&mut self, house: &House, page: &Seen, decision: &str) -> Seen {
        let (token, scope, person) = (
            page.field("interaction"),
            page.field("scope"),
            page.field("person"),
        );
        let form = [
            ("interaction", token.as_str()),
            ("scope", scope.as_str()),
            ("person", person.as_str()),
            ("decision", decision),
        ];
        self.submit(house, "/consent", &form).await
    }
}

pub(crate) fn authorize_path(pairs: &[(&str, &str)]) -> String {
    format!("/authorize?{}", encode(pairs))
}

/// The parameters of an ordinary request of `web`.
pub(crate) fn web<'a>(scope: &'a str, challenge: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

pub(crate) fn challenge() -> String {
    let verifier = oauth::pkce::Verifier::parse(VERIFIER).unwrap();
    oauth::pkce::Challenge::of(&verifier).as_str().to_owned()
}

/// Redeems a code of `web`.
pub(crate) async fn redeem(house: &House, code: &str) -> Seen {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    post(house, "/token", Some("web"), &form).await
}

/// Signs in, allows and redeems; gives the token response.
pub(crate) async fn tokens(house: &House, browser: &mut Browser, scope: &str) -> Value {
    let challenge = challenge();
    let seen = browser.authorize(house, &web(scope, &challenge)).await;
    let code = seen
        .param("code")
        .unwrap_or_else(|| panic!("{}", seen.location()));
    let seen = redeem(house, &code).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.json()
}

/// What introspection says to a client.
pub(crate) async fn introspect(house: &House, client: &str, token: &str) -> Value {
    let seen = post(house, "/introspect", Some(client), &[("token", token)]).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.json()
}
