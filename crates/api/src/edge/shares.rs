//! A share of the turns for each person: fifty heavy reports of one leave room for everybody else.

use super::Problem;
use base::Digest;
use base::limits::KNOWN_SECRETS;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who holds how many turns at this moment. A request brings a session or a token; whose it is, is
/// known from its second request on.
#[derive(Debug)]
pub(super) struct Shares {
    most: usize,
    held: Mutex<BTreeMap<String, Held>>,
    people: Mutex<BTreeMap<Digest, String>>,
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
        Self { most, held: Mutex::default(), people: Mutex::default() }
    }

    /// Keeps in mind whose a session or token is, so that all that a person has count as one.
    pub fn know(&self, secret: &str, person: &str) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= KNOWN_SECRETS {
            people.clear();
        }
        people.insert(Digest::of(secret.as_bytes()), person.to_owned());
    }

    /// Whether it is known whose a session or token is.
    pub fn knows(&self, secret: &str) -> bool {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&Digest::of(secret.as_bytes()))
    }

    /// A session or token is nobody's any more.
    pub fn forget(&self, secret: &str) {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).remove(&Digest::of(secret.as_bytes()));
    }

    /// Under what name the share stands: no secret is kept.
    fn name_of(&self, secret: &str) -> String {
        let digest = Digest::of(secret.as_bytes());
        self.people.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned().unwrap_or_else(|| digest.hex())
    }

    /// Waits for a turn of the share of whoever has this session or token.
    pub async fn enter(shares: &Arc<Self>, secret: &str, patience: Duration) -> Result<Share, Problem> {
        let (known, turns) = Known::begin(shares, &shares.name_of(secret));
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

    #[test]
    fn frs_guard_009_all_sessions_and_tokens_of_a_person_count_as_one() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let shares = Arc::new(Shares::of(2));
        let enter = |secret: &str| runtime.block_on(Shares::enter(&shares, secret, Duration::from_millis(20)));
        for secret in ["a session", "a token", "another token"] {
            shares.know(secret, "anna");
        }
        let held = (enter("a session").unwrap(), enter("a token").unwrap());
        assert_eq!(enter("another token").unwrap_err().code(), "busy");
        assert!(enter("somebody else's").is_ok());
        drop(held);
        assert!(enter("another token").is_ok());
    }

    #[test]
    fn frs_guard_009_what_is_kept_in_mind_has_a_limit_and_no_secret_in_it() {
        let shares = Shares::of(2);
        for number in 0..KNOWN_SECRETS {
            shares.know(&format!("token {number}"), "anna");
        }
        assert_eq!(shares.name_of("token 0"), "anna");
        shares.know("one more", "bert");
        assert_eq!(shares.people.lock().unwrap().len(), 1);
        assert_eq!(shares.name_of("one more"), "bert");
        assert!(!shares.name_of("token 0").contains("token"));
    }
}
