//! What a run stands on: the bare handlers and grantor, each a process of its own, with clients, people and a session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grantor_tests::live::{self, Grantor, Storage};
use realm::Realm;

use crate::Failure;
use crate::bare;
use crate::scenario::Session;
use crate::seed::{self, API, Keyed};
use crate::target::Target;

/// The client that introspects; its secret is [`live::SECRET`].
pub(crate) const SERVICE: &str = "service";

/// Both servers.
pub(crate) struct Bed {
    bare: bare::Process,
    grantor: Grantor,
    realm: Arc<Realm>,
    database: String,
    authorizations: Vec<String>,
    keyed: Arc<Keyed>,
    cookie: String,
    /// What it took to make the clients.
    pub(crate) seeded: Duration,
}

impl Bed {
    /// Starts both, grantor on an empty database (`sqlite`, or the URL of a PostgreSQL database), and makes so many clients.
    pub(crate) async fn start(database: &str, clients: usize) -> Result<Self, Failure> {
        let bare = bare::Process::start().await?;
        let (storage, database) = match database {
            "sqlite" => {
                let storage = Storage::sqlite("");
                let file = storage.dir().join("grantor.db");
                (storage, format!("sqlite:{}", file.display()))
            }
            url => (Storage::postgres(url.to_owned()), url.to_owned()),
        };
        // All of the load is from one address.
        let storage = storage
            .with("GRANTOR_LIMITS_DEVICE_AUTHORIZATION", "off")
            .with("GRANTOR_LIMITS_PUSHED_AUTHORIZATION_REQUEST", "off");
        let grantor = Grantor::start(storage).await;
        let api = ["resource", "create", "--id", API, "--name", "Bench"];
        grantor.command(&[&api[..], &["--scope", "bench.read=Read"]].concat(), "");
        let service = ["client", "create", "--name", "Service", "--id", SERVICE];
        let rights = ["--secret", live::SECRET, "--grant", "client_credentials"];
        let scope = ["--scope", "bench.read", "--introspects", API];
        grantor.command(&[&service[..], &rights[..], &scope[..]].concat(), "");
        let cookie = live::sign_in(&grantor, "load").await.cookie;
        let realm = seed::realm(&database).await?;
        let keyed = Arc::new(seed::keyed(&realm).await?);
        let start = Instant::now();
        let authorizations = seed::clients(&realm, clients).await?;
        Ok(Self {
            bare,
            grantor,
            realm,
            database,
            authorizations,
            keyed,
            cookie,
            seeded: start.elapsed(),
        })
    }

    pub(crate) fn bare(&self) -> Target {
        Target {
            address: self.bare.address(),
            pid: Some(self.bare.pid()),
        }
    }

    pub(crate) fn grantor(&self) -> Target {
        Target {
            address: self.grantor.address(),
            pid: Some(self.grantor.pid()),
        }
    }

    /// The process, to be stopped and started.
    pub(crate) fn process(&mut self) -> &mut Grantor {
        &mut self.grantor
    }

    /// The realm, opened beside the server.
    pub(crate) fn realm(&self) -> &Arc<Realm> {
        &self.realm
    }

    /// The URL of the database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// What grantor is called by those who ask it.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.grantor.address().port())
    }

    /// The `Authorization` header of each client.
    pub(crate) fn authorizations(&self) -> &[String] {
        &self.authorizations
    }

    /// Clients that can sign.
    pub(crate) fn keyed(&self) -> Arc<Keyed> {
        Arc::clone(&self.keyed)
    }

    /// The `Cookie` header of the session.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Somebody who is signed in.
    pub(crate) fn session(&self) -> Session {
        Session::new(&self.host(), &self.cookie)
    }
}
