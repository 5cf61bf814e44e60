//! Code flows while the clock passes every expiry: grantor in this process, requests without a network, a file that is weighed.

use std::path::Path;
use std::time::Instant;

use ambient::{Ambient, Clock, Entropy};
use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use grantor_tests::live::browser::encode;
use grantor_tests::live::{REDIRECT, VERIFIER, authorize_path};
use http_body_util::BodyExt;
use oauth::client_auth::basic;
use realm::clients::{self, Secret};
use realm::{Client, Node, NodeOptions, SealingKey};
use serde_json::json;
use tower::ServiceExt;

use super::{SCOPE, SECRET, say, size};
use crate::Failure;

const CLIENTS: usize = 20;
const PEOPLE: usize = 200;
/// Flows that are under way at once: as many as share a commit under load.
const AT_ONCE: u64 = 32;
const DAY: i64 = 86_400;

db::statements! {
    PERSON = "INSERT INTO person (realm, id, username, username_key, email_verified, display_name, groups, profile, disabled, signed_out_at, version, created_at, updated_at)
        VALUES ('main', $1, $1, $1, 0, $1, '[]', '{}', 0, 0, 1, $2, $2)";
    SESSION = "INSERT INTO session (realm, hash, id, person, auth_time, amr, created_at, last_seen_at, expires_at) VALUES ('main', $1, $2, $3, $4, '[]', $4, $4, $4 + 43200)";
    CONSENT = "INSERT INTO consent (realm, person, client, scope, granted_at, version) VALUES ('main', $1, $2, $3, $4, 1)";
}

struct World {
    node: std::sync::Arc<Node>,
    router: Router,
    ambient: Ambient,
    clients: Vec<String>,
    /// The `Cookie` header of each person.
    cookies: Vec<String>,
}

pub(super) async fn run(
    flows: u64,
    days: i64,
    batch: u64,
    dir: Option<&Path>,
) -> Result<(), Failure> {
    let temporary = tempfile::tempdir()?;
    let path = dir.unwrap_or(temporary.path()).join("growth.db");
    let mut world = World::new(&path).await?;
    let start = Instant::now();
    let mut peak = size::Size::default();
    let mut done = 0;
    say(
        "| flows | days | flows a second | file, MB | log beside it, MB |\n|---:|---:|---:|---:|---:|",
    );
    let mut passed = 0;
    while done < flows {
        world.sign_in().await?;
        let now = batch.min(flows - done);
        let began = Instant::now();
        // What has expired since the last advance is deleted while the flows go on.
        let (flown, synced) = tokio::join!(world.flows(now), world.node.sync());
        flown?;
        synced?;
        let rate = now as f64 / began.elapsed().as_secs_f64();
        done += now;
        let at = size::of(&path);
        peak.file = peak.file.max(at.file);
        peak.wal = peak.wal.max(at.wal);
        if done % (flows / 20).max(1) < batch {
            let (file, wal) = (megabytes(at.file), megabytes(at.wal));
            say(format!(
                "| {done} | {passed} | {rate:.0} | {file:.1} | {wal:.1} |"
            ));
        }
        world.ambient.clock.advance(days * DAY);
        passed += days;
    }
    world.node.sync().await?;
    let steady = weigh(&path, "while flows go on", flows)?;
    // Past the life of every refresh token and event.
    world.ambient.clock.advance(200 * DAY);
    let began = Instant::now();
    world.node.sync().await?;
    let swept = began.elapsed().as_secs_f64();
    let over = weigh(&path, "after every expiry", flows)?;
    say(format!(
        "The largest file: {:.1} MB, the largest log: {:.1} MB. {:.0} s in all; the last deletion took {swept:.1} s.",
        megabytes(peak.file),
        megabytes(peak.wal),
        start.elapsed().as_secs_f64()
    ));
    world.node.db().close().await;
    if steady > 1.5 || over > 1.5 {
        return Err("the file is more than 1.5 times its live rows".into());
    }
    Ok(())
}

