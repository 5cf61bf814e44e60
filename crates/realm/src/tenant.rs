use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ambient::Ambient;
use db::{Batch, CommitError, Committed, Db};
use url::Url;

use crate::cache::{Cache, Slot};
use crate::changes::{self, Follower, Kind};
use crate::clients::{self, Client};
use crate::error::Error;
use crate::events::{self, Event};
use crate::issuers::{self, Issuers};
use crate::keys::{Keys, Purpose};
use crate::outbox;
use crate::realms::Stored;
use crate::resources::{self, Catalogue};
use crate::revocations::{Mark, Revocations};
use crate::sealing::Secrets;
use crate::settings::Settings;
use crate::subordinates::{self, Subordinates};

/// How many clients of a realm are kept in memory.
const CLIENTS: usize = 10_000;

/// A tenant: an issuer with its own people, clients, resources and keys. One process holds one value of it, shared by all requests; the change log
/// keeps it current.
pub struct Realm {
    name: String,
    issuer: String,
    path: String,
    db: Db,
    ambient: Ambient,
    secrets: Arc<Secrets>,
    follower: Arc<Follower>,
    settings: RwLock<(i64, Arc<Settings>)>,
    clients: Cache<Client>,
    catalogue: Slot<Catalogue>,
    issuers: Slot<Issuers>,
    subordinates: Slot<Subordinates>,
    keys: Keys,
    federation_keys: Keys,
    revocations: Revocations,
    /// Counts the changes of anything but a single client or token.
    edition: AtomicU64,
    /// The clients whose use is being written down.
    renewing: Mutex<HashSet<String>>,
    /// It was removed, or moved to another issuer: whoever asks for it next gets another value, or none.
    over: AtomicBool,
}

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Realm({})", self.name)
    }
}

