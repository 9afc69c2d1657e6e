//! A share of the turns for each person: fifty heavy reports of one leave room for everybody else.

use super::Problem;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who holds how many turns at this moment, by whatever a request shows to say who asks.
#[derive(Debug)]
pub(super) struct Shares {
    most: usize,
    held: Mutex<BTreeMap<String, Held>>,
}

#[derive(Debug)]
struct Held {
    turns: Arc<Semaphore>,
    /// Requests that hold a turn or wait for one.
    requests: usize,
}

/// One turn of a person's share, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    _turn: OwnedSemaphorePermit,
    _known: Known,
}

impl Shares {
    pub fn of(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// Waits for a turn of one's own share.
    pub async fn enter(shares: &Arc<Self>, who: &str, patience: Duration) -> Result<Share, Problem> {
        let (known, turns) = Known::begin(shares, who);
        match tokio::time::timeout(patience, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Share { _turn: turn, _known: known }),
            Ok(Err(closed)) => Err(Problem::internal(closed)),
            Err(_) => Err(Problem::busy("Too many of your own requests are being worked on.")),
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody with requests under way; forgotten with the last of them.
#[derive(Debug)]
struct Known {
    shares: Arc<Shares>,
    who: String,
}

impl Known {
    fn begin(shares: &Arc<Shares>, who: &str) -> (Self, Arc<Semaphore>) {
        let mut held = shares.held();
        let own = held.entry(who.to_owned()).or_insert_with(|| Held { turns: Arc::new(Semaphore::new(shares.most)), requests: 0 });
        own.requests += 1;
        (Self { shares: Arc::clone(shares), who: who.to_owned() }, Arc::clone(&own.turns))
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        if let Some(own) = held.get_mut(&self.who) {
            own.requests = own.requests.saturating_sub(1);
            if own.requests == 0 {
                held.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_guard_009_one_person_never_holds_more_than_their_share_and_nobody_is_kept_in_mind() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let shares = Arc::new(Shares::of(2));
        let short = Duration::from_millis(20);
        let enter = |who: &str| runtime.block_on(Shares::enter(&shares, who, short));
        let held = (enter("anna").unwrap(), enter("anna").unwrap());
        let refused = enter("anna").unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "busy"));
        let other = enter("bert").unwrap();
        drop(held.0);
        assert!(enter("anna").is_ok());
        drop((held.1, other));
        assert!(shares.held().is_empty());
    }
}
