//! What this server says about itself (RFC 8414 §2, OpenID Connect Discovery §3). Both documents say the same, so that a client finds all it needs in
//! whichever it reads.

mod federation;
mod profile;
pub(crate) mod protected_resource;
pub(crate) mod signed;

use axum::response::Response;
use identity::methods::Method;
use jose::jwe::ContentEncryption;
use oauth::authorization::{ResponseMode, ResponseType};
use oauth::ciba::DeliveryMode;
use oauth::claims::StandardClaims;
use oauth::client_auth::assertion::ASYMMETRIC;
use oauth::jwt_bearer;
use oauth::metadata::ServerMetadata;
use oauth::pkce;
use oauth::token_exchange::TokenType;
use realm::clients::KEY_MANAGEMENT;
use realm::{Catalogue, GrantType, Realm, Settings};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::client_auth::{ClientCertificates, algorithms};
use crate::status_list;
use crate::tokens::id_token;
use crate::{decryption, request_object};

/// `GET` at each of the well-known addresses; the wiring knows which realm an address belongs to.
pub(crate) async fn get(call: Call) -> Response {
    let describe = async || {
        let catalogue = call.realm.catalogue().await?;
        Ok(describe(&call.realm, &catalogue, &call.server.certificates))
    };
    signed::answer_of_realm(&call, describe).await
}

/// The document of a realm.
pub fn describe(
    realm: &Realm,
    catalogue: &Catalogue,
    certificates: &ClientCertificates,
) -> ServerMetadata {
    let mut document = everything(realm, catalogue, certificates);
    profile::narrow(&mut document, &realm.settings());
    document
}

fn everything(
    realm: &Realm,
    catalogue: &Catalogue,
    certificates: &ClientCertificates,
) -> ServerMetadata {
    let settings = realm.settings();
    let strings = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    ServerMetadata {
        issuer: realm.issuer().to_owned(),
        authorization_endpoint: Some(realm.url("/authorize")),
        token_endpoint: Some(realm.url("/token")),
        userinfo_endpoint: Some(realm.url("/userinfo")),
        jwks_uri: Some(realm.url("/jwks")),
        registration_endpoint: (settings.registration.mode != realm::Admission::Off)
            .then(|| realm.url("/register")),
        introspection_endpoint: Some(realm.url("/introspect")),
        revocation_endpoint: Some(realm.url("/revoke")),
        device_authorization_endpoint: Some(realm.url("/device_authorization")),
        pushed_authorization_request_endpoint: Some(realm.url("/par")),
        require_pushed_authorization_requests: Some(
            settings.require_pushed_authorization_requests
                || settings.profile.demands_pushed_requests(),
        ),
        backchannel_authentication_endpoint: Some(realm.url("/bc-authorize")),
        backchannel_token_delivery_modes_supported: names(&DeliveryMode::ALL),
        backchannel_authentication_request_signing_alg_values_supported: names(ASYMMETRIC),
        backchannel_user_code_parameter_supported: Some(true),
        end_session_endpoint: Some(realm.url("/logout")),
        check_session_iframe: Some(realm.url("/check_session")),
        frontchannel_logout_supported: Some(true),
        frontchannel_logout_session_supported: Some(true),
        backchannel_logout_supported: Some(true),
        backchannel_logout_session_supported: Some(true),
        scopes_supported: catalogue.scopes().map(str::to_owned).collect(),
        claims_supported: claims(catalogue, &settings),
        claim_types_supported: claim_types(catalogue),
        response_types_supported: names(&ResponseType::ALL),
        response_modes_supported: response_modes(),
        authorization_signing_alg_values_supported: names(id_token::ALGORITHMS),
        authorization_encryption_alg_values_supported: names(&KEY_MANAGEMENT),
        authorization_encryption_enc_values_supported: names(&ContentEncryption::ALL),
        grant_types_supported: GrantType::ALL
            .iter()
            .filter(|grant| **grant != GrantType::PreAuthorizedCode || issues(catalogue))
            .map(|grant| grant.as_str().to_owned())
            .collect(),
        subject_types_supported: strings(&["public", "pairwise"]),
        dpop_signing_alg_values_supported: names(oauth::dpop::ALGORITHMS),
        id_token_signing_alg_values_supported: names(id_token::ALGORITHMS),
        id_token_encryption_alg_values_supported: names(&KEY_MANAGEMENT),
        id_token_encryption_enc_values_supported: names(&ContentEncryption::ALL),
        userinfo_signing_alg_values_supported: names(id_token::ALGORITHMS),
        userinfo_encryption_alg_values_supported: names(&KEY_MANAGEMENT),
        userinfo_encryption_enc_values_supported: names(&ContentEncryption::ALL),
        token_endpoint_auth_methods_supported: certificates.methods(true),
        token_endpoint_auth_signing_alg_values_supported: algorithms(),
        revocation_endpoint_auth_methods_supported: certificates.methods(true),
        revocation_endpoint_auth_signing_alg_values_supported: algorithms(),
        introspection_endpoint_auth_methods_supported: certificates.methods(false),
        introspection_endpoint_auth_signing_alg_values_supported: algorithms(),
        introspection_signing_alg_values_supported: names(id_token::ALGORITHMS),
        introspection_encryption_alg_values_supported: names(&KEY_MANAGEMENT),
        introspection_encryption_enc_values_supported: names(&ContentEncryption::ALL),
        tls_client_certificate_bound_access_tokens: certificates.reach_us.then_some(true),
        mtls_endpoint_aliases: certificates
            .endpoints(realm)
            .map(|aliases| serde_json::json!(aliases)),
        code_challenge_methods_supported: strings(&[pkce::METHOD]),
        authorization_response_iss_parameter_supported: Some(true),
        client_id_metadata_document_supported: Some(settings.client_id_documents.allowed),
        prompt_values_supported: strings(&["none", "login", "consent", "select_account"]),
        claims_locales_supported: settings.claims_locales.clone(),
        // The language of every page.
        ui_locales_supported: strings(&["en"]),
        claims_parameter_supported: Some(true),
        request_parameter_supported: Some(true),
        request_uri_parameter_supported: Some(true),
        require_request_uri_registration: Some(true),
        require_signed_request_object: Some(
            settings.require_signed_request_object || settings.profile.demands_signed_requests(),
        ),
        request_object_signing_alg_values_supported: request_object::algorithms()
            .map(ToString::to_string)
            .collect(),
        request_object_encryption_alg_values_supported: names(&decryption::KEY_MANAGEMENT),
        request_object_encryption_enc_values_supported: names(&ContentEncryption::ALL),
        challenge_endpoint: Some(realm.url("/challenge")),
        client_attestation_signing_alg_values_supported: asymmetric(),
        client_attestation_pop_signing_alg_values_supported: asymmetric(),
        acr_values_supported: contexts(&settings),
        service_documentation: page(&settings.service_documentation),
        op_policy_uri: page(&settings.op_policy_uri),
        op_tos_uri: page(&settings.op_tos_uri),
        authorization_details_types_supported: catalogue
            .details_types()
            .map(str::to_owned)
            .collect(),
        protected_resources: catalogue
            .resources()
            .map(|resource| resource.id.clone())
            .filter(|id| id.starts_with("https://") || id.starts_with("http://"))
            .collect(),
        extra: identity_assertions()
            .into_iter()
            .chain(federation::provider_members(realm, &settings))
            .chain(status_lists(realm, catalogue))
            .collect(),
        ..ServerMetadata::default()
    }
}

