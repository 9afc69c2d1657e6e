//! The kind of a qualification.

use super::lifecycle::{not_by_oneself, trained};
use kernel::kind::{Area, Effect, Field, Kind, LinkKind, OnChange, Phase, Step};
use kernel::rule::{Check, Rule};

/// qualification —qualifies_for→ document.
pub const QUALIFIES_FOR: &str = "qualifies_for";
/// qualification —of_person→ person.
pub const OF_PERSON: &str = "of_person";

pub fn kind() -> Kind {
    Kind::new("qualification", "Qualification", "Qualifications", Area::Training)
        .text("That a person may perform a task by its procedure: read, observed and found competent.")
        .counted("QU", 5)
        .field(Field::block("observed", "What was observed").help("The work that was watched and how it was judged."))
        .state("in_training", "In training", Phase::InWork)
        .state("signed_off", "Signed off", Phase::Effective)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(
            Step::new("sign_off", "Sign off", &["in_training"], "signed_off")
                .signed_by_author("supervisor", "observed and found competent")
                .rule(Rule::floor("qualification.trained", "FRS-QUA-002", "One person, at least one document, each read and signed in the revision that counts", Check::Code(trained)))
                .rule(Rule::floor("qualification.observed", "FRS-QUA-004", "What was observed is written down", Check::filled(&["observed"])))
                .effect(Effect::Run { name: "qualification.not_by_oneself", run: not_by_oneself, preview: None }),
        )
        .step(Step::new("withdraw", "Withdraw", &["in_training", "signed_off"], "withdrawn").by(&["supervisor", "training_manager"]).with_reason())
        .link(LinkKind::new(QUALIFIES_FOR, "qualifies for", "may be performed under", &["procedure", "work_instruction"]).when_target_changes(OnChange::Suspect))
        .link(LinkKind::new(OF_PERSON, "is of", "has the qualification", &["person"]))
        .allow("everyone", &["view"])
        .allow("supervisor", &["create", "edit", "link"])
        .allow("training_manager", &["create", "edit", "link"])
}
