//! The requests of the load, and what an answer means for what must hold after a crash.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;

use grantor_tests::live::browser::{encode, location};
use grantor_tests::live::{REDIRECT, SECRET, VERIFIER, authorize_path};

/// The client of the load.
pub(crate) const CLIENT: &str = "load";

/// What came back.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// A success: acknowledged.
    Granted(T),
    /// The refusal that the protocol has for a code or token that does not hold: 400 `invalid_grant`, or 401 from /userinfo. Nothing else
    /// counts as one; a 429 or a 500 would let a check pass that saw nothing.
    Refused,
    /// No answer, so that nobody knows what happened; or, with words, one that says nothing about the code or token.
    Unknown(Option<String>),
}

/// What a success of /token brings.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) refresh: String,
    pub(crate) access: String,
}

/// One browser's session and one client at one server.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    address: SocketAddr,
    cookie: String,
}

impl Api {
    /// With connections of its own: those to a server that was killed are dead.
    pub(crate) fn new(address: SocketAddr, cookie: &str) -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            address,
            cookie: cookie.to_owned(),
        }
    }

    /// A fresh code.
    pub(crate) async fn authorize(&self) -> Answer<String> {
        let host = format!("localhost:{}", self.address.port());
        let request = self
            .http
            .get(self.url(&authorize_path(CLIENT)))
            .header(header::HOST, host)
            .header(header::COOKIE, &self.cookie);
        let response = match send(request).await {
            Ok(response) => response,
            Err(unknown) => return Answer::Unknown(unknown),
        };
        let status = response.status();
        if status == StatusCode::SEE_OTHER {
            let target = location(&response, self.address);
            let code = target.query_pairs().find(|(name, _)| name == "code");
            if let Some((_, code)) = code {
                return Answer::Granted(code.into_owned());
            }
        }
        Answer::Unknown(Some(format!("/authorize: {status}, and no code")))
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer<Tokens> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer<Tokens> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// Revokes a refresh token with its grant, or one access token (RFC 7009).
    pub(crate) async fn revoke(&self, token: &str) -> Answer<()> {
        match send(self.form("/revoke", &[("token", token)])).await {
            Ok(response) if response.status() == StatusCode::OK => Answer::Granted(()),
            Ok(response) => odd("/revoke", response).await,
            Err(unknown) => Answer::Unknown(unknown),
        }
    }

    /// Whether an access token is worth something.
    pub(crate) async fn userinfo(&self, token: &str) -> Answer<()> {
        let request = self.http.get(self.url("/userinfo")).bearer_auth(token);
        match send(request).await {
            Ok(response) if response.status() == StatusCode::OK => Answer::Granted(()),
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => Answer::Refused,
            Ok(response) => odd("/userinfo", response).await,
            Err(unknown) => Answer::Unknown(unknown),
        }
    }

    async fn token(&self, form: &[(&str, &str)]) -> Answer<Tokens> {
        let response = match send(self.form("/token", form)).await {
            Ok(response) => response,
            Err(unknown) => return Answer::Unknown(unknown),
        };
        let status = response.status();
        let Ok(body) = response.bytes().await else {
            return Answer::Unknown(None);
        };
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match (status, text("refresh_token"), text("access_token")) {
            (StatusCode::OK, Some(refresh), Some(access)) => {
                Answer::Granted(Tokens { refresh, access })
            }
            (StatusCode::BAD_REQUEST, ..) if body["error"] == "invalid_grant" => Answer::Refused,
            _ => Answer::Unknown(Some(format!("/token: {status} {}", body["error"]))),
        }
    }

    fn form(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .post(self.url(path))
            .basic_auth(CLIENT, Some(SECRET))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode(form))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Option<String>> {
    match request.send().await {
        Ok(response) => Ok(response),
        Err(error) if error.is_timeout() => Err(Some("no answer in 30 seconds".to_owned())),
        Err(_) => Err(None),
    }
}

async fn odd<T>(path: &str, response: Response) -> Answer<T> {
    Answer::Unknown(Some(format!("{path}: {}", response.status())))
}
