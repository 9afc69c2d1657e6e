//! Work by the clock and work that leaves the system: jobs and the outbox, taken under leases,
//! at least once, set aside after too many tries.

use crate::Kernel;
use crate::authority::Actor;
use crate::trail::WriteTx;
use crate::upkeep::{self, Fault};
use base::limits::JOB_TRIES;
use base::{Error, Result, Timestamp};
use db::{Read, Tx, sql};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Work that the clock starts, every few seconds; what is due less often looks at its round
/// ([`crate::upkeep::Round`]).
#[derive(Clone)]
pub struct JobDef {
    pub name: &'static str,
    pub label: &'static str,
    /// Runs for one tenant, as the system. Must be safe to run again after a crash half way.
    pub run: fn(&Kernel, &Actor) -> Result<()>,
}

/// Who does the queued jobs of one name.
#[derive(Clone)]
pub struct QueueDef {
    pub name: &'static str,
    /// Does one job. Must be safe to run again after a crash half way.
    pub run: fn(&Kernel, &Actor, &Job) -> Result<()>,
}

/// A queued piece of work: a message that leaves the system, or a chunk of a long task.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: String,
    pub queue: String,
    payload: String,
    pub tries: i64,
}

impl Job {
    /// What was queued.
    ///
    /// # Errors
    /// A row that is no JSON any more: the job fails and is set aside like every other that cannot
    /// be done.
    pub fn payload(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.payload).map_err(|error| Error::internal(format!("what was queued cannot be read: {error}")))
    }
}

/// How long a worker may hold a job or a lease before another takes it over, in seconds.
const CLAIM_SECONDS: i64 = 60;
/// How often a worker renews what it holds, in seconds.
const RENEW_SECONDS: i64 = 20;
const RENEW_EVERY: Duration = Duration::from_secs(RENEW_SECONDS as u64);

/// Queues work in the same transaction as the change that asks for it: it goes out exactly when
/// the change is committed.
pub fn enqueue(tx: &mut WriteTx<'_>, queue: &str, payload: &serde_json::Value) -> Result<()> {
    let (tenant, id, now) = (tx.tenant().to_owned(), tx.new_id(), tx.now());
    tx.derived(
        sql(
            "insert into job (tenant, id, queue, payload, run_at, tries, claimed_until, state, error)
             values ($1, $2, $3, $4, $5, 0, null, 'waiting', null)",
        ),
        &[tenant.into(), id.into(), queue.into(), payload.to_string().into(), now.0.into()],
    )?;
    Ok(())
}

/// Takes the next due job, if there is one. Another worker cannot take it until the claim ends.
pub fn claim(kernel: &Kernel, tenant: &str) -> Result<Option<Job>> {
    let (tenant, now) = (tenant.to_owned(), kernel.now());
    kernel.housekeeping_with(move |tx| {
        let row = tx.query_opt(
            sql(
                "select id, queue, payload, tries from job
                 where tenant = $1 and state = 'waiting' and run_at <= $2 and (claimed_until is null or claimed_until < $2)
                 order by run_at, id limit 1",
            ),
            &[tenant.as_str().into(), now.0.into()],
        )?;
        let Some(row) = row else { return Ok(None) };
        let id = row.text("id")?.to_owned();
        let taken = tx.execute(
            sql(
                "update job set claimed_until = $1, tries = tries + 1
                 where tenant = $2 and id = $3 and state = 'waiting' and (claimed_until is null or claimed_until < $4)",
            ),
            &[now.plus_seconds(CLAIM_SECONDS).0.into(), tenant.as_str().into(), id.as_str().into(), now.0.into()],
        )?;
        if taken == 0 {
            return Ok(None);
        }
        Ok(Some(Job { id, queue: row.text("queue")?.to_owned(), payload: row.text("payload")?.to_owned(), tries: row.int("tries")? + 1 }))
    })
}

/// Keeps a job for its worker; `false` where another has taken it over.
fn renew_claim(kernel: &Kernel, tenant: &str, job: &Job) -> Result<bool> {
    let (tenant, id, tries, until) = (tenant.to_owned(), job.id.clone(), job.tries, kernel.now().plus_seconds(CLAIM_SECONDS));
    let kept = kernel.housekeeping(move |tx| {
        tx.execute(
            sql("update job set claimed_until = $1 where tenant = $2 and id = $3 and state = 'waiting' and tries = $4"),
            &[until.0.into(), tenant.as_str().into(), id.as_str().into(), tries.into()],
        )
    })?;
    Ok(kept > 0)
}

