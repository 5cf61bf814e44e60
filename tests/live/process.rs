//! A grantor process that is started, killed and started again on the same data.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Where the data is, and what happens to it at a kill.
pub struct Storage {
    dir: tempfile::TempDir,
    /// Beside the data, which a layer may watch.
    logs: tempfile::TempDir,
    database: String,
    environment: Vec<(String, PathBuf)>,
    at_kill: Box<dyn Fn() + Send>,
}

impl Storage {
    /// A fresh SQLite file; `options` follow its path (`?synchronous=off`).
    pub fn sqlite(options: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = format!(
            "sqlite:{}{options}",
            dir.path().join("grantor.db").display()
        );
        Self {
            dir,
            logs: tempfile::tempdir().unwrap(),
            database,
            environment: Vec::new(),
            at_kill: Box::new(|| ()),
        }
    }

    /// An empty PostgreSQL database.
    pub fn postgres(url: String) -> Self {
        Self {
            database: url,
            ..Self::sqlite("")
        }
    }

    /// The folder of the process.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs the binary with a setting, by the name it has in the environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs the binary with more environment, and `at_kill` each time after it has been killed.
    #[must_use]
    pub fn preload(
        mut self,
        environment: Vec<(String, PathBuf)>,
        at_kill: impl Fn() + Send + 'static,
    ) -> Self {
        self.environment = environment;
        self.at_kill = Box::new(at_kill);
        self
    }
}

/// The binary under test: `GRANTOR_BIN`, else the one of the same build as this program.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("GRANTOR_BIN") {
        return path.into();
    }
    let own = std::env::current_exe().unwrap();
    // A test is in `deps`, one floor below.
    let near = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join("grantor"));
    near.into_iter()
        .find(|path| path.is_file())
        .expect("grantor is built, or named in GRANTOR_BIN")
}

/// The process. It ends when this is dropped.
pub struct Grantor {
    storage: Storage,
    port: u16,
    child: Child,
}

impl Grantor {
    /// Starts it on a port of its own and waits until it listens.
    pub async fn start(storage: Storage) -> Self {
        let port = free_port();
        let child = spawn(&storage, port);
        let mut grantor = Self {
            storage,
            port,
            child,
        };
        grantor.ready().await;
        grantor
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// What it wrote to its standard error, errors alone.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.storage.logs.path().join("stderr")).unwrap_or_default()
    }

    /// SIGKILL, and with the layer: a power cut.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.storage.at_kill)();
    }

    /// Starts it again on the same data and port.
    pub async fn restart(&mut self) {
        self.launch();
        self.ready().await;
    }

    /// As [`Grantor::restart`], without waiting until it listens.
    pub fn launch(&mut self) {
        self.child = spawn(&self.storage, self.port);
    }

    /// Runs a command of the binary on the same data and returns what it printed.
    pub fn command(&self, args: &[&str], input: &str) -> String {
        use std::io::Write;
        let mut child = base(&self.storage, self.port)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "grantor {args:?} succeeds");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until it listens.
    pub async fn ready(&mut self) {
        for _ in 0..2000 {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("grantor ended by itself: {status}: {}", self.log());
            }
            if TcpStream::connect(self.address()).is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("grantor does not listen");
    }
}

impl Drop for Grantor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port below those that the kernel gives to outgoing connections: one of these could take it, or connect to itself, while the server is down.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 20_000) as u16;
    loop {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst)) % 20_000;
        if TcpListener::bind(("127.0.0.1", 10_240 + offset)).is_ok() {
            return 10_240 + offset;
        }
    }
}

/// The binary under test, without what is meant for the tests: that is no setting of the server, which refuses what it does not know.
pub(super) fn program() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GRANTOR_") {
            command.env_remove(name);
        }
    }
    command
}

fn base(storage: &Storage, port: u16) -> Command {
    let mut command = program();
    command
        .current_dir(storage.dir.path())
        .env("GRANTOR_ISSUER", format!("http://localhost:{port}"))
        .env("GRANTOR_LISTEN", format!("127.0.0.1:{port}"))
        .env("GRANTOR_DATABASE", &storage.database)
        .env("GRANTOR_SEALING_KEY", "A".repeat(43))
        .env("GRANTOR_LOG_LEVEL", "error")
        .envs(storage.environment.iter().cloned());
    command
}

fn spawn(storage: &Storage, port: u16) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(storage.logs.path().join("stderr"))
        .unwrap();
    let mut command = base(storage, port);
    command.arg("serve").stdin(Stdio::null()).stderr(log);
    command
        .spawn()
        .expect("grantor starts: build it, or name it in GRANTOR_BIN")
}
