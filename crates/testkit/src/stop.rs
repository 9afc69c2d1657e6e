//! A flag by which threads are told to end, also when the one that tells them fails first: without it a
//! failed assertion leaves them running, and the test hangs instead of saying what was wrong.

use std::sync::atomic::{AtomicBool, Ordering};

/// Sets its flag when it goes out of scope, whichever way that happens.
#[must_use = "it sets the flag when it is dropped"]
pub struct StopOnDrop<'a>(pub &'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_assertion_stops_the_threads_of_its_scope() {
        let stop = AtomicBool::new(false);
        let failed = std::panic::catch_unwind(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| while !stop.load(Ordering::SeqCst) { std::thread::yield_now() });
                let _stopped = StopOnDrop(&stop);
                panic!("as an assertion that does not hold");
            });
        });
        assert!(failed.is_err() && stop.load(Ordering::SeqCst));
    }
}
