//! One request to one endpoint, told to the observer.

use std::borrow::Cow;

use http::{Method, StatusCode};
use oauth::ErrorResponse;
use oauth::client_auth::attestation;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::observer::{self, Exchange, Parameter, Step};
use crate::{AccessToken, Error};

/// A parameter of a form.
pub(crate) type Field = (Cow<'static, str>, String);

/// What to send.
pub(crate) struct Request<'a> {
    pub(crate) endpoint: &'static str,
    pub(crate) url: &'a str,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// Other headers that authenticate the client.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// A form makes it a POST.
    pub(crate) form: Option<&'a [Field]>,
    /// Another method than GET and POST with a form, and what is sent as JSON.
    pub(crate) json: Option<(Method, Option<String>)>,
    /// What a proof is made for, if the client has a key (RFC 9449).
    pub(crate) prove: Prove,
}

/// What a request proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prove {
    /// Nothing.
    Nothing,
    /// The client's key.
    Key,
    /// The client's key, beside this token, which is bound to it.
    Token(String),
}

impl<'a> Request<'a> {
    pub(crate) fn get(endpoint: &'static str, url: &'a str) -> Self {
        Self {
            endpoint,
            url,
            authorization: None,
            headers: Vec::new(),
            form: None,
            json: None,
            prove: Prove::Nothing,
        }
    }

    /// A request with another method, and JSON in its body if there is any.
    pub(crate) fn json(
        endpoint: &'static str,
        url: &'a str,
        (method, body): (Method, Option<String>),
    ) -> Self {
        Self {
            json: Some((method, body)),
            ..Self::get(endpoint, url)
        }
    }

    fn method(&self) -> Method {
        match (&self.json, self.form) {
            (Some((method, _)), _) => method.clone(),
            (None, Some(_)) => Method::POST,
            (None, None) => Method::GET,
        }
    }

    pub(crate) fn with_token(mut self, token: &AccessToken) -> Self {
        self.authorization = Some(token.authorization());
        if token.is_bound() {
            self.prove = Prove::Token(token.as_str().to_owned());
        }
        self
    }
}

impl Client {
    /// Sends the request; any status is an answer. One that the server wants with a nonce is sent again with it (RFC 9449 §8, §9).
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<fetch::Response, Error> {
        let (answer, again) = self.send_once(&request).await?;
        if again {
            return Ok(self.send_once(&request).await?.0);
        }
        Ok(answer)
    }

    /// The answer, and whether the server wants the same with the nonce that came with it.
    async fn send_once(&self, request: &Request<'_>) -> Result<(fetch::Response, bool), Error> {
        let method = request.method();
        let proof = match (self.dpop(), &request.prove) {
            (None, _) | (_, Prove::Nothing) => None,
            (Some(dpop), Prove::Key) => Some((dpop, None)),
            (Some(dpop), Prove::Token(token)) => Some((dpop, Some(token.as_str()))),
        };
        let proof = match proof {
            None => None,
            Some((dpop, token)) => {
                let made = dpop.proof(self.ambient(), (method.as_str(), request.url), token)?;
                Some((dpop, made))
            }
        };
        let mut headers = Vec::with_capacity(4);
        headers.extend(
            request
                .authorization
                .as_deref()
                .map(|value| ("authorization", value)),
        );
        headers.extend(
            proof
                .as_ref()
                .map(|(_, (text, _))| (oauth::dpop::HEADER, text.as_str())),
        );
        let own = request.headers.iter();
        headers.extend(own.map(|(name, value)| (*name, value.as_str())));
        let fetch = self.fetch();
        let answer = match request.form {
            Some(form) => fetch.post_form(request.url, form, &headers).await,
            None => {
                let json = request.json.as_ref().and_then(|(_, body)| body.clone());
                let body = json.map(|text| ("application/json", text.into()));
                fetch.send(method, request.url, &headers, body).await
            }
        };
        if self.is_observed() {
            self.observe(Step::Exchange(told(
                request,
                &headers,
                answer.as_ref().ok(),
            )));
        }
        tracing::debug!(
            endpoint = request.endpoint,
            ok = answer.is_ok(),
            "asked the server"
        );
        let answer = answer.map_err(|source| Error::Request {
            endpoint: request.endpoint,
            source,
        })?;
        let again = proof
            .as_ref()
            .is_some_and(|(dpop, (_, used))| dpop.learn(request.url, used.as_deref(), &answer));
        let challenged = !request.headers.is_empty() && self.challenges().learn(&answer);
        Ok((answer, again || challenged))
    }

