//! How far a work is that goes over all of the data, a little at a time, and when it was done last.

use crate::Kernel;
use base::{Result, Timestamp};
use db::sql;

/// The state of one work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Where it goes on; empty at the beginning.
    pub place: String,
    /// When the present round began; `None` between two.
    pub began_at: Option<Timestamp>,
    /// When the last whole round ended.
    pub ended_at: Option<Timestamp>,
    /// What was looked at in this round, or in the last one.
    pub done: i64,
    /// Failures in a row.
    pub failures: i64,
}

impl Round {
    /// Whether another round is to begin: never done, or so many seconds ago.
    pub fn is_due(&self, now: Timestamp, every_seconds: i64) -> bool {
        self.ended_at.is_none_or(|ended| now >= ended.plus_seconds(every_seconds))
    }

    /// The round is over.
    pub fn ended(mut self, now: Timestamp) -> Self {
        self.place.clear();
        self.began_at = None;
        self.ended_at = Some(now);
        self
    }
}

/// The state of the work of this name.
pub fn round_of(kernel: &Kernel, tenant: &str, name: &str) -> Result<Round> {
    let found = kernel.database().query_opt(
        sql("select place, began_at, ended_at, done, failures from upkeep where tenant = $1 and name = $2"),
        &[tenant.into(), name.into()],
    )?;
    let Some(row) = found else { return Ok(Round::default()) };
    Ok(Round {
        place: row.text("place")?.to_owned(),
        began_at: row.opt_int("began_at")?.map(Timestamp),
        ended_at: row.opt_int("ended_at")?.map(Timestamp),
        done: row.int("done")?,
        failures: row.int("failures")?,
    })
}

impl Kernel {
    /// Keeps the state of a work.
    pub fn keep_round(&self, tenant: &str, name: &str, round: &Round) -> Result<()> {
        let (tenant, name, round) = (tenant.to_owned(), name.to_owned(), round.clone());
        self.housekeeping(move |tx| {
            tx.execute(
                sql(
                    "insert into upkeep (tenant, name, place, began_at, ended_at, done, failures) values ($1, $2, $3, $4, $5, $6, $7)
                     on conflict (tenant, name) do update set place = excluded.place, began_at = excluded.began_at,
                     ended_at = excluded.ended_at, done = excluded.done, failures = excluded.failures",
                ),
                &[
                    tenant.as_str().into(),
                    name.as_str().into(),
                    round.place.as_str().into(),
                    round.began_at.map(|at| at.0).into(),
                    round.ended_at.map(|at| at.0).into(),
                    round.done.into(),
                    round.failures.into(),
                ],
            )
        })
        .map(|_| ())
    }
}
