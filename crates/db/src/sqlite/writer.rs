//! The one thread that writes, with group commit.
//!
//! All transactions that wait are run one after another, each in a savepoint of its own, and made
//! durable with one COMMIT; only then is anybody answered. So one sync of the disk serves many, and
//! a failing transaction does not touch its neighbours.

use super::connection::Log;
use super::session::SqliteSession;
use crate::database::Purpose;
use crate::fault;
use crate::session::{Guarded, copy_of};
use crate::statement::Text;
use crate::tx::{Body, Tx, run_body};
use base::{Error, Result};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Transactions in one COMMIT at most.
const BATCH: usize = 256;
/// After a batch of several, how long the next one may be gathered: those who were just answered
/// are about to ask again. A single client never waits.
const GATHER: Duration = Duration::from_micros(150);
/// A batch that holds the writer longer than this is worth a line in the log.
const LONG: Duration = Duration::from_secs(1);

struct Job {
    purpose: Purpose,
    body: Body,
    fail_at: Option<u64>,
    answer: SyncSender<(Result<()>, Body)>,
}

pub(crate) struct Writer {
    /// `None` only while being dropped: the end of the channel ends the thread.
    jobs: Option<Sender<Job>>,
    failed: Failed,
    thread: Option<JoinHandle<()>>,
}

/// Set when a COMMIT or the folding of the log met a fault of the disk. Nothing is written from then
/// on: the system reports a failed sync once and forgets the pages.
#[derive(Clone, Default)]
struct Failed(Arc<AtomicBool>);

impl Failed {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self, by: &Error) {
        tracing::error!(%by, "the disk failed; nothing more is written until the server is restarted");
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Writer {
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_set()
    }

    pub(crate) fn start(mut connection: Connection) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let log = Log::watch(&mut connection)?;
        let session = SqliteSession::new(connection, "begin immediate");
        let tx = Tx::new(Guarded::new(Box::new(session)));
        let failed = Failed::default();
        let told = failed.clone();
        let thread = std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || Loop { tx, waiting, held: None, last: 1, log, failed: told }.run())
            .map_err(|error| Error::internal(format!("the writer could not be started: {error}")))?;
        Ok(Self { jobs: Some(jobs), failed, thread: Some(thread) })
    }

    /// Runs a transaction and gives its body back, so that it can be repeated.
    pub(crate) fn write(&self, purpose: Purpose, body: Body, fail_at: Option<u64>) -> (Result<()>, Option<Body>) {
        let gone = || Error::internal("the writer of the database is gone");
        let (answer, answered) = mpsc::sync_channel(1);
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(Job { purpose, body, fail_at, answer }));
        if !matches!(sent, Some(Ok(()))) {
            return (Err(gone()), None);
        }
        match answered.recv() {
            Ok((outcome, body)) => (outcome, Some(body)),
            Err(_) => (Err(gone()), None),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by a transaction's own body; that thread must not
            // wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("the writer of the database ended with a panic");
            }
        }
    }
}

