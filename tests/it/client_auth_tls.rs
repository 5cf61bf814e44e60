//! Client authentication by certificate, and tokens that are bound to one (RFC 8705).

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use serde_json::{Value, json};

use crate::harness::authority::{Authority, TRUSTED, self_signed};
use crate::harness::{Answer, CALLBACK, Client, World, base64};
use crate::on_each_engine;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const FORM: [(&str, &str); 2] = [GRANT, ("client_id", "service")];

/// The client `service`, which authenticates by certificate.
async fn service(world: &World, members: &[(&str, Value)]) -> Client {
    world
        .service_with(|client| {
            let client = client
                .public()
                .set("token_endpoint_auth_method", json!("tls_client_auth"));
            members.iter().fold(client, |client, (name, value)| {
                client.set(name, value.clone())
            })
        })
        .await
}

/// A token request on a connection with this certificate.
async fn with(world: &World, certificate: &[u8]) -> Answer {
    world
        .post("/token")
        .certificate(certificate)
        .form(&FORM)
        .send()
        .await
}

#[track_caller]
fn disbelieved(answer: &Answer, case: &str) {
    assert_eq!(answer.status, 401, "{case}: {answer:?}");
    let body =
        json!({"error": "invalid_client", "error_description": "client authentication failed"});
    assert_eq!(answer.json(), body, "{case}");
}

