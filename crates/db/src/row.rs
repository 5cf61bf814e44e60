use crate::Value;

/// One row of an answer. Columns are counted from 0, in the order of the statement's column list.
///
/// The accessors panic when the column does not exist or holds another type: then the statement and the code that reads it disagree, and
/// to go on with an invented value (an empty hash, a zero expiry) would be worse than to stop this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// All columns.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// A TEXT column that is not NULL.
    ///
    /// # Panics
    /// When the column is absent, NULL or an integer.
    #[track_caller]
    pub fn text(&self, column: usize) -> &str {
        match self.0.get(column) {
            Some(Value::Text(text)) => text,
            other => mismatch(column, "TEXT", other),
        }
    }

    /// A BIGINT column that is not NULL.
    ///
    /// # Panics
    /// When the column is absent, NULL or text.
    #[track_caller]
    pub fn int(&self, column: usize) -> i64 {
        match self.0.get(column) {
            Some(Value::Int(int)) => *int,
            other => mismatch(column, "BIGINT", other),
        }
    }

    /// A BIGINT column that holds 0 or 1; whatever is not 0 is `true`.
    ///
    /// # Panics
    /// As [`Row::int`].
    #[track_caller]
    pub fn flag(&self, column: usize) -> bool {
        self.int(column) != 0
    }

    /// A TEXT column, `None` for NULL.
    ///
    /// # Panics
    /// When the column is absent or an integer.
    #[track_caller]
    pub fn opt_text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Null) => None,
            other => mismatch(column, "TEXT or NULL", other),
        }
    }

    /// A BIGINT column, `None` for NULL.
    ///
    /// # Panics
    /// When the column is absent or text.
    #[track_caller]
    pub fn opt_int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Int(int)) => Some(*int),
            Some(Value::Null) => None,
            other => mismatch(column, "BIGINT or NULL", other),
        }
    }
}

#[track_caller]
#[expect(
    clippy::panic,
    reason = "the statement and its reader disagree: no input causes it, and no value is a safe answer"
)]
fn mismatch(column: usize, wanted: &str, found: Option<&Value>) -> ! {
    panic!("column {column} of the row should be {wanted} and is {found:?}");
}
