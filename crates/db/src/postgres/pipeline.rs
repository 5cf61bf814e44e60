//! One batch on one connection. All that can be sent at once is sent at once: the server works through it without waiting for us in between, so a row
//! that many want is locked for as short as possible.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error as PgError, Statement};

use super::failure::{Failure, Refusal};
use super::value;
use crate::batch::{Step, StepResult};
use crate::{Batch, CommitError, Committed, Error, Stmt};

/// Why an attempt failed, and whether it is worth another.
pub(super) enum Attempt {
    /// Another transaction was in the way.
    Conflict(CommitError),
    /// The prepared statements are older than the schema.
    Stale(CommitError),
    Failed(CommitError),
}

impl From<CommitError> for Attempt {
    fn from(error: CommitError) -> Self {
        Self::Failed(error)
    }
}

impl Attempt {
    /// A refusal of one statement.
    pub(super) fn refused(refusal: Refusal, stmt: &Stmt, index: usize) -> Self {
        let wrap = match refusal {
            Refusal::Conflict(_) => Self::Conflict,
            Refusal::Stale(_) => Self::Stale,
            _ => Self::Failed,
        };
        wrap(refusal.of_statement(stmt.name, index))
    }

    pub(super) fn into_error(self) -> CommitError {
        match self {
            Self::Conflict(error) | Self::Stale(error) | Self::Failed(error) => error,
        }
    }
}

/// A connection that is closed instead of given back, unless it was said to be clean: whoever waits for a commit may go away in the middle of it.
pub(super) struct Lease(Option<Object>);

impl Lease {
    pub(super) fn new(connection: Object) -> Self {
        Self(Some(connection))
    }

    pub(super) fn client(&self) -> Result<&deadpool_postgres::ClientWrapper, Error> {
        self.0.as_deref().ok_or(Error::Closed)
    }

    /// Gives the connection back: no transaction is open on it.
    pub(super) fn clean(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

/// A step with what has been prepared for it.
struct Ready<'a> {
    step: &'a Step,
    statement: Statement,
    /// It raises an error itself when its guard does not hold.
    guards_itself: bool,
    /// Its rows are the statement's, not the guard's.
    gives_rows: bool,
}

enum Reply {
    Done,
    Rows(Vec<tokio_postgres::Row>),
    Affected(u64),
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Reply, PgError>> + Send + 'a>>;

/// Runs the batch. Statements guard themselves where they can, and then the COMMIT goes out with them: one round trip. A single statement is its own
/// transaction. Where a guard has to be checked here, it takes two.
pub(super) async fn run(lease: Lease, batch: &Batch) -> Result<Committed, Attempt> {
    let at_once = batch.steps.iter().all(|step| {
        step.guard.is_none() || (step.guard == Some(1) && step.stmt.guarded().is_some())
    });
    let client = lease.client().map_err(CommitError::Db)?;
    let mut ready = Vec::with_capacity(batch.len());
    for (index, step) in batch.steps.iter().enumerate() {
        match prepare(client, step, index, at_once).await {
            Ok(prepared) => ready.push(prepared),
            Err(error) => {
                lease.clean();
                return Err(error);
            }
        }
    }
    let outcome = if at_once {
        all_at_once(client, &ready).await
    } else {
        then_commit(client, &ready).await
    };
    let lost = matches!(
        &outcome,
        Err(Attempt::Failed(CommitError::Db(
            Error::UnknownOutcome(_) | Error::Engine(_)
        )))
    );
    drop(ready);
    if !lost {
        lease.clean();
    }
    outcome
}

async fn prepare<'a>(
    client: &deadpool_postgres::ClientWrapper,
    step: &'a Step,
    index: usize,
    at_once: bool,
) -> Result<Ready<'a>, Attempt> {
    let guarded = step
        .stmt
        .guarded()
        .filter(|_| at_once && step.guard.is_some());
    let sql = guarded.map_or(step.stmt.sql, |guarded| &guarded.sql);
    let statement =
        client
            .prepare_cached(sql)
            .await
            .map_err(|error| match Failure::of(&error) {
                Failure::Refused(refusal) => Attempt::refused(refusal, step.stmt, index),
                // Nothing has been sent yet but the text.
                Failure::Lost(message) => Attempt::Failed(Error::Engine(message).into()),
            })?;
    check(&statement, step)?;
    let gives_rows = guarded.map_or(!statement.columns().is_empty(), |guarded| {
        guarded.gives_rows
    });
    Ok(Ready {
        step,
        statement,
        guards_itself: guarded.is_some(),
        gives_rows,
    })
}

/// That every parameter can be written and every column be read.
fn check(statement: &Statement, step: &Step) -> Result<(), CommitError> {
    super::check_types(statement, step.stmt, &step.params).map_err(CommitError::Db)
}

