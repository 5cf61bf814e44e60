use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ambient::{Ambient, Clock, Entropy};
use db::{Batch, Db, Engine, Params, Row, Stmt, Url};
use realm::{Client, Error, Node, NodeOptions, SealingKey};

pub(crate) const ISSUER: &str = "https://login.example.org";
pub(crate) const START: i64 = 1_800_000_000;

/// A database that nodes share, and the clock that stands still for all of them.
pub(crate) struct Bed {
    pub(crate) url: Url,
    pub(crate) clock: Clock,
    seeds: AtomicU64,
}

impl Bed {
    pub(crate) async fn new(engine: Engine) -> Self {
        Self {
            url: db::testing::fresh(engine).await.unwrap(),
            clock: Clock::manual(START),
            seeds: AtomicU64::new(1),
        }
    }

    /// Options for another node on the same database.
    pub(crate) async fn options(&self) -> NodeOptions {
        let ambient = Ambient {
            clock: self.clock.clone(),
            entropy: Entropy::seeded(self.seeds.fetch_add(1, Ordering::SeqCst)),
        };
        let db = Db::open(&self.url).await.unwrap();
        NodeOptions::new(db, ambient, SealingKey::from_bytes([7; 32]), ISSUER)
    }

    pub(crate) async fn node(&self) -> Arc<Node> {
        self.try_node().await.unwrap()
    }

    pub(crate) async fn try_node(&self) -> Result<Arc<Node>, Error> {
        Node::start(self.options().await).await
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }
}

pub(crate) async fn run(node: &Node, stmt: &'static Stmt, params: Params) -> u64 {
    let mut batch = Batch::new();
    let index = batch.run(stmt, params);
    node.db().commit(batch).await.unwrap().affected(index)
}

pub(crate) async fn rows(node: &Node, stmt: &'static Stmt, params: Params) -> Vec<Row> {
    node.db().rows(stmt, params).await.unwrap()
}

pub(crate) fn web(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        name: "A web application".to_owned(),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        ..Client::default()
    }
}
