#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn check(url: &str, options: &FetchOptions) -> Result<(), Error> {
    check_url(&Url::parse(url).map_err(|_| Error::Url)?, options)
}

fn refused(url: &str) -> Kind {
    match check(url, &FetchOptions::default()) {
        Err(Error::Address(kind)) => kind,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn an_address_is_recognised_in_every_spelling() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0x0.1/",
        "https://127.0.0.1./",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://１２７.０.０.１/",
        "https://127.0.0.1%2f@[::1]/",
        "https://%31%32%37.0.0.1/",
    ] {
        let result = check(url, &FetchOptions::default());
        let credentials = result == Err(Error::Credentials);
        assert!(
            credentials || result == Err(Error::Address(Kind::Loopback)),
            "{url}: {result:?}"
        );
    }
}

#[test]
fn every_special_range_is_refused() {
    for (url, kind) in [
        ("https://0.0.0.0/", Kind::Unspecified),
        ("https://[::]/", Kind::Unspecified),
        ("https://10.1.2.3/", Kind::Private),
        ("https://172.31.255.255/", Kind::Private),
        ("https://192.168.0.1/", Kind::Private),
        ("https://[fd00::1]/", Kind::Private),
        ("https://[fec0::1]/", Kind::Private),
        ("https://100.64.0.1/", Kind::Shared),
        ("https://169.254.169.254/", Kind::LinkLocal),
        ("https://[fe80::1]/", Kind::LinkLocal),
        ("https://[::ffff:169.254.169.254]/", Kind::LinkLocal),
        ("https://[64:ff9b::a9fe:a9fe]/", Kind::LinkLocal),
        ("https://224.0.0.1/", Kind::Multicast),
        ("https://[ff02::1]/", Kind::Multicast),
        ("https://203.0.113.1/", Kind::Documentation),
        ("https://[2001:db8::1]/", Kind::Documentation),
        ("https://[3fff::1]/", Kind::Documentation),
        ("https://[2002:7f00:1::]/", Kind::Tunnel),
        ("https://[::127.0.0.1]/", Kind::Tunnel),
        ("https://[64:ff9b:1::1]/", Kind::Tunnel),
        ("https://[2001::1]/", Kind::Tunnel),
        ("https://198.18.0.1/", Kind::Reserved),
        ("https://255.255.255.255/", Kind::Reserved),
        ("https://192.0.0.8/", Kind::Reserved),
        ("https://[100::1]/", Kind::Reserved),
        ("https://[5f00::1]/", Kind::Reserved),
        ("https://[4000::1]/", Kind::Reserved),
    ] {
        assert_eq!(refused(url), kind, "{url}");
    }
}

#[test]
fn public_addresses_and_names_pass_by_https_alone() {
    let options = FetchOptions::default();
    for host in [
        "8.8.8.8",
        "172.32.0.1",
        "[2606:4700::1111]",
        "[64:ff9b::808:808]",
        "issuer.example",
        "localhost.example",
    ] {
        assert_eq!(
            check(&format!("https://{host}/x?y"), &options),
            Ok(()),
            "{host}"
        );
        assert_eq!(
            check(&format!("http://{host}/"), &options),
            Err(Error::Scheme),
            "{host}"
        );
    }
    for url in ["ftp://issuer.example/", "file:///etc/passwd", "data:,x"] {
        assert_eq!(check(url, &options), Err(Error::Scheme), "{url}");
    }
    for url in ["https://a@issuer.example/", "https://:b@issuer.example/"] {
        assert_eq!(check(url, &options), Err(Error::Credentials), "{url}");
    }
}

#[test]
fn loopback_is_reached_when_it_is_allowed_and_nothing_else_with_it() {
    let options = FetchOptions::loopback();
    for url in [
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://[::1]/",
        "https://127.9.9.9/",
    ] {
        assert_eq!(check(url, &options), Ok(()), "{url}");
    }
    assert_eq!(
        check("http://issuer.example/", &options),
        Err(Error::Scheme)
    );
    assert_eq!(
        check("https://10.0.0.1/", &options),
        Err(Error::Address(Kind::Private))
    );
    assert_eq!(
        check("https://0.0.0.0/", &options),
        Err(Error::Address(Kind::Unspecified))
    );
}

#[test]
fn a_named_network_is_reached_by_https_and_its_neighbour_is_not() {
    let options = FetchOptions {
        allow_networks: vec!["10.20.0.0/16".parse().unwrap()],
        ..FetchOptions::default()
    };
    assert_eq!(check("https://10.20.3.4/", &options), Ok(()));
    assert_eq!(check("https://[::ffff:10.20.3.4]/", &options), Ok(()));
    assert_eq!(check("http://10.20.3.4/", &options), Err(Error::Scheme));
    assert_eq!(
        check("https://10.21.0.1/", &options),
        Err(Error::Address(Kind::Private))
    );
}

#[test]
fn this_machine_is_reached_by_name_where_the_operator_names_its_network() {
    let options = FetchOptions {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchOptions::default()
    };
    assert_eq!(check("https://localhost/", &options), Ok(()));
    assert_eq!(check("https://127.0.0.1/", &options), Ok(()));
    assert_eq!(check_address(Ipv4Addr::LOCALHOST.into(), &options), Ok(()));
    assert!(check_address(Ipv6Addr::LOCALHOST.into(), &options).is_err());
    assert_eq!(check("http://localhost/", &options), Err(Error::Scheme));
    let another = FetchOptions {
        allow_networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..FetchOptions::default()
    };
    assert!(check("https://localhost/", &another).is_err());
}

proptest! {
    /// The standard library's own opinion, where it has a stable one, never finds an address that we let through.
    #[test]
    fn nothing_that_the_standard_library_calls_special_is_public(bits: u32) {
        let v4 = Ipv4Addr::from(bits);
        let special = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast()
            || v4.is_unspecified() || v4.is_broadcast() || v4.is_documentation();
        prop_assert!(!(special && kind(v4.into()) == Kind::Public));
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_never_freer_than_by_itself(bits: u32) {
        let v4 = Ipv4Addr::from(bits);
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let own = kind(v4.into());
        let mapped = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low);
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
        prop_assert_eq!(kind(mapped.into()), own);
        prop_assert_eq!(kind(nat64.into()), own);
        let compatible = Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low);
        let six_to_four = Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1);
        prop_assert_ne!(kind(compatible.into()), Kind::Public);
        prop_assert_ne!(kind(six_to_four.into()), Kind::Public);
    }

    #[test]
    fn no_ipv6_address_outside_global_unicast_is_public(bits: u128) {
        let v6 = Ipv6Addr::from(bits);
        let global = v6.segments()[0] & 0xe000 == 0x2000;
        let mapped = v6.to_ipv4_mapped().is_some() || v6.segments()[..2] == [0x64, 0xff9b];
        prop_assert!(global || mapped || kind(v6.into()) != Kind::Public);
    }

    #[test]
    fn every_spelling_of_an_ipv4_host_gets_the_same_answer(bits: u32) {
        let [a, b, c, d] = Ipv4Addr::from(bits).octets();
        let options = FetchOptions::default();
        let plain = check(&format!("https://{a}.{b}.{c}.{d}/"), &options);
        for host in [
            format!("{bits}"),
            format!("{bits:#x}"),
            format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
            format!("{a}.{b}.{}", u32::from(c) << 8 | u32::from(d)),
            format!("{a}.{:#x}", bits & 0x00ff_ffff),
        ] {
            prop_assert_eq!(check(&format!("https://{host}/"), &options), plain, "{}", host);
        }
    }
}
