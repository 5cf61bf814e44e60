use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
}

impl Engine {
    /// Both, for tests that run on each.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Where the database is:
///
/// - `sqlite:PATH`, a file that is made when it is missing, readable by its owner alone; `sqlite::memory:`, a database that lasts as long as this `Url`,
///   its clones and what they opened (each parse makes another one; clones are the same one).
/// - `postgres://USER:PASSWORD@HOST:PORT/NAME`, also `postgresql://`; a host that begins with `%2F` is the directory of a Unix socket.
///   `sslmode` is `disable`, `require` or `verify-full`; the latter two are the same here, TLS whose certificate and name are checked. Without it, TLS is
///   required unless the host is loopback or a socket. `sslrootcert=FILE` replaces the system's authorities. `pool_size=N` bounds the connections (16).
///   Other options are those of libpq that the driver knows.
///
/// Both take `synchronous=off`, which loses acknowledged commits in a crash and exists so that a test can show that it does.
#[derive(Clone)]
pub struct Url(pub(crate) Target);

#[derive(Clone)]
pub(crate) enum Target {
    Sqlite(SqliteTarget),
    Postgres(Box<PostgresTarget>),
}

#[derive(Clone)]
pub(crate) struct SqliteTarget {
    pub(crate) path: PathBuf,
    pub(crate) synchronous: bool,
    /// Held so that the directory outlives whoever uses it.
    pub(crate) throw_away: Option<Arc<ThrowAway>>,
}

#[derive(Clone)]
pub(crate) struct PostgresTarget {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: Tls,
    pub(crate) pool_size: usize,
}

/// How a connection to PostgreSQL is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    None,
    /// The certificate's chain and name are checked, against the system's authorities or those of a file.
    Verified {
        authorities: Option<PathBuf>,
    },
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`Error::Url`] for another scheme or an option that does not exist; it never repeats the URL, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            sqlite(rest).map(|target| Self(Target::Sqlite(target)))
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            postgres(text).map(|target| Self(Target::Postgres(Box::new(target))))
        } else {
            Err(refused(
                "it begins with sqlite: or postgres:// (sqlite:/var/lib/grantor/grantor.db)",
            ))
        }
    }

    /// Which engine it names.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Target::Sqlite(_) => Engine::Sqlite,
            Target::Postgres(_) => Engine::Postgres,
        }
    }

    /// The database file, on SQLite; the sealing key is kept beside it.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Target::Sqlite(target) => Some(&target.path),
            Target::Postgres(_) => None,
        }
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Without user and password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Sqlite(target) => write!(f, "sqlite:{}", target.path.display()),
            Target::Postgres(target) => {
                let host = match target.config.get_hosts().first() {
                    Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
                    Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
                    None => String::new(),
                };
                let name = target.config.get_dbname().unwrap_or_default();
                write!(f, "postgres://{host}/{name}")
            }
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::Url(why.into())
}

fn synchronous(value: &str) -> Result<bool, Error> {
    match value {
        "full" => Ok(true),
        "off" => Ok(false),
        _ => Err(refused("synchronous is full or off")),
    }
}

fn sqlite(rest: &str) -> Result<SqliteTarget, Error> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let memory = path == ":memory:";
    let mut target = SqliteTarget {
        path: PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
        synchronous: !memory,
        throw_away: None,
    };
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("synchronous", value)) => target.synchronous = synchronous(value)?,
            _ => return Err(refused("SQLite takes one option, synchronous=full|off")),
        }
    }
    if memory {
        let directory = ThrowAway::new()?;
        target.path = directory.0.join("memory.db");
        target.throw_away = Some(Arc::new(directory));
    } else if path.is_empty() {
        return Err(refused("no path (sqlite:/var/lib/grantor/grantor.db)"));
    }
    Ok(target)
}

