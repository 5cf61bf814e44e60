//! `/consent`: names the application, its site, the host it returns to and each scope in words, and asks.

use askama::Template;
use axum::body::Body;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use identity::interaction::{self, OpenError};
use oauth::{Params, Scope};
use realm::Catalogue;
use web::headers::Csp;
use web::page::{self, Shell};

use super::{
    Checked, Outcome, Standing, Stop, Travelled, check_again, decide, go_on, issue, response,
};
use crate::call::Call;
use crate::commit::TRIES;
use crate::consent::words::{Item, Said, Unchecked, details, initial, items, site_name, unchecked};
use crate::consent::{Described, logo};
use crate::refusal::{Reason, Refusal};
use crate::{form, pages};

/// `GET /consent`.
pub(crate) async fn show(call: Call, uri: Uri) -> Response {
    let params = match form::query(&uri) {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    match try_show(&call, &params).await {
        Ok(response) => response,
        Err(stop) => stop.into_response(&call).await,
    }
}

/// `POST /consent`.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    match try_submit(&call, &params).await {
        Ok(response) => response,
        Err(stop) => stop.into_response(&call).await,
    }
}

async fn reopen(call: &Call, params: &Params) -> Result<(Checked, Travelled, String), Stop> {
    let token = params
        .get("interaction")
        .ok_or(Stop::Lost(OpenError::Unknown))?;
    let interaction = interaction::open(&call.realm, &call.headers, token)
        .await
        .map_err(Stop::Lost)?;
    let (checked, arrival) = check_again(call, &interaction).await?;
    Ok((checked, arrival, token.to_owned()))
}

async fn try_show(call: &Call, params: &Params) -> Result<Response, Stop> {
    let (checked, arrival, token) = reopen(call, params).await?;
    match decide(call, &checked, &arrival).await? {
        Outcome::Ask(standing) => {
            let catalogue = call
                .realm
                .catalogue()
                .await
                .map_err(|error| checked.refuse(error))?;
            Ok(question(call, &checked, &standing, &catalogue, &token))
        }
        // Signed out meanwhile, or allowed in another window.
        _ => Ok(go_on(call, &checked, &arrival).await),
    }
}

async fn try_submit(call: &Call, params: &Params) -> Result<Response, Stop> {
    let (checked, arrival, _) = reopen(call, params).await?;
    match params.get("decision") {
        Some("allow") => {}
        Some("deny") => return Err(checked.refuse(Reason::PersonDenied)),
        _ => return Err(Stop::Lost(OpenError::Unknown)),
    }
    // What the page showed. Somebody may have been given more since: that was not asked.
    let shown: Scope = params
        .get("scope")
        .unwrap_or_default()
        .parse()
        .map_err(|_| Stop::Lost(OpenError::Unknown))?;
    for _ in 0..TRIES {
        let standing = match decide(call, &checked, &arrival).await? {
            Outcome::Ask(standing) => standing,
            Outcome::Issue(_) | Outcome::SignIn { .. } => {
                return Ok(go_on(call, &checked, &arrival).await);
            }
        };
        if params.get("person") != Some(&standing.person.id) {
            // Somebody else signed in since: they have to see the page themselves.
            return Ok(go_on(call, &checked, &arrival).await);
        }
        let allowed = standing.shown.intersection(&shown);
        if let Some(given) = issue(call, &checked, &standing, Some(&allowed)).await? {
            return Ok(response::given(call, &checked.answer, &given).await);
        }
    }
    Err(checked.refuse(Refusal::from(Reason::Contended)))
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Question<'a> {
    shell: Shell,
    application: &'a str,
    initial: String,
    logo: Option<String>,
    site: Option<&'a str>,
    /// The site as people read it.
    site_name: &'a str,
    host: &'a str,
    loopback: bool,
    person: &'a str,
    username: &'a str,
    person_id: &'a str,
    items: Vec<Item<'a>>,
    details: Vec<Said>,
    unchecked: Option<Unchecked>,
    policy: Option<&'a str>,
    terms: Option<&'a str>,
    scope: String,
    token: &'a str,
}

fn question(
    call: &Call,
    checked: &Checked,
    standing: &Standing,
    catalogue: &Catalogue,
    token: &str,
) -> Response {
    let client = &checked.client;
    let described = Described::to(client, &checked.request.ui_locales, &call.headers);
    let (application, site) = (described.name(), described.site());
    let page = Question {
        shell: pages::shell(call, "Allow access"),
        application,
        initial: initial(application),
        logo: logo::address(call, client, &described),
        site,
        site_name: site_name(site.unwrap_or_default()),
        host: checked.answer.to.host(),
        loopback: checked.answer.to.is_loopback(),
        person: standing.person.shown_name(),
        username: &standing.person.username,
        person_id: &standing.person.id,
        items: items(
            (&standing.shown, &standing.new),
            &standing.resources,
            catalogue,
        ),
        details: details(standing.details.as_ref(), catalogue),
        unchecked: unchecked(client, Some(&checked.answer.to)),
        policy: described.policy(),
        terms: described.terms(),
        scope: standing.shown.to_string(),
        token,
    };
    // Chromium applies form-action to the redirect that follows the form.
    let csp = Csp::form_action([checked.answer.to.origin_for_csp()]);
    page::render(StatusCode::OK, &page, &csp)
}
