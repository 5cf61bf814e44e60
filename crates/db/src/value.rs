use std::borrow::Cow;
use std::fmt;

/// One parameter or one column: the portable subset has text, integers and NULL, nothing else.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub enum Value {
    /// TEXT. U+0000 is refused when a statement runs, because PostgreSQL cannot store it.
    Text(String),
    /// BIGINT.
    Int(i64),
    /// NULL of either type.
    #[default]
    Null,
}

/// Shows that a text is there and how long it is, never what it says: parameters are hashes, sealed keys and personal data, and the
/// PostgreSQL driver writes them to its debug log.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Int(int) => write!(f, "Int({int})"),
            Self::Null => f.write_str("Null"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

/// `false` is 0 and `true` is 1, as both engines count.
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.as_deref().into()
    }
}

/// The parameters of one statement, in the order of `$1`, `$2`, …; made by [`params!`](crate::params).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Params(Vec<Value>);

impl Params {
    /// The values in order.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// Whether a text among the values holds U+0000.
    pub(crate) fn has_nul(&self) -> bool {
        self.0
            .iter()
            .any(|value| matches!(value, Value::Text(text) if text.as_bytes().contains(&0)))
    }
}

impl From<Vec<Value>> for Params {
    fn from(values: Vec<Value>) -> Self {
        Self(values)
    }
}

/// The parameters of a statement: `params![realm, id, now]`. Takes `&str`, `String`, `&String`, `i64`, `bool` and `Option`s of them.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        $crate::Params::from(::std::vec![$($crate::Value::from($value)),*])
    };
}
