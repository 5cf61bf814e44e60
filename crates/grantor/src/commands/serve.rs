//! `grantor serve`: the server, for real.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::Ambient;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::address::TrustedProxies;
use web::serve::{ServeOptions, Tls};

use crate::config::Config;
use crate::failure::Failure;
use crate::{AppOptions, app, place, running};

#[derive(Args)]
pub(super) struct Serve {
    /// The configuration file; without it, grantor.toml in this folder if there is one. The environment (GRANTOR_…) wins
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read the configuration, say what is wrong with it, and end
    #[arg(long)]
    check: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = Config::load(self.config.as_deref())?;
        if self.check {
            crate::output::line("The configuration is good.");
            return Ok(());
        }
        running::log(&config.log_level, config.log_format)?;
        let options = app_options(&config)?;
        let tls = tls(&config)?;
        let node = place::open(&config, Ambient::system()).await?;
        for weakness in node.db().durability().await? {
            tracing::warn!("STORAGE IS NOT DURABLE: {weakness}");
        }
        let mut listeners = Vec::new();
        for address in &config.listen {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|e| format!("cannot listen on {address}: {e}"))?;
            tracing::info!(%address, issuer = config.issuer, "listening");
            listeners.push(listener);
        }
        let shutdown = CancellationToken::new();
        running::stop_on_signal(shutdown.clone())?;
        let router = app(Arc::clone(&node), options);
        let serve = ServeOptions {
            header_timeout: Duration::from_secs(config.header_timeout),
            handshake_timeout: Duration::from_secs(config.handshake_timeout),
            drain: Duration::from_secs(config.shutdown_timeout),
            max_connections: config.max_connections,
            tls,
            shutdown,
            ..ServeOptions::default()
        };
        running::serve(node, listeners, router, serve).await
    }
}

fn app_options(config: &Config) -> Result<AppOptions, Failure> {
    let mut networks = Vec::new();
    for text in &config.trusted_proxies {
        let network = text.parse().map_err(|_| {
            format!("trusted_proxies: `{text}` is not a network such as 10.0.0.0/8")
        })?;
        networks.push(network);
    }
    let mut identity = identity::Options::default();
    identity.passwords.workers = config.password_workers;
    identity.passwords.queue = config.password_queue;
    Ok(AppOptions {
        identity,
        proxies: TrustedProxies {
            networks,
            ..TrustedProxies::default()
        },
        ..AppOptions::default()
    })
}

fn tls(config: &Config) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
        return Ok(None);
    };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
    };
    Ok(Some(Tls::from_pem(&read(certificate)?, &read(key)?)?))
}
