//! `/account/approvals`: what clients ask the person who is signed in (OpenID Connect CIBA Core §8). What was shown travels sealed, bound to the person and the
//! session that saw it: nothing else can be allowed by its button.

use std::sync::Arc;

use askama::Template;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use identity::interaction::{self, Page};
use identity::{Person, Session};
use oauth::Scope;
use oauth::token::GrantType;
use realm::{Catalogue, Client, Realm};
use serde::{Deserialize, Serialize};
use web::headers::Csp;
use web::page::{self, Shell};

use super::rules::{self, Authentication, PENDING};
use super::sql::{self, Found};
use crate::call::Call;
use crate::consent::rules::Consent;
use crate::consent::words::{self, Item, Said, initial, items};
use crate::consent::{self, Described};
use crate::granting::authorization_details as details;
use crate::granting::rules as granting;
use crate::refusal::Refusal;
use crate::waiting::origin::Origin;
use crate::{form, pages};

/// The page.
pub(super) const HOME: &str = "/account/approvals";

const PURPOSE: &str = "approval";

/// Who saw which question.
#[derive(Serialize, Deserialize)]
pub(super) struct Shown {
    /// The request.
    pub(super) id: String,
    person: String,
    session: String,
    /// What was asked for.
    pub(super) scope: Scope,
}

impl Shown {
    fn seal(&self, realm: &Realm) -> Result<String, Refusal> {
        let text = serde_json::to_vec(self)
            .map_err(|_| Refusal::Failed("a question cannot be written".to_owned()))?;
        Ok(realm.seal(PURPOSE, text))
    }

    /// What was shown to whoever is signed in now; `None` when it was somebody else, in another session, or was never shown.
    pub(super) fn open(
        realm: &Realm,
        sealed: &str,
        (session, person): (&Session, &Person),
    ) -> Option<Self> {
        let shown: Self = serde_json::from_slice(&realm.unseal(PURPOSE, sealed)?).ok()?;
        (shown.person == person.id && shown.session == session.id).then_some(shown)
    }
}

/// The session and its person, or the way to sign in and back to `path`.
pub(crate) async fn signed_in(call: &Call, path: &str) -> Result<(Session, Person), Box<Response>> {
    match identity::session::current(&call.realm, &call.headers).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            let request = interaction::Request {
                resume: path.to_owned(),
                ..interaction::Request::default()
            };
            Err(Box::new(sign_in(call, request).await))
        }
        Err(error) => Err(Box::new(pages::refused(call, &error.into()))),
    }
}

/// Sends the browser to sign in.
async fn sign_in(call: &Call, request: interaction::Request) -> Response {
    match interaction::begin(&call.realm, &call.headers, Page::Login, request).await {
        Ok(begun) => {
            let mut response = page::see_other(&begun.url);
            if let Some(cookie) = &begun.cookie {
                cookie.append_to(response.headers_mut());
            }
            response
        }
        Err(error) => pages::refused(call, &error.into()),
    }
}

/// Sends the person to sign in once more, though they are: what is asked for wants it fresh.
pub(super) async fn sign_in_again(call: &Call, session: &Session) -> Response {
    let request = interaction::Request {
        resume: HOME.to_owned(),
        reauthenticate: true,
        before: Some(session.sign_in.clone()),
        ..interaction::Request::default()
    };
    sign_in(call, request).await
}

/// A request that waits, and what this person may allow it.
pub(super) struct Standing {
    pub(super) found: Found,
    pub(super) client: Arc<Client>,
    /// What may be granted of what was asked for.
    pub(super) scope: Scope,
}

impl Standing {
    /// `None` when its client is not there any more, or nothing of it may be granted to this person.
    pub(super) async fn of(
        realm: &Realm,
        found: Found,
        (person, catalogue): (&Person, &Catalogue),
    ) -> Result<Option<Self>, Refusal> {
        let asked = &found.asked;
        let client = realm.client(&asked.client).await?.filter(|client| {
            !client.disabled && rules::is_of(asked, client) && client.allows_grant(GrantType::Ciba)
        });
        let Some(client) = client else {
            return Ok(None);
        };
        // What was registered, and who may be granted what, may have changed since the client asked.
        let wanted = granting::Asked {
            scope: Some(&asked.scope),
            resources: &asked.resources,
            details: asked.details.as_ref(),
            person: granting::Part::Asked,
        };
        let (facts, granted) = (person.facts(), (&*client, catalogue));
        let left = granting::terms(&wanted, &client, catalogue).and_then(|terms| {
            details::grantable(wanted.details, Some(&facts), granted)?;
            granting::left(&terms, wanted.details, Some(&facts), granted)
        });
        Ok(left.ok().map(|left| Self {
            scope: left.scope,
            found,
            client,
        }))
    }
}

