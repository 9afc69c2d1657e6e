//! Brings the schema up to what this program knows, one numbered step after another.
//!
//! Each step is one transaction that also writes its line into `schema_migration`, so a step that
//! is cut short leaves nothing. The SHA-256 of every applied step is kept and compared: a step that
//! was edited after it had run is a schema nobody has tested.

use crate::database::{Database, Engine, Purpose};
use crate::ddl;
use crate::statement::sql;
use crate::tx::{Body, Read as _};
use base::{Digest, Error, Refusal, RefusalKind, Result};
use std::collections::BTreeMap;

/// One step of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub number: u32,
    pub name: &'static str,
    /// SQL with type tokens and `-- only:` blocks.
    pub text: &'static str,
}

impl Migration {
    fn label(&self) -> String {
        format!("{:04} {}", self.number, self.name)
    }

    /// Line ends do not count: a checkout on another system may change them.
    fn checksum(&self) -> String {
        Digest::of(self.text.replace("\r\n", "\n").as_bytes()).hex()
    }
}

const OWN_TABLE: &str = "create table if not exists schema_migration (
  number {int} not null primary key,
  name {text} not null,
  checksum {text} not null
) {strict}";

/// Of two that make one table at the same moment PostgreSQL refuses one, "if not exists" or not, so
/// servers that start together take turns before there is anything to lock.
const OWN_TABLE_TURN: &str = "select pg_advisory_xact_lock(hashtext('plumb.schema_migration'))";

impl Database {
    /// Applies the steps that are missing and gives their numbers. Steps come in rising order. A
    /// schema that is newer than the last step, or was made by other steps, is refused.
    pub fn migrate(&self, steps: &[Migration]) -> Result<Vec<u32>> {
        check_order(steps)?;
        let own_table = ddl::expand("schema_migration", OWN_TABLE, self.engine())?;
        self.migrate_with(Box::new(move |tx| {
            if tx.engine() == Engine::Postgres {
                tx.guarded.session.script(OWN_TABLE_TURN)?;
            }
            tx.guarded.session.script(&own_table)
        }))?;
        let mut applied = Vec::new();
        check_applied(&self.applied()?, steps)?;
        for step in steps {
            if self.apply(*step)? {
                tracing::info!(step = step.label(), "schema step applied");
                applied.push(step.number);
            }
        }
        Ok(applied)
    }

    /// The number of the last applied step; zero for an empty database.
    pub fn schema_version(&self) -> Result<u32> {
        if !self.describe()?.contains_key("schema_migration") {
            return Ok(0);
        }
        let last = self.applied()?.last_key_value().map_or(0, |(number, _)| *number);
        Ok(last)
    }

    fn applied(&self) -> Result<BTreeMap<u32, String>> {
        let rows = self.query(sql("select number, checksum from schema_migration order by number"), &[])?;
        let pair = |row: &crate::Row| {
            let number = u32::try_from(row.int("number")?).map_err(Error::internal)?;
            Ok((number, row.text("checksum")?.to_owned()))
        };
        rows.iter().map(pair).collect()
    }

    /// True when the step was missing and is applied now.
    fn apply(&self, step: Migration) -> Result<bool> {
        let text = ddl::expand(&step.label(), step.text, self.engine())?;
        let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = std::sync::Arc::clone(&done);
        self.migrate_with(Box::new(move |tx| {
            if tx.engine() == Engine::Postgres {
                // Servers that start together take turns; readers are not held up.
                tx.guarded.session.script("lock table schema_migration in exclusive mode")?;
            }
            // Looked up inside: another server may have applied it since.
            let known = tx.query_opt(sql("select checksum from schema_migration where number = $1"), &[step.number.into()])?;
            if known.is_some() {
                return Ok(());
            }
            tx.guarded.session.script(&text).map_err(|error| in_step(&step, error))?;
            tx.execute(
                sql("insert into schema_migration (number, name, checksum) values ($1, $2, $3)"),
                &[step.number.into(), step.name.into(), step.checksum().into()],
            )?;
            told.store(true, std::sync::atomic::Ordering::SeqCst);
            Ok(())
        }))?;
        Ok(done.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn migrate_with(&self, body: Body) -> Result<()> {
        self.write_dyn(Purpose::Migration, body)
    }
}

fn in_step(step: &Migration, error: Error) -> Error {
    match error {
        Error::Internal(text) => Error::Internal(format!("schema step {}: {text}", step.label())),
        other => other,
    }
}

fn check_order(steps: &[Migration]) -> Result<()> {
    for pair in steps.windows(2) {
        if let [one, two] = pair
            && one.number >= two.number
        {
            return Err(Error::internal(format!("schema step {} stands before {}", one.label(), two.label())));
        }
    }
    Ok(())
}

fn check_applied(applied: &BTreeMap<u32, String>, steps: &[Migration]) -> Result<()> {
    let known = steps.last().map_or(0, |step| step.number);
    let newest = applied.last_key_value().map_or(0, |(number, _)| *number);
    if newest > known {
        return Err(refusal(
            "schema_newer",
            format!("The data has schema {newest}; this program knows schemas up to {known}."),
            "Start the newer program that wrote the data, or restore a backup from before the update.",
        ));
    }
    for number in applied.keys() {
        if !steps.iter().any(|step| step.number == *number) {
            return Err(refusal(
                "schema_unknown_step",
                format!("The data went through schema step {number:04}, which this program does not have."),
                "Start the program that wrote the data.",
            ));
        }
    }
    for step in steps {
        match applied.get(&step.number) {
            Some(kept) if *kept != step.checksum() => {
                return Err(refusal(
                    "schema_changed_step",
                    format!("Schema step {} is not the one that was applied to the data (its checksum differs).", step.label()),
                    "Start the released program that wrote the data; an applied step is never edited.",
                ));
            }
            None if step.number < newest => {
                return Err(refusal(
                    "schema_missing_step",
                    format!("Schema step {} was never applied to the data, though later ones were.", step.label()),
                    "Start the program that wrote the data.",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refusal(code: &str, message: String, advice: &str) -> Error {
    Refusal::new(RefusalKind::Conflict, code, message).advise(advice).into()
}
