//! The kind that holds reference tables: one item for each declared table, under approval.

use super::{ReferenceTable, check, declared_for};
use crate::kind::{Area, Field, FieldSort, Kind, Phase, Revisions, Step};
use crate::rule::{Check, Finding, Rule, RuleContext};
use crate::sheet::Sheet;
use base::Result;
use db::Read;
use serde_json::Value as Json;

/// The name of the kind.
pub const KIND: &str = "reference_table";

/// The field with the content.
pub(super) const ROWS: &str = "rows";

/// Nobody creates one: the tables are those that the product declares, and [`super::adopt`] makes
/// their records.
pub fn kind() -> Kind {
    let writers = ["quality_engineer", "quality_manager"];
    Kind::new(KIND, "Reference table", "Reference tables", Area::Administration)
        .text("Approved data that evaluations are made by, such as the risk matrix. An evaluation remembers the revision it used.")
        .revised_by(Revisions::Numbers)
        .field(Field::block("source", "Source and reason").required().help("Where the values come from, why they fit, and what changed since the revision before."))
        .field(Field {
            sort: FieldSort::Sheet,
            ..Field::line(ROWS, "Rows").required().help("As CSV with a row of titles; paste from a spreadsheet works too.")
        })
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(Step::new("submit", "Submit for approval", &["draft"], "in_review").by(&writers).rule(sound()))
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&writers).with_reason())
        .step(Step::new("approve", "Approve and put into force", &["in_review"], "effective").signed("quality_manager", "approved the reference table").rule(sound()))
        .step(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record())
        .step(Step::new("withdraw", "Withdraw the draft", &["draft"], "withdrawn").by(&writers).with_reason())
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["edit", "revise"])
        .allow("quality_manager", &["edit", "revise"])
}

fn sound() -> Rule {
    Rule::floor("reference_table.sound", "FRS-REF-003", "The table is complete and nothing in it contradicts itself", Check::Code(is_sound))
}

fn is_sound(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let table: &ReferenceTable = match declared_for(context.catalog, context.record) {
        Ok(table) => table,
        Err(error) if error.refusal().is_some() => return Ok(vec![Finding::new("This release declares no such table")]),
        Err(error) => return Err(error),
    };
    let sheet = Sheet::stored(context.record.fields.get(ROWS).unwrap_or(&Json::Null));
    let faults = check::read(table, &sheet).err().unwrap_or_default();
    Ok(faults.iter().map(|fault| Finding::new(fault.to_string())).collect())
}