/// One question on the page.
struct Question<'a> {
    id: &'a str,
    application: &'a str,
    initial: String,
    message: Option<&'a str>,
    origin: Origin,
    left: String,
    /// What is asked for.
    items: Vec<Item<'a>>,
    /// What is asked for in particular (RFC 9396).
    details: Vec<Said>,
    policy: Option<&'a str>,
    terms: Option<&'a str>,
    /// What its buttons send.
    token: String,
    /// Whether the person has to sign in again before they can allow it.
    stale: bool,
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct Approvals<'a> {
    shell: Shell,
    person: &'a str,
    username: &'a str,
    done: Option<Done>,
    questions: Vec<Question<'a>>,
    has_code: bool,
}

/// What has just been done, as the address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Allowed,
    Denied,
    Code,
    Gone,
}

impl Done {
    fn allowed(self) -> bool {
        self == Self::Allowed
    }

    fn denied(self) -> bool {
        self == Self::Denied
    }

    fn code(self) -> bool {
        self == Self::Code
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "allowed" => Self::Allowed,
            "denied" => Self::Denied,
            "code" => Self::Code,
            "gone" => Self::Gone,
            _ => return None,
        })
    }
}

/// `GET /account/approvals`.
pub(crate) async fn show(call: Call, uri: Uri) -> Response {
    let params = match form::query(&uri) {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let (session, person) = match signed_in(&call, HOME).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    if params.get("again").is_some() {
        return sign_in_again(&call, &session).await;
    }
    let done = params.get("done").and_then(Done::parse);
    let page = render(&call, (&session, &person), done).await;
    page.unwrap_or_else(|refusal| pages::refused(&call, &refusal))
}

async fn render(
    call: &Call,
    (session, person): (&Session, &Person),
    done: Option<Done>,
) -> Result<Response, Refusal> {
    let realm = &call.realm;
    let catalogue = realm.catalogue().await?;
    let waiting = sql::list(realm, &person.id, (call.now(), PENDING)).await?;
    let consents = consent::sql::list(realm, &person.id).await?;
    let mut standings = Vec::new();
    for found in waiting {
        standings.extend(Standing::of(realm, found, (person, &catalogue)).await?);
    }
    let question = |standing| question(call, (session, person), standing, (&consents, &catalogue));
    let questions: Result<Vec<_>, Refusal> = standings.iter().map(question).collect();
    let page = Approvals {
        shell: pages::shell(call, "Approvals"),
        person: person.shown_name(),
        username: &person.username,
        done,
        questions: questions?,
        has_code: sql::user_code(realm, &person.id).await?.is_some(),
    };
    Ok(page::render(StatusCode::OK, &page, &Csp::default()))
}

fn question<'a>(
    call: &'a Call,
    (session, person): (&Session, &Person),
    standing: &'a Standing,
    (consents, catalogue): (&[(String, Consent)], &'a Catalogue),
) -> Result<Question<'a>, Refusal> {
    let (asked, client) = (&standing.found.asked, &standing.client);
    let before = consents
        .iter()
        .find(|(id, _)| *id == client.id)
        .map(|(_, consent)| consent.clone().to(client.created_at));
    let new = match before {
        Some(before) => standing.scope.minus(&before.scope),
        None => standing.scope.clone(),
    };
    let shown = Shown {
        id: asked.id.clone(),
        person: person.id.clone(),
        session: session.id.clone(),
        scope: standing.scope.clone(),
    };
    let described = Described::to(client, &[], &call.headers);
    Ok(Question {
        id: &asked.id,
        application: described.name(),
        initial: initial(described.name()),
        message: asked.binding_message.as_deref(),
        origin: Origin::new(call, asked.address.as_deref(), asked.created_at),
        left: left(asked.expires_at.saturating_sub(call.now())),
        items: items((&standing.scope, &new), &asked.resources, catalogue),
        details: words::details(asked.details.as_ref(), catalogue),
        policy: described.policy(),
        terms: described.terms(),
        token: shown.seal(&call.realm)?,
        stale: !suffices(call, asked, session),
    })
}

/// Whether the sign-in of a session is as fresh and as strong as the request demands.
pub(super) fn suffices(call: &Call, asked: &Authentication, session: &Session) -> bool {
    let settings = call.realm.settings();
    rules::is_fresh(asked, session.auth_time, call.now())
        && settings.acr.meets(&asked.acr_values, &session.amr)
}

/// How long there is to decide, in words.
fn left(seconds: i64) -> String {
    match seconds {
        ..=89 => "about a minute".to_owned(),
        _ => format!("{} minutes", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn what_is_left_is_said_in_minutes() {
        for (seconds, words) in [
            (1, "about a minute"),
            (89, "about a minute"),
            (90, "2 minutes"),
            (300, "5 minutes"),
            (3600, "60 minutes"),
        ] {
            assert_eq!(left(seconds), words);
        }
    }
}
