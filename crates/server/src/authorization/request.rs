//! What may be answered by redirect: a request whose client and redirect URI are known to be good (RFC 6749 §4.1.2.1).

use std::sync::Arc;

use identity::Interaction;
use identity::interaction::OpenError;
use oauth::Params;
use oauth::authorization::{AuthorizationRequest, ResponseMode};
use oauth::redirect_uri::{self, RedirectUriError, ReturnTo};
use realm::clients::check_profile;
use realm::{Catalogue, Client, GrantType};
use serde::{Deserialize, Serialize};

use super::arrival::{self, Arrived, By};
use super::{front_channel, pushed, rules};
use crate::call::Call;
use crate::granting::rules as granting;
use crate::pre_authorized_code::issuer_state;
use crate::refusal::{Reason, Refusal};
use crate::tokens::id_token;

/// Where and how the answer goes. Only a matched redirect URI makes one, so that nothing is ever sent to an unchecked place.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) to: ReturnTo,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    pub(crate) client: Arc<Client>,
    /// What names the pushed request that the answer uses up.
    pub(crate) pushed: Option<String>,
}

/// A request that may be decided on.
pub(crate) struct Checked {
    pub(crate) client: Arc<Client>,
    pub(crate) answer: Answer,
    pub(crate) request: AuthorizationRequest,
}

/// Why a request does not go on.
pub(crate) enum Stop {
    /// It cannot even be read.
    Page(Refusal),
    /// The client is not known, or switched off.
    Client(Option<String>),
    /// The document at the client's identifier cannot be used.
    Document(String, Refusal),
    /// The redirect URI is not the client's.
    Address(RedirectUriError),
    /// The sealed request cannot be opened.
    Lost(OpenError),
    /// It is refused, and the client is told.
    Redirect(Box<Answer>, Refusal),
}

/// What a request takes along while the browser is on our pages.
#[derive(Serialize, Deserialize)]
pub(crate) struct Travelled {
    /// When it first arrived (unix seconds).
    issued_at: i64,
    /// The sign-in that was there then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The sign-in with which the person chose to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    /// What names it among the pushed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pushed: Option<String>,
    /// Absent on arrival, and of a pushed one that is too large to travel: that is read from its row.
    request: Option<AuthorizationRequest>,
}

impl Travelled {
    /// A request that arrives now.
    pub(crate) fn arrival(now: i64) -> Self {
        Self {
            issued_at: now,
            before: None,
            chosen: None,
            pushed: None,
            request: None,
        }
    }

    /// The sign-in that was there when the request arrived.
    pub(crate) fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// The sign-in with which the person chose to go on.
    pub(crate) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// When the request first arrived (unix seconds).
    pub(crate) fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// Whether it was on a page of ours before.
    pub(crate) fn resumed(&self) -> bool {
        self.request.is_some() || self.pushed.is_some()
    }

    /// The same without the request, if that is kept anyhow.
    pub(crate) fn by_reference(&self) -> Option<Self> {
        self.pushed.as_ref().map(|pushed| Self {
            issued_at: self.issued_at,
            before: self.before.clone(),
            chosen: self.chosen.clone(),
            pushed: Some(pushed.clone()),
            request: None,
        })
    }

    /// What travels; `before` is the sign-in that is there now.
    pub(crate) fn leaving(&self, checked: &Checked, before: Option<String>) -> Self {
        Self {
            issued_at: self.issued_at,
            before: if self.resumed() {
                self.before.clone()
            } else {
                before
            },
            chosen: self.chosen.clone(),
            pushed: checked.answer.pushed.clone(),
            request: Some(checked.request.clone()),
        }
    }

    /// Its text.
    pub(crate) fn text(&self, checked: &Checked) -> Result<String, Stop> {
        serde_json::to_string(self)
            .map_err(|_| checked.refuse(Refusal::Failed("a request cannot be written".to_owned())))
    }
}

impl Checked {
    /// The refusal of this request, to be sent to its client.
    pub(crate) fn refuse(&self, refusal: impl Into<Refusal>) -> Stop {
        Stop::Redirect(Box::new(self.answer.clone()), refusal.into())
    }

