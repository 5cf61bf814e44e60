//! One throw-away PostgreSQL cluster for a run of the tests: made in a temporary folder, owned by an ordinary user because the server refuses
//! to run as root, without durability because nothing in it is worth keeping, gone when the run ends.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::Outcome;
use crate::install::{self, POSTGRESQL};

/// A running cluster; dropping it stops the server and removes its files.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    server: Child,
}

impl Cluster {
    /// Makes and starts a cluster, installing PostgreSQL first where it is missing.
    pub(crate) fn start() -> Result<Self, String> {
        let initdb = install::require(&POSTGRESQL)?;
        let programs = initdb.parent().map(PathBuf::from).unwrap_or_default();
        let folder = fresh_folder()?;
        let data = folder.join("data");
        quiet(as_postgres(&initdb).arg("-D").arg(&data).args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]))?;
        let port = free_port()?;
        let server = as_postgres(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            .args(["-c", "fsync=off", "-c", "synchronous_commit=off"])
            .args(["-c", "full_page_writes=off", "-c", "max_connections=400"])
            .args(["-c", "shared_buffers=128MB", "-c", "log_min_messages=fatal"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("postgres could not be started: {error}"))?;
        let cluster = Self {
            programs,
            folder,
            port,
            server,
        };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The address that tests connect to; its user may create databases.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&self) -> Outcome {
        for _ in 0..300 {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err("PostgreSQL was started and does not answer within 30 seconds".into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop = quiet(
            as_postgres(&self.programs.join("pg_ctl"))
                .arg("-D")
                .arg(self.folder.join("data"))
                .args(["-m", "immediate", "-w", "stop"]),
        );
        if stop.is_err() {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A command run as the user `postgres` when this process is root, else as this user.
fn as_postgres(program: &std::path::Path) -> Command {
    let mut command = if install::is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}

fn fresh_folder() -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("grantor-postgres-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if install::is_root() {
        quiet(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no port is free: {error}"))
}

/// Runs a command and shows its output only when it fails.
fn quiet(command: &mut Command) -> Outcome {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{name}` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "`{name}` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}
