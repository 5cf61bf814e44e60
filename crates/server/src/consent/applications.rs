//! `/consent/applications`: what a person allowed, and where they take it back.

use askama::Template;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Person;
use oauth::authorization::with_query;
use realm::Client;
use web::headers::Csp;
use web::page::{self, Shell};

use super::described::Described;
use super::{sql, withdraw};
use crate::call::Call;
use crate::metadata::issues;
use crate::refusal::Refusal;
use crate::{form, pages};

struct Application {
    id: String,
    name: String,
    site: Option<String>,
    /// Where a sign-in of this person begins (OpenID Connect Core §4).
    start: Option<String>,
    words: Vec<String>,
}

#[derive(Template)]
#[template(path = "applications.html")]
struct Applications {
    shell: Shell,
    applications: Vec<Application>,
    /// Whether there is anything for wallets.
    issues: bool,
}

/// `GET /consent/applications`.
pub(crate) async fn list(call: Call) -> Response {
    let person = match signed_in(&call).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    match applications(&call, &person).await {
        Ok((applications, issues)) => {
            let page = Applications {
                shell: pages::shell(&call, "Applications").person(person.shown_name()),
                applications,
                issues,
            };
            page::render(StatusCode::OK, &page, &Csp::default())
        }
        Err(refusal) => pages::refused(&call, &refusal),
    }
}

/// `POST /consent/applications`.
pub(crate) async fn submit_withdrawal(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let person = match signed_in(&call).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    // What was never allowed leaves no revocation behind, or anybody could fill the memory with those of clients they made up.
    let allowed = match allowed(&call, &person, params.get("client_id")).await {
        Ok(allowed) => allowed,
        Err(refusal) => return pages::refused(&call, &refusal),
    };
    if let Some(client) = allowed {
        let address = call.address.map(|address| address.to_string());
        if let Err(refusal) = withdraw(&call.realm, &person.id, client, address).await {
            return pages::refused(&call, &refusal);
        }
    }
    web::page::see_other(&format!("{}/consent/applications", call.realm.path()))
}

/// The client, if the person allowed it anything.
async fn allowed<'a>(
    call: &Call,
    person: &Person,
    client: Option<&'a str>,
) -> Result<Option<&'a str>, Refusal> {
    match client {
        Some(id) => Ok(sql::find(&call.realm, &person.id, id).await?.map(|_| id)),
        None => Ok(None),
    }
}

async fn signed_in(call: &Call) -> Result<Person, Box<Response>> {
    match identity::session::current(&call.realm, &call.headers).await {
        Ok(Some((_, person))) => Ok(person),
        Ok(None) => Err(Box::new(web::page::see_other(&format!(
            "{}/login",
            call.realm.path()
        )))),
        Err(error) => Err(Box::new(pages::refused(call, &error.into()))),
    }
}

/// What the person allowed, and whether there is anything for wallets.
async fn applications(call: &Call, person: &Person) -> Result<(Vec<Application>, bool), Refusal> {
    let realm = &call.realm;
    let catalogue = realm.catalogue().await?;
    let mut applications = Vec::new();
    for (id, consent) in sql::list(realm, &person.id).await? {
        let client = call.holder(&id).await?;
        let described = client
            .as_ref()
            .map(|client| Described::to(client, &[], &call.headers));
        let words = consent
            .scope
            .iter()
            .map(|name| catalogue.describe(name).unwrap_or(name).to_owned())
            .collect();
        applications.push(Application {
            name: described
                .as_ref()
                .map_or_else(|| id.clone(), |client| client.name().to_owned()),
            start: client.as_ref().and_then(|client| start(call, client)),
            site: described
                .as_ref()
                .and_then(|client| client.site().map(str::to_owned)),
            id,
            words,
        });
    }
    Ok((applications, issues(&catalogue)))
}

/// Where an application is told that the person wants to sign in there. It is told who asks for that, and not who the person is.
fn start(call: &Call, client: &Client) -> Option<String> {
    let uri = client.openid.initiate_login_uri.as_deref();
    let uri = uri.filter(|_| !client.disabled)?;
    Some(with_query(uri, &[("iss", call.realm.issuer())]))
}
