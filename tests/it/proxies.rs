//! Certificates of clients that a proxy passes on in a header: through the whole application, as each proxy writes them (RFC 9440, RFC 8705).

use http::HeaderName;
use serde_json::json;
use web::address::TrustedProxies;
use web::client_certificate::{CertificateFormat, CertificateHeader};

use crate::harness::authority::{TRUSTED, self_signed};
use crate::harness::{Answer, World, base64};
use crate::on_each_engine;

const PROXY: &str = "10.1.2.3";
const FORM: [(&str, &str); 2] = [
    ("grant_type", "client_credentials"),
    ("client_id", "service"),
];

fn pem(der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// A world behind a proxy that writes this header, in the format that goes with the name or in this one; with the client `service`, which authenticates by
/// certificate and whose tokens are bound to it.
async fn behind(world: &World, header: &str, format: Option<&str>) -> World {
    let named = CertificateHeader::named(header).unwrap();
    let certificate = match format {
        Some(name) => named.in_format(CertificateFormat::parse(name).unwrap()),
        None => named,
    };
    let proxies = TrustedProxies {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        certificate: Some(certificate),
        ..TrustedProxies::default()
    };
    let world = world.behind(proxies).await;
    world
        .service_with(|client| {
            client
                .public()
                .set("token_endpoint_auth_method", json!("tls_client_auth"))
                .set("tls_client_auth_san_dns", json!("service.example"))
                .set("tls_client_certificate_bound_access_tokens", json!(true))
        })
        .await;
    world
}

/// A token request that comes from there with these headers.
async fn ask(world: &World, from: &str, headers: &[(&str, &str)]) -> Answer {
    let call = world.post("/token").from(from).form(&FORM);
    let call = headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    call.send().await
}

fn thumbprint(der: &[u8]) -> String {
    jose::base64url::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der))
}

