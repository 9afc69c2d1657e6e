//! Turns at reading a file: a table of a few megabytes takes a hundred times as much memory while it
//! is read, so only so many are read at once in one server, and only so many wait for it.

use base::limits::{BLOCKING_WAIT_SECONDS, IMPORTS_AT_ONCE, IMPORTS_WAITING};
use base::{Refusal, RefusalKind, Result};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The turns of this server, whichever company asks.
pub static TURNS: Turns = Turns::of(IMPORTS_AT_ONCE, IMPORTS_WAITING, Duration::from_secs(BLOCKING_WAIT_SECONDS));

#[derive(Debug, Default)]
struct Count {
    reading: usize,
    waiting: usize,
}

/// How many may read and wait.
#[derive(Debug)]
pub struct Turns {
    count: Mutex<Count>,
    ended: Condvar,
    most_reading: usize,
    most_waiting: usize,
    patience: Duration,
}

/// One turn; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().reading -= 1;
        self.0.ended.notify_one();
    }
}

impl Turns {
    pub const fn of(most_reading: usize, most_waiting: usize, patience: Duration) -> Self {
        Self { count: Mutex::new(Count { reading: 0, waiting: 0 }), ended: Condvar::new(), most_reading, most_waiting, patience }
    }

    /// Waits for a turn; refused with `busy` when too many wait, or it takes too long.
    pub fn enter(&self) -> Result<Turn<'_>> {
        let mut count = self.lock();
        if count.reading >= self.most_reading {
            if count.waiting >= self.most_waiting {
                return Err(busy("Too many files wait to be read."));
            }
            count.waiting += 1;
            let waited = self.ended.wait_timeout_while(count, self.patience, |count| count.reading >= self.most_reading);
            count = waited.unwrap_or_else(PoisonError::into_inner).0;
            count.waiting -= 1;
            if count.reading >= self.most_reading {
                return Err(busy("The file had to wait too long to be read."));
            }
        }
        count.reading += 1;
        Ok(Turn(self))
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        // Nothing can go wrong between two changes of a number.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn busy(why: &str) -> base::Error {
    Refusal::new(RefusalKind::Unavailable, "busy", why)
        .advise("Nothing was changed. Send the same request again in a moment.")
        .retry_after(1)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn frs_guard_007_so_many_files_are_read_and_wait_and_one_past_them_is_refused() {
        assert_eq!((TURNS.most_reading, TURNS.most_waiting, TURNS.patience.as_secs()), (IMPORTS_AT_ONCE, IMPORTS_WAITING, BLOCKING_WAIT_SECONDS));
        let turns = Turns::of(IMPORTS_AT_ONCE, IMPORTS_WAITING, Duration::from_secs(60));
        let held: Vec<_> = (0..IMPORTS_AT_ONCE).map(|_| turns.enter().unwrap()).collect();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..IMPORTS_WAITING).map(|_| scope.spawn(|| turns.enter().map(drop))).collect();
            let began = Instant::now();
            while turns.lock().waiting < IMPORTS_WAITING {
                assert!(began.elapsed() < Duration::from_secs(20), "they do not wait");
                std::thread::yield_now();
            }
            let error = turns.enter().unwrap_err();
            let refusal = error.refusal().unwrap();
            assert_eq!((refusal.kind, refusal.code.as_str(), refusal.retry_after_seconds), (RefusalKind::Unavailable, "busy", Some(1)));
            assert!(began.elapsed() < Duration::from_secs(30), "at once, not after a while");
            assert_eq!(turns.lock().reading, IMPORTS_AT_ONCE);
            drop(held);
            for one in waiting {
                one.join().unwrap().unwrap();
            }
        });
        let count = turns.lock();
        assert_eq!((count.reading, count.waiting), (0, 0));
    }

    #[test]
    fn frs_guard_007_a_file_does_not_wait_for_ever_to_be_read() {
        let turns = Turns::of(1, 1, Duration::from_millis(20));
        let turn = turns.enter().unwrap();
        assert_eq!(turns.enter().unwrap_err().refusal().unwrap().code, "busy");
        assert_eq!(turns.lock().waiting, 0);
        drop(turn);
        assert!(turns.enter().is_ok());
    }
}
