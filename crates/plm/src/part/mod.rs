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
mod turns;

pub use commands::commands;
pub use detail::{copy_details, note_step};
pub use kind::kind;
pub use store::{BOM_LINE, Line, MANUFACTURER_PART, SourceStatus, SourcedPart, lines_as_of, lines_of, sources_of};

pub(crate) use commands::reason_given;
pub(crate) use detail::refresh as refresh_detail;
pub(crate) use guard::{Configuration, check_structures};
pub(crate) use import::{Birth, checked_sources, new_parts, parse_file, parts_numbered, prepared_structure};
pub(crate) use kind::KIND;
pub(crate) use lines::{CheckedLine, end as end_line, insert as insert_lines, unit_of};
pub(crate) use sources::{end as end_source, insert as insert_sources};
pub(crate) use store::{lines_of_many, sources_of_many, split_designators};

/// The name of the stamp that differs whenever a structure or the revision that counts has changed.
pub(crate) const STRUCTURE_STAMP: &str = "structure";