impl Realm {
    pub(crate) fn new(
        stored: Stored,
        root: &[u8],
        (db, ambient): (Db, Ambient),
        follower: Arc<Follower>,
    ) -> Self {
        let secrets = Arc::new(Secrets::new(&stored.name, root));
        let path = Url::parse(&stored.issuer)
            .map(|url| url.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        Self {
            keys: Keys::new(
                Purpose::Tokens,
                &stored.name,
                (db.clone(), ambient.clone()),
                Arc::clone(&secrets),
            ),
            federation_keys: Keys::new(
                Purpose::Federation,
                &stored.name,
                (db.clone(), ambient.clone()),
                Arc::clone(&secrets),
            ),
            revocations: Revocations::new(
                &stored.name,
                db.clone(),
                ambient.clone(),
                Arc::clone(&follower),
            ),
            settings: RwLock::new((stored.version, Arc::new(stored.settings))),
            clients: Cache::new(CLIENTS),
            catalogue: Slot::empty(),
            issuers: Slot::empty(),
            subordinates: Slot::empty(),
            edition: AtomicU64::new(0),
            renewing: Mutex::default(),
            over: AtomicBool::new(false),
            name: stored.name,
            issuer: stored.issuer,
            path,
            db,
            ambient,
            secrets,
            follower,
        }
    }

    /// Its name: `main` for the first realm.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The issuer (RFC 8414 §2), without a slash at its end: `https://host`, or `https://host/realms/NAME`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The issuer's path, to stand before the paths of pages and endpoints: empty, or `/realms/NAME`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The address of something below the issuer, such as `url("/token")`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Whether the issuer is https; cookies are secure then, whatever the socket is.
    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The clock and the randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// The time, in unix seconds.
    pub fn now(&self) -> i64 {
        self.ambient.now()
    }

    /// The settings as they are now. Memory only.
    pub fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&settings.1)
    }

    /// The client with this identifier, disabled or not; none that is to be forgotten. Memory only, but for the first time; absence is never remembered.
    ///
    /// # Errors
    /// When the database fails or the row cannot be read.
    pub async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, Error> {
        let lasting = |client: Arc<Client>| (!client.is_expired(self.now())).then_some(client);
        if let Some(client) = self.clients.get(id) {
            return Ok(lasting(client));
        }
        let epoch = self.clients.epoch();
        let client = clients::load(&self.db, &self.name, id).await?.map(Arc::new);
        if let Some(client) = &client {
            self.clients.keep(id, client, epoch);
        }
        Ok(client.and_then(lasting))
    }

    /// All resources and scopes. Memory only, but for the first time after a change.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn catalogue(&self) -> Result<Arc<Catalogue>, Error> {
        if let Some(catalogue) = self.catalogue.get() {
            return Ok(catalogue);
        }
        let epoch = self.catalogue.epoch();
        let all = resources::load_usable(&self.db, &self.name).await?;
        let catalogue = Arc::new(Catalogue::new(all));
        self.catalogue.keep(&catalogue, epoch);
        Ok(catalogue)
    }

    /// All trusted issuers. Memory only, but for the first time after a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issuers(&self) -> Result<Arc<Issuers>, Error> {
        if let Some(issuers) = self.issuers.get() {
            return Ok(issuers);
        }
        let epoch = self.issuers.epoch();
        let all = issuers::load_usable(&self.db, &self.name).await?;
        let issuers = Arc::new(Issuers::new(all));
        self.issuers.keep(&issuers, epoch);
        Ok(issuers)
    }

    /// All for whom the realm vouches in federations. Memory only, but for the first time after a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subordinates(&self) -> Result<Arc<Subordinates>, Error> {
        if let Some(known) = self.subordinates.get() {
            return Ok(known);
        }
        let epoch = self.subordinates.epoch();
        let all = subordinates::load_usable(&self.db, &self.name).await?;
        let all = Arc::new(Subordinates::new(all));
        self.subordinates.keep(&all, epoch);
        Ok(all)
    }

    /// The signing keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The keys that sign what the realm says as an entity of a federation, and nothing else.
    pub fn federation_keys(&self) -> &Keys {
        &self.federation_keys
    }

    /// What has been revoked.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// HMAC-SHA256 of `data` under a key for this purpose, which derives from the realm's root secret. A purpose is a constant of the program.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.secrets.mac(purpose, data)
    }

    /// Whether `mac` is the MAC of `data` for this purpose; in constant time.
    pub fn verify_mac(&self, purpose: &str, data: &[u8], mac: &[u8]) -> bool {
        self.secrets.verify(purpose, data, mac)
    }

    /// Seals `plaintext` for this purpose: base64url of AES-256-GCM with a nonce of 192 random bits (so one key lasts for any number of texts).
    /// Only [`unseal`](Self::unseal) of the same realm with the same purpose opens it.
    pub fn seal(&self, purpose: &str, plaintext: impl AsRef<[u8]>) -> String {
        self.secrets
            .seal(&self.ambient.entropy, purpose, plaintext.as_ref())
    }

    /// Opens what [`seal`](Self::seal) made for this purpose; `None` for anything else.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.secrets.unseal(purpose, sealed)
    }

    /// Adds an event to the batch.
    pub fn record(&self, batch: &mut Batch, event: Event) {
        events::record(self, batch, event);
    }

    /// Adds a message to the batch, to be delivered from `due_at` on by the handler of its kind.
    pub fn enqueue(&self, batch: &mut Batch, kind: &str, payload: &str, due_at: i64) {
        outbox::enqueue(self, batch, (kind, ""), payload, due_at);
    }

    /// The same for what is said to somebody outside, such as a client by its identifier: of a kind, only a few messages to one receiver are under way at a time,
    /// so that one that hangs keeps no other one waiting.
    pub fn enqueue_to(
        &self,
        batch: &mut Batch,
        (kind, receiver): (&str, &str),
        payload: &str,
        due_at: i64,
    ) {
        outbox::enqueue(self, batch, (kind, receiver), payload, due_at);
    }

    /// Adds a line to the change log, so that every node hears of the change (see [`Kind`]). It is to be the last thing in the batch: from here to the
    /// commit no other batch can announce anything.
    pub fn announce(&self, batch: &mut Batch, kind: &str, id: &str) {
        changes::announce(batch, &self.name, (kind, id), self.now());
        self.follower.bell.notify_one();
    }

    /// Adds a revocation to the batch; see [`Revocations::revoke`].
    pub fn revoke(&self, batch: &mut Batch, mark: Mark<'_>) {
        self.revocations.revoke(batch, mark);
    }

    /// Commits a batch and, when it announces or revokes something, acts on that here before it returns; what it enqueues is delivered at once. For any other
    /// batch it is [`Db::commit`].
    ///
    /// # Errors
    /// When the batch was not committed.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, CommitError> {
        let revoked = self.revocations.of(&batch);
        let announces = changes::count(&batch) > revoked.len();
        let posts = outbox::is_in(&batch);
        let committed = self.db.commit(batch).await?;
        if posts {
            self.follower.post.notify_one();
        }
        // Not left to the change log: that what was revoked here holds here must not depend on a second visit to the database.
        self.revocations.learn(revoked);
        if announces && let Err(error) = self.follower.follow().await {
            tracing::warn!(%error, "the change log cannot be read just now; changes show up here later");
        }
        Ok(committed)
    }

    /// A number that grows with every change of the settings, resources, issuers and whatever else a realm has but its clients, its keys and what it revoked.
    /// What was written from them after this number was taken is true for as long as it stays the same.
    pub fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }

    /// Acts on a line of the change log, written at `at`.
    pub(crate) async fn changed(&self, kind: &str, id: &str, at: i64) -> Result<(), Error> {
        let acted = self.act_on(kind, id, at).await;
        if !matches!(kind, Kind::CLIENT | Kind::REVOCATION | Kind::KEYS) {
            self.next_edition();
        }
        acted
    }

    /// To be called when what is held in memory is no longer the old: whoever took the number before may have read that.
    fn next_edition(&self) {
        self.edition.fetch_add(1, Ordering::SeqCst);
    }

    async fn act_on(&self, kind: &str, id: &str, at: i64) -> Result<(), Error> {
        match kind {
            Kind::CLIENT => self.clients.forget(id),
            Kind::RESOURCE => self.catalogue.forget(),
            Kind::ISSUER => self.issuers.forget(),
            Kind::SUBORDINATE => self.subordinates.forget(),
            Kind::REVOCATION => self.revocations.load_one(id, at).await?,
            Kind::KEYS => match Purpose::of(id).0 {
                Purpose::Tokens => self.keys.changed().await?,
                Purpose::Federation => self.federation_keys.changed().await?,
            },
            Kind::REALM => self.refresh().await?,
            _ => {}
        }
        Ok(())
    }

    /// Forgets what may be out of date and reads again what is held in memory.
    pub(crate) async fn forget_everything(&self) -> Result<(), Error> {
        self.clients.forget_all();
        self.catalogue.forget();
        self.issuers.forget();
        self.subordinates.forget();
        let refreshed = self.refresh().await;
        self.next_edition();
        refreshed?;
        self.keys.changed().await?;
        self.federation_keys.changed().await?;
        self.revocations.load().await
    }

    /// Whether nobody else is writing down that this client was used; then the caller does, and says when it is done.
    pub(crate) fn begin_renewing(&self, client: &str) -> bool {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        renewing.insert(client.to_owned())
    }

    pub(crate) fn end_renewing(&self, client: &str) {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        renewing.remove(client);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Reads the settings again.
    pub(crate) async fn refresh(&self) -> Result<(), Error> {
        let stored = crate::realms::load(&self.db, &self.name).await?;
        let Some(stored) = stored.filter(|stored| stored.issuer == self.issuer) else {
            tracing::warn!(
                realm = self.name,
                issuer = self.issuer,
                "the realm was removed, or its issuer was changed"
            );
            self.over.store(true, Ordering::SeqCst);
            return Ok(());
        };
        let mut settings = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if stored.version > settings.0 {
            *settings = (stored.version, Arc::new(stored.settings));
        }
        Ok(())
    }
}
