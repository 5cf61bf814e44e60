//! The challenges that the proofs of attested instances answer (draft-ietf-oauth-attestation-based-client-auth §6): every node makes and takes the same, and
//! nothing is stored.

use oauth::dpop::Nonces;
use realm::Realm;

/// What challenges are made for; the key derives from the realm's root.
const PURPOSE: &str = "attestation_challenge";

/// The challenge for the proofs of some minutes.
pub(crate) fn current(realm: &Realm) -> String {
    of(realm).current(realm.now())
}

/// Whether the realm made it, not long ago.
pub(crate) fn is_ours(realm: &Realm, challenge: &str) -> bool {
    of(realm).accepted_until(challenge, realm.now()).is_some()
}

fn of(realm: &Realm) -> Nonces {
    Nonces::new(&realm.mac(PURPOSE, b"1"))
}
