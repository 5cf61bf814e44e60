//! `/device/continue`: says who asks, from where and for what, and takes the answer (RFC 8628 §3.3, §5.4). What was shown travels sealed, bound to the
//! browser, the person and the session that saw it: nothing else can be allowed by its button.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Uri;
use axum::response::Response;
use db::{Batch, params};
use identity::interaction::{self, OpenError, Page};
use identity::{Person, Session};
use oauth::device_code::UserCode;
use oauth::token::GrantType;
use oauth::{Params, Scope};
use realm::{Catalogue, Client};
use serde::{Deserialize, Serialize};
use web::page;

use super::rules::{self, Allowed, Device};
use super::{enter, polled, question, seal, sql};
use crate::backchannel_logout;
use crate::call::Call;
use crate::commit::{TRIES, commit};
use crate::consent;
use crate::consent::rules::Consent;
use crate::granting::authorization_details as details;
use crate::granting::rules as granting;
use crate::refusal::{Reason, Refusal};
use crate::waiting::{poll::event, stored};
use crate::{form, pages};

/// How long a device code is remembered at least after it expired, in seconds, so that its second use is noticed.
const REMEMBERED: i64 = 3600;

/// What a request takes along while the browser is on our pages.
#[derive(Serialize, Deserialize)]
pub(super) struct Travelled {
    user_code: String,
    /// Absent until the question was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<Shown>,
}

/// Who saw which question.
#[derive(Serialize, Deserialize)]
struct Shown {
    person: String,
    session: String,
    scope: Scope,
}

impl Travelled {
    /// A code that was typed.
    pub(super) fn entered(code: &UserCode) -> Self {
        Self {
            user_code: code.letters(),
            shown: None,
        }
    }

    /// The interaction that carries it.
    pub(super) fn request(&self) -> Result<interaction::Request, Refusal> {
        let body = serde_json::to_string(self)
            .map_err(|_| Refusal::Failed("a user code cannot be written".to_owned()))?;
        Ok(interaction::Request {
            resume: "/device/continue".to_owned(),
            body,
            ..interaction::Request::default()
        })
    }
}

/// Why the question is not shown or not answered.
enum Stop {
    /// The interaction cannot be opened.
    Lost(OpenError),
    /// Nobody is signed in: the page is the one to sign in at.
    SignIn(String),
    /// No device waits under this code.
    Invalid,
    /// It is refused.
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Stop {
    fn into_response(self, call: &Call) -> Response {
        match self {
            Self::Lost(error) => enter::lost(call, error),
            Self::SignIn(url) => page::see_other(&url),
            Self::Invalid => enter::invalid(call, None),
            Self::Refused(refusal) => enter::refused(call, &refusal),
        }
    }
}

/// `GET /device/continue`.
pub(crate) async fn show(call: Call, uri: Uri) -> Response {
    let params = match form::query(&uri) {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    try_show(&call, &params)
        .await
        .unwrap_or_else(|stop| stop.into_response(&call))
}

/// `POST /device/continue`.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    try_submit(&call, &params)
        .await
        .unwrap_or_else(|stop| stop.into_response(&call))
}

/// A code that came back, and who is signed in.
pub(super) struct Visit {
    pub(super) code: UserCode,
    shown: Option<Shown>,
    /// The interaction that brought it.
    pub(super) token: String,
    session: Session,
    pub(super) person: Person,
}

impl Visit {
    /// Whether nobody knows yet that the code exists.
    fn is_guess(&self) -> bool {
        self.shown.is_none()
    }
}

async fn visit(call: &Call, params: &Params) -> Result<Visit, Stop> {
    let token = params
        .get("interaction")
        .ok_or(Stop::Lost(OpenError::Unknown))?;
    let interaction = interaction::open(&call.realm, &call.headers, token)
        .await
        .map_err(Stop::Lost)?;
    let travelled: Travelled =
        serde_json::from_str(&interaction.body).map_err(|_| Stop::Lost(OpenError::Unknown))?;
    let code = UserCode::parse(&travelled.user_code).ok_or(Stop::Lost(OpenError::Unknown))?;
    match identity::session::current(&call.realm, &call.headers).await? {
        Some((session, person)) => Ok(Visit {
            code,
            shown: travelled.shown,
            token: token.to_owned(),
            session,
            person,
        }),
        None => Err(Stop::SignIn(Page::Login.url(&call.realm, token))),
    }
}

/// A device that waits, and what this person may allow it.
pub(super) struct Standing {
    hash: String,
    pub(super) device: Device,
    pub(super) client: Arc<Client>,
    /// What may be granted of what was asked for.
    pub(super) scope: Scope,
    /// What was allowed before.
    pub(super) consent: Option<Consent>,
}

async fn find(call: &Call, visit: &Visit, catalogue: &Catalogue) -> Result<Standing, Stop> {
    let realm = &call.realm;
    let sealed = seal(realm, &visit.code);
    let found = sql::find_to_decide(realm, &sealed, call.now()).await?;
    let (hash, device) = found.ok_or(Stop::Invalid)?;
    if visit.is_guess() {
        call.server.devices.right(call, &visit.session.id);
    }
    let client = call
        .client(&device.client)
        .await?
        .filter(|client| {
            !client.disabled
                && rules::is_of(&device, client)
                && client.allows_grant(GrantType::DeviceCode)
        })
        .ok_or(Stop::Invalid)?;
    // What was registered, and who may be granted what, may have changed since the device asked.
    let asked = granting::Asked {
        scope: Some(&device.scope),
        resources: &device.resources,
        details: device.details.as_ref(),
        person: granting::Part::Asked,
    };
    let terms = granting::terms(&asked, &client, catalogue)?;
    let (facts, granted) = (visit.person.facts(), (&*client, catalogue));
    details::grantable(asked.details, Some(&facts), granted)?;
    let left = granting::left(&terms, asked.details, Some(&facts), granted)?;
    let consent = consent::sql::find(realm, &visit.person.id, &client.id)
        .await?
        .map(|consent| consent.to(client.created_at));
    Ok(Standing {
        hash,
        device,
        client,
        scope: left.scope,
        consent,
    })
}

async fn try_show(call: &Call, params: &Params) -> Result<Response, Stop> {
    let visit = visit(call, params).await?;
    if visit.is_guess() {
        call.server.devices.guess(call, &visit.session.id)?;
    }
    let catalogue = call.realm.catalogue().await?;
    let standing = find(call, &visit, &catalogue).await?;
    asked(call, &visit, &standing, &catalogue).await
}

async fn try_submit(call: &Call, params: &Params) -> Result<Response, Stop> {
    let visit = visit(call, params).await?;
    let allows = match params.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Stop::Lost(OpenError::Unknown)),
    };
    let saw = |shown: &&Shown| shown.person == visit.person.id && shown.session == visit.session.id;
    let Some(shown) = visit.shown.as_ref().filter(saw) else {
        // Somebody else signed in since, or began another session: they have to see the question themselves.
        let again = interaction::rules::with_interaction("/device/continue", &visit.token);
        return Ok(page::see_other(&format!("{}{again}", call.realm.path())));
    };
    for _ in 0..TRIES {
        let catalogue = call.realm.catalogue().await?;
        let standing = find(call, &visit, &catalogue).await?;
        let batch = if allows {
            allow(call, &visit, &standing, &shown.scope)
        } else {
            deny(call, &visit, &standing)
        };
        if commit(&call.realm, batch).await?.is_some() {
            return Ok(question::done(call, &standing.client, allows));
        }
    }
    Err(Reason::Contended.into())
}

