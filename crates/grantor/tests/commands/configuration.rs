//! What grantor says of its configuration, and of itself.

use crate::here::Here;

#[test]
fn a_mistake_in_the_configuration_names_file_line_and_nearest_key() {
    let here = Here::new();
    here.write(
        "grantor.toml",
        "issuer = \"https://id.example\"\nlissten = \"127.0.0.1:1\"\n",
    );
    assert_eq!(
        here.refused(&["serve", "--check"]).trim(),
        "grantor: grantor.toml:2: `lissten` is not a setting; did you mean `listen`?"
    );
}

#[test]
fn postgresql_needs_an_explicit_sealing_key() {
    let here = Here::new();
    here.write(
        "grantor.toml",
        "database = \"postgres://u:secret-password@127.0.0.1:1/d\"\n",
    );
    let said = here.refused(&["user", "list"]);
    assert!(said.contains("sealing_key"), "{said}");
    assert!(!said.contains("secret-password"), "{said}");
}

#[test]
fn the_demo_listens_on_loopback_only_and_says_why() {
    let here = Here::new();
    let said = here.refused(&["demo", "--listen", "0.0.0.0"]);
    assert!(said.contains("grantor serve"), "{said}");
}

#[test]
fn every_command_explains_itself() {
    let here = Here::new();
    let help = here.ok(&["--help"]);
    for command in [
        "demo", "serve", "user", "client", "resource", "realm", "key", "session", "token", "login",
    ] {
        assert!(help.contains(command), "{command}");
        let own = here.ok(&[command, "--help"]);
        assert!(own.len() > 200, "{command} --help says something");
    }
}
