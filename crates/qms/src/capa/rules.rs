//! What a CAPA must prove before it goes on.

use super::lifecycle::APPROVE_PLAN;
use super::tree::{CAPA_NEEDED, NEEDED};
use crate::dates;
use base::{Date, Result};
use db::Read;
use kernel::kind::Phase;
use kernel::record::{self, Record};
use kernel::rule::{Check, Finding, Rule, RuleContext, StepContext};
use kernel::trail::WriteTx;
use kernel::{decision, link, obligation, signature};

/// The link to the change orders.
const ORDERS: &str = "implemented_by";
/// What the approval of the plan fixes.
const FIXED_BY_APPROVAL: [&str; 5] =
    ["root_cause", "action_plan", "effectiveness_metric", "effectiveness_threshold", "effectiveness_window_days"];
/// The task of whoever judges effectiveness.
const VERDICT: &str = "Judge the effectiveness";

pub(super) fn needed() -> Rule {
    Rule::floor("capa.needed", "FRS-CAPA-002", "It is decided by risk that a CAPA is needed", Check::Code(check_needed))
}

pub(super) fn contained() -> Rule {
    let check = Check::filled(&["containment"]);
    Rule::floor("capa.contained", "FRS-CAPA-003", "Containment is written down, or why none is needed", check)
}

pub(super) fn root_cause_known() -> Rule {
    let check = Check::filled(&["root_cause_method", "root_cause"]);
    Rule::floor("capa.root_cause_known", "FRS-CAPA-010", "The root cause is known, and how it was found", check)
}

pub(super) fn actions_planned() -> Rule {
    Rule::floor("capa.actions_planned", "FRS-CAPA-011", "Actions are planned", Check::filled(&["action_plan"]))
}

pub(super) fn effectiveness_planned() -> Rule {
    let check = Check::filled(&["effectiveness_metric", "effectiveness_threshold", "effectiveness_window_days"]);
    Rule::floor("capa.effectiveness_planned", "FRS-CAPA-012", "Metric, threshold and window are set before the actions are approved", check)
}

pub(super) fn result_is_open() -> Rule {
    Rule::floor(
        "capa.result_is_open",
        "FRS-CAPA-013",
        "No result stands there before the actions have been taken",
        Check::Code(check_result_is_open),
    )
}

pub(super) fn plan_as_approved() -> Rule {
    Rule::floor(
        "capa.plan_as_approved",
        "FRS-CAPA-014",
        "Root cause, actions and effectiveness plan are as they were approved",
        Check::Code(check_plan_as_approved),
    )
}

pub(super) fn found_not_effective() -> Rule {
    Rule::floor(
        "capa.found_not_effective",
        "FRS-CAPA-015",
        "The result is “not effective”, with its evidence",
        Check::Code(check_found_not_effective),
    )
}

pub(super) fn change_made_or_justified() -> Rule {
    Rule::floor(
        "capa.change_made_or_justified",
        "FRS-CAPA-016",
        "A change order implements it, or it is written down why no change is needed",
        Check::Code(check_change_made_or_justified),
    )
}

pub(super) fn orders_released() -> Rule {
    let check = Check::LinkedInPhase { link: ORDERS.to_owned(), phases: vec![Phase::Closed] };
    Rule::floor("capa.orders_released", "FRS-CAPA-017", "Every change order that implements it is released", check)
}

pub(super) fn orders_settled() -> Rule {
    let check = Check::LinkedInPhase { link: ORDERS.to_owned(), phases: vec![Phase::Closed, Phase::Void] };
    Rule::floor("capa.orders_settled", "FRS-CAPA-023", "No change order is left half way", check)
}

pub(super) fn training_done() -> Rule {
    let check = Check::ObligationsDone { sort: "train".to_owned(), through: Some(ORDERS.to_owned()), label: "Training".to_owned() };
    Rule::floor("capa.training_done", "FRS-CAPA-018", "Everybody whom the change concerns is trained", check)
}

pub(super) fn reassessments_done() -> Rule {
    let check = Check::ObligationsDone { sort: "reassess".to_owned(), through: Some(ORDERS.to_owned()), label: "Re-assessments".to_owned() };
    Rule::floor("capa.reassessments_done", "FRS-CAPA-019", "Risks and suppliers that the change touches are assessed again", check)
}

pub(super) fn effectiveness_judged() -> Rule {
    Rule::floor("capa.effectiveness_judged", "FRS-CAPA-020", "The actions are judged effective, with evidence", Check::Code(check_effectiveness_judged))
}

