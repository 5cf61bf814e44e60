//! The response as a form (OAuth 2.0 Form Post Response Mode §2): a page that sends itself, by a script of ours and not an inline one, and a button for
//! browsers without scripts.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::redirect_uri::ReturnTo;
use web::headers::Csp;
use web::page::{self, Shell};

use crate::call::Call;
use crate::pages;

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    shell: Shell,
    action: &'a str,
    host: &'a str,
    pairs: &'a [(&'a str, &'a str)],
}

/// The page. Its form may lead to the matched redirect URI and nowhere else.
pub(super) fn page(call: &Call, to: &ReturnTo, pairs: &[(&str, &str)]) -> Response {
    form(call, (to, true), pairs)
}

/// The same page, which waits for its button.
pub(super) fn page_by_hand(call: &Call, to: &ReturnTo, pairs: &[(&str, &str)]) -> Response {
    form(call, (to, false), pairs)
}

fn form(call: &Call, (to, submits): (&ReturnTo, bool), pairs: &[(&str, &str)]) -> Response {
    let mut shell = pages::shell(call, "Going back");
    shell.submits = submits;
    let page = FormPost {
        shell,
        action: to.as_str(),
        host: to.host(),
        pairs,
    };
    let mut csp = Csp::form_action([to.origin_for_csp()]);
    if submits {
        csp = csp.with_scripts();
    }
    page::render(StatusCode::OK, &page, &csp)
}
