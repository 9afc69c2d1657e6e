//! One PostgreSQL connection as a [`Session`].

use super::codec::{self, Array, Bound, Passing};
use super::connect::Warnings;
use super::error;
use crate::database::Engine;
use crate::fault::Moment;
use crate::row::Row;
use crate::scan::{Each, Scanned};
use crate::session::Session;
use crate::statement::{Sql, Text, shorten};
use crate::value::{Column, Value};
use base::{Error, Result};
use deadpool_postgres::{Object, Pool, Timeouts};
use futures_core::Stream as _;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_postgres::types::{ToSql, Type};

/// Rows of one `unnest`.
const CHUNK: usize = 5_000;
/// Chunks and statements that travel together.
const TOGETHER: usize = 64;
/// Rows of one statement that travel together.
const ROWS_TOGETHER: usize = 500;
/// From so many inserted rows on, the plans kept on the connection are made anew. Plans made while a
/// table was nearly empty, those of foreign keys too, may take any index that the tenant leads, and
/// then read all of a company's rows for each one they look for.
const MANY: usize = 256;
/// How long a large transaction waits for its log to be on the disk before it takes its last locks.
const WRITE_AHEAD: Duration = Duration::from_secs(5);
/// Something that is logged and changes nothing; its commit waits for the disk.
const MARK: &str = "select pg_logical_emit_message(true, 'plumb', '')";
/// Prepared statements kept on a connection; past it all are let go.
const STATEMENTS: usize = 1_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// BEGIN is due, and travels with the first statement where that is safe.
    Due,
    Open,
}

/// What a session is for.
pub(crate) struct Mode {
    pub(crate) begin: &'static str,
    /// How long one exchange with the server may take.
    pub(crate) round_trip: Duration,
    pub(crate) moment: Moment,
}

pub(crate) struct PostgresSession {
    runtime: Handle,
    pool: Pool,
    warnings: Warnings,
    /// `None` after the connection was dropped.
    client: Option<Object>,
    begin: &'static str,
    round_trip: Duration,
    /// Reading, or before COMMIT.
    moment: Moment,
    state: State,
}

type Failure = tokio_postgres::Error;

impl PostgresSession {
    pub(crate) fn new(runtime: Handle, pool: Pool, warnings: Warnings, client: Object, mode: &Mode) -> Self {
        if client.statement_cache.size() > STATEMENTS {
            client.statement_cache.clear();
        }
        let Mode { begin, round_trip, moment } = *mode;
        Self { runtime, pool, warnings, client: Some(client), begin, round_trip, moment, state: State::Idle }
    }

    pub(crate) fn prepare_only(&mut self, text: &str) -> Result<()> {
        self.round_trip(text, async |client| client.prepare(text).await.map(|_| ()))
    }

    /// One exchange with the server, within its deadline.
    fn round_trip<T>(&mut self, statement: &str, work: impl AsyncFnOnce(&Object) -> Result<T, Failure>) -> Result<T> {
        let begin = (self.state == State::Due).then_some(self.begin);
        // A pipelined statement runs even when the BEGIN before it failed, and would then commit by
        // itself. That is harmless for a plain select only.
        let alone = begin.is_some() && !is_select(statement);
        let round_trip = self.round_trip;
        let outcome = self.exchange(statement, async |client| {
            tokio::time::timeout(round_trip, async {
                match begin {
                    Some(begin) if alone => {
                        client.batch_execute(begin).await?;
                        work(client).await
                    }
                    Some(begin) => {
                        let (begun, done) = tokio::join!(biased; client.batch_execute(begin), work(client));
                        begun.and(done)
                    }
                    None => work(client).await,
                }
            })
            .await
        })?;
        if outcome.is_ok() && begin.is_some() {
            self.state = State::Open;
        }
        outcome.map_err(|failure| {
            if begin.is_some() {
                // Whether BEGIN took place is not known: do not use the connection again.
                self.drop_connection();
            }
            error::of(&failure, self.moment, statement)
        })
    }

    /// Waits for an exchange; past its deadline the connection is dropped.
    fn exchange<T>(
        &mut self,
        statement: &str,
        work: impl AsyncFnOnce(&Object) -> Result<T, tokio::time::error::Elapsed>,
    ) -> Result<T> {
        let Some(client) = &self.client else {
            return Err(Error::Transient("the connection to the database is gone".to_owned()));
        };
        let outcome = self.runtime.block_on(work(client));
        outcome.map_err(|_| {
            self.drop_connection();
            Error::Transient(format!("no answer within {} s, to: {}", self.round_trip.as_secs(), shorten(statement)))
        })
    }