/// Where status lists are named, where something is issued that can be taken back (draft-ietf-oauth-status-list §9.1).
fn status_lists(realm: &Realm, catalogue: &Catalogue) -> Option<(String, Value)> {
    let mut kinds = catalogue.credentials();
    kinds.any(|one| one.status.is_some()).then(|| {
        let name = "status_list_aggregation_endpoint".to_owned();
        (name, status_list::aggregation(realm).into())
    })
}

/// Whether there is anything that wallets could fetch.
pub(crate) fn issues(catalogue: &Catalogue) -> bool {
    catalogue.credentials().next().is_some()
}

fn names<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn response_modes() -> Vec<String> {
    let modes = ResponseMode::ALL.iter().map(|mode| mode.as_str());
    // Another name of one of the signed ones (JARM §2.3.4).
    modes.chain(["jwt"]).map(str::to_owned).collect()
}

/// The realm's names for strengths of a sign-in that can be reached, or, where it has none, those of the ways to sign in.
fn contexts(settings: &Settings) -> Vec<String> {
    if settings.acr.0.is_empty() {
        return Method::ALL.map(|method| method.acr().to_owned()).to_vec();
    }
    let possible = Method::ALL.map(Method::amr).concat();
    let named = settings.acr.values().map(str::to_owned);
    named
        .filter(|value| settings.acr.meets(std::slice::from_ref(value), &possible))
        .collect()
}

fn page(address: &str) -> Option<String> {
    (!address.is_empty()).then(|| address.to_owned())
}

fn asymmetric() -> Vec<String> {
    ASYMMETRIC.iter().map(ToString::to_string).collect()
}

/// Aggregated and distributed claims are there where an operator added one that is elsewhere (OpenID Connect Core §5.6.2).
fn claim_types(catalogue: &Catalogue) -> Vec<String> {
    let elsewhere = catalogue.claims().values().any(|elsewhere| *elsewhere);
    let all = ["normal", "aggregated", "distributed"];
    let types = if elsewhere { &all[..] } else { &all[..1] };
    types.iter().map(ToString::to_string).collect()
}

fn claims(catalogue: &Catalogue, settings: &Settings) -> Vec<String> {
    // Where no name can be reached, none is told.
    let acr = !contexts(settings).is_empty();
    let core = [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "at_hash",
        "c_hash",
        "s_hash",
        "sid",
    ];
    core.into_iter()
        .filter(|name| acr || *name != "acr")
        .chain(
            StandardClaims::BY_SCOPE
                .iter()
                .flat_map(|(_, claims)| claims.iter().copied()),
        )
        .chain(catalogue.claims().into_keys())
        .map(str::to_owned)
        .collect()
}

/// That ID-JAGs are issued and taken (draft-ietf-oauth-identity-assertion-authz-grant §6).
fn identity_assertions() -> Map<String, Value> {
    let issued = (
        "identity_chaining_requested_token_types_supported",
        TokenType::IdJag.as_str(),
    );
    let taken = (
        "authorization_grant_profiles_supported",
        jwt_bearer::ID_JAG_PROFILE,
    );
    [issued, taken]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), serde_json::json!([value])))
        .collect()
}