fn postgres(text: &str) -> Result<PostgresTarget, Error> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut kept, mut mode, mut authorities) = (Vec::new(), None, None);
    let (mut pool_size, mut durable) = (16, true);
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=').unwrap_or((option, "")) {
            ("sslmode", value) => mode = Some(value),
            ("sslrootcert", value) => authorities = Some(PathBuf::from(value)),
            ("synchronous", value) => durable = synchronous(value)?,
            ("pool_size", value) => {
                pool_size = value
                    .parse()
                    .ok()
                    .filter(|size| (1..=1000).contains(size))
                    .ok_or_else(|| refused("pool_size is a number from 1 to 1000"))?;
            }
            _ => kept.push(option),
        }
    }
    let mut config = tokio_postgres::Config::from_str(&format!("{address}?{}", kept.join("&")))
        .map_err(|error| refused(format!("{error}: {}", cause(&error))))?;
    let verified = match mode {
        None => !config.get_hosts().iter().all(is_local),
        Some("disable") => false,
        Some("require" | "verify-full") => true,
        Some(_) => {
            return Err(refused(
                "sslmode is disable, require or verify-full (the others let an attacker choose)",
            ));
        }
    };
    let tls = if verified {
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
        Tls::Verified { authorities }
    } else {
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        Tls::None
    };
    if config.get_application_name().is_none() {
        config.application_name("grantor");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(5));
    }
    if !durable {
        let others = config.get_options().unwrap_or_default();
        let options = format!("{others} -c synchronous_commit=off");
        config.options(options.trim());
    }
    Ok(PostgresTarget {
        config,
        tls,
        pool_size,
    })
}

/// The driver says only "invalid configuration"; its source says which part.
fn cause(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}

fn is_local(host: &tokio_postgres::config::Host) -> bool {
    match host {
        tokio_postgres::config::Host::Unix(_) => true,
        tokio_postgres::config::Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

/// A directory of our own in the system's temporary directory that goes away with its last user.
pub(crate) struct ThrowAway(pub(crate) PathBuf);

impl ThrowAway {
    fn new() -> Result<Self, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path =
                std::env::temp_dir().join(format!("grantor-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Left behind by a process that was killed and had our number.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::Unavailable(error.to_string())),
            }
        }
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a temporary database stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn postgres(text: &str) -> Box<PostgresTarget> {
        match Url::parse(text).unwrap().0 {
            Target::Postgres(target) => target,
            Target::Sqlite(_) => panic!("not PostgreSQL"),
        }
    }

    #[test]
    fn tls_is_verified_unless_the_host_is_local_or_it_is_turned_off() {
        let verified = Tls::Verified { authorities: None };
        assert_eq!(postgres("postgres://u:p@db.example/g").tls, verified);
        assert_eq!(
            postgres("postgres://u:p@db.example/g?sslmode=require").tls,
            verified
        );
        assert_eq!(
            postgres("postgres://u:p@db.example/g?sslmode=disable").tls,
            Tls::None
        );
        for local in ["localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun"] {
            assert_eq!(
                postgres(&format!("postgres://u@{local}/g")).tls,
                Tls::None,
                "{local}"
            );
        }
        assert!(Url::parse("postgres://u@h/g?sslmode=prefer").is_err());
    }

    #[test]
    fn neither_errors_nor_debug_show_the_password() {
        let url = Url::parse("postgres://u:hunter2@h/g").unwrap();
        assert_eq!(
            format!("{url:?} {url}"),
            "Url(postgres://h/g) postgres://h/g"
        );
        let error = Url::parse("postgres://u:hunter2@h:port/g?nonsense=1").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(Url::parse("mysql://u:hunter2@h/g").is_err());
    }

    #[test]
    fn a_file_takes_only_the_option_it_has() {
        let url = Url::parse("sqlite:/data/g.db?synchronous=off").unwrap();
        assert_eq!(url.path(), Some(Path::new("/data/g.db")));
        assert!(Url::parse("sqlite:/data/g.db?sync=off").is_err());
        assert!(Url::parse("sqlite:").is_err());
    }

    #[test]
    fn the_options_of_postgres_are_kept_and_durability_can_be_given_up() {
        let target =
            postgres("postgres://u@h/g?options=-c%20search_path%3Da&synchronous=off&pool_size=3");
        assert_eq!(
            target.config.get_options(),
            Some("-c search_path=a -c synchronous_commit=off")
        );
        assert_eq!(target.pool_size, 3);
        assert!(Url::parse("postgres://u@h/g?pool_size=0").is_err());
    }

    #[test]
    fn each_memory_database_is_another_and_leaves_with_its_last_url() {
        let (a, b) = (
            Url::parse("sqlite::memory:").unwrap(),
            Url::parse("sqlite::memory:").unwrap(),
        );
        assert_ne!(a.path(), b.path());
        let directory = a.path().unwrap().parent().unwrap().to_path_buf();
        let clone = a.clone();
        drop(a);
        assert!(directory.exists());
        drop(clone);
        assert!(!directory.exists());
    }
}
