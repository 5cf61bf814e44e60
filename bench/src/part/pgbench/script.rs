//! The script: the texts of the statements as the crates have them, their values from rows that a flow has just written.

use std::fmt::Write as _;
use std::sync::Arc;

use db::{Stmt, Value, params};
use realm::Realm;

use crate::Failure;

/// A script and the variables it is run with.
#[derive(Default)]
pub(super) struct Script {
    pub(super) text: String,
    pub(super) values: Vec<(String, String)>,
}

/// What makes each row a new one: random as a hash is, or rising as an identifier does. Both fit a BIGINT, and are sent as the text they stand for.
const BEGIN: &str = "\\set n :n + 1
\\set rising :client_id * 100000000000000000 + :n
\\set random random(1, 9000000000000000000)
";

/// Writes the script of one whole flow.
pub(super) async fn write(realm: &Arc<Realm>, cookie: &str) -> Result<Script, Failure> {
    let mut script = Script {
        text: BEGIN.to_owned(),
        values: Vec::new(),
    };
    let known = Known::read(realm).await?;
    if cookie.is_empty() {
        return Err("nobody is signed in".into());
    }
    let here = Value::from(realm.name());
    let of = |values: &[&Value]| -> Vec<Given> {
        let given = values.iter().map(|value| Given::Same((*value).clone()));
        std::iter::once(Given::Same(here.clone()))
            .chain(given)
            .collect()
    };
    // The authorization endpoint: who is signed in, what was allowed, and the code.
    script.add("FIND_SESSION", of(&[&known.session_hash]))?;
    script.add("FIND_CONSENT", of(&[&known.person, &known.client]))?;
    script.text.push_str("BEGIN;\n");
    script.insert(realm, "ISSUE_CODE").await?;
    script.insert(realm, "INSERT_EVENT").await?;
    script.text.push_str("END;\n");
    // The token endpoint: the code, whose it is, and the redemption.
    let mut found = of(&[]);
    found.push(Given::Variable("random"));
    script.add("FIND_CODE", found)?;
    script.add("FIND_PERSON", of(&[&known.person]))?;
    script.text.push_str("BEGIN;\n");
    let mut redeemed = of(&[]);
    // Before every expiry.
    redeemed.extend([Given::Variable("random"), Given::Same(Value::Int(1))]);
    redeemed.push(Given::Variable("rising"));
    let marks = [&known.session, &known.person, &known.client, &known.client];
    redeemed.extend(marks.map(|mark| Given::Same(mark.clone())));
    redeemed.push(Given::Same(Value::Int(known.now)));
    script.add("REDEEM_CODE", redeemed)?;
    script.insert(realm, "BEGIN_FAMILY").await?;
    script
        .text
        .push_str("\\set n :n + 1\n\\set rising :client_id * 100000000000000000 + :n\n");
    script.insert(realm, "INSERT_EVENT").await?;
    script.text.push_str("END;\n");
    Ok(script)
}

/// A value of a statement.
enum Given {
    Same(Value),
    /// A variable of the script.
    Variable(&'static str),
}

/// Rows that are there.
struct Known {
    session_hash: Value,
    session: Value,
    person: Value,
    client: Value,
    now: i64,
}

impl Known {
    async fn read(realm: &Arc<Realm>) -> Result<Self, Failure> {
        let stmt = Stmt::new(
            "A_FAMILY",
            "SELECT s.hash, s.id, f.person, f.client FROM refresh_family f JOIN session s ON s.realm = f.realm AND s.id = f.session WHERE f.realm = $1 LIMIT 1",
        );
        let row = realm.db().row(&stmt, params![realm.name()]).await?;
        let row = row.ok_or("no flow has been made")?;
        let value = |column: usize| row.values().get(column).cloned().unwrap_or_default();
        Ok(Self {
            session_hash: value(0),
            session: value(1),
            person: value(2),
            client: value(3),
            now: realm.now(),
        })
    }
}

impl Script {
    /// Adds a statement with these values for `$1`, `$2`, ….
    fn add(&mut self, name: &str, values: Vec<Given>) -> Result<(), Failure> {
        let statement = find(name)?;
        let mut rest = statement.sql;
        while let Some(at) = rest.find('$') {
            self.text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest[..digits].parse()?;
            rest = &rest[digits..];
            let value = values.get(number.wrapping_sub(1)).ok_or_else(|| {
                format!("{name} has a value ${number} that the benchmark does not know")
            })?;
            self.place(value, &format!("{name}_{number}").to_lowercase());
        }
        let _ = writeln!(self.text, "{rest};");
        Ok(())
    }

