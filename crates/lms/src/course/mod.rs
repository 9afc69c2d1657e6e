//! Courses: what somebody reads and signs, and within how many days. A course teaches documents;
//! which revision must be signed follows from the document ([`to_sign`]).

mod kind;
mod store;

pub use kind::{TEACHES, kind};
pub use store::{ISSUE, RELEASE, Taught, in_force, is_given_out, of_document, taught, taught_for, to_sign};

use kernel::record::Record;

/// Days a person has from the assignment on.
pub fn due_days(course: &Record) -> i64 {
    course.field_int("due_days").unwrap_or_default()
}

/// The sentence the learner signs: the meaning of the signature.
pub fn statement(course: &Record) -> &str {
    course.field_text("statement")
}

/// Months after which it must be signed again, for courses that repeat.
pub fn repeat_months(course: &Record) -> Option<i64> {
    course.field_int("repeat_months")
}
