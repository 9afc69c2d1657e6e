//! What the commands print: progress on long work, errors for their reader.

use base::Error;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;

/// Exit code of a check that found something wrong.
pub const FOUND_WRONG: u8 = 1;
/// Exit code of a refused or wrongly used command.
pub const REFUSED: u8 = 2;
/// Exit code of a fault of the machine or of ours.
pub const FAILED: u8 = 3;

/// A bar for long work; silent where nobody watches.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// Prints an error to the error stream and answers the exit code.
pub fn fail(error: &Error) -> ExitCode {
    eprintln!("plumb: {error}");
    match error {
        Error::Refused(_) => ExitCode::from(REFUSED),
        _ => ExitCode::from(FAILED),
    }
}