    /// What may be asked of the person, details included.
    ///
    /// # Errors
    /// `invalid_scope`, `invalid_target` or `invalid_authorization_details`.
    pub(super) fn terms(&self, catalogue: &Catalogue) -> Result<granting::Terms, Reason> {
        granting::terms(&self.asked(), &self.client, catalogue)
    }

    /// What it asks to be granted.
    fn asked(&self) -> granting::Asked<'_> {
        granting::Asked {
            scope: self.request.scope.as_ref(),
            resources: &self.request.resource,
            details: self.request.authorization_details.as_ref(),
            person: granting::Part::Asked,
        }
    }
}

impl Stop {
    /// The refusal where nobody is sent anywhere, because the client asks by itself.
    fn into_refusal(self) -> Refusal {
        match self {
            Self::Page(refusal) | Self::Redirect(_, refusal) | Self::Document(_, refusal) => {
                refusal
            }
            Self::Client(_) => Reason::ClientUnknown.into(),
            Self::Address(error) => oauth::Error::invalid_request(error.to_string()).into(),
            Self::Lost(error) => Refusal::Failed(error.to_string()),
        }
    }
}

/// Checks a request that arrives.
pub(crate) async fn check_new(call: &Call, params: &Params) -> Result<Checked, Stop> {
    let Arrived { params, by } = arrival::resolve(call, params).await?;
    let (client, mut answer) = find(call, &params).await?;
    let settings = call.realm.settings();
    let missing = match &by {
        By::Push(hash) => {
            answer.pushed = Some(hash.clone());
            None
        }
        _ if client.profile(&settings).demands_pushed_requests() => Some(Reason::ProfilePush),
        _ if client.requires_pushed_requests(&settings) => Some(Reason::PushNeeded),
        By::Address if client.requires_signed_requests(&settings) || client.is_federated() => {
            Some(Reason::RequestObjectNeeded)
        }
        By::Address | By::Object => None,
    };
    match missing {
        Some(reason) => Err(Stop::Redirect(Box::new(answer), reason.into())),
        None => check(call, client, answer, &params),
    }
}

/// Checks a request that its client pushes, as if the browser had brought it: what would be refused there is refused here.
///
/// # Errors
/// What /authorize would tell by redirect, or on a page.
pub(crate) async fn check_pushed(call: &Call, params: &Params) -> Result<(), Refusal> {
    let (client, answer) = find(call, params).await.map_err(Stop::into_refusal)?;
    let checked = check(call, client, answer, params).map_err(Stop::into_refusal)?;
    let catalogue = call.realm.catalogue().await?;
    checked.terms(&catalogue)?;
    issuer_state::find(&call.realm, &checked.request, &catalogue).await?;
    if let Some(hint) = &checked.request.id_token_hint {
        id_token::read_hint_of(call, &checked.client, hint).await?;
    }
    Ok(())
}

fn check(
    call: &Call,
    client: Arc<Client>,
    answer: Answer,
    params: &Params,
) -> Result<Checked, Stop> {
    match AuthorizationRequest::parse(params) {
        Ok(request) => finish(call, client, answer, request),
        Err(error) => Err(Stop::Redirect(Box::new(answer), error.into())),
    }
}

/// The refusal of a request in which a parameter occurs twice: by redirect, unless it is one of those that say where to.
pub(crate) async fn duplicated(call: &Call, params: &Params) -> Stop {
    let occurs = |wanted: &str| {
        params
            .pairs()
            .iter()
            .filter(|(name, _)| name == wanted)
            .count()
    };
    if ["client_id", "redirect_uri", "response_mode"]
        .iter()
        .any(|name| occurs(name) > 1)
    {
        return Stop::Page(Reason::FormDuplicate.into());
    }
    match find(call, params).await {
        Ok((_, mut answer)) => {
            if occurs("state") > 1 {
                answer.state = None;
            }
            Stop::Redirect(Box::new(answer), Reason::FormDuplicate.into())
        }
        Err(stop) => stop,
    }
}

