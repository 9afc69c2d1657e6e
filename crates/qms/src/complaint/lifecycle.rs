//! The way of a complaint: received → under evaluation → investigating → closed, or void when it
//! is none.

use super::kind::{ADDRESS, EMAIL, NAME, PHONE};
use super::trees::{EU_2_DAYS, EU_10_DAYS, EU_15_DAYS, MDR_5_WORK_DAYS, MDR_30_DAYS};
use crate::dates;
use base::Result;
use db::Read;
use kernel::decision;
use kernel::decision_tree::Outcome;
use kernel::kind::{Effect, Kind, Phase, Step};
use kernel::record::Record;
use kernel::rule::{Check, Finding, Rule, RuleContext};
use kernel::{clock, link, personal};

/// An authority that may have to be told: its decision tree, its clocks and where its report is
/// written down.
struct Authority {
    name: &'static str,
    tree: &'static str,
    clocks: &'static [&'static str],
    reported_on: &'static str,
    reference: &'static str,
}

const FDA: Authority = Authority {
    name: "the FDA",
    tree: "us_medical_device_report",
    clocks: &[MDR_5_WORK_DAYS, MDR_30_DAYS],
    reported_on: "us_reported_on",
    reference: "us_report_reference",
};

const EU: Authority = Authority {
    name: "the EU authority",
    tree: "eu_serious_incident",
    clocks: &[EU_2_DAYS, EU_10_DAYS, EU_15_DAYS],
    reported_on: "eu_reported_on",
    reference: "eu_report_reference",
};

const AUTHORITIES: [&Authority; 2] = [&FDA, &EU];

