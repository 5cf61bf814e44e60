//! The authorization response: by redirect or by a form that the browser posts; with `iss` always (RFC 9207 §2).

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::authorization::{ResponseMode, response_url};
use web::headers::Csp;
use web::page::{self, Shell};

use super::request::Answer;
use crate::call::Call;
use crate::pages;
use crate::refusal::Refusal;

/// Sends the code.
pub(crate) fn code(call: &Call, answer: &Answer, code: &str) -> Response {
    send(call, answer, &[("code", code)])
}

/// Sends a refusal.
pub(crate) fn refusal(call: &Call, answer: &Answer, refusal: &Refusal) -> Response {
    refusal.log(call.realm.name(), "authorization", Some(&answer.client));
    let (code, description) = refusal.wire();
    let pairs = [
        ("error", code.as_str()),
        ("error_description", description.as_str()),
    ];
    send(call, answer, &pairs)
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    shell: Shell,
    action: &'a str,
    host: &'a str,
    pairs: &'a [(&'a str, &'a str)],
}

fn send(call: &Call, answer: &Answer, pairs: &[(&str, &str)]) -> Response {
    let mut pairs = pairs.to_vec();
    if let Some(state) = &answer.state {
        pairs.push(("state", state));
    }
    pairs.push(("iss", call.realm.issuer()));
    let url = response_url(&answer.to, answer.mode, &pairs);
    match answer.mode {
        ResponseMode::Query => web::page::see_other(&url),
        ResponseMode::FormPost => {
            let mut shell = pages::shell(call, "Going back");
            shell.submits = true;
            let page = FormPost {
                shell,
                action: &url,
                host: answer.to.host(),
                pairs: &pairs,
            };
            let csp = Csp::form_action([answer.to.origin_for_csp()]).with_scripts();
            page::render(StatusCode::OK, &page, &csp)
        }
    }
}
