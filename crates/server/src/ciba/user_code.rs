//! The user code (OpenID Connect CIBA Core §7.1): what a person may set so that only those who know it make the phone ring. It proves nothing about who they
//! are, and opens nothing.

use askama::Template;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use db::{Batch, params};
use identity::Person;
use realm::{Event, Realm};
use subtle::ConstantTimeEq;
use web::headers::Csp;
use web::page::{self, Shell};

use super::approvals::{self, HOME};
use super::sql;
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::refusal::{Reason, Refusal};
use crate::{form, pages};

const PURPOSE: &str = "ciba_user_code";
/// How many characters a code has.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=32;

const UNFIT: &str = "A code has 4 to 32 characters: letters, digits and signs, without spaces.";

/// What a code is stored as: it has so few bits that a hash alone would give it away. Equal codes of two people look different.
fn seal(realm: &Realm, person: &str, code: &str) -> String {
    let named = format!("{person}\0{code}");
    jose::base64url::encode(realm.mac(PURPOSE, named.as_bytes()))
}

/// Whether the person may be asked by whoever sent this code. Who has set none is asked without.
///
/// # Errors
/// `missing_user_code`, `invalid_user_code`, or [`Refusal::TooMany`] after too many wrong ones.
pub(super) async fn check(
    call: &Call,
    client: &AuthenticatedClient,
    person: &Person,
    code: Option<&str>,
) -> Result<(), Refusal> {
    let realm = &call.realm;
    let Some(stored) = sql::user_code(realm, &person.id).await? else {
        return Ok(());
    };
    // Also for a client that did not register that it sends one: else it would be the way around.
    let code = code.ok_or(Reason::CibaUserCodeMissing)?;
    let limits = &call.server.ciba.limits;
    limits.guess(call, &client.id, &person.id)?;
    let sent = seal(realm, &person.id, code);
    if !bool::from(sent.as_bytes().ct_eq(stored.as_bytes())) {
        return Err(Reason::CibaUserCodeWrong.into());
    }
    limits.right(call, &client.id, &person.id);
    Ok(())
}

#[derive(Template)]
#[template(path = "user_code.html")]
struct Form<'a> {
    shell: Shell,
    is_set: bool,
    error: Option<&'a str>,
}

/// `GET /account/approvals/code`.
pub(crate) async fn show(call: Call) -> Response {
    let outcome = match approvals::signed_in(&call, &format!("{HOME}/code")).await {
        Ok((_, person)) => form(&call, &person, None).await,
        Err(response) => return *response,
    };
    outcome.unwrap_or_else(|refusal| pages::refused(&call, &refusal))
}

/// `POST /account/approvals/code`.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let person = match approvals::signed_in(&call, &format!("{HOME}/code")).await {
        Ok((_, person)) => person,
        Err(response) => return *response,
    };
    let code = match params.get("decision") {
        Some("remove") => None,
        _ => Some(params.get("new_code").unwrap_or_default().trim()),
    };
    let outcome = if code.is_some_and(|code| !is_code(code)) {
        form(&call, &person, Some(UNFIT)).await
    } else {
        let changed = change(&call, &person, code).await;
        changed.map(|()| page::see_other(&format!("{}{HOME}?done=code", call.realm.path())))
    };
    outcome.unwrap_or_else(|refusal| pages::refused(&call, &refusal))
}

fn is_code(text: &str) -> bool {
    let is_seen = |c: char| !c.is_control() && !c.is_whitespace();
    LENGTH.contains(&text.chars().count()) && text.chars().all(is_seen)
}

async fn change(call: &Call, person: &Person, code: Option<&str>) -> Result<(), Refusal> {
    let realm = &call.realm;
    let mut batch = Batch::new();
    let kind = match code {
        Some(code) => {
            let mac = seal(realm, &person.id, code);
            let values = params![realm.name(), &person.id, mac, call.now()];
            batch.run(&sql::SET_USER_CODE, values);
            "ciba.user_code_set"
        }
        None => {
            let values = params![realm.name(), &person.id];
            batch.run(&sql::FORGET_USER_CODE, values);
            "ciba.user_code_removed"
        }
    };
    let mut event = Event::new(kind).person(&person.id);
    event.address = call.address.map(|address| address.to_string());
    realm.record(&mut batch, event);
    crate::commit::commit(realm, batch).await?;
    Ok(())
}

async fn form(call: &Call, person: &Person, error: Option<&str>) -> Result<Response, Refusal> {
    let page = Form {
        shell: pages::shell(call, "Your code").person(person.shown_name()),
        is_set: sql::user_code(&call.realm, &person.id).await?.is_some(),
        error,
    };
    let status = match error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(page::render(status, &page, &Csp::default()))
}
