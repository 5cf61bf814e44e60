//! A process that serves: its log, its end, and what it does beside answering requests.

use std::io::IsTerminal;
use std::sync::Arc;

use axum::Router;
use jose::Algorithm;
use realm::Node;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use web::serve::ServeOptions;

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

/// Serves until the shutdown, with the node's own work going on in the background, and closes the database last.
pub(crate) async fn serve(
    node: Arc<Node>,
    listeners: Vec<TcpListener>,
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
