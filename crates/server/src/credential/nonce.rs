//! `POST /nonce` (§7): what a wallet puts into the proofs of its keys, so that none is made in advance.

use axum::http::StatusCode;
use axum::response::Response;
use oauth::dpop::Nonces;
use realm::Realm;
use serde_json::json;

use crate::answer;
use crate::call::Call;

/// What nonces are made for; the key derives from the realm's root.
const PURPOSE: &str = "credential_nonce";

/// The endpoint. It tells the same to everybody, for some minutes.
pub(crate) async fn post(call: Call) -> Response {
    let nonce = nonces(&call.realm).current(call.now());
    answer::json(StatusCode::OK, &json!({ "c_nonce": nonce }))
}

/// Whether a proof with this nonce was made just now. Every node takes it, and nothing is stored: whoever uses it twice proves the same keys twice.
pub(super) fn is_ours(realm: &Realm, nonce: &str) -> bool {
    nonces(realm).accepted_until(nonce, realm.now()).is_some()
}

fn nonces(realm: &Realm) -> Nonces {
    Nonces::new(&realm.mac(PURPOSE, b"1"))
}
