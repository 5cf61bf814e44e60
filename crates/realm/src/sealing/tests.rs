#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use super::*;

const HERE: Place<'static> = Place {
    table: "realm",
    column: "sealed_root",
    row: "main",
};

fn entropy() -> Entropy {
    Entropy::seeded(7)
}

#[test]
fn what_is_sealed_opens_at_its_own_place_only() {
    let key = SealingKey::from_bytes([1; 32]);
    let sealed = key.seal(&entropy(), HERE, b"root");
    assert_eq!(key.open(HERE, &sealed).unwrap().as_slice(), b"root");
    for elsewhere in [
        Place {
            row: "other",
            ..HERE
        },
        Place {
            column: "other",
            ..HERE
        },
        Place {
            table: "other",
            ..HERE
        },
        Place {
            table: "realmsealed",
            column: "_root",
            row: "main",
        },
    ] {
        assert!(matches!(
            key.open(elsewhere, &sealed),
            Err(SealingError::Altered { .. })
        ));
    }
}

#[test]
fn every_altered_character_is_noticed() {
    let key = SealingKey::from_bytes([1; 32]);
    let sealed = key.seal(&entropy(), HERE, b"root");
    for at in 0..sealed.len() {
        let mut altered = sealed.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(
            key.open(HERE, &String::from_utf8(altered).unwrap())
                .is_err(),
            "at {at}"
        );
    }
    assert!(key.open(HERE, "").is_err());
    assert!(key.open(HERE, &format!("{}.", key.id())).is_err());
}

#[test]
fn another_key_is_named_in_the_refusal_and_a_previous_key_still_opens() {
    let (old, new) = (
        SealingKey::from_bytes([1; 32]),
        SealingKey::from_bytes([2; 32]),
    );
    let sealed = old.seal(&entropy(), HERE, b"root");
    let refusal = new.open(HERE, &sealed).unwrap_err().to_string();
    assert!(
        refusal.contains(old.id()) && refusal.contains(new.id()),
        "{refusal}"
    );
    let both = new.with_previous(old);
    assert_eq!(both.open(HERE, &sealed).unwrap().as_slice(), b"root");
    assert!(!both.is_current(&sealed));
    assert!(both.is_current(&both.seal(&entropy(), HERE, b"root")));
}

#[test]
fn a_key_is_43_characters_of_base64url() {
    let text = SealingKey::generate();
    assert_eq!(text.len(), 43);
    let key = SealingKey::from_base64url(&format!(" {}\n", text.as_str())).unwrap();
    assert!(!format!("{key:?}").contains(text.as_str()));
    for wrong in [
        "",
        "AAAA",
        &text[..42],
        "not base64url at all, not base64url at all!",
    ] {
        assert!(SealingKey::from_base64url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_file_is_made_once_with_mode_0600_and_read_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grantor.key");
    assert!(matches!(
        SealingKey::load(&path),
        Err(SealingError::File { .. })
    ));
    let made = SealingKey::load_or_create(&path).unwrap();
    let again = SealingKey::load_or_create(&path).unwrap();
    assert_eq!(made.id(), again.id());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    std::fs::write(&path, "oops").unwrap();
    assert!(matches!(
        SealingKey::load(&path),
        Err(SealingError::Malformed { .. })
    ));
}

#[test]
fn processes_that_start_at_once_agree_on_one_key_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grantor.key");
    // Only the first to link its draft wins; the second must take what is there.
    file::create(&path, &SealingKey::generate()).unwrap();
    let first = SealingKey::load(&path).unwrap();
    file::create(&path, &SealingKey::generate()).unwrap();
    assert_eq!(SealingKey::load(&path).unwrap().id(), first.id());
}

#[test]
fn each_purpose_and_each_realm_has_its_own_keys() {
    let (a, b) = (
        Secrets::new("main", &[3; 32]),
        Secrets::new("other", &[3; 32]),
    );
    assert_eq!(a.mac("x", b"data"), a.mac("x", b"data"));
    assert_ne!(a.mac("x", b"data"), a.mac("y", b"data"));
    assert_ne!(a.mac("x", b"data"), b.mac("x", b"data"));
    assert!(a.verify("x", b"data", &a.mac("x", b"data")));
    assert!(!a.verify("x", b"date", &a.mac("x", b"data")));

    let sealed = a.seal(&entropy(), "x", b"text");
    assert_eq!(a.unseal("x", &sealed).unwrap(), b"text");
    assert_eq!(a.unseal("y", &sealed), None);
    assert_eq!(b.unseal("x", &sealed), None);
    assert_eq!(a.unseal("x", &sealed[1..]), None);
    assert_eq!(a.unseal("x", "!"), None);
    assert_ne!(sealed, a.seal(&Entropy::System, "x", b"text"));
}