    /// Closes the connection without a cancel and without giving it back.
    fn drop_connection(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
        self.state = State::Idle;
    }

    /// COMMIT or ROLLBACK; the warning that the standby was skipped counts as no answer.
    fn end(&mut self, how: &'static str) -> Result<(), End> {
        let Some(client) = &self.client else {
            return Err(End::NoAnswer("the connection is gone".to_owned()));
        };
        let warned = self.warnings.count();
        let answer = self.runtime.block_on(async { tokio::time::timeout(self.round_trip, client.batch_execute(how)).await });
        self.state = State::Idle;
        match answer {
            Ok(Ok(())) if self.warnings.count() == warned => Ok(()),
            Ok(Ok(())) => Err(End::NoAnswer("the server did not wait for its standby".to_owned())),
            Ok(Err(failure)) => {
                self.drop_connection();
                Err(End::Failed(failure))
            }
            Err(_) => {
                self.drop_connection();
                Err(End::NoAnswer(format!("no answer to {how} within {} s", self.round_trip.as_secs())))
            }
        }
    }
}

enum End {
    NoAnswer(String),
    Failed(Failure),
}

impl Session for PostgresSession {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn begin(&mut self) -> Result<()> {
        self.state = State::Due;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        if self.state != State::Open {
            // Nothing was ever sent.
            self.state = State::Idle;
            return Ok(());
        }
        self.end("commit").map_err(|end| match end {
            End::NoAnswer(text) => Error::InDoubt(text),
            End::Failed(failure) => error::of(&failure, Moment::Commit, "commit"),
        })
    }

    fn rollback(&mut self) -> Result<()> {
        if self.state != State::Open {
            self.state = State::Idle;
            return Ok(());
        }
        self.end("rollback").map_err(|end| match end {
            End::NoAnswer(text) => Error::Transient(text),
            End::Failed(failure) => error::of(&failure, self.moment, "rollback"),
        })
    }

    /// What was read is answered before the server has answered to ROLLBACK; the connection goes back
    /// after it has.
    fn leave(&mut self) {
        let open = std::mem::replace(&mut self.state, State::Idle) == State::Open;
        let Some(client) = self.client.take().filter(|_| open) else { return };
        let deadline = self.round_trip;
        self.runtime.spawn(async move {
            let ended = tokio::time::timeout(deadline, client.batch_execute("rollback")).await;
            if !matches!(ended, Ok(Ok(()))) {
                drop(Object::take(client));
            }
        });
    }

    fn in_transaction(&self) -> bool {
        self.state == State::Open
    }