    fn place(&mut self, value: &Given, name: &str) {
        let text = match value {
            Given::Variable(variable) => {
                let _ = write!(self.text, ":{variable}");
                return;
            }
            Given::Same(Value::Null) => {
                self.text.push_str("NULL");
                return;
            }
            Given::Same(Value::Int(int)) => int.to_string(),
            Given::Same(Value::Text(text)) => text.clone(),
        };
        let _ = write!(self.text, ":{name}");
        if !self.values.iter().any(|(known, _)| known == name) {
            self.values.push((name.to_owned(), text));
        }
    }

    /// Adds an INSERT with the values of a row that the table has, but for what makes it another row.
    async fn insert(&mut self, realm: &Arc<Realm>, name: &str) -> Result<(), Failure> {
        let statement = find(name)?;
        let (table, columns) = columns(statement.sql).ok_or("a statement that is no INSERT")?;
        let query = format!(
            "SELECT {} FROM {table} WHERE realm = $1 LIMIT 1",
            columns.join(", ")
        );
        let stmt = Stmt::new("A_ROW", Box::leak(query.into_boxed_str()));
        let row = realm.db().row(&stmt, params![realm.name()]).await?;
        let row = row.ok_or("no flow has been made")?;
        let values = columns
            .iter()
            .zip(row.values())
            .map(|(column, value)| match *column {
                "hash" => Given::Variable("random"),
                "id" | "grant_id" => Given::Variable("rising"),
                _ => Given::Same(value.clone()),
            });
        self.add(name, values.collect())
    }
}

/// The table and the columns of an INSERT whose values are `$1`, `$2`, … in their order.
fn columns(sql: &str) -> Option<(&str, Vec<&str>)> {
    let rest = sql.strip_prefix("INSERT INTO ")?;
    let (table, rest) = rest.split_once('(')?;
    let (columns, _) = rest.split_once(')')?;
    Some((table.trim(), columns.split(',').map(str::trim).collect()))
}

/// A statement of the crates, by its name.
fn find(name: &str) -> Result<&'static Stmt, Failure> {
    let all = [
        realm::statements(),
        identity::statements(),
        server::statements(),
    ];
    all.into_iter()
        .flatten()
        .find(|statement| statement.name == name)
        .ok_or_else(|| format!("there is no statement {name} any more").into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn every_statement_of_the_flow_is_there_and_the_inserts_are_read() {
        for name in [
            "FIND_SESSION",
            "FIND_CONSENT",
            "FIND_CODE",
            "FIND_PERSON",
            "REDEEM_CODE",
        ] {
            find(name).unwrap();
        }
        for (name, table) in [
            ("ISSUE_CODE", "authorization_code"),
            ("INSERT_EVENT", "event"),
            ("BEGIN_FAMILY", "refresh_family"),
        ] {
            let (found, columns) = columns(find(name).unwrap().sql).unwrap();
            assert_eq!(found, table);
            assert_eq!(columns[0], "realm");
        }
    }

    #[test]
    fn values_become_variables_and_null_stays_what_it_is() {
        let mut script = Script::default();
        let known = Given::Same(Value::from("x y"));
        let values = vec![known, Given::Variable("random"), Given::Same(Value::Null)];
        assert!(script.add("FIND_CONSENT", values).is_ok());
        assert!(
            script
                .text
                .ends_with("realm = :find_consent_1 AND person = :random AND client = NULL;\n")
        );
        assert_eq!(
            script.values,
            [("find_consent_1".to_owned(), "x y".to_owned())]
        );
        assert!(script.add("FIND_CONSENT", Vec::new()).is_err());
    }
}
