//! `grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code` (OpenID4VCI 1.0 §3.5, §4.1, §6): who runs the issuer knows the person already, and offers a
//! credential as a link; the wallet that opens it fetches the credential without a page.
//!
//! An offer for the code flow is a link, too: `issuer_state.rs` says for whom, and that it counts once.
//!
//! 1. `offers.rs` makes an offer. 2. `fetch` gives it to the first who asks by its name. 3. Here its code becomes tokens as any code does, once, if the person types
//!    what they were told apart from the link: whoever finds the link alone has nothing.

pub(crate) mod issuer_state;
pub mod offers;
pub mod rules;
pub(crate) mod sql;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use db::params;
use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::credential::DETAILS_TYPE;
use oauth::token::{GrantType, PreAuthorizedCode, TokenResponse};
use realm::{Catalogue, Event, Mark, Realm};
use serde_json::json;

use self::rules::{Decision, Offered, Presented};
use crate::authorization_code::{self, Recipient, rules as code};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::{TRIES, commit};
use crate::granting::rules::{Terms, Wanted, grantable};
use crate::metadata::issues;
use crate::refusal::{Reason, Refusal};
use crate::{answer, refresh_token};

/// How a code begins, so that secret scanners know it.
const PREFIX: &str = "gpc_";
/// What transaction codes are hidden with: they have so few digits that a hash alone would give them away.
const TX_CODE: &str = "tx_code";
/// What an offer is sealed for until it is fetched.
const OFFER: &str = "credential_offer";

/// What a transaction code is stored as: of one offer only.
fn hidden(realm: &Realm, hash: &str, tx_code: &str) -> String {
    let named = format!("{hash} {tx_code}");
    jose::base64url::encode(realm.mac(TX_CODE, named.as_bytes()))
}

/// `GET /credential_offer/NAME` (§4.1.3): the offer, to the first who asks.
pub(crate) async fn fetch(call: Call, Path(reference): Path<String>) -> Response {
    match fetched(&call, &reference).await {
        Ok(Some(text)) => web::document::private(StatusCode::OK, text),
        Ok(None) => answer::empty(StatusCode::NOT_FOUND),
        Err(refusal) => answer::refused(&call, "credential_offer", None, &refusal),
    }
}

async fn fetched(call: &Call, reference: &str) -> Result<Option<String>, Refusal> {
    let realm = &call.realm;
    let hash = authorization_code::hash(reference);
    let found = params![realm.name(), hash.as_str(), call.now()];
    let row = realm.db().row(&sql::FIND_OFFER_DOCUMENT, found).await?;
    let Some(sealed) = row.map(|row| row.text(0).to_owned()) else {
        return Ok(None);
    };
    let mut batch = db::Batch::new();
    let taken = params![realm.name(), hash.as_str()];
    batch.expect(&sql::TAKE_OFFER_DOCUMENT, taken, 1);
    if commit(realm, batch).await?.is_none() {
        return Ok(None);
    }
    let text = realm.unseal(OFFER, &sealed);
    Ok(text.and_then(|text| String::from_utf8(text).ok()))
}

/// Redeems an offer.
pub(crate) async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    request: &PreAuthorizedCode,
) -> Result<TokenResponse, Refusal> {
    let catalogue = call.realm.catalogue().await?;
    if !issues(&catalogue) {
        return Err(Reason::NothingIssued.into());
    }
    client.check_registered(GrantType::PreAuthorizedCode)?;
    let hash = authorization_code::hash(&request.code);
    for _ in 0..TRIES {
        let Some(offered) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::OfferUnknown.into());
        };
        let typed = request.tx_code.as_deref();
        let typed = typed.map(|text| hidden(&call.realm, &hash, text));
        let presented = Presented {
            tx_code: typed.as_deref(),
        };
        match rules::decide(&offered, &presented, call.now())? {
            Decision::Replay => return Err(replayed(call, client, &offered).await?),
            Decision::WrongTxCode => {
                call.server.guesses.failed(call, &client.id);
                // Told only once it is counted, so that many guesses at once are not more than one after the other.
                if guessed(call, client, &hash, &offered).await? {
                    return Err(Reason::TxCodeWrong.into());
                }
            }
            Decision::Redeem => {
                let granted = granted(call, client, &offered, &catalogue).await?;
                let issue = (&offered, &granted);
                if let Some(tokens) = attempt(call, client, request, &hash, issue).await? {
                    return Ok(tokens);
                }
            }
        }
    }
    Err(Reason::Contended.into())
}

