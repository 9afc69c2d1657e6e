//! The way of a risk: draft → in review → assessed; a new revision when its values change.
//!
//! A re-assessment that changes no value completes its obligation with what was found. One that
//! does is a new revision, which answers the obligation when it is assessed.

use super::matrix::{Acceptability, Matrix};
use base::Result;
use db::Read;
use kernel::kind::{Effect, Kind, Phase, Step};
use kernel::record::{self, Edit, Record};
use kernel::reference::Used;
use kernel::rule::{Check, Finding, Rule, RuleContext, StepContext};
use kernel::trail::WriteTx;
use serde_json::{Map, Value as Json, json};

/// What the evaluation computes.
const COMPUTED: [&str; 3] = ["acceptability_before", "acceptability_after", "matrix"];

/// Gives the kind its states and steps.
pub(super) fn lay_over(kind: Kind) -> Kind {
    let writers = ["design_engineer", "quality_engineer"];
    kind.state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("assessed", "Assessed", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("retired", "No longer relevant", Phase::Closed)
        .state("void", "Withdrawn", Phase::Void)
        .step(
            Step::new("evaluate", "Evaluate", &["draft"], "draft")
                .by(&writers)
                .rule(estimated())
                .effect(Effect::Run { name: "risk.evaluate", run: evaluate, preview: Some(preview) }),
        )
        .step(
            Step::new("submit", "Submit for approval", &["draft"], "in_review")
                .by(&writers)
                .rule(described())
                .rule(estimated())
                .rule(controls_complete())
                .rule(evaluated())
                .rule(residual_risk_justified()),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["design_engineer", "quality_engineer", "quality_manager"]).with_reason())
        .step(answering(
            Step::new("assess", "Approve the assessment", &["in_review"], "assessed")
                .signed("quality_manager", "approved the risk assessment")
                .rule(evaluated())
                .rule(residual_risk_justified()),
        ))
        .step(answering(Step::new("supersede", "Supersede", &["assessed"], "superseded").by_record()))
        .step(answering(
            Step::new("retire", "No longer relevant", &["assessed"], "retired")
                .signed("quality_manager", "took the risk out of the file")
                .when_needed()
                .with_reason(),
        ))
        .step(Step::new("withdraw", "Withdraw the draft", &["draft"], "void").by(&writers).with_reason())
}

/// A new assessment answers what asked for one.
fn answering(step: Step) -> Step {
    step.effect(Effect::CloseObligations { sort: "reassess".to_owned() })
}

fn described() -> Rule {
    let check = Check::filled(&["hazard", "sequence_of_events", "hazardous_situation", "harm"]);
    Rule::floor("risk.described", "FRS-RSK-002", "The way from the hazard to the harm is described", check)
}

fn estimated() -> Rule {
    let check = Check::filled(&["severity", "probability_before"]);
    Rule::floor("risk.estimated", "FRS-RSK-003", "Severity and probability are estimated", check)
}

fn controls_complete() -> Rule {
    Rule::floor(
        "risk.controls_complete",
        "FRS-RSK-005",
        "Controls are of the strongest type that is practicable, verified, and looked at for risks of their own",
        Check::Code(check_controls),
    )
}

fn evaluated() -> Rule {
    Rule::floor("risk.evaluated", "FRS-RSK-006", "The evaluation is what the matrix says for these values", Check::Code(check_evaluated))
}

fn residual_risk_justified() -> Rule {
    Rule::floor(
        "risk.residual_risk_justified",
        "FRS-RSK-007",
        "A residual risk that is not acceptable is outweighed by the benefit",
        Check::Code(check_residual),
    )
}

