//! Workload identity: what a CI system or a cluster signs about a job or a pod is the client's authentication, and a grant (RFC 7523 §2.2, RFC 7521 §4.1).

use serde_json::{Value, json};

use super::{GRANT, Issuer, client, sign};
use crate::harness::{Answer, Client, World};
use crate::on_each_engine;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const TYPE: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

fn job(repository: &str) -> Value {
    json!({"repository": repository, "ref": "refs/heads/main", "repository_owner": "acme"})
}

fn sub(repository: &str) -> String {
    format!("repo:{repository}:ref:refs/heads/main")
}

/// GitHub, whose jobs of `acme/site` on main are the client `deployer`.
async fn github(world: &World) -> (Issuer, Client) {
    world.notes().await;
    let deployer = client(world, "deployer").await;
    let github = Issuer::new(world, GITHUB);
    let condition = "claims.repository == 'acme/site' && claims.ref == 'refs/heads/main'";
    github
        .trusted(
            json!([{"condition": condition, "subject": {"client": "deployer"}}]),
            json!({}),
        )
        .await;
    (github, deployer)
}

async fn authenticate(world: &World, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        TYPE,
        ("client_assertion", assertion),
        ("grant_type", "client_credentials"),
        ("scope", "notes.read"),
    ];
    form.extend_from_slice(more);
    world.post("/token").form(&form).send().await
}

