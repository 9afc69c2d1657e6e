//! Corrective and preventive action (ISO 13485 8.5.2 and 8.5.3).

mod kind;
mod lifecycle;
mod rules;
mod tree;

pub use kind::kind;

use kernel::calendar::ClockRule;
use kernel::decision_tree::DecisionTree;

/// 60 days from the start of the investigation to the close; the company's own time, so it may be
/// extended with a reason.
pub const CAPA_60_DAYS: &str = "capa_60_days";

/// The decision whether a CAPA is needed.
pub fn trees() -> Vec<DecisionTree> {
    vec![tree::capa_needed()]
}

/// The time a CAPA should take.
pub fn clock_rules() -> Vec<ClockRule> {
    vec![ClockRule::calendar_days(CAPA_60_DAYS, "FRS-CAPA-004", 60).extendable()]
}
