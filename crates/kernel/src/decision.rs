//! Decisions: answers to a versioned decision tree, the outcome, and who decided.

use crate::clock;
use crate::kind::Kind;
use crate::record::Record;
use crate::table::{DECISION, values};
use crate::trail::{Stored, WriteTx};
use base::{Date, Error, Refusal, RefusalKind, Result, Timestamp};
use db::{Read, Row, Value, sql};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub id: String,
    pub record: String,
    pub tree: String,
    pub tree_version: String,
    pub answers: BTreeMap<String, String>,
    pub outcome: String,
    pub decided_at: Timestamp,
    pub decided_by: String,
    pub replaced_at: Option<Timestamp>,
    stored: Stored,
}

fn from_row(row: &Row) -> Result<Decision> {
    Ok(Decision {
        id: row.text("id")?.to_owned(),
        record: row.text("record")?.to_owned(),
        tree: row.text("tree")?.to_owned(),
        tree_version: row.text("tree_version")?.to_owned(),
        answers: serde_json::from_str(row.text("answers")?).map_err(Error::internal)?,
        outcome: row.text("outcome")?.to_owned(),
        decided_at: Timestamp(row.int("decided_at")?),
        decided_by: row.text("decided_by")?.to_owned(),
        replaced_at: row.opt_int("replaced_at")?.map(Timestamp),
        stored: Stored::from_row(&DECISION, row)?,
    })
}

/// All decisions taken on a record, newest first.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Decision>> {
    let rows = tx.query(
        sql("select * from decision where tenant = $1 and record = $2 order by decided_at desc, id desc"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

/// The decision of a tree that holds for a record.
pub fn current(tx: &mut dyn Read, tenant: &str, record: &str, tree: &str) -> Result<Option<Decision>> {
    let row = tx.query_opt(
        sql("select * from decision where tenant = $1 and record = $2 and tree = $3 and replaced_at is null"),
        &[tenant.into(), record.into(), tree.into()],
    )?;
    row.map(|row| from_row(&row)).transpose()
}

/// Takes a decision: evaluates the tree, remembers its version, starts the clock of the outcome,
/// counted from the day of awareness; refused where that day is not written down.
/// An earlier decision of the same tree is replaced and stays readable.
pub fn take(tx: &mut WriteTx<'_>, record: &Record, tree: &str, answers: BTreeMap<String, String>) -> Result<String> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&record.kind)?;
    if !kind.trees.iter().any(|known| known == tree) {
        return Err(Error::invalid("tree", "unknown_tree", format!("{} has no decision “{tree}”", kind.label)));
    }
    let tree = catalog.tree(tree).ok_or_else(|| Error::internal("decision tree vanished"))?;
    let outcome = tree.evaluate(&answers)?.outcome.clone();
    let aware = match &outcome.clock {
        Some(_) => Some(aware_on(kind, record)?),
        None => None,
    };
    if let Some(earlier) = current(tx, &record.tenant, &record.id, &tree.name)? {
        let replaced = earlier.stored.with([("replaced_at", tx.now().0.into())]);
        tx.update(&DECISION, Some(&record.id), "decision.replaced", &earlier.stored, replaced)?;
        if let Some(rule) = tree.outcomes.iter().find(|known| known.id == earlier.outcome).and_then(|known| known.clock.clone()) {
            clock::stop(tx, record, &rule)?;
        }
    }
    let row = values([
        ("id", tx.new_id().into()),
        ("record", record.id.as_str().into()),
        ("tree", tree.name.as_str().into()),
        ("tree_version", tree.version.to_string().into()),
        ("answers", serde_json::to_string(&answers).map_err(Error::internal)?.into()),
        ("outcome", outcome.id.as_str().into()),
        ("decided_at", tx.now().0.into()),
        ("decided_by", tx.actor().into()),
        ("replaced_at", Value::Null),
    ]);
    tx.insert(&DECISION, Some(&record.id), "decision.taken", row)?;
    if let Some(rule) = &outcome.clock {
        clock::start_from(tx, record, rule, aware)?;
    }
    Ok(outcome.id)
}

/// The field that clocks of decisions count from: the day on which the company became aware.
pub const AWARE_ON: &str = "aware_on";

/// The day a decision's clock counts from. Counting from today instead would move a legal due date
/// without anybody noticing.
fn aware_on(kind: &Kind, record: &Record) -> Result<Date> {
    record.field_text(AWARE_ON).parse().map_err(|_| {
        let label = kind.find_field(AWARE_ON).map_or(AWARE_ON, |field| field.label.as_str());
        Refusal::new(RefusalKind::Invalid, "aware_date_needed", format!("This decision starts a clock, and “{label}” says no day to count it from."))
            .at(format!("fields.{AWARE_ON}"))
            .advise(format!("Fill in “{label}”, then take the decision."))
            .into()
    })
}
