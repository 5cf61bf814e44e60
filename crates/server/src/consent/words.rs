//! How a question says in words who asks and for what.

use std::borrow::Cow;

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::redirect_uri::ReturnTo;
use realm::resources::written_out;
use realm::{Catalogue, Client, Resource, ScopeOwner};
use url::Url;

use crate::granting::rules::bare;

/// One thing that is asked for.
pub(crate) struct Item<'a> {
    /// The scope's name, or the identifier of an API that has none.
    pub(crate) name: &'a str,
    /// What it means to people.
    pub(crate) words: Cow<'a, str>,
    /// The API it belongs to.
    pub(crate) resource: Option<&'a str>,
    /// Whether it was not allowed before.
    pub(crate) new: bool,
}

/// What is asked for, one by one: the scope, and those of the resources that have none of their own, which are not remembered.
pub(crate) fn items<'a>(
    (scope, new): (&'a Scope, &Scope),
    resources: &[String],
    catalogue: &'a Catalogue,
) -> Vec<Item<'a>> {
    let of_scope = scope.iter().map(|name| Item {
        name,
        words: catalogue.describe(name).unwrap_or(name).into(),
        resource: resource_name(catalogue, name),
        new: new.contains(name),
    });
    let whole = bare(resources, catalogue).into_iter().map(|api| Item {
        name: &api.id,
        words: format!("Use {} as you", shown_name(api)).into(),
        resource: None,
        new: true,
    });
    of_scope.chain(whole).collect()
}

/// One thing that is asked for in particular (RFC 9396).
pub(crate) struct Said {
    /// Its type.
    pub(crate) kind: String,
    /// What it is, in words. What of them came from the client is in quotation marks, unless it is a single word.
    pub(crate) words: String,
    /// The API it belongs to.
    pub(crate) resource: Option<String>,
    /// All of it, as JSON in which nothing is hidden.
    pub(crate) whole: String,
}

/// What is asked for in particular, one by one. What can no longer be said in words is shown as it is, which only happens when its type was changed after the
/// request was made.
pub(crate) fn details(details: Option<&AuthorizationDetails>, catalogue: &Catalogue) -> Vec<Said> {
    let all = details.into_iter().flat_map(AuthorizationDetails::iter);
    all.map(|detail| {
        let (kind, members) = (detail.kind(), detail.members());
        let resource = catalogue.owner_of_details(kind);
        Said {
            kind: kind.to_owned(),
            words: catalogue
                .say_details(kind, members)
                .unwrap_or_else(|| "Something that cannot be said in words".to_owned()),
            resource: resource.map(|resource| shown_name(resource).to_owned()),
            whole: written_out(members),
        }
    })
    .collect()
}

fn shown_name(resource: &Resource) -> &str {
    if resource.name.is_empty() {
        &resource.id
    } else {
        &resource.name
    }
}

/// The name of the API that a scope belongs to.
fn resource_name<'a>(catalogue: &'a Catalogue, scope: &str) -> Option<&'a str> {
    match catalogue.owner_of(scope) {
        Some(ScopeOwner::Resource(resource)) => Some(shown_name(resource)),
        Some(ScopeOwner::OpenId) | None => None,
    }
}

/// An address without what nobody reads.
pub(crate) fn site_name(site: &str) -> &str {
    let bare = site.strip_prefix("https://").unwrap_or(site);
    let bare = bare.strip_prefix("http://").unwrap_or(bare);
    bare.strip_suffix('/').unwrap_or(bare)
}

/// What stands for an application's logo.
pub(crate) fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map_or_else(|| "?".to_owned(), |c| c.to_uppercase().to_string())
}

/// What people have to know about an application that no operator vouches for.
pub(crate) struct Unchecked {
    /// The site at which it describes itself; none: it registered itself.
    pub(crate) at: Option<String>,
    /// Whether others on the person's device could pass themselves off as it (RFC 8252 §8.6).
    pub(crate) impostors: bool,
}

/// What people have to know before they allow it, and are sent to that place.
pub(crate) fn unchecked(client: &Client, to: Option<&ReturnTo>) -> Option<Unchecked> {
    let host = || Url::parse(&client.id).ok()?.host_str().map(str::to_owned);
    client.is_self_made().then(|| Unchecked {
        at: if client.is_document() { host() } else { None },
        impostors: to.is_some_and(|to| is_open_to_impostors(client, to)),
    })
}

/// Whether anybody can have the name that the answer is sent to: everybody knows the identifier of a client that describes itself, and on a person's device any
/// program may wait for the answer.
pub(crate) fn is_open_to_impostors(client: &Client, to: &ReturnTo) -> bool {
    client.is_document() && (to.is_loopback() || !to.as_str().starts_with("https://"))
}
