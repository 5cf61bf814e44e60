//! Which details may be asked for, by whom, and which of them one token carries (RFC 9396 §5, §6).

use oauth::authorization_details::{AuthorizationDetails, Detail};
use realm::{Catalogue, Client, PersonFacts};

use super::rules::{Target, Terms};
use crate::refusal::{Reason, Refusal};

/// Adds to the terms of a request what it asks for in particular: each of a type that somebody offers, as its schema wants it, and such that it can be said
/// to people. `named` says whether the request named its resources: then all details are for those; else their owners are what tokens are for.
///
/// # Errors
/// `invalid_authorization_details`.
pub fn join(
    terms: &mut Terms,
    details: &AuthorizationDetails,
    named: bool,
    (client, catalogue): (&Client, &Catalogue),
) -> Result<(), Reason> {
    for detail in details.iter() {
        let kind = detail.kind();
        let registered = client.authorization_details_types.iter();
        let owner = catalogue
            .owner_of_details(kind)
            .filter(|_| registered.into_iter().any(|own| own == kind))
            .ok_or(Reason::DetailsTypeUnknown)?;
        if catalogue.say_details(kind, detail.members()).is_none() {
            return Err(Reason::DetailsMalformed);
        }
        if terms.resources.contains(&owner.id) {
            continue;
        }
        if named {
            return Err(Reason::DetailsOfAnotherResource);
        }
        terms.resources.push(owner.id.clone());
    }
    if !named && terms.resources.len() > 1 {
        return Err(Reason::DetailsAmbiguous);
    }
    Ok(())
}

/// Whether all of them may be granted to this client for this person, or, without one, for itself: less than what was asked for would be something else.
///
/// # Errors
/// [`Reason::DetailsNotGrantableToPerson`], [`Reason::DetailsNotGrantable`].
pub fn grantable(
    details: Option<&AuthorizationDetails>,
    person: Option<&PersonFacts>,
    (client, catalogue): (&Client, &Catalogue),
) -> Result<(), Reason> {
    let allowed = |detail: &Detail| catalogue.allows_details(detail, person, client);
    match (details, person) {
        (None, _) => Ok(()),
        (Some(details), _) if details.iter().all(allowed) => Ok(()),
        (_, Some(_)) => Err(Reason::DetailsNotGrantableToPerson),
        (_, None) => Err(Reason::DetailsNotGrantable),
    }
}

/// Those that may still be granted: who left a group does not keep what came with it.
pub fn still_grantable(
    details: Option<&AuthorizationDetails>,
    person: &PersonFacts,
    (client, catalogue): (&Client, &Catalogue),
) -> Option<AuthorizationDetails> {
    details?.only(|detail| catalogue.allows_details(detail, Some(person), client))
}

/// Writes into the target of a token which details it carries: of those that were granted the ones that were `asked` for, or all, less what belongs to other
/// resources.
///
/// # Errors
/// `invalid_authorization_details` when more was asked for than was granted, or something of another resource.
pub fn narrow(
    target: &mut Target,
    granted: Option<&AuthorizationDetails>,
    asked: Option<&AuthorizationDetails>,
    catalogue: &Catalogue,
) -> Result<(), Refusal> {
    let Some(narrowed) = AuthorizationDetails::narrow(granted, asked)? else {
        return Ok(());
    };
    let fits = |detail: &Detail| belongs(detail, &target.audience, catalogue);
    if asked.is_some() && !narrowed.iter().all(fits) {
        return Err(Reason::DetailsOfAnotherResource.into());
    }
    target.details = narrowed.only(fits);
    Ok(())
}

/// Whether a detail is of a type of one of these resources.
pub fn belongs(detail: &Detail, resources: &[String], catalogue: &Catalogue) -> bool {
    catalogue
        .owner_of_details(detail.kind())
        .is_some_and(|owner| resources.contains(&owner.id))
}
