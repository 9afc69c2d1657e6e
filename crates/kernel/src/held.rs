//! How long transactions hold their chain: from the statement that takes its head until the database
//! has answered COMMIT. Everybody else who writes to that chain waits for so long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counted since the server started.
#[derive(Debug, Default)]
pub struct ChainHeld {
    transactions: AtomicU64,
    total_micros: AtomicU64,
    longest_micros: AtomicU64,
}

impl ChainHeld {
    /// Counts a transaction that has ended and took the head of its chain at `taken`.
    pub(crate) fn ended(&self, taken: Instant) {
        let micros = u64::try_from(taken.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.total_micros.fetch_add(micros, Ordering::Relaxed);
        self.longest_micros.fetch_max(micros, Ordering::Relaxed);
    }

    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    pub fn total(&self) -> Duration {
        Duration::from_micros(self.total_micros.load(Ordering::Relaxed))
    }

    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_micros.load(Ordering::Relaxed))
    }
}