/// Gives the kind its states and steps.
pub(super) fn lay_over(kind: Kind) -> Kind {
    kind.state("received", "Received", Phase::Draft)
        .state("under_evaluation", "Under evaluation", Phase::InWork)
        .state("investigating", "Investigating", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .state("void", "Not a complaint", Phase::Void)
        .step(Step::new("evaluate", "Start the evaluation", &["received"], "under_evaluation").by(&["quality_engineer", "regulatory_affairs"]).rule(dates_are_possible()))
        .step(
            Step::new("investigate", "End the evaluation", &["under_evaluation"], "investigating")
                .by(&["quality_engineer", "regulatory_affairs"])
                .rule(dates_are_possible())
                .rule(us_decided())
                .rule(eu_decided())
                .rule(clocks_count_from_awareness()),
        )
        .step(report_step("report_to_fda", "Record the report to the FDA", &FDA, fda_report_is_described))
        .step(report_step("report_to_eu", "Record the report to the EU authority", &EU, eu_report_is_described))
        .step(
            Step::new("close", "Close", &["investigating"], "closed")
                .signed("quality_manager", "complaint closed")
                .rule(dates_are_possible())
                .rule(us_decided())
                .rule(eu_decided())
                .rule(clocks_count_from_awareness())
                .rule(reported())
                .rule(investigated())
                .rule(complainant_recorded()),
        )
        .step(
            Step::new("void", "Not a complaint", &["received", "under_evaluation"], "void")
                .by(&["quality_engineer", "quality_manager", "regulatory_affairs"])
                .with_reason()
                .rule(nothing_to_report()),
        )
}

fn report_step(name: &str, label: &str, authority: &Authority, described: kernel::rule::CheckFn) -> Step {
    let step = Step::new(name, label, &["investigating"], "investigating")
        .by(&["regulatory_affairs"])
        .rule(Rule::floor(
            "complaint.report_is_described",
            "FRS-CMP-016",
            "The decision is to report; date and reference of the report are filled in, and the date is possible",
            Check::Code(described),
        ))
        .rule(clocks_count_from_awareness());
    authority.clocks.iter().fold(step, |step, rule| step.effect(Effect::StopClock { rule: (*rule).to_owned() }))
}

fn dates_are_possible() -> Rule {
    Rule::floor(
        "complaint.dates_are_possible",
        "FRS-CMP-003",
        "The company became aware neither in the future nor before the event",
        Check::Code(check_dates),
    )
}

fn us_decided() -> Rule {
    let check = Check::Decided { tree: FDA.tree.to_owned() };
    Rule::floor("complaint.us_reportability_decided", "FRS-CMP-010", "It is decided whether the FDA must be told", check)
}

fn eu_decided() -> Rule {
    let check = Check::Decided { tree: EU.tree.to_owned() };
    Rule::floor("complaint.eu_reportability_decided", "FRS-CMP-011", "It is decided whether the EU authority must be told", check)
}

fn clocks_count_from_awareness() -> Rule {
    Rule::floor(
        "complaint.clocks_count_from_awareness",
        "FRS-CMP-015",
        "Reporting clocks count from the day on which the company became aware",
        Check::Code(check_clocks),
    )
}

fn reported() -> Rule {
    Rule::floor(
        "complaint.reported",
        "FRS-CMP-017",
        "Every authority that must be told has been told, and its clock has stopped",
        Check::Code(check_reported),
    )
}

fn investigated() -> Rule {
    Rule::floor(
        "complaint.investigated",
        "FRS-CMP-018",
        "It was investigated here or in a closed CAPA, or there is a reason why not",
        Check::Code(check_investigated),
    )
}

fn complainant_recorded() -> Rule {
    Rule::floor(
        "complaint.complainant_recorded",
        "FRS-CMP-020",
        "Name, address and telephone or e-mail of the complainant are recorded, or why they are not known",
        Check::Code(check_complainant),
    )
}

fn nothing_to_report() -> Rule {
    Rule::floor(
        "complaint.nothing_to_report",
        "FRS-CMP-019",
        "What an authority must be told of is a complaint",
        Check::Code(check_nothing_to_report),
    )
}

fn check_dates(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let today = dates::today(tx, record, context.now)?;
    let Some(aware) = dates::field(record, "aware_on") else {
        return Ok(vec![Finding::new("“Aware on” is not filled in")]);
    };
    let mut found = Vec::new();
    if aware > today {
        found.push(Finding::new(format!("“Aware on” is {aware}, which is in the future")));
    }
    if let Some(event) = dates::field(record, "event_date").filter(|event| *event > aware) {
        found.push(Finding::new(format!("“Date of the event” is {event}, after the day of awareness, {aware}")));
    }
    Ok(found)
}

/// The outcome of the decision that holds for an authority, as its tree describes it.
fn decided(tx: &mut dyn Read, context: &RuleContext<'_>, authority: &Authority) -> Result<Option<Outcome>> {
    let record = context.record;
    let Some(decision) = decision::current(tx, &record.tenant, &record.id, authority.tree)? else { return Ok(None) };
    Ok(context.catalog.tree(authority.tree).and_then(|tree| tree.outcome(&decision.outcome)).cloned())
}

/// A clock that was started and then "Aware on" was changed counts from the wrong day.
fn check_clocks(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let Some(aware) = dates::field(record, "aware_on") else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for running in clock::of_record(tx, &record.tenant, &record.id)?.iter().filter(|clock| clock.state == "running") {
        let counted_from = running.started_at.date_in(&running.zone)?;
        if is_reporting_clock(&running.rule) && counted_from != aware {
            let text = format!("The clock {} counts from {counted_from}, but “Aware on” is {aware}: take the decision again", running.rule);
            found.push(Finding::new(text));
        }
    }
    Ok(found)
}

fn is_reporting_clock(rule: &str) -> bool {
    AUTHORITIES.iter().any(|authority| authority.clocks.contains(&rule))
}

fn fda_report_is_described(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    report_is_described(tx, context, &FDA)
}

fn eu_report_is_described(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    report_is_described(tx, context, &EU)
}

fn report_is_described(tx: &mut dyn Read, context: &RuleContext<'_>, authority: &Authority) -> Result<Vec<Finding>> {
    let record = context.record;
    let mut found = Vec::new();
    match decided(tx, context, authority)? {
        Some(outcome) if outcome.reportable => {}
        Some(outcome) => found.push(Finding::new(format!("The decision for {} is “{}”", authority.name, outcome.label))),
        None => found.push(Finding::new(format!("It is not decided whether {} must be told", authority.name))),
    }
    for name in [authority.reported_on, authority.reference] {
        if record.field_is_empty(name) {
            found.push(Finding::new(format!("“{}” is not filled in", label_of(context, name))));
        }
    }
    let Some(reported) = dates::field(record, authority.reported_on) else { return Ok(found) };
    let label = label_of(context, authority.reported_on);
    if reported > dates::today(tx, record, context.now)? {
        found.push(Finding::new(format!("“{label}” is {reported}, which is in the future")));
    }
    if dates::field(record, "aware_on").is_some_and(|aware| reported < aware) {
        found.push(Finding::new(format!("“{label}” is {reported}, before the company became aware")));
    }
    Ok(found)
}

fn label_of<'a>(context: &'a RuleContext<'_>, field: &'a str) -> &'a str {
    let kind = context.catalog.kind(&context.record.kind);
    kind.and_then(|kind| kind.find_field(field)).map_or(field, |field| field.label.as_str())
}