pub(super) fn window_over() -> Rule {
    Rule::floor("capa.window_over", "FRS-CAPA-021", "The approved window has been watched to its end", Check::Code(check_window_over))
}

fn check_needed(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let decided = decision::current(tx, &record.tenant, &record.id, CAPA_NEEDED)?;
    Ok(match decided {
        None => vec![Finding::new("The decision “CAPA needed?” has not been taken")],
        Some(decision) if decision.outcome != NEEDED => vec![Finding::new("The decision is that a correction is enough: withdraw the CAPA")],
        Some(_) => Vec::new(),
    })
}

fn check_result_is_open(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    if context.record.field_is_empty("effectiveness_result") {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new("“Result” still says what came of an earlier plan: clear it; the record keeps it in its history")])
}

fn check_plan_as_approved(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let Some(approved) = approved_version(tx, record)? else {
        return Ok(vec![Finding::new("The plan has not been approved")]);
    };
    let kind = context.catalog.kind(&record.kind);
    let changed = FIXED_BY_APPROVAL.iter().filter(|name| record.fields.get(**name) != approved.fields.get(**name));
    Ok(changed
        .map(|name| {
            let label = kind.and_then(|kind| kind.find_field(name)).map_or(*name, |field| field.label.as_str());
            Finding::new(format!("“{label}” is not what version {} said when the plan was approved", approved.version))
        })
        .collect())
}

/// The version that the last approval of the plan signed.
fn approved_version(tx: &mut dyn Read, record: &Record) -> Result<Option<Record>> {
    let signatures = signature::on_steps(tx, &record.tenant, &record.id)?;
    let Some(last) = signatures.iter().rev().find(|given| given.step == APPROVE_PLAN) else { return Ok(None) };
    record::version(tx, &record.tenant, &record.id, last.version)
}

fn check_found_not_effective(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let mut found = Vec::new();
    if record.field_text("effectiveness_result") != "not_effective" {
        found.push(Finding::new("“Result” is not “Not effective”"));
    }
    found.extend(evidence_missing(record));
    Ok(found)
}

fn evidence_missing(record: &Record) -> Option<Finding> {
    record.field_is_empty("effectiveness_evidence").then(|| Finding::new("“Evidence” is not filled in"))
}

fn check_change_made_or_justified(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    if !record.field_is_empty("no_change_why") || !link::targets(tx, record, ORDERS)?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new("No change order implements it, and “Why no change is needed” is not filled in")])
}

fn check_effectiveness_judged(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let mut found = Vec::new();
    match record.field_text("effectiveness_result") {
        "effective" => {}
        "not_effective" => found.push(Finding::new("The actions were found not effective: investigate again")),
        _ => found.push(Finding::new("Effectiveness is not judged: “Result” is not filled in")),
    }
    found.extend(evidence_missing(record));
    Ok(found)
}

fn check_window_over(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let Some(days) = record.field_int("effectiveness_window_days") else { return Ok(Vec::new()) };
    let Some(begun) = watched_since(tx, record)? else { return Ok(Vec::new()) };
    let ends = dates::plus_days(begun, days)?;
    if dates::today(tx, record, context.now)? >= ends {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new(format!("Effectiveness is watched for {days} days, until {}", base::time::display_date(ends)))])
}

/// The day from which effects count: the start of the check, or the release of the last order
/// where that came later. An order that is not released yet is named by a rule of its own.
fn watched_since(tx: &mut dyn Read, record: &Record) -> Result<Option<Date>> {
    let asked = obligation::of_record(tx, &record.tenant, &record.id)?;
    let Some(last) = asked.iter().filter(|asked| asked.task == VERDICT).map(|asked| asked.raised_at).max() else { return Ok(None) };
    let mut begun = dates::date_at_site(tx, record, last)?;
    for order in link::targets(tx, record, ORDERS)?.iter().filter(|order| order.phase == Phase::Closed) {
        begun = begun.max(dates::date_at_site(tx, record, order.changed_at)?);
    }
    Ok(Some(begun))
}

/// Asks the owner to judge the effectiveness when the window is over.
pub(super) fn ask_for_the_verdict(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let record = context.record;
    let days = record.field_int("effectiveness_window_days").unwrap_or(0);
    let mut new = obligation::New::about(record, "act", VERDICT);
    new.person.clone_from(&record.owner);
    new.role = record.owner.is_none().then(|| "quality_engineer".to_owned());
    new.due_date = Some(kernel::place::date_in_days(tx, record, days)?);
    new.cause = Some(record.id.clone());
    obligation::raise(tx, new).map(|_| ())
}
