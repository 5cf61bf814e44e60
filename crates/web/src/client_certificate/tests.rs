#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::format::{byte_sequence, escaped_pem, forwarded};
use super::*;
use axum::body::Body;
use base64ct::{Base64, Encoding};
use proptest::prelude::*;
use rustls_pki_types::pem::PemObject;

const PEM: &str = include_str!("../../tests/localhost.pem");

fn der() -> Vec<u8> {
    CertificateDer::from_pem_slice(PEM.as_bytes())
        .unwrap()
        .to_vec()
}

fn escaped(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let one = |byte: &u8| match plain(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}

fn pem_of(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

const TRAEFIK: &str = "x-forwarded-tls-client-cert";
/// Named with its format, as its operator would.
const DER: &str = "x-client-der";

fn named(name: &str) -> CertificateHeader {
    let header = CertificateHeader::named(name).unwrap();
    match name {
        DER => header.in_format(CertificateFormat::parse("base64-der").unwrap()),
        _ => header,
    }
}

fn read(name: &str, values: &[&str]) -> Result<Option<Vec<u8>>, Malformed> {
    let header = named(name);
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header.name(), value.parse().unwrap());
    }
    let read = header.read(&headers)?;
    Ok(read.map(|certificate| certificate.0.to_vec()))
}

/// RFC 9440 §2.2, nginx's and Envoy's documentation.
#[test]
fn a_certificate_is_read_in_the_format_that_goes_with_the_header() {
    let sequence = format!(":{}:", Base64::encode_string(&der()));
    assert_eq!(read("Client-Cert", &[&sequence]), Ok(Some(der())));
    let pem = escaped(PEM.as_bytes());
    assert_eq!(read("X-SSL-Cert", &[&pem]), Ok(Some(der())));
    let pluses = pem.replace("%2B", "+").replace("%2F", "/");
    assert_eq!(read("ssl-client-cert", &[&pluses]), Ok(Some(der())));
    let envoy = format!("Hash=ab12;Cert=\"{pem}\";Subject=\"CN=a\\\"b;,c\";URI=spiffe://x");
    let name = "X-Forwarded-Client-Cert";
    assert_eq!(read(name, &[&envoy]), Ok(Some(der())));
    for name in ["Client-Cert", "X-SSL-Cert", name, TRAEFIK, DER] {
        assert_eq!(read(name, &[]), Ok(None));
    }
    assert_eq!(read("X-SSL-Cert", &[""]), Ok(None));
    let bare = Base64::encode_string(&der());
    // Traefik 3, Traefik 2, and each with a chain.
    for value in [&bare, &escaped(bare.as_bytes())] {
        for value in [value.clone(), format!("{value},{value}")] {
            assert_eq!(read(TRAEFIK, &[&value]), Ok(Some(der())), "{value}");
        }
    }
    let apache = PEM.trim().replace('\n', " ");
    assert_eq!(read("X-SSL-Cert", &[&apache]), Ok(Some(der())));
    for value in [&bare, &format!("\"{bare}\"")] {
        assert_eq!(read(DER, &[value]), Ok(Some(der())));
    }
    for (name, value) in [
        (TRAEFIK, ""),
        (DER, ""),
        (DER, "\"\""),
        ("x-ssl-cert", "(null)"),
    ] {
        assert_eq!(read(name, &[value]), Ok(None), "{name}");
    }
}

#[test]
fn a_format_that_is_named_counts_and_not_what_goes_with_the_header() {
    let sequence = format!(":{}:", Base64::encode_string(&der()));
    let bare = Base64::encode_string(&der());
    let header = |format| named("X-Forwarded-Client-Cert").in_format(format);
    for (format, value) in [
        (CertificateFormat::Rfc9440, &sequence),
        (CertificateFormat::Base64Der, &bare),
        (CertificateFormat::EscapedPem, &escaped(PEM.as_bytes())),
    ] {
        for (own, _) in CertificateFormat::NAMED {
            let read_as = CertificateFormat::parse(own).unwrap();
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-client-cert"),
                value.parse().unwrap(),
            )]);
            // Bare base64 is both Traefik's and HAProxy's.
            let alike = |format| match format {
                CertificateFormat::Traefik => CertificateFormat::Base64Der,
                other => other,
            };
            let read = header(read_as).read(&headers);
            assert_eq!(read.is_ok(), alike(read_as) == alike(format), "{own}");
        }
    }
    assert_eq!(CertificateFormat::parse("haproxy"), None);
}

