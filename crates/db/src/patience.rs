//! How long, and how often, a transaction is repeated after a passing fault.

use crate::fault;
use base::{IdSource as _, Result, SystemIds};
use std::time::{Duration, Instant};

/// A failover under Patroni takes up to 23 s; past this the person is told to try again.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Counts the tries of one transaction.
pub(crate) struct Patience {
    since: Instant,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Waits before the next try, or gives up with a refusal. The pause doubles, and a random part
    /// of it keeps two transactions that met in a deadlock from meeting again.
    pub(crate) fn wait(&mut self, passing: &str) -> Result<()> {
        if self.since.elapsed() + self.pause > PATIENCE {
            tracing::warn!(passing, waited_s = self.since.elapsed().as_secs(), "gave up on the database");
            return Err(fault::unavailable());
        }
        tracing::info!(passing, "repeating a transaction");
        let random = SystemIds::default().random_bytes(1).first().copied().unwrap_or(0);
        std::thread::sleep(self.pause.mul_f64(0.5 + f64::from(random) / 510.0));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
