use std::error::Error as StdError;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::{Row, Value};

/// Texts longer than this are refused before they are sent; PostgreSQL's own limit is near.
const LONGEST_TEXT: usize = 1 << 30;

/// Whether the value can be sent as this type. Everything that could fail while a parameter is written fails here, before the first byte is sent: later
/// statements of a pipeline would go out all the same.
pub(super) fn fits(value: &Value, ty: &Type) -> bool {
    match value {
        Value::Null => writable(ty),
        Value::Text(text) => is_text(ty) && text.len() <= LONGEST_TEXT,
        Value::Int(int) => match *ty {
            Type::INT8 => true,
            Type::INT4 => i32::try_from(*int).is_ok(),
            Type::INT2 => i16::try_from(*int).is_ok(),
            Type::BOOL => matches!(int, 0 | 1),
            _ => false,
        },
    }
}

/// Whether a column of this type can be read as text or integer.
pub(super) fn readable(ty: &Type) -> bool {
    writable(ty)
}

fn writable(ty: &Type) -> bool {
    is_text(ty) || matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL)
}

fn is_text(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN
    )
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.as_str().to_sql(ty, out),
            Self::Int(int) => match *ty {
                Type::INT4 => i32::try_from(*int)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*int)?.to_sql(ty, out),
                Type::BOOL => (*int != 0).to_sql(ty, out),
                _ => int.to_sql(ty, out),
            },
        }
    }

    fn accepts(ty: &Type) -> bool {
        writable(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT2 => Self::Int(i64::from(i16::from_sql(ty, raw)?)),
            Type::BOOL => Self::Int(i64::from(bool::from_sql(ty, raw)?)),
            _ => Self::Text(<&str>::from_sql(ty, raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        readable(ty)
    }
}

/// The row in our types.
pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let values: Result<Vec<Value>, _> = (0..row.len()).map(|column| row.try_get(column)).collect();
    values.map(Row::new)
}
