//! How a question says in words who asks and for what.

use oauth::Scope;
use realm::{Catalogue, ScopeOwner};

/// One thing that is asked for.
pub(crate) struct Item<'a> {
    /// The scope's name.
    pub(crate) name: &'a str,
    /// What it means to people.
    pub(crate) words: &'a str,
    /// The API it belongs to.
    pub(crate) resource: Option<&'a str>,
    /// Whether it was not allowed before.
    pub(crate) new: bool,
}

/// What a scope asks for, one by one.
pub(crate) fn items<'a>(scope: &'a Scope, new: &Scope, catalogue: &'a Catalogue) -> Vec<Item<'a>> {
    scope
        .iter()
        .map(|name| Item {
            name,
            words: catalogue.describe(name).unwrap_or(name),
            resource: resource_name(catalogue, name),
            new: new.contains(name),
        })
        .collect()
}

/// The name of the API that a scope belongs to.
fn resource_name<'a>(catalogue: &'a Catalogue, scope: &str) -> Option<&'a str> {
    match catalogue.owner_of(scope) {
        Some(ScopeOwner::Resource(resource)) if resource.name.is_empty() => Some(&resource.id),
        Some(ScopeOwner::Resource(resource)) => Some(&resource.name),
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
