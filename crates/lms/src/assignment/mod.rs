//! Assignments: obligations of the sort `train` that follow from the matrix, and the signature
//! that fulfils one.

mod calc;
mod commands;
mod jobs;
mod keep;
mod lapse;
mod listen;
mod repeat;
mod store;

pub use calc::EXCUSED;
pub use commands::commands;
pub use jobs::{jobs, run_escalation, run_repetition};
pub use keep::{Plan, plan};
pub use lapse::lapsed;
pub use listen::{after_link, after_step};
pub use store::{count_on_earlier, open_on_item, signature_on};

/// The step under which a reading is signed. It is no step of the document's lifecycle: the
/// signature is the learner's, the document stays as it is.
pub const READ_AND_SIGN: &str = "read_and_sign";
/// The role in which a learner signs; nobody is granted it, whoever is assigned has it.
pub const LEARNER: &str = "learner";
