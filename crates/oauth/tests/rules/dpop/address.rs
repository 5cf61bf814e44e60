//! RFC 9449 §4.3 item 9, RFC 3986 §6.2.2 and §6.2.3.

use oauth::dpop::Address;
use proptest::prelude::*;

fn same(one: &str, other: &str) -> bool {
    match (Address::parse(one), Address::parse(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

#[test]
fn what_means_the_same_is_the_same() {
    for other in [
        "https://as.example/token",
        "HTTPS://AS.Example/token",
        "https://as.example:443/token",
        "https://as.example:/token",
        "https://as.example:0443/token",
        "https://as.example/%74oken",
        "https://as.example/tok%65n",
        "https://as.example/./token",
        "https://as.example/a/../token",
        "https://as.example/a/%2e%2E/token",
        "https://as.example/../../token",
        "https://as.example/token?a=b",
        "https://as.example/token#a",
        "https://as.example/token?a=https://evil.example/x#y?z",
    ] {
        assert!(same("https://as.example/token", other), "{other}");
    }
    assert!(same("http://as.example:80", "http://as.example/"));
    assert!(same("https://as.example/a%2fb", "https://as.example/a%2Fb"));
    assert!(same("https://[::1]:443/a", "https://[::1]/a"));
    assert!(same("https://as.example?x", "https://as.example/"));
}

#[test]
fn what_means_something_else_is_not() {
    for other in [
        "http://as.example/token",
        "https://as.example:8443/token",
        "https://as.example.evil.example/token",
        "https://evil.example/https://as.example/token",
        "https://as.example/Token",
        "https://as.example/token/",
        "https://as.example//token",
        "https://as.example/token%2F",
        "https://as.example/token%20",
        "https://as.example/realms/other/token",
        "https://as.example/token;a",
        "https://as.example.:443/token",
    ] {
        assert!(Address::parse(other).is_some(), "{other}");
        assert!(!same("https://as.example/token", other), "{other}");
    }
    assert!(!same("https://as.example/a%2Fb", "https://as.example/a/b"));
    assert!(!same("https://as.example/a%3Fb", "https://as.example/a?b"));
}

#[test]
fn what_is_no_address_equals_nothing() {
    for text in [
        "",
        "token",
        "/token",
        "//as.example/token",
        "as.example/token",
        "ftp://as.example/token",
        "javascript://as.example/%0aalert(1)",
        "https:as.example/token",
        "https:/as.example/token",
        "https:///token",
        "https://",
        "https://:443/token",
        "https:\\\\as.example\\token",
        "https://as.example\\token",
        "https://user@as.example/token",
        "https://as.example@evil.example/token",
        "https://as.example:x/token",
        "https://as.example:99999/token",
        "https://as.example:+443/token",
        "https://as.example:4:43/token",
        "https://[::1/token",
        "https://::1/token",
        "https://[]/token",
        "https://as%2eexample/token",
        " https://as.example/token",
        "https://as.example/token ",
        "https://as.example/to\tken",
        "https://as.example/to\nken",
        "https://as.example/tok\u{e9}n",
        "https://\u{ff41}s.example/token",
        "https://as.example/%",
        "https://as.example/%7",
        "https://as.example/%zz",
        "https://as.example/%+5",
        "https://as.example/{token}",
        "https://as.example/<token>",
        "https://as.example/\"token\"",
    ] {
        assert_eq!(Address::parse(text), None, "{text}");
    }
    assert_eq!(
        Address::parse(&format!("https://as.example/{}", "a".repeat(9000))),
        None
    );
}

proptest! {
    /// Whatever comes is read or refused; what is read is in its normal form, and stays it.
    #[test]
    fn the_normal_form_is_stable(text in "(https?://)?[a-zA-Z0-9.:@\\[\\]%/?#~ \\\\-]{0,60}") {
        if let Some(address) = Address::parse(&text) {
            prop_assert_eq!(Address::parse(address.as_str()), Some(address.clone()));
            let path = address.as_str().splitn(4, '/').nth(3).unwrap();
            prop_assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
            prop_assert!(!address.as_str().contains(['?', '#', '@', '\\', ' ']));
        }
    }

    /// Encoding what need not be encoded, and the case of what has none, change nothing; another path does.
    #[test]
    fn encoding_changes_nothing(path in "(/[a-zA-Z0-9._~-]{1,8}){1,4}", at in any::<prop::sample::Index>()) {
        let plain = format!("https://as.example{path}");
        let letters: Vec<char> = path.chars().collect();
        let at = at.index(letters.len());
        let encoded: String = letters
            .iter()
            .enumerate()
            .map(|(index, letter)| match letter {
                letter if index == at && *letter != '/' => format!("%{:02x}", u32::from(*letter)),
                letter => letter.to_string(),
            })
            .collect();
        let written = format!("HTTPS://AS.example:443{encoded}?q");
        let another = format!("https://as.example{path}x");
        prop_assert!(same(&plain, &written));
        prop_assert!(!same(&plain, &another));
    }
}
