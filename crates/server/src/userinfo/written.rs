//! How the answer is written: as JSON, or as the JWT that the client registered (OpenID Connect Core §5.3.2).

use axum::http::StatusCode;
use axum::response::Response;
use jose::jwt;
use oauth::claims::Userinfo;
use realm::Client;
use serde::Serialize;
use web::document;

use crate::call::Call;
use crate::refusal::Refusal;
use crate::{answer, client_auth};

/// `typ`: OpenID Connect Core names none. Without `exp` nobody takes it for an ID token.
const TYPE: &str = "JWT";

/// What is signed: who says it, and to whom (§5.3.2).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    told: &'a Userinfo,
}

/// The answer for this client: signed, then encrypted, as it registered (§16.14).
///
/// # Errors
/// When there is no key to sign with or to encrypt to.
pub(super) async fn answer(
    call: &Call,
    client: &Client,
    told: &Userinfo,
) -> Result<Response, Refusal> {
    let openid = &client.openid;
    let encryption = openid.userinfo_encryption();
    let (text, cty) = match openid.userinfo_signed_response_alg {
        Some(algorithm) => {
            let key = call.realm.keys().signer(algorithm).await?;
            let claims = Claims {
                iss: call.realm.issuer(),
                aud: &client.id,
                told,
            };
            (jwt::sign(&key, TYPE, &claims)?, Some("JWT"))
        }
        None if encryption.is_none() => return Ok(answer::json(StatusCode::OK, told)),
        None => {
            let text = serde_json::to_string(told);
            let text = text.map_err(|_| Refusal::Failed("claims cannot be written".to_owned()))?;
            (text, None)
        }
    };
    let text = match encryption {
        None => text,
        Some(how) => client_auth::encrypt_as(call, client, (how, (TYPE, cty)), &text).await?,
    };
    Ok(document::private_as(
        StatusCode::OK,
        "application/jwt",
        text,
    ))
}