    fn query(&mut self, text: Text<'_>, params: &[Value]) -> Result<Vec<Row>> {
        let sql = text.as_str();
        let found = self.round_trip(sql, async |client| {
            if let Text::Passing(sql) = text {
                let bound: Vec<_> = params.iter().map(Passing).collect();
                let typed: Vec<_> = bound.iter().map(|param| (param as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
                return client.query_typed(sql, &typed).await;
            }
            let statement = client.prepare_cached(sql).await?;
            let bound: Vec<_> = params.iter().map(Bound).collect();
            client.query(&statement, &as_params(&bound)).await
        })?;
        codec::rows(shorten(sql), &found)
    }

    fn scan(&mut self, text: Text<'_>, params: &[Value], each: Each<'_>) -> Result<()> {
        let sql = text.as_str();
        let mut rows = self.round_trip(sql, async |client| {
            let statement = client.prepare_cached(sql).await?;
            client.query_raw(&statement, params.iter().map(Bound)).await.map(Box::pin)
        })?;
        // The deadline is for each row: a whole table may take its time.
        let round_trip = self.round_trip;
        loop {
            let next = self.exchange(sql, async |_| tokio::time::timeout(round_trip, poll_fn(|context| rows.as_mut().poll_next(context))).await)?;
            match next {
                None => return Ok(()),
                Some(Ok(row)) => each(Scanned::new(&row))?,
                Some(Err(failure)) => return Err(error::of(&failure, self.moment, sql)),
            }
        }
    }

    fn execute(&mut self, text: Text<'_>, params: &[Value]) -> Result<u64> {
        let sql = text.as_str();
        self.round_trip(sql, async |client| {
            if let Text::Passing(sql) = text {
                let bound: Vec<_> = params.iter().map(Passing).collect();
                let typed: Vec<_> = bound.iter().map(|param| (param as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
                return client.execute_typed(sql, &typed).await;
            }
            let statement = client.prepare_cached(sql).await?;
            let bound: Vec<_> = params.iter().map(Bound).collect();
            client.execute(&statement, &as_params(&bound)).await
        })
    }

    fn execute_batch(&mut self, statements: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>> {
        let mut changed = Vec::with_capacity(statements.len());
        for chunk in statements.chunks(TOGETHER) {
            let named = chunk.iter().map(|(sql, _)| sql.text()).collect::<Vec<_>>().join("; ");
            changed.extend(self.round_trip(&named, async |client| {
                let mut prepared = Vec::with_capacity(chunk.len());
                for (sql, params) in chunk {
                    prepared.push((client.prepare_cached(sql.text()).await?, params.iter().map(Bound).collect::<Vec<_>>()));
                }
                let sent = prepared.iter().map(|(statement, bound)| async move { client.execute(statement, &as_params(bound)).await });
                together(sent).await
            })?);
        }
        Ok(changed)
    }

    fn execute_rows(&mut self, text: &str, rows: &[Vec<Value>]) -> Result<u64> {
        let mut changed = 0;
        for chunk in rows.chunks(ROWS_TOGETHER) {
            changed += self.round_trip(text, async |client| {
                let statement = client.prepare_cached(text).await?;
                let statement = &statement;
                let sent = chunk.iter().map(|row| async move {
                    let bound: Vec<_> = row.iter().map(Bound).collect();
                    client.execute(statement, &as_params(&bound)).await
                });
                Ok(together(sent).await?.into_iter().sum::<u64>())
            })?;
        }
        Ok(changed)
    }

    fn insert_rows(&mut self, table: &'static str, columns: &[Column], rows: &[Vec<Value>]) -> Result<()> {
        let sql = codec::insert_text(table, columns);
        for group in rows.chunks(CHUNK * 4) {
            let mut chunks = Vec::new();
            for chunk in group.chunks(CHUNK) {
                let arrays: Result<Vec<_>> =
                    columns.iter().enumerate().map(|(place, column)| Array::of(column, place, chunk)).collect();
                chunks.push(arrays?);
            }
            self.round_trip(&sql, async |client| {
                let statement = client.prepare_cached(&sql).await?;
                let statement = &statement;
                let sent = chunks.iter().map(|arrays| async move {
                    let params: Vec<_> = arrays.iter().map(Array::as_param).collect();
                    client.execute(statement, &params).await
                });
                together(sent).await
            })?;
        }
        if rows.len() < MANY { Ok(()) } else { self.script("discard plans") }
    }

    fn lock_row(&mut self, table: &'static str, tenant: &str, id: &str) -> Result<()> {
        let sql = format!("select 1 as locked from {table} where tenant = $1 and id = $2 for update");
        self.query(Text::Generated(&sql), &[tenant.into(), id.into()]).map(|_| ())
    }

    /// A commit on another connection takes everything that was logged before it to the disk, and to
    /// the standby.
    fn write_ahead(&mut self) {
        self.runtime.block_on(async {
            // No waiting for a connection: who holds them may wait for this transaction.
            let only_if_free = Timeouts { wait: Some(Duration::ZERO), create: Some(WRITE_AHEAD), recycle: Some(WRITE_AHEAD) };
            let Ok(other) = self.pool.timeout_get(&only_if_free).await else { return };
            match tokio::time::timeout(WRITE_AHEAD, other.batch_execute(MARK)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "nothing was written ahead"),
                // Whoever got this connection next would wait for what is still under way on it.
                Err(_) => drop(Object::take(other)),
            }
        });
    }

    fn script(&mut self, text: &str) -> Result<()> {
        self.round_trip(text, async |client| client.batch_execute(text).await)
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        // A panic came past the rollback: the connection must not go back with a transaction open.
        if self.state == State::Open {
            self.drop_connection();
        }
    }
}

fn is_select(statement: &str) -> bool {
    let word = statement.trim_start().get(..7).unwrap_or_default();
    word.trim_end().eq_ignore_ascii_case("select") && !statement.contains(';')
}

fn as_params<'a>(bound: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    bound.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

/// Waits for all, started in their order: each sends its statement when first polled. The first
/// error counts; behind it the transaction is aborted and the others fail too.
async fn together<T, F: Future<Output = Result<T, Failure>>>(futures: impl Iterator<Item = F>) -> Result<Vec<T>, Failure> {
    let mut waiting: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut answers: Vec<Option<Result<T, Failure>>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut all = true;
        for (future, answer) in waiting.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ready) => *answer = Some(ready),
                    Poll::Pending => all = false,
                }
            }
        }
        if all { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}