on_each_engine! {
    /// As `client_assertion`, with and without the client's name, at each endpoint.
    async fn a_job_authenticates_as_its_client(world: World) {
        let (github, _) = github(&world).await;
        for more in [&[][..], &[("client_id", "deployer")]] {
            let answer = authenticate(&world, &github.says(&sub("acme/site"), job("acme/site")), more).await;
            answer.status(200).not_stored();
            let claims = world.claims(&answer.text("access_token")).await;
            assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("deployer"), &json!("deployer")));
        }
        let token = authenticate(&world, &github.says(&sub("acme/site"), job("acme/site")), &[]).await.text("access_token");
        let assertion = github.says(&sub("acme/site"), job("acme/site"));
        let form = [TYPE, ("client_assertion", assertion.as_str()), ("token", token.as_str())];
        let seen = world.post("/introspect").form(&form).send().await;
        assert_eq!(seen.json()["active"], json!(true));
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// As the grant itself, beside which nothing authenticates.
    async fn a_job_gets_a_token_for_its_identity(world: World) {
        let (github, deployer) = github(&world).await;
        for name in [None, Some("deployer")] {
            let assertion = github.says(&sub("acme/site"), job("acme/site"));
            let mut form = vec![("grant_type", GRANT), ("assertion", assertion.as_str()), ("scope", "notes.read")];
            form.extend(name.map(|name| ("client_id", name)));
            let answer = world.post("/token").form(&form).send().await;
            answer.status(200);
            assert_eq!(world.claims(&answer.text("access_token")).await["sub"], json!("deployer"));
            world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        }
        // Handed in by the client that has authenticated otherwise; by no other.
        let form = [("grant_type", GRANT), ("assertion", &github.says(&sub("acme/site"), job("acme/site"))), ("scope", "notes.read")];
        deployer.token(&form).await.status(200);
        deployer.token(&form).await.refused(400, "invalid_grant");
        let other = client(&world, "other").await;
        let form = [("grant_type", GRANT), ("assertion", &github.says(&sub("acme/site"), job("acme/site")))];
        other.token(&form).await.refused(400, "invalid_grant");
    }

    /// Anybody can have GitHub sign something: the conditions decide, and always the same is answered.
    async fn another_job_is_nobody(world: World) {
        let (github, _) = github(&world).await;
        client(&world, "other").await;
        let refused = json!({"error": "invalid_client", "error_description": "client authentication failed"});
        for (said, more) in [
            (job("mallory/site"), &[][..]),
            (job("acme/site2"), &[]),
            (json!({"repository": "acme/site", "ref": "refs/heads/feature"}), &[]),
            (json!({"repository": "acme/site", "ref": "refs/pull/7/merge"}), &[]),
            (json!({}), &[]),
            (json!({"repository": ["acme/site"], "ref": "refs/heads/main"}), &[]),
            (job("acme/site"), &[("client_id", "other")]),
            (job("acme/site"), &[("client_id", "nobody")]),
            (json!({"aud": "https://github.com/acme", "repository": "acme/site", "ref": "refs/heads/main"}), &[]),
        ] {
            let answer = authenticate(&world, &github.says("x", said.clone()), more).await;
            assert_eq!((answer.status, answer.json()), (401, refused.clone()), "{said} {more:?}");
        }
        let typed = sign(&world, &github.key, "at+jwt", &github.claims("x", job("acme/site")));
        authenticate(&world, &typed, &[]).await.refused(401, "invalid_client");
        let secret = [("client_id", "deployer"), ("client_secret", "x")];
        let assertion = github.says("x", job("acme/site"));
        authenticate(&world, &assertion, &secret).await.refused(400, "invalid_request");
        authenticate(&world, &assertion, &[]).await.status(200);
        authenticate(&world, &assertion, &[]).await.refused(401, "invalid_client");
    }

    /// `sub` that names a client makes nobody that client.
    async fn a_subject_that_is_named_like_a_client_is_not_it(world: World) {
        let (github, _) = github(&world).await;
        client(&world, "victim").await;
        let answer = authenticate(&world, &github.says("victim", job("mallory/x")), &[]).await;
        answer.refused(401, "invalid_client");
        let answer = authenticate(&world, &github.says("victim", job("acme/site")), &[]).await;
        assert_eq!(world.claims(&answer.text("access_token")).await["sub"], json!("deployer"));
        // Nor an issuer that calls itself like one.
        let odd = Issuer::new(&world, "victim");
        let answer = authenticate(&world, &odd.says("victim", json!({})), &[]).await;
        answer.refused(401, "invalid_client");
    }

    /// A pod keeps its token in a file: it counts until it expires.
    async fn a_pods_token_counts_until_it_expires(world: World) {
        world.notes().await;
        client(&world, "worker").await;
        let cluster = Issuer::new(&world, "https://kubernetes.default.svc.cluster.local");
        let rules = json!([{"condition": "claims.sub == 'system:serviceaccount:prod:worker'", "subject": {"client": "worker"}}]);
        cluster.trusted(rules, json!({"reusable": true, "longest": 7200})).await;
        let more = json!({"exp": world.now() + 3600, "kubernetes.io": {"namespace": "prod"}});
        let token = cluster.says("system:serviceaccount:prod:worker", more.clone());
        for _ in 0..3 {
            authenticate(&world, &token, &[]).await.status(200);
            world.advance(1000);
        }
        world.advance(631);
        authenticate(&world, &token, &[]).await.refused(401, "invalid_client");
        let other = cluster.says("system:serviceaccount:prod:other", json!({}));
        authenticate(&world, &other, &[]).await.refused(401, "invalid_client");
    }

    /// SPIFFE JWT-SVID §3: the trust domain is in `sub`, an issuer need not be named; a domain speaks for its own identities only.
    async fn a_spiffe_identity_is_of_its_trust_domain(world: World) {
        world.notes().await;
        client(&world, "billing").await;
        let domain = Issuer::new(&world, "spiffe://prod.example");
        let rules = json!([{"condition": "claims.sub == 'spiffe://prod.example/billing'", "subject": {"client": "billing"}}]);
        domain.trusted(rules.clone(), json!({"reusable": true})).await;
        let evil = Issuer::new(&world, "spiffe://evil.example");
        evil.trusted(rules, json!({"reusable": true})).await;
        let says = |issuer: &Issuer, iss: Value, sub: &str| {
            sign(&world, &issuer.key, "JOSE", &issuer.claims(sub, json!({"iss": iss, "jti": null, "iat": null})))
        };
        let spiffe = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe");
        for iss in [json!(null), json!("https://spire.example"), json!("spiffe://prod.example")] {
            let svid = says(&domain, iss, "spiffe://prod.example/billing");
            authenticate(&world, &svid, &[]).await.status(200);
            let form = [spiffe, ("client_assertion", svid.as_str()), ("client_id", "billing"), ("grant_type", "client_credentials"), ("scope", "notes.read")];
            world.post("/token").form(&form).send().await.status(200);
        }
        for svid in [
            says(&domain, json!(null), "spiffe://prod.example/other"),
            says(&domain, json!(null), "spiffe://evil.example/billing"),
            says(&evil, json!(null), "spiffe://prod.example/billing"),
            says(&evil, json!("spiffe://evil.example"), "spiffe://prod.example/billing"),
            says(&domain, json!(null), "spiffe://prod.example.evil/billing"),
            says(&domain, json!("spiffe://prod.example"), "billing"),
        ] {
            authenticate(&world, &svid, &[]).await.refused(401, "invalid_client");
        }
    }

    /// SPIFFE-ID §2: an identity has one spelling, so that a rule about the beginning of its path means what it says.
    async fn a_rule_about_a_path_is_not_got_around_by_its_spelling(world: World) {
        world.notes().await;
        client(&world, "billing").await;
        let domain = Issuer::new(&world, "spiffe://prod.example");
        let rules = json!([{"condition": "claims.sub.startsWith('spiffe://prod.example/billing/')", "subject": {"client": "billing"}}]);
        domain.trusted(rules, json!({"reusable": true})).await;
        let says = |sub: &str| sign(&world, &domain.key, "JWT", &domain.claims(sub, json!({"iss": null})));
        authenticate(&world, &says("spiffe://prod.example/billing/1"), &[]).await.status(200);
        for sub in ["spiffe://prod.example/billing/../web", "spiffe://prod.example/billing/%2e%2e/web", "spiffe://prod.example/billing//web", "spiffe://prod.example/billing/",
            "spiffe://prod.example/billing/web?x"] {
            authenticate(&world, &says(sub), &[]).await.refused(401, "invalid_client");
        }
    }

    /// A client that is switched off, or public, is nobody's.
    async fn a_client_that_is_switched_off_stays_so(world: World) {
        let (github, _) = github(&world).await;
        let mut client = realm::clients::find(world.realm(), "deployer").await.unwrap().unwrap();
        client.disabled = true;
        realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
        let assertion = github.says("x", job("acme/site"));
        authenticate(&world, &assertion, &[]).await.refused(401, "invalid_client");
    }
}
