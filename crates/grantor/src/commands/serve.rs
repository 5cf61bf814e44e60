//! `grantor serve`: the server, for real.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::Ambient;
use clap::Args;
use fetch::{Fetch, FetchOptions};
use server::{Aliases, ClientAuthorities, ClientCertificates, ciba};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::address::TrustedProxies;
use web::serve::{Listener, ServeOptions};

use super::retired_grants::warn_at_start;
use crate::certificate::Certificate;
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
        running::raise_open_files(config.max_connections);
        let mut certificate = certificate(&config).await?;
        let node = place::open(&config, Ambient::system()).await?;
        for weakness in node.db().durability().await? {
            tracing::warn!("STORAGE IS NOT DURABLE: {weakness}");
        }
        tokio::spawn(warn_at_start(Arc::clone(&node)));
        let mut listeners = Vec::new();
        for address in &config.listen {
            listeners.push(Listener::from(bind(address).await?));
            tracing::info!(%address, issuer = config.issuer, "listening");
        }
        let mut tls = None;
        if let Some(certificate) = &mut certificate {
            tls = Some(certificate.tls(false)?);
            let asking = certificate.tls(true)?;
            for address in &config.tls_mtls_listen {
                let socket = bind(address).await?;
                listeners.push(Listener::with_tls(socket, asking.clone()));
                tracing::info!(%address, "listening, and asking for client certificates");
            }
        }
        let shutdown = CancellationToken::new();
        running::stop_on_signal(shutdown.clone())?;
        if let Some(certificate) = certificate {
            tokio::spawn(certificate.follow(shutdown.clone()));
        }
        let exempt = options.proxies.networks.clone();
        let router = app(Arc::clone(&node), options);
        let serve = ServeOptions {
            header_timeout: Duration::from_secs(config.header_timeout),
            idle_timeout: Duration::from_secs(config.idle_timeout),
            body_timeout: Duration::from_secs(config.body_timeout),
            write_timeout: Duration::from_secs(config.write_timeout),
            handshake_timeout: Duration::from_secs(config.handshake_timeout),
            drain: Duration::from_secs(config.shutdown_timeout),
            max_connections: config.max_connections,
            max_connections_per_address: config.max_connections_per_address,
            exempt,
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
    identity.passwords.wait = Duration::from_millis(config.password_wait);
    Ok(AppOptions {
        identity,
        proxies: TrustedProxies {
            networks,
            certificate: config.certificate_header(),
            host: config.forwarded_host,
            ..TrustedProxies::default()
        },
        server: server::Options {
            certificates: client_certificates(config)?,
            outbound: outbound(config)?,
            mailer: config.mailer()?,
            requests: config.limits,
            ciba: config
                .approvals
                .map_or_else(ciba::Rates::default, ciba::Rates::of_person),
            ..server::Options::default()
        },
        hsts_max_age: config.hsts_max_age,
        ..AppOptions::default()
    })
}

/// How this process reaches what applications name.
fn outbound(config: &Config) -> Result<FetchOptions, Failure> {
    let mut extra_roots = Vec::new();
    if let Some(path) = &config.outbound_authorities {
        let refused =
            |reason: String| format!("outbound.authorities: {}: {reason}", path.display());
        let pem = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        extra_roots.push(pem);
    }
    let options = FetchOptions {
        proxy: config.outbound_proxy.clone(),
        allow_networks: config.outbound_networks.clone(),
        extra_roots,
        ..FetchOptions::default()
    };
    // What cannot be used is said at start, not at the first request.
    Fetch::new(options.clone()).map_err(|error| format!("outbound: {error}"))?;
    Ok(options)
}

fn client_certificates(config: &Config) -> Result<ClientCertificates, Failure> {
    let mut certificates = ClientCertificates {
        reach_us: !config.tls_mtls_listen.is_empty() || config.client_certificate_header.is_some(),
        ..ClientCertificates::default()
    };
    if let Some(path) = &config.tls_client_authorities {
        let refused =
            |reason: String| format!("tls.client_authorities: {}: {reason}", path.display());
        let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        certificates.authorities = ClientAuthorities::from_pem(&pem).map_err(refused)?;
    }
    certificates.aliases = config.tls_mtls_url.as_ref().map(|base| Aliases {
        issuer: config.issuer.clone(),
        base: base.clone(),
    });
    Ok(certificates)
}

async fn bind(address: &SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.map_err(|error| format!("cannot listen on {address}: {error}"))?)
}

async fn certificate(config: &Config) -> Result<Option<Certificate>, Failure> {
    match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            let read = Certificate::read(certificate, key, config.tls_only_1_3);
            Ok(Some(read.await?))
        }
        _ => Ok(None),
    }
}
