//! Qualifications: a supervisor signs that a person was observed at a task and found competent.
//! Whether that still holds is computed from the signatures on the documents ([`status`]), never
//! stored.

mod kind;
mod lifecycle;
mod standing;

pub use kind::{OF_PERSON, QUALIFIES_FOR, kind};
pub use lifecycle::after_step;
pub(crate) use lifecycle::clear_suspects;
pub use standing::{Standing, Status, is_qualified, of_person, status};
