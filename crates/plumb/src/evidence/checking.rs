//! The verifier at work inside the server: on request and by the clock, beside everything else, in
//! one state of the data.

use base::{Digest, Error, Result, Timestamp};
use kernel::evidence::{self, Findings};
use kernel::jobs::{self, Turn};
use kernel::{Kernel, MAIN_TENANT};
use std::collections::HashSet;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, TryLockError};
use verify::{Anchor, Key, Problem, Report, Trust};

use super::Anchors;

/// The lease under which one node checks.
const LEASE: &str = "evidence.check";
/// Seconds between two notes of how far a check has come.
const NOTE_SECONDS: i64 = 5;
/// Problems that a check's record names.
const NAMED: usize = 50;

/// Runs the checks that people and the clock ask for, one at a time.
pub struct Checker {
    kernel: Kernel,
    keys: Vec<Key>,
    anchors: Anchors,
    every_hours: i64,
    alone: Mutex<()>,
}

impl Checker {
    /// `key` is the public key of this node's signer: it comes from the key file, and so from outside
    /// the database. Every so many hours a check is asked for; never at 0.
    pub fn new(kernel: Kernel, key: Option<String>, anchors: Anchors, every_hours: i64) -> Self {
        Self { kernel, keys: key.as_deref().and_then(Key::parse).into_iter().collect(), anchors, every_hours, alone: Mutex::new(()) }
    }

    /// Runs what is due; answers whether there was anything. Returns at once while a check runs on
    /// this node.
    pub fn turn(&self, holder: &str) -> Result<bool> {
        let _alone = match self.alone.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::WouldBlock) => return Ok(false),
            // A turn that panicked holds nothing back.
            Err(TryLockError::Poisoned(ended)) => ended.into_inner(),
        };
        // A node whose clock differs does nothing by it.
        if kernel::present::out_of_step(&self.kernel).is_some() {
            return Ok(false);
        }
        let mut found = None;
        let turn = jobs::under_lease(&self.kernel, MAIN_TENANT, LEASE, holder, &mut || {
            if self.every_hours > 0 && self.kernel.closed_by().is_none() {
                evidence::begin_when_due(&self.kernel, MAIN_TENANT, self.every_hours)?;
            }
            let Some(check) = self.kernel.database().read(|tx| evidence::running(tx, MAIN_TENANT))? else { return Ok(()) };
            let (_, outcome) = found.insert((check.id.clone(), Err(Error::internal("the verifier panicked"))));
            *outcome = self.check(&check.id);
            Ok(())
        })?;
        match turn {
            Turn::Elsewhere => return Ok(false),
            // The node that holds it now has begun the same check anew.
            Turn::Lost => return Err(Error::internal("another node has taken the check over")),
            Turn::Held(outcome) => {
                if let Err(error) = outcome {
                    tracing::error!(%error, "the check of the trail failed");
                }
            }
        }
        let Some((check, outcome)) = found else { return Ok(false) };
        evidence::finish(&self.kernel, MAIN_TENANT, &check, &outcome)?;
        Ok(true)
    }

    /// Verifies, and notes every few seconds how far it has come. The verifier reads in one
    /// transaction from beginning to end, so what is noted is written by another thread.
    fn verify_telling(&self, check: &str, trust: &Trust) -> Result<Report> {
        let (tell, told) = sync_channel::<(String, u64, Option<u64>)>(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for (doing, done, whole) in told {
                    // What it finds matters more than what people see of it meanwhile.
                    if let Err(error) = evidence::note_progress(&self.kernel, MAIN_TENANT, check, &doing, done, whole) {
                        tracing::warn!(%error, "the progress of a check was not noted");
                    }
                }
            });
            let mut noted = Timestamp(0);
            let report = verify::verify_against(self.kernel.database(), MAIN_TENANT, trust, &mut |doing, done, whole| {
                let now = self.kernel.now();
                if now >= noted.plus_seconds(NOTE_SECONDS) {
                    noted = now;
                    // While the last note is still being written there is nothing newer to say.
                    let _ = tell.try_send((doing.to_owned(), done, whole));
                }
            });
            drop(tell);
            report
        })
    }

    /// Rows that name a file which is not there. What the files hold is read again by the month's round.
    fn missing_files(&self) -> Result<Vec<Problem>> {
        let files = self.kernel.files();
        let (listed, _) = files.listing()?;
        let listed: HashSet<Digest> = listed.into_iter().collect();
        self.kernel.database().read(|tx| {
            verify::check_named(tx, MAIN_TENANT, &mut |named| {
                let Some(digest) = Digest::from_hex(named) else { return Ok(Some("has no digest".to_owned())) };
                // It may have come after the listing.
                let is_there = listed.contains(&digest) || files.exists(&digest)?;
                Ok((!is_there).then(|| "is missing".to_owned()))
            })
        })
    }

    fn check(&self, check: &str) -> Result<Findings> {
        evidence::note_progress(&self.kernel, MAIN_TENANT, check, "beginning", 0, None)?;
        let mut trust = Trust { keys: self.keys.clone(), anchors: Vec::new() };
        for anchor in self.anchors.iter() {
            match anchor.kept() {
                Ok(notes) => trust.anchors.extend(notes.into_iter().map(|(name, note)| Anchor { name, note })),
                Err(error) => tracing::warn!(anchor = anchor.name(), %error, "the check goes on without this anchor"),
            }
        }
        let mut report = self.verify_telling(check, &trust)?;
        report.problems.extend(self.missing_files()?);
        // Everybody may read what a check says, and not every row: so no values.
        let mut problems: Vec<String> = report.problems.iter().take(NAMED).map(Problem::without_values).collect();
        if report.problems.len() > NAMED {
            problems.push(format!("and {} more; `plumb verify` names them all", report.problems.len() - NAMED));
        }
        Ok(Findings {
            transactions: report.transactions,
            events: report.events,
            rows: report.rows,
            signatures: report.signatures,
            checkpoint: report.log.size,
            standing: report.standing(),
            problems,
        })
    }
}
