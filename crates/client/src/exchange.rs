//! One request to one endpoint, told to the observer.

use std::borrow::Cow;

use http::{Method, StatusCode};
use oauth::ErrorResponse;
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
    /// A form makes it a POST.
    pub(crate) form: Option<&'a [Field]>,
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
            form: None,
            prove: Prove::Nothing,
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
        let method = if request.form.is_some() {
            "POST"
        } else {
            "GET"
        };
        let proof = match (self.dpop(), &request.prove) {
            (None, _) | (_, Prove::Nothing) => None,
            (Some(dpop), Prove::Key) => Some((dpop, None)),
            (Some(dpop), Prove::Token(token)) => Some((dpop, Some(token.as_str()))),
        };
        let proof = match proof {
            None => None,
            Some((dpop, token)) => {
                let made = dpop.proof(self.ambient(), (method, request.url), token)?;
                Some((dpop, made))
            }
        };
        let mut headers = Vec::with_capacity(2);
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
        let fetch = self.fetch();
        let answer = match request.form {
            Some(form) => fetch.post_form(request.url, form, &headers).await,
            None => fetch.send(Method::GET, request.url, &headers, None).await,
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
        Ok((answer, again))
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
        let (answer, again) = self.send_form_once(endpoint, url, form.clone()).await?;
        let answer = if again {
            // Authenticated anew, as proofs of authentication may count once.
            self.send_form_once(endpoint, url, form).await?.0
        } else {
            answer
        };
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
        let authorization = self
            .credentials()
            .apply(&mut form, (self.issuer(), self.ambient()))?;
        let prove = if endpoint == "token" {
            Prove::Key
        } else {
            Prove::Nothing
        };
        let request = Request {
            endpoint,
            url,
            authorization,
            form: Some(&form),
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
    const SHOWN: [&str; 6] = [
        "cache-control",
        "content-type",
        "dpop-nonce",
        "etag",
        "retry-after",
        "www-authenticate",
    ];
    let shown = |name: &str| match name {
        "authorization" => "Authorization",
        _ => "DPoP",
    };
    Exchange {
        endpoint: request.endpoint,
        method: if request.form.is_some() {
            "POST"
        } else {
            "GET"
        },
        url: request.url.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| Parameter::new(shown(name), *value))
            .collect(),
        form: observer::parameters(request.form.unwrap_or_default()),
        status: answer.map(|answer| answer.status.as_u16()),
        response_headers: SHOWN
            .into_iter()
            .filter_map(|name| Some(Parameter::new(name, answer?.header(name)?)))
            .collect(),
        response: answer.map_or_else(Vec::new, |answer| observer::body(&answer.body)),
    }
}
