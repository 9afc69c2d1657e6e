//! Handing over to a thread that may block, a bounded number at a time.
//!
//! The core is synchronous. So many requests work at once, so many wait, and whoever comes on top
//! of that is told to come again: a server that takes everything answers nobody.

use super::Problem;
use super::shares::Shares;
use base::limits::{BLOCKING_QUEUE, BLOCKING_WAIT_SECONDS, BLOCKING_WORKERS, WORKERS_PER_PERSON};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may work and wait. Shared by everything that works on the same database.
#[derive(Debug, Clone)]
pub struct Gate {
    workers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_workers: usize,
    most_waiting: usize,
    patience: Duration,
    shares: Arc<Shares>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::of(BLOCKING_WORKERS, BLOCKING_QUEUE, Duration::from_secs(BLOCKING_WAIT_SECONDS))
    }
}

impl Gate {
    pub fn of(workers: usize, waiting: usize, patience: Duration) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            waiting: Arc::new(AtomicUsize::new(0)),
            most_workers: workers,
            most_waiting: waiting,
            patience,
            shares: Arc::new(Shares::of(WORKERS_PER_PERSON)),
        }
    }

    /// Whose a session or token is, as found out by looking it up: from then on it counts towards the
    /// person's share.
    pub fn know(&self, secret: Option<&str>, person: &str) {
        if let Some(secret) = secret {
            self.shares.know(secret, person);
        }
    }

    /// Whether a session or token was somebody's when it was looked up last: enough to read what its
    /// request brings, and never to do anything.
    pub fn knows(&self, secret: &str) -> bool {
        self.shares.knows(secret)
    }

    /// A session or token was looked up and is nobody's.
    pub fn forget(&self, secret: Option<&str>) {
        if let Some(secret) = secret {
            self.shares.forget(secret);
        }
    }

    pub fn working(&self) -> usize {
        self.most_workers.saturating_sub(self.workers.available_permits())
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits for a turn; it ends when what is returned is dropped.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if let Ok(turn) = Arc::clone(&self.workers).try_acquire_owned() {
            return Ok(turn);
        }
        let place = Waiting::begin(&self.waiting);
        if place.count > self.most_waiting {
            return Err(Problem::busy("Too many requests are waiting."));
        }
        match tokio::time::timeout(self.patience, Arc::clone(&self.workers).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(closed)) => Err(Problem::internal(closed)),
            Err(_) => Err(Problem::busy("The request had to wait too long.")),
        }
    }
}

/// A place in the queue, given back when it is dropped, also when the client has gone.
struct Waiting<'a> {
    waiting: &'a AtomicUsize,
    count: usize,
}

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        Self { waiting, count: waiting.fetch_add(1, Ordering::SeqCst) + 1 }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs blocking work on a thread of its own, in its turn. Work that has begun goes on to its end,
/// whether or not the client still listens: nothing is cancelled half way.
pub async fn run_blocking<T: Send + 'static>(gate: &Gate, work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let turn = gate.enter().await?;
    let ended = tokio::task::spawn_blocking(move || {
        let answer = work();
        drop(turn);
        answer
    })
    .await;
    match ended {
        Ok(answer) => answer,
        Err(broken) => Err(Problem::internal(format!("a request broke down: {broken}"))),
    }
}

/// As [`run_blocking`], in the person's own share of the turns; `secret` is the session or token that
/// the request brings.
pub async fn run_blocking_for<T: Send + 'static>(gate: &Gate, secret: Option<&str>, work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let _share = match secret {
        Some(secret) => Some(Shares::enter(&gate.shares, secret, gate.patience).await?),
        None => None,
    };
    run_blocking(gate, work).await
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use axum::http::StatusCode;
    use std::sync::mpsc;

    /// Whether so many may enter, so many more may wait for them, and the next one is refused at once.
    pub fn stands_at(gate: &Gate, working: usize, waiting: usize, patience_seconds: u64) {
        assert_eq!(gate.patience, Duration::from_secs(patience_seconds));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut turns = Vec::new();
            for _ in 0..working {
                turns.push(gate.enter().await.unwrap());
            }
            assert_eq!((gate.working(), gate.waiting()), (working, 0));
            let in_turn = |gate: Gate| async move { gate.enter().await.map(drop) };
            let asked: Vec<_> = (0..waiting).map(|_| tokio::spawn(in_turn(gate.clone()))).collect();
            // Each has had its turn to ask by then.
            for _ in 0..waiting + 10 {
                tokio::task::yield_now().await;
            }
            assert_eq!((gate.working(), gate.waiting()), (working, waiting));
            let refused = gate.enter().await.unwrap_err();
            assert_eq!((refused.status(), refused.code(), refused.advice().is_some()), (StatusCode::SERVICE_UNAVAILABLE, "busy", true));
            assert_eq!(refused.detail(), "Too many requests are waiting.", "at once, not after a while");
            turns.clear();
            for one in asked {
                one.await.unwrap().unwrap();
            }
        });
        assert_eq!((gate.working(), gate.waiting()), (0, 0));
    }

    #[test]
    fn frs_api_013_so_many_requests_work_and_wait_and_one_past_them_is_refused() {
        stands_at(&Gate::default(), BLOCKING_WORKERS, BLOCKING_QUEUE, BLOCKING_WAIT_SECONDS);
    }

    /// Two work, two wait, the next is refused: the limit and one past it.
    #[test]
    fn frs_api_013_the_request_past_the_queue_is_told_to_come_again() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let gate = Gate::of(2, 2, Duration::from_secs(60));
        let (go, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let (started, begun) = mpsc::channel();
        let ask = || {
            let (gate, held, started) = (gate.clone(), Arc::clone(&held), started.clone());
            runtime.spawn(async move {
                run_blocking(&gate, move || {
                    started.send(()).unwrap();
                    held.lock().unwrap().recv().unwrap();
                    Ok(1)
                })
                .await
            })
        };
        let mut asked: Vec<_> = (0..4).map(|_| ask()).collect();
        for _ in 0..2 {
            begun.recv().unwrap();
        }
        while gate.waiting() < 2 {
            std::thread::yield_now();
        }
        assert_eq!(gate.working(), 2);
        let refused = runtime.block_on(ask()).unwrap().unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
        for _ in 0..4 {
            go.send(()).unwrap();
        }
        let answers: Vec<_> = asked.drain(..).map(|asked| runtime.block_on(asked).unwrap().unwrap()).collect();
        assert_eq!(answers, [1, 1, 1, 1]);
        assert_eq!((gate.working(), gate.waiting()), (0, 0));
    }

    #[test]
    fn frs_api_013_a_request_does_not_wait_for_ever() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let gate = Gate::of(1, 5, Duration::from_millis(20));
        let turn = runtime.block_on(gate.enter()).unwrap();
        let refused = runtime.block_on(gate.enter()).unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(gate.waiting(), 0);
        drop(turn);
        assert!(runtime.block_on(gate.enter()).is_ok());
    }

    #[test]
    fn a_panic_of_the_work_is_an_internal_problem_and_frees_its_turn() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        let gate = Gate::of(1, 0, Duration::from_millis(20));
        let broken = runtime.block_on(run_blocking(&gate, || -> Result<(), Problem> { panic!("the text of a panic") })).unwrap_err();
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!broken.detail().contains("the text"));
        assert_eq!(gate.working(), 0);
    }
}