    /// Sends the client's own form, authenticated, and reads JSON from the answer.
    pub(crate) async fn send_form(
        &self,
        endpoint: &'static str,
        url: &str,
        form: Vec<(&'static str, String)>,
    ) -> Result<fetch::Response, Error> {
        let fields = form.into_iter();
        let fields = fields.map(|(name, value)| (Cow::Borrowed(name), value));
        self.send_fields(endpoint, url, fields.collect()).await
    }

    /// The same with parameters whose names are not known beforehand.
    pub(crate) async fn send_fields(
        &self,
        endpoint: &'static str,
        url: &str,
        form: Vec<Field>,
    ) -> Result<fetch::Response, Error> {
        let (mut answer, mut again) = self.send_form_once(endpoint, url, form.clone()).await?;
        // A nonce, and for an attested instance a challenge too.
        let mut left = 1 + u8::from(self.credentials().is_attested());
        while again && left > 0 {
            // Authenticated anew, as proofs of authentication may count once.
            (answer, again) = self.send_form_once(endpoint, url, form.clone()).await?;
            left -= 1;
        }
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(refused(endpoint, &answer))
        }
    }

    async fn send_form_once(
        &self,
        endpoint: &'static str,
        url: &str,
        mut form: Vec<Field>,
    ) -> Result<(fetch::Response, bool), Error> {
        let challenge = self.challenges().current();
        let shown =
            self.credentials()
                .apply(&mut form, (self.issuer(), self.ambient()), challenge)?;
        let prove = if endpoint == "token" {
            Prove::Key
        } else {
            Prove::Nothing
        };
        let request = Request {
            endpoint,
            url,
            authorization: shown.authorization,
            headers: shown.headers,
            form: Some(&form),
            json: None,
            prove,
        };
        self.send_once(&request).await
    }
}

/// The protocol's error in the answer, or that there is none.
pub(crate) fn refused(endpoint: &'static str, answer: &fetch::Response) -> Error {
    let status = answer.status.as_u16();
    match serde_json::from_slice::<ErrorResponse>(&answer.body) {
        Ok(error) => Error::Refused {
            endpoint,
            status,
            error,
        },
        Err(_) => Error::Response {
            endpoint,
            status,
            reason: "neither success nor an OAuth error",
        },
    }
}

pub(crate) fn json<T: DeserializeOwned>(
    endpoint: &'static str,
    answer: &fetch::Response,
) -> Result<T, Error> {
    if answer.status != StatusCode::OK {
        return Err(refused(endpoint, answer));
    }
    parsed(endpoint, answer)
}

/// What a successful answer says, whatever its status.
pub(crate) fn parsed<T: DeserializeOwned>(
    endpoint: &'static str,
    answer: &fetch::Response,
) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|_| Error::Response {
        endpoint,
        status: answer.status.as_u16(),
        reason: "the body is not the JSON it should be",
    })
}

fn told(
    request: &Request<'_>,
    headers: &[(&str, &str)],
    answer: Option<&fetch::Response>,
) -> Exchange {
    const SHOWN: [&str; 7] = [
        "cache-control",
        "content-type",
        "dpop-nonce",
        "etag",
        "oauth-client-attestation-challenge",
        "retry-after",
        "www-authenticate",
    ];
    let shown = |name: &str| match name {
        "authorization" => "Authorization",
        attestation::HEADER => "OAuth-Client-Attestation",
        attestation::POP_HEADER => "OAuth-Client-Attestation-PoP",
        _ => "DPoP",
    };
    Exchange {
        endpoint: request.endpoint,
        method: match request.method() {
            Method::GET => "GET",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "POST",
        },
        url: request.url.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| Parameter::new(shown(name), *value))
            .collect(),
        form: match &request.json {
            Some((_, Some(body))) => observer::body(body.as_bytes()),
            _ => observer::parameters(request.form.unwrap_or_default()),
        },
        status: answer.map(|answer| answer.status.as_u16()),
        response_headers: SHOWN
            .into_iter()
            .filter_map(|name| Some(Parameter::new(name, answer?.header(name)?)))
            .collect(),
        response: answer.map_or_else(Vec::new, |answer| observer::body(&answer.body)),
    }
}
