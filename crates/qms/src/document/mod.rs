//! Controlled documents (ISO 13485 4.2.4): procedures and work instructions.

mod commands;
mod kind;
mod lifecycle;

pub use commands::{begin_summary_anew, commands, jobs};
pub use kind::kinds;

/// The kinds of controlled documents.
pub(crate) const KINDS: [&str; 2] = ["procedure", "work_instruction"];
