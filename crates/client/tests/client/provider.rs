//! A small OpenID provider whose every answer a test can bend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::Ambient;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use grantor_client::{Client, Credentials, Pending, Session};
use jose::{Algorithm, SigningKey};
use oauth::Params;
use oauth::pkce::{Challenge, Verifier};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_700_000_000;

type Change = Box<dyn Fn(&mut Value) + Send>;

pub(crate) struct Inner {
    pub(crate) key: SigningKey,
    /// What /jwks answers.
    pub(crate) published: Vec<Value>,
    /// The `typ` of ID tokens.
    pub(crate) typ: &'static str,
    pub(crate) change_metadata: Change,
    pub(crate) change_id_token: Change,
    pub(crate) change_tokens: Change,
    /// What /device_authorization answers.
    pub(crate) change_device: Change,
    /// What the token endpoint answers instead.
    pub(crate) token_answer: Option<(u16, Value)>,
    pub(crate) token_delay: Duration,
    pub(crate) userinfo: Value,
    /// Which well-known paths answer.
    pub(crate) well_known: Vec<String>,
    /// What /par answers instead.
    pub(crate) par_answer: Option<(u16, Value)>,
    /// What was pushed, by its reference.
    pub(crate) pushed: HashMap<String, Params>,
    codes: HashMap<String, HashMap<String, String>>,
    pub(crate) requests: Vec<Asked>,
    issued: u64,
}

/// A request that reached the provider.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) form: Params,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) ambient: Ambient,
    inner: Arc<Mutex<Inner>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::start_at("").await
    }

    pub(crate) async fn start_at(path: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}{path}", listener.local_addr().unwrap());
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let provider = Self {
            ambient: Ambient::manual(NOW, 1),
            inner: Arc::new(Mutex::new(Inner {
                published: vec![public(&key)],
                key,
                typ: "JWT",
                change_metadata: Box::new(|_| ()),
                change_id_token: Box::new(|_| ()),
                change_tokens: Box::new(|_| ()),
                change_device: Box::new(|_| ()),
                token_answer: None,
                token_delay: Duration::ZERO,
                userinfo: json!({"sub": "alice"}),
                well_known: vec![format!("{path}/.well-known/openid-configuration")],
                par_answer: None,
                pushed: HashMap::new(),
                codes: HashMap::new(),
                requests: Vec::new(),
                issued: 0,
            })),
            issuer,
        };
        let router = Router::new()
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/device_authorization", post(device_authorization))
            .route("/par", post(par))
            .route("/bc-authorize", post(backchannel_authentication))
            .route("/userinfo", get(userinfo))
            .route("/jwks", get(jwks))
            .fallback(get(well_known))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap())
    }

    pub(crate) fn builder(&self, credentials: Credentials) -> grantor_client::ClientBuilder {
        Client::builder(&self.issuer, credentials)
            .ambient(self.ambient.clone())
            .id_token_algorithm(Algorithm::Es256)
            .leeway(5)
    }

    pub(crate) async fn client(&self) -> Client {
        self.builder(Credentials::public("app"))
            .discover()
            .await
            .unwrap()
    }

    /// What the browser brings back when the person says yes.
    pub(crate) fn consent(&self, url: &str) -> String {
        let (_, query) = url.split_once('?').unwrap();
        let asked = Params::parse(query);
        let asked = match asked.get("request_uri") {
            Some(uri) => self.with(|inner| inner.pushed.remove(uri)).unwrap(),
            None => asked,
        };
        let mut asked: HashMap<_, _> = asked.pairs().iter().cloned().collect();
        if let Some(object) = asked.remove("request") {
            let claims = jose::jws::peek(&object).unwrap().claims().unwrap();
            let texts = claims.into_iter();
            asked
                .extend(texts.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
        }
        let state = asked["state"].clone();
        let code = self.with(|inner| {
            let code = format!("code-{}", inner.codes.len());
            inner.codes.insert(code.clone(), asked);
            code
        });
        let issuer: String = oauth::authorization::with_query("", &[("iss", &self.issuer)]);
        format!("{issuer}&code={code}&state={state}")
    }

    pub(crate) async fn sign_in(&self, client: &Client) -> Result<Session, grantor_client::Error> {
        let pending = self.begin(client).await;
        let query = self.consent(pending.url());
        client.finish(&pending, &query).await
    }

    pub(crate) async fn begin(&self, client: &Client) -> Pending {
        client
            .authorize()
            .scope("openid notes.read offline_access")
            .redirect_uri("https://app.example/callback")
            .max_age(3600)
            .start()
            .await
            .unwrap()
    }

    /// The requests that reached this path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.with(|inner| {
            inner
                .requests
                .iter()
                .filter(|asked| asked.path == path)
                .cloned()
                .collect()
        })
    }

    /// Signs with a new key; publishes it or not.
    pub(crate) fn rotate(&self, publish: bool) {
        self.with(|inner| {
            inner.key = SigningKey::generate(Algorithm::Es256).unwrap();
            if publish {
                inner.published = vec![public(&inner.key)];
            }
        });
    }

    fn note(&self, path: &str, headers: &HeaderMap, body: &str) -> Params {
        let form = Params::parse(body);
        let authorization = headers
            .get("authorization")
            .map(|value| value.to_str().unwrap().to_owned());
        self.with(|inner| {
            inner.requests.push(Asked {
                path: path.to_owned(),
                authorization,
                form: form.clone(),
            });
        });
        form
    }

    fn id_token(&self, nonce: Option<&String>, access_token: &str) -> String {
        let now = self.ambient.now();
        self.with(|inner| {
            let mut claims = json!({
                "iss": self.issuer, "sub": "alice", "aud": "app", "exp": now + 300, "iat": now, "auth_time": NOW,
                "at_hash": oauth::id_token::at_hash(inner.key.algorithm(), access_token),
            });
            if let Some(nonce) = nonce {
                claims["nonce"] = json!(nonce);
            }
            (inner.change_id_token)(&mut claims);
            jose::jwt::sign(&inner.key, inner.typ, &claims).unwrap()
        })
    }
}

