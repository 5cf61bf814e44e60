//! Bad input: every endpoint answers what is malformed, doubled, oversized, wrongly encoded, wrongly typed or sent with the wrong method with
//! the registered error of its RFC. No input makes a 500 (each call of the harness asserts that), a panic or a redirect to an unchecked place.

mod bearers;
mod clients;
mod documents;
mod grants;
mod logout;
mod pages;
mod row;

use crate::harness::World;
use crate::on_each_engine;
use row::FORM;

/// Endpoints that take a form from a client.
const FORMS: &[&str] = &[
    "/token",
    "/introspect",
    "/revoke",
    "/device_authorization",
    "/par",
    "/bc-authorize",
];

on_each_engine! {
    /// RFC 6749 §3.2: "The client MUST use the HTTP "POST" method"; RFC 9110 §15.5.6: 405 names what is allowed.
    async fn the_wrong_method_is_405(world: World) {
        for path in FORMS {
            for method in ["GET", "PUT", "DELETE", "PATCH"] {
                let answer = world.call(method, path).send().await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(answer.header("allow").contains("POST"), "{method} {path}: {answer:?}");
            }
        }
        for path in ["/jwks", "/.well-known/openid-configuration"] {
            let answer = world.post(path).send().await;
            assert_eq!(answer.status, 405, "{path}");
        }
    }

    /// RFC 6749 §5.2 `invalid_request`: not a form.
    async fn another_content_type_is_invalid_request(world: World) {
        world.service().await;
        for path in FORMS {
            for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencodedx", "", "/"] {
                let body = br#"{"grant_type":"client_credentials","token":"x"}"#;
                let answer = world.post(path).basic("service", "secret-of-service-0123456789").body(kind, body).send().await;
                assert!(matches!(answer.status, 400 | 415), "{path} {kind}: {answer:?}");
                assert_eq!(answer.text("error"), "invalid_request", "{path} {kind}");
                answer.not_stored();
            }
        }
    }

    /// The type may have parameters and another case (RFC 9110 §8.3.1).
    async fn the_content_type_may_have_parameters(world: World) {
        world.service().await;
        for kind in ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded ;charset=utf-8"] {
            let answer = world.post("/token").basic("service", "secret-of-service-0123456789").body(kind, b"grant_type=client_credentials").send().await;
            answer.status(200);
        }
    }

    /// RFC 6749 §3.2: "Request and response parameters MUST NOT be included more than once."
    async fn a_parameter_twice_is_invalid_request(world: World) {
        world.service().await;
        for (path, body) in [
            ("/token", "grant_type=client_credentials&grant_type=client_credentials"),
            ("/token", "grant_type=client_credentials&scope=notes.read&scope=notes.read"),
            ("/introspect", "token=x&token=y"),
            ("/revoke", "token=x&token=y"),
        ] {
            let answer = world.post(path).basic("service", "secret-of-service-0123456789").body(FORM, body.as_bytes()).send().await;
            answer.refused(400, "invalid_request");
        }
    }

    /// Bytes that are no text, text that is no form, and U+0000 which PostgreSQL cannot hold.
    async fn wrong_encodings_are_invalid_request(world: World) {
        world.service().await;
        let bodies: &[&[u8]] = &[
            b"grant_type=client_credentials&scope=%FF%FE",
            b"grant_type=client_credentials&scope=\xff\xfe",
            b"grant_type=client_credentials&scope=a%00b",
            b"grant_type=client_credentials&scope=\0",
            b"grant_type=client_credentials&%00=x",
        ];
        for body in bodies {
            let answer = world.post("/token").basic("service", "secret-of-service-0123456789").body(FORM, body).send().await;
            assert_eq!(answer.status, 400, "{answer:?}");
            assert!(matches!(answer.text("error").as_str(), "invalid_request" | "invalid_scope"), "{answer:?}");
        }
        for path in ["/introspect", "/revoke"] {
            let answer = world.post(path).basic("service", "secret-of-service-0123456789").body(FORM, b"token=%00").send().await;
            answer.refused(400, "invalid_request");
        }
    }

    /// Bodies over 64 KiB are refused (RFC 9110 §15.5.14).
    async fn an_oversized_body_is_refused(world: World) {
        world.service().await;
        let body = format!("grant_type=client_credentials&x={}", "a".repeat(70_000));
        for path in FORMS {
            let answer = world.post(path).basic("service", "secret-of-service-0123456789").body(FORM, body.as_bytes()).send().await;
            assert!(matches!(answer.status, 400 | 413), "{path}: {answer:?}");
            assert_eq!(answer.text("error"), "invalid_request", "{path}");
            answer.not_stored();
        }
    }

    /// Thousands of parameters, long values, odd names: refused or answered, never broken.
    async fn odd_forms_break_nothing(world: World) {
        world.service().await;
        let many: String = (0..5000).map(|index| format!("&p{index}=1")).collect();
        let bodies = [
            String::new(),
            "&&&==&=".into(),
            "=".into(),
            "grant_type".into(),
            "grant_type=".into(),
            "grant_type=client_credentials&=".into(),
            "grant_type=%".into(),
            "grant_type=%zz".into(),
            "grant_type=client_credentials%0D%0Ax: y".into(),
            format!("grant_type={}", "a".repeat(60_000)),
            format!("grant_type=client_credentials{many}"),
        ];
        for path in FORMS {
            for body in &bodies {
                let answer = world.post(path).basic("service", "secret-of-service-0123456789").body(FORM, body.as_bytes()).send().await;
                assert!(matches!(answer.status, 200 | 400), "{path} {:.40}: {answer:?}", body);
            }
        }
    }

    /// RFC 6749 §5.2.
    async fn the_grant_type_is_checked(world: World) {
        let service = world.service().await;
        service.token(&[]).await.refused(400, "invalid_request");
        service.token(&[("grant_type", "")]).await.refused(400, "invalid_request");
        for grant in ["password", "implicit", "nonsense", "Client_Credentials", "urn:ietf:params:oauth:grant-type:nonsense", "<b>"] {
            service.token(&[("grant_type", grant)]).await.refused(400, "unsupported_grant_type");
        }
    }

    /// Odd queries to /authorize: a page or an answer to the client, never a redirect elsewhere.
    async fn odd_authorization_requests_break_nothing(world: World) {
        world.app().await;
        let good = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
        let queries = [
            String::new(),
            "?".into(),
            "?&&&=".into(),
            "?%".into(),
            "?client_id=%FF".into(),
            "?client_id=a%00b".into(),
            "?client_id=app&redirect_uri=%00".into(),
            format!("?{good}"),
            format!("?{good}&response_type=code&state=%00"),
            format!("?{good}&response_type=code&state=%FF"),
            format!("?{good}&response_type=code&state=a%0D%0Ab"),
            format!("?{good}&response_type=code&scope=openid&state={}", "s".repeat(20_000)),
            format!("?{good}&response_type=%00"),
            format!("?{good}&max_age=99999999999999999999"),
        ];
        for query in queries {
            let page = world.browser().get(&format!("/authorize{query}")).await;
            match &page.leaving {
                Some(url) => assert_eq!(url.host_str(), Some("app.example"), "{query:.80}"),
                None => assert!(matches!(page.answer.status, 200 | 400 | 414), "{query:.80}: {}", page.answer.status),
            }
        }
    }

    /// Odd answers to the sign-in and consent pages.
    async fn odd_answers_to_the_pages_break_nothing(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let page = browser.get(&world.flow(&app).url()).await;
        let action = page.url.join(&page.form("sign-in").action).unwrap();
        let path = &action[url::Position::BeforePath..];
        let cookies: Vec<String> = browser.cookies().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let bodies: &[&[u8]] = &[b"", b"username=alice", b"username=%00&password=%00", b"username=%FF&password=x",
            b"username=a&username=b&password=x", b"interaction=x&username=alice&password=x", b"\xff\xfe"];
        for path in [path, "/consent", "/consent?interaction=forged", "/login?interaction=forged", "/authorize/continue?interaction=forged"] {
            for body in bodies {
                let answer = world
                    .post(path)
                    .header("origin", world.issuer())
                    .header("sec-fetch-site", "same-origin")
                    .header("cookie", &cookies.join("; "))
                    .body(FORM, body)
                    .send()
                    .await;
                assert!(answer.status < 500, "{path}: {answer:?}");
                if (300..400).contains(&answer.status) {
                    let next = action.join(answer.header("location")).unwrap();
                    assert_eq!(next.origin(), action.origin(), "{path}: {next}");
                }
            }
        }
        let long = format!("username=alice&password={}", "p".repeat(5000));
        let answer = world.post(path).header("origin", world.issuer()).header("sec-fetch-site", "same-origin")
            .header("cookie", &cookies.join("; ")).body(FORM, long.as_bytes()).send().await;
        assert!(answer.status < 500, "a long password: {answer:?}");
    }

    /// Cookies that no server set.
    async fn odd_cookies_break_nothing(world: World) {
        let app = world.app().await;
        let path = world.flow(&app).with("prompt", "none").url();
        for cookie in ["", "=", ";;;", "grantor-main", "grantor-main=", "grantor-main=\"x\"", "grantor-main=a; grantor-main=b", "\u{e9}=\u{e9}"] {
            let answer = world.get(&path).header("cookie", cookie).send().await;
            assert_eq!(answer.status, 303, "{cookie}: {answer:?}");
            assert!(answer.header("location").contains("error=login_required"), "{cookie}: {answer:?}");
        }
    }

    /// An address that does not exist is a page with 404, and tells nothing.
    async fn what_does_not_exist_is_404(world: World) {
        for path in ["/nothing", "/realms", "/realms/x", "/realms/x/token", "/.well-known/nothing", "/token/x", "/%00", "/%FF", "/..%2f..%2fetc/passwd"] {
            let answer = world.get(path).send().await;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
    }

    /// RFC 6749 §5.2: JSON, whatever `Accept` says.
    async fn errors_are_json_whatever_accept_says(world: World) {
        for path in FORMS {
            for accept in ["text/html", "application/xml", "*/*;q=0", ""] {
                let answer = world.post(path).header("accept", accept).body(FORM, b"x=y").send().await;
                assert!(matches!(answer.status, 400 | 401), "{path} {accept}: {answer:?}");
                answer.json();
            }
        }
    }
}
