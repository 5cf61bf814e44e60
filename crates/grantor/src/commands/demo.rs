//! `grantor demo`: everything at once, on this machine only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use ambient::Ambient;
use clap::Args;
use fetch::FetchOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::serve::ServeOptions;

use crate::config::LogFormat;
use crate::demo::{self, PASSWORD, PERSON};
use crate::failure::Failure;
use crate::{AppOptions, app, output, place, running};

#[derive(Args)]
pub(super) struct Demo {
    /// The port on loopback
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Keep the data in this folder; without it, they end with the process
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on; only loopback is possible
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// What is logged: error, warn, info, debug
    #[arg(long, default_value = "warn")]
    log: String,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if let Some(address) = self.listen.filter(|address| !address.is_loopback()) {
            return Err(format!(
                "the demo does not listen on {address}: its passwords and secrets are printed in the documentation, so whoever reaches it is let in. \
                 Use `grantor serve` for others to reach"
            )
            .into());
        }
        running::log(&self.log, LogFormat::Text)?;
        let folder = Folder::new(self.data)?;
        let config = place::demo_config(&folder.path, self.port);
        let node = place::open(&config, Ambient::system()).await?;
        demo::open(&node).await?;
        demo::seed(&node.first()).await?;
        let listeners = listen(self.port, self.listen).await?;
        let shutdown = CancellationToken::new();
        running::stop_on_signal(shutdown.clone())?;
        let options = AppOptions {
            beside: Some(demo::router(&config.issuer)?),
            // Applications that somebody tries with it are on this machine too.
            server: server::Options {
                outbound: FetchOptions::loopback(),
                ..server::Options::default()
            },
            ..AppOptions::default()
        };
        let router = app(Arc::clone(&node), options);
        greet(&config.issuer, &folder);
        let serve = ServeOptions {
            shutdown,
            ..ServeOptions::default()
        };
        running::serve(node, listeners, router, serve).await
    }
}

/// Both loopback addresses, since `localhost` may mean either; a machine without IPv6 has one.
async fn listen(port: u16, only: Option<IpAddr>) -> Result<Vec<TcpListener>, Failure> {
    let both = vec![
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ];
    let mut listeners = Vec::new();
    let mut why = None;
    for address in only.map_or(both, |address| vec![address]) {
        match TcpListener::bind(SocketAddr::new(address, port)).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(format!(
                    "port {port} is taken: try --port {}",
                    port.saturating_add(1)
                )
                .into());
            }
            Err(error) => why = Some(error),
        }
    }
    match why {
        Some(error) if listeners.is_empty() => Err(error.into()),
        _ => Ok(listeners),
    }
}

fn greet(issuer: &str, folder: &Folder) {
    let kept = if folder.temporary {
        "ends with the process (keep them with --data DIR)".to_owned()
    } else {
        format!("is in {}", folder.path.display())
    };
    output::line(&format!(
        "\n  grantor demo\n\n  Open      {issuer}\n  Sign in   {PERSON}  /  {PASSWORD}\n\n  A service gets a token:\n    \
         curl -u demo-service:demo-service-secret -d grant_type=client_credentials {issuer}/token\n  A command-line application signs you in:\n    \
         grantor login --issuer {issuer}\n\n  The data {kept}. Stop with Ctrl-C.\n"
    ));
}

/// Where the data is; a temporary folder goes when this is dropped.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(kept: Option<PathBuf>) -> Result<Self, Failure> {
        let temporary = kept.is_none();
        let path = kept.unwrap_or_else(|| {
            let name = format!("grantor-demo-{}", Ambient::system().id());
            std::env::temp_dir().join(name)
        });
        // Nobody else on the machine may read what is kept here.
        std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
            .create(&path)?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