async fn all_at_once(client: &Client, ready: &[Ready<'_>]) -> Result<Committed, Attempt> {
    let alone = ready.len() == 1;
    let mut sent: Vec<Sent<'_>> = Vec::with_capacity(ready.len() + 2);
    if !alone {
        sent.push(control(client, "BEGIN"));
    }
    sent.extend(ready.iter().map(|ready| statement(client, ready)));
    if !alone {
        sent.push(control(client, "COMMIT"));
    }
    let mut replies = in_order(sent).await.into_iter();
    // Without BEGIN the statements behind it were transactions of their own.
    if !alone && let Some(Err(error)) = replies.next() {
        return Err(unknown(&error));
    }
    let results = collect(&mut replies, ready, unknown)?;
    if let Some(Err(error)) = replies.next() {
        return Err(commit_failed(&error));
    }
    Ok(Committed { results })
}

async fn then_commit(client: &Client, ready: &[Ready<'_>]) -> Result<Committed, Attempt> {
    let begin = std::iter::once(control(client, "BEGIN"));
    let sent = begin
        .chain(ready.iter().map(|ready| statement(client, ready)))
        .collect();
    let mut replies = in_order(sent).await.into_iter();
    if let Some(Err(error)) = replies.next() {
        return Err(unknown(&error));
    }
    let results = collect(&mut replies, ready, undone);
    match results {
        Ok(results) => match control(client, "COMMIT").await {
            Ok(_) => Ok(Committed { results }),
            Err(error) => Err(commit_failed(&error)),
        },
        Err(error) => match control(client, "ROLLBACK").await {
            Ok(_) => Err(error),
            Err(lost) => Err(undone(&lost)),
        },
    }
}

/// The statements' results, or what failed first: a statement, or its guard.
fn collect(
    replies: &mut impl Iterator<Item = Result<Reply, PgError>>,
    ready: &[Ready<'_>],
    lost: fn(&PgError) -> Attempt,
) -> Result<Vec<StepResult>, Attempt> {
    let mut results = Vec::with_capacity(ready.len());
    for (index, (ready, reply)) in ready.iter().zip(replies).enumerate() {
        let reply = reply.map_err(|error| match Failure::of(&error) {
            Failure::Refused(refusal) => Attempt::refused(refusal, ready.step.stmt, index),
            Failure::Lost(_) => lost(&error),
        })?;
        let result = result(reply, ready).map_err(|error| lost(&error))?;
        ready.step.judge(index, result.affected)?;
        results.push(result);
    }
    Ok(results)
}

fn result(reply: Reply, ready: &Ready<'_>) -> Result<StepResult, PgError> {
    match reply {
        Reply::Done => Ok(StepResult::default()),
        Reply::Affected(affected) => Ok(StepResult {
            rows: Vec::new(),
            affected,
        }),
        Reply::Rows(_) if ready.guards_itself && !ready.gives_rows => Ok(StepResult {
            rows: Vec::new(),
            affected: 1,
        }),
        Reply::Rows(rows) => {
            let rows: Result<Vec<_>, _> = rows.iter().map(value::row).collect();
            rows.map(|rows| StepResult {
                affected: rows.len() as u64,
                rows,
            })
        }
    }
}

/// A COMMIT was on its way.
fn unknown(error: &PgError) -> Attempt {
    Attempt::Failed(Error::UnknownOutcome(super::failure::cause(error)).into())
}

/// No COMMIT was sent, so the server undoes it all.
fn undone(error: &PgError) -> Attempt {
    Attempt::Failed(Error::Engine(super::failure::cause(error)).into())
}

fn commit_failed(error: &PgError) -> Attempt {
    match Failure::of(error) {
        Failure::Refused(refusal @ Refusal::Conflict(_)) => {
            Attempt::Conflict(refusal.of_statement("COMMIT", 0))
        }
        Failure::Refused(refusal) => Attempt::Failed(refusal.of_statement("COMMIT", 0)),
        Failure::Lost(_) => unknown(error),
    }
}

fn control<'a>(client: &'a Client, sql: &'static str) -> Sent<'a> {
    Box::pin(async move { client.batch_execute(sql).await.map(|()| Reply::Done) })
}

fn statement<'a>(client: &'a Client, ready: &'a Ready<'_>) -> Sent<'a> {
    Box::pin(async move {
        let params: Vec<&(dyn ToSql + Sync)> = ready
            .step
            .params
            .values()
            .iter()
            .map(|value| value as _)
            .collect();
        if ready.statement.columns().is_empty() {
            let affected = client.execute(&ready.statement, &params).await?;
            Ok(Reply::Affected(affected))
        } else {
            let rows = client.query(&ready.statement, &params).await?;
            Ok(Reply::Rows(rows))
        }
    })
}

/// Polls the futures in order until all are done. The driver sends a request when it is first polled, so this is the order of sending.
async fn in_order<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, slot) in futures.iter_mut().zip(&mut done) {
            if slot.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *slot = Some(value),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
