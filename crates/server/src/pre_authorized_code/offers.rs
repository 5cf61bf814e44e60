//! Making offers (OpenID4VCI 1.0 §4.1).

use db::{Batch, params};
use oauth::credential::{Offer, TxCode, link};
use realm::{Error, Event, Realm};
use serde_json::json;

use super::rules::DIGITS;
use super::{OFFER, PREFIX, hidden, issuer_state, sql};
use crate::{authorization_code, stored};

/// How long an offer may be open, in seconds.
pub const LIFETIMES: std::ops::RangeInclusive<i64> = 60..=604_800;
/// How long a redeemed or expired offer is remembered, in seconds: as long as what it gave may live without being renewed.
const REMEMBERED: i64 = 86_400;

/// What is to be offered.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// To whom: the identifier of a person.
    pub person: String,
    /// The names of the credentials, at least one.
    pub configurations: Vec<String>,
    /// Whether the wallet sends the person here to sign in (the code flow), instead of getting a code that makes that needless.
    pub sign_in: bool,
    /// Whether the person has to type a code that they are told apart from the link; without a meaning where they sign in.
    pub tx_code: bool,
    /// Whether the offer itself is in the link, instead of an address where it is fetched once.
    pub by_value: bool,
    /// How long it is open, in seconds: [`LIFETIMES`].
    pub lifetime: i64,
}

/// An offer that was made. Nothing of it can be had again.
pub struct Made {
    /// The link that a wallet opens.
    pub link: String,
    /// What the person has to type.
    pub tx_code: Option<String>,
    /// When it can no longer be fetched (unix seconds).
    pub expires_at: i64,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Offers credentials to a person. `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::NotFound`] when there is no such credential; [`Error::Invalid`] for a lifetime out of bounds, or when nothing is offered.
pub async fn make(realm: &Realm, wanted: &Wanted, actor: &str) -> Result<Made, Error> {
    check(realm, &wanted.configurations).await?;
    if !LIFETIMES.contains(&wanted.lifetime) {
        let reason = "an offer is open for 60 to 604800 seconds";
        return Err(realm::Invalid::new("lifetime", reason).into());
    }
    let (now, ambient) = (realm.now(), realm.ambient());
    let code = format!("{PREFIX}{}", ambient.token());
    let hash = match wanted.sign_in {
        true => issuer_state::name(realm, &code),
        false => authorization_code::hash(&code),
    };
    let digits = (wanted.tx_code && !wanted.sign_in).then(|| {
        // Of 2^64 numbers hardly any is more frequent among the last digits.
        let number = u64::from_be_bytes(ambient.entropy.bytes()) % 10_u64.pow(DIGITS as u32);
        format!("{number:0DIGITS$}")
    });
    let typed = digits.as_ref().map(|_| TxCode {
        input_mode: "numeric".to_owned(),
        length: DIGITS,
        description: Some("The code that you were given with this offer".to_owned()),
    });
    let (issuer, what) = (realm.issuer(), &wanted.configurations);
    let offer = match wanted.sign_in {
        true => Offer::by_code_flow(issuer, what, Some(code)),
        false => Offer::pre_authorized(issuer, what, &code, typed),
    };
    let text = json!(offer).to_string();
    let name = (!wanted.by_value).then(|| ambient.token());
    let link = match &name {
        None => link("credential_offer", &text),
        Some(name) => {
            let at = realm.url(&format!("/credential_offer/{name}"));
            link("credential_offer_uri", &at)
        }
    };
    let expires_at = now.saturating_add(wanted.lifetime);
    let mut batch = Batch::new();
    let values = params![
        realm.name(),
        hash.as_str(),
        name.as_deref().map(authorization_code::hash),
        name.as_ref().map(|_| realm.seal(OFFER, &text)),
        wanted.person.as_str(),
        stored::list(&wanted.configurations),
        digits.as_ref().map(|digits| hidden(realm, &hash, digits)),
        ambient.id(),
        now,
        expires_at,
        expires_at.saturating_add(REMEMBERED),
    ];
    batch.run(&sql::MAKE_OFFER, values);
    let event = Event::new("credential.offered").actor(actor);
    let detail = json!({ "credentials": wanted.configurations });
    realm.record(&mut batch, event.person(&wanted.person).detail(detail));
    realm.commit(batch).await?;
    Ok(Made {
        link,
        tx_code: digits,
        expires_at,
    })
}

/// An offer for everybody, which is had by the code flow: a link that says what to ask for, and nothing more.
///
/// # Errors
/// As [`make`], for the credentials.
pub async fn by_code_flow(realm: &Realm, configurations: &[String]) -> Result<String, Error> {
    check(realm, configurations).await?;
    let offer = Offer::by_code_flow(realm.issuer(), configurations, None);
    Ok(link("credential_offer", &json!(offer).to_string()))
}

async fn check(realm: &Realm, configurations: &[String]) -> Result<(), Error> {
    let catalogue = realm.catalogue().await?;
    let unknown = |id: &&String| catalogue.credential(id).is_none();
    if let Some(id) = configurations.iter().find(unknown) {
        return Err(Error::NotFound {
            what: "credential",
            id: id.clone(),
        });
    }
    if configurations.is_empty() {
        return Err(realm::Invalid::new("configurations", "nothing is offered").into());
    }
    Ok(())
}
