//! The pages at `/login`.

mod check;
mod limits;
mod pages;
mod show;
mod submit;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use realm::Realm;

pub use check::PasswordCheck;
pub(crate) use limits::Limits;
pub use limits::{LimitOptions, Rate};

use crate::Identity;
use crate::interaction::{self, Interaction};

/// `GET` and `POST /login`, behind the origin check. Handlers take the realm from the extension `Arc<realm::Realm>` and the caller's address from
/// `web::address::ClientAddress`.
pub fn router(identity: Arc<Identity>) -> Router {
    let pages = Router::new().route("/login", get(show::show).post(submit::submit));
    let trusted = identity.trusted_origins.iter().map(String::as_str);
    match web::origin::guard(trusted) {
        Ok(guard) => pages.layer(guard).with_state(Arc::clone(&identity)),
        Err(error) => {
            // Without its guard the page is not served at all.
            tracing::error!(%error, "an origin in trusted_origins is not one: /login is not served");
            Router::new()
        }
    }
}

/// One request for a sign-in page.
struct Visit<'a> {
    realm: &'a Realm,
    headers: &'a HeaderMap,
    address: Option<IpAddr>,
    token: Option<&'a str>,
    interaction: Option<&'a Interaction>,
}

impl Visit<'_> {
    /// Where to go on once signed in.
    fn onward(&self) -> String {
        let base = self.realm.path();
        match (self.interaction, self.token) {
            (Some(interaction), Some(token)) => {
                let resume = interaction::rules::with_interaction(&interaction.resume, token);
                format!("{base}{resume}")
            }
            _ => format!("{base}/login"),
        }
    }
}

/// Opens the interaction that the request names, or answers why it cannot be gone on with.
async fn open(
    realm: &Realm,
    headers: &HeaderMap,
    token: Option<&str>,
) -> Result<Option<Interaction>, Response> {
    let Some(token) = token else {
        return Ok(None);
    };
    match interaction::open(realm, headers, token).await {
        Ok(interaction) => Ok(Some(interaction)),
        Err(error) => Err(pages::cannot_go_on(realm, error)),
    }
}
