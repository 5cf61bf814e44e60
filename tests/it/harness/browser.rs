//! A browser without scripts: cookies, redirects inside the origin, forms; and it checks on every page what must hold on every page.

use std::collections::BTreeMap;

use http::HeaderMap;
use url::Url;

use super::html::{self, Form, elements};
use super::{Answer, World};

/// A cookie jar and a way to follow links.
pub struct Browser {
    world: World,
    cookies: BTreeMap<String, String>,
    address: String,
    languages: Option<String>,
}

/// Where a browser has arrived.
#[derive(Debug, Clone)]
pub struct Page {
    /// The last address inside the origin.
    pub url: Url,
    /// The last answer.
    pub answer: Answer,
    /// The address outside of the origin to which the last answer redirects.
    pub leaving: Option<Url>,
    /// The statuses and paths on the way, the last one included.
    pub way: Vec<String>,
}

impl Page {
    /// The text of the page.
    pub fn html(&self) -> &str {
        &self.answer.body
    }

    /// Whether an element has that id.
    pub fn has(&self, id: &str) -> bool {
        elements(self.html())
            .iter()
            .any(|element| element.get("id") == id)
    }

    /// Whether the text, entities resolved and tags left out, holds this.
    pub fn says(&self, text: &str) -> bool {
        self.words().contains(text)
    }

    /// The text without tags, white space made single.
    pub fn words(&self) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in self.html().chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    out.push(' ');
                }
                c if !inside => out.push(c),
                _ => {}
            }
        }
        let text = html::unescape(&out);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The form that holds the element of that id.
    #[track_caller]
    pub fn form(&self, id: &str) -> Form {
        html::forms(self.html())
            .into_iter()
            .find(|form| {
                form.ids.contains_key(id) || form.buttons.iter().any(|(button, ..)| button == id)
            })
            .unwrap_or_else(|| {
                panic!(
                    "no form holds #{id}: {} {}",
                    self.answer.status,
                    self.html()
                )
            })
    }

    /// The first form that is sent to that path.
    #[track_caller]
    pub fn form_to(&self, path: &str) -> Form {
        html::forms(self.html())
            .into_iter()
            .find(|form| form.action.ends_with(path))
            .unwrap_or_else(|| panic!("no form is sent to {path}: {}", self.html()))
    }

    /// The address outside to which it leads.
    #[track_caller]
    pub fn left(&self) -> &Url {
        match &self.leaving {
            Some(url) => url,
            None => panic!(
                "still at {} {}: {}",
                self.answer.status,
                self.url,
                self.html()
            ),
        }
    }
}

impl Browser {
    /// A browser at the address 192.0.2.7.
    pub fn new(world: World) -> Self {
        Self {
            world,
            cookies: BTreeMap::new(),
            address: "192.0.2.7".into(),
            languages: None,
        }
    }

    /// The cookies, by name.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    /// Goes on at another node.
    pub fn move_to(&mut self, world: &World) {
        self.world = world.clone();
    }

    /// Moves to another network address.
    pub fn set_address(&mut self, address: &str) {
        self.address = address.into();
    }

    /// Prefers these languages from now on (`Accept-Language`).
    pub fn speak(&mut self, languages: &str) {
        self.languages = Some(languages.into());
    }

    /// Opens an address, as when it is typed or a link of another site is followed.
    pub async fn get(&mut self, address: &str) -> Page {
        self.go("GET", address, None, "cross-site").await
    }

    /// Sends the form that holds the button, with these values by id or by name, and presses the button.
    pub async fn press(&mut self, page: &Page, button: &str, values: &[(&str, &str)]) -> Page {
        let form = page.form(button);
        let pressed = form.buttons.iter().find(|(id, ..)| id == button).cloned();
        self.submit(page, form, pressed, values).await
    }

    /// Sends a form with these values and no button.
    pub async fn send(&mut self, page: &Page, form: Form, values: &[(&str, &str)]) -> Page {
        self.submit(page, form, None, values).await
    }

    async fn submit(
        &mut self,
        page: &Page,
        form: Form,
        pressed: Option<(String, String, String)>,
        values: &[(&str, &str)],
    ) -> Page {
        let mut fields = form.fields.clone();
        for (key, value) in values {
            // The name of a person who is asked again is shown and not a field.
            if *key == "username" && !form.ids.contains_key("username") {
                continue;
            }
            let name = form.ids.get(*key).map_or(*key, String::as_str).to_owned();
            fields.retain(|(field, _)| *field != name);
            fields.push((name, (*value).to_owned()));
        }
        if let Some((_, name, value)) = pressed
            && !name.is_empty()
        {
            fields.push((name, value));
        }
        for (name, value) in &fields {
            if name == "password" {
                self.world.remember(value);
            }
        }
        let target = page.url.join(&form.action).expect("an action");
        let pairs: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let next = if form.method == "post" {
            let body = super::call::encode(&pairs);
            self.go("POST", target.as_str(), Some(body), "same-origin")
                .await
        } else {
            let mut target = target;
            target.query_pairs_mut().clear().extend_pairs(&pairs);
            self.go("GET", target.as_str(), None, "same-origin").await
        };
        if let Some(outside) = &next.leaving {
            allowed_by_form_action(&page.answer.headers, outside);
        }
        next
    }

    /// A POST that another site makes the browser send: with SameSite=Lax no cookie goes along.
    pub async fn cross_site_post(&mut self, address: &str, pairs: &[(&str, &str)]) -> Page {
        let body = super::call::encode(pairs);
        self.go("POST", address, Some(body), "cross-site").await
    }

