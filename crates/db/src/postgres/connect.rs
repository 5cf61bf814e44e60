use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use deadpool_postgres::Connect;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;
use crate::url::Tls;

/// Connects on the runtime that opened the database, so that a connection outlives the runtime of whoever happened to need it first.
pub(super) struct Dialer {
    runtime: Handle,
    tls: Option<MakeRustlsConnect>,
}

type Dialed = Result<(Client, JoinHandle<()>), tokio_postgres::Error>;

impl Dialer {
    pub(super) fn new(runtime: Handle, tls: &Tls) -> Result<Self, Error> {
        let tls = match tls {
            Tls::None => None,
            Tls::Verified { authorities } => Some(MakeRustlsConnect::new(client_config(
                authorities.as_deref(),
            )?)),
        };
        Ok(Self { runtime, tls })
    }
}

impl Connect for Dialer {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Dialed> + Send + '_>> {
        let (config, tls) = (config.clone(), self.tls.clone());
        Box::pin(async move {
            let there = self.runtime.spawn(dial(config.clone(), tls.clone()));
            match there.await {
                Ok(dialed) => dialed,
                // That runtime has ended.
                Err(_) => dial(config, tls).await,
            }
        })
    }
}

async fn dial(config: Config, tls: Option<MakeRustlsConnect>) -> Dialed {
    match tls {
        Some(tls) => drive(config, tls).await,
        None => drive(config, NoTls).await,
    }
}

async fn drive<T>(config: Config, tls: T) -> Dialed
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as tokio_postgres::tls::TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    let task = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "connection to PostgreSQL lost");
        }
    });
    Ok((client, task))
}

fn client_config(authorities: Option<&Path>) -> Result<ClientConfig, Error> {
    let found = match authorities {
        Some(path) => rustls_native_certs::load_certs_from_paths(Some(path), None),
        None => rustls_native_certs::load_native_certs(),
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(Error::Url(
            "no certificate authority found to check the server with: name a file with sslrootcert=".to_owned(),
        ));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|error| Error::Url(error.to_string()))
}
