use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// A PostgreSQL server of our own in a temporary directory, reached by a Unix socket there. It ends, and its directory goes away, when this value is
/// dropped or the process ends, however it ends. Started by root it runs as the user `postgres`.
pub struct Cluster {
    supervisor: Mutex<Supervisor>,
    directory: PathBuf,
    port: u16,
}

struct Supervisor {
    child: Child,
    /// `None` when it has been told to end.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// Obeys orders from its standard input; its end is the order to stop. ICU's order of letters differs from that of bytes, which shows where
/// a collation is missing.
const SUPERVISE: &str = r#"
trap '' INT HUP
bin=$1; port=$2; shift 2
dir=$(mktemp -d /tmp/grantor-postgres-XXXXXX) || exit 1
make() { "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync "$@" >"$dir/log" 2>&1; }
make --locale=C --locale-provider=icu --icu-locale=en || { rm -rf "$dir/data"; make --locale=C; } || { cat "$dir/log" >&2; rm -rf "$dir"; exit 1; }
echo "$dir"
launch() { "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses= -c max_connections=300 "$@" >>"$dir/log" 2>&1 & pid=$!; }
start() {
  launch "$@"
  for try in $(seq 600); do
    kill -0 $pid 2>/dev/null || launch "$@"
    "$bin/pg_isready" -q -h "$dir" -p "$port" && { echo started; return; }
    sleep 0.05
  done
  cat "$dir/log" >&2; echo failed
}
while read -r order; do
  case $order in
    start) start "$@" ;;
    kill)
      kill -STOP $pid
      kill -9 $pid $(cat /proc/$pid/task/*/children) 2>/dev/null
      wait $pid 2>/dev/null; echo killed ;;
  esac
done
[ -n "$pid" ] && kill -INT $pid 2>/dev/null && wait $pid
rm -rf "$dir"
"#;

impl Cluster {
    /// Makes and starts a server: with PostgreSQL's own durable settings, or without any durability for tests that do not crash.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start(durable: bool) -> Result<Self, Error> {
        let fast = [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ];
        Self::start_with(5432, if durable { &[] } else { &fast })
    }

    /// Makes and starts a server with settings of postgresql.conf, as `name=value`. The port is also the name of its socket; it is listened on only when the
    /// settings name `listen_addresses`.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start_with(port: u16, settings: &[&str]) -> Result<Self, Error> {
        let bin = programs()?;
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command
            .args(["-c", SUPERVISE, "supervise"])
            .arg(bin)
            .arg(port.to_string())
            .current_dir("/");
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(unavailable)?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Unavailable("no pipe".to_owned()));
        };
        let mut supervisor = Supervisor {
            child,
            orders: Some(orders),
            answers: BufReader::new(answers),
        };
        let directory = PathBuf::from(supervisor.answer()?);
        let cluster = Self {
            supervisor: Mutex::new(supervisor),
            directory,
            port,
        };
        cluster.order("start", "started")?;
        Ok(cluster)
    }

    /// The URL of its database `postgres`, for a superuser.
    pub fn url(&self) -> String {
        let directory = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{directory}:{}/postgres", self.port)
    }

    /// Its directory, which holds the socket.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Kills the server with SIGKILL, as a crash would: all its processes at once, stopped first so that it makes no more of them. A backend that
    /// outlived the first one would finish its work.
    ///
    /// # Errors
    /// When the supervisor has gone.
    pub fn kill(&self) -> Result<(), Error> {
        self.order("kill", "killed")
    }

    /// Starts it again on the same data after [`Cluster::kill`], and waits until it has recovered.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&self) -> Result<(), Error> {
        self.order("start", "started")
    }

    fn order(&self, order: &str, expected: &str) -> Result<(), Error> {
        let mut supervisor = self
            .supervisor
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(orders) = &mut supervisor.orders {
            writeln!(orders, "{order}").map_err(unavailable)?;
        }
        let answer = supervisor.answer()?;
        if answer == expected {
            return Ok(());
        }
        Err(Error::Unavailable(format!("PostgreSQL: {answer}")))
    }
}

impl Supervisor {
    fn answer(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(unavailable)?;
        if line.is_empty() {
            return Err(Error::Unavailable("PostgreSQL did not start".to_owned()));
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let supervisor = self
            .supervisor
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        supervisor.orders = None;
        let _ = supervisor.child.wait();
    }
}

fn unavailable(error: std::io::Error) -> Error {
    Error::Unavailable(format!("PostgreSQL: {error}"))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

/// Where `initdb` is: Debian keeps it out of the PATH, by version.
fn programs() -> Result<PathBuf, Error> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path(),
            ))
        })
        .max()
        .map(|(_, path)| path.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|directory| directory.join("initdb").is_file())
        .ok_or_else(|| {
            Error::Unavailable("PostgreSQL is not installed: apt-get install postgresql".to_owned())
        })
}