/// What makes it true that the person allowed the device what was shown.
fn allow(call: &Call, visit: &Visit, standing: &Standing, shown: &Scope) -> Batch {
    let (realm, now) = (&call.realm, call.now());
    // Somebody may have been given more since: that was not asked.
    let scope = standing.scope.intersection(shown);
    let acr = visit.session.reached(&realm.settings(), &[]);
    let allowed = Allowed::in_session((&visit.session, acr), realm.ambient().id(), scope, now);
    let lifetimes = standing.client.lifetimes(&realm.settings());
    let keep_until = standing.device.expires_at + lifetimes.access_token.max(REMEMBERED);
    let mut batch = Batch::new();
    let row = (realm.name(), standing.hash.as_str());
    let values = stored::allow(row, &allowed, (now, keep_until));
    batch.expect(&sql::ALLOW_DEVICE, values, 1);
    // Remembered, so that it can be taken back; the next device is asked about all the same.
    let consent = standing.consent.as_ref();
    let values = params![
        realm.name(),
        &allowed.person,
        &standing.client.id,
        consent::rules::remember(&allowed.scope, consent).to_string(),
        now,
        consent.map_or(0, |consent| consent.version)
    ];
    batch.expect(&consent::sql::REMEMBER_CONSENT, values, 1);
    backchannel_logout::remember(realm, &mut batch, &standing.client, &visit.session);
    let code = polled(&standing.device, &standing.hash).as_code(&allowed);
    realm.record(&mut batch, event(call, "consent.granted", &code));
    realm.record(&mut batch, event(call, "device_code.allowed", &code));
    batch
}

/// What makes it true that the person denied it.
fn deny(call: &Call, visit: &Visit, standing: &Standing) -> Batch {
    let realm = &call.realm;
    let mut batch = Batch::new();
    let values = params![realm.name(), &standing.hash, call.now()];
    batch.expect(&sql::DENY_DEVICE, values, 1);
    let client = &standing.client.id;
    let event = call.event("device_code.denied", Some(&visit.person.id), client);
    realm.record(&mut batch, event);
    batch
}

/// Shows the question, sealed with who sees it.
async fn asked(
    call: &Call,
    visit: &Visit,
    standing: &Standing,
    catalogue: &Catalogue,
) -> Result<Response, Stop> {
    let travelled = Travelled {
        user_code: visit.code.letters(),
        shown: Some(Shown {
            person: visit.person.id.clone(),
            session: visit.session.id.clone(),
            scope: standing.scope.clone(),
        }),
    };
    let request = travelled.request()?;
    let begun = interaction::begin(&call.realm, &call.headers, Page::Login, request).await?;
    let mut response = question::question(call, visit, standing, catalogue, &begun.token);
    if let Some(cookie) = &begun.cookie {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}
