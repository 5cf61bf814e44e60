//! What a request object must say, and which parameters come of it (RFC 9101 §4, §5, §6; OpenID Connect Core §6; FAPI 2.0 Message Signing §5.3).

use oauth::Params;
use realm::Profile;
use serde_json::{Map, Value};

use crate::refusal::Reason;

/// How far the client's clock may differ, in seconds.
pub const LEEWAY: i64 = 30;
/// How long an object may be good for, and how old it may be, where the profile sets bounds, in seconds (FAPI 2.0 Message Signing §5.3.1).
pub const LONGEST: i64 = 3600;
/// The longest `jti` of an object that counts once, in bytes.
const LONGEST_ID: usize = 255;
/// The `typ` by which an object says what it is (§10.8).
pub const TYPE: &str = "oauth-authz-req+jwt";

/// Claims that are about the object and not of the request; and what would authenticate the client, which is nothing to hand through a browser.
const ABOUT: [&str; 11] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "trust_chain",
];

/// Who speaks to whom.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The client, by whose key the object was verified.
    pub client: &'a str,
    /// Us.
    pub issuer: &'a str,
    /// The client's profile.
    pub profile: Profile,
}

/// Judges the claims of an object whose signature was verified.
///
/// # Errors
/// `invalid_request_object`.
pub fn judge(claims: &Map<String, Value>, parties: &Parties<'_>, now: i64) -> Result<(), Reason> {
    // Neither this server's references nor another object: what was signed is the request itself (§4).
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(Reason::RequestObjectNested);
    }
    let strict = parties.profile.demands_signed_requests();
    // An assertion that authenticates the client has it as its subject: it is no request (§10.8).
    let own = |name: &str| claims.get(name).and_then(Value::as_str) == Some(parties.client);
    if own("sub") || (claims.contains_key("iss") && !own("iss")) {
        return Err(Reason::RequestObjectIssuer);
    }
    let named = claims.contains_key("client_id");
    if (named || !parties.profile.merges_requests()) && !own("client_id") {
        return Err(Reason::RequestObjectClient);
    }
    match claims.get("aud") {
        None if strict => return Err(Reason::ProfileObjectAudience),
        Some(audience) if !names(audience, parties.issuer) => {
            return Err(Reason::RequestObjectAudience);
        }
        _ => {}
    }
    judge_times(claims, strict, now)
}

/// What the object of a federation's client must say beyond that (OpenID Federation 1.0 §12.1.1.1). Gives its `jti`, which counts once, and until when the object
/// would be believed.
///
/// # Errors
/// [`Reason::FederationObject`].
pub fn once<'c>(
    claims: &'c Map<String, Value>,
    parties: &Parties<'_>,
) -> Result<(&'c str, i64), Reason> {
    let wrong = Reason::FederationObject;
    let own = |name: &str| claims.get(name).and_then(Value::as_str) == Some(parties.client);
    let sole = match claims.get("aud") {
        Some(Value::Array(several)) => several.len() == 1,
        other => other.is_some(),
    };
    let audience = claims.get("aud").filter(|_| sole);
    let ours = audience.is_some_and(|audience| names(audience, parties.issuer));
    if !own("iss") || !own("client_id") || !ours || claims.contains_key("sub") {
        return Err(wrong);
    }
    let jti = claims
        .get("jti")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if jti.is_empty() || jti.len() > LONGEST_ID {
        return Err(wrong);
    }
    let expires = time(claims, "exp")?.ok_or(wrong)?;
    Ok((jti, expires.saturating_add(LEEWAY)))
}

fn judge_times(claims: &Map<String, Value>, strict: bool, now: i64) -> Result<(), Reason> {
    let expires = time(claims, "exp")?;
    let not_before = time(claims, "nbf")?;
    let issued = time(claims, "iat")?;
    let latest = now.saturating_add(LEEWAY);
    let dead = expires.is_some_and(|exp| exp <= now.saturating_sub(LEEWAY));
    let early = [not_before, issued].into_iter().flatten();
    if dead || early.into_iter().any(|at| at > latest) {
        return Err(Reason::RequestObjectTimes);
    }
    if strict {
        let (Some(expires), Some(not_before)) = (expires, not_before) else {
            return Err(Reason::ProfileObjectTimes);
        };
        let old = not_before < now.saturating_sub(LONGEST);
        let long = expires > not_before.saturating_add(LONGEST);
        if old || long {
            return Err(Reason::ProfileObjectTimes);
        }
    }
    Ok(())
}

