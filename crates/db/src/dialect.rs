//! The three places where one SQL text becomes two: parameters on SQLite, collation on PostgreSQL, and guards that PostgreSQL checks itself.

use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A bare word or number.
    Word(&'a str),
    /// `$1`: the digits.
    Parameter(&'a str),
    /// A literal, a quoted name, a comment or white space: never looked into.
    Opaque(&'a str),
    /// Any other single character.
    Mark(&'a str),
}

impl<'a> Token<'a> {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn word(self) -> Option<&'a str> {
        match self {
            Self::Word(text) => Some(text),
            _ => None,
        }
    }
}

/// Cuts SQL into tokens; together they are the whole text (a parameter without its `$`).
fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(rest, first);
        out.push(token);
        rest = &rest[length..];
    }
    out
}

fn token(rest: &str, first: char) -> (Token<'_>, usize) {
    let opaque = |length: usize| (Token::Opaque(&rest[..length]), length);
    let run = |from: usize, belongs: fn(char) -> bool| {
        rest[from..]
            .find(|c: char| !belongs(c))
            .map_or(rest.len(), |end| from + end)
    };
    match first {
        '\'' | '"' => {
            let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
            opaque(end)
        }
        '-' if rest.starts_with("--") => opaque(run(2, |c| c != '\n')),
        '/' if rest.starts_with("/*") => {
            opaque(rest[2..].find("*/").map_or(rest.len(), |end| end + 4))
        }
        '$' => match run(1, |c| c.is_ascii_digit()) {
            1 => (Token::Mark(&rest[..1]), 1),
            end => (Token::Parameter(&rest[1..end]), end),
        },
        c if c.is_whitespace() => opaque(run(0, char::is_whitespace)),
        c if c.is_alphanumeric() || c == '_' => {
            let end = run(0, |c| c.is_alphanumeric() || c == '_');
            (Token::Word(&rest[..end]), end)
        }
        c => (Token::Mark(&rest[..c.len_utf8()]), c.len_utf8()),
    }
}

/// `$1` as `?1`: SQLite takes `$1` as a name and would number it by its first appearance.
pub(crate) fn sqlite(sql: &'static str) -> Cow<'static, str> {
    if !sql.contains('$') {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len());
    for token in tokens(sql) {
        match token {
            Token::Parameter(number) => {
                out.push('?');
                out.push_str(number);
            }
            Token::Word(text) | Token::Opaque(text) | Token::Mark(text) => out.push_str(text),
        }
    }
    Cow::Owned(out)
}

/// A migration with `COLLATE "C"` behind each TEXT that is a column's type (not behind `CAST(… AS TEXT)`, nor where a collation is named already).
pub(crate) fn postgres_schema(sql: &str) -> String {
    let tokens = tokens(sql);
    let words: Vec<usize> = (0..tokens.len())
        .filter(|&i| tokens[i].word().is_some())
        .collect();
    let mut out = String::with_capacity(sql.len() * 2);
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Parameter(number) => {
                out.push('$');
                out.push_str(number);
            }
            Token::Word(text) | Token::Opaque(text) | Token::Mark(text) => out.push_str(text),
        }
        if token.is("TEXT") {
            let place = words.partition_point(|&word| word < i);
            let cast = place > 0 && tokens[words[place - 1]].is("AS");
            let named = words
                .get(place + 1)
                .is_some_and(|&word| tokens[word].is("COLLATE"));
            if !cast && !named {
                out.push_str(" COLLATE \"C\"");
            }
        }
    }
    out
}

/// What a failed guard says inside PostgreSQL's error, followed by the number of rows.
pub(crate) const GUARD_MARK: &str = "grantor_guard_";

/// A statement that guards itself.
pub(crate) struct Guarded {
    pub(crate) sql: String,
    /// Whether its rows are those of the statement; else they only say that the guard held.
    pub(crate) gives_rows: bool,
}

/// The statement, wrapped so that PostgreSQL raises an error (and so undoes the transaction) unless it touches exactly one row: then the
/// COMMIT can be sent in the same round trip. The number of rows stands in the error, behind [`GUARD_MARK`].
///
/// `None` for what cannot be a data-changing WITH query: statements that begin with WITH, or are no statement of one table.
pub(crate) fn guarded(sql: &str) -> Option<Guarded> {
    let tokens = tokens(sql);
    let first = tokens.iter().find_map(|token| token.word())?;
    let changes = ["INSERT", "UPDATE", "DELETE"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word));
    if !changes && !first.eq_ignore_ascii_case("SELECT") {
        return None;
    }
    let gives_rows = !changes || tokens.iter().any(|token| token.is("RETURNING"));
    // A line comment at the end must not swallow what follows it.
    let body = sql.trim().trim_end_matches(';');
    let check = format!(
        "SELECT CASE WHEN COUNT(*) = 1 THEN 1 ELSE CAST('{GUARD_MARK}' || CAST(COUNT(*) AS TEXT) AS BIGINT) END AS held FROM changed"
    );
    let sql = if gives_rows {
        format!(
            "WITH changed AS ({body}\n), guard AS ({check}) SELECT changed.* FROM guard LEFT JOIN changed ON guard.held = 1"
        )
    } else {
        format!("WITH changed AS ({body}\nRETURNING 1) {check}")
    };
    Some(Guarded { sql, gives_rows })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn parameters_are_numbered_for_sqlite_but_not_inside_literals_names_and_comments() {
        assert_eq!(
            sqlite("SELECT '$1 it''s $2', \"$3\" FROM t -- $4\n WHERE a = $2 AND b=$10 /* $5 */"),
            "SELECT '$1 it''s $2', \"$3\" FROM t -- $4\n WHERE a = ?2 AND b=?10 /* $5 */"
        );
        assert!(matches!(sqlite("SELECT 1"), Cow::Borrowed(_)));
        assert_eq!(sqlite("SELECT '$1"), "SELECT '$1");
    }

    #[test]
    fn text_columns_are_collated_and_casts_literals_and_names_are_not() {
        assert_eq!(
            postgres_schema("CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT, b text NOT NULL)"),
            "CREATE TABLE t (id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT, b text COLLATE \"C\" NOT NULL)"
        );
        for unchanged in [
            "INSERT INTO t SELECT CAST(n AS TEXT) FROM u WHERE k = 'TEXT'",
            "CREATE TABLE t (a TEXT COLLATE \"de\", \"TEXT\" BIGINT, context BIGINT) -- TEXT",
        ] {
            assert_eq!(postgres_schema(unchanged), unchanged);
        }
    }

    #[test]
    fn a_statement_that_begins_with_with_is_not_wrapped() {
        assert!(guarded("WITH a AS (SELECT 1) UPDATE t SET x = 1").is_none());
        assert!(guarded("-- nothing").is_none());
        let bare = guarded("update t set x = 1; ").unwrap();
        assert!(bare.sql.contains("x = 1\nRETURNING 1") && !bare.gives_rows);
        let returning = guarded("UPDATE t SET x = 1 RETURNING y").unwrap();
        assert!(!returning.sql.contains("RETURNING 1") && returning.gives_rows);
    }
}
