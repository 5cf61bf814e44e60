//! What `private_key_jwt` and `client_secret_jwt` have in common (RFC 7521 §4.2, RFC 7523 §3): a JWT that is for this server, for now, and for once.

use jose::jwt::{self, Keys};
use jose::{Algorithm, jws};
use oauth::client_auth::Method;
use oauth::client_auth::assertion::{Claims, Disbelief, LEEWAY, Recipient, judge};
use realm::Client;

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
        sole_issuer: false,
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

/// Verifies the signature; of the claims, only `iss` is judged here.
pub(super) fn verified(
    call: &Call,
    client: &Client,
    text: &str,
    (keys, algorithms): (&impl Keys, &[Algorithm]),
) -> Result<Claims, jose::Error> {
    let registered = client.token_endpoint_auth_signing_alg;
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(&client.id),
        audience: jwt::Audience::Unchecked,
        algorithms: registered.as_ref().map_or(algorithms, std::slice::from_ref),
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: call.now(),
        leeway: LEEWAY,
    };
    jwt::verify::<Claims>(text, keys, &policy).map(jwt::Verified::into_claims)
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
