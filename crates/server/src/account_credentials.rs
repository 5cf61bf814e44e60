//! `/account/credentials`: what a person may put into a wallet, as links that wallets open, and what they put there, which they can take back.

use askama::Template;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;
use identity::Person;
use oauth::Params;
use oauth::status_list::Status;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use realm::Catalogue;
use web::headers::Csp;
use web::limit::Rate;
use web::page::{self, Shell};

use crate::call::Call;
use crate::ciba::signed_in;
use crate::pre_authorized_code::offers::{self, Wanted};
use crate::refusal::Refusal;
use crate::status_list::issued::{self, Change};
use crate::{form, pages};

const HOME: &str = "/account/credentials";
/// How long an offer of this page is open, in seconds: the page says ten minutes.
const OPEN: i64 = 600;
/// How many credentials are listed at most.
const LISTED: i64 = 100;
/// Ten offers at once, then one each minute: of each person.
pub(crate) const DEFAULT: Rate = Rate {
    burst: 10,
    seconds_each: 60,
};

/// A kind of credential that the person may have.
struct Kind<'a> {
    id: &'a str,
    name: &'a str,
}

/// A credential that was issued to the person.
struct Held {
    id: String,
    name: String,
    wallet: String,
    status: Status,
    issued_at: i64,
    since: String,
    until: String,
}

impl Held {
    fn is_valid(&self) -> bool {
        self.status == Status::Valid
    }

    fn may_be_revoked(&self) -> bool {
        self.status != Status::Invalid
    }

    fn words(&self) -> &'static str {
        match self.status {
            Status::Valid => "valid",
            Status::Invalid => "revoked",
            Status::Suspended => "suspended",
        }
    }
}

#[derive(Template)]
#[template(path = "credentials.html")]
struct Credentials<'a> {
    shell: Shell,
    revoked: bool,
    /// Whether there were too many offers just now.
    later: bool,
    kinds: Vec<Kind<'a>>,
    held: Vec<Held>,
}

#[derive(Template)]
#[template(path = "credential_offer.html")]
struct Offered<'a> {
    shell: Shell,
    name: &'a str,
    link: &'a str,
    /// The picture, as an element of SVG without styles.
    picture: String,
    tx_code: Option<&'a str>,
}

/// `GET /account/credentials`.
pub(crate) async fn show(call: Call, uri: Uri) -> Response {
    let params = match form::query(&uri) {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let person = match signed_in(&call, HOME).await {
        Ok((_, person)) => person,
        Err(response) => return *response,
    };
    let page = list(&call, &person, params.get("done")).await;
    page.unwrap_or_else(|refusal| pages::refused(&call, &refusal))
}

/// `POST /account/credentials`: an offer, or the end of what was issued.
pub(crate) async fn submit(call: Call, body: Body) -> Response {
    let params = match form::body(&call, body).await {
        Ok(params) => params,
        Err(reason) => return pages::refused(&call, &reason.into()),
    };
    let person = match signed_in(&call, HOME).await {
        Ok((_, person)) => person,
        Err(response) => return *response,
    };
    let outcome = match params.get("revoke") {
        Some(id) => revoke(&call, &person, id).await,
        None => offer(&call, &person, &params).await,
    };
    outcome.unwrap_or_else(|refusal| pages::refused(&call, &refusal))
}

fn home(call: &Call, query: &str) -> Response {
    page::see_other(&format!("{}{HOME}{query}", call.realm.path()))
}

fn kinds<'a>(catalogue: &'a Catalogue, person: &Person) -> Vec<Kind<'a>> {
    let facts = person.facts();
    let all = catalogue.credentials();
    all.filter(|one| catalogue.may_be_offered(&one.id, &facts))
        .map(|one| Kind {
            id: &one.id,
            name: one.name(),
        })
        .collect()
}

async fn list(call: &Call, person: &Person, done: Option<&str>) -> Result<Response, Refusal> {
    let realm = &call.realm;
    let catalogue = realm.catalogue().await?;
    let mut held = Vec::new();
    for one in issued::list(realm, Some(&person.id), "", LISTED).await? {
        let wallet = call.holder(&one.client).await?;
        let kind = catalogue.credential(&one.credential);
        held.push(Held {
            id: one.id(),
            name: kind.map_or_else(|| one.credential.clone(), |kind| kind.name().to_owned()),
            wallet: wallet.map_or(one.client, |client| client.display_name().to_owned()),
            status: one.status,
            issued_at: one.issued_at,
            since: day(one.issued_at),
            until: day(one.expires_at),
        });
    }
    held.sort_by_key(|one| std::cmp::Reverse(one.issued_at));
    let page = Credentials {
        shell: pages::shell(call, "Credentials").person(person.shown_name()),
        revoked: done == Some("revoked"),
        later: done == Some("later"),
        kinds: kinds(&catalogue, person),
        held,
    };
    Ok(page::render(StatusCode::OK, &page, &Csp::default()))
}

async fn offer(call: &Call, person: &Person, params: &Params) -> Result<Response, Refusal> {
    let realm = &call.realm;
    let catalogue = realm.catalogue().await?;
    let kinds = kinds(&catalogue, person);
    let wanted = params.get("credential");
    let Some(kind) = kinds.iter().find(|kind| Some(kind.id) == wanted) else {
        // It is not issued any more, or not to this person.
        return Ok(home(call, ""));
    };
    let taken = call.server.offers.take((realm.name(), &person.id));
    if taken.is_err() {
        return Ok(home(call, "?done=later"));
    }
    let sign_in = params.get("way") == Some("sign-in");
    let wanted = Wanted {
        person: person.id.clone(),
        configurations: vec![kind.id.to_owned()],
        sign_in,
        // Whoever photographs the picture alone has nothing.
        tx_code: !sign_in,
        by_value: false,
        lifetime: OPEN,
    };
    let made = offers::make(realm, &wanted, &person.id).await?;
    let page = Offered {
        shell: pages::shell(call, kind.name).person(person.shown_name()),
        name: kind.name,
        picture: picture(&made.link)?,
        link: &made.link,
        tx_code: made.tx_code.as_deref(),
    };
    Ok(page::render(StatusCode::OK, &page, &Csp::default()))
}

/// The link as a QR code.
fn picture(link: &str) -> Result<String, Refusal> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L);
    let code = code.map_err(|error| Refusal::Failed(error.to_string()))?;
    let text = code
        .render::<svg::Color<'_>>()
        .module_dimensions(4, 4)
        .build();
    // Within a page there is no declaration of XML.
    let from = text.find("<svg").unwrap_or_default();
    Ok(text.get(from..).unwrap_or_default().to_owned())
}

async fn revoke(call: &Call, person: &Person, id: &str) -> Result<Response, Refusal> {
    let realm = &call.realm;
    match issued::find(realm, id).await {
        Ok(one) if one.person == person.id => {
            issued::change(realm, id, Change::Revoke, &person.id).await?;
            Ok(home(call, "?done=revoked"))
        }
        // Nobody learns what others have.
        Ok(_) | Err(realm::Error::NotFound { .. }) => Ok(home(call, "")),
        Err(error) => Err(error.into()),
    }
}

fn day(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%-d %B %Y").to_string()
}