struct Loop {
    tx: Tx,
    waiting: Receiver<Job>,
    /// A migration that came while a batch was gathered: it runs alone.
    held: Option<Job>,
    /// How many the last batch had.
    last: usize,
    log: Log,
    failed: Failed,
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.held.take().or_else(|| self.waiting.recv().ok()) {
            if self.failed.is_set() {
                reply(first, Err(fault::storage_failed()));
                continue;
            }
            if first.purpose == Purpose::Migration {
                self.alone(first);
                self.fold_log();
                continue;
            }
            let batch = self.gather(first);
            self.last = batch.len();
            let started = Instant::now();
            self.batch(batch);
            if started.elapsed() > LONG {
                tracing::warn!(held_ms = started.elapsed().as_millis(), transactions = self.last, "the writer was held");
            }
            self.fold_log();
        }
    }

    /// Folds a long log back into the file. By now everybody is answered: what is in the log is on
    /// the disk already. It fails harmlessly, to be done after the next batch.
    fn fold_log(&mut self) {
        if !self.log.is_long() {
            return;
        }
        match self.tx.guarded.session.query(Text::Generated("pragma wal_checkpoint(passive)"), &[]) {
            Ok(_) => self.log.was_folded(),
            // A file that could not be synced now would not be synced by another try either.
            Err(error @ Error::Internal(_)) => self.failed.set(&error),
            Err(error) => tracing::warn!(%error, "the log could not be folded back into the file"),
        }
    }

    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut batch = vec![first];
        let until = (self.last > 1).then(|| Instant::now() + GATHER);
        while batch.len() < BATCH {
            let next = match until {
                Some(until) if batch.len() < self.last => {
                    self.waiting.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
                }
                _ => self.waiting.try_recv().ok(),
            };
            match next {
                Some(job) if job.purpose == Purpose::Migration => {
                    self.held = Some(job);
                    break;
                }
                Some(job) => batch.push(job),
                None => break,
            }
        }
        batch
    }

    fn batch(&mut self, batch: Vec<Job>) {
        let mut done = Vec::with_capacity(batch.len());
        let mut lost = self.tx.guarded.session.begin().err();
        for mut job in batch {
            if lost.is_some() {
                done.push((job, Ok(())));
                continue;
            }
            let outcome = self.one(&mut job);
            // A full disk (and some faults) roll the whole batch back, not only this savepoint.
            if !self.tx.guarded.session.in_transaction() {
                lost = Some(outcome.as_ref().err().map_or_else(|| Error::internal("a transaction ended inside of its body"), copy_of));
            }
            done.push((job, outcome));
        }
        if lost.is_none() {
            lost = self.end(done.iter().any(|(_, outcome)| outcome.is_ok())).err();
        }
        if lost.is_some() && self.tx.guarded.session.rollback().is_err() {
            tracing::error!("the writer could not roll back");
        }
        for (job, outcome) in done {
            // When the batch is lost everybody gets its error, also those who were refused: the
            // refusal may have been due to a neighbour's row that is no longer there.
            let outcome = lost.as_ref().map_or(outcome, |error| Err(copy_of(error)));
            reply(job, outcome);
        }
    }

    fn end(&mut self, anything: bool) -> Result<()> {
        if !anything {
            return self.tx.guarded.session.rollback();
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<()> {
        let outcome = self.tx.guarded.session.commit();
        if let Err(error @ Error::InDoubt(_)) = &outcome {
            self.failed.set(error);
        }
        outcome
    }

    /// One transaction in its savepoint.
    fn one(&mut self, job: &mut Job) -> Result<()> {
        self.tx.guarded.session.script("savepoint job")?;
        self.tx.guarded.reset(job.fail_at);
        let outcome = run_body(&mut self.tx, &mut job.body);
        if !self.tx.guarded.session.in_transaction() {
            return outcome;
        }
        let closing = if outcome.is_ok() { "release job" } else { "rollback to job; release job" };
        if let Err(error) = self.tx.guarded.session.script(closing) {
            // Without its savepoint closed nothing can be said of this one or of those to come.
            self.tx.guarded.session.rollback()?;
            return Err(error);
        }
        outcome
    }

    /// A migration: alone, with foreign keys off (they cannot be switched inside of a transaction,
    /// and rebuilding a table would trip over them) and checked as a whole before COMMIT.
    fn alone(&mut self, mut job: Job) {
        let outcome = self.migration(&mut job);
        if outcome.is_err() && self.tx.guarded.session.rollback().is_err() {
            tracing::error!("the writer could not roll back a migration");
        }
        let restored = self.tx.guarded.session.script("pragma foreign_keys = on");
        reply(job, outcome.and(restored));
    }

    fn migration(&mut self, job: &mut Job) -> Result<()> {
        self.tx.guarded.session.script("pragma foreign_keys = off")?;
        self.tx.guarded.session.begin()?;
        self.tx.guarded.reset(job.fail_at);
        run_body(&mut self.tx, &mut job.body)?;
        let session = &mut self.tx.guarded.session;
        if let Some(row) = session.query(Text::Generated("pragma foreign_key_check"), &[])?.first() {
            return Err(Error::internal(format!(
                "after the migration a row of {} points to a row of {} that is not there",
                row.text("table")?,
                row.text("parent")?
            )));
        }
        self.commit()
    }
}

fn reply(job: Job, outcome: Result<()>) {
    // Nobody waits any more when the caller's thread was ended; its transaction stands.
    if job.answer.send((outcome, job.body)).is_err() {
        tracing::warn!("a transaction was answered to nobody");
    }
}
