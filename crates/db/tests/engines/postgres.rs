use db::testing::Cluster;
use db::{Batch, Db, Url, params};

use crate::{COUNT, INSERT, SCHEMA};

fn insert(hash: &str) -> Batch {
    let mut batch = Batch::new();
    batch.expect(&INSERT, params!["r", hash, 1, None::<&str>], 1);
    batch
}

/// One durable server of its own for what would disturb the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_no_acknowledged_commit_and_is_used_again_when_it_is_back() {
    let cluster = Cluster::start(true).unwrap();
    let db = Db::open(&Url::parse(&cluster.url()).unwrap())
        .await
        .unwrap();
    db.migrate(&[SCHEMA]).await.unwrap();
    assert!(db.durability().await.unwrap().is_empty());
    let writer = {
        let db = db.clone();
        tokio::spawn(async move {
            let (mut sure, mut unsure) = (0, 0);
            for number in 0.. {
                match db.commit(insert(&format!("{number}"))).await {
                    Ok(_) => sure += 1,
                    Err(error) => {
                        unsure += i64::from(error.is_unknown());
                        break;
                    }
                }
            }
            (sure, unsure)
        })
    };
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    cluster.kill().unwrap();
    let (sure, unsure) = writer.await.unwrap();
    assert!(sure > 0);
    assert!(db.commit(insert("down")).await.is_err());
    cluster.restart().unwrap();
    let found = db.row(&COUNT, params!["r"]).await.unwrap().unwrap().int(0);
    assert!(
        (sure..=sure + unsure).contains(&found),
        "{sure} + {unsure} acknowledged, {found} found"
    );
    db.commit(insert("back")).await.unwrap();

    let url = Url::parse(&format!("{}?synchronous=off", cluster.url())).unwrap();
    let warnings = Db::open(&url).await.unwrap().durability().await.unwrap();
    assert!(
        warnings[0].contains("synchronous_commit=off"),
        "{warnings:?}"
    );
}

db::statements! {
    SLEEP = "SELECT CAST(pg_sleep(0.3) AS TEXT)";
    FIRST = "UPDATE code SET redeemed_at = $1 WHERE hash = 'first'";
    ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    SECOND = "UPDATE code SET redeemed_at = $1 WHERE hash = 'second'";
}

/// Two batches that lock two rows in opposite order: one is chosen to fail, and tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again() {
    let db = crate::open(db::Engine::Postgres).await;
    db.commit(insert("first")).await.unwrap();
    db.commit(insert("second")).await.unwrap();
    let batch = |stmts: [&'static db::Stmt; 2], at: i64| {
        let mut batch = Batch::new();
        batch.run(stmts[0], params![at]);
        batch.run(&SLEEP, params![]);
        batch.run(stmts[1], params![at]);
        batch
    };
    let (a, b) = tokio::join!(
        db.commit(batch([&FIRST, &SECOND], 1)),
        db.commit(batch([&SECOND, &FIRST], 2)),
    );
    a.unwrap();
    b.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It answers the request for TLS with no, and records whether a password or anything else follows.
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 8];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(b"N").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        rest
    });
    let url = Url::parse(&format!("postgres://u:p@{address}/g?sslmode=require")).unwrap();
    let error = Db::open(&url).await.unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
    assert_eq!(server.await.unwrap(), b"");
}

/// The certificate's chain and name are both checked; Debian's PostgreSQL brings `openssl`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_used_when_the_certificate_is_trusted_and_refused_when_it_is_not() {
    let directory = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let (certificate, key) = (
        directory.path().join("server.crt"),
        directory.path().join("server.key"),
    );
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args([
            "-addext",
            "keyUsage=digitalSignature",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    // PostgreSQL takes a key only from its own user or from root with these rights.
    std::process::Command::new("sh")
        .args([
            "-c",
            "chmod 600 \"$0\"; chown postgres \"$0\" 2>/dev/null || true",
        ])
        .arg(&key)
        .status()
        .unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", certificate.display()),
        format!("ssl_key_file={}", key.display()),
        "listen_addresses=127.0.0.1".to_owned(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let _cluster = Cluster::start_with(port, &settings).unwrap();
    let open = async |host: &str, options: String| {
        Db::open(
            &Url::parse(&format!(
                "postgres://postgres@{host}:{port}/postgres?{options}"
            ))
            .unwrap(),
        )
        .await
    };
    let trusted = format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    let db = open("localhost", trusted.clone()).await.unwrap();
    assert_eq!(
        db.row(&ENCRYPTED, params![]).await.unwrap().unwrap().int(0),
        1
    );
    let plain = open("localhost", "sslmode=disable".to_owned())
        .await
        .unwrap();
    assert_eq!(
        plain
            .row(&ENCRYPTED, params![])
            .await
            .unwrap()
            .unwrap()
            .int(0),
        0
    );
    // Another name, and a chain that ends nowhere.
    assert!(open("127.0.0.1", trusted).await.is_err());
    assert!(
        open("localhost", "sslmode=require".to_owned())
            .await
            .is_err()
    );
}