/// Checks a request that comes back: what was registered may have changed meanwhile.
pub(crate) async fn check_again(
    call: &Call,
    interaction: &Interaction,
) -> Result<(Checked, Travelled), Stop> {
    let mut travelled: Travelled =
        serde_json::from_str(&interaction.body).map_err(|_| Stop::Lost(OpenError::Unknown))?;
    let before = travelled.chosen.take();
    travelled.chosen = interaction.chosen.clone().or(before);
    let request = match (&travelled.request, &travelled.pushed) {
        (Some(request), _) => request.clone(),
        (None, Some(pushed)) => {
            let params = pushed::reopen(call, pushed).await.map_err(Stop::Page)?;
            AuthorizationRequest::parse(&params).map_err(|error| Stop::Page(error.into()))?
        }
        (None, None) => return Err(Stop::Lost(OpenError::Unknown)),
    };
    let client = client(call, Some(&request.client_id)).await?;
    let to = redirect_uri::find(&client.redirect_uris, request.redirect_uri.as_deref())
        .map_err(Stop::Address)?;
    let answer = Answer {
        to,
        mode: request.response_mode,
        state: request.state.clone(),
        client: Arc::clone(&client),
        pushed: travelled.pushed.clone(),
    };
    let checked = finish(call, client, answer, request)?;
    Ok((checked, travelled))
}

pub(super) async fn find(call: &Call, params: &Params) -> Result<(Arc<Client>, Answer), Stop> {
    let client = client(call, params.get("client_id")).await?;
    let to = redirect_uri::find(&client.redirect_uris, params.get("redirect_uri"))
        .map_err(Stop::Address)?;
    let mode = ResponseMode::of(params);
    // What cannot be taken is refused in no other way than what can.
    let mode = if client.profile(&call.realm.settings()).demands_jarm() {
        mode.signed()
    } else {
        mode
    };
    let answer = Answer {
        to,
        mode,
        state: params.owned("state"),
        client: Arc::clone(&client),
        pushed: None,
    };
    Ok((client, answer))
}

pub(super) async fn client(call: &Call, id: Option<&str>) -> Result<Arc<Client>, Stop> {
    let Some(id) = id else {
        return Err(Stop::Client(None));
    };
    call.client(id)
        .await
        .map_err(|refusal| Stop::Document(id.to_owned(), refusal))?
        .filter(|client| !client.disabled)
        .ok_or_else(|| Stop::Client(Some(id.to_owned())))
}

/// What the client's registration and the realm's profile say.
fn finish(
    call: &Call,
    client: Arc<Client>,
    answer: Answer,
    mut request: AuthorizationRequest,
) -> Result<Checked, Stop> {
    rules::fill_in(&mut request, &client);
    let checked = Checked {
        client,
        answer,
        request,
    };
    let (client, settings) = (&checked.client, call.realm.settings());
    let profile = client.profile(&settings);
    if let Err(invalid) = check_profile(client, profile) {
        return Err(checked.refuse(Refusal::profile(&invalid)));
    }
    if profile.demands_pushed_requests() && checked.request.redirect_uri.is_none() {
        return Err(checked.refuse(Reason::ProfileRedirectUri));
    }
    if profile.demands_jarm() && !checked.request.response_mode.is_signed() {
        return Err(checked.refuse(Reason::ProfileResponseMode));
    }
    let response_type = checked.request.response_type;
    if response_type.is_front_channel() {
        front_channel::check(&checked, &settings).map_err(|reason| checked.refuse(reason))?;
    }
    let code = response_type.has_code();
    if !client.response_types.contains(&response_type)
        || (code && !client.allows_grant(GrantType::AuthorizationCode))
    {
        return Err(checked.refuse(Reason::ResponseTypeNotRegistered));
    }
    if code && checked.request.code_challenge.is_none() && client.requires_pkce(&settings) {
        let reason = if profile.is_fapi() {
            Reason::ProfileChallenge
        } else {
            Reason::ChallengeMissing
        };
        return Err(checked.refuse(reason));
    }
    Ok(checked)
}
