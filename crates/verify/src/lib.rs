//! The verifier: checks a whole database against `docs/FORMATS.md` and shares no code with the
//! kernel that wrote it.
//!
//! It reads only, everything once, in one consistent state of the data. What it finds is said for
//! people: table, key, field, and both values.

mod brought;
mod bundle;
mod damage;
mod files;
mod format;
mod known;
mod log;
mod note;
mod one;
mod personal;
mod rows;
mod signatures;
mod trail;

pub use brought::{brought, notes_below};
pub use bundle::{About, BUNDLE_BYTES, BundleReport, verify_bundle};
pub use files::{NamedFile, check_files, check_named, named_files};
pub use log::{Anchor, LogReport, Trust};
pub use note::Key;

use base::{Error, Result};
use db::{Database, Read, sql};
use std::collections::BTreeSet;

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub table: String,
    /// The row's key, or the transaction and place of an event.
    pub key: String,
    /// The column, where it can be told.
    pub field: Option<String>,
    pub text: String,
    /// What is there and what should be, where it is a value that differs.
    pub values: Option<String>,
}

impl Problem {
    /// Without the values, for readers who may not see every row.
    pub fn without_values(&self) -> String {
        self.told(&self.text)
    }

    fn told(&self, what: &str) -> String {
        match &self.field {
            Some(field) => format!("{} {}, {field}: {what}", self.table, self.key),
            None => format!("{} {}: {what}", self.table, self.key),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.told(self.values.as_ref().unwrap_or(&self.text)))
    }
}

/// What a check covered and found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub transactions: u64,
    pub events: u64,
    pub rows: u64,
    pub signatures: u64,
    pub log: LogReport,
    pub problems: Vec<Problem>,
}

/// The most problems a report holds; behind them the check stops.
pub const PROBLEMS: usize = 1_000;

/// Tells how far the check has come: what it is doing, done, and the whole if known.
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64, Option<u64>);

/// Progress is told each time so many events, rows or signatures are done.
pub(crate) const EACH: u64 = 20_000;

/// One check of one tenant on its way.
pub(crate) struct Check<'a> {
    pub tenant: &'a str,
    pub report: Report,
    pub progress: Progress<'a>,
}

impl Check<'_> {
    pub(crate) fn find(&mut self, table: &str, key: impl Into<String>, field: Option<&str>, text: impl Into<String>) {
        self.note(Problem { table: table.to_owned(), key: key.into(), field: field.map(str::to_owned), text: text.into(), values: None });
    }

    /// A column whose value is another one.
    pub(crate) fn find_value(&mut self, table: &str, key: &str, column: &str, values: String) {
        let text = "is not what the trail says".to_owned();
        self.note(Problem { table: table.to_owned(), key: key.to_owned(), field: Some(column.to_owned()), text, values: Some(values) });
    }

    fn note(&mut self, problem: Problem) {
        if self.report.problems.len() < PROBLEMS {
            self.report.problems.push(problem);
        }
    }
}

/// Checks one tenant: every leaf, root and chain, then every regulated row against its last event,
/// then every signature against the content it was given for, then the log of all transactions.
/// What commits meanwhile is left to the next check.
pub fn verify(database: &Database, tenant: &str, progress: Progress<'_>) -> Result<Report> {
    verify_against(database, tenant, &Trust::default(), progress)
}

/// The same against what somebody brings from outside: public keys, and checkpoints that were kept
/// elsewhere. Only these show a history that was rewritten as a whole, or an old copy put back.
pub fn verify_against(database: &Database, tenant: &str, trust: &Trust, progress: Progress<'_>) -> Result<Report> {
    let tables = Tables::of(database)?;
    database.read(|tx| verify_within(tx, &tables, tenant, trust, &mut *progress))
}

/// The regulated tables of a database, for checks inside of a transaction.
pub struct Tables(Vec<rows::Regulated>);

impl Tables {
    pub fn of(database: &Database) -> Result<Self> {
        rows::regulated(database).map(Self)
    }
}

/// As [`verify_against`], inside of a transaction: what is found unsound need not be committed.
pub fn verify_within(tx: &mut dyn Read, tables: &Tables, tenant: &str, trust: &Trust, progress: Progress<'_>) -> Result<Report> {
    let mut check = Check { tenant, report: Report::default(), progress };
    let mut trail = trail::check(tx, &mut check)?;
    (check.progress)("checking the rows", 0, None);
    rows::check(tx, &tables.0, &mut trail, &mut check)?;
    (check.progress)("checking the signatures", 0, None);
    signatures::check(tx, &mut check)?;
    log::check(tx, trust, &mut check)?;
    check.report.log.since = check.report.transactions.saturating_sub(check.report.log.proved);
    Ok(check.report)
}

/// Checks the record of this number (or identifier) in all its revisions, or one of them as
/// `PR-0012/C`: its rows, versions, events and signatures, and that its transactions are in the log.
///
/// Errors: not found, when there is no such record.
pub fn verify_record(database: &Database, tenant: &str, name: &str, trust: &Trust, progress: Progress<'_>) -> Result<Report> {
    let tables = rows::regulated(database)?;
    database.read(|tx| {
        let mut check = Check { tenant, report: Report::default(), progress: &mut *progress };
        let mut transactions = BTreeSet::new();
        for record in one::named(tx, tenant, name)? {
            transactions.extend(one::check(tx, &tables, &record, &mut check)?);
        }
        log::check(tx, trust, &mut check)?;
        check.report.log.since = one::since(tx, &transactions, check.report.log.proved, tenant)?;
        Ok(check.report)
    })
}

/// The tenants that a database holds.
pub fn tenants(database: &Database) -> Result<Vec<String>> {
    let found = database.read(tenants_within)?;
    if found.is_empty() {
        return Err(Error::not_found("This database holds no trail yet."));
    }
    Ok(found)
}

/// As [`tenants`], inside of a transaction, where there may be none.
pub fn tenants_within(tx: &mut dyn Read) -> Result<Vec<String>> {
    // The one statement that asks for all tenants: it is what the check walks over.
    let rows = tx.query(sql("select distinct tenant from chain_head order by tenant"), &[])?;
    rows.iter().map(|row| row.text("tenant").map(str::to_owned)).collect()
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Up to where nothing can have been changed, and since when only the data itself says so.
    pub fn standing(&self) -> String {
        match &self.log.proved_by {
            Some(anchor) => format!("Proved up to transaction {} by {anchor}; {} since then are only consistent with themselves.", self.log.proved, self.log.since),
            None => "The data is consistent with itself; without a checkpoint that somebody else keeps, a complete rewrite cannot be told.".to_owned(),
        }
    }
}
