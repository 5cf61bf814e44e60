//! Software statements (RFC 7591 §2.3, §3.1.1).

use super::*;

struct Vendor {
    key: SigningKey,
}

impl Vendor {
    async fn new(world: &World, mode: Admission) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = vec![key.public_jwk().unwrap()];
        let jwks = serde_json::from_value(serde_json::to_value(JwkSet { keys }).unwrap()).unwrap();
        let issuer = StatementIssuer {
            issuer: "https://vendor.example".to_owned(),
            jwks: Some(jwks),
            jwks_uri: None,
        };
        world
            .settings(|settings| {
                settings.registration.statement_issuers = vec![issuer];
                settings.registration.mode = mode;
            })
            .await;
        Self { key }
    }

    fn sign(&self, claims: &Value) -> String {
        let header = jws::Header::typed("JWT", &self.key);
        jws::sign(&self.key, &header, claims.to_string().as_bytes()).unwrap()
    }
}

fn claims() -> Value {
    json!({"iss": "https://vendor.example", "software_id": "notes", "client_name": "Notes by Vendor", "redirect_uris": [CALLBACK]})
}

fn with_statement(statement: &str) -> Value {
    changed(&public(), "software_statement", json!(statement))
}

on_each_engine! {
    /// What the statement says counts before what the client says, and it comes back as it was.
    async fn a_statement_counts_before_what_the_client_says(world: World) {
        let vendor = Vendor::new(&world, Admission::Statement).await;
        let statement = vendor.sign(&claims());
        let mut metadata = with_statement(&statement);
        metadata["redirect_uris"] = json!(["https://evil.example/callback"]);
        metadata["client_name"] = json!("Your bank");
        let answer = registered(&world, &metadata).await;
        assert_eq!(answer["client_name"], json!("Notes by Vendor"));
        assert_eq!(answer["redirect_uris"], json!([CALLBACK]));
        assert_eq!(answer["software_statement"], json!(statement));
        assert_eq!(answer["software_id"], json!("notes"));
        register(&world, &public()).await.refused(400, "invalid_software_statement");
        // Nor does it become somebody else later.
        let mut body = changed(&answer, "client_name", json!("Your bank"));
        let later = manage(&world, "PUT", &answer, Some(&body)).await;
        assert_eq!(later.text("client_name"), "Notes by Vendor");
        body.as_object_mut().unwrap().remove("software_statement");
        manage(&world, "PUT", &answer, Some(&body)).await.refused(400, "invalid_software_statement");
    }

    /// RFC 7591 §3.2.2: `invalid_software_statement` and `unapproved_software_statement`.
    async fn a_statement_that_is_not_good_is_refused(world: World) {
        let vendor = Vendor::new(&world, Admission::Open).await;
        let stranger = Vendor { key: SigningKey::generate(Algorithm::Es256).unwrap() };
        let with = |name: &str, value: Value| { let mut claims = claims(); claims[name] = value; claims };
        let good = vendor.sign(&claims());
        let unsigned = {
            let part = |value: Value| jose::base64url::encode(value.to_string());
            format!("{}.{}.", part(json!({"alg": "none"})), part(claims()))
        };
        let typed = jws::sign(&vendor.key, &jws::Header::typed("at+jwt", &vendor.key), claims().to_string().as_bytes()).unwrap();
        for (case, statement, code) in [
            ("of a stranger", stranger.sign(&with("iss", json!("https://stranger.example"))), "unapproved_software_statement"),
            ("of nobody", stranger.sign(&json!({"software_id": "x"})), "unapproved_software_statement"),
            ("by another key", stranger.sign(&claims()), "invalid_software_statement"),
            ("altered", altered(&good, good.len() - 20), "invalid_software_statement"),
            ("unsigned", unsigned, "invalid_software_statement"),
            ("expired", vendor.sign(&with("exp", json!(world.now() - 60))), "invalid_software_statement"),
            ("from the future", vendor.sign(&with("nbf", json!(world.now() + 600))), "invalid_software_statement"),
            ("for another server", vendor.sign(&with("aud", json!("https://other.example"))), "invalid_software_statement"),
            ("another kind of token", typed, "invalid_software_statement"),
            ("no token", "nonsense".to_owned(), "invalid_software_statement"),
            ("empty", String::new(), "invalid_software_statement"),
        ] {
            let answer = register(&world, &with_statement(&statement)).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, code), "{case}: {answer:?}");
        }
        register(&world, &with_statement("x")).await.status(400);
        register(&world, &changed(&public(), "software_statement", json!(7))).await.refused(400, "invalid_software_statement");
        registered(&world, &with_statement(&vendor.sign(&with("aud", json!([world.issuer()]))))).await;
        // A statement gives nothing that only an operator gives.
        let mut more = claims();
        more["skip_consent"] = json!(true);
        more["grant_types"] = json!(["client_credentials", "authorization_code"]);
        let answer = registered(&world, &with_statement(&vendor.sign(&more))).await;
        assert_eq!(answer["grant_types"], json!(["authorization_code"]));
        let stored = realm::clients::find(world.realm(), answer["client_id"].as_str().unwrap()).await.unwrap().unwrap();
        assert!(!stored.skip_consent);
    }
}
