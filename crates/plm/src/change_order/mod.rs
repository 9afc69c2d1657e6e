//! The change order: everything that is released changes by one, in one transaction.
//!
//! Its signatures cover the content of every affected revision, which is why that content is fixed
//! while the order is in review (`kernel::binding`).

mod affected;
mod apply;
mod commands;
mod kind;
mod lifecycle;
mod release;
mod rules;

pub use commands::commands;
pub use kind::{class_field, kind};

/// The name of the kind.
pub(crate) const KIND: &str = "change_order";
/// An order's link to the revisions that it releases.
pub const AFFECTS: &str = "affects";
/// An order's link to the request that it answers.
pub(crate) const ANSWERS: &str = "answers";
/// The step that gives a revision out, in every kind an order can affect.
pub(crate) const RELEASE: &str = "release";
/// The step that gives a working revision up, in every kind that has one.
pub(crate) const CANCEL: &str = "cancel";
