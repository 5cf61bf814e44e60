//! The requests of a person's session, and those that follow from an answer.

use grantor_tests::live::browser::encode;
use grantor_tests::live::{REDIRECT, VERIFIER, authorize_path};
use oauth::client_auth::basic;

use crate::Failure;
use crate::connection::{Connection, get, post, post_with};
use crate::seed::DEVICE;

/// The client of the code flows, which the live harness makes.
pub(crate) const CLIENT: &str = "load";

/// A browser's session in which consent is remembered, and the client it goes to.
#[derive(Clone)]
pub(crate) struct Session {
    host: String,
    cookie: String,
    authorize: Vec<u8>,
    push: Vec<u8>,
    authorization: String,
}

/// What a flow or a refresh gave.
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    pub(crate) fn new(host: &str, cookie: &str) -> Self {
        let path = authorize_path(CLIENT);
        let (_, query) = path.split_once('?').unwrap_or_default();
        let authorization = basic(CLIENT, grantor_tests::live::SECRET);
        Self {
            authorize: get(host, &path, &[("cookie", cookie)]),
            push: post(host, "/par", &authorization, query),
            authorization,
            host: host.to_owned(),
            cookie: cookie.to_owned(),
        }
    }

    /// Authorization and redemption.
    pub(crate) async fn flow(&self, connection: &mut Connection) -> Result<Issued, Failure> {
        self.redeem(connection, &self.authorize).await
    }

    /// A pushed request (RFC 9126), its authorization and redemption.
    pub(crate) async fn pushed(&self, connection: &mut Connection) -> Result<Issued, Failure> {
        let answer = connection.exchange(&self.push).await?;
        let uri = answer.member("request_uri").ok_or_else(|| answer.text())?;
        let query = encode(&[("client_id", CLIENT), ("request_uri", uri)]);
        let cookie = [("cookie", self.cookie.as_str())];
        let authorize = get(&self.host, &format!("/authorize?{query}"), &cookie);
        self.redeem(connection, &authorize).await
    }

    async fn redeem(
        &self,
        connection: &mut Connection,
        authorize: &[u8],
    ) -> Result<Issued, Failure> {
        let answer = connection.exchange(authorize).await?;
        let code = answer
            .header("location")
            .and_then(|location| location.split_once("code="))
            .and_then(|(_, rest)| rest.split('&').next())
            .ok_or_else(|| format!("no code: {}", answer.text()))?;
        let form = encode(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]);
        self.token(connection, &form).await
    }

    pub(crate) async fn refresh(
        &self,
        connection: &mut Connection,
        token: &str,
    ) -> Result<Issued, Failure> {
        let form = encode(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        self.token(connection, &form).await
    }

    async fn token(&self, connection: &mut Connection, form: &str) -> Result<Issued, Failure> {
        let request = post(&self.host, "/token", &self.authorization, form);
        let answer = connection.exchange(&request).await?;
        let member = |name: &str| answer.member(name).filter(|_| answer.status == 200);
        match (
            member("access_token"),
            member("refresh_token"),
            member("id_token"),
        ) {
            (Some(access), Some(refresh), Some(_)) => Ok(Issued {
                access: access.to_owned(),
                refresh: refresh.to_owned(),
            }),
            _ => Err(format!("the token endpoint answered {}", answer.text()).into()),
        }
    }
}

/// The revocation of an access token by the client it was issued to.
pub(crate) fn revocation(authorization: &str, token: &str) -> Vec<u8> {
    let form = encode(&[("token", token)]);
    post("localhost", "/revoke", authorization, &form)
}

/// A device's question whether somebody typed its code (RFC 8628 §3.4).
pub(crate) fn poll(host: &str, code: &str) -> Vec<u8> {
    let form = encode(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code),
        ("client_id", DEVICE),
    ]);
    post_with(host, "/token", &[], &form)
}
