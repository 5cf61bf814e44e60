//! A person's device: where they answer what clients ask them behind the browser's back (OpenID Connect CIBA Core §8). It uses grantor's pages as a browser
//! without scripts would, since the suite has no browser for this.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::Failure;
use crate::grantor::{Grantor, PASSWORD, USERNAME};

/// How many redirects and forms one answer takes at most.
const STEPS: usize = 40;

/// The device, signed in or not.
pub(crate) struct Device {
    client: Client,
    issuer: String,
    cookies: BTreeMap<String, String>,
}

impl Device {
    /// A new one, on which nobody is signed in.
    pub(crate) fn new(grantor: &Grantor) -> Result<Self, Failure> {
        let client = Client::builder()
            // Its certificate was made for this run alone, on this machine.
            .tls_danger_accept_invalid_certs(true)
            .redirect(Policy::none())
            .build()?;
        Ok(Self {
            client,
            issuer: grantor.issuer.clone(),
            cookies: BTreeMap::new(),
        })
    }

    /// Answers whatever waits for an answer, and says how much that was.
    pub(crate) async fn answer(&mut self, allows: bool) -> Result<usize, Failure> {
        let decision = if allows { "allow" } else { "deny" };
        let mut answered = 0;
        let mut page = self.open("/account/approvals").await?;
        for _ in 0..STEPS {
            page = if page.contains(r#"id="sign-in""#) {
                let interaction = hidden(&page, "interaction").unwrap_or_default();
                let form = [
                    ("interaction", interaction),
                    ("username", USERNAME),
                    ("password", PASSWORD),
                ];
                self.send("/login", &form).await?
            } else if let Some(approval) = hidden(&page, "approval") {
                answered += 1;
                let form = [("approval", approval), ("decision", decision)];
                self.send("/account/approvals", &form).await?
            } else {
                return Ok(answered);
            };
        }
        Err("the device finds no end of questions".into())
    }

    async fn open(&mut self, path: &str) -> Result<String, Failure> {
        let url = format!("{}{path}", self.issuer);
        let request = self.client.get(url).header(COOKIE, self.cookie());
        let response = request.send().await?;
        self.follow(response).await
    }

    async fn send(&mut self, path: &str, form: &[(&str, &str)]) -> Result<String, Failure> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(format!("{}{path}", self.issuer))
            .header(COOKIE, self.cookie())
            .header(ORIGIN, &self.issuer)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = request.send().await?;
        self.follow(response).await
    }

    /// The page that the browser arrives at.
    async fn follow(&mut self, mut response: Response) -> Result<String, Failure> {
        for _ in 0..STEPS {
            for cookie in response.headers().get_all(SET_COOKIE) {
                let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').ok_or("a cookie has no name")?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(location) = response.headers().get(LOCATION) else {
                return Ok(response.text().await?);
            };
            let next: Url = response.url().join(location.to_str()?)?;
            if !next.as_str().starts_with(&self.issuer) {
                return Err(format!("the device is sent to {next}").into());
            }
            let request = self.client.get(next).header(COOKIE, self.cookie());
            response = request.send().await?;
        }
        Err("the device is sent in circles".into())
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

/// The value of the first hidden field of this name.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let start = format!(r#"<input type="hidden" name="{name}" value=""#);
    let (_, rest) = page.split_once(start.as_str())?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hidden_field_of_a_name_is_found() {
        let page = r#"<input type="hidden" name="a" value="1"><input type="hidden" name="b" value="2"><input type="hidden" name="b" value="3">"#;
        assert_eq!(hidden(page, "b"), Some("2"));
        assert_eq!(hidden(page, "c"), None);
    }
}