on_each_engine! {
    /// RFC 8705 §2, §3: the client authenticates and its token is bound, whichever way its certificate came; and whoever presents the token comes with it too.
    async fn a_certificate_comes_through_each_proxy(world: World) {
        let certificate = TRUSTED.certify(|_| {});
        let (pem, bare) = (pem(&certificate), base64(&certificate));
        let other = base64(&self_signed(|_| {}).0);
        let hash = "0".repeat(64);
        for (proxy, header, format, value) in [
            ("RFC 9440", "Client-Cert", None, format!(":{bare}:")),
            ("nginx", "X-SSL-Cert", None, escaped(&pem)),
            ("Apache", "X-SSL-Cert", None, pem.trim().replace('\n', " ")),
            ("AWS", "X-Amzn-Mtls-Clientcert-Leaf", None, escaped(&pem).replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")),
            ("Traefik 2", "X-Forwarded-Tls-Client-Cert", None, escaped(&bare)),
            ("Traefik 3", "X-Forwarded-Tls-Client-Cert", None, format!("{bare},{other}")),
            ("HAProxy", "X-SSL-Client-Der", Some("base64-der"), bare.clone()),
            ("OpenShift", "X-Forwarded-Client-Cert", Some("base64-der"), format!("\"{bare}\"")),
            ("Caddy", "X-Client-Cert", Some("base64-der"), bare.clone()),
            ("Envoy", "X-Forwarded-Client-Cert", None, format!("Hash={hash};Cert=\"{}\";Subject=\"CN=a\"", escaped(&pem))),
        ] {
            let world = behind(&world, header, format).await;
            let answer = ask(&world, PROXY, &[(header, &value)]).await;
            assert_eq!(answer.status, 200, "{proxy}: {answer:?}");
            let token = answer.text("access_token");
            assert_eq!(world.claims(&token).await["cnf"], json!({"x5t#S256": thumbprint(&certificate)}), "{proxy}");
            let form = [("token", token.as_str()), ("client_id", "service")];
            let seen = world.post("/introspect").from(PROXY).header(header, &value).form(&form).send().await;
            assert_eq!(seen.json()["active"], json!(true), "{proxy}");
            world.post("/introspect").from(PROXY).form(&form).send().await.refused(401, "invalid_client");
        }
    }

    /// RFC 9440 §4: whoever is no trusted proxy writes what he likes, and a proxy that passes none on vouches for nobody, least of all by its own certificate or by
    /// a header that is not the one that it writes.
    async fn a_header_that_no_trusted_proxy_wrote_is_nobodys_certificate(world: World) {
        let certificate = TRUSTED.certify(|_| {});
        let value = format!(":{}:", base64(&certificate));
        let world = behind(&world, "Client-Cert", None).await;
        for stranger in ["192.0.2.1", "11.1.2.3", "::1", "2001:db8::a01:203"] {
            ask(&world, stranger, &[("client-cert", &value)]).await.refused(401, "invalid_client");
            ask(&world, stranger, &[("client-cert", &value), ("x-forwarded-for", PROXY)]).await.refused(401, "invalid_client");
            ask(&world, stranger, &[("client-cert", "garbled")]).await.refused(401, "invalid_client");
            // It spoils nothing for who shows a certificate to us.
            let own = world.post("/token").from(stranger).certificate(&certificate).header("client-cert", "garbled").form(&FORM);
            own.send().await.status(200);
        }
        ask(&world, PROXY, &[]).await.refused(401, "invalid_client");
        for other in ["x-ssl-cert", "x-forwarded-client-cert", "x-forwarded-tls-client-cert", "client_cert", "client-cert-chain"] {
            ask(&world, PROXY, &[(other, &value)]).await.refused(401, "invalid_client");
        }
        let own = world.post("/token").from(PROXY).certificate(&certificate).form(&FORM);
        own.send().await.refused(401, "invalid_client");
        ask(&world, PROXY, &[("client-cert", &value)]).await.status(200);
    }

    /// RFC 9440 §2.4, §4: what cannot be read is not taken for no certificate, at any endpoint; and nobody is told what was wrong with it.
    async fn what_a_proxy_garbles_is_answered_with_400(world: World) {
        let (bare, cut) = (base64(&TRUSTED.certify(|_| {})), base64(b"no certificate"));
        for (header, format, values) in [
            ("Client-Cert", None, vec![String::new(), bare.clone(), format!(":{cut}:"), format!(":{bare}:, :{bare}:")]),
            ("X-SSL-Cert", None, vec![bare.clone(), escaped(&pem(b"no certificate")), "%".to_owned()]),
            ("X-Forwarded-Tls-Client-Cert", None, vec![format!("{bare},"), cut.clone(), format!("{bare}, {bare}")]),
            ("X-SSL-Client-Der", Some("base64-der"), vec![cut.clone(), format!("{bare},{bare}"), format!(":{bare}:")]),
            ("X-Forwarded-Client-Cert", None, vec!["Hash=ab".to_owned(), bare.clone()]),
        ] {
            let world = behind(&world, header, format).await;
            for value in values {
                let answer = ask(&world, PROXY, &[(header, &value)]).await;
                assert_eq!(answer.status, 400, "{header}: {value}: {answer:?}");
                assert!(!answer.body.contains("access_token"));
                let page = world.get("/.well-known/openid-configuration").from(PROXY).header(header, &value).send().await;
                assert_eq!(page.status, 400, "{header}: {value}");
            }
            let twice = ask(&world, PROXY, &[(header, &bare), (header, &bare)]).await;
            assert_eq!(twice.status, 400, "{header} twice");
        }
    }

    /// RFC 9440 §2.3: an authority that only the client's chain names vouches for nobody, though a trusted one vouches for it.
    async fn a_chain_that_comes_along_vouches_for_nobody(world: World) {
        let between = TRUSTED.vouched("Between");
        let certificate = between.certify(|_| {});
        let inner = between.pem.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        let with_chain = behind(&world, "Client-Cert", None).await;
        let own = format!(":{}:", base64(&certificate));
        let chain = format!(":{inner}:");
        ask(&with_chain, PROXY, &[("client-cert", &own), ("client-cert-chain", &chain)]).await.refused(401, "invalid_client");
        let traefik = behind(&world, "X-Forwarded-Tls-Client-Cert", None).await;
        let value = format!("{},{inner}", base64(&certificate));
        let header = HeaderName::from_static("x-forwarded-tls-client-cert");
        ask(&traefik, PROXY, &[(header.as_str(), &value)]).await.refused(401, "invalid_client");
        // Nor can a chain put another certificate in the first one's place.
        let swapped = format!("{},{}", base64(&self_signed(|_| {}).0), base64(&TRUSTED.certify(|_| {})));
        ask(&traefik, PROXY, &[(header.as_str(), &swapped)]).await.refused(401, "invalid_client");
    }
}
