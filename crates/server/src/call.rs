//! What every endpoint knows about the request it answers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use oauth::claims::Confirmation;
use realm::{Event, Realm};
use web::address::ClientAddress;
use web::client_certificate::ClientCertificate;

use crate::Server;

/// One request to an endpoint of one realm, without its parameters. As an extractor it stands first and takes the headers away from those after it.
#[derive(Clone)]
pub(crate) struct Call {
    /// What the process shares.
    pub(crate) server: Arc<Server>,
    /// The tenant.
    pub(crate) realm: Arc<Realm>,
    /// The request's headers.
    pub(crate) headers: HeaderMap,
    /// Where the request came from.
    pub(crate) address: Option<ClientAddress>,
    /// The client's certificate in TLS.
    certificate: Option<ClientCertificate>,
}

impl FromRequestParts<Arc<Server>> for Call {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, StatusCode> {
        // The wiring puts the realm there before it routes here.
        let realm = parts
            .extensions
            .get::<Arc<Realm>>()
            .cloned()
            .ok_or(StatusCode::NOT_FOUND)?;
        Ok(Self {
            server: Arc::clone(server),
            realm,
            headers: std::mem::take(&mut parts.headers),
            address: parts.extensions.get::<ClientAddress>().copied(),
            certificate: parts.extensions.get::<ClientCertificate>().cloned(),
        })
    }
}

impl Call {
    /// The `Authorization` header.
    ///
    /// # Errors
    /// When it is there more than once or holds bytes that are not text.
    pub(crate) fn authorization(&self) -> Result<Option<&str>, ()> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
            (Some(_), Some(_)) => Err(()),
        }
    }

    /// The certificate (DER) that the client proved to have the key of, on the connection.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.certificate
            .as_ref()
            .map(|ClientCertificate(der)| &**der)
    }

    /// What the connection proves: the client's certificate.
    pub(crate) fn confirmation(&self) -> Option<Confirmation> {
        self.certificate().map(Confirmation::of_certificate)
    }

    /// An event that this request causes.
    pub(crate) fn event(&self, kind: &str, person: Option<&str>, client: &str) -> Event {
        let mut event = Event::new(kind).client(client);
        event.person = person.map(str::to_owned);
        event.address = self.address.map(|address| address.to_string());
        event
    }

    /// Removes what the browser has of a session that has ended elsewhere, when it came with the request. That it cannot be looked up changes nothing else.
    pub(crate) async fn forget_remains(&self, response: &mut Response) {
        match identity::session::remains(&self.realm, &self.headers).await {
            Ok(Some(cookies)) => {
                for cookie in cookies {
                    cookie.append_to(response.headers_mut());
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a session could not be looked up"),
        }
    }

    /// The time (unix seconds).
    pub(crate) fn now(&self) -> i64 {
        self.realm.now()
    }
}
