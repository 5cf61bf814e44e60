//! PostgreSQL (stub while the connection is being written).
use crate::url::PostgresTarget;
use crate::{Batch, CommitError, Committed, Error, Migration, Params, Row, Stmt};
pub(crate) struct Postgres;
#[allow(clippy::unused_async)]
impl Postgres {
    pub(crate) async fn open(_: &PostgresTarget) -> Result<Self, Error> {
        Err(Error::Closed)
    }
    pub(crate) async fn read(&self, _: &Stmt, _: &Params) -> Result<Vec<Row>, Error> {
        Err(Error::Closed)
    }
    pub(crate) async fn commit(&self, _: &Batch) -> Result<Committed, CommitError> {
        Err(Error::Closed.into())
    }
    pub(crate) async fn migrate(&self, _: &[Migration]) -> Result<(), Error> {
        Err(Error::Closed)
    }
    pub(crate) async fn check(&self, _: &[&Stmt]) -> Result<(), Error> {
        Err(Error::Closed)
    }
    pub(crate) async fn durability(&self) -> Result<Vec<String>, Error> {
        Err(Error::Closed)
    }
    pub(crate) async fn close(&self) {}
}
