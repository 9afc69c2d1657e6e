//! Which primary a connection leads to. PostgreSQL begins a new timeline with each promotion; whoever
//! has worked on one never works on an earlier again: a primary that hung, was replaced and woke may
//! for a moment, or with a fault in what manages it for long, go on as if nothing had happened, and
//! what it says is old and what it takes is lost.

use deadpool_postgres::{ClientWrapper, Hook, HookError, Metrics};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

/// The name of the segment that is being written: its first eight digits are the timeline.
const SEGMENT: &str = "select pg_walfile_name(pg_current_wal_insert_lsn())";

/// The newest timeline that a connection of this pool has led to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timelines(Arc<Mutex<Newest>>);

#[derive(Debug, Clone, Copy, Default)]
struct Newest {
    number: u32,
    /// Connections made before lead to an earlier one.
    since: Option<Instant>,
}

impl Timelines {
    /// Whether a server on this timeline may be worked with; it is remembered when it is the newest.
    fn admit(&self, number: u32, now: Instant) -> Result<(), u32> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if number > newest.number {
            *newest = Newest { number, since: Some(now) };
        }
        if number == newest.number { Ok(()) } else { Err(newest.number) }
    }

    /// Whether a connection made at this moment leads to the newest timeline.
    fn is_newest(&self, made: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).since.is_none_or(|since| made >= since)
    }

    /// Refuses a new connection to a server on an earlier timeline, and to one that only follows.
    pub(crate) fn new_connections(&self) -> Hook {
        let timelines = self.clone();
        Hook::async_fn(move |client: &mut ClientWrapper, metrics: &Metrics| {
            let (timelines, made) = (timelines.clone(), metrics.created);
            Box::pin(async move {
                let Some(number) = of(client).await? else { return Ok(()) };
                timelines.admit(number, made).map_err(|newest| refused(number, newest))
            })
        })
    }

    /// Lets go of kept connections that lead to an earlier timeline.
    pub(crate) fn kept_connections(&self) -> Hook {
        let timelines = self.clone();
        Hook::sync_fn(move |_, metrics| {
            if timelines.is_newest(metrics.created) { Ok(()) } else { Err(HookError::message("it leads to a primary that was replaced")) }
        })
    }

    #[cfg(test)]
    pub(crate) fn after(number: u32) -> Self {
        Self(Arc::new(Mutex::new(Newest { number, since: None })))
    }
}

fn refused(number: u32, newest: u32) -> HookError {
    tracing::error!(number, newest, "the database went back to an earlier timeline: two servers may both take themselves for the primary");
    HookError::message(format!("the database is on timeline {number} after {newest}"))
}

/// The timeline that a server writes; `None` where it does not say.
async fn of(client: &Client) -> Result<Option<u32>, HookError> {
    match client.simple_query(SEGMENT).await {
        Ok(messages) => Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).and_then(in_name),
            _ => None,
        })),
        // It follows another server, or cannot be asked any more.
        Err(error) if error.is_closed() || error.code() == Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => Err(HookError::Backend(error)),
        Err(error) => {
            tracing::warn!(%error, "the server does not name its timeline: a primary that was replaced would not be known");
            Ok(None)
        }
    }
}

fn in_name(segment: &str) -> Option<u32> {
    segment.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn frs_dur_010_a_primary_that_was_replaced_is_refused_and_not_worked_with_again() {
        let (timelines, start) = (Timelines::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(timelines.is_newest(at(0)));
        assert_eq!(timelines.admit(2, at(1)), Ok(()));
        assert_eq!(timelines.admit(2, at(2)), Ok(()));
        assert!(timelines.is_newest(at(1)) && timelines.is_newest(at(2)));
        assert_eq!(timelines.admit(3, at(5)), Ok(()));
        assert_eq!(timelines.admit(2, at(6)), Err(3));
        assert!(!timelines.is_newest(at(2)));
        assert!(timelines.is_newest(at(5)));
    }

    #[test]
    fn the_timeline_stands_at_the_front_of_a_segments_name() {
        assert_eq!(in_name("0000000A0000000100000002"), Some(10));
        assert_eq!(in_name("000"), None);
        assert_eq!(in_name("backup_label_of_someone"), None);
    }
}
