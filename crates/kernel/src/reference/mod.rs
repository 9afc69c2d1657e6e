//! Reference data: approved, versioned tables that evaluations are made by (a risk matrix, action
//! priorities, sampling plans, code lists).
//!
//! A domain declares a table: its columns, what a complete table is, and the content the product
//! ships. The content in force is the effective revision of one record of the kind
//! `reference_table` ([`kind`]), approved by a signature like any other; what was shipped counts
//! from the day the company is set up ([`adopt`]). An evaluation asks for [`in_force`] inside its
//! own transaction and keeps [`Content::used`]: which revision it was, with its digest.
//!
//! This is not `kernel::table`, which declares the tables of the database.

mod adopt;
mod check;
mod kind;

pub use adopt::adopt;
pub(crate) use adopt::adopt_inside;
pub use check::{Fault, Row, read};
pub use kind::{KIND, kind};

use crate::catalog::Catalog;
use crate::kind::Phase;
use crate::record::{self, Record};
use crate::sheet::Sheet;
use base::{Error, Refusal, RefusalKind, Result};
use db::{Read, sql};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A table as its domain declares it.
#[derive(Debug, Clone)]
pub struct ReferenceTable {
    /// `risk_matrix`: the name in code. Its record has the number `RT-RISK-MATRIX`.
    pub name: &'static str,
    pub title: &'static str,
    /// What is decided by it.
    pub text: &'static str,
    /// The requirement that asks for it.
    pub requirement: &'static str,
    pub columns: &'static [Column],
    /// What no single cell shows: that nothing is missing and nothing contradicts itself. Asked
    /// only when every cell is what its column allows.
    pub check: fn(&[Row]) -> Vec<Fault>,
    /// The content as delivered, as CSV with titles.
    pub shipped: &'static str,
    /// Where the shipped content comes from, said honestly.
    pub source: &'static str,
}

/// A column of a table. Rows differ in the columns that are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its title in the sheet.
    pub name: &'static str,
    pub label: &'static str,
    pub sort: ColumnSort,
    /// Two rows with the same keys contradict each other.
    pub key: bool,
}

/// What a cell may hold. No cell is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnSort {
    Integer { min: i64, max: i64 },
    /// One of these words.
    Word(&'static [&'static str]),
    Line,
}

impl Column {
    pub const fn key(name: &'static str, label: &'static str, sort: ColumnSort) -> Self {
        Self { name, label, sort, key: true }
    }

    pub const fn value(name: &'static str, label: &'static str, sort: ColumnSort) -> Self {
        Self { name, label, sort, key: false }
    }
}

impl ReferenceTable {
    /// The number of the record that holds it.
    pub fn number(&self) -> String {
        format!("RT-{}", self.name.replace('_', "-").to_uppercase())
    }
}

/// One revision of a table, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    pub table: &'static str,
    pub record: Record,
    pub rows: Vec<Row>,
}

impl Content {
    /// What an evaluation keeps in a field of the sort `FieldSort::TableRevision`.
    pub fn used(&self) -> Json {
        Used::of(self.table, &self.record).to_json()
    }

    fn of(table: &ReferenceTable, record: Record) -> Result<Self> {
        let sheet = Sheet::stored(record.fields.get(kind::ROWS).unwrap_or(&Json::Null));
        match read(table, &sheet) {
            Ok(rows) => Ok(Self { table: table.name, record, rows }),
            // A later release may ask for more than an older revision holds.
            Err(faults) => {
                let first = faults.first().map(Fault::to_string).unwrap_or_default();
                Err(Refusal::new(RefusalKind::Conflict, "reference_table_unreadable", format!("{} is not what this release expects: {first}.", record.label()))
                    .advise("Make a new revision of the table and have it approved.")
                    .into())
            }
        }
    }
}

/// The table whose content a record holds.
pub fn declared_for<'a>(catalog: &'a Catalog, record: &Record) -> Result<&'a ReferenceTable> {
    let found = catalog.reference_tables().iter().find(|table| record.kind == KIND && table.number() == record.number);
    found.ok_or_else(|| Error::conflict("no_reference_table", format!("{} is no table of this release.", record.label())))
}

/// The content of a table that counts now.
///
/// Errors: 409 when the company has not adopted the table, or its content is not what this release
/// expects.
pub fn in_force(tx: &mut dyn Read, tenant: &str, table: &ReferenceTable) -> Result<Content> {
    let effective = match record::item_by_number(tx, tenant, KIND, &table.number())? {
        Some(item) => record::effective_of_item(tx, tenant, &item)?,
        None => None,
    };
    let Some(record) = effective else {
        return Err(Refusal::new(RefusalKind::Conflict, "no_reference_table", format!("The table “{}” is not in force here.", table.title))
            .advise("Start the server once with this release: it lays down the tables it ships.")
            .into());
    };
    Content::of(table, record)
}

/// The content of one revision, whether it counts or not: what an old evaluation was made by.
pub fn of_revision(tx: &mut dyn Read, tenant: &str, table: &ReferenceTable, id: &str) -> Result<Content> {
    let record = record::get(tx, tenant, id)?;
    if record.kind != KIND || record.number != table.number() {
        return Err(Error::conflict("no_reference_table", format!("{} is no revision of the table “{}”.", record.label(), table.title)));
    }
    Content::of(table, record)
}

/// Which revision of a table an evaluation was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub table: String,
    /// The revision's record.
    pub record: String,
    /// `RT-RISK-MATRIX rev 2`.
    pub label: String,
    /// The revision's content digest.
    pub digest: String,
}

impl Used {
    fn of(table: &str, record: &Record) -> Self {
        Self { table: table.to_owned(), record: record.id.clone(), label: record.label(), digest: record.digest.clone() }
    }

    /// Reads a field; `None` for anything else.
    pub fn read(value: &Json) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self { table: text("table")?, record: text("record")?, label: text("label")?, digest: text("digest")? })
    }

    fn to_json(&self) -> Json {
        json!({ "table": self.table, "record": self.record, "label": self.label, "digest": self.digest })
    }

    /// Checks what is to be stored in a field for the table `name`: a revision that counts or
    /// counted once, named as it is.
    pub(crate) fn check(tx: &mut dyn Read, tenant: &str, place: &str, name: &str, value: &Json) -> Result<Json> {
        let refused = || Error::invalid(place, "bad_table_revision", format!("this is no approved revision of the table “{name}”; it is written by the evaluation"));
        let given = Self::read(value).filter(|given| given.table == name).ok_or_else(refused)?;
        let record = record::find(tx, tenant, &given.record)?.filter(|record| record.kind == KIND && matches!(record.phase, Phase::Effective | Phase::Closed));
        match record.map(|record| Self::of(name, &record)).filter(|known| *known == given) {
            Some(known) => Ok(known.to_json()),
            None => Err(refused()),
        }
    }
}

/// The revision of each table that counts now: record by number of the table.
pub fn effective_revisions(tx: &mut dyn Read, tenant: &str) -> Result<BTreeMap<String, String>> {
    let rows = tx.query(sql("select number, effective from item where tenant = $1 and kind = $2 and effective is not null order by number"), &[tenant.into(), KIND.into()])?;
    rows.iter().map(|row| Ok((row.text("number")?.to_owned(), row.text("effective")?.to_owned()))).collect()
}
