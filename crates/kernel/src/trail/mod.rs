//! The audit trail: every change of a regulated row is an event, every transaction a root, every
//! root a link of the tenant's chain (`docs/FORMATS.md`).

mod read;
mod stored;
mod write;

pub use read::{Line, of_record, walk};
pub(crate) use write::event_leaf;
pub use stored::Stored;
pub use write::{Header, WriteTx};
