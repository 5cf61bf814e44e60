use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crate::dialect;

/// One SQL statement in the portable subset, with a name for errors. Made by [`statements!`](crate::statements), so that each is a static
/// that both engines can prepare once.
pub struct Stmt {
    /// Its name as it was declared, without the module.
    pub name: &'static str,
    /// Its text, with `$1`, `$2`, … as parameters.
    pub sql: &'static str,
    sqlite: OnceLock<Cow<'static, str>>,
    guarded: OnceLock<Option<dialect::Guarded>>,
}

impl Stmt {
    /// A statement; prefer [`statements!`](crate::statements).
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            sql,
            sqlite: OnceLock::new(),
            guarded: OnceLock::new(),
        }
    }

    /// The text for SQLite, where `$1` would be a name: parameters are `?1`.
    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| dialect::sqlite(self.sql))
    }

    /// The text for PostgreSQL that fails by itself unless it touches exactly one row, or `None` where it cannot be made so.
    pub(crate) fn guarded(&self) -> Option<&dialect::Guarded> {
        self.guarded
            .get_or_init(|| dialect::guarded(self.sql))
            .as_ref()
    }
}

impl fmt::Debug for Stmt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares the statements of a module, and `STATEMENTS`, the list of them that a test prepares on both engines.
///
/// ```
/// db::statements! {
///     /// A note by its id.
///     pub FIND = "SELECT text FROM note WHERE realm = $1 AND id = $2";
/// }
/// assert_eq!(FIND.name, "FIND");
/// assert_eq!(STATEMENTS.len(), 1);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$attribute:meta])* $visibility:vis $name:ident = $sql:expr;)*) => {
        $($(#[$attribute])* $visibility static $name: $crate::Stmt = $crate::Stmt::new(::std::stringify!($name), $sql);)*

        /// Every statement of this module.
        pub static STATEMENTS: &[&$crate::Stmt] = &[$(&$name),*];
    };
}
