use std::sync::Arc;
use std::time::Duration;

use crate::node::Node;
use crate::outbox::Deliveries;

/// How often the change log is read.
const FOLLOW: Duration = Duration::from_secs(1);
/// How often it is read for a second after something was announced here, and how many times.
const SOON: (Duration, u32) = (Duration::from_millis(25), 40);

/// How long the deletion of what has expired rests after each step, so that most of the database's time is left for those who wait.
const REST: Duration = Duration::from_millis(8);

/// Three loops side by side, so that a slow delivery does not keep a change waiting.
pub(crate) async fn run(node: Arc<Node>) {
    tokio::join!(follow(&node), maintain(&node), deliver(&node));
}

async fn follow(node: &Node) {
    loop {
        let heard = tokio::time::timeout(FOLLOW, node.follower().bell.notified()).await;
        let (pause, times) = if heard.is_ok() {
            SOON
        } else {
            (Duration::ZERO, 1)
        };
        for _ in 0..times {
            tokio::time::sleep(pause).await;
            if let Err(error) = node.follow().await {
                tracing::warn!(%error, "the change log cannot be read");
                tokio::time::sleep(FOLLOW).await;
            }
        }
    }
}

async fn maintain(node: &Node) {
    loop {
        if let Err(error) = node.rotate().await {
            tracing::warn!(%error, "keys cannot be rotated just now");
        }
        match node.clean(REST).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "what has expired cannot be deleted just now"),
        }
        // Nodes that were started together shall not do this together.
        let [jitter] = node.ambient().entropy.bytes::<1>();
        tokio::time::sleep(Duration::from_secs(50 + u64::from(jitter % 20))).await;
    }
}

async fn deliver(node: &Node) {
    let mut deliveries = Deliveries::default();
    loop {
        match deliveries.begin(node).await {
            Ok(0) => tokio::select! {
                () = node.follower().post.notified() => {}
                () = deliveries.one_done() => {}
                () = tokio::time::sleep(FOLLOW) => {}
            },
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be delivered just now");
                tokio::time::sleep(FOLLOW).await;
            }
        }
    }
}
