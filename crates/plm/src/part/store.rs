//! Rows of lines and manufacturer parts: reading them, now and as of a moment.

use base::limits::LINE_CHARS;
use base::quantity::{Quantity, Unit};
use base::{Error, Result, Timestamp};
use db::{Query, Read, Row, sql};
use kernel::table::{Table, int, text};
use kernel::trail::Stored;
use serde::{Deserialize, Serialize};

/// Lines of a structure.
pub static BOM_LINE: Table = Table {
    name: "bom_line",
    key: "id",
    columns: &[
        text("id"),
        text("line_uid"),
        text("parent"),
        text("parent_item"),
        int("find_number"),
        text("child_item"),
        int("quantity"),
        text("unit"),
        text("designators"),
        text("note"),
        int("from_at"),
        int("to_at"),
    ],
};

/// What a part is bought as.
pub static MANUFACTURER_PART: Table = Table {
    name: "manufacturer_part",
    key: "id",
    columns: &[
        text("id"),
        text("source_uid"),
        text("part"),
        text("part_item"),
        int("position"),
        text("manufacturer"),
        text("mpn"),
        text("status"),
        int("from_at"),
        int("to_at"),
    ],
};

/// One use of a child in a revision of its parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub id: String,
    /// The same through all revisions of the parent.
    pub line_uid: String,
    /// The parent's record.
    pub parent: String,
    pub find_number: i64,
    pub child_item: String,
    pub child_number: String,
    pub child_title: String,
    pub quantity: Quantity,
    pub unit: Unit,
    pub designators: Vec<String>,
    pub note: String,
    pub(super) stored: Stored,
}

/// A manufacturer's part as which a revision is bought.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcedPart {
    pub id: String,
    /// The same through all revisions of the part.
    pub source_uid: String,
    pub part: String,
    pub position: i64,
    pub manufacturer: String,
    pub mpn: String,
    pub status: SourceStatus,
    pub(super) stored: Stored,
}

/// Whether a manufacturer's part may be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    Approved,
    /// May be bought under a condition that stands in the part's description.
    Conditional,
    DoNotUse,
    /// No longer made.
    Obsolete,
}

impl SourceStatus {
    pub const ALL: [Self; 4] = [Self::Approved, Self::Conditional, Self::DoNotUse, Self::Obsolete];

    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Conditional => "conditional",
            Self::DoNotUse => "do_not_use",
            Self::Obsolete => "obsolete",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Approved => "Approved",
            Self::Conditional => "Conditional",
            Self::DoNotUse => "Do not use",
            Self::Obsolete => "Obsolete",
        }
    }

    pub fn parse(place: &str, text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|status| status.name()).collect();
            Error::invalid(place, "unknown_choice", format!("“{text}” is no status; choices: {}", known.join(", ")))
        })
    }
}

/// The lines of one revision, by find number.
pub fn lines_of(tx: &mut dyn Read, tenant: &str, parent: &str) -> Result<Vec<Line>> {
    let rows = tx.query(
        sql(
            "select l.*, i.number as child_number, r.title as child_title from bom_line l
             join item i on i.tenant = l.tenant and i.id = l.child_item
             join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
             where l.tenant = $1 and l.parent = $2 and l.to_at is null order by l.find_number",
        ),
        &[tenant.into(), parent.into()],
    )?;
    rows.iter().map(line_from_row).collect()
}

/// The lines of one revision as they were at a moment.
pub fn lines_as_of(tx: &mut dyn Read, tenant: &str, parent: &str, at: Timestamp) -> Result<Vec<Line>> {
    let rows = tx.query(
        sql(
            "select l.*, i.number as child_number, r.title as child_title from bom_line l
             join item i on i.tenant = l.tenant and i.id = l.child_item
             join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
             where l.tenant = $1 and l.parent = $2 and l.from_at <= $3 and (l.to_at is null or l.to_at > $3)
             order by l.find_number",
        ),
        &[tenant.into(), parent.into(), at.0.into()],
    )?;
    rows.iter().map(line_from_row).collect()
}

