//! The files with the server's certificate and key, read again when they change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use web::serve::{Tls, TlsOptions};

use crate::failure::Failure;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(3);

/// The files, what was last read from them, and who uses it.
pub(crate) struct Certificate {
    paths: [PathBuf; 2],
    read: [Vec<u8>; 2],
    users: Vec<Tls>,
    only_1_3: bool,
}

impl Certificate {
    /// Reads both; `only_1_3` refuses TLS 1.2.
    pub(crate) async fn read(
        certificate: &Path,
        key: &Path,
        only_1_3: bool,
    ) -> Result<Self, Failure> {
        let paths = [certificate.to_owned(), key.to_owned()];
        let read = read(&paths).await?;
        Ok(Self {
            paths,
            read,
            users: Vec::new(),
            only_1_3,
        })
    }

    /// TLS with this certificate, and with its successors; `asks` clients for theirs.
    pub(crate) fn tls(&mut self, asks: bool) -> Result<Tls, Failure> {
        let [certificate, key] = &self.read;
        let options = TlsOptions {
            asks,
            only_1_3: self.only_1_3,
        };
        let tls = Tls::with(certificate, key, options);
        let tls = tls.map_err(|error| format!("{}: {error}", self.named()))?;
        self.users.push(tls.clone());
        Ok(tls)
    }

    /// Reads the files again every few seconds and at SIGHUP, until the shutdown.
    pub(crate) async fn follow(mut self, shutdown: CancellationToken) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                tracing::error!(%error, "SIGHUP cannot be heard");
                return;
            }
        };
        loop {
            let asked = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            self.again(asked).await;
        }
    }

    async fn again(&mut self, asked: bool) {
        let files = self.named();
        let new = match read(&self.paths).await {
            Ok(new) => new,
            Err(error) => {
                tracing::error!(%error, "the certificate cannot be read; the one in use stays");
                return;
            }
        };
        if new == self.read {
            if asked {
                tracing::info!(files, "the certificate is the one in use");
            }
            return;
        }
        // Kept even if it is refused: the same mistake is reported once. Half of a renewal is one, and the next look finds the rest.
        self.read = new;
        let [certificate, key] = &self.read;
        for tls in &self.users {
            if let Err(error) = tls.replace_pem(certificate, key) {
                tracing::error!(%error, files, "the new certificate is refused; the one in use stays");
                return;
            }
        }
        tracing::info!(files, "a new certificate is in use");
    }

    fn named(&self) -> String {
        let [certificate, key] = &self.paths;
        format!("{} and {}", certificate.display(), key.display())
    }
}

async fn read(paths: &[PathBuf; 2]) -> Result<[Vec<u8>; 2], Failure> {
    let [certificate, key] = paths;
    Ok([one(certificate).await?, one(key).await?])
}

async fn one(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = tokio::fs::read(path).await;
    Ok(read.map_err(|error| format!("{} cannot be read: {error}", path.display()))?)
}
