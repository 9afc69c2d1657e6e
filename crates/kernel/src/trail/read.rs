//! Reading the trail: the timeline of a record, and a walk over everything linked to it.

use crate::authority::Viewer;
use crate::catalog::Catalog;
use crate::link;
use crate::record::{self, Record};
use base::{Error, Refusal, RefusalKind, Result, Timestamp};
use db::{Query, Read, Row, sql};
use std::collections::{BTreeSet, VecDeque};

/// One event, as a timeline shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub tx: String,
    pub ord: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub record: Option<String>,
    pub subject_table: String,
    pub subject: String,
    /// JSON of what changed.
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
    pub reason: Option<String>,
}

fn from_row(row: &Row) -> Result<Line> {
    let json = |name: &str| -> Result<Option<serde_json::Value>> {
        Ok(row.opt_text(name)?.and_then(|text| serde_json::from_str(text).ok()))
    };
    Ok(Line {
        tx: row.text("tx")?.to_owned(),
        ord: row.int("ord")?,
        at: Timestamp(row.int("at")?),
        actor: row.text("actor")?.to_owned(),
        action: row.text("action")?.to_owned(),
        record: row.opt_text("record")?.map(str::to_owned),
        subject_table: row.text("subject_table")?.to_owned(),
        subject: row.text("subject")?.to_owned(),
        before: json("before")?,
        after: json("after")?,
        reason: row.opt_text("reason")?.map(str::to_owned),
    })
}

impl Line {
    /// Where this line stands, for the page that follows it.
    pub fn cursor(&self) -> String {
        format!("{}~{}", self.tx, self.ord)
    }
}

/// The events of a record, newest first, at most `rows`. `before` is the cursor of the last line of
/// the page before ([`Line::cursor`]): one transaction may have more lines than a page, as when a
/// release assigns training to many. A transaction's identifier alone stands for all of its lines.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str, before: Option<&str>, rows: usize) -> Result<Vec<Line>> {
    let mut query = Query::with(sql("select * from event where tenant = $1 and record = $2"), vec![tenant.into(), record.into()]);
    match before.map(|before| before.split_once('~').ok_or(before)) {
        None => {}
        Some(Err(id)) => {
            query.push_bind(" and tx < ", id);
        }
        Some(Ok((id, ord))) => {
            let ord: i64 = ord.parse().map_err(|_| Error::invalid("before", "bad_cursor", "this is no cursor of this timeline"))?;
            query.push_bind(" and (tx, ord) < (", id).push_bind(", ", ord).push(")");
        }
    }
    query.push(" order by tx desc, ord desc");
    query.push_bind(" limit ", rows as i64);
    tx.run(&query)?.iter().map(from_row).collect()
}

/// The records an inspector reaches from one record through links, obligations and their causes,
/// in the order of their distance, the record itself first.
///
/// The walk follows how one thing led to another: the links of records that carry a story
/// (complaints, CAPAs, orders, revisions), not the whole structure below a part.
///
/// Errors: 413 where it reaches more than `most` records ([`WALK_RECORDS`]): a walk that leaves some
/// out would look like a whole one.
///
/// [`WALK_RECORDS`]: base::limits::WALK_RECORDS
pub fn walk(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, start: &Record, depth: usize, most: usize) -> Result<Vec<(usize, Record)>> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    let mut queue = VecDeque::from([(0usize, start.clone())]);
    seen.insert(start.id.clone());
    while let Some((distance, record)) = queue.pop_front() {
        found.push((distance, record.clone()));
        if distance >= depth {
            continue;
        }
        let mut next: Vec<Record> = link::views(tx, catalog, viewer, &record)?.into_iter().map(|view| view.other).collect();
        for raised in obligations_caused(tx, &record, most)? {
            next.extend(record::find(tx, &record.tenant, &raised)?.filter(|found| viewer.sees(found)));
        }
        for other in next {
            if seen.insert(other.id.clone()) {
                queue.push_back((distance + 1, other));
            }
            if seen.len() > most {
                let message = format!("{} leads to more than {most} records within {depth} steps.", start.label());
                return Err(Refusal::new(RefusalKind::TooLarge, "too_large", message).at("depth").advise("Walk fewer steps, or begin at a later record.").into());
            }
        }
    }
    Ok(found)
}

/// The records that the obligations are about which this one caused; one more than `most` at the most.
fn obligations_caused(tx: &mut dyn Read, record: &Record, most: usize) -> Result<Vec<String>> {
    let rows = tx.query(
        sql("select distinct record from obligation where tenant = $1 and cause = $2 order by record limit $3"),
        &[record.tenant.as_str().into(), record.id.as_str().into(), i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1).into()],
    )?;
    rows.iter().map(|row| Ok(row.text("record")?.to_owned())).collect()
}
