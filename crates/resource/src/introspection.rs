//! Asking the issuer about tokens that cannot be verified here (RFC 7662), with a bounded memory of its answers.

use std::sync::Arc;

use ambient::Ambient;
use oauth::introspection::Response;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

use crate::issuer::{Issuer, Unavailable};
use crate::signed_answer::{JWT, MEDIA_TYPE};
use crate::{Caller, Claims, Refusal};

pub(crate) use crate::signed_answer::Answers;

/// Answers that are remembered at most.
const CAPACITY: usize = 10_000;

#[derive(Clone)]
pub(crate) struct Introspection {
    pub(crate) caller: Caller,
    /// How long an answer is believed, in seconds.
    pub(crate) seconds: i64,
}

#[derive(Clone)]
struct Answer {
    claims: Option<Arc<Claims>>,
    until: i64,
}

pub(crate) struct Introspector {
    settings: Introspection,
    expected: Answers,
    issuer: Arc<Issuer>,
    ambient: Ambient,
    /// By the hash of the token: a token at rest in memory is one more place to steal it from.
    answers: Cache<[u8; 32], Answer>,
}

impl Introspector {
    pub(crate) fn new(
        settings: Introspection,
        expected: Answers,
        (issuer, ambient): (Arc<Issuer>, Ambient),
    ) -> Self {
        Self {
            settings,
            expected,
            issuer,
            ambient,
            answers: Cache::new(CAPACITY),
        }
    }

    /// The claims of a live token for `audience`.
    pub(crate) async fn ask(&self, token: &str, audience: &str) -> Result<Arc<Claims>, Refusal> {
        let now = self.issuer.now();
        let key = digest(token);
        if let Some(answer) = self.answers.get(&key)
            && now < answer.until
        {
            return answer.claims.ok_or(Refusal::Inactive);
        }
        let response = self.request(token).await.map_err(|why| {
            tracing::warn!(issuer = self.issuer.name(), why, "introspection failed");
            Refusal::Unavailable
        })?;
        let claims = live(response, self.issuer.name(), audience, now).map(Arc::new);
        let until = now + self.settings.seconds;
        let until = claims
            .as_ref()
            .map_or(until, |claims| until.min(claims.exp));
        let answer = Answer {
            claims: claims.clone(),
            until,
        };
        self.answers.insert(key, answer);
        claims.ok_or(Refusal::Inactive)
    }

    async fn request(&self, token: &str) -> Result<Response, String> {
        let known = self
            .issuer
            .known()
            .await
            .map_err(|Unavailable| "no metadata")?;
        let caller = &self.settings.caller;
        let endpoint = known
            .introspection_endpoint(caller.shows_certificate())
            .ok_or("the issuer has no introspection endpoint")?;
        let mut form = vec![
            ("token", token.to_owned()),
            ("token_type_hint", "access_token".to_owned()),
        ];
        let shown = caller.show(&mut form, (self.issuer.name(), &self.ambient))?;
        let mut headers = vec![("accept", self.expected.accept())];
        headers.extend(shown.map(|authorization| ("authorization", authorization)));
        let response = self
            .issuer
            .fetch()
            .post_form(endpoint, &form, &headers)
            .await
            .map_err(|e| e.to_string())?;
        if response.status != 200 {
            return Err(format!("status {}", response.status));
        }
        if response.media_type().as_deref() == Some(MEDIA_TYPE) {
            let text = response.text().map_err(|e| e.to_string())?;
            return self
                .expected
                .verify(text, caller.id(), &self.issuer)
                .await
                .map_err(|why| format!("{JWT}: {why}"));
        }
        if self.expected.is_signed {
            return Err("the answer is not signed".to_owned());
        }
        serde_json::from_slice(&response.body).map_err(|e| e.to_string())
    }
}

fn digest(token: &str) -> [u8; 32] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    let mut key = [0; 32];
    key.copy_from_slice(hash.as_ref());
    key
}

/// The claims, when the answer is about a token that is active, of this issuer and for this audience.
fn live(response: Response, issuer: &str, audience: &str, now: i64) -> Option<Claims> {
    let ours = response.iss.as_deref().is_none_or(|iss| iss == issuer);
    let for_us = response.aud.as_ref()?.contains(audience);
    if !response.active || !ours || !for_us || response.exp? <= now {
        return None;
    }
    let is_dpop = |kind: &String| kind.eq_ignore_ascii_case("DPoP");
    let bound = response.extra.get("cnf").and_then(|cnf| cnf.get("jkt"));
    if response.token_type.as_ref().is_some_and(is_dpop) && bound.is_none() {
        // Bound to a key that nobody names.
        return None;
    }
    let Ok(Value::Object(mut members)) = serde_json::to_value(&response) else {
        return None;
    };
    for name in ["active", "username", "token_type"] {
        members.remove(name);
    }
    default(&mut members, "iss", issuer.into());
    default(&mut members, "iat", now.into());
    for name in ["sub", "jti", "client_id"] {
        default(&mut members, name, "".into());
    }
    serde_json::from_value(Value::Object(members)).ok()
}

fn default(members: &mut Map<String, Value>, name: &str, value: Value) {
    members.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Response {
        serde_json::from_value(serde_json::json!({
            "active": true, "sub": "alice", "aud": "urn:notes", "exp": 200, "scope": "notes.read",
        }))
        .unwrap()
    }

    #[test]
    fn only_a_live_answer_for_this_audience_counts() {
        let claims = live(answer(), "https://id.example", "urn:notes", 100).unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.has_scope("notes.read")),
            ("alice", true)
        );
        assert_eq!(live(answer(), "https://id.example", "urn:other", 100), None);
        assert_eq!(live(answer(), "https://id.example", "urn:notes", 200), None);
        let inactive = Response {
            active: false,
            ..answer()
        };
        assert_eq!(live(inactive, "https://id.example", "urn:notes", 100), None);
        let foreign = Response {
            iss: Some("https://evil.example".into()),
            ..answer()
        };
        assert_eq!(live(foreign, "https://id.example", "urn:notes", 100), None);
    }

    #[test]
    fn what_a_token_is_bound_to_is_kept() {
        let mut bound = answer();
        bound.token_type = Some("DPoP".into());
        let live = |answer: &Response| live(answer.clone(), "https://id.example", "urn:notes", 100);
        assert_eq!(live(&bound), None);
        bound
            .extra
            .insert("cnf".into(), serde_json::json!({"jkt": "x"}));
        let cnf = live(&bound).unwrap().cnf.unwrap();
        assert_eq!(cnf.jkt.as_deref(), Some("x"));
        bound.extra.insert("cnf".into(), "x".into());
        assert_eq!(live(&bound), None);
    }
}
