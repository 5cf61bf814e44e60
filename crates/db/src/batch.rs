use crate::{CommitError, Error, Params, Row, Stmt};

/// A transaction as data: statements in order, some with a guard. Either all of them happen, or none.
///
/// ```no_run
/// # db::statements! { REDEEM = "UPDATE code SET redeemed_at = $2 WHERE hash = $1 AND redeemed_at IS NULL"; }
/// # async fn redeem(db: &db::Db, hash: &str, now: i64) -> Result<(), db::CommitError> {
/// let mut batch = db::Batch::new();
/// batch.expect(&REDEEM, db::params![hash, now], 1);
/// db.commit(batch).await?;
/// # Ok(()) }
/// ```
///
/// Statements see what earlier ones of the batch did. On PostgreSQL batches run at READ COMMITTED, where a statement waits for the row that
/// another transaction is changing and then looks at it again: a guard therefore stands in the WHERE clause of the statement that changes the
/// row (or in a UNIQUE constraint), not in a SELECT before it.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) steps: Vec<Step>,
}

/// One statement of a batch.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) stmt: &'static Stmt,
    pub(crate) params: Params,
    /// How many rows it has to change (or, with RETURNING or SELECT, to give back).
    pub(crate) guard: Option<u64>,
}

impl Batch {
    /// A batch with nothing in it; committing it does nothing and succeeds.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement and gives its index, by which [`Committed`] knows its rows.
    pub fn run(&mut self, stmt: &'static Stmt, params: Params) -> usize {
        self.push(stmt, params, None)
    }

    /// Adds a guard: a statement that must change exactly `rows` rows (give back, when it has RETURNING or is a SELECT). When it does not, the whole
    /// batch is undone and the answer is [`CommitError::Guard`].
    pub fn expect(&mut self, stmt: &'static Stmt, params: Params, rows: u64) -> usize {
        self.push(stmt, params, Some(rows))
    }

    /// How many statements it holds.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it holds this statement.
    pub fn contains(&self, stmt: &Stmt) -> bool {
        self.steps.iter().any(|step| std::ptr::eq(step.stmt, stmt))
    }

    /// The parameters of each time that it holds this statement, in order.
    pub fn params_of(&self, stmt: &Stmt) -> impl Iterator<Item = &Params> {
        self.steps
            .iter()
            .filter(move |step| std::ptr::eq(step.stmt, stmt))
            .map(|step| &step.params)
    }

    /// Whether it holds no statement.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn push(&mut self, stmt: &'static Stmt, params: Params, guard: Option<u64>) -> usize {
        self.steps.push(Step {
            stmt,
            params,
            guard,
        });
        self.steps.len() - 1
    }

    pub(crate) fn check(&self) -> Result<(), CommitError> {
        match self.steps.iter().find(|step| step.params.has_nul()) {
            Some(step) => Err(CommitError::Db(Error::Nul {
                statement: step.stmt.name,
            })),
            None => Ok(()),
        }
    }
}

impl Step {
    /// The refusal when this statement, the `index`th of its batch, touched `rows` rows and its guard wanted another number.
    pub(crate) fn judge(&self, index: usize, rows: u64) -> Result<(), CommitError> {
        match self.guard {
            Some(wanted) if wanted != rows => Err(CommitError::Guard {
                statement: self.stmt.name,
                index,
                rows,
            }),
            _ => Ok(()),
        }
    }
}

/// What a committed batch gave back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    pub(crate) results: Vec<StepResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepResult {
    pub(crate) rows: Vec<Row>,
    pub(crate) affected: u64,
}

impl Committed {
    /// The rows that the statement with this index gave back (RETURNING); none for an index that the batch does not have.
    pub fn rows(&self, index: usize) -> &[Row] {
        self.results.get(index).map_or(&[], |result| &result.rows)
    }

    /// How many rows the statement with this index changed, or gave back.
    pub fn affected(&self, index: usize) -> u64 {
        self.results.get(index).map_or(0, |result| result.affected)
    }
}
