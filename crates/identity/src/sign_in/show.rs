use std::sync::Arc;

use axum::Extension;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use realm::Realm;

use super::{Visit, open, pages};
use crate::interaction::Interaction;
use crate::session;
use crate::{Error, Person, Session};

/// The sign-in form; goes on at once when the session is enough.
pub(super) async fn show(
    Extension(realm): Extension<Arc<Realm>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = match web::form::query(uri.query(), &[]) {
        Ok(query) => query,
        Err(error) => return pages::bad_form(&realm, &error),
    };
    let token = query.get("interaction").filter(|token| !token.is_empty());
    let interaction = match open(&realm, &headers, token).await {
        Ok(interaction) => interaction,
        Err(page) => return page,
    };
    let visit = Visit {
        realm: &realm,
        headers: &headers,
        address: None,
        token,
        interaction: interaction.as_ref(),
    };
    let another = query.get("account") == Some("other");
    answer(&visit, another)
        .await
        .unwrap_or_else(|error| pages::failed(&realm, &error))
}

async fn answer(visit: &Visit<'_>, another: bool) -> Result<Response, Error> {
    let Some((session, person)) = session::current(visit.realm, visit.headers).await? else {
        return Ok(pages::form(visit, &pages::Form::first(visit)));
    };
    Ok(match visit.interaction {
        Some(interaction) if another && is_for_another(interaction, &person) => {
            pages::form(visit, &pages::Form::first(visit))
        }
        _ if another => pages::form(visit, &pages::Form::default()),
        None => pages::signed_in(visit.realm, &person),
        Some(interaction) if is_to_choose(interaction, &session) => pages::choose(visit, &person),
        Some(_) if is_enough(visit, &session) => pages::see_other(&visit.onward()),
        Some(interaction) if is_for_another(interaction, &person) => {
            pages::form(visit, &pages::Form::first(visit))
        }
        Some(_) => pages::form(visit, &again(&person)),
    })
}

/// Whether the session satisfies the interaction: authenticated since it began, where it asks for that. Going back or reloading after that goes on,
/// and neither loops nor skips the authentication.
fn is_enough(visit: &Visit<'_>, session: &Session) -> bool {
    visit
        .interaction
        .is_none_or(|interaction| !interaction.reauthenticate || is_since(interaction, session))
}

/// Whether the person authenticated since the interaction began.
fn is_since(interaction: &Interaction, session: &Session) -> bool {
    session.auth_time >= interaction.issued_at
        && interaction.before.as_ref() != Some(&session.sign_in)
}

/// Whether the person is to say first that it is they who go on. Who has signed in since has said so.
fn is_to_choose(interaction: &Interaction, session: &Session) -> bool {
    interaction.select
        && interaction.chosen.as_ref() != Some(&session.sign_in)
        && !is_since(interaction, session)
}

/// Whether somebody else is expected than who is signed in.
fn is_for_another(interaction: &Interaction, person: &Person) -> bool {
    let is_them = |hint: &String| {
        let email = person.email.as_deref().unwrap_or_default();
        [&person.username, email]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(hint))
    };
    interaction.another
        || interaction
            .login_hint
            .as_ref()
            .is_some_and(|hint| !is_them(hint))
}

/// The form for somebody who is known and has to show it again.
fn again(person: &Person) -> pages::Form {
    pages::Form {
        username: person.username.clone(),
        fixed: true,
        ..pages::Form::default()
    }
}
