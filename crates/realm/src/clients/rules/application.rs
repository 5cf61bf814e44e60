//! What kind of application it is and what that says about its redirect URIs (OpenID Connect Registration §2), and what describes it to people and to the
//! issuers of software (RFC 7591 §2).

use url::Url;

use super::{Invalid, check_name, check_text, is_loopback, is_page};
use crate::clients::GrantType;
use crate::clients::document::{ApplicationType, Client};
use crate::clients::localized;

/// How long a software statement may be, in bytes.
const LONGEST_STATEMENT: usize = 16 * 1024;

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    check_kind(client)?;
    check_software(client)?;
    if client.localized.len() > localized::MOST {
        let reason = format!("more than {} members have a language", localized::MOST);
        return Err(Invalid::new("client_name", reason));
    }
    for (member, tag, value) in client.localized.iter() {
        if member == "client_name" {
            check_name(value)?;
        } else if !is_page(value) {
            let reason = format!("in the language {tag} it is not an https address");
            return Err(Invalid::new(member, reason));
        }
    }
    match &client.sector_identifier_uri {
        Some(uri) if !is_page(uri) => Err(Invalid::new(
            "sector_identifier_uri",
            format!("`{}` is not an https address", uri.escape_default()),
        )),
        _ => Ok(()),
    }
}

/// A web application is sent to over the web; one that is installed may also have a scheme of its own (RFC 8252 §7).
fn check_kind(client: &Client) -> Result<(), Invalid> {
    if client.application_type != Some(ApplicationType::Web) {
        return Ok(());
    }
    let own_scheme = |uri: &&String| !Url::parse(uri).is_ok_and(|url| is_web(url.scheme()));
    // OpenID Connect Registration §2: what comes in a fragment would be read by any program on that port.
    let exposed = |uri: &&String| {
        Url::parse(uri).is_ok_and(|url| url.scheme() != "https" || is_loopback(&url))
    };
    if client.allows_grant(GrantType::Implicit)
        && let Some(uri) = client.redirect_uris.iter().find(exposed)
    {
        let uri = uri.escape_default();
        let reason = format!(
            "`{uri}`: a web application with the implicit grant has https addresses that are not of the person's own device"
        );
        return Err(Invalid::new("redirect_uris", reason));
    }
    match client.redirect_uris.iter().find(own_scheme) {
        Some(uri) => Err(Invalid::new(
            "redirect_uris",
            format!(
                "`{}`: a scheme of its own is for an application of the type `native`",
                uri.escape_default()
            ),
        )),
        None => Ok(()),
    }
}

pub(super) fn is_web(scheme: &str) -> bool {
    matches!(scheme, "https" | "http")
}

fn check_software(client: &Client) -> Result<(), Invalid> {
    let texts = [
        ("software_id", &client.software_id),
        ("software_version", &client.software_version),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            check_text(field, text, 255)?;
        }
    }
    let statement = client.software_statement.as_deref().unwrap_or_default();
    let odd = |byte: u8| !byte.is_ascii_graphic();
    if statement.len() > LONGEST_STATEMENT || statement.bytes().any(odd) {
        return Err(Invalid::new("software_statement", "it is no signed JWT"));
    }
    Ok(())
}
