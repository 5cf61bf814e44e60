//! Clients and verifiers that somebody else wrote: `oauth2`, `openidconnect` and `jsonwebtoken`. They take the machine's time and insist on https in
//! places, so their worlds have both.

mod jsonwebtoken;
mod oauth2;
mod oauth2_device;
mod openidconnect;

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use ::oauth2::{ClientSecret, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use crate::harness::{Browser, Client, World, query_of};

/// A world on https at the machine's time. When it goes, nothing secret of it may be in the log.
struct Today(World);

impl Today {
    async fn new(world: &World) -> Self {
        Self::ago(world, 0).await
    }

    /// A world that lags behind the machine by so many seconds.
    async fn ago(world: &World, seconds: i64) -> Self {
        let start = ambient::Clock::System.now() - seconds;
        Self(world.another_at("https://id.example", start).await)
    }

    /// The address of an endpoint, as the metadata names it.
    async fn endpoint(&self, name: &str) -> String {
        let metadata = self.get("/.well-known/oauth-authorization-server");
        metadata.send().await.text(name)
    }
}

impl Deref for Today {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Drop for Today {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let leaks = self.0.leaks();
            assert!(leaks.is_empty(), "in the log:\n{}", leaks.join("\n"));
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, std::io::Error>> + Send>>;

/// Carries a foreign client's requests to the router, which stands for the host of the issuer and no other.
fn http(world: &World) -> impl Fn(HttpRequest) -> Answering + use<> {
    let world = world.clone();
    move |request| {
        let world = world.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = Url::parse(&parts.uri.to_string()).expect("an address");
            let issuer = Url::parse(world.issuer()).expect("an issuer");
            assert_eq!(url.origin(), issuer.origin(), "not of this server: {url}");
            let path = &url[url::Position::BeforePath..];
            let mut call = world.call(parts.method.as_str(), path).raw(body);
            for (name, value) in &parts.headers {
                call = call.header(name.as_str(), value.to_str().expect("a header"));
            }
            let answer = call.send().await;
            let mut response = http::Response::builder().status(answer.status);
            for (name, value) in &answer.headers {
                response = response.header(name, value);
            }
            Ok(response.body(answer.body.into_bytes()).expect("an answer"))
        })
    }
}

/// The secret of a client, in the type that both crates share.
fn secret(client: &Client) -> ClientSecret {
    ClientSecret::new(client.secret.clone().expect("a secret"))
}

/// A challenge and its verifier, which must not be logged.
fn pkce(world: &World) -> (PkceCodeChallenge, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    world.remember(verifier.secret());
    (challenge, verifier)
}

/// Follows the address that a foreign client made, as alice; hands back what the client receives. `state` and `iss` (RFC 9207 §2.4) are checked here,
/// which both crates leave to their caller.
async fn follow(
    world: &World,
    app: &Client,
    browser: &mut Browser,
    url: &Url,
    state: &str,
) -> BTreeMap<String, String> {
    let page = browser.get(url.as_str()).await;
    let page = world.flow(app).go_on(browser, page).await;
    let back = page.left();
    assert!(back.as_str().starts_with(&app.redirect_uri), "{back}");
    let response = query_of(back);
    assert_eq!(response.get("state").map(String::as_str), Some(state));
    assert_eq!(
        response.get("iss").map(String::as_str),
        Some(world.issuer())
    );
    response
}
