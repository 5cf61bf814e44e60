//! What clients may say about themselves, and what becomes of it (RFC 7591 §2, §3.1, §3.2.1). Whatever the client document knows is read and written by the
//! document itself; here is only which members are a client's own business.

use std::collections::BTreeSet;

use oauth::authorization::ResponseType;
use oauth::client_auth::Method;
use oauth::redirect_uri;
use oauth::{Error as Wire, ErrorCode, Scope};
use realm::clients::{ApplicationType, Localized, SecretChange, SubjectType};
use realm::{Catalogue, Client, GrantType};
use serde_json::{Map, Value};
use url::Url;

/// The members of a JSON object.
pub type Members = Map<String, Value>;

/// What a client may state: members of IANA's registry of client metadata. Everything else in a client document is the operator's to say. Those that this
/// version does not know are passed over.
const REGISTRABLE: &[&str] = &[
    "redirect_uris",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "client_name",
    "client_uri",
    "logo_uri",
    "scope",
    "contacts",
    "tos_uri",
    "policy_uri",
    "jwks",
    "jwks_uri",
    "software_id",
    "software_version",
    "software_statement",
    "application_type",
    "sector_identifier_uri",
    "subject_type",
    "id_token_signed_response_alg",
    "id_token_signing_alg_values_supported",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "require_signed_request_object",
    "request_uris",
    "default_max_age",
    "require_auth_time",
    "default_acr_values",
    "initiate_login_uri",
    "post_logout_redirect_uris",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "authorization_details_types",
    "backchannel_token_delivery_mode",
    "backchannel_client_notification_endpoint",
    "backchannel_authentication_request_signing_alg",
    "backchannel_user_code_parameter",
];

/// Whether a client may state this about itself.
pub fn is_registrable(name: &str) -> bool {
    REGISTRABLE.contains(&name) || Localized::is_name(name)
}

/// What an operator has given beyond what clients may take themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// Whether every client of the realm may have tokens through the browser.
    pub retired: bool,
    /// The client as it is registered: it keeps what it has when it states everything anew (RFC 7592 §2.2).
    pub old: Option<&'a Client>,
}

impl Given<'_> {
    fn has_grant(&self, grant: &str) -> bool {
        let mut had = self.old.iter().flat_map(|old| &old.grant_types);
        had.any(|own| own.as_str() == grant)
    }

    fn has_response_type(&self, response_type: &str) -> bool {
        let had = |old: &Client| {
            let named = response_type.parse::<ResponseType>();
            named.is_ok_and(|named| old.response_types.contains(&named))
        };
        self.old.is_some_and(had)
    }

    fn may_use(&self, grant: &str) -> bool {
        may_take(grant)
            || (self.retired && grant == GrantType::Implicit.as_str())
            || self.has_grant(grant)
    }

    /// The code alone comes without tokens in the browser's address.
    fn may_ask_for(&self, response_type: &str) -> bool {
        response_type == "code" || self.retired || self.has_response_type(response_type)
    }

    /// Whether it is hidden who people are from a client that gets them on devices.
    fn is_hidden_device(&self) -> bool {
        self.old.is_some_and(is_hidden_device)
    }
}

fn is_hidden_device(client: &Client) -> bool {
    client.openid.subject_type == Some(SubjectType::Pairwise)
        && client.allows_grant(GrantType::DeviceCode)
}

/// The grants of clients that nobody vouches for: those in which a person decides about each. Whatever else a server can do, an operator gives.
fn may_take(grant: &str) -> bool {
    [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::DeviceCode,
    ]
    .iter()
    .any(|own| own.as_str() == grant)
}

/// What is wrong with one member, as it goes on the wire (RFC 7591 §3.2.2).
pub(super) fn invalid(name: &str, reason: impl std::fmt::Display) -> Wire {
    let code = match name {
        "redirect_uris" => ErrorCode::InvalidRedirectUri,
        "software_statement" => ErrorCode::InvalidSoftwareStatement,
        _ => ErrorCode::InvalidClientMetadata,
    };
    Wire::new(code, format!("{name}: {reason}"))
}

/// A rule of the client document that is broken, as it goes on the wire (RFC 7591 §3.2.2).
pub fn broken(rule: &realm::Invalid) -> Wire {
    invalid(rule.field, &rule.reason)
}

/// Reads what a client states about itself. Members that are not its business or not known are passed over, and so are grants that it may not have, unless
/// nothing is left (RFC 7591 §2, §3.2.1: what is replaced is shown in the answer). A scope is what it asks for by default: which it may have, the resources say.
///
/// # Errors
/// `invalid_redirect_uri` or `invalid_client_metadata`, naming the member.
pub fn read(stated: Members, catalogue: &Catalogue, given: Given<'_>) -> Result<Client, Wire> {
    let own = |(name, value): &(String, Value)| !value.is_null() && is_registrable(name);
    let mut members: Members = stated.into_iter().filter(own).collect();
    keep(&mut members, "grant_types", |grant| given.may_use(grant))?;
    keep(&mut members, "response_types", |one| given.may_ask_for(one))?;
    let scope = members.remove("scope");
    if !members.contains_key("token_endpoint_auth_method") {
        let default = Method::ClientSecretBasic.as_str().into();
        members.insert("token_endpoint_auth_method".to_owned(), default);
    }
    // Each alone, so that the error names it.
    for (name, value) in &members {
        let alone = Members::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<Client>(Value::Object(alone))
            .map_err(|error| invalid(name, error))?;
    }
    let types_stated = members.contains_key("response_types");
    let mut client: Client = serde_json::from_value(Value::Object(members))
        .map_err(|error| Wire::new(ErrorCode::InvalidClientMetadata, error.to_string()))?;
    if !types_stated && !client.allows_grant(GrantType::AuthorizationCode) {
        client.response_types.clear();
    }
    // Its tokens go to whoever asks for them, so that nothing would show whose sector it is.
    if is_hidden_device(&client) && !given.is_hidden_device() {
        let reason = "pairwise: with device_code only an operator can register such a client";
        return Err(invalid("subject_type", reason));
    }
    if let Some(scope) = scope {
        let scope: Scope =
            serde_json::from_value(scope).map_err(|error| invalid("scope", error))?;
        client.default_scope = catalogue.known(&scope);
    }
    client.application_type = client.application_type.or_else(|| Some(kind(&client)));
    if client.is_public() {
        client.allowed_origins = origins(&client);
    }
    Ok(client)
}