/// Says how a job went: done, to be tried again later, or set aside with its error. What a worker
/// says who has lost the job to another counts for nothing.
pub fn settle(kernel: &Kernel, tenant: &str, job: &Job, outcome: &Result<()>) -> Result<()> {
    let (tenant, id, tries, now) = (tenant.to_owned(), job.id.clone(), job.tries, kernel.now());
    let (state, run_at, error) = match outcome {
        Ok(()) => ("done", now, None),
        Err(error) if job.tries >= JOB_TRIES => ("set_aside", now, Some(error.to_string())),
        Err(error) => ("waiting", now.plus_seconds(retry_seconds(job.tries)), Some(error.to_string())),
    };
    kernel.housekeeping(move |tx| {
        tx.execute(
            sql("update job set state = $1, run_at = $2, claimed_until = null, error = $3 where tenant = $4 and id = $5 and state = 'waiting' and tries = $6"),
            &[state.into(), run_at.0.into(), error.clone().into(), tenant.as_str().into(), id.as_str().into(), tries.into()],
        )
    })?;
    Ok(())
}

/// The wait before another try: 10 s, 20 s, 40 s …
fn retry_seconds(tries: i64) -> i64 {
    10 << tries.clamp(1, 8).saturating_sub(1)
}

/// Takes (or renews) a lease. The fence rises each time another holder takes it, so that a late
/// writer can be told from the present one.
pub fn take_lease(kernel: &Kernel, tenant: &str, name: &str, holder: &str) -> Result<Option<i64>> {
    let (tenant, name, holder, now) = (tenant.to_owned(), name.to_owned(), holder.to_owned(), kernel.now());
    kernel.housekeeping_with(move |tx| lease(tx, &tenant, &name, &holder, now))
}

fn lease(tx: &mut Tx, tenant: &str, name: &str, holder: &str, now: Timestamp) -> Result<Option<i64>> {
    let until = now.plus_seconds(CLAIM_SECONDS);
    let rows = tx.query(
        sql(
            "insert into lease (tenant, name, holder, fence, until_at) values ($1, $2, $3, 1, $4)
             on conflict (tenant, name) do update set
             fence = case when lease.holder = excluded.holder then lease.fence else lease.fence + 1 end,
             holder = excluded.holder, until_at = excluded.until_at
             where lease.holder = excluded.holder or lease.until_at < $5
             returning fence",
        ),
        &[tenant.into(), name.into(), holder.into(), until.0.into(), now.0.into()],
    )?;
    rows.first().map(|row| row.int("fence")).transpose()
}

/// Does the queued jobs that are due, each by itself: one that fails or panics is tried again later,
/// and set aside after too many tries, where it becomes a fault that somebody must look after. At most
/// `most` in one turn ([`base::limits::JOBS_PER_TURN`]), so that other work by the clock comes in between.
pub fn work_off(kernel: &Kernel, tenant: &str, most: usize) -> Result<usize> {
    let catalog = kernel.catalog()?;
    let actor = Actor::system(tenant);
    let mut done = 0;
    for _ in 0..most {
        let Some(job) = claim(kernel, tenant)? else { break };
        let outcome = match catalog.queues().iter().find(|queue| queue.name == job.queue) {
            // Taken too often without an end: it took its server along each time.
            _ if job.tries > JOB_TRIES => Err(Error::internal("the job was begun too often and never ended")),
            None => Err(Error::internal(format!("nobody does the jobs of the queue {}", job.queue))),
            Some(queue) => {
                let renew = || renew_claim(kernel, tenant, &job);
                kept(kernel, RENEW_EVERY, &renew, &mut || (queue.run)(kernel, &actor, &job)).1
            }
        };
        // Told before it is set aside: a crash in between tells it once more instead of never.
        match &outcome {
            Ok(()) => done += 1,
            Err(error) if job.tries >= JOB_TRIES => {
                let found = format!("A job of the queue {} was set aside after {} tries. The last one said: {error}. It holds: {}", job.queue, job.tries, job.payload);
                upkeep::note(kernel, tenant, Fault::FailingJob, &job.id, &found)?;
            }
            Err(error) => tracing::warn!(queue = job.queue, job = job.id, tries = job.tries, %error, "a queued job failed and will be tried again"),
        }
        settle(kernel, tenant, &job, &outcome)?;
    }
    Ok(done)
}

