use std::sync::{Arc, Mutex};

use db::{Batch, params};
use realm::outbox::{Delivery, Handler, Message};
use realm::{Node, Realm, events};

use crate::bed::{Bed, rows, run};

on_both_engines!(
    a_message_is_delivered_once_by_one_of_the_nodes,
    a_delivery_that_fails_is_tried_again_later_each_time,
    a_message_whose_node_died_is_taken_over_when_the_lease_ends,
    a_delivery_that_never_succeeds_is_given_up_and_written_down,
    a_message_waits_for_its_time_and_for_its_handler,
    a_handler_that_panics_is_survived,
);

db::statements! {
    WAITING = "SELECT id, attempts, due_at FROM outbox";
    HOLD = "UPDATE outbox SET lease_owner = 'dead', lease_until = $1, attempts = 1";
}

/// Notes what it is given, and answers as it is told to.
struct Notebook {
    notes: Mutex<Vec<(String, i64)>>,
    answer: fn(&Message) -> Result<(), String>,
}

impl Notebook {
    fn on(nodes: &[&Node], answer: fn(&Message) -> Result<(), String>) -> Arc<Self> {
        let notebook = Arc::new(Self {
            notes: Mutex::default(),
            answer,
        });
        for node in nodes {
            node.handle("mail", notebook.clone());
        }
        notebook
    }

    fn notes(&self) -> Vec<(String, i64)> {
        self.notes.lock().unwrap().clone()
    }
}

impl Handler for Notebook {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            assert_eq!(realm.name(), "main");
            self.notes
                .lock()
                .unwrap()
                .push((message.payload.clone(), message.attempt));
            (self.answer)(message)
        })
    }
}

async fn enqueue(node: &Node, kind: &str, due_in: i64) {
    let realm = node.first();
    let mut batch = Batch::new();
    realm.enqueue(&mut batch, kind, "hello", realm.now() + due_in);
    realm.db().commit(batch).await.unwrap();
}

async fn a_message_is_delivered_once_by_one_of_the_nodes(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let notebook = Notebook::on(&[&a, &b], |_| Ok(()));
    for _ in 0..20 {
        enqueue(&a, "mail", 0).await;
    }
    for _ in 0..3 {
        let (one, two) = tokio::join!(a.sync(), b.sync());
        one.and(two).unwrap();
    }
    assert_eq!(notebook.notes(), vec![("hello".to_owned(), 1); 20]);
    assert!(rows(&a, &WAITING, params![]).await.is_empty());
}

async fn a_delivery_that_fails_is_tried_again_later_each_time(bed: Bed) {
    let node = bed.node().await;
    let notebook = Notebook::on(&[&node], |message| match message.attempt {
        1..=3 => Err("no connection".to_owned()),
        _ => Ok(()),
    });
    enqueue(&node, "mail", 0).await;
    for (pause, attempts) in [(0, 1), (4, 1), (1, 2), (9, 2), (1, 3), (20, 4), (1000, 4)] {
        bed.advance(pause);
        node.sync().await.unwrap();
        assert_eq!(notebook.notes().len(), attempts, "after {pause} seconds");
    }
    assert!(rows(&node, &WAITING, params![]).await.is_empty());
}

async fn a_message_whose_node_died_is_taken_over_when_the_lease_ends(bed: Bed) {
    let node = bed.node().await;
    let notebook = Notebook::on(&[&node], |_| Ok(()));
    enqueue(&node, "mail", 0).await;
    run(&node, &HOLD, params![node.ambient().now() + 60]).await;
    bed.advance(59);
    node.sync().await.unwrap();
    assert!(notebook.notes().is_empty());
    bed.advance(1);
    node.sync().await.unwrap();
    assert_eq!(notebook.notes(), [("hello".to_owned(), 2)]);
}

async fn a_delivery_that_never_succeeds_is_given_up_and_written_down(bed: Bed) {
    let node = bed.node().await;
    let notebook = Notebook::on(&[&node], |_| Err("refused".to_owned()));
    enqueue(&node, "mail", 0).await;
    for _ in 0..40 {
        bed.advance(3600);
        node.sync().await.unwrap();
    }
    assert_eq!(notebook.notes().len(), 32);
    assert!(rows(&node, &WAITING, params![]).await.is_empty());
    let newest = &events::list(&node.first(), "", 1).await.unwrap()[0].event;
    assert_eq!(newest.kind, "outbox.given_up");
    assert_eq!(newest.detail["kind"], "mail");
}

async fn a_message_waits_for_its_time_and_for_its_handler(bed: Bed) {
    let node = bed.node().await;
    let notebook = Notebook::on(&[&node], |_| Ok(()));
    enqueue(&node, "mail", 10).await;
    enqueue(&node, "pigeon", 0).await;
    bed.advance(9);
    node.sync().await.unwrap();
    assert!(notebook.notes().is_empty());
    bed.advance(1);
    node.sync().await.unwrap();
    assert_eq!(notebook.notes().len(), 1);
    assert_eq!(rows(&node, &WAITING, params![]).await[0].int(1), 0);
    node.handle("pigeon", notebook.clone());
    node.sync().await.unwrap();
    assert_eq!(notebook.notes().len(), 2);
}

async fn a_handler_that_panics_is_survived(bed: Bed) {
    let node = bed.node().await;
    let notebook = Notebook::on(&[&node], |message| match message.attempt {
        1 => panic!("a bug"),
        _ => Ok(()),
    });
    enqueue(&node, "mail", 0).await;
    node.sync().await.unwrap();
    bed.advance(60);
    node.sync().await.unwrap();
    assert_eq!(notebook.notes().len(), 2);
    assert!(rows(&node, &WAITING, params![]).await.is_empty());
}
