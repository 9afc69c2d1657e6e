//! The states of a part's revision: released and superseded by a change order, never by hand.

use super::guard;
use kernel::kind::{Kind, Phase, Step};
use kernel::rule::{Check, Finding, Rule, RuleContext};
use kernel::{link, record};
use base::Result;
use db::Read;

pub fn declare(kind: Kind) -> Kind {
    kind.state("in_work", "In work", Phase::InWork)
        .state("released", "Released", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("obsolete", "Obsolete", Phase::Closed)
        .state("cancelled", "Cancelled", Phase::Void)
        .step(Step::new("release", "Release", &["in_work"], "released").by_record())
        .step(Step::new("supersede", "Supersede", &["released"], "superseded").by_record())
        .step(Step::new("cancel", "Cancel", &["in_work"], "cancelled").by_record())
        .step(
            Step::new("discard", "Discard this revision", &["in_work"], "cancelled")
                .by(&["design_engineer", "engineering_manager"])
                .with_reason()
                .rule(Rule::floor(
                    "part.on_no_open_order",
                    "FRS-PRT-020",
                    "A revision on an open change order is taken off the order instead",
                    Check::Code(on_no_open_order),
                )),
        )
        .step(
            Step::new("obsolete", "Make obsolete", &["released"], "obsolete")
                .signed("engineering_manager", "Approval of obsolescence")
                .when_needed()
                .with_reason()
                .rule(Rule::floor(
                    "part.used_nowhere",
                    "FRS-PRT-021",
                    "No part that counts or is being worked on still holds it",
                    Check::Code(used_nowhere),
                ))
                .rule(Rule::floor(
                    "part.not_being_revised",
                    "FRS-PRT-022",
                    "No later revision is being worked on",
                    Check::Code(not_being_revised),
                )),
        )
}

fn on_no_open_order(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let orders = link::sources(tx, context.record, crate::change_order::AFFECTS)?;
    let open = orders.into_iter().filter(|order| !order.phase.is_settled());
    Ok(open.map(|order| Finding::new(format!("It is on {}", order.label())).with(vec![order.reference()])).collect())
}

fn used_nowhere(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let parents = guard::parents_of(tx, &context.record.tenant, &context.record.item)?;
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let references: Vec<_> = parents.iter().map(record::Record::reference).collect();
    let text = if parents.len() == 1 { "1 part still holds it".to_owned() } else { format!("{} parts still hold it", parents.len()) };
    Ok(vec![Finding::new(text).with(references)])
}

fn not_being_revised(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let latest = record::latest_of_item(tx, &record.tenant, &record.item)?;
    let open = latest.filter(|latest| latest.id != record.id && !latest.phase.is_settled());
    Ok(open.into_iter().map(|open| Finding::new(format!("{} is being worked on", open.label())).with(vec![open.reference()])).collect())
}