    async fn go(&mut self, method: &str, address: &str, body: Option<String>, site: &str) -> Page {
        let origin = Url::parse(self.world.issuer()).expect("an issuer");
        let mut url = origin.join(address).expect("an address");
        let mut method = method.to_owned();
        let mut body = body;
        let mut way = Vec::new();
        for _ in 0..12 {
            let answer = self.once(&method, &url, body.as_deref(), site).await;
            way.push(format!("{} {}", answer.status, url.path()));
            if !(300..400).contains(&answer.status) {
                check_page(&answer, &url);
                let leaving = None;
                return Page {
                    url,
                    answer,
                    leaving,
                    way,
                };
            }
            if method == "POST" {
                assert_eq!(answer.status, 303, "a redirect after POST is 303: {way:?}");
            }
            let next = url.join(answer.header("location")).expect("a location");
            if next.origin() != origin.origin() {
                let leaving = Some(next);
                return Page {
                    url,
                    answer,
                    leaving,
                    way,
                };
            }
            (url, method, body) = (next, "GET".into(), None);
        }
        panic!("redirected in a circle: {way:?}");
    }

    async fn once(&mut self, method: &str, url: &Url, body: Option<&str>, site: &str) -> Answer {
        let mut target = url.clone();
        target.set_fragment(None);
        let path = &target[url::Position::BeforePath..];
        let mut call = self.world.call(method, path).from(&self.address);
        call = call
            .header("sec-fetch-site", site)
            .header("accept", "text/html");
        if let Some(languages) = &self.languages {
            call = call.header("accept-language", languages);
        }
        if let Some(body) = body {
            let own = Url::parse(self.world.issuer())
                .expect("an issuer")
                .origin()
                .ascii_serialization();
            let origin = if site == "cross-site" {
                "https://evil.example"
            } else {
                &own
            };
            call = call
                .header("origin", origin)
                .body("application/x-www-form-urlencoded", body.as_bytes());
        }
        let left_behind = method == "POST" && site == "cross-site";
        if !left_behind && !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            call = call.header("cookie", &cookies.join("; "));
        }
        let answer = call.send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().expect("a cookie of printable characters");
            self.keep(text);
        }
        answer
    }

    /// Keeps or deletes a cookie, and checks what every cookie must be (DESIGN, browser rules).
    fn keep(&mut self, text: &str) {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .expect("a pair");
        let flags: Vec<String> = parts.map(str::to_lowercase).collect();
        let has = |flag: &str| flags.iter().any(|other| other == flag);
        // What the frame of Session Management reads, in pages of other sites, is for scripts.
        let (open, https) = (
            name.ends_with(".state"),
            self.world.issuer().starts_with("https:"),
        );
        let site = if open && https {
            "samesite=none"
        } else {
            "samesite=lax"
        };
        assert!(
            has("httponly") != open && has(site) && has("path=/"),
            "{text}"
        );
        assert!(
            !flags.iter().any(|flag| flag.starts_with("domain")),
            "{text}"
        );
        let secure = self.world.issuer().starts_with("https:");
        assert_eq!(
            (has("secure"), name.starts_with("__Host-")),
            (secure, secure),
            "{text}"
        );
        if has("max-age=0") || value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.into(), value.into());
        }
    }
}

/// What every page keeps to: no inline script or style, never framed, never sniffed, nothing from another host.
fn check_page(answer: &Answer, url: &Url) {
    if !answer.header("content-type").starts_with("text/html") {
        return;
    }
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{url} lacks {part}: {policy}");
    }
    assert!(policy.contains("form-action"), "{url}: {policy}");
    assert!(!policy.contains("unsafe"), "{url}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{url}");
    assert!(!answer.header("referrer-policy").is_empty(), "{url}");
    answer.not_stored();
    for element in elements(&answer.body) {
        assert!(
            !element.attributes.contains_key("style"),
            "inline style: {element:?}"
        );
        assert!(
            !element.attributes.keys().any(|name| name.starts_with("on")),
            "{element:?}"
        );
        assert!(element.name != "style", "an inline style sheet on {url}");
        assert!(
            element.name != "script" || !element.get("src").is_empty(),
            "an inline script on {url}"
        );
        if matches!(element.name.as_str(), "script" | "link" | "img") {
            let source = [element.get("src"), element.get("href")].concat();
            let foreign = source.starts_with("//") || source.contains("://");
            assert!(
                !foreign || source.starts_with(&url.origin().ascii_serialization()),
                "{source} on {url}"
            );
        }
    }
    let ids: Vec<String> = elements(&answer.body)
        .iter()
        .map(|element| element.get("id").to_owned())
        .filter(|id| !id.is_empty())
        .collect();
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "an id twice on {url}: {ids:?}");
}

/// Chromium applies `form-action` to the redirect that follows a form: a page whose form ends outside must name that place.
fn allowed_by_form_action(headers: &HeaderMap, outside: &Url) {
    let policy = headers
        .get("content-security-policy")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let sources: Vec<&str> = policy
        .split(';')
        .filter_map(|directive| directive.trim().strip_prefix("form-action"))
        .flat_map(str::split_whitespace)
        .collect();
    let origin = outside.origin().ascii_serialization();
    let scheme = format!("{}:", outside.scheme());
    let named = sources.iter().any(|source| {
        outside.as_str().starts_with(source) && source.starts_with(&origin) || **source == *scheme
    });
    assert!(
        named,
        "a browser would not follow to {outside}: form-action {sources:?}"
    );
}
