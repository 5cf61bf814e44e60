//! A grantor on a database that is there already.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Failure;
use crate::connection::Connection as Http;

/// The key that seals every database made here.
pub(super) fn sealing_key() -> String {
    "A".repeat(43)
}

pub(super) struct Process {
    child: Child,
    port: u16,
    /// From its start to its first answer.
    pub(super) start: Duration,
}

impl Process {
    /// Starts it at the address that the database's issuer names, and waits until it has answered `request`.
    pub(super) async fn start(database: &Path, request: &[u8]) -> Result<Self, Failure> {
        let issuer: String = Connection::open(database)?.query_row(
            "SELECT issuer FROM realm WHERE name = 'main'",
            [],
            |row| row.get(0),
        )?;
        let port: u16 = issuer.rsplit(':').next().unwrap_or_default().parse()?;
        let began = Instant::now();
        let child = Command::new(binary()?)
            .arg("serve")
            .current_dir(database.parent().unwrap_or(Path::new(".")))
            // It says where the binary is, and is no setting of the server.
            .env_remove("GRANTOR_BIN")
            .env("GRANTOR_ISSUER", &issuer)
            .env("GRANTOR_LISTEN", format!("127.0.0.1:{port}"))
            .env("GRANTOR_DATABASE", format!("sqlite:{}", database.display()))
            .env("GRANTOR_SEALING_KEY", sealing_key())
            .env("GRANTOR_LOG_LEVEL", "error")
            .stdin(Stdio::null())
            .spawn()?;
        let mut process = Self {
            child,
            port,
            start: Duration::ZERO,
        };
        while began.elapsed() < Duration::from_secs(60) {
            if let Ok(mut connection) = Http::open(process.address()).await {
                let answer = connection.exchange(request).await?;
                if answer.status != 200 {
                    let body = String::from_utf8_lossy(answer.body);
                    return Err(format!("the first answer is {}: {body}", answer.status).into());
                }
                process.start = began.elapsed();
                return Ok(process);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("grantor does not listen".into())
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `GRANTOR_BIN`, else the binary of the same build as this program.
fn binary() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("GRANTOR_BIN") {
        return Ok(path.into());
    }
    let path = std::env::current_exe()?.with_file_name("grantor");
    if path.is_file() {
        Ok(path)
    } else {
        Err("grantor is not built, nor named in GRANTOR_BIN".into())
    }
}
