//! The code flow, step by step or all at once.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::{Answer, Browser, Client, Page, World, fragment_of, query_of};

/// The redirect URI of clients that name no other.
pub const CALLBACK: &str = "https://app.example/callback";

/// The person that signs in when a flow needs one.
pub const ALICE: (&str, &str) = ("alice", "correct-horse-battery");

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// One authorization request and what follows it.
#[derive(Clone)]
pub struct Flow {
    world: World,
    /// The client.
    pub client: Client,
    /// The parameters of the authorization request.
    pub parameters: BTreeMap<String, String>,
    /// The verifier of the challenge, sent with the code; empty for none.
    pub verifier: String,
}

/// What the token endpoint answered.
#[derive(Debug, Clone)]
pub struct Tokens(pub Value);

impl Tokens {
    fn text(&self, name: &str) -> &str {
        match self.0.get(name).and_then(Value::as_str) {
            Some(text) => text,
            None => panic!("no `{name}` in {}", self.0),
        }
    }

    /// The access token.
    pub fn access(&self) -> &str {
        self.text("access_token")
    }

    /// The refresh token.
    pub fn refresh(&self) -> &str {
        self.text("refresh_token")
    }

    /// The ID token.
    pub fn id(&self) -> &str {
        self.text("id_token")
    }

    /// The granted scope.
    pub fn scope(&self) -> &str {
        self.text("scope")
    }
}

impl Flow {
    /// A request with PKCE, a state and a nonce, for the scope `openid`.
    pub fn new(world: World, client: &Client) -> Self {
        let redirect_uri = client.redirect_uri.clone();
        let flow = Self {
            world,
            client: client.clone(),
            parameters: BTreeMap::new(),
            verifier: VERIFIER.into(),
        };
        flow.with("response_type", "code")
            .with("client_id", &client.id)
            .with("redirect_uri", &redirect_uri)
            .with("scope", "openid")
            .with("state", "a state & more")
            .with("nonce", "n-0S6_WzA2Mj")
            .with("code_challenge", CHALLENGE)
            .with("code_challenge_method", "S256")
    }

    /// The same flow at another node.
    pub fn at(mut self, world: &World) -> Self {
        self.world = world.clone();
        self.client = self.client.at(world);
        self
    }

    /// Sets a parameter.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Leaves a parameter out.
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.remove(name);
        self
    }

    /// Leaves PKCE out.
    pub fn without_pkce(mut self) -> Self {
        self.verifier.clear();
        self.without("code_challenge")
            .without("code_challenge_method")
    }

    /// The address to which the client sends the browser.
    pub fn url(&self) -> String {
        let pairs: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        format!("/authorize?{}", super::call::encode(&pairs))
    }

    /// The status of the first answer to the request.
    pub async fn status(&self) -> u16 {
        self.world.get(&self.url()).send().await.status
    }

    /// Opens the request and signs alice in where that is asked for: what she sees then.
    pub async fn seen_in(&self, browser: &mut Browser) -> Page {
        let page = browser.get(&self.url()).await;
        if page.leaving.is_none() && page.has("password") {
            let fields = [("username", ALICE.0), ("password", ALICE.1)];
            return browser.press(&page, "sign-in", &fields).await;
        }
        page
    }

    /// The page on which she is asked to consent.
    pub async fn consent_in(&self, browser: &mut Browser) -> Page {
        let page = self.seen_in(browser).await;
        assert!(page.has("allow"), "{}", page.words());
        page
    }

    /// Whether she is asked anything.
    pub async fn asks_in(&self, browser: &mut Browser) -> bool {
        self.seen_in(browser).await.leaving.is_none()
    }

    /// Opens the request and does whatever the pages ask for, as alice, until the browser leaves or no known page is left.
    pub async fn walk(&self, browser: &mut Browser) -> Page {
        let page = browser.get(&self.url()).await;
        self.go_on(browser, page).await
    }

    /// Does whatever the pages ask for, from this page on.
    pub async fn go_on(&self, browser: &mut Browser, mut page: Page) -> Page {
        for _ in 0..4 {
            if page.leaving.is_some() {
                return page;
            } else if page.has("password") {
                let fields = [("username", ALICE.0), ("password", ALICE.1)];
                page = browser.press(&page, "sign-in", &fields).await;
            } else if page.has("allow") {
                page = browser.press(&page, "allow", &[]).await;
            } else if page.html().contains("name=\"choose\"") {
                page = browser.press(&page, "continue", &[]).await;
            } else {
                return page;
            }
        }
        page
    }

    /// The parameters that the client receives at its redirect URI; checks `state` and `iss` (RFC 9207 §2).
    pub fn response(&self, page: &Page) -> BTreeMap<String, String> {
        let url = page.left();
        let wanted = Url::parse(&self.parameters["redirect_uri"]).expect("a redirect URI");
        assert_eq!(
            url[..url::Position::AfterPath],
            wanted[..url::Position::AfterPath]
        );
        // By one of the two, never by both.
        let query = match url.fragment() {
            Some(_) => {
                assert_eq!(url.query(), wanted.query(), "{url}");
                fragment_of(url)
            }
            None => query_of(url),
        };
        assert_eq!(query.get("state"), self.parameters.get("state"), "{url}");
        assert_eq!(
            query.get("iss").map(String::as_str),
            Some(self.world.issuer()),
            "{url}"
        );
        query
    }

    /// The code that a walk yields.
    pub async fn code(&self, browser: &mut Browser) -> String {
        let page = self.walk(browser).await;
        let response = self.response(&page);
        match response.get("code") {
            Some(code) => code.clone(),
            None => panic!("no code: {response:?}"),
        }
    }

    /// The code of a walk in a browser of its own.
    pub async fn fresh_code(&self) -> String {
        self.code(&mut self.world.browser()).await
    }

    /// Asks for the error that the client receives at its redirect URI, before anyone had to do anything.
    pub async fn error(&self, browser: &mut Browser) -> String {
        let page = browser.get(&self.url()).await;
        let response = self.response(&page);
        match response.get("error") {
            Some(error) => error.clone(),
            None => panic!("no error: {response:?}"),
        }
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with other parameters: an empty value leaves the parameter out.
    pub async fn redeem_with(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut form: BTreeMap<&str, &str> = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", &self.verifier),
        ]);
        if let Some(uri) = self.parameters.get("redirect_uri") {
            form.insert("redirect_uri", uri);
        }
        form.extend(changes.iter().copied());
        let pairs: Vec<(&str, &str)> = form
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        self.client.token(&pairs).await
    }

    /// The parameters that redeem a code for a client that names itself in the body.
    pub fn redemption(&self, code: &str) -> Vec<(String, String)> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", &self.verifier),
            ("client_id", &self.client.id),
        ];
        if let Some(uri) = self.parameters.get("redirect_uri") {
            form.push(("redirect_uri", uri));
        }
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        form.into_iter().map(owned).collect()
    }

    /// The whole flow in a browser of its own.
    pub async fn tokens(&self) -> Tokens {
        self.tokens_in(&mut self.world.browser()).await
    }

    /// The whole flow in this browser.
    pub async fn tokens_in(&self, browser: &mut Browser) -> Tokens {
        let code = self.code(browser).await;
        let answer = self.redeem(&code).await;
        answer.status(200);
        Tokens(answer.json())
    }
}
