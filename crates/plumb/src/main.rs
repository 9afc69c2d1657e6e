//! `plumb`: one binary for everything.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    plumb::cli::run(plumb::cli::Arguments::parse())
}
