//! From draft to release, with what stands in the way of each step.

use super::kind::WRITERS;
use super::{AFFECTS, CANCEL, RELEASE, release, rules};
use kernel::kind::{Effect, Kind, Phase, Step};
use kernel::rule::{Check, Rule};

pub(super) fn declare(kind: Kind) -> Kind {
    kind.state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("approved", "Approved", Phase::InReview)
        .state("released", "Released", Phase::Closed)
        .state("cancelled", "Cancelled", Phase::Void)
        .step(submit())
        .step(
            Step::new("send_back", "Send back", &["in_review", "approved"], "draft")
                .by(&["engineering_manager", "quality_manager", "document_controller"])
                .with_reason(),
        )
        .step(approve())
        .step(release_step())
        .step(
            Step::new(CANCEL, "Cancel", &["draft", "in_review", "approved"], "cancelled")
                .by(&["design_engineer", "engineering_manager", "quality_manager"])
                .with_reason()
                .effect(Effect::Run { name: "cancel_affected", run: release::cancel_affected, preview: Some(release::preview_cancel) }),
        )
}

fn submit() -> Step {
    Step::new("submit", "Submit for review", &["draft"], "in_review")
        .by(&WRITERS)
        .rule(Rule::floor("change_order.reason_given", "FRS-ECO-002", "The reason is given", Check::filled(&["reason"])))
        .rule(Rule::floor(
            "change_order.something_affected",
            "FRS-ECO-003",
            "At least one revision is on the order",
            Check::LinkedAtLeast { link: AFFECTS.to_owned(), count: 1 },
        ))
        .rule(Rule::floor(
            "change_order.affected_in_work",
            "FRS-ECO-004",
            "Every affected revision is new and still to be released",
            Check::Code(rules::affected_in_work),
        ))
        .rule(Rule::floor(
            "change_order.only_order",
            "FRS-ECO-005",
            "No affected revision is on another open order",
            Check::Code(rules::on_no_other_order),
        ))
}

fn approve() -> Step {
    Step::new("approve", "Approve", &["in_review"], "approved")
        .signed("engineering_manager", "Approval for engineering")
        .signed("quality_manager", "Approval for quality")
        .rule(unchanged("change_order.approve_unchanged"))
        .rule(Rule::floor(
            "change_order.request_accepted",
            "FRS-ECO-007",
            "The change requests that it answers are accepted",
            Check::LinkedInPhase { link: super::ANSWERS.to_owned(), phases: vec![Phase::Effective, Phase::Closed] },
        ))
}

fn release_step() -> Step {
    Step::new(RELEASE, "Release", &["approved"], "released")
        .signed_by_author("document_controller", "Release")
        .rule(unchanged("change_order.release_unchanged"))
        .rule(Rule::floor(
            "change_order.approvals_complete",
            "FRS-ECO-008",
            "Engineering and quality have approved this content",
            Check::Code(rules::approvals_complete),
        ))
        .rule(Rule::floor(
            "change_order.affected_releasable",
            "FRS-ECO-009",
            "Every affected revision can be released: nothing on hold, no rule against it",
            Check::Code(rules::affected_releasable),
        ))
        .rule(Rule::floor(
            "change_order.children_released",
            "FRS-ECO-010",
            "Every part below an affected part is released or on this order",
            Check::Code(rules::children_released),
        ))
        .rule(Rule::floor(
            "change_order.structure_sound",
            "FRS-ECO-011",
            "No structure contains itself after the release",
            Check::Code(rules::structure_sound),
        ))
        .effect(Effect::Run { name: "release_affected", run: release::release_affected, preview: Some(release::preview_release) })
        .effect(Effect::Run { name: "enter_in_dossiers", run: release::enter_in_dossiers, preview: Some(release::preview_dossiers) })
        .effect(Effect::Run { name: "implement_requests", run: release::implement_requests, preview: Some(release::preview_requests) })
}

fn unchanged(id: &str) -> Rule {
    Rule::floor(id, "FRS-ECO-006", "The affected content is what was submitted", Check::Code(rules::content_unchanged))
}