/// A time in unix seconds (RFC 7519 §2), whole.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Reason> {
    const BEYOND: f64 = 9e15;
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .filter(|seconds| seconds.abs() < BEYOND)
            .map(|seconds| Some(seconds.floor() as i64))
            .ok_or(Reason::RequestObjectTimes),
    }
}

fn names(audience: &Value, issuer: &str) -> bool {
    match audience {
        Value::Array(several) => several.iter().any(|one| one == issuer),
        one => one == issuer,
    }
}

/// Whether `typ` says that it is a request, or nothing of what it is (§4, §10.8): a token of another explicit type is none.
pub fn is_type(typ: Option<&str>) -> bool {
    let Some(typ) = typ else {
        return true;
    };
    let short = match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case("JWT") || short.eq_ignore_ascii_case(TYPE)
}

/// The parameters that the claims are: strings as they are, numbers and the like as they are written, lists of `resource` and `audience` one by one, and what has
/// structure as JSON (§4; RFC 9396 §2, OpenID Connect Core §5.5).
///
/// # Errors
/// [`Reason::RequestObjectMalformed`] for what no parameter can hold.
pub fn parameters(claims: Map<String, Value>) -> Result<Vec<(String, String)>, Reason> {
    let mut pairs = Vec::with_capacity(claims.len());
    for (name, value) in claims {
        if ABOUT.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name, text)),
            Value::Array(items)
                if matches!(name.as_str(), "resource" | "audience")
                    && items.iter().all(Value::is_string) =>
            {
                let texts = items.iter().filter_map(Value::as_str);
                pairs.extend(texts.map(|text| (name.clone(), text.to_owned())));
            }
            other => pairs.push((name, other.to_string())),
        }
    }
    if pairs
        .iter()
        .any(|(name, value)| name.contains('\0') || value.contains('\0'))
    {
        return Err(Reason::RequestObjectMalformed);
    }
    Ok(pairs)
}

/// The request: what was signed, and under OpenID Connect's rule (Core §6.1) what stands beside it and was not signed otherwise.
///
/// # Errors
/// [`Reason::RequestObjectDiffers`] when `response_type` or `client_id` beside the object are others than in it.
pub fn request(
    outer: &Params,
    mut signed: Vec<(String, String)>,
    parties: &Parties<'_>,
) -> Result<Params, Reason> {
    let is_signed =
        |signed: &[(String, String)], name: &str| signed.iter().any(|(own, _)| own == name);
    if !is_signed(&signed, "client_id") {
        signed.push(("client_id".to_owned(), parties.client.to_owned()));
    }
    if parties.profile.merges_requests() {
        for name in ["response_type", "client_id"] {
            let inner = signed.iter().find(|(own, _)| own == name);
            if let (Some(outer), Some((_, inner))) = (outer.get(name), inner)
                && outer != inner
            {
                return Err(Reason::RequestObjectDiffers);
            }
        }
        let beside = outer.pairs().iter().filter(|(name, _)| {
            !is_signed(&signed, name)
                && !ABOUT.contains(&name.as_str())
                && name != "request"
                && name != "request_uri"
        });
        let beside: Vec<_> = beside.cloned().collect();
        signed.extend(beside);
    }
    Ok(Params::new(signed))
}

/// Whether an address that a request names is one that the client registered: the same without its fragment, or below one that ends with `/*`.
pub fn is_registered(registered: &[String], request_uri: &str) -> bool {
    let Some(asked) = address(request_uri) else {
        return false;
    };
    registered.iter().any(|own| match own.strip_suffix('*') {
        Some(base) => address(base).is_some_and(|base| {
            base.origin() == asked.origin()
                && base.path().ends_with('/')
                && asked.path().len() > base.path().len()
                && asked.path().starts_with(base.path())
        }),
        None => address(own).is_some_and(|own| own == asked),
    })
}

/// An address in its normal form, in which dots lead nowhere; without its fragment, which says which version of the object it is (OpenID Connect Core §6.2).
fn address(text: &str) -> Option<url::Url> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("%2f")
        || lower.contains("%5c")
        || lower.contains("%2e")
        || text.contains('\\')
    {
        return None;
    }
    let mut url = url::Url::parse(text).ok()?;
    url.set_fragment(None);
    let web = matches!(url.scheme(), "https" | "http");
    (web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests;
