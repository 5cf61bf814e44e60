//! Letters on their way: to a server that speaks TLS or none, is away or refuses, and into a directory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use mail::testing::{Postbox, Security};
use mail::{Error, Letter, MailOptions, Mailer};

const LETTER: Letter<'static> = Letter {
    id: "0199",
    at: 1_795_248_000,
    to: "alice@example.com",
    subject: "Hello",
    text: "First\n..dots\nLast",
    html: "<p>First",
};

fn options(url: &str, password: Option<&str>) -> MailOptions {
    MailOptions {
        url: url.parse().unwrap(),
        from: "Example <no-reply@id.example>".to_owned(),
        password: password.map(Into::into),
        authorities: Vec::new(),
    }
}

fn to(postbox: &Postbox, scheme: &str) -> MailOptions {
    let port = postbox.address.port();
    MailOptions {
        authorities: vec![postbox.authority.clone()],
        ..options(&format!("{scheme}://id@localhost:{port}"), Some("hunter2"))
    }
}

#[tokio::test]
async fn a_letter_reaches_a_server_that_speaks_tls_with_the_password() {
    for (security, scheme) in [(Security::StartTls, "smtp"), (Security::Wrapped, "smtps")] {
        let postbox = Postbox::open(security).await;
        let mailer = Mailer::new(to(&postbox, scheme)).unwrap();
        mailer.send(&LETTER).await.unwrap();
        let taken = postbox.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].from, "MAIL FROM:<no-reply@id.example>");
        assert_eq!(taken[0].to, ["RCPT TO:<alice@example.com>"]);
        // RFC 4616: an empty identity, the user, the password.
        assert_eq!(
            taken[0].auth.as_deref(),
            Some("AUTH PLAIN AGlkAGh1bnRlcjI=")
        );
        assert!(taken[0].text.contains("\r\nFirst\r\n..dots\r\nLast\r\n"));
    }
}

/// RFC 3207 §6: whoever is in the middle takes the word STARTTLS out; then nothing is said.
#[tokio::test]
async fn without_tls_nothing_is_said() {
    let postbox = Postbox::open(Security::None).await;
    let mailer = Mailer::new(to(&postbox, "smtp")).unwrap();
    assert_eq!(mailer.send(&LETTER).await, Err(Error::Protocol));
    assert!(postbox.taken().is_empty());
    let port = postbox.address.port();
    let off = format!("smtp://localhost:{port}?starttls=off");
    let mailer = Mailer::new(options(&off, None)).unwrap();
    mailer.send(&LETTER).await.unwrap();
    assert_eq!(postbox.taken()[0].auth, None);
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_believed_gets_neither_letter_nor_password() {
    for (security, scheme) in [(Security::StartTls, "smtp"), (Security::Wrapped, "smtps")] {
        let postbox = Postbox::open(security).await;
        let unknown = MailOptions {
            authorities: Vec::new(),
            ..to(&postbox, scheme)
        };
        let error = Mailer::new(unknown)
            .unwrap()
            .send(&LETTER)
            .await
            .unwrap_err();
        assert!(!error.is_final(), "{error}");
        let elsewhere = MailOptions {
            url: format!("{scheme}://id@127.0.0.1:{}", postbox.address.port())
                .parse()
                .unwrap(),
            ..to(&postbox, scheme)
        };
        Mailer::new(elsewhere)
            .unwrap()
            .send(&LETTER)
            .await
            .unwrap_err();
        assert!(postbox.taken().is_empty());
    }
}

/// RFC 5321 §4.2.1: 4yz may be better later; of 5yz only what is about the mailbox is for ever.
#[tokio::test]
async fn a_refusal_says_whether_to_try_again() {
    let postbox = Postbox::open(Security::StartTls).await;
    let mailer = Mailer::new(to(&postbox, "smtp")).unwrap();
    for (status, is_final) in [
        (450, false),
        (421, false),
        (550, true),
        (553, true),
        (530, false),
    ] {
        postbox.answers(&[status]);
        let error = mailer.send(&LETTER).await.unwrap_err();
        assert_eq!(
            (&error, error.is_final()),
            (&Error::Refused(status), is_final)
        );
        assert!(
            !error.to_string().contains("what it means"),
            "the server's words may name people"
        );
    }
    assert!(postbox.taken().is_empty());
    mailer.send(&LETTER).await.unwrap();
    assert_eq!(postbox.taken().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let postbox = Postbox::open(Security::None).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("smtp://{closed}?starttls=off");
    let error = Mailer::new(options(&url, None))
        .unwrap()
        .send(&LETTER)
        .await
        .unwrap_err();
    assert_eq!((&error, error.is_final()), (&Error::Connect, false));
    drop(postbox);
}

#[tokio::test]
async fn a_letter_in_a_directory_is_one_file_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail");
    let mailer = Mailer::new(options(&format!("directory:{}", path.display()), None)).unwrap();
    mailer.send(&LETTER).await.unwrap();
    mailer.send(&LETTER).await.unwrap();
    let names: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(names, ["0199.eml"]);
    let text = std::fs::read_to_string(path.join("0199.eml")).unwrap();
    assert!(text.contains("Message-ID: <0199@id.example>\r\n"));
    let outside = Letter {
        id: "../0199",
        ..LETTER
    };
    assert_eq!(mailer.send(&outside).await, Err(Error::Letter));
}

#[tokio::test]
async fn what_cannot_work_is_refused_at_start_and_no_password_is_shown() {
    let why = |url: &str, password| Mailer::new(options(url, password)).unwrap_err().to_string();
    assert!(why("smtp://id@localhost", None).contains("no password"));
    assert!(why("smtp://localhost", Some("hunter2")).contains("no user"));
    let bad = MailOptions {
        authorities: vec![
            "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n".to_owned(),
        ],
        ..options("smtp://localhost", None)
    };
    assert!(
        Mailer::new(bad)
            .unwrap_err()
            .to_string()
            .contains("certificate")
    );
    let options = options("smtp://id@localhost", Some("hunter2"));
    assert!(!format!("{options:?}").contains("hunter2"));
    let mailer = Mailer::new(options).unwrap();
    assert!(!format!("{mailer:?}").contains("hunter2") && mailer.is_set_up());
    assert_eq!(Mailer::none().send(&LETTER).await, Err(Error::NotSetUp));
}
