//! The verifier at work inside the server: on request and by the clock, beside everything else, in
//! one state of the data.

use base::{Error, Result, Timestamp};
use kernel::evidence::{self, Findings};
use kernel::{Kernel, MAIN_TENANT, jobs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use verify::{Anchor, Key, Report, Trust};

use super::Anchors;

/// The lease under which one node checks.
const LEASE: &str = "evidence.check";
/// Seconds between two notes of how far a check has come; the lease is renewed with them.
const NOTE_SECONDS: i64 = 5;
/// Problems that a check's record names.
const NAMED: usize = 50;

/// Runs the checks that people and the clock ask for, one at a time.
pub struct Checker {
    kernel: Kernel,
    keys: Vec<Key>,
    anchors: Anchors,
    every_hours: i64,
    busy: AtomicBool,
}

impl Checker {
    /// `key` is the public key of this node's signer: it comes from the key file, and so from outside
    /// the database. Every so many hours a check is asked for; never at 0.
    pub fn new(kernel: Kernel, key: Option<String>, anchors: Anchors, every_hours: i64) -> Self {
        Self { kernel, keys: key.as_deref().and_then(Key::parse).into_iter().collect(), anchors, every_hours, busy: AtomicBool::new(false) }
    }

    /// Runs what is due; answers whether there was anything. Returns at once while a check runs on
    /// this node.
    pub fn turn(&self, holder: &str) -> Result<bool> {
        if self.busy.swap(true, Ordering::SeqCst) {
            return Ok(false);
        }
        let done = self.turn_alone(holder);
        self.busy.store(false, Ordering::SeqCst);
        done
    }

    fn turn_alone(&self, holder: &str) -> Result<bool> {
        // A node whose clock differs does nothing by it.
        if kernel::present::out_of_step(&self.kernel).is_some() || jobs::take_lease(&self.kernel, MAIN_TENANT, LEASE, holder)?.is_none() {
            return Ok(false);
        }
        if self.every_hours > 0 && self.kernel.closed_by().is_none() {
            evidence::begin_when_due(&self.kernel, MAIN_TENANT, self.every_hours)?;
        }
        let Some(check) = self.kernel.database().read(|tx| evidence::running(tx, MAIN_TENANT))? else { return Ok(false) };
        let outcome = self.check(&check.id, holder);
        evidence::finish(&self.kernel, MAIN_TENANT, &check.id, &outcome)?;
        Ok(true)
    }

    /// Verifies, and notes every few seconds how far it has come. The verifier reads in one
    /// transaction from beginning to end, so what is noted is written by another thread. A node that
    /// cannot renew its lease gives up: another one may check already.
    fn verify_telling(&self, check: &str, holder: &str, trust: &Trust) -> Result<Report> {
        let (tell, told) = sync_channel::<(String, u64, Option<u64>)>(1);
        std::thread::scope(|scope| {
            let noting = scope.spawn(move || {
                for (doing, done, whole) in told {
                    evidence::note_progress(&self.kernel, MAIN_TENANT, check, &doing, done, whole)?;
                    if jobs::take_lease(&self.kernel, MAIN_TENANT, LEASE, holder)?.is_none() {
                        return Err(Error::internal("another node has taken the check over"));
                    }
                }
                Ok(())
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
            let noted: Result<()> = noting.join().map_err(|_| Error::internal("the thread that notes progress panicked"))?;
            noted.and(report)
        })
    }

    fn check(&self, check: &str, holder: &str) -> Result<Findings> {
        evidence::note_progress(&self.kernel, MAIN_TENANT, check, "beginning", 0, None)?;
        let mut trust = Trust { keys: self.keys.clone(), anchors: Vec::new() };
        for anchor in self.anchors.iter() {
            match anchor.kept() {
                Ok(notes) => trust.anchors.extend(notes.into_iter().map(|(name, note)| Anchor { name, note })),
                Err(error) => tracing::warn!(anchor = anchor.name(), %error, "the check goes on without this anchor"),
            }
        }
        let report = self.verify_telling(check, holder, &trust)?;
        let mut problems: Vec<String> = report.problems.iter().take(NAMED).map(ToString::to_string).collect();
        if report.problems.len() > NAMED {
            problems.push(format!("and {} more: `plumb verify` names them all", report.problems.len() - NAMED));
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