/// Says how large the file is beside its live rows, and gives the ratio.
fn weigh(path: &Path, when: &str, flows: u64) -> Result<f64, Failure> {
    // The file itself gets shorter when the log is written back to it.
    rusqlite::Connection::open(path)?
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let (file, live) = (size::of(path).file, size::live(path)?);
    let ratio = file as f64 / live as f64;
    say(format!(
        "{flows} flows, {when}: the file has {:.2} MB, its live rows {:.2} MB: {ratio:.2} times.",
        megabytes(file),
        megabytes(live)
    ));
    Ok(ratio)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl World {
    async fn new(path: &Path) -> Result<Self, Failure> {
        // Nothing of this is about power cuts.
        let url = db::Url::parse(&format!("sqlite:{}?synchronous=off", path.display()))?;
        let ambient = Ambient {
            clock: Clock::manual(1_800_000_000),
            entropy: Entropy::System,
        };
        let issuer = "http://localhost:8080";
        let key = SealingKey::from_bytes([7; 32]);
        let options = NodeOptions::new(db::Db::open(&url).await?, ambient.clone(), key, issuer);
        let node = Node::start(options).await?;
        let router = grantor::app(node.clone(), grantor::AppOptions::default());
        let mut world = Self {
            node,
            router,
            ambient,
            clients: Vec::new(),
            cookies: Vec::new(),
        };
        world.populate().await?;
        Ok(world)
    }

    async fn populate(&mut self) -> Result<(), Failure> {
        let realm = self.node.first();
        for index in 0..CLIENTS {
            let client: Client = serde_json::from_value(json!({
                "client_id": format!("application-{index}"),
                "client_name": format!("Application {index}"),
                "redirect_uris": [REDIRECT],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "scope": SCOPE,
                "id_token_signed_response_alg": "ES256",
            }))?;
            let made = clients::create(&realm, client, Secret::Given(SECRET.to_owned()), "bench");
            self.clients.push(made.await?.client.id);
        }
        let mut batch = db::Batch::new();
        for person in 0..PEOPLE {
            let (id, now) = (format!("person-{person}"), self.ambient.now());
            batch.run(&PERSON, db::params![&id, now]);
            for client in &self.clients {
                batch.run(&CONSENT, db::params![&id, client, SCOPE, now]);
            }
        }
        realm.db().commit(batch).await?;
        Ok(())
    }

    /// Everybody signs in anew: their sessions ended when the clock advanced.
    async fn sign_in(&mut self) -> Result<(), Failure> {
        let mut batch = db::Batch::new();
        self.cookies.clear();
        for person in 0..PEOPLE {
            let (value, id) = (self.ambient.token(), self.ambient.id());
            let hash = jose::base64url::encode(digest(&SHA256, value.as_bytes()));
            let person = format!("person-{person}");
            batch.run(&SESSION, db::params![hash, id, person, self.ambient.now()]);
            self.cookies.push(format!("grantor-main={value}"));
        }
        self.node.db().commit(batch).await?;
        Ok(())
    }

    async fn flows(&self, count: u64) -> Result<(), Failure> {
        let mut running = tokio::task::JoinSet::new();
        for worker in 0..AT_ONCE {
            let router = self.router.clone();
            let people: Vec<(String, String)> = (worker..count)
                .step_by(AT_ONCE as usize)
                .map(|number| number as usize)
                .map(|number| {
                    let client = &self.clients[number % CLIENTS];
                    let cookie = &self.cookies[number % PEOPLE];
                    (client.clone(), cookie.clone())
                })
                .collect();
            running.spawn(async move {
                for (client, cookie) in people {
                    flow(&router, &client, &cookie).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    }
}

async fn flow(router: &Router, client: &str, cookie: &str) -> Result<(), Failure> {
    let request = Request::get(authorize_path(client))
        .header(header::HOST, "localhost:8080")
        .header(header::COOKIE, cookie)
        .body(Body::empty())?;
    let answer = router.clone().oneshot(request).await?;
    let location = answer.headers().get(header::LOCATION);
    let location = location.ok_or("no redirect")?.to_str()?.to_owned();
    let (_, rest) = location
        .split_once("code=")
        .ok_or_else(|| format!("no code: {location}"))?;
    let code = rest.split('&').next().unwrap_or(rest);
    let form = encode(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    let request = Request::post("/token")
        .header(header::HOST, "localhost:8080")
        .header(header::AUTHORIZATION, basic(client, SECRET))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))?;
    let answer: Response<Body> = router.clone().oneshot(request).await?;
    if answer.status() != StatusCode::OK {
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(())
}
