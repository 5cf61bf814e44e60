use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use db::Batch;
use realm::Realm;
use secrecy::SecretString;
use web::address::ClientAddress;

use super::check::refused;
use super::limits::Tried;
use super::{Visit, open, pages};
use crate::interaction;
use crate::methods::Method;
use crate::methods::password::{Attempt, attempt};
use crate::session::{self, Authentication};
use crate::{Error, Identity};

/// Longest user name that is looked at, in bytes; a longer one belongs to nobody.
pub(super) const USERNAME_MAX: usize = 1024;

/// Checks what the form brings, and signs in.
pub(super) async fn submit(
    State(identity): State<Arc<Identity>>,
    Extension(realm): Extension<Arc<Realm>>,
    address: ClientAddress,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = match web::form::read(&parts.headers, body, &[]).await {
        Ok(form) => form,
        Err(error) => return pages::bad_form(&realm, &error),
    };
    let token = form.get("interaction").filter(|token| !token.is_empty());
    let interaction = match open(&realm, &parts.headers, token).await {
        Ok(interaction) => interaction,
        Err(page) => return page,
    };
    let visit = Visit {
        realm: &realm,
        headers: &parts.headers,
        address: Some(address.0),
        token,
        interaction: interaction.as_ref(),
    };
    if form.get("choose").is_some() {
        return choose(&visit, form.get("person").unwrap_or_default())
            .await
            .unwrap_or_else(|error| pages::failed(&realm, &error));
    }
    let username = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let shown = pages::Form {
        username: username.chars().take(128).collect(),
        fixed: form.get("fixed").is_some(),
        ..pages::Form::default()
    };
    if username.trim().is_empty() || password.is_empty() {
        let page = shown.refused("Enter your user name and your password.");
        return pages::form(&visit, &page);
    }
    let username: &str = if username.len() > USERNAME_MAX {
        "\u{0}"
    } else {
        username
    };
    let tried = Tried {
        realm: realm.name(),
        username,
        address,
    };
    if let Err(wait) = identity.limits.check(&tried) {
        return pages::too_many(&realm, wait);
    }
    match sign_in(&identity, &visit, username, password).await {
        Ok(Some(answer)) => {
            identity.limits.succeeded(&tried);
            answer
        }
        Ok(None) => {
            identity.limits.failed(&tried);
            // The same words and the same status whoever the name belongs to, if to anybody.
            let page = shown.refused("That user name and password do not match.");
            pages::form(&visit, &page)
        }
        Err(error) => pages::failed(&realm, &error),
    }
}

/// Goes on with who is signed in, when that is still the person whom the page named. Whoever else is there by now sees the page themselves.
async fn choose(visit: &Visit<'_>, person: &str) -> Result<Response, Error> {
    let current = session::current(visit.realm, visit.headers).await?;
    let interaction = visit.interaction.filter(|interaction| interaction.select);
    let (Some(interaction), Some((session, there))) = (interaction, current) else {
        let query = visit.token.map(|token| format!("?interaction={token}"));
        let login = format!("{}/login{}", visit.realm.path(), query.unwrap_or_default());
        return Ok(pages::see_other(&login));
    };
    if there.id != person {
        return Ok(pages::choose(visit, &there));
    }
    let token = interaction::choose(visit.realm, interaction, &session.sign_in).await?;
    let chosen = Visit {
        token: Some(&token),
        ..*visit
    };
    Ok(pages::see_other(&chosen.onward()))
}

/// The answer to a right password, or `None`. When the person changed between the check and the session's begin, both are done once more.
async fn sign_in(
    identity: &Identity,
    visit: &Visit<'_>,
    username: &str,
    password: &str,
) -> Result<Option<Response>, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let password = SecretString::from(password);
        let tried = attempt(visit.realm, &identity.passwords, username, password).await?;
        let (person, rehashed) = match tried {
            Attempt::Right { person, rehashed } => (person, rehashed),
            Attempt::Refused { person, reason } => {
                let address = visit.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
                let why = (person.as_deref(), reason);
                refused(identity, visit.realm, ClientAddress(address), why).await;
                return Ok(None);
            }
        };
        let mut authentication = Authentication::by(Method::Password, visit.address);
        authentication.rehashed = rehashed;
        let begun = session::begin(
            visit.realm,
            visit.headers,
            &person,
            authentication,
            Batch::new(),
        );
        match begun.await {
            Ok(begun) => {
                let mut answer = pages::see_other(&visit.onward());
                for cookie in [&begun.cookie, &begun.state] {
                    cookie.append_to(answer.headers_mut());
                }
                return Ok(Some(answer));
            }
            Err(Error::Changed) if tries < 3 => {}
            Err(error) => return Err(error),
        }
    }
}
