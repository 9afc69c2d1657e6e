//! Looking after the data itself: files and database are read again and checked, orphans are swept,
//! jobs that cannot be done are set aside, restores are rehearsed. What is found wrong becomes a
//! record that somebody must look after.

mod drill;
mod fault;
mod round;
mod scrub;

pub use drill::{DRILL, Drill, Restored};
pub use fault::{FAULT, Fault, note, open_faults};
pub use round::{Round, round_of};

use crate::jobs::JobDef;
use crate::kind::Kind;

/// The kinds of what is found and rehearsed.
pub fn kinds() -> Vec<Kind> {
    vec![fault::kind(), drill::kind()]
}

/// What the clock starts.
pub fn jobs() -> Vec<JobDef> {
    scrub::jobs()
}
