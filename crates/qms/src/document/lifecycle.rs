//! The way of a document: draft → in review → approved for release → approved → effective →
//! superseded or retired.
//!
//! There are two ways to the step `release`, by which content is given out. A change order takes it
//! for every document it affects, and the order's signatures are the approval. A document outside
//! any order is reviewed and signed by itself, and the document controller's signed step `issue`
//! takes `release` as its consequence. Whoever listens for `release` sees both. What is released
//! becomes effective at once or, with a later date, on the day. An order that is cancelled takes the
//! step `cancel` instead, as for parts.

use crate::{dates, review};
use base::Result;
use db::Read;
use kernel::kind::{Effect, Kind, Phase, Step};
use kernel::record::step::take_as_consequence;
use kernel::record::{self, Record};
use kernel::rule::{Check, Finding, Rule, RuleContext, StepContext};
use kernel::trail::WriteTx;

/// The step by which a released document begins to count.
pub(super) const MAKE_EFFECTIVE: &str = "make_effective";
/// The state of a document that is released and waits for its day.
pub(super) const RELEASED: &str = "approved";

/// Gives the kind its states and steps.
pub(super) fn lay_over(kind: Kind) -> Kind {
    let writers = ["quality_engineer", "design_engineer", "document_controller"];
    kind.state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("ready", "Approved for release", Phase::InReview)
        .state(RELEASED, "Approved", Phase::InReview)
        .state("effective", "Effective", Phase::Effective)
        .state("superseded", "Superseded", Phase::Closed)
        .state("retired", "Retired", Phase::Closed)
        .state("void", "Withdrawn", Phase::Void)
        .step(
            Step::new("submit", "Submit for review", &["draft"], "in_review")
                .by(&writers)
                .rule(has_text())
                .rule(changes_are_summarised()),
        )
        .step(Step::new("send_back", "Send back", &["in_review", "ready"], "draft").by(&["quality_engineer", "quality_manager", "document_controller"]).with_reason())
        .step(
            Step::new("approve", "Approve", &["in_review"], "ready")
                .signed("quality_engineer", "approved as process owner")
                .signed("quality_manager", "approved for quality"),
        )
        .step(
            Step::new("issue", "Release", &["ready"], "ready")
                .signed("document_controller", "released the document")
                .rule(date_is_not_past())
                .rule(no_open_order())
                .effect(Effect::Run { name: "document.release", run: release, preview: Some(preview) }),
        )
        .step(
            Step::new("release", "Release", &["draft", "in_review", "ready"], RELEASED)
                .by_record()
                .rule(has_text())
                .rule(changes_are_summarised())
                .rule(date_is_not_past())
                .effect(Effect::Run { name: "document.begin_to_count", run: begin_to_count, preview: Some(preview) }),
        )
        .step(Step::new(MAKE_EFFECTIVE, "Make effective", &[RELEASED], "effective").by_clock())
        .step(review::close_with(Step::new("supersede", "Supersede", &["effective"], "superseded").by_record()))
        .step(review::confirm_step("document_controller", "reviewed, still valid", "effective"))
        .step(review::close_with(
            Step::new("retire", "Retire", &["effective"], "retired")
                .signed("quality_manager", "withdrew the document")
                .when_needed()
                .with_reason()
                .rule(no_open_order()),
        ))
        // A cancelled order gives up what it had on board. Not what is released already and waits
        // for its day: that was given out, people have signed it.
        .step(Step::new("cancel", "Cancel with the order", &["draft", "in_review", "ready"], "void").by_record())
        .step(Step::new("withdraw", "Withdraw the draft", &["draft"], "void").by(&writers).with_reason().rule(no_open_order()))
}

fn has_text() -> Rule {
    Rule::floor("document.has_text", "FRS-DOC-002", "Purpose, scope and text are written", Check::filled(&["purpose", "scope", "body"]))
}

fn changes_are_summarised() -> Rule {
    Rule::floor(
        "document.changes_are_summarised",
        "FRS-DOC-003",
        "A new revision says what differs from the one before",
        Check::Code(check_summary),
    )
}

fn date_is_not_past() -> Rule {
    Rule::floor("document.date_is_not_past", "FRS-DOC-010", "The effective date is not in the past", Check::Code(check_date))
}

fn no_open_order() -> Rule {
    let check = Check::LinkingInPhase { link: "affects".to_owned(), phases: vec![Phase::Closed, Phase::Void] };
    Rule::floor("document.no_open_order", "FRS-DOC-011", "No open change order decides about this revision", check)
}

fn check_summary(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let record = context.record;
    if !record.field_is_empty("summary_of_changes") || record::revisions_of_item(tx, &record.tenant, &record.item)?.len() == 1 {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new("“Summary of changes” is not filled in")])
}

fn check_date(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let Some(date) = effective_date(context.record) else { return Ok(Vec::new()) };
    let today = dates::today(tx, context.record, context.now)?;
    if date >= today {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new(format!("The effective date {date} has passed; set a date from {today} on, or none to begin at once"))])
}

fn effective_date(record: &Record) -> Option<base::Date> {
    record.effective_on.as_deref().and_then(|date| date.parse().ok())
}

/// The document controller's signature gives it out, as an order's does.
fn release(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    take_as_consequence(tx, context.permit, context.record, "release", context.cause).map(|_| ())
}

/// With no date, or today's, it counts from now on; otherwise the clock takes the step on the day.
fn begin_to_count(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    if is_due(tx, context.record)? {
        take_as_consequence(tx, context.permit, context.record, MAKE_EFFECTIVE, context.cause)?;
    }
    Ok(())
}

/// Whether the effective date has come in the zone of the document's site.
pub(super) fn is_due(tx: &mut WriteTx<'_>, record: &Record) -> Result<bool> {
    let now = tx.now();
    let today = dates::today(tx, record, now)?;
    Ok(effective_date(record).is_none_or(|date| date <= today))
}

fn preview(_: &mut dyn Read, record: &Record) -> Result<Vec<String>> {
    let label = record.label();
    Ok(vec![match effective_date(record) {
        Some(date) => format!("gives {label} out; it becomes effective on {}", base::time::display_date(date)),
        None => format!("gives {label} out; it becomes effective at once"),
    }])
}
