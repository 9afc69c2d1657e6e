//! What stands against submitting, approving and releasing an order.

use super::{AFFECTS, RELEASE};
use crate::part::{self, Configuration};
use base::{RecordRef, Result};
use db::{Query, Read, sql};
use kernel::catalog::Catalog;
use kernel::kind::Phase;
use kernel::record::{self, Record};
use kernel::rule::{Finding, RuleContext};
use kernel::{binding, hold, link, signature};
use std::collections::{BTreeMap, BTreeSet};

fn affected(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Record>> {
    link::targets(tx, context.record, AFFECTS)
}

/// Where an affected revision stands, if it is not in a state from which it can be released.
fn not_releasable(catalog: &Catalog, record: &Record) -> Option<Finding> {
    let step = catalog.kind(&record.kind).and_then(|kind| kind.find_step(RELEASE));
    if step.is_some_and(|step| step.from.contains(&record.state)) {
        return None;
    }
    let state = catalog.state_label(&record.kind, &record.state).to_lowercase();
    Some(Finding::new(format!("{} is {state} and cannot be released", record.label())).with(vec![record.reference()]))
}

pub(super) fn affected_in_work(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    Ok(affected(tx, context)?.iter().filter_map(|record| not_releasable(context.catalog, record)).collect())
}

pub(super) fn on_no_other_order(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for record in affected(tx, context)? {
        if let Some(other) = super::affected::other_open_order(tx, &record, &context.record.id)? {
            let text = format!("{} is also on {}", record.label(), other.label());
            findings.push(Finding::new(text).with(vec![record.reference(), other.reference()]));
        }
    }
    Ok(findings)
}

/// The order's detail was set when it was submitted; anything else now is other content.
pub(super) fn content_unchanged(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let now = binding::digest(tx, context.catalog, context.record)?;
    if now == context.record.detail {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new("The affected content differs from what was submitted; send the order back and submit it again")])
}

/// Looks the signatures themselves up, rather than trusting the state.
pub(super) fn approvals_complete(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let Some(step) = context.catalog.kind(&context.record.kind).and_then(|kind| kind.find_step("approve")) else {
        return Ok(Vec::new());
    };
    let record = context.record;
    let given = signature::on_steps(tx, &record.tenant, &record.id)?;
    let given: BTreeSet<_> = given
        .iter()
        .filter(|given| given.step == step.name && given.digest == record.digest)
        .map(|given| (given.role.as_str(), given.meaning.as_str()))
        .collect();
    let missing = step.signers.iter().filter(|signer| !given.contains(&(signer.role.as_str(), signer.meaning.as_str())));
    Ok(missing.map(|signer| Finding::new(format!("The signature “{}” on this content is missing", signer.meaning))).collect())
}

pub(super) fn affected_releasable(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for record in affected(tx, context)? {
        if let Some(finding) = not_releasable(context.catalog, &record) {
            findings.push(finding);
            continue;
        }
        let kind = context.catalog.kind(&record.kind);
        let step = kind.and_then(|kind| kind.find_step(RELEASE));
        let to = step.and_then(|step| kind?.find_state(&step.to)).map(|state| state.phase);
        if let (Some(step), Some(to)) = (step, to) {
            for blocker in record::step::blockers(tx, context.catalog, &record, step, to, context.now)? {
                let references = if blocker.records.is_empty() { vec![record.reference()] } else { blocker.records };
                findings.push(Finding::new(format!("{}: {}", record.label(), blocker.text)).with(references));
            }
            // A document's release gives it out without making it count; a hold stops that too.
            if !matches!(to, Phase::Effective | Phase::Closed) {
                let holds = hold::of_record(tx, &record.tenant, &record.id)?;
                for hold in holds.iter().filter(|hold| hold.lifted_at.is_none()) {
                    findings.push(Finding::new(format!("{}: On hold: {}", record.label(), hold.why)).with(vec![record.reference()]));
                }
            }
        }
    }
    Ok(findings)
}

pub(super) fn children_released(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let affected = affected(tx, context)?;
    let tenant = &context.record.tenant;
    let parts: Vec<_> = affected.iter().filter(|record| record.kind == part::KIND).map(|record| record.id.clone()).collect();
    let on_order: BTreeSet<_> = affected.iter().map(|record| record.item.as_str()).collect();
    let lines = part::lines_of_many(tx, tenant, &parts)?;
    let mut wanted: Vec<_> = lines.iter().map(|line| line.child_item.clone()).filter(|item| !on_order.contains(item.as_str())).collect();
    wanted.sort();
    wanted.dedup();
    let unreleased = not_effective(tx, tenant, &wanted)?;
    let labels: BTreeMap<_, _> = affected.iter().map(|record| (record.id.as_str(), record.label())).collect();
    let mut findings = Vec::new();
    for (item, child) in unreleased {
        let holders = lines.iter().filter(|line| line.child_item == item);
        let mut holders: Vec<_> = holders.filter_map(|line| labels.get(line.parent.as_str()).map(String::as_str)).collect();
        holders.dedup();
        let text = format!("{} in {} is neither released nor on this order", child.number, holders.join(", "));
        findings.push(Finding::new(text).with(vec![child]));
    }
    Ok(findings)
}

/// Which of these items have no effective revision, with the revision there is.
fn not_effective(tx: &mut dyn Read, tenant: &str, items: &[String]) -> Result<Vec<(String, RecordRef)>> {
    let mut found = Vec::new();
    for chunk in items.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql(
                "select i.id as item, r.id, r.kind, r.number, r.revision, r.title, r.phase from item i
                 join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
                 where i.tenant = $1 and r.phase <> 'effective'",
            ),
            vec![tenant.into()],
        );
        query.push_list(" and i.id in", chunk.iter().map(|item| item.as_str().into()).collect());
        for row in tx.run(&query)? {
            let text = |name: &str| row.text(name).map(str::to_owned);
            let reference =
                RecordRef { id: text("id")?, kind: text("kind")?, number: text("number")?, revision: text("revision")?, title: text("title")? };
            found.push((text("item")?, reference));
        }
    }
    found.sort_by(|left, right| left.1.number.cmp(&right.1.number));
    Ok(found)
}

pub(super) fn structure_sound(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let affected = affected(tx, context)?;
    let released: BTreeMap<_, _> =
        affected.into_iter().filter(|record| record.kind == part::KIND).map(|record| (record.item, record.id)).collect();
    let items: Vec<_> = released.keys().cloned().collect();
    match part::check_structures(tx, &context.record.tenant, &items, Configuration::Releasing(&released)) {
        Ok(()) => Ok(Vec::new()),
        Err(error) => match error.refusal() {
            Some(refusal) if refusal.blockers.is_empty() => Ok(vec![Finding::new(refusal.message.clone())]),
            Some(refusal) => Ok(refusal.blockers.iter().map(|b| Finding::new(b.text.clone()).with(b.records.clone())).collect()),
            None => Err(error),
        },
    }
}