/// The manufacturer parts of one revision, in the order of preference.
pub fn sources_of(tx: &mut dyn Read, tenant: &str, part: &str) -> Result<Vec<SourcedPart>> {
    let rows = tx.query(
        sql("select * from manufacturer_part where tenant = $1 and part = $2 and to_at is null order by position, id"),
        &[tenant.into(), part.into()],
    )?;
    rows.iter().map(source_from_row).collect()
}

/// The lines of several revisions, grouped by parent in the order of find numbers.
pub(crate) fn lines_of_many(tx: &mut dyn Read, tenant: &str, parents: &[String]) -> Result<Vec<Line>> {
    let mut found = Vec::new();
    for chunk in parents.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql(
                "select l.*, i.number as child_number, r.title as child_title from bom_line l
                 join item i on i.tenant = l.tenant and i.id = l.child_item
                 join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
                 where l.tenant = $1 and l.to_at is null",
            ),
            vec![tenant.into()],
        );
        query.push_list(" and l.parent in", chunk.iter().map(|id| id.as_str().into()).collect());
        query.push(" order by l.parent, l.find_number");
        for row in tx.run(&query)? {
            found.push(line_from_row(&row)?);
        }
    }
    Ok(found)
}

/// The manufacturer parts of several revisions, grouped by part in the order of preference.
pub(crate) fn sources_of_many(tx: &mut dyn Read, tenant: &str, parts: &[String]) -> Result<Vec<SourcedPart>> {
    let mut found = Vec::new();
    for chunk in parts.chunks(db::LIST_VALUES) {
        let mut query = Query::with(sql("select * from manufacturer_part where tenant = $1 and to_at is null"), vec![tenant.into()]);
        query.push_list(" and part in", chunk.iter().map(|id| id.as_str().into()).collect());
        query.push(" order by part, position, id");
        for row in tx.run(&query)? {
            found.push(source_from_row(&row)?);
        }
    }
    Ok(found)
}

fn line_from_row(row: &Row) -> Result<Line> {
    Ok(Line {
        id: row.text("id")?.to_owned(),
        line_uid: row.text("line_uid")?.to_owned(),
        parent: row.text("parent")?.to_owned(),
        find_number: row.int("find_number")?,
        child_item: row.text("child_item")?.to_owned(),
        child_number: row.text("child_number")?.to_owned(),
        child_title: row.text("child_title")?.to_owned(),
        quantity: Quantity::from_scaled(row.int("quantity")?),
        unit: Unit::parse("unit", row.text("unit")?)?,
        designators: split_designators(row.text("designators")?),
        note: row.text("note")?.to_owned(),
        stored: Stored::from_row(&BOM_LINE, row)?,
    })
}

fn source_from_row(row: &Row) -> Result<SourcedPart> {
    Ok(SourcedPart {
        id: row.text("id")?.to_owned(),
        source_uid: row.text("source_uid")?.to_owned(),
        part: row.text("part")?.to_owned(),
        position: row.int("position")?,
        manufacturer: row.text("manufacturer")?.to_owned(),
        mpn: row.text("mpn")?.to_owned(),
        status: SourceStatus::parse("status", row.text("status")?)?,
        stored: Stored::from_row(&MANUFACTURER_PART, row)?,
    })
}

/// Designators as one column: none of them holds a comma.
pub(crate) fn join_designators(designators: &[String]) -> String {
    designators.join(",")
}

pub(crate) fn split_designators(text: &str) -> Vec<String> {
    text.split(',').filter(|designator| !designator.is_empty()).map(str::to_owned).collect()
}

/// A manufacturer's name or part number as somebody gave it.
pub(super) fn clean_source_text(place: &str, text: &str) -> Result<String> {
    base::text::clean_line(place, text, LINE_CHARS)
}