fn check_controls(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let kind = context.catalog.kind(&record.kind);
    let missing = |name: &str| {
        let label = kind.and_then(|kind| kind.find_field(name)).map_or(name, |field| field.label.as_str());
        record.field_is_empty(name).then(|| Finding::new(format!("“{label}” is not filled in")))
    };
    if record.field_is_empty("controls") {
        let untouched = record.field_is_empty("probability_after");
        let acceptable = record.field_text("acceptability_before") == Acceptability::Acceptable.name();
        return Ok(match (untouched, acceptable) {
            (false, _) => vec![Finding::new("A probability after controls is given, but no control")],
            (true, false) => missing("controls").into_iter().collect(),
            (true, true) => Vec::new(),
        });
    }
    let mut needed = vec!["control_type", "control_verification", "risks_from_controls", "probability_after"];
    if record.field_text("control_type") == "information" {
        needed.push("control_rationale");
    }
    let mut found: Vec<_> = needed.into_iter().filter_map(missing).collect();
    let before = record.field_int("probability_before");
    if before.is_some() && record.field_int("probability_after") > before {
        found.push(Finding::new("The probability after controls is higher than before"));
    }
    Ok(found)
}

/// What a matrix says for a risk's values; `None` while they are not all there.
fn evaluation(matrix: &Matrix, record: &Record) -> Option<Map<String, Json>> {
    let severity = record.field_int("severity")?;
    let before = record.field_int("probability_before")?;
    // Without controls the residual risk is the risk itself.
    let after = record.field_int("probability_after").unwrap_or(before);
    let acceptability = |probability| matrix.acceptability(severity, probability).map(|found| json!(found.name()));
    let values = [acceptability(before)?, acceptability(after)?, matrix.used()];
    Some(COMPUTED.iter().map(|name| (*name).to_owned()).zip(values).collect())
}

fn check_evaluated(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let matrix = Matrix::in_force(tx, &record.tenant)?;
    let Some(expected) = evaluation(&matrix, record) else { return Ok(vec![Finding::new("The risk is not estimated")]) };
    if expected.iter().all(|(name, value)| record.fields.get(name) == Some(value)) {
        return Ok(Vec::new());
    }
    let text = if COMPUTED.iter().all(|name| record.field_is_empty(name)) {
        "The risk is not evaluated"
    } else {
        "Values or matrix have changed since the evaluation: evaluate again"
    };
    let used = record.fields.get("matrix").and_then(Used::read);
    Ok(vec![match used.filter(|used| used.record != matrix.record().id) {
        Some(used) => Finding::new(format!("It was evaluated by {}; {} is in force now: evaluate again", used.label, matrix.label())).with(vec![matrix.record().reference()]),
        None => Finding::new(text),
    }])
}

fn check_residual(_: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let unacceptable = record.field_text("acceptability_after") == Acceptability::Unacceptable.name();
    if unacceptable && record.field_is_empty("benefit_risk") {
        return Ok(vec![Finding::new("The residual risk is unacceptable and “Benefit-risk analysis” is not filled in")]);
    }
    Ok(Vec::new())
}

/// Writes what the matrix says into the draft.
fn evaluate(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    let record = context.record;
    let matrix = Matrix::in_force(tx, &record.tenant)?;
    let Some(fields) = evaluation(&matrix, record) else { return Ok(()) };
    if fields.iter().all(|(name, value)| record.fields.get(name) == Some(value)) {
        return Ok(());
    }
    record::edit(tx, record, record.version, Edit { fields, ..Edit::default() }).map(|_| ())
}

fn preview(tx: &mut dyn Read, record: &Record) -> Result<Vec<String>> {
    let matrix = Matrix::in_force(tx, &record.tenant)?;
    let Some(fields) = evaluation(&matrix, record) else { return Ok(Vec::new()) };
    let label = |name: &str| {
        let value = fields.get(name).and_then(Json::as_str).unwrap_or_default();
        let known = Acceptability::ALL.into_iter().find(|known| known.name() == value);
        known.map_or("not on the scales", Acceptability::label).to_lowercase()
    };
    let (before, after) = (label("acceptability_before"), label("acceptability_after"));
    Ok(vec![format!("by the matrix, {}: {before} before controls, {after} after", matrix.label())])
}

/// A new revision is evaluated anew, by the matrix then in force.
pub fn evaluate_anew(tx: &mut WriteTx<'_>, _: &Record, revised: &Record) -> Result<()> {
    if revised.kind != "risk" || COMPUTED.iter().all(|name| revised.field_is_empty(name)) {
        return Ok(());
    }
    crate::clear_fields(tx, revised, &COMPUTED)
}
