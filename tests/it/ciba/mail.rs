//! Letters to people who are asked (CIBA Core §8: the server contacts the person by the means it has).

use std::path::Path;

use ::mail::testing::{Postbox, Security};
use ::mail::{MailOptions, Mailer};

use super::*;

fn mailer(url: &str) -> Mailer {
    let options = MailOptions {
        url: url.parse().unwrap(),
        from: "Example <no-reply@id.example>".to_owned(),
        password: None,
        authorities: Vec::new(),
    };
    Mailer::new(options).unwrap()
}

/// A world that writes to people, into this folder.
async fn writing(world: &World, folder: &Path) -> World {
    world
        .mailing(mailer(&format!("directory:{}", folder.display())))
        .await
}

/// The letters in a folder, the oldest first, and an empty folder.
fn letters(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    let take = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::remove_file(path).unwrap();
        text
    };
    paths.iter().map(take).collect()
}

/// Without quoted-printable (RFC 2045 §6.7).
fn plain(letter: &str) -> String {
    let joined = letter.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex
            .filter(|_| *first == b'=')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

async fn change_alice(world: &World, change: impl FnOnce(&mut identity::Details)) {
    let alice = identity::people::find_by_username(world.realm(), ALICE.0)
        .await
        .unwrap()
        .unwrap();
    let mut details = identity::Details::from(&alice);
    change(&mut details);
    identity::people::update(
        world.realm(),
        &alice.id,
        alice.version,
        details,
        Some("test"),
    )
    .await
    .unwrap();
}

db::statements! {
    HIDE = "ALTER TABLE letter_count RENAME COLUMN letters TO hidden";
    SHOW = "ALTER TABLE letter_count RENAME COLUMN hidden TO letters";
}

async fn run(world: &World, stmt: &'static db::Stmt) {
    let mut batch = db::Batch::new();
    batch.run(stmt, db::params![]);
    world.node().db().commit(batch).await.unwrap();
}

on_each_engine! {
    /// Who asks for what, until when and where to decide; nothing that lets anybody act.
    async fn a_person_is_written_to_about_what_is_asked(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let world = writing(&world, folder.path()).await;
        let pay = json!({"type": "payment", "words": "Pay {amount} to {payee}", "schema": {"type": "object"}});
        let bank = json!({"id": "urn:example:bank", "name": "The bank", "scopes": [{"name": "bank.read", "description": "See your accounts"}], "authorization_details_types": [pay]});
        world.resource_document(bank).await;
        let agent = agent_with(&world, |client| client.scope("openid bank.read").set("authorization_details_types", json!(["payment"]))).await;
        let details = json!([{"type": "payment", "amount": "10 EUR", "payee": "Bob & Sons"}]).to_string();
        let form = [
            ("scope", "openid bank.read"), ("login_hint", ALICE.0), ("binding_message", "blue 7"), ("authorization_details", &details),
        ];
        let request = ask(&agent, &form).await;
        world.sync().await;
        world.sync().await;
        let letters = letters(folder.path());
        assert_eq!(letters.len(), 1, "once");
        let letter = &letters[0];
        for header in [
            "From: Example <no-reply@id.example>", "To: alice@example.com", "Subject: The app agent asks for your approval",
            "Date: Sat, 21 Nov 2026 08:00:00 +0000", "Auto-Submitted: auto-generated",
        ] {
            assert!(letter.contains(&format!("{header}\r\n")), "{header}\n{letter}");
        }
        let told = plain(letter);
        let page = format!("{}{HOME}", world.issuer());
        for words in ["Alice Example", "\"blue 7\"", "- See your accounts\r\n", "10 EUR", "Bob & Sons", "Bob &#38; Sons", "08:05 UTC on 21 Nov 2026"] {
            assert!(told.contains(words), "{words}\n{told}");
        }
        assert_eq!(told.matches(&page).count(), 2, "in the text and in the HTML");
        assert_eq!(told.matches("://").count(), 2, "and no other address");
        assert!(!told.contains(&request) && !told.contains(&request[4..]));
        assert!(!told.contains(&format!("{page}?")));
    }

    /// An address that was not shown to be hers may be somebody else's; what is over, or cannot be granted any more, is nobody's business.
    async fn nobody_is_written_to_in_vain(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let world = writing(&world, folder.path()).await;
        let agent = agent(&world).await;
        change_alice(&world, |alice| alice.email_verified = false).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        change_alice(&world, |alice| alice.email = None).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        deny(&world).await;
        deny(&world).await;
        change_alice(&world, |alice| (alice.email, alice.email_verified) = (Some("alice@example.com".to_owned()), true)).await;
        ask_alice(&agent, "openid").await;
        deny(&world).await;
        world.sync().await;
        ask(&agent, &[("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", "10")]).await;
        world.advance(10);
        world.sync().await;
        ask_alice(&agent, "openid").await;
        change_alice(&world, |alice| alice.email_verified = false).await;
        world.sync().await;
        assert_eq!(letters(folder.path()), Vec::<String>::new());
        change_alice(&world, |alice| alice.email_verified = true).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        assert_eq!(letters(folder.path()).len(), 1);
    }

    /// A client that calls itself so writes neither headers nor markup nor links of its own.
    async fn a_clients_name_stays_a_name_in_a_letter(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let world = writing(&world, folder.path()).await;
        let name = "<b>Bank</b> https://evil.example/?a=b & Söhne, urgent!";
        let agent = agent_with(&world, |client| client.set("client_name", json!(name))).await;
        ask_alice(&agent, "openid").await;
        world.sync().await;
        let letters = letters(folder.path());
        let told = plain(&letters[0]);
        assert!(told.contains("<b>Bank</\u{200b}b> https:\u{200b}/"), "as text\n{told}");
        let html = told.split("<!doctype html>").nth(1).unwrap();
        assert!(!html.contains("<b>"), "{html}");
        assert!(!told.contains("https://evil") && !told.contains("evil.example"));
        assert_eq!(html.matches("href=").count(), 1);
    }

    /// Once it is there again, once; with the same name at every attempt (RFC 5322 §3.6.4).
    async fn a_letter_waits_for_a_mail_server_that_is_away_and_arrives_once(world: World) {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        drop(held);
        let world = world.mailing(mailer(&format!("smtp://{address}?starttls=off"))).await;
        let agent = agent(&world).await;
        ask_alice(&agent, "openid").await;
        for _ in 0..3 {
            world.sync().await;
            world.advance(20);
        }
        assert!(world.logged().contains("no connection to the mail server"));
        assert!(!world.logged().contains("alice@example.com"), "people stay out of the log");
        let postbox = Postbox::open_at(address, Security::None).await;
        postbox.answers(&[451]);
        let beside = world.beside().await;
        for _ in 0..3 {
            world.sync().await;
            beside.sync().await;
            world.advance(60);
        }
        let taken = postbox.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].to, ["RCPT TO:<alice@example.com>"]);
        assert!(taken[0].text.contains("Date: Sat, 21 Nov 2026 08:00:00 +0000"), "when it was asked");
        world.advance(3600);
        world.sync().await;
        assert!(postbox.taken().is_empty());
    }

    /// RFC 3207 §6: who takes STARTTLS out of the conversation learns nothing. An address that nobody has is not tried again.
    async fn a_letter_goes_through_tls_or_not_at_all_and_a_refused_one_is_given_up(world: World) {
        let open = Postbox::open(Security::None).await;
        let closed = Postbox::open(Security::StartTls).await;
        let port = closed.address.port();
        let options = MailOptions {
            url: format!("smtp://localhost:{port}").parse().unwrap(),
            from: "no-reply@id.example".to_owned(),
            password: None,
            authorities: vec![closed.authority.clone()],
        };
        let safe = world.mailing(Mailer::new(options).unwrap()).await;
        let agent = agent(&safe).await;
        closed.answers(&[550]);
        ask_alice(&agent, "openid").await;
        for _ in 0..3 {
            safe.sync().await;
            safe.advance(30);
        }
        assert!(closed.taken().is_empty(), "it was refused for ever");
        assert_eq!(kinds(&safe).await, ["ciba.mail_refused", "ciba.requested"]);
        ask_alice(&agent, "openid").await;
        safe.sync().await;
        assert_eq!(closed.taken().len(), 1);
        let stripped = world.mailing(mailer(&format!("smtp://localhost:{}", open.address.port()))).await;
        let agent = super::agent(&stripped).await;
        ask_alice(&agent, "openid").await;
        stripped.sync().await;
        assert!(open.taken().is_empty());
    }

    /// Ten an hour because of one client, whatever is answered meanwhile.
    async fn a_client_does_not_make_us_write_without_end(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let world = writing(&world, folder.path()).await;
        let agent = agent(&world).await;
        for _ in 0..12 {
            ask(&agent, &[("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", "10")]).await;
            world.sync().await;
            world.advance(10);
        }
        assert_eq!(letters(folder.path()).len(), 10);
        for number in 0..3 {
            let other = asking(&world, &format!("other-{number}")).create().await;
            for _ in 0..8 {
                ask(&other, &[("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", "10")]).await;
                world.sync().await;
                world.advance(10);
            }
        }
        assert_eq!(letters(folder.path()).len(), 20, "thirty of all");
        world.advance(3600);
        ask_alice(&agent, "openid").await;
        world.sync().await;
        assert_eq!(letters(folder.path()).len(), 1);
    }

    /// A letter whose count cannot be written is not written at a later attempt without being counted.
    async fn a_letter_is_counted_whatever_goes_wrong_at_first(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let world = writing(&world, folder.path()).await;
        let agent = agent(&world).await;
        ask(&agent, &[("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", "300")]).await;
        run(&world, &HIDE).await;
        world.sync().await;
        assert!(letters(folder.path()).is_empty());
        run(&world, &SHOW).await;
        world.advance(10);
        world.sync().await;
        assert_eq!(letters(folder.path()).len(), 1);
        for _ in 0..12 {
            ask(&agent, &[("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", "10")]).await;
            world.sync().await;
            world.advance(10);
        }
        assert_eq!(letters(folder.path()).len(), 9);
    }
}
