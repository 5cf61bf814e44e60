//! Pages: the shell that all share, and the responses that carry them.
//!
//! # A page of another crate
//! Beside its Cargo.toml, the crate has an `askama.toml` with the shell's folder after its own (paths are relative to the crate):
//! ```toml
//! [general]
//! dirs = ["templates", "../web/templates"]
//! ```
//! Its template extends the shell and fills its blocks. The struct has a field `shell` (any way of owning it will do):
//! ```html
//! {% extends "shell.html" %}
//! {% block main %}
//! <h1>Sign in</h1>
//! <p class="lead">to continue to <strong>{{ application }}</strong></p>
//! {% endblock %}
//! ```
//! ```ignore
//! #[derive(askama::Template)]
//! #[template(path = "sign_in.html")]
//! struct SignIn { shell: web::page::Shell, application: String }
//! let page = SignIn { shell: Shell::new("Sign in").realm(&name, realm.path()), application };
//! web::page::render(StatusCode::OK, &page, &Csp::default())
//! ```
//! Template names must not clash with those of this crate: `shell.html`, `problem.html`. Blocks: `main` (inside the card or the wide column),
//! `after` (below the card, small print), `head` (more `<link>`s). `Shell::wide` gives the full-width layout without a card, which the demo and
//! the documentation use. The components' markup is shown by `examples/gallery.rs`, one section each.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::headers::{self, Csp};

/// What the shell of a page shows.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The page's title, without the realm's name.
    pub title: String,
    /// The realm's name as people know it; empty shows the product's own.
    pub realm_name: String,
    /// What links start with: "" or "/realms/NAME".
    pub base: String,
    /// The language of the text (BCP 47).
    pub lang: String,
    /// The address of the realm's logo on our own host.
    pub logo: Option<String>,
    /// The address of a stylesheet on our own host that sets the accent ([`crate::theme::Accent::stylesheet`]).
    pub theme: Option<String>,
    /// The full-width layout instead of the card.
    pub wide: bool,
    /// Who is signed in, shown at the top.
    pub person: Option<String>,
    /// Links at the top of a wide page: (text, address).
    pub links: Vec<(String, String)>,
    /// Whether the script that sends the page's only form is included ([`crate::assets::submit_script_path`]).
    pub submits: bool,
}

impl Shell {
    /// The shell of a card page in English.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            realm_name: String::new(),
            base: String::new(),
            lang: "en".to_owned(),
            logo: None,
            theme: None,
            wide: false,
            person: None,
            links: Vec::new(),
            submits: false,
        }
    }

    /// The same, of a realm: the name that people know and the prefix of its links.
    pub fn realm(mut self, name: impl Into<String>, base: impl Into<String>) -> Self {
        self.realm_name = name.into();
        self.base = base.into();
        self
    }

    /// The same, with the full-width layout.
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The same, naming who is signed in.
    pub fn person(mut self, name: impl Into<String>) -> Self {
        self.person = Some(name.into());
        self
    }

    /// The same, with one more link at the top.
    pub fn link(mut self, text: impl Into<String>, address: impl Into<String>) -> Self {
        self.links.push((text.into(), address.into()));
        self
    }

    /// What the header calls us.
    pub fn name(&self) -> &str {
        if self.realm_name.is_empty() {
            "grantor"
        } else {
            &self.realm_name
        }
    }

    /// The first letter of the name, for a realm without a logo.
    pub fn initial(&self) -> String {
        let first = self.name().chars().find(|c| c.is_alphanumeric());
        first.map_or_else(|| "g".to_owned(), |c| c.to_uppercase().to_string())
    }

    /// The stylesheet's address.
    pub fn stylesheet(&self) -> &'static str {
        crate::assets::stylesheet_path()
    }

    /// The submitting script's address.
    pub fn submit_script(&self) -> &'static str {
        crate::assets::submit_script_path()
    }
}

/// Renders `template` as a page with all its headers; 500 when it cannot be rendered.
pub fn render(status: StatusCode, template: &impl Template, csp: &Csp) -> Response {
    match template.render() {
        Ok(text) => html(status, text, csp),
        Err(error) => {
            tracing::error!(%error, "a template cannot be rendered");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "This page cannot be shown.",
            )
                .into_response()
        }
    }
}

/// A page of rendered HTML with all its headers.
pub fn html(status: StatusCode, rendered: String, csp: &Csp) -> Response {
    let mut response = (status, rendered).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers::page(headers, csp);
    response
}

/// What went wrong, said to a person.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The shell; its title is the heading.
    pub shell: Shell,
    /// What happened and what to do, in a sentence or two.
    pub text: String,
    /// Facts for whoever runs the application: (name, value).
    pub details: Vec<(String, String)>,
    /// Where to go from here: (text, address).
    pub action: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    shell: &'a Shell,
    text: &'a str,
    details: &'a [(String, String)],
    action: Option<&'a (String, String)>,
}

impl Problem {
    /// A problem with nothing but a heading and a text.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            shell: Shell::new(title),
            text: text.into(),
            details: Vec::new(),
            action: None,
        }
    }

    /// The same, of a realm.
    pub fn realm(mut self, name: impl Into<String>, base: impl Into<String>) -> Self {
        self.shell = self.shell.realm(name, base);
        self
    }

    /// The same, with one more fact.
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.push((name.into(), value.into()));
        self
    }

    /// The same, with a way on.
    pub fn action(mut self, text: impl Into<String>, address: impl Into<String>) -> Self {
        self.action = Some((text.into(), address.into()));
        self
    }

    /// The page.
    pub fn into_response(self, status: StatusCode) -> Response {
        let page = ProblemPage {
            shell: &self.shell,
            text: &self.text,
            details: &self.details,
            action: self.action.as_ref(),
        };
        render(status, &page, &Csp::default())
    }
}

/// A page that says what went wrong: [`Problem`] without its extras.
pub fn problem(status: StatusCode, title: impl Into<String>, text: impl Into<String>) -> Response {
    Problem::new(title, text).into_response(status)
}

/// 303 to `location`, never stored. A location that no header can carry is a 500.
pub fn see_other(location: &str) -> Response {
    let Ok(value) = HeaderValue::from_str(location) else {
        tracing::error!("a redirect's location cannot be sent");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, value);
    headers::no_store(&mut headers);
    headers::secure(&mut headers);
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn body(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_problem_page_escapes_what_it_shows_and_is_never_stored() {
        let problem = Problem::new("Nothing here", "<script>alert(1)</script>")
            .detail("client_id", "\"><img src=x>")
            .action("Start again", "/");
        let response = problem.into_response(StatusCode::BAD_REQUEST);
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["x-frame-options"], "DENY");
        let html = body(response).await;
        assert!(
            !html.contains("<script>alert") && !html.contains("<img src=x>"),
            "{html}"
        );
        assert!(html.contains("<title>Nothing here"), "{html}");
    }

    #[tokio::test]
    async fn a_page_has_no_inline_script_or_style() {
        let html = body(problem(StatusCode::NOT_FOUND, "a", "b")).await;
        for banned in ["<script", "<style", "style=", " onclick", "javascript:"] {
            assert!(!html.contains(banned), "{banned} in {html}");
        }
    }

    #[test]
    fn a_location_that_would_split_the_header_is_not_sent() {
        assert_eq!(
            see_other("/a\r\nb: c").status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        let response = see_other("/login?x=1");
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/login?x=1");
    }
}
