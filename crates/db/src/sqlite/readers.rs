//! The connections that read, taken in turn.

use super::connection;
use super::session::SqliteSession;
use crate::database::{Connections, lock};
use crate::session::Guarded;
use base::Result;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

/// Readers for each core, and the fewest: a reader waits for the disk now and then.
const PER_CORE: usize = 2;
const FEWEST: usize = 4;
const MOST: usize = 16;

pub(crate) struct Readers {
    count: usize,
    free: Mutex<Vec<Guarded>>,
    returned: Condvar,
}

impl Readers {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = (cores * PER_CORE).clamp(FEWEST, MOST);
        let mut free = Vec::with_capacity(count);
        for _ in 0..count {
            let session = SqliteSession::new(connection::reader(file)?, "begin deferred");
            free.push(Guarded::new(Box::new(session)));
        }
        Ok(Self { count, free: Mutex::new(free), returned: Condvar::new() })
    }

    /// Runs `body` on a free connection, waiting for one.
    pub(crate) fn with<T>(&self, body: impl FnOnce(&mut Guarded) -> Result<T>) -> Result<T> {
        let mut taken = Taken { readers: self, guarded: Some(self.take()) };
        match taken.guarded.as_mut() {
            Some(guarded) => body(guarded),
            None => Err(base::Error::internal("a reader was taken without a connection")),
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        Connections { most: self.count, busy: self.count.saturating_sub(lock(&self.free).len()) }
    }

    fn take(&self) -> Guarded {
        let mut free = lock(&self.free);
        loop {
            // The last one back comes first: its pages are still in its cache.
            if let Some(mut guarded) = free.pop() {
                guarded.reset(None);
                return guarded;
            }
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Gives the connection back also when the body panics.
struct Taken<'a> {
    readers: &'a Readers,
    guarded: Option<Guarded>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(mut guarded) = self.guarded.take() {
            if guarded.session.rollback().is_err() {
                tracing::warn!("a reading connection could not end its transaction");
            }
            lock(&self.readers.free).push(guarded);
            self.readers.returned.notify_one();
        }
    }
}
