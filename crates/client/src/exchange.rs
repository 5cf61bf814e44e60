//! One request to one endpoint, told to the observer.

use http::{Method, StatusCode};
use oauth::ErrorResponse;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::observer::{self, Exchange, Parameter, Step};
use crate::{AccessToken, Error};

/// What to send.
pub(crate) struct Request<'a> {
    pub(crate) endpoint: &'static str,
    pub(crate) url: &'a str,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// A form makes it a POST.
    pub(crate) form: Option<&'a [(&'static str, String)]>,
}

impl<'a> Request<'a> {
    pub(crate) fn get(endpoint: &'static str, url: &'a str) -> Self {
        Self {
            endpoint,
            url,
            authorization: None,
            form: None,
        }
    }

    pub(crate) fn with_token(mut self, token: &AccessToken) -> Self {
        self.authorization = Some(token.authorization());
        self
    }
}

impl Client {
    /// Sends the request; any status is an answer.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<fetch::Response, Error> {
        let header = request
            .authorization
            .as_deref()
            .map(|value| ("authorization", value));
        let headers: Vec<_> = header.into_iter().collect();
        let fetch = self.fetch();
        let answer = match request.form {
            Some(form) => fetch.post_form(request.url, form, &headers).await,
            None => fetch.send(Method::GET, request.url, &headers, None).await,
        };
        if self.is_observed() {
            self.observe(Step::Exchange(told(&request, answer.as_ref().ok())));
        }
        tracing::debug!(
            endpoint = request.endpoint,
            ok = answer.is_ok(),
            "asked the server"
        );
        answer.map_err(|source| Error::Request {
            endpoint: request.endpoint,
            source,
        })
    }

    /// Sends the client's own form, authenticated, and reads JSON from the answer.
    pub(crate) async fn send_form(
        &self,
        endpoint: &'static str,
        url: &str,
        mut form: Vec<(&'static str, String)>,
    ) -> Result<fetch::Response, Error> {
        let authorization = self.credentials().apply(&mut form);
        let answer = self
            .send(Request {
                endpoint,
                url,
                authorization,
                form: Some(&form),
            })
            .await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(refused(endpoint, &answer))
        }
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
    serde_json::from_slice(&answer.body).map_err(|_| Error::Response {
        endpoint,
        status: answer.status.as_u16(),
        reason: "the body is not the JSON it should be",
    })
}

fn told(request: &Request<'_>, answer: Option<&fetch::Response>) -> Exchange {
    const SHOWN: [&str; 5] = [
        "cache-control",
        "content-type",
        "etag",
        "retry-after",
        "www-authenticate",
    ];
    let authorization = request
        .authorization
        .iter()
        .map(|value| Parameter::new("Authorization", value));
    Exchange {
        endpoint: request.endpoint,
        method: if request.form.is_some() {
            "POST"
        } else {
            "GET"
        },
        url: request.url.to_owned(),
        headers: authorization.collect(),
        form: observer::parameters(request.form.unwrap_or_default()),
        status: answer.map(|answer| answer.status.as_u16()),
        response_headers: SHOWN
            .into_iter()
            .filter_map(|name| Some(Parameter::new(name, answer?.header(name)?)))
            .collect(),
        response: answer.map_or_else(Vec::new, |answer| observer::body(&answer.body)),
    }
}
