//! Just enough of a browser: cookies, forms, redirects one at a time.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reqwest::{Client, Method, Response, header};

/// A browser with cookies that follows nothing by itself.
pub struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// One without cookies.
    pub fn new() -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            cookies: BTreeMap::new(),
        }
    }

    /// The `Cookie` header as it stands.
    pub fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Opens a page.
    pub async fn get(&mut self, url: &str) -> Response {
        self.send(Method::GET, url, &[]).await
    }

    /// Sends a form from a page of the same origin.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Response {
        self.send(Method::POST, url, form).await
    }

    async fn send(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Response {
        let mut request = self
            .http
            .request(method.clone(), url)
            .header(header::COOKIE, self.cookie());
        if method == Method::POST {
            let origin: url::Url = url.parse().unwrap();
            request = request
                .header(header::ORIGIN, origin.origin().ascii_serialization())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(encode(form));
        }
        let response = request.send().await.unwrap();
        for value in response.headers().get_all(header::SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

/// A form as it travels.
pub fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// Where a redirect goes, as an absolute URL on `address` or elsewhere.
pub fn location(response: &Response, address: SocketAddr) -> url::Url {
    let text = response.headers()[header::LOCATION].to_str().unwrap();
    url::Url::parse(&format!("http://localhost:{}", address.port()))
        .unwrap()
        .join(text)
        .unwrap()
}

/// The hidden fields of a page's form: name and value.
pub fn hidden_fields(page: &str) -> Vec<(String, String)> {
    page.split("<input type=\"hidden\"")
        .skip(1)
        .map(|rest| {
            let tag = rest.split('>').next().unwrap();
            let attribute = |name: &str| {
                let (_, after) = tag.split_once(&format!("{name}=\"")).unwrap();
                after.split('"').next().unwrap().to_owned()
            };
            (attribute("name"), attribute("value"))
        })
        .collect()
}
