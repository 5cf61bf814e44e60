//! What `private_key_jwt` and `client_secret_jwt` have in common (RFC 7521 §4.2, RFC 7523 §3): a JWT that is for this server, for now, and for once.

use jose::jwt;
use jose::{Algorithm, jws};
use oauth::client_auth::Method;
use oauth::client_auth::assertion::{Disbelief, LEEWAY, Recipient, judge};
use realm::Client;
use realm::settings::FAPI_ALGORITHMS;

use super::authenticated::Assertion;
use super::{Endpoint, client_secret_jwt, private_key_jwt};
use crate::call::Call;
use crate::refusal::Reason;

/// Checks an assertion by the method that the client registered.
pub(super) async fn check(
    call: &Call,
    endpoint: &Endpoint,
    client: &Client,
    text: &str,
) -> Result<Assertion, Reason> {
    let claims = match client.token_endpoint_auth_method {
        Some(Method::PrivateKeyJwt) => private_key_jwt::verify(call, client, text).await?,
        Some(Method::ClientSecretJwt) => client_secret_jwt::verify(call, client, text)?,
        _ => return Err(Reason::ClientAssertionUnexpected),
    };
    let header = jws::peek(text).map_err(|_| Reason::ClientAssertionMalformed)?;
    let realm = &call.realm;
    let own = [realm.url("/token"), realm.url(endpoint.path)];
    let aliases = call.server.certificates.aliases.as_ref();
    let aliases = own.iter().filter_map(|url| aliases?.of(url));
    let endpoints: Vec<String> = aliases.chain(own.clone()).collect();
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let recipient = Recipient {
        issuer: realm.issuer(),
        endpoints: &endpoints,
        sole_issuer: client.profile(&realm.settings()).demands_sole_audience()
            // OpenID Federation 1.0 §12.1.1.2.
            || (client.is_federated() && endpoint.path == "/par"),
    };
    let typ = header.header.typ.as_deref();
    judge(&claims, typ, &client.id, &recipient, call.now())
        .map(|(jti, until)| Assertion::new(&client.id, jti, until))
        .map_err(|disbelief| match disbelief {
            Disbelief::Client => Reason::ClientAssertionOfAnother,
            Disbelief::Audience => Reason::ClientAssertionAudience,
            Disbelief::Times => Reason::ClientAssertionTimes,
            Disbelief::Id => Reason::ClientAssertionId,
            Disbelief::Type => Reason::ClientAssertionMalformed,
        })
}

/// What the library judges of an assertion: its signature, `iss` and its times.
pub(super) fn policy<'a>(
    call: &Call,
    client: &'a Client,
    algorithms: &'a [Algorithm],
) -> jwt::Policy<'a> {
    let own = client.token_endpoint_auth_signing_alg.as_ref();
    let algorithms = if client.profile(&call.realm.settings()).is_fapi() {
        FAPI_ALGORITHMS
    } else {
        algorithms
    };
    jwt::Policy {
        issuer: jwt::Issuer::Is(&client.id),
        audience: jwt::Audience::Unchecked,
        algorithms: own.map_or(algorithms, std::slice::from_ref),
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: call.now(),
        leeway: LEEWAY,
    }
}

/// The reason behind what the library found.
pub(super) fn reason(error: jose::Error) -> Reason {
    match error {
        jose::Error::UnknownKey => Reason::ClientKeyUnknown,
        jose::Error::Signature | jose::Error::KeyMismatch => Reason::ClientAssertionSignature,
        jose::Error::AlgorithmNotAllowed => Reason::ClientAssertionAlgorithm,
        jose::Error::Expired | jose::Error::NotYetValid => Reason::ClientAssertionTimes,
        jose::Error::WrongIssuer => Reason::ClientAssertionOfAnother,
        _ => Reason::ClientAssertionMalformed,
    }
}
