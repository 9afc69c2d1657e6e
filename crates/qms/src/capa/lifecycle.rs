//! The way of a CAPA: draft → investigation → plan in approval → implementing → effectiveness
//! check → closed; back to the investigation when the actions turn out not to work.
//!
//! In the last two working states the record is open for writing, because results are written
//! there; what the approval fixed is guarded by the rule `capa.plan_as_approved`.

use super::{CAPA_60_DAYS, rules};
use kernel::kind::{Effect, Kind, Phase, Step};

/// The step that approves the plan; later rules look its signature up.
pub(super) const APPROVE_PLAN: &str = "approve_plan";

/// Gives the kind its states and steps.
pub(super) fn lay_over(kind: Kind) -> Kind {
    let people = ["quality_engineer", "quality_manager"];
    kind.state("draft", "Draft", Phase::Draft)
        .state("investigation", "Investigation", Phase::InWork)
        .state("action_planned", "Plan in approval", Phase::InReview)
        .state("implementing", "Implementing", Phase::InWork)
        .state("effectiveness_check", "Effectiveness check", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .state("void", "Withdrawn", Phase::Void)
        .step(
            Step::new("investigate", "Start the investigation", &["draft"], "investigation")
                .by(&people)
                .rule(rules::needed())
                .rule(rules::contained())
                .effect(Effect::StartClock { rule: CAPA_60_DAYS.to_owned() }),
        )
        .step(
            Step::new("submit_plan", "Submit the plan for approval", &["investigation"], "action_planned")
                .by(&people)
                .rule(rules::root_cause_known())
                .rule(rules::actions_planned())
                .rule(rules::effectiveness_planned())
                .rule(rules::result_is_open()),
        )
        .step(Step::new("send_back", "Send the plan back", &["action_planned"], "investigation").by(&people).with_reason())
        .step(
            Step::new(APPROVE_PLAN, "Approve the plan", &["action_planned"], "implementing")
                .signed("quality_manager", "approved the action plan")
                .rule(rules::root_cause_known())
                .rule(rules::actions_planned())
                .rule(rules::effectiveness_planned()),
        )
        .step(
            Step::new("check_effectiveness", "Start the effectiveness check", &["implementing"], "effectiveness_check")
                .by(&people)
                .rule(rules::plan_as_approved())
                .effect(Effect::Run { name: "capa.ask_for_the_verdict", run: rules::ask_for_the_verdict, preview: None }),
        )
        .step(
            Step::new("not_effective", "Not effective: investigate again", &["effectiveness_check"], "investigation")
                .by(&people)
                .with_reason()
                .rule(rules::found_not_effective())
                .effect(Effect::CloseObligations { sort: "act".to_owned() }),
        )
        .step(close())
        .step(
            Step::new("withdraw", "Withdraw", &["draft", "investigation"], "void")
                .by(&["quality_manager"])
                .with_reason()
                .rule(rules::orders_settled())
                .effect(Effect::StopClock { rule: CAPA_60_DAYS.to_owned() }),
        )
}

/// Every reason against closing is named at once: open orders, open training, open re-assessments,
/// effectiveness.
fn close() -> Step {
    Step::new("close", "Close", &["effectiveness_check"], "closed")
        .signed("quality_manager", "effectiveness verified, CAPA closed")
        .rule(rules::root_cause_known())
        .rule(rules::change_made_or_justified())
        .rule(rules::orders_released())
        .rule(rules::training_done())
        .rule(rules::reassessments_done())
        .rule(rules::plan_as_approved())
        .rule(rules::effectiveness_judged())
        .rule(rules::window_over())
        .effect(Effect::StopClock { rule: CAPA_60_DAYS.to_owned() })
        .effect(Effect::CloseObligations { sort: "act".to_owned() })
}
