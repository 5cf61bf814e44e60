//! What a wallet repeats of an offer for the code flow (OpenID4VCI 1.0 §5.1.3): whom it was made for, what of, and that it counts once. It lets nobody in: the
//! person signs in and is asked as ever.

use db::{Batch, params};
use oauth::authorization::AuthorizationRequest;
use oauth::credential::asked_for;
use realm::{Catalogue, Realm};

use super::rules::{self, Offered};
use super::sql;
use crate::refusal::{Reason, Refusal};

/// What the values are named with: no code of the other kind has such a name, whatever it is, and none of these is redeemed as one.
const PURPOSE: &str = "issuer_state";

/// By which name its offer is kept.
pub(super) fn name(realm: &Realm, value: &str) -> String {
    jose::base64url::encode(realm.mac(PURPOSE, value.as_bytes()))
}

/// The offer that a request came with, if it did.
///
/// # Errors
/// `invalid_request`, when there is none that counts, or the request is for something else.
pub(crate) async fn find(
    realm: &Realm,
    request: &AuthorizationRequest,
    catalogue: &Catalogue,
) -> Result<Option<Offered>, Refusal> {
    let Some(value) = &request.issuer_state else {
        return Ok(None);
    };
    let offered = sql::find(realm, &name(realm, value)).await?;
    let offered = offered.ok_or(Reason::IssuerStateUnknown)?;
    rules::begin(&offered, &asked(request, catalogue), realm.now())?;
    Ok(Some(offered))
}

/// The names of the credentials that a request asks for.
fn asked<'a>(request: &'a AuthorizationRequest, catalogue: &'a Catalogue) -> Vec<&'a str> {
    let scope = request.scope.as_ref();
    let by_scope = catalogue.credentials().filter(|one| {
        let own = one.scope.as_deref();
        own.zip(scope)
            .is_some_and(|(own, scope)| scope.contains(own))
    });
    let details = request.authorization_details.as_ref();
    let by_name = details.map(asked_for).unwrap_or_default();
    by_scope.map(|one| one.id.as_str()).chain(by_name).collect()
}

/// Adds to the batch of an answer that it uses the offer up: when that was done before, the guard of [`sql::USE_ISSUER_STATE`] fails.
pub(crate) fn use_up(realm: &Realm, batch: &mut Batch, value: &str, client: &str) {
    let values = params![realm.name(), name(realm, value), realm.now(), client];
    batch.expect(&sql::USE_ISSUER_STATE, values, 1);
}