pub(crate) fn public(key: &SigningKey) -> Value {
    key.public_jwk().unwrap().to_value()
}

async fn well_known(State(provider): State<Provider>, uri: Uri) -> Response {
    provider.note(uri.path(), &HeaderMap::new(), "");
    let issuer = &provider.issuer;
    let root = issuer.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    provider.with(|inner| {
        if !inner.well_known.iter().any(|path| path == uri.path()) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{root}/authorize"),
            "token_endpoint": format!("{root}/token"),
            "userinfo_endpoint": format!("{root}/userinfo"),
            "revocation_endpoint": format!("{root}/revoke"),
            "device_authorization_endpoint": format!("{root}/device_authorization"),
            "backchannel_authentication_endpoint": format!("{root}/bc-authorize"),
            "end_session_endpoint": format!("{root}/logout"),
            "pushed_authorization_request_endpoint": format!("{root}/par"),
            "jwks_uri": format!("{root}/jwks"),
            "authorization_response_iss_parameter_supported": true,
        });
        (inner.change_metadata)(&mut metadata);
        axum::Json(metadata).into_response()
    })
}

async fn jwks(State(provider): State<Provider>) -> Response {
    provider.note("/jwks", &HeaderMap::new(), "");
    axum::Json(json!({"keys": provider.with(|inner| inner.published.clone())})).into_response()
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    provider.note("/userinfo", &headers, "");
    axum::Json(provider.with(|inner| inner.userinfo.clone())).into_response()
}

async fn revoke(State(provider): State<Provider>, headers: HeaderMap, body: String) {
    provider.note("/revoke", &headers, &body);
}

async fn device_authorization(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: String,
) -> Response {
    provider.note("/device_authorization", &headers, &body);
    let page = format!("{}/device", provider.issuer);
    let mut answer = json!({
        "device_code": "the-device-code", "user_code": "WDJB-MJHT", "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code=WDJB-MJHT"), "expires_in": 600, "interval": 5,
    });
    provider.with(|inner| (inner.change_device)(&mut answer));
    axum::Json(answer).into_response()
}

async fn par(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let form = provider.note("/par", &headers, &body);
    provider.with(|inner| {
        if let Some((status, body)) = &inner.par_answer {
            let status = StatusCode::from_u16(*status).unwrap();
            return (status, axum::Json(body.clone())).into_response();
        }
        let uri = format!("urn:example:pushed:{}", inner.pushed.len());
        inner.pushed.insert(uri.clone(), form);
        let answer = json!({"request_uri": uri, "expires_in": 60});
        (StatusCode::CREATED, axum::Json(answer)).into_response()
    })
}

async fn backchannel_authentication(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: String,
) -> Response {
    provider.note("/bc-authorize", &headers, &body);
    let answer = json!({"auth_req_id": "the-request", "expires_in": 300, "interval": 5});
    axum::Json(answer).into_response()
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Response {
    let form = provider.note("/token", &headers, &body);
    let (delay, answer) = provider.with(|inner| (inner.token_delay, inner.token_answer.clone()));
    tokio::time::sleep(delay).await;
    if let Some((status, body)) = answer {
        return (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    }
    let number = provider.with(|inner| {
        inner.issued += 1;
        inner.issued
    });
    let access_token = format!("at-{number}");
    let mut tokens =
        json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 300});
    match form.get("grant_type") {
        Some("authorization_code") => {
            let asked = provider
                .with(|inner| inner.codes.remove(form.get("code").unwrap()))
                .unwrap();
            let verifier = Verifier::parse(form.get("code_verifier").unwrap()).unwrap();
            assert!(
                Challenge::parse(&asked["code_challenge"])
                    .unwrap()
                    .matches(&verifier)
            );
            assert_eq!(
                form.get("redirect_uri"),
                asked.get("redirect_uri").map(String::as_str)
            );
            tokens["refresh_token"] = json!(format!("rt-{number}"));
            tokens["id_token"] = json!(provider.id_token(asked.get("nonce"), &access_token));
        }
        Some(
            "urn:ietf:params:oauth:grant-type:device_code" | "urn:openid:params:grant-type:ciba",
        ) => {
            tokens["id_token"] = json!(provider.id_token(None, &access_token));
        }
        Some("refresh_token") => {
            tokens["refresh_token"] = json!(format!("rt-{number}"));
            tokens["id_token"] = json!(provider.id_token(None, &access_token));
        }
        _ => {}
    }
    provider.with(|inner| (inner.change_tokens)(&mut tokens));
    axum::Json(tokens).into_response()
}