fn check_reported(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let mut found = Vec::new();
    let clocks = clock::of_record(tx, &record.tenant, &record.id)?;
    for authority in AUTHORITIES {
        let Some(outcome) = decided(tx, context, authority)?.filter(|outcome| outcome.reportable) else { continue };
        let running = clocks.iter().find(|clock| clock.state == "running" && authority.clocks.contains(&clock.rule.as_str()));
        if let Some(running) = running {
            found.push(Finding::new(format!("{} is not told yet: “{}”, due on {}", base::text::capital(authority.name), outcome.label, running.due_date)));
        } else if record.field_is_empty(authority.reported_on) {
            found.push(Finding::new(format!("“{}” is not filled in", label_of(context, authority.reported_on))));
        }
    }
    Ok(found)
}

fn check_investigated(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    if !record.field_is_empty("investigation_summary") || !record.field_is_empty("no_investigation_why") {
        return Ok(Vec::new());
    }
    let capas = link::sources(tx, record, "addresses")?;
    if capas.iter().any(|capa| capa.phase == Phase::Closed) {
        return Ok(Vec::new());
    }
    let open: Vec<_> = capas.iter().filter(|capa| capa.phase != Phase::Void).map(Record::reference).collect();
    let text = if open.is_empty() {
        "Neither an investigation nor a reason for none is written down"
    } else {
        "The investigation is not written down and the CAPA is not closed"
    };
    Ok(vec![Finding::new(text).with(open)])
}

/// What was given and erased later was recorded.
fn check_complainant(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    if !record.field_is_empty("complainant_unknown_why") {
        return Ok(Vec::new());
    }
    let given = personal::standing(tx, &record.tenant, &record.item)?.given;
    let missing = [(&[NAME][..], "The complainant's name"), (&[ADDRESS], "The complainant's address"), (&[PHONE, EMAIL], "A telephone number or e-mail address of the complainant")];
    let missing = missing.into_iter().filter(|(names, _)| !names.iter().any(|name| given.contains(*name)));
    Ok(missing.map(|(_, what)| Finding::new(format!("{what} is not recorded, nor why it is not known"))).collect())
}

fn check_nothing_to_report(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for authority in AUTHORITIES {
        if let Some(outcome) = decided(tx, context, authority)?.filter(|outcome| outcome.reportable) {
            found.push(Finding::new(format!("The decision for {} is “{}”", authority.name, outcome.label)));
        }
    }
    Ok(found)
}
