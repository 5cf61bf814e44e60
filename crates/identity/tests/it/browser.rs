//! A browser with a cookie jar, and a node with one realm, for black-box tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use ambient::Ambient;
use axum::body::Body;
use axum::{Extension, Router};
use db::{Db, Engine};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use identity::{Details, Identity, Options, Person};
use realm::{Node, NodeOptions, Realm, SealingKey};
use tower::ServiceExt;
use web::address::ClientAddress;

const NOW: i64 = 1_800_000_000;
pub const PASSWORD: &str = "correct-horse-battery";
pub const ORIGIN: &str = "http://localhost:8080";

pub struct World {
    pub realm: Arc<Realm>,
    pub identity: Arc<Identity>,
    pub ambient: Ambient,
    pub router: Router,
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, Options::for_tests()).await
    }

    pub async fn with(engine: Engine, options: Options) -> Self {
        Self::at(engine, options, ORIGIN).await
    }

    pub async fn at(engine: Engine, options: Options, issuer: &str) -> Self {
        let url = db::testing::fresh(engine).await.unwrap();
        let db = Db::open(&url).await.unwrap();
        let ambient = Ambient::manual(NOW, 1);
        let key = SealingKey::from_bytes([7; 32]);
        let options_of_node = NodeOptions::new(db, ambient.clone(), key, issuer);
        let node = Node::start(options_of_node).await.unwrap();
        let realm = node.first();
        let identity = Identity::new(options, &ambient);
        let address = ClientAddress("192.0.2.7".parse().unwrap());
        let router = identity::router(Arc::clone(&identity))
            .layer(Extension(Arc::clone(&realm)))
            .layer(Extension(address));
        Self {
            realm,
            identity,
            ambient,
            router,
        }
    }

    /// Makes a person with [`PASSWORD`].
    pub async fn person(&self, username: &str) -> Person {
        let hash = self
            .identity
            .hash_password(username, PASSWORD.into())
            .await
            .unwrap();
        let details = Details {
            username: username.to_owned(),
            ..Details::default()
        };
        identity::people::create(&self.realm, details, Some(hash), None)
            .await
            .unwrap()
    }

    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// How many events of this kind there are.
    pub async fn events(&self, kind: &str) -> i64 {
        let row = self
            .realm
            .db()
            .row(&COUNT_EVENTS, db::params![self.realm.name(), kind])
            .await
            .unwrap()
            .unwrap();
        row.int(0)
    }
}

db::statements! {
    COUNT_EVENTS = "SELECT COUNT(*) FROM event WHERE realm = $1 AND kind = $2";
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

impl Browser {
    pub async fn send(&mut self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.take(cookie);
        }
        let body = body.collect().await.unwrap().to_bytes();
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub fn take(&mut self, cookie: &HeaderValue) {
        let text = cookie.to_str().unwrap();
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        headers
    }

    pub fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:8080")
            .body(body.into())
            .unwrap();
        request.headers_mut().extend(self.headers());
        request
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(self.request(Method::GET, path, Body::empty()))
            .await
    }

    pub fn form(&self, body: &str) -> Request<Body> {
        let mut request = self.request(Method::POST, "/login", body.to_owned());
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ORIGIN, HeaderValue::from_static(ORIGIN));
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        request
    }

    pub async fn post(&mut self, pairs: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.send(self.form(&body)).await
    }

    pub async fn sign_in(&mut self, username: &str) -> Page {
        self.post(&[("username", username), ("password", PASSWORD)])
            .await
    }
}
