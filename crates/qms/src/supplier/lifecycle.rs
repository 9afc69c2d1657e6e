//! The way of a supplier: in evaluation → in review → approved, with conditions or without →
//! disqualified. A new evaluation is a new revision; it replaces the one before when it is approved.

use crate::{dates, review};
use base::Result;
use db::Read;
use kernel::kind::{Effect, Kind, Phase, Step};
use kernel::rule::{Check, Finding, Rule, RuleContext};

/// Gives the kind its states and steps.
pub(super) fn lay_over(kind: Kind) -> Kind {
    let writers = ["supplier_manager", "quality_engineer"];
    kind.state("prospective", "In evaluation", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("approved", "Approved", Phase::Effective)
        .state("conditional", "Approved with conditions", Phase::Effective)
        .state("disqualified", "Disqualified", Phase::Closed)
        .state("superseded", "Superseded", Phase::Closed)
        .state("void", "Not pursued", Phase::Void)
        .step(
            Step::new("submit", "Submit for approval", &["prospective"], "in_review")
                .by(&writers)
                .rule(evaluated())
                .rule(certificate_valid()),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "prospective").by(&["supplier_manager", "quality_engineer", "quality_manager"]).with_reason())
        .step(
            answering(Step::new("approve", "Approve", &["in_review"], "approved"))
                .signed("quality_manager", "approved the supplier")
                .rule(evaluated())
                .rule(certificate_valid()),
        )
        .step(
            answering(Step::new("approve_with_conditions", "Approve with conditions", &["in_review"], "conditional"))
                .signed("quality_manager", "approved the supplier with conditions")
                .when_needed()
                .rule(evaluated())
                .rule(conditions_set())
                .rule(certificate_valid()),
        )
        .step(
            Step::new("restrict", "Put under conditions", &["approved"], "conditional")
                .signed_by_author("supplier_manager", "put the supplier under conditions")
                .when_needed()
                .with_reason(),
        )
        .step(
            Step::new("lift_conditions", "Lift the conditions", &["conditional"], "approved")
                .signed("quality_manager", "lifted the conditions")
                .when_needed()
                .with_reason()
                .rule(certificate_valid()),
        )
        .step(review::close_with(answering(
            Step::new("disqualify", "Disqualify", &["in_review", "approved", "conditional"], "disqualified")
                .signed("quality_manager", "disqualified the supplier")
                .when_needed()
                .with_reason(),
        )))
        .step(review::close_with(answering(
            Step::new("supersede", "Supersede", &["approved", "conditional"], "superseded").by_record(),
        )))
        .step(review::confirm_step("quality_manager", "re-evaluated, still approved", "approved").rule(certificate_valid()))
        .step(Step::new("drop", "Do not pursue", &["prospective"], "void").by(&["supplier_manager", "quality_manager"]).with_reason())
}

/// A fresh judgement of the supplier answers what asked for a re-assessment.
fn answering(step: Step) -> Step {
    step.effect(Effect::CloseObligations { sort: "reassess".to_owned() })
}

fn evaluated() -> Rule {
    let check = Check::filled(&["risk_class", "evaluation"]);
    Rule::floor("supplier.evaluated", "FRS-SUP-002", "The supplier is classed by risk and evaluated", check)
}

fn conditions_set() -> Rule {
    Rule::floor("supplier.conditions_set", "FRS-SUP-003", "The conditions are written down", Check::filled(&["conditions"]))
}

fn certificate_valid() -> Rule {
    Rule::floor("supplier.certificate_valid", "FRS-SUP-004", "A certificate that is named has not expired", Check::Code(check_certificate))
}

fn check_certificate(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    let today = dates::today(tx, record, context.now)?;
    let expires = dates::field(record, "certificate_expires_on");
    Ok(match expires {
        Some(date) if date < today => vec![Finding::new(format!("The certificate expired on {date}"))],
        None if !record.field_is_empty("certificate") => vec![Finding::new("“Expires on” is not filled in for the certificate")],
        _ => Vec::new(),
    })
}