/// Counts a wrong transaction code; `false` when another request was faster.
async fn guessed(
    call: &Call,
    client: &AuthenticatedClient,
    hash: &str,
    offered: &Offered,
) -> Result<bool, Refusal> {
    let mut batch = client.batch(&call.realm);
    let values = params![call.realm.name(), hash, offered.guesses];
    batch.expect(&sql::COUNT_GUESS, values, 1);
    Ok(client.commit(&call.realm, batch).await?.is_some())
}

/// What the offer stands for now, as the code grant has it: by scope where the credential has one, else by name.
async fn granted(
    call: &Call,
    client: &AuthenticatedClient,
    offered: &Offered,
    catalogue: &Catalogue,
) -> Result<code::Code, Refusal> {
    let realm = &call.realm;
    let person = identity::people::find(realm, &offered.person)
        .await?
        .filter(|person| !person.disabled)
        .ok_or(Reason::PersonGone)?;
    let kinds: Option<Vec<_>> = offered
        .configurations
        .iter()
        .map(|id| catalogue.credential(id))
        .collect();
    let kinds = kinds.ok_or(Reason::OfferUnknown)?;
    let facts = person.facts();
    let may = |id: &str| catalogue.allows_credential(id, Some(&facts), client);
    if !kinds.iter().all(|one| may(&one.id)) {
        return Err(Reason::ScopeNotGrantable.into());
    }
    let scopes = kinds.iter().filter_map(|one| one.scope.as_deref());
    let terms = Terms {
        scope: Scope::of(scopes).unwrap_or_default(),
        resources: vec![realm.issuer().to_owned()],
    };
    // RFC 6749 §5.2 has no access_denied.
    let scope = grantable(&terms, Some(&facts), client, catalogue);
    let scope = scope.map_err(|_| Reason::ScopeNotGrantable)?;
    let named = kinds.iter().filter(|one| one.scope.is_none());
    let named: Vec<_> = named
        .map(|one| json!({"type": DETAILS_TYPE, "credential_configuration_id": one.id}))
        .collect();
    let details = match named.is_empty() {
        true => None,
        false => Some(AuthorizationDetails::parse(&json!(named).to_string())?),
    };
    Ok(offered.as_code(&client.id, (scope, details), terms.resources))
}

/// Issues the tokens; `None` when another request was faster.
async fn attempt(
    call: &Call,
    client: &AuthenticatedClient,
    request: &PreAuthorizedCode,
    hash: &str,
    (offered, code): (&Offered, &code::Code),
) -> Result<Option<TokenResponse>, Refusal> {
    let realm = &call.realm;
    let wanted = Wanted {
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
    };
    let issued = authorization_code::fulfil(realm, &Recipient::of(client), code, wanted).await?;
    let mut batch = client.batch(realm);
    let marks = authorization_code::marks(code);
    let values = sql::redeem(
        (realm.name(), hash),
        offered,
        (marks, &client.id),
        call.now(),
    );
    batch.expect(&sql::REDEEM_OFFER, values, 1);
    if let Some(family) = &issued.family {
        refresh_token::begin(realm, &mut batch, family);
    }
    let event = event(call, "pre_authorized_code.redeemed", offered, &client.id);
    realm.record(&mut batch, event);
    Ok(client.commit(realm, batch).await?.map(|_| issued.tokens))
}

/// The code was redeemed before: whoever has it should not, so what it gave is revoked, as for authorization codes (RFC 6749 §4.1.2).
async fn replayed(
    call: &Call,
    client: &AuthenticatedClient,
    offered: &Offered,
) -> Result<Refusal, Refusal> {
    let realm = &call.realm;
    let grant = Mark::Grant(&offered.grant_id);
    // Once is enough: whoever goes on presenting it must not fill the audit.
    if realm.revocations().is_revoked(grant, offered.created_at) {
        return Ok(Reason::OfferReplayed.into());
    }
    let event = event(call, "pre_authorized_code.replayed", offered, &client.id);
    let why = (event, "an offer was used twice");
    refresh_token::end_grant(call, client, &offered.grant_id, why).await?;
    Ok(Reason::OfferReplayed.into())
}

fn event(call: &Call, kind: &'static str, offered: &Offered, client: &str) -> Event {
    let detail = json!({ "grant": offered.grant_id, "credentials": offered.configurations });
    call.event(kind, Some(&offered.person), client)
        .detail(detail)
}
