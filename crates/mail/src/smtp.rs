use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Connection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;
use crate::options::{Server, Tls};

/// How long a letter may take, from the name of the server to its last word.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long the connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// An SMTP server (RFC 5321, RFC 6409), with a connection of its own for each letter.
pub(crate) struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    pub(crate) fn new(
        server: Server,
        (password, authorities): (Option<SecretString>, &[String]),
        own_name: &str,
    ) -> Result<Self, Error> {
        let refused = |reason: &str| Error::Options(reason.to_owned());
        let credentials = match (server.user, password) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user, password.expose_secret().to_owned()))
            }
            (Some(_), None) => return Err(refused("the user of the mail server has no password")),
            (None, Some(_)) => {
                return Err(refused(
                    "there is a password and no user of the mail server",
                ));
            }
            (None, None) => None,
        };
        let tls = || {
            let mut parameters = TlsParameters::builder(server.host.clone());
            for pem in authorities {
                let certificate = Certificate::from_pem(pem.as_bytes())
                    .map_err(|_| refused("an authority's certificate cannot be read"))?;
                parameters = parameters.add_root_certificate(certificate);
            }
            parameters
                .build()
                .map_err(|_| refused("TLS cannot be used"))
        };
        let connection = match server.tls {
            Tls::Wrapped => Connection::Wrapper(tls()?),
            Tls::Upgraded => Connection::Required(tls()?),
            Tls::Off => Connection::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .tls(connection)
            .timeout(Some(CONNECT))
            .hello_name(ClientId::Domain(own_name.to_owned()));
        if let Some(credentials) = credentials {
            builder = builder.credentials(credentials);
        }
        Ok(Self(builder.build()))
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), Error> {
        match tokio::time::timeout(PATIENCE, self.0.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                // What the server says may name the recipient.
                tracing::debug!("a letter was not taken");
                Err(why(&error))
            }
            Err(_) => Err(Error::Timeout),
        }
    }
}

fn why(error: &lettre::transport::smtp::Error) -> Error {
    if let Some(status) = error.status() {
        return Error::Refused(u16::from(status));
    }
    if error.is_tls() {
        Error::Tls
    } else if error.is_timeout() {
        Error::Timeout
    } else if error.is_client() || error.is_response() {
        Error::Protocol
    } else {
        Error::Connect
    }
}