on_each_engine! {
    /// RFC 8705 §2.1.2: each of the five ways to name the subject, and nothing else that the certificate says.
    async fn each_kind_of_subject_authenticates(world: World) {
        world.notes().await;
        let certificate = TRUSTED.certify(|_| {});
        let cases = [
            ("tls_client_auth_subject_dn", "CN=service.example,O=Example,C=DE", "CN=service.example,C=DE,O=Example"),
            ("tls_client_auth_subject_dn", "cn=service.example, o=Example, c=DE", "CN=service.example,O=Example"),
            ("tls_client_auth_san_dns", "Service.example", "*.example"),
            ("tls_client_auth_san_uri", "spiffe://example/service", "spiffe://example/servic"),
            ("tls_client_auth_san_ip", "192.0.2.7", "192.0.2.8"),
            ("tls_client_auth_san_ip", "2001:db8:0::7", "::ffff:192.0.2.7"),
            ("tls_client_auth_san_email", "service@EXAMPLE.com", "Service@example.com"),
        ];
        for (number, (name, own, another)) in cases.into_iter().enumerate() {
            for (value, status) in [(own, 200), (another, 401)] {
                let id = format!("client-{number}-{status}");
                world
                    .client(&id)
                    .public()
                    .grants(&["client_credentials"])
                    .redirects(&[])
                    .scope("notes.read")
                    .set("token_endpoint_auth_method", json!("tls_client_auth"))
                    .set(name, json!(value))
                    .create()
                    .await;
                let form = [GRANT, ("client_id", &id), ("scope", "notes.read")];
                let answer = world.post("/token").certificate(&certificate).form(&form).send().await;
                assert_eq!(answer.status, status, "{name} {value}: {answer:?}");
            }
        }
    }

    /// RFC 8705 §2.1: the certificate is of a trusted authority, for clients, and of this day.
    async fn a_certificate_that_nobody_vouches_for_is_refused(world: World) {
        service(&world, &[("tls_client_auth_san_dns", json!("service.example"))]).await;
        let good = TRUSTED.certify(|_| {});
        let mut altered = good.clone();
        *altered.last_mut().unwrap() ^= 1;
        let cases = [
            ("another authority", Authority::new("Other").certify(|_| {})),
            ("another authority of that name", Authority::new("Trusted").certify(|_| {})),
            ("itself", self_signed(|_| {}).0),
            ("expired", TRUSTED.certify(|params| params.not_after = date_time_ymd(2026, 11, 20))),
            ("not yet valid", TRUSTED.certify(|params| params.not_before = date_time_ymd(2026, 11, 22))),
            ("for servers", TRUSTED.certify(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])),
            ("of another subject", TRUSTED.certify(|params| params.subject_alt_names.clear())),
            ("altered", altered),
            ("cut", good[..good.len() - 9].to_vec()),
            ("no certificate", b"a certificate".to_vec()),
            ("nothing", Vec::new()),
        ];
        for (case, certificate) in cases {
            disbelieved(&with(&world, &certificate).await, case);
        }
        disbelieved(&world.post("/token").form(&FORM).send().await, "without a certificate");
        with(&world, &good).await.status(200);
        let endless = TRUSTED.certify(|params| params.extended_key_usages.clear());
        with(&world, &endless).await.status(200);
    }

    /// A certificate is no proof for a client that authenticates in another way, and no second method beside another.
    async fn a_certificate_is_not_mixed_with_other_methods(world: World) {
        service(&world, &[("tls_client_auth_san_dns", json!("service.example"))]).await;
        let other = world.client("other").grants(&["client_credentials"]).redirects(&[]).scope("notes.read").create().await;
        let good = TRUSTED.certify(|_| {});
        let form = [GRANT, ("client_id", "other")];
        world.post("/token").certificate(&good).form(&form).send().await.refused(401, "invalid_client");
        let secret = other.secret.clone().unwrap();
        // A client with a secret may come through a listener that asks for certificates.
        let form = [GRANT, ("scope", "notes.read")];
        world.post("/token").certificate(&good).basic("other", &secret).form(&form).send().await.status(200);
        for answer in [
            world.post("/token").certificate(&good).basic("service", "a secret of nobody").form(&[GRANT]).send().await,
            world.post("/token").certificate(&good).form(&[FORM[0], FORM[1], ("client_secret", "a secret of nobody")]).send().await,
        ] {
            answer.refused(401, "invalid_client");
        }
    }

    /// RFC 8705 §2.2: the very certificate that the client registered, or one with its key; no authority is asked.
    async fn a_registered_certificate_authenticates(world: World) {
        let (certificate, key) = self_signed(|_| {});
        let point = key.public_key_raw();
        let key = json!({
            "kty": "EC", "crv": "P-256",
            "x": jose::base64url::encode(&point[1..33]), "y": jose::base64url::encode(&point[33..]),
        });
        let mut with_certificate = key.clone();
        with_certificate["x5c"] = json!([base64(&certificate)]);
        let (another, _) = self_signed(|_| {});
        world.notes().await;
        for (id, jwk) in [("by-certificate", with_certificate), ("by-key", key)] {
            world
                .client(id)
                .public()
                .grants(&["client_credentials"])
                .redirects(&[])
                .scope("notes.read")
                .set("token_endpoint_auth_method", json!("self_signed_tls_client_auth"))
                .set("jwks", json!({"keys": [jwk]}))
                .create()
                .await;
            let form = [GRANT, ("client_id", id), ("scope", "notes.read")];
            world.post("/token").certificate(&certificate).form(&form).send().await.status(200);
            disbelieved(&world.post("/token").certificate(&another).form(&form).send().await, "another certificate");
            disbelieved(&world.post("/token").form(&form).send().await, "none");
            let trusted = TRUSTED.certify(|_| {});
            disbelieved(&world.post("/token").certificate(&trusted).form(&form).send().await, "one of an authority");
        }
    }

    /// RFC 8705 §3: the token names the certificate, introspection shows it, and userinfo asks for it.
    async fn tokens_are_bound_to_the_certificate(world: World) {
        let members = [
            ("tls_client_auth_san_dns", json!("service.example")),
            ("tls_client_certificate_bound_access_tokens", json!(true)),
        ];
        service(&world, &members).await;
        let certificate = TRUSTED.certify(|_| {});
        let answer = with(&world, &certificate).await;
        answer.status(200);
        assert_eq!(answer.text("token_type"), "Bearer");
        let token = answer.text("access_token");
        let thumbprint = jose::base64url::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate));
        let claims = world.claims(&token).await;
        assert_eq!(claims["cnf"], json!({"x5t#S256": thumbprint}));
        let form = [("token", token.as_str()), ("client_id", "service")];
        let seen = world.post("/introspect").certificate(&certificate).form(&form).send().await.json();
        assert_eq!((&seen["active"], &seen["cnf"]), (&json!(true), &claims["cnf"]), "{seen}");
    }

    /// RFC 8705 §4: a public client's refresh tokens are bound as its access tokens are.
    async fn refresh_tokens_of_a_public_client_are_bound(world: World) {
        let app = world
            .app_with(|client| client.public().set("tls_client_certificate_bound_access_tokens", json!(true)))
            .await;
        let (certificate, _) = self_signed(|_| {});
        let (another, _) = self_signed(|_| {});
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.refused(400, "invalid_request");
        let form = flow.redemption(&code);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let tokens = world.post("/token").certificate(&certificate).form(&form).send().await;
        tokens.status(200);
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        world.get("/userinfo").certificate(&certificate).bearer(&access).send().await.status(200);
        world.get("/userinfo").certificate(&another).bearer(&access).send().await.status(401);
        world.userinfo(&access).await.status(401);
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("client_id", "app")];
        world.post("/token").certificate(&another).form(&form).send().await.refused(400, "invalid_grant");
        world.post("/token").form(&form).send().await.refused(400, "invalid_request");
        world.post("/token").certificate(&certificate).form(&form).send().await.status(200);
    }

    /// RFC 8705 §3, §7.1: a confidential client may come with another certificate and not without, also when its registration no longer asks for one.
    async fn a_grant_of_a_certificate_stays_bound(world: World) {
        const BOUND: &str = "tls_client_certificate_bound_access_tokens";
        let app = world.app_with(|client| client.set(BOUND, json!(true))).await;
        let [one, other] = [self_signed(|_| {}).0, self_signed(|_| {}).0];
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &flow.verifier), ("redirect_uri", CALLBACK)];
        let secret = app.secret.clone().unwrap();
        let ask = |certificate: Option<&[u8]>, form: &[(&str, &str)]| {
            let call = world.post("/token").form(form).basic(&app.id, &secret);
            match certificate {
                Some(der) => call.certificate(der),
                None => call,
            }
        };
        let first = ask(Some(&one), &form).send().await;
        first.status(200);
        let mut token = first.text("refresh_token");
        for registered in [true, false] {
            let mut client = realm::clients::find(world.realm(), &app.id).await.unwrap().unwrap();
            client.tls_client_certificate_bound_access_tokens = registered;
            realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
            world.sync().await;
            let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
            let refused = if registered { "invalid_request" } else { "invalid_grant" };
            ask(None, &form).send().await.refused(400, refused);
            let next = ask(Some(&other), &form).send().await;
            next.status(200);
            let claims = world.claims(&next.text("access_token")).await;
            let thumbprint = jose::base64url::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &other));
            assert_eq!(claims["cnf"], json!({"x5t#S256": thumbprint}));
            token = next.text("refresh_token");
        }
    }

    /// RFC 8705 §5, RFC 9449 §4.3: where clients show certificates, the endpoint has another address, which a proof may name.
    async fn a_proof_may_name_the_address_for_certificates(world: World) {
        let service = world.service().await;
        let secret = service.secret.clone().unwrap();
        let key = jose::SigningKey::generate(jose::Algorithm::EdDsa).unwrap();
        let own = format!("{}/token", world.issuer());
        let cases = [
            (own.as_str(), 200),
            ("https://mtls.example/token", 200),
            ("https://mtls.example/introspect", 400),
            ("https://mtls.example.evil.example/token", 400),
        ];
        for (url, status) in cases {
            let proof = oauth::dpop::make(&key, ("POST", url), None, None, (url, world.now())).unwrap();
            let call = world.post("/token").basic("service", &secret).header("dpop", &proof).form(&[GRANT]);
            let answer = call.send().await;
            assert_eq!(answer.status, status, "{url}: {answer:?}");
        }
    }
}