#[test]
fn what_cannot_be_read_is_refused_and_not_taken_for_no_certificate() {
    let base64 = Base64::encode_string(&der());
    let pem = escaped(PEM.as_bytes());
    let twice = escaped(format!("{PEM}{PEM}").as_bytes());
    let key = escaped(include_bytes!("../../tests/localhost.key"));
    let cut = Base64::encode_string(&der()[..200]);
    let more = Base64::encode_string(&[der(), vec![0]].concat());
    let plain = format!(":{base64}:");
    let cases: &[(&str, &[&str])] = &[
        ("client-cert", &[""]),
        ("client-cert", &["::"]),
        ("client-cert", &[&base64]),
        ("client-cert", &[&format!(":{base64}")]),
        ("client-cert", &[&format!(":{base64}:;a=1")]),
        ("client-cert", &[&format!(":{cut}:")]),
        ("client-cert", &[&format!(":{more}:")]),
        ("client-cert", &[&format!(":{base64}:, :{base64}:")]),
        ("client-cert", &[&plain, &plain]),
        ("client-cert", &[&pem]),
        ("x-ssl-cert", &["null"]),
        ("x-ssl-cert", &[&base64]),
        (TRAEFIK, &[&plain]),
        (TRAEFIK, &[&pem]),
        (TRAEFIK, &[&cut]),
        (TRAEFIK, &[&format!("{base64},")]),
        (TRAEFIK, &[&format!(",{base64}")]),
        (TRAEFIK, &[&format!("{base64},{cut}")]),
        (TRAEFIK, &[&format!("{base64} {base64}")]),
        (TRAEFIK, &[&base64, &base64]),
        (TRAEFIK, &["(null)"]),
        (DER, &[&plain]),
        (DER, &[&pem]),
        (DER, &[&cut]),
        (DER, &[&more]),
        (DER, &[&format!("{base64},{base64}")]),
        (DER, &[&format!("\"{base64}")]),
        (DER, &[&base64, ""]),
        ("x-ssl-cert", &[&plain]),
        ("x-ssl-cert", &[&twice]),
        ("x-ssl-cert", &[&key]),
        ("x-ssl-cert", &[&format!("{pem}%2")]),
        ("x-ssl-cert", &[&format!("{pem}%zz")]),
        ("x-ssl-cert", &[&pem, ""]),
        ("x-forwarded-client-cert", &[""]),
        ("x-forwarded-client-cert", &["By=x;Hash=y"]),
        ("x-forwarded-client-cert", &[&pem]),
        ("x-forwarded-client-cert", &[&format!("Cert=\"{pem}")]),
        ("x-forwarded-client-cert", &[&format!("Cert=\"{pem}\"x")]),
        (
            "x-forwarded-client-cert",
            &[&format!("Cert={pem};Cert={pem}")],
        ),
        (
            "x-forwarded-client-cert",
            &[&format!("Cert={pem},Cert={pem}")],
        ),
        ("x-forwarded-client-cert", &[&format!("Cert={pem},By=x")]),
    ];
    for (name, values) in cases {
        assert_eq!(read(name, values), Err(Malformed), "{name}: {values:?}");
    }
}

fn settled(named: Option<&CertificateHeader>, through_proxy: bool) -> Option<Vec<u8>> {
    let sequence = format!(":{}:", Base64::encode_string(&der()));
    let mut request = Request::new(Body::empty());
    let headers = request.headers_mut();
    headers.insert("client-cert", sequence.parse().unwrap());
    headers.insert("x-ssl-cert", "nonsense".parse().unwrap());
    let own = ClientCertificate(vec![1, 2, 3].into());
    request.extensions_mut().insert(own);
    settle(named, through_proxy, &mut request).unwrap();
    if named.is_some() {
        assert!(!request.headers().contains_key("client-cert"));
    }
    let found = request.extensions().get::<ClientCertificate>();
    found.map(|certificate| certificate.0.to_vec())
}

#[test]
fn only_the_named_header_of_a_trusted_proxy_counts_and_the_proxys_own_certificate_never() {
    let named = CertificateHeader::named("client-cert");
    let named = named.as_ref();
    assert_eq!(settled(named, true), Some(der()));
    assert_eq!(settled(named, false), Some(vec![1, 2, 3]));
    assert_eq!(settled(None, true), None);
    assert_eq!(settled(None, false), Some(vec![1, 2, 3]));
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(bytes in proptest::collection::vec(any::<u8>(), 1..300)) {
        let sequence = format!(":{}:", Base64::encode_string(&bytes));
        prop_assert_eq!(byte_sequence(&sequence), Some(bytes.clone()));
        let pem = escaped(pem_of(&bytes).as_bytes());
        prop_assert_eq!(escaped_pem(&pem), Some(bytes));
        let header = format!("By=a;Cert=\"{pem}\"");
        prop_assert_eq!(forwarded(&header), Some(pem));
    }

    #[test]
    fn no_text_makes_a_reader_stumble(text in "[ -~]{0,200}") {
        for name in ["client-cert", "x-ssl-cert", "x-forwarded-client-cert", TRAEFIK, DER] {
            let read = read(name, &[&text]);
            prop_assert!(matches!(read, Err(Malformed) | Ok(None)));
        }
        let _ = forwarded(&format!("Cert={text}"));
        let _ = escaped_pem(&format!("-----BEGIN CERTIFICATE-----{text}"));
    }

    #[test]
    fn a_quoted_value_cannot_leave_its_quotes(value in "[ -~]{0,60}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let header = format!("Subject=\"{quoted}\";Cert=x");
        prop_assert_eq!(forwarded(&header), Some("x".to_owned()));
    }
}
