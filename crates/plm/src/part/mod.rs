//! The part: one item with a number, its revisions, the lines below it and the manufacturer parts
//! it is bought as.
//!
//! Lines name the child's *item*, not a revision of it: a released child may be revised without
//! touching its parents, and which revision counts is decided when the structure is read.

mod commands;
mod detail;
mod guard;
mod import;
mod kind;
mod lifecycle;
mod lines;
mod sources;
mod store;

pub use commands::commands;
pub use detail::{copy_details, note_step};
pub use kind::kind;
pub use lines::NewLine;
pub use store::{BOM_LINE, Line, MANUFACTURER_PART, SourceStatus, SourcedPart, lines_of, sources_of};

pub(crate) use detail::{Detail, DetailLine, refresh as refresh_detail, set_details};
pub(crate) use guard::{Configuration, check_structures, walk_below};
pub(crate) use import::{new_parts, parse_file, prepared_structure};
pub(crate) use kind::KIND;
