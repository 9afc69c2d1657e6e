//! The demo's company in a test: on a database of the test, at the demo's first day, before anything
//! happens.

use base::{FixedClock, SeededIds, Timestamp};
use db::Database;
use kernel::password::Hashing;
use kernel::{Kernel, Setup};
use plumb::assembly::{migrations, modules};
use plumb::demo;
use plumb::demo::company::Company;
use std::sync::Arc;

pub fn founded(database: &Database, chains: i64) -> (Company, tempfile::TempDir) {
    let files = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(Timestamp::parse("2026-10-05T07:00:00Z").unwrap()));
    database.migrate(&migrations()).unwrap();
    let kernel = Kernel::new(Setup {
        database: database.clone(),
        clock: Arc::<FixedClock>::clone(&clock),
        ids: Arc::new(SeededIds::new(7)),
        files: blob::BlobStore::open(files.path()).unwrap().into(),
        modules: modules(),
        hashing: Hashing::cheap_for_tests(),
        chains,
    })
    .unwrap();
    let company = Company::new(kernel, clock, demo::PASSWORD);
    demo::open(&company, "a.conti", "Ada Conti").unwrap();
    (company, files)
}
