//! Conditions (CEL) on what an issuer signed.

use std::fmt;

use cel::{ExecutionError, Program, Value};
use serde_json::{Map, Value as Json};

use crate::resources::expression;
use crate::resources::values::object;

/// A compiled condition.
pub(super) struct Condition(Program);

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

impl Condition {
    /// Compiles it; what it costs is bounded as for the rules of scopes. The reason of a refusal is for whoever wrote it.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let condition = Self(expression::program(source)?);
        match condition.run(&Map::new()) {
            Err(
                error @ (ExecutionError::UndeclaredReference(_)
                | ExecutionError::NotSupportedAsMethod { .. }
                | ExecutionError::InvalidArgumentCount { .. }),
            ) => Err(format!("the condition fails: {error}; it sees `claims`")),
            Ok(Value::Bool(_)) | Err(_) => Ok(condition),
            Ok(other) => Err(format!(
                "the condition gives {}, not a bool",
                other.type_of()
            )),
        }
    }

    /// Whether it holds for these claims; when it cannot be said, it does not.
    pub(super) fn holds(&self, claims: &Map<String, Json>) -> bool {
        matches!(self.run(claims), Ok(Value::Bool(true)))
    }

    fn run(&self, claims: &Map<String, Json>) -> Result<Value, ExecutionError> {
        expression::execute(&self.0, [("claims", object(claims))])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use serde_json::json;

    fn holds(source: &str, claims: Json) -> bool {
        let Json::Object(claims) = claims else {
            panic!("no object")
        };
        Condition::compile(source).unwrap().holds(&claims)
    }

    #[test]
    fn a_condition_sees_the_claims() {
        let job = json!({"repository": "acme/site", "ref": "refs/heads/main", "run": 7, "groups": ["a", "b"], "k": {"ns": "prod"}});
        for yes in [
            "claims.repository == 'acme/site' && claims.ref == 'refs/heads/main'",
            "claims.repository.startsWith('acme/')",
            "'b' in claims.groups",
            "claims.k.ns == 'prod' && claims.run > 6",
            "claims['repository'] == 'acme/site'",
            "has(claims.run)",
        ] {
            assert!(holds(yes, job.clone()), "{yes}");
        }
        for no in [
            "claims.repository == 'acme/other'",
            "claims.environment == 'production'",
            "claims.run == 'x'",
            "claims.repository.run == 7",
            "claims.groups.all(g, g == 'a')",
        ] {
            assert!(!holds(no, job.clone()), "{no}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for wrong in [
            "",
            "claims",
            "'x'",
            "sub == 'x'",
            "person.id == 'x'",
            "claims.sub ==",
            "claims.a.all(x, claims.b.all(y, x == y))",
        ] {
            assert!(Condition::compile(wrong).is_err(), "{wrong}");
        }
    }
}
