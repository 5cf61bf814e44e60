//! What a client may register about what it learns of people (OpenID Connect Registration §2).

use crate::clients::{SubjectType, sector};

use super::{Client, Invalid, check_list, check_signing_alg, check_text, encryption, is_page};

/// The longest `default_max_age`, in seconds: a hundred years mean that nobody has to sign in again.
const LONGEST_AGE: i64 = 100 * 365 * 86_400;

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    let openid = &client.openid;
    let signed = "userinfo_signed_response_alg";
    check_signing_alg(signed, openid.userinfo_signed_response_alg)?;
    encryption::check(
        client,
        (
            "id_token_encrypted_response_alg",
            openid.id_token_encrypted_response_alg,
        ),
        (
            "id_token_encrypted_response_enc",
            openid.id_token_encrypted_response_enc,
        ),
    )?;
    encryption::check(
        client,
        (
            "userinfo_encrypted_response_alg",
            openid.userinfo_encrypted_response_alg,
        ),
        (
            "userinfo_encrypted_response_enc",
            openid.userinfo_encrypted_response_enc,
        ),
    )?;
    if openid
        .default_max_age
        .is_some_and(|seconds| !(0..=LONGEST_AGE).contains(&seconds))
    {
        let reason = format!("it is a number of seconds from 0 to {LONGEST_AGE}");
        return Err(Invalid::new("default_max_age", reason));
    }
    let contexts = "default_acr_values";
    check_list(contexts, &openid.default_acr_values)?;
    for value in &openid.default_acr_values {
        check_text(contexts, value, 255)?;
        // They are asked for as a list with spaces between (OpenID Connect Core §3.1.2.1).
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(Invalid::new(contexts, "a value has no spaces"));
        }
    }
    if openid.subject_type == Some(SubjectType::Pairwise) {
        sector::of(client)?;
    }
    match &openid.initiate_login_uri {
        // https without exception, unlike other pages (§2).
        Some(uri) if !(is_page(uri) && uri.starts_with("https:")) => Err(Invalid::new(
            "initiate_login_uri",
            format!("`{}` is not an https address", uri.escape_default()),
        )),
        _ => Ok(()),
    }
}
