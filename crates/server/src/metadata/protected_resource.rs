//! What is known here about the APIs that tokens are for (RFC 9728): at the address that their identifier leads to, where they are on a host that we answer
//! for, and by their identifier wherever they are.

use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use oauth::metadata::ProtectedResourceMetadata;
use realm::{Realm, Resource};

use super::signed;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::{answer, form};

/// What stands before the path of the resource (RFC 9728 §3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// `GET /.well-known/oauth-protected-resource`, with the path of the resource behind it, or with its identifier in `resource`.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let catalogue = match call.realm.catalogue().await {
        Ok(catalogue) => catalogue,
        Err(error) => return answer::refused(&call, "metadata", None, &Refusal::from(error)),
    };
    let mut names = named(&call, &uri).into_iter();
    match names.find_map(|name| catalogue.resource(&name)) {
        Some(resource) => signed::answer(&call, &describe(&call.realm, resource)).await,
        None => answer::empty(StatusCode::NOT_FOUND),
    }
}

/// The identifiers that the address may stand for.
fn named(call: &Call, uri: &Uri) -> Vec<String> {
    let path = uri.path().strip_prefix(WELL_KNOWN).unwrap_or_default();
    if path.is_empty()
        && let Ok(params) = form::query(uri)
        && let Some(resource) = params.get("resource")
    {
        return vec![resource.to_owned()];
    }
    let query = uri.query().map(|query| format!("?{query}"));
    let rest = format!("{path}{}", query.unwrap_or_default());
    let origins = origins(call, uri);
    let at = |origin: &String| {
        let bare = format!("{origin}{rest}");
        // A slash that is the whole path is left out of the address.
        let slash = path.is_empty().then(|| format!("{origin}/{rest}"));
        std::iter::once(bare).chain(slash).collect::<Vec<_>>()
    };
    origins.iter().flat_map(at).collect()
}

/// Where the request may have been sent: to our own origin, or to the API's, whose proxy passed it on. What `Host` says chooses among registered resources and
/// nothing else.
fn origins(call: &Call, uri: &Uri) -> Vec<String> {
    let issuer = call.realm.issuer();
    let own = issuer
        .strip_suffix(call.realm.path())
        .unwrap_or(issuer)
        .to_owned();
    let host = call.headers.get(header::HOST);
    let host = uri
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| host.and_then(|host| host.to_str().ok()));
    let theirs = host.map(str::to_ascii_lowercase);
    let theirs = theirs.map(|host| [format!("https://{host}"), format!("http://{host}")]);
    std::iter::once(own)
        .chain(theirs.into_iter().flatten())
        .collect()
}

fn describe(realm: &Realm, resource: &Resource) -> ProtectedResourceMetadata {
    let types = resource.authorization_details_types.iter();
    let said = resource.description.clone();
    let algorithms = said.dpop_signing_alg_values_supported.as_slice().iter();
    ProtectedResourceMetadata {
        resource: resource.id.clone(),
        authorization_servers: vec![realm.issuer().to_owned()],
        scopes_supported: resource
            .scopes
            .iter()
            .map(|scope| scope.name.clone())
            .collect(),
        resource_name: (!resource.name.is_empty()).then(|| resource.name.clone()),
        bearer_methods_supported: said.bearer_methods_supported,
        dpop_signing_alg_values_supported: algorithms.map(ToString::to_string).collect(),
        dpop_bound_access_tokens_required: said.dpop_bound_access_tokens_required.then_some(true),
        tls_client_certificate_bound_access_tokens: said
            .tls_client_certificate_bound_access_tokens
            .then_some(true),
        resource_documentation: said.resource_documentation,
        resource_policy_uri: said.resource_policy_uri,
        resource_tos_uri: said.resource_tos_uri,
        authorization_details_types_supported: types.map(|kind| kind.name.clone()).collect(),
        ..ProtectedResourceMetadata::default()
    }
}
