//! Prints figures against the budgets of the design: `scripts/bench`, or
//! `benches [commands|release|pages|structure|start]… [--people N] [--records N] [--folder DIR]`.
//!
//! Nothing here is a test: a figure says what this machine does now, and is worth something only
//! when the machine does nothing else. `docs/PERFORMANCE.md` keeps the figures of one run.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be set up fails there and then")]

mod commands;
mod company;
mod machine;
mod pages;
mod place;
mod process;
mod proof;
mod release;
mod report;
mod structure;

use std::path::PathBuf;

/// What is measured and how much of it.
struct Plan {
    only: Vec<String>,
    people: i64,
    records: i64,
    folder: PathBuf,
}

impl Plan {
    fn from_arguments() -> Self {
        let mut plan = Self { only: Vec::new(), people: 40_000, records: 100_000, folder: PathBuf::from("target") };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--people" => plan.people = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(plan.people),
                "--records" => plan.records = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(plan.records),
                "--folder" => plan.folder = arguments.next().map_or(plan.folder, PathBuf::from),
                name => plan.only.push(name.to_owned()),
            }
        }
        plan
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn main() {
    let plan = Plan::from_arguments();
    std::fs::create_dir_all(&plan.folder).unwrap();
    let folder = tempfile::Builder::new().prefix("benches-").tempdir_in(std::fs::canonicalize(&plan.folder).unwrap()).unwrap();
    let postgres = place::Postgres::start(folder.path());
    machine::describe(folder.path(), &postgres.version);
    report::head();
    if plan.wants("commands") {
        commands::measure(folder.path(), &postgres);
    }
    if plan.wants("release") {
        release::measure(folder.path(), &postgres, plan.people);
    }
    if plan.wants("proof") {
        proof::measure(folder.path(), &postgres);
    }
    if plan.wants("pages") {
        pages::measure(folder.path(), &postgres, plan.records);
    }
    if plan.wants("structure") {
        structure::measure(folder.path(), &postgres);
    }
    if plan.wants("start") {
        process::measure(folder.path(), plan.records);
    }
}
