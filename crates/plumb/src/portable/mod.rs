//! `plumb export` and `plumb import`: a whole company as plain files, from one engine to the
//! other, with the trail verified on arrival. Backups travel in the same form.
//!
//! The export is a folder: `manifest.json`, one `tables/<name>.ndjson` per table (a JSON array per
//! row, values in the order of the manifest's columns, bytes as {"hex": …}), and `files/` by
//! SHA-256. Files that are damaged or missing where the export is made are listed in the manifest
//! (`damaged`); none of them stops the rest.

mod lines;
mod read;
mod tables;
mod write;

pub use read::{Arrived, Damage, Wrong, read_all};
pub use write::{Damaged, Sink, export, write_all};

use base::Error;
use std::path::Path;

const FORMAT: &str = "plumb-export-1";

/// What an export or a copy holds that is not as it should be, in lines for people.
pub fn print_damage<T: std::fmt::Display>(found: &[T]) {
    for each in found {
        println!("  {each}");
    }
}

/// An answer that never came leaves people with a question: says what may be and how to find out.
pub fn advise_in_doubt(error: Error, advice: &str) -> Error {
    match error {
        Error::InDoubt(why) => Error::InDoubt(format!("{why}\n  {advice}")),
        other => other,
    }
}

fn about(path: &Path, error: impl std::fmt::Display) -> Error {
    base::Refusal::new(base::RefusalKind::Unavailable, "file_error", format!("{}: {error}", path.display())).into()
}
