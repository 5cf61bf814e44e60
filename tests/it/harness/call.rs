//! One request to the application, with what it must keep to whatever the test is about.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use url::Url;
use web::address::PeerAddress;
use web::client_certificate::ClientCertificate;

use super::{Answer, World, html};

/// Members and parameters whose values are secrets.
const SECRET: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "device_code",
    "auth_req_id",
    "client_notification_token",
    "login_hint_token",
    "user_code",
    "code_verifier",
    "client_secret",
    "password",
    "token",
    "interaction",
    "id_token_hint",
    "subject_token",
    "actor_token",
    "assertion",
    "registration_access_token",
    "response",
];

/// A request on its way.
#[must_use]
pub struct Call {
    world: World,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    address: IpAddr,
    certificate: Option<ClientCertificate>,
    host: Option<String>,
}

impl Call {
    /// A request to that path, from the address 192.0.2.1.
    pub fn new(world: World, method: &str, path: &str) -> Self {
        Self {
            world,
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            certificate: None,
            host: None,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A form body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Self {
        for (name, value) in pairs {
            if SECRET.contains(name) {
                self.world.remember(value);
            }
        }
        let body = encode(pairs);
        self.body("application/x-www-form-urlencoded", body.as_bytes())
    }

    /// Any body.
    pub fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", content_type)
    }

    /// A body of JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string().as_bytes())
    }

    /// A body without a type.
    pub fn raw(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// A client that authenticates with `client_secret_basic` (RFC 6749 §2.3.1: both parts are form-encoded first).
    pub fn basic(self, id: &str, secret: &str) -> Self {
        self.world.remember(secret);
        let part = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let pair = format!("{}:{}", part(id), part(secret));
        let value = format!("Basic {}", base64(pair.as_bytes()));
        self.header("authorization", &value)
    }

    /// An access token in the header.
    pub fn bearer(self, token: &str) -> Self {
        self.world.remember(token);
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// On a connection with this certificate (DER) of the client.
    pub fn certificate(mut self, der: &[u8]) -> Self {
        self.certificate = Some(ClientCertificate(der.into()));
        self
    }

    /// A request from another network address.
    pub fn from(mut self, address: &str) -> Self {
        self.address = address.parse().expect("an address");
        self
    }

    /// A request to another host than the first realm's.
    pub fn host(mut self, authority: &str) -> Self {
        self.host = Some(authority.to_owned());
        self
    }

    /// Sends it. Whatever is sent, no answer is a fault of the server, and no token may be cached.
    pub async fn send(self) -> Answer {
        let issuer = Url::parse(self.world.issuer()).expect("an issuer");
        let authority = &issuer[url::Position::BeforeHost..url::Position::AfterPort];
        let authority = self.host.as_deref().unwrap_or(authority);
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(self.path.as_str())
            .body(Body::from(self.body))
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.method, self.path));
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_str(authority).expect("a host"));
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).expect("a header name");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
            headers.append(name, value);
        }
        let from = SocketAddr::new(self.address, 40_000);
        request.extensions_mut().insert(PeerAddress(from));
        if let Some(certificate) = self.certificate.filter(|_| self.world.sees_certificates()) {
            request.extensions_mut().insert(certificate);
        }
        let response = self
            .world
            .router()
            .oneshot(request)
            .await
            .expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        learn(&self.world, &answer);
        let what = format!("{} {}", self.method, self.path);
        assert!(answer.status != 500, "{what} broke the server: {answer:?}");
        if answer.body.contains("\"access_token\"") {
            answer.not_stored();
        }
        answer
    }
}

/// Remembers the secrets that an answer holds.
fn learn(world: &World, answer: &Answer) {
    if let Ok(Value::Object(members)) = serde_json::from_str(&answer.body) {
        for name in SECRET {
            if let Some(Value::String(value)) = members.get(*name) {
                world.remember(value);
            }
        }
    }
    let location = answer.header("location");
    let base = Url::parse(world.issuer()).expect("an issuer");
    if let Ok(url) = base.join(location) {
        let fragment = url.fragment().unwrap_or_default();
        let fragment = url::form_urlencoded::parse(fragment.as_bytes());
        for (name, value) in url.query_pairs().chain(fragment) {
            if SECRET.contains(&name.as_ref()) {
                world.remember(&value);
            }
        }
    }
    if answer.header("content-type").starts_with("text/html") {
        for (name, value) in html::forms(&answer.body)
            .iter()
            .flat_map(|form| &form.fields)
        {
            if SECRET.contains(&name.as_str()) {
                world.remember(value);
            }
        }
    }
    for cookie in answer.headers.get_all("set-cookie") {
        let text = cookie.to_str().unwrap_or_default();
        let value = text.split(';').next().unwrap_or_default();
        world.remember(value.split_once('=').map_or("", |(_, value)| value));
    }
}

/// A form body of these pairs.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Standard base64 with padding, as Basic authentication has it (RFC 7617 §2).
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(*chunk.get(index).unwrap_or(&0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            out.push(if place > chunk.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    out
}

#[test]
fn base64_is_that_of_rfc_4648() {
    assert_eq!(base64(b"fo"), "Zm8=");
    assert_eq!(base64(b"foo"), "Zm9v");
    assert_eq!(base64(b"foob"), "Zm9vYg==");
}
