//! One throw-away PostgreSQL cluster for a run of the tests: reached by a Unix socket in a temporary folder, owned by an ordinary user because
//! the server refuses to run as root, without durability unless that is measured, because nothing in it is worth keeping. It ends with this process, however that ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::install::{self, POSTGRESQL};

/// Makes a cluster, starts it, says where it is, and stops it when its standard input ends. ICU orders letters unlike bytes, which shows where a
/// statement relies on an order that it does not name.
const SUPERVISE: &str = r#"
trap '' INT HUP TERM
bin=$1; shift
dir=$(mktemp -d /tmp/grantor-postgres-XXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT
make() { "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync "$@" >"$dir/log" 2>&1; }
make --locale=C --locale-provider=icu --icu-locale=en || { rm -rf "$dir/data"; make --locale=C; } || { cat "$dir/log" >&2; exit 1; }
"$bin/postgres" -D "$dir/data" -k "$dir" -p 5432 -c listen_addresses= "$@" >>"$dir/log" 2>&1 &
pid=$!
for try in $(seq 600); do
  "$bin/pg_isready" -q -h "$dir" -p 5432 && break
  kill -0 $pid 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.05
done
"$bin/pg_isready" -q -h "$dir" -p 5432 || { cat "$dir/log" >&2; kill -9 $pid; exit 1; }
echo "$dir"
read -r forever
kill -INT $pid 2>/dev/null && wait $pid
"#;

/// A running cluster; dropping it stops the server and removes its files.
pub(crate) struct Cluster {
    supervisor: Child,
    /// Its end is the order to stop.
    order: Option<ChildStdin>,
    folder: String,
}

impl Cluster {
    /// Makes and starts a cluster without durability, installing PostgreSQL first where it is missing.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_with(&[
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=400",
        ])
    }

    /// As [`Cluster::start`], with the settings that PostgreSQL has by itself.
    pub(crate) fn start_durable() -> Result<Self, String> {
        Self::start_with(&[])
    }

    fn start_with(settings: &[&str]) -> Result<Self, String> {
        let initdb = install::require(&POSTGRESQL)?;
        // A link to it may stand in a folder that has none of the other programs.
        let initdb = initdb.canonicalize().unwrap_or(initdb);
        let programs = initdb.parent().ok_or("initdb is in no folder")?;
        let mut command = if install::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SUPERVISE, "supervise"]).arg(programs);
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut supervisor = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("PostgreSQL could not be started: {error}"))?;
        let mut folder = String::new();
        if let Some(output) = supervisor.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut folder);
        }
        if folder.trim().is_empty() {
            let mut problem = String::new();
            if let Some(mut errors) = supervisor.stderr.take() {
                let _ = errors.read_to_string(&mut problem);
            }
            return Err(format!("PostgreSQL does not start: {}", problem.trim()));
        }
        Ok(Self {
            order: supervisor.stdin.take(),
            supervisor,
            folder: folder.trim().to_owned(),
        })
    }

    /// The address that tests connect to; its user may create schemas and databases.
    pub(crate) fn url(&self) -> String {
        let folder = self.folder.replace('/', "%2F");
        format!("postgres://postgres@{folder}:5432/postgres")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.order.take());
        let _ = self.supervisor.wait();
    }
}