/// How work under a lease ended.
#[derive(Debug)]
pub enum Turn {
    /// Another node holds the lease; nothing was done.
    Elsewhere,
    /// Done, or failed, while this node held the lease from beginning to end.
    Held(Result<()>),
    /// The lease went to another node meanwhile: what was found counts for nothing.
    Lost,
}

/// Does work that only one node may do at a time, for as long as it takes: the lease is renewed
/// beside it. A panic is a failure of the work.
pub fn under_lease(kernel: &Kernel, tenant: &str, name: &str, holder: &str, work: &mut dyn FnMut() -> Result<()>) -> Result<Turn> {
    let Some(fence) = take_lease(kernel, tenant, name, holder)? else { return Ok(Turn::Elsewhere) };
    let renew = || Ok(take_lease(kernel, tenant, name, holder)? == Some(fence));
    let (lost, outcome) = kept(kernel, RENEW_EVERY, &renew, work);
    Ok(if lost { Turn::Lost } else { Turn::Held(outcome) })
}

/// Does the work and renews beside it, every so often, what keeps others from it; answers whether
/// that was lost.
fn kept(kernel: &Kernel, every: Duration, renew: &(dyn Fn() -> Result<bool> + Sync), work: &mut dyn FnMut() -> Result<()>) -> (bool, Result<()>) {
    let began_at = kernel.now();
    let (ended, end) = channel::<()>();
    let is_lost = || match renew() {
        Ok(kept) => !kept,
        // Nobody can take it over either until the database answers; then it is seen.
        Err(error) => {
            tracing::warn!(%error, "a lease was not renewed");
            false
        }
    };
    std::thread::scope(|scope| {
        let renewing = scope.spawn(move || {
            while end.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if is_lost() {
                    return true;
                }
            }
            // By the clock, for a machine that slept notices nothing else of it.
            kernel.now().0 - began_at.0 >= RENEW_SECONDS * 1_000_000 && is_lost()
        });
        let outcome = guarded(work);
        drop(ended);
        (renewing.join().unwrap_or(true), outcome)
    })
}

/// Work of others, whose panic must not end the work of everybody else.
fn guarded(work: impl FnOnce() -> Result<()>) -> Result<()> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Error::internal(format!("panicked: {}", said.unwrap_or("without a word"))))
    })
}

/// Runs every declared job of a tenant that this node holds the lease for. Called by the server
/// every few seconds and by tests and the simulator at will. One that fails or panics keeps none of
/// the others from their turn; failing again and again it becomes a fault.
pub fn run_all(kernel: &Kernel, tenant: &str, holder: &str) -> Result<()> {
    let catalog = kernel.catalog()?;
    let actor = Actor::system(tenant);
    for job in catalog.jobs() {
        let outcome = match under_lease(kernel, tenant, job.name, holder, &mut || (job.run)(kernel, &actor))? {
            Turn::Elsewhere => continue,
            Turn::Held(outcome) => outcome,
            Turn::Lost => Err(Error::internal("it took so long without the database that another node has begun it")),
        };
        if let Err(error) = &outcome {
            tracing::error!(job = job.name, tenant, %error, "a job failed and will run again");
        }
        if let Err(error) = count_failures(kernel, tenant, job.name, &outcome) {
            tracing::warn!(job = job.name, tenant, %error, "the failures of a job were not counted");
        }
    }
    Ok(())
}

fn count_failures(kernel: &Kernel, tenant: &str, job: &str, outcome: &Result<()>) -> Result<()> {
    let mut round = upkeep::round_of(kernel, tenant, job)?;
    match outcome {
        Ok(()) if round.failures == 0 => return Ok(()),
        Ok(()) => round.failures = 0,
        Err(error) => {
            round.failures += 1;
            if round.failures == JOB_TRIES {
                let found = format!("“{job}” failed {JOB_TRIES} times in a row and goes on trying. The last time it said: {error}");
                upkeep::note(kernel, tenant, Fault::FailingJob, job, &found)?;
            }
        }
    }
    kernel.keep_round(tenant, job, &round)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_longer_each_time_and_not_for_ever() {
        assert_eq!([1, 2, 3, 4].map(retry_seconds), [10, 20, 40, 80]);
        assert_eq!(retry_seconds(100), retry_seconds(8));
    }
}
