//! A process that serves: its log, its end, and what it does beside answering requests.

use std::io::IsTerminal;
use std::sync::Arc;

use axum::Router;
use jose::Algorithm;
use realm::Node;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use web::serve::{Listener, ServeOptions};

use crate::config::LogFormat;
use crate::failure::Failure;

/// Sends log lines to standard error.
pub(crate) fn log(level: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(level).map_err(|e| format!("log.level: {e}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Cancels `shutdown` at SIGTERM or SIGINT; a second signal ends the process as it always would.
pub(crate) fn stop_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        tracing::info!("stopping: requests under way may finish; a second signal does not wait");
        shutdown.cancel();
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        std::process::exit(130);
    });
    Ok(())
}

/// Raises the limit of open files as far as this process may; each connection is one, and the database needs some.
pub(crate) fn raise_open_files(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum;
    if limit.current != wanted {
        let raised = Rlimit {
            current: wanted,
            maximum: wanted,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files cannot be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current;
    let shown = files.map_or_else(|| "unlimited".to_owned(), |files| files.to_string());
    tracing::info!(files = shown, "open files");
    let needed = u64::try_from(max_connections).unwrap_or(u64::MAX);
    if files.is_some_and(|files| files < needed.saturating_add(BESIDE_CONNECTIONS)) {
        tracing::warn!(
            files = shown,
            max_connections,
            "fewer files may be open than http.max_connections allows connections: raise the limit (ulimit -Hn, LimitNOFILE), or lower the setting"
        );
    }
}

/// Open files that are no connections of clients.
const BESIDE_CONNECTIONS: u64 = 100;

/// Serves until the shutdown, with the node's own work going on in the background, and closes the database last.
pub(crate) async fn serve<L: Into<Listener>>(
    node: Arc<Node>,
    listeners: Vec<L>,
    router: Router,
    options: ServeOptions,
) -> Result<(), Failure> {
    let background = tokio::spawn(node.background());
    let first = node.first();
    tokio::spawn(async move {
        // After listening, so that the first ID token need not wait for it.
        if let Err(error) = first.keys().signer(Algorithm::Rs256).await {
            tracing::warn!(%error, "the RSA key will be made when it is asked for");
        }
    });
    web::serve::serve(listeners, router, options).await?;
    background.abort();
    node.db().close().await;
    Ok(())
}
