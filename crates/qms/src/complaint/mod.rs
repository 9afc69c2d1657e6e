//! Complaints (ISO 13485 8.2.2, 21 CFR 820.35(a)) and whether authorities must be told of them
//! (21 CFR 803, EU MDR Art. 87).

mod kind;
mod lifecycle;
mod trees;

pub use kind::kind;
pub use trees::{EU_2_DAYS, EU_10_DAYS, EU_15_DAYS, MDR_5_WORK_DAYS, MDR_30_DAYS};

use kernel::calendar::ClockRule;
use kernel::decision_tree::DecisionTree;

/// The reportability decisions.
pub fn trees() -> Vec<DecisionTree> {
    vec![trees::us_medical_device_report(), trees::eu_serious_incident()]
}

/// The times within which authorities must be told.
pub fn clock_rules() -> Vec<ClockRule> {
    trees::reporting_clocks()
}
