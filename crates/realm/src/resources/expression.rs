//! Expressions (CEL) that say who may be granted a scope: compiled once, bounded in what they cost, false when they fail.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::objects::Key;
use cel::{Context, Env, ExecutionError, Program, Value};

use super::document::PersonFacts;
use crate::clients::Client;

/// Longer expressions are refused.
pub(super) const LONGEST: usize = 1024;
/// So many comprehensions an expression may have: what one gives may be as many times as large as there is room to write, and the next one makes that of it again.
const LOOPS: usize = 2;
/// Of a person's groups, an expression sees this many.
const GROUPS: usize = 1000;

const PERSON: [&str; 5] = ["id", "username", "email", "email_verified", "groups"];
const CLIENT: [&str; 4] = ["id", "name", "public", "self_made"];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression.
pub(super) struct Expression(Program);

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Expression")
    }
}

impl Expression {
    /// Compiles it. The reason of a refusal is for whoever wrote the expression.
    ///
    /// What it costs is bounded by its length: comprehensions (`all`, `exists`, `map`, …) are two at most and not nested, and nothing else repeats.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let expression = Self(program(source)?);
        expression.try_out()?;
        Ok(expression)
    }

    /// What it says, or why it could not say.
    pub(super) fn evaluate(
        &self,
        person: Option<&PersonFacts>,
        client: &Client,
    ) -> Result<bool, String> {
        match self.run(person_value(person), client_value(client)) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(format!("it gives {}, not a bool", other.type_of())),
            Err(error) => Err(error.to_string()),
        }
    }

    fn run(&self, person: Value, client: Value) -> Result<Value, ExecutionError> {
        execute(&self.0, [("person", person), ("client", client)])
    }

    /// Evaluates it for a made-up person and for none: what is not a bool, or names what does not exist, is found before it matters.
    fn try_out(&self) -> Result<(), String> {
        let person = PersonFacts {
            id: "0".to_owned(),
            username: "somebody".to_owned(),
            email: Some("somebody@example.org".to_owned()),
            email_verified: true,
            groups: vec!["staff".to_owned()],
        };
        let client = Client {
            id: "client".to_owned(),
            name: "Client".to_owned(),
            ..Client::default()
        };
        for person in [Some(&person), None] {
            match self.run(person_value(person), client_value(&client)) {
                Ok(Value::Bool(_)) => {}
                Ok(other) => {
                    return Err(format!(
                        "the expression gives {}, not a bool",
                        other.type_of()
                    ));
                }
                Err(
                    error @ (ExecutionError::UndeclaredReference(_)
                    | ExecutionError::NotSupportedAsMethod { .. }
                    | ExecutionError::InvalidArgumentCount { .. }),
                ) if person.is_some() => return Err(format!("the expression fails: {error}")),
                // Null where a person was expected, an index out of bounds: grants nothing, and is nothing to refuse.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Compiles any expression whose cost is bounded by its length.
pub(crate) fn program(source: &str) -> Result<Program, String> {
    if source.len() > LONGEST {
        return Err(format!(
            "the expression is longer than {LONGEST} characters"
        ));
    }
    let program = ENVIRONMENT
        .compile(source)
        .map_err(|errors| format!("the expression does not compile: {errors}"))?;
    let mut loops = 0;
    look(program.expression(), false, &mut loops)?;
    if loops > LOOPS {
        return Err(format!(
            "the expression has more than {LOOPS} of all, exists, exists_one, map and filter"
        ));
    }
    Ok(program)
}

/// Evaluates an expression that sees these variables.
pub(crate) fn execute<const N: usize>(
    program: &Program,
    variables: [(&'static str, Value); N],
) -> Result<Value, ExecutionError> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    for (name, value) in variables {
        context.add_variable_from_value(name, value);
    }
    program.execute(&context)
}

/// Walks the expression and refuses what would cost too much, and members that do not exist.
fn look(expression: &IdedExpr, repeated: bool, loops: &mut usize) -> Result<(), String> {
    match &expression.expr {
        Expr::Comprehension(inner) => {
            if repeated {
                return Err(
                    "all, exists, exists_one, map and filter are not to be nested".to_owned(),
                );
            }
            *loops += 1;
            // What it runs over is evaluated once.
            look(&inner.iter_range, false, loops)?;
            [
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ]
            .into_iter()
            .try_for_each(|part| look(part, true, loops))
        }
        Expr::Select(select) => {
            if let Expr::Ident(name) = &select.operand.expr {
                check_member(name, &select.field)?;
            }
            look(&select.operand, repeated, loops)
        }
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                look(target, repeated, loops)?;
            }
            let mut args = call.args.iter();
            args.try_for_each(|arg| look(arg, repeated, loops))
        }
        Expr::List(list) => list
            .elements
            .iter()
            .try_for_each(|item| look(item, repeated, loops)),
        Expr::Map(map) => map
            .entries
            .iter()
            .try_for_each(|entry| look_entry(&entry.expr, repeated, loops)),
        Expr::Struct(entries) => entries
            .entries
            .iter()
            .try_for_each(|entry| look_entry(&entry.expr, repeated, loops)),
        _ => Ok(()),
    }
}

fn look_entry(entry: &EntryExpr, repeated: bool, loops: &mut usize) -> Result<(), String> {
    match entry {
        EntryExpr::MapEntry(entry) => {
            look(&entry.key, repeated, loops)?;
            look(&entry.value, repeated, loops)
        }
        EntryExpr::StructField(field) => look(&field.value, repeated, loops),
    }
}

fn check_member(of: &str, member: &str) -> Result<(), String> {
    let known: &[&str] = match of {
        "person" => &PERSON,
        "client" => &CLIENT,
        _ => return Ok(()),
    };
    if known.contains(&member) {
        Ok(())
    } else {
        Err(format!(
            "{of} has no `{member}`; it has {}",
            known.join(", ")
        ))
    }
}

pub(super) fn person_value(person: Option<&PersonFacts>) -> Value {
    let Some(person) = person else {
        return Value::Null;
    };
    let groups: Vec<Value> = person
        .groups
        .iter()
        .take(GROUPS)
        .map(|group| Value::from(group.as_str()))
        .collect();
    record([
        ("id", Value::from(person.id.as_str())),
        ("username", Value::from(person.username.as_str())),
        ("email", Value::from(person.email.as_deref())),
        ("email_verified", Value::Bool(person.email_verified)),
        ("groups", Value::from(groups)),
    ])
}

pub(super) fn client_value(client: &Client) -> Value {
    record([
        ("id", Value::from(client.id.as_str())),
        ("name", Value::from(client.name.as_str())),
        ("public", Value::Bool(client.is_public())),
        ("self_made", Value::Bool(client.is_self_made())),
    ])
}

fn record<const N: usize>(members: [(&str, Value); N]) -> Value {
    let map: HashMap<Key, Value> = members
        .into_iter()
        .map(|(name, value)| (Key::from(name), value))
        .collect();
    Value::from(map)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn alice() -> PersonFacts {
        PersonFacts {
            id: "1".to_owned(),
            username: "alice".to_owned(),
            email: Some("alice@example.org".to_owned()),
            email_verified: true,
            groups: vec!["staff".to_owned(), "editors".to_owned()],
        }
    }

    fn ask(source: &str, person: Option<&PersonFacts>) -> Result<bool, String> {
        Expression::compile(source)
            .unwrap()
            .evaluate(person, &Client::default())
    }

    #[test]
    fn an_expression_sees_the_person_and_the_client() {
        let alice = alice();
        for yes in [
            "'editors' in person.groups",
            "person.email.endsWith('@example.org') && person.email_verified",
            "person.groups.exists(g, g.startsWith('ed'))",
            "client.public && person.username == 'alice'",
            "person == null || person.id == '1'",
        ] {
            assert_eq!(ask(yes, Some(&alice)), Ok(true), "{yes}");
        }
        assert_eq!(ask("'admins' in person.groups", Some(&alice)), Ok(false));
        assert_eq!(ask("person == null && client.id == ''", None), Ok(true));
    }

    #[test]
    fn an_expression_that_fails_grants_nothing() {
        assert!(ask("person.groups[7] == 'x'", Some(&alice())).is_err());
        assert!(ask("person.username == 'alice'", None).is_err());
        let nobody = PersonFacts {
            email: None,
            ..alice()
        };
        assert!(ask("person.email.endsWith('x')", Some(&nobody)).is_err());
    }

    #[test]
    fn what_is_no_rule_is_refused_before_it_is_stored() {
        for (wrong, reason) in [
            ("person.groups", "not a bool"),
            ("'x'", "not a bool"),
            ("person.emial == 'x'", "no `emial`"),
            ("client.secret == 'x'", "no `secret`"),
            ("user.name == 'x'", "user"),
            ("person.username ==", "compile"),
            ("person.username.frobnicate()", "fails"),
        ] {
            let refusal = Expression::compile(wrong).unwrap_err();
            assert!(refusal.contains(reason), "{wrong}: {refusal}");
        }
    }

    #[test]
    fn an_expression_cannot_cost_much() {
        let long = format!("'{}' == person.id", "x".repeat(LONGEST));
        assert!(Expression::compile(&long).unwrap_err().contains("longer"));
        let nested = "person.groups.all(a, person.groups.all(b, a != b))";
        assert!(Expression::compile(nested).unwrap_err().contains("nested"));
        let one_after_the_other = "person.groups.map(a, a + 'x').all(b, b != '')";
        assert_eq!(ask(one_after_the_other, Some(&alice())), Ok(true));
        let growing = format!("person.groups{} == []", ".map(a, a + a)".repeat(30));
        assert!(
            Expression::compile(&growing)
                .unwrap_err()
                .contains("more than 2")
        );
        let deep = format!("{}true{}", "(".repeat(400), ")".repeat(400));
        assert!(Expression::compile(&deep).is_err() || ask(&deep, None) == Ok(true));
    }
}
