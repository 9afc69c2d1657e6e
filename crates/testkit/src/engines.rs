//! A fresh database for each test, on both engines.
//!
//! ```ignore
//! #[test]
//! fn a_record_reads_back() {
//!     testkit::engines::both(|test| { … test.database … });
//! }
//! ```

#[path = "engines/server.rs"]
pub(crate) mod server;

use base::{Digest, IdSource as _, SystemIds};
use db::{Config, Database, Engine, Migration, administer};
use std::path::Path;
use tempfile::TempDir;

/// Connections of one test to PostgreSQL.
const POOL: usize = 8;

/// A database that goes away with this value.
pub struct TestDatabase {
    pub database: Database,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    Postgres { url: String, name: String },
}

impl TestDatabase {
    /// Where the database is, for opening it a second time or starting a server on it.
    pub fn config(&self) -> Config {
        match &self.place {
            Place::Sqlite(folder) => Config::Sqlite { folder: folder.path().to_owned() },
            Place::Postgres { url, .. } => Config::Postgres { url: url.clone(), pool_size: POOL },
        }
    }

    pub fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// The data folder of SQLite.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Sqlite(folder) => Some(folder.path()),
            Place::Postgres { .. } => None,
        }
    }

    /// The URL of PostgreSQL, for programs that are started with `--database URL`.
    pub fn postgres_url(&self) -> Option<&str> {
        match &self.place {
            Place::Sqlite(_) => None,
            Place::Postgres { url, .. } => Some(url),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Postgres { name, .. } = &self.place {
            // A failing test must show its own failure, not that of tidying up.
            let dropped = administer(&server::admin_url(), &format!("drop database if exists {name} with (force)"));
            if let Err(error) = dropped {
                eprintln!("the test database {name} could not be dropped: {error}");
            }
        }
    }
}

/// An empty SQLite database in a folder of its own.
pub fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    let config = Config::Sqlite { folder: folder.path().to_owned() };
    TestDatabase { database: open(&config), place: Place::Sqlite(folder) }
}

/// An empty PostgreSQL database on the server that all tests share.
pub fn postgres() -> TestDatabase {
    let name = fresh_name();
    administer_or_panic(&create(&name));
    opened(name)
}

/// As [`sqlite`], with the schema.
pub fn sqlite_migrated(steps: &[Migration]) -> TestDatabase {
    let test = sqlite();
    migrate(&test.database, steps);
    test
}

/// As [`postgres`], with the schema: copied from a database that was migrated once for all tests,
/// which takes a fraction of the time.
pub fn postgres_migrated(steps: &[Migration]) -> TestDatabase {
    let text: String = steps.iter().map(|step| format!("{} {}\n{}\n", step.number, step.name, step.text)).collect();
    let digest = Digest::of(text.as_bytes()).hex();
    let template = format!("plumb_template_{}", digest.get(..16).unwrap_or(&digest));
    {
        let _alone = server::lock_templates();
        if !exists(&template) {
            make_template(&template, steps);
        }
    }
    let name = fresh_name();
    administer_or_panic(&format!("create database {name} template {template}"));
    opened(name)
}

/// Runs a test on both engines, each time with a fresh and empty database.
pub fn both(test: fn(&TestDatabase)) {
    eprintln!("on SQLite");
    test(&sqlite());
    eprintln!("on PostgreSQL");
    test(&postgres());
}

/// Runs a test on both engines, each time with a fresh database that has the schema.
pub fn both_migrated(steps: &[Migration], test: fn(&TestDatabase)) {
    eprintln!("on SQLite");
    test(&sqlite_migrated(steps));
    eprintln!("on PostgreSQL");
    test(&postgres_migrated(steps));
}

fn opened(name: String) -> TestDatabase {
    let url = server::url_of(&name);
    let database = open(&Config::Postgres { url: url.clone(), pool_size: POOL });
    TestDatabase { database, place: Place::Postgres { url, name } }
}

fn make_template(template: &str, steps: &[Migration]) {
    let making = fresh_name();
    administer_or_panic(&create(&making));
    migrate(&open(&Config::Postgres { url: server::url_of(&making), pool_size: 1 }), steps);
    // Renamed last: a template that bears its name is complete. The connections that have just
    // been closed may linger in the server for a moment.
    administer_or_panic(&format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{making}'"));
    administer_or_panic(&format!("alter database {making} rename to {template}"));
}

fn exists(name: &str) -> bool {
    let admin = open(&Config::Postgres { url: server::admin_url(), pool_size: 1 });
    let found = admin.read(|read| read.query_text("select 1 as one from pg_database where datname = $1", &[name.into()]));
    !found.unwrap_or_else(|error| panic!("the databases cannot be listed: {error}")).is_empty()
}

fn create(name: &str) -> String {
    format!("create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
}

fn fresh_name() -> String {
    let random: String = SystemIds::default().random_bytes(8).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("plumb_test_{random}")
}

fn administer_or_panic(statement: &str) {
    administer(&server::admin_url(), statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn open(config: &Config) -> Database {
    Database::open(config).unwrap_or_else(|error| panic!("the test database cannot be opened: {error}"))
}

fn migrate(database: &Database, steps: &[Migration]) {
    database.migrate(steps).unwrap_or_else(|error| panic!("the schema cannot be made: {error}"));
}
