use axum::body::Body;
use db::Engine;
use http::{HeaderValue, Method, StatusCode, header};
use identity::{LimitOptions, Options, Rate};

use crate::browser::{PASSWORD, World};

on_both_engines!(
    what_is_not_a_form_is_refused,
    duplicate_and_nul_fields_are_refused,
    an_endless_body_is_refused,
    a_post_from_another_origin_is_refused,
    other_methods_are_refused,
    a_strange_cookie_is_no_session,
    too_many_tries_are_refused_for_a_while,
    strange_queries_make_no_error_of_ours,
);

async fn what_is_not_a_form_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    for (kind, body) in [
        ("application/json", r#"{"username":"alice","password":"x"}"#),
        ("text/plain", "username=alice&password=x"),
        ("multipart/form-data; boundary=x", "--x--"),
    ] {
        let mut request = browser.form(body);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let page = browser.send(request).await;
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let mut request = browser.form("username=alice&password=x");
    request.headers_mut().remove(header::CONTENT_TYPE);
    let page = browser.send(request).await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn duplicate_and_nul_fields_are_refused(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    for body in [
        "username=alice&username=bob&password=x",
        "username=alice&password=x&password=y",
        "username=alice&password=x%00",
        "username=ali%00ce&password=x",
        "username=alice&password=%ff%fe",
        "interaction=a&interaction=b&username=alice&password=x",
    ] {
        let page = browser.send(browser.form(body)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(world.identity.passwords().verified(), 0);
    for body in [
        "",
        "username=alice",
        "password=x",
        "username=&password=",
        "username=%20&password=x",
    ] {
        let page = browser.send(browser.form(body)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(world.identity.passwords().verified(), 0);
}

async fn an_endless_body_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let body = format!("username=alice&password={}", "x".repeat(70_000));
    let page = browser.send(browser.form(&body)).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn a_post_from_another_origin_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    let body = format!("username=alice&password={PASSWORD}");
    let foreign: [&[(&str, &str)]; 3] = [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://other.localhost:8080"),
        ],
        &[("origin", "https://evil.example")],
    ];
    for headers in foreign {
        let mut request = browser.form(&body);
        request.headers_mut().remove("sec-fetch-site");
        for &(name, value) in headers {
            request.headers_mut().insert(
                header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let page = browser.send(request).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(!page.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(world.events("sign_in.succeeded").await, 0);
}

async fn other_methods_are_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let mut request = browser.form("");
        *request.method_mut() = method.clone();
        let page = browser.send(request).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(page.headers.contains_key(header::ALLOW));
    }
}

async fn a_strange_cookie_is_no_session(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let (name, value) = browser
        .cookies
        .iter()
        .next()
        .map(|(n, v)| (n.clone(), v.clone()))
        .unwrap();
    let fixed = "A".repeat(43);
    for strange in [
        "",
        "x",
        &value[1..],
        &format!("{value}A"),
        &"%00".repeat(14),
        &fixed,
        &"é".repeat(20),
    ] {
        let mut request = browser.request(Method::GET, "/login", Body::empty());
        let cookie = HeaderValue::from_bytes(format!("{name}={strange}").as_bytes()).unwrap();
        request.headers_mut().insert(header::COOKIE, cookie);
        let page = browser.send(request).await;
        assert_eq!(page.status, StatusCode::OK, "{strange:?}");
        assert!(page.has("id=\"password\""), "{strange:?}");
    }
    // A value planted before sign-in is not the one that is used after it.
    let mut victim = world.browser();
    victim.cookies.insert(name.clone(), fixed.clone());
    victim.sign_in("alice").await;
    assert_ne!(victim.cookies[&name], fixed);
    let mut attacker = world.browser();
    attacker.cookies.insert(name, fixed);
    assert!(attacker.get("/login").await.has("id=\"password\""));
}

async fn too_many_tries_are_refused_for_a_while(engine: Engine) {
    let options = Options {
        limits: LimitOptions {
            per_name_and_address: Rate {
                burst: 3,
                seconds_each: 30,
            },
            per_address: Rate {
                burst: 100,
                seconds_each: 1,
            },
        },
        ..Options::for_tests()
    };
    let world = World::with(engine, options).await;
    world.person("alice").await;
    let mut browser = world.browser();
    for _ in 0..3 {
        let page = browser
            .post(&[("username", "alice"), ("password", "wrong")])
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The right password is refused as well: otherwise the limit would tell which one it is.
    let page = browser.sign_in("ALICE").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = page.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    world.ambient.clock.advance(wait);
    assert_eq!(browser.sign_in("alice").await.status, StatusCode::SEE_OTHER);
}

async fn strange_queries_make_no_error_of_ours(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    for path in [
        "/login?interaction=a&interaction=b",
        "/login?interaction=%00",
        "/login?interaction=%ff",
        "/login?interaction=..%2F..%2Fetc",
        "/login?interaction=s.",
        "/login?interaction=s.AAAA",
        "/login?interaction=AAAA",
        "/login?interaction=https:%2F%2Fevil.example",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(!page.headers.contains_key(header::LOCATION));
    }
    let long = format!("/login?interaction={}", "A".repeat(5000));
    assert_eq!(browser.get(&long).await.status, StatusCode::BAD_REQUEST);
    for path in [
        "/login?interaction=",
        "/login?account=x",
        "/login?x=y&resume=https://evil.example",
    ] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
}