fn keep(members: &mut Members, name: &str, may: impl Fn(&str) -> bool) -> Result<(), Wire> {
    let Some(Value::Array(values)) = members.get_mut(name) else {
        return Ok(());
    };
    let before = values.len();
    values.retain(|value| value.as_str().is_none_or(&may));
    if values.is_empty() && before > 0 {
        return Err(invalid(
            name,
            "none of these is for clients that no operator vouches for",
        ));
    }
    Ok(())
}

/// What kind of application it is, when it does not say: one whose redirects all stay on the person's device is installed there.
fn kind(client: &Client) -> ApplicationType {
    let stays = |uri: &String| {
        redirect_uri::find(std::slice::from_ref(uri), Some(uri)).is_ok_and(|to| {
            to.is_loopback() || !(uri.starts_with("https:") || uri.starts_with("http:"))
        })
    };
    if !client.redirect_uris.is_empty() && client.redirect_uris.iter().all(stays) {
        ApplicationType::Native
    } else {
        ApplicationType::Web
    }
}

/// The origins of a public client, whose scripts are what gets its tokens: those that it is sent back to.
fn origins(client: &Client) -> Vec<String> {
    let uris = client.redirect_uris.iter();
    let origins: BTreeSet<String> = uris
        .filter_map(|uri| Url::parse(uri).ok())
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.into_iter().collect()
}

/// What a client is told about itself: all that it may state, as it is registered (RFC 7591 §3.2.1).
pub fn echo(client: &Client) -> Members {
    let document = serde_json::to_value(client).unwrap_or_default();
    let Value::Object(members) = document else {
        return Members::new();
    };
    let mut shown: Members = members
        .into_iter()
        .filter(|(name, _)| is_registrable(name))
        .collect();
    if client.scope.is_empty() && !client.default_scope.is_empty() {
        let scope = client.default_scope.to_string();
        shown.insert("scope".to_owned(), scope.into());
    }
    shown
}

/// What becomes of a client that states everything anew (RFC 7592 §2.2): what it does not state any more is gone, and what the operator said stays.
///
/// # Errors
/// When the documents cannot be put together, which is our mistake.
pub fn replace(old: &Client, mut new: Client) -> Result<Client, serde_json::Error> {
    let (before, stated) = (serde_json::to_value(old)?, serde_json::to_value(&new)?);
    let mut members = Members::new();
    let theirs = |name: &str| is_registrable(name) && name != "scope";
    if let Value::Object(before) = before {
        let operators = before.into_iter().filter(|(name, _)| !theirs(name));
        members.extend(operators);
    }
    if let Value::Object(stated) = stated {
        members.extend(stated.into_iter().filter(|(name, _)| theirs(name)));
    }
    let mut client: Client = serde_json::from_value(Value::Object(members))?;
    client.default_scope = std::mem::take(&mut new.default_scope);
    let added = added_origins(old);
    client.allowed_origins = std::mem::take(&mut new.allowed_origins);
    client.allowed_origins.extend(added);
    client.allowed_origins.sort();
    client.allowed_origins.dedup();
    client.version = old.version;
    client.created_at = old.created_at;
    client.origin = old.origin.clone();
    Ok(client)
}

/// The origins that an operator added to those that follow from a client's redirects.
fn added_origins(client: &Client) -> impl Iterator<Item = String> {
    let own = origins(client);
    let all = client.allowed_origins.iter();
    all.filter(move |origin| !own.contains(origin)).cloned()
}

/// Whether clients of this method have a secret.
pub fn has_secret(client: &Client) -> bool {
    matches!(
        client.token_endpoint_auth_method,
        None | Some(Method::ClientSecretBasic | Method::ClientSecretPost | Method::ClientSecretJwt)
    )
}

/// What becomes of the secret of a client that states everything anew. Of most secrets only a hash is kept, with which nothing can be signed.
pub fn secret(old: &Client, new: &Client) -> SecretChange {
    let signs = new.token_endpoint_auth_method == Some(Method::ClientSecretJwt);
    let keyed = old.token_endpoint_auth_method == new.token_endpoint_auth_method
        && old.token_endpoint_auth_signing_alg == new.token_endpoint_auth_signing_alg;
    match (has_secret(new), old.has_secret()) {
        (false, true) => SecretChange::Remove,
        (true, false) => SecretChange::Generate,
        (true, true) if (signs && !keyed) || new.needs_other_secret_than(old) => {
            SecretChange::Generate
        }
        _ => SecretChange::Keep,
    }
}

#[cfg(test)]
mod tests;
