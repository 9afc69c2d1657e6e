//! What a risk holds, in the words of ISO 14971.

use super::lifecycle;
use super::matrix::{Acceptability, TABLE};
use kernel::kind::{Area, Field, Kind, LinkKind, OnChange, Revisions};

/// The kind of a risk.
pub fn kind() -> Kind {
    let kind = Kind::new("risk", "Risk", "Risks", Area::Design)
        .text("A hazard, how it comes to harm, how bad and how likely that is, and what is done about it.")
        .counted("RSK", 4)
        .revised_by(Revisions::Numbers)
        .link(
            LinkKind::new("concerns", "concerns", "has the risk", &["part"]).when_target_changes(OnChange::obligation(
                "reassess",
                "Re-assess the risk: a part that it concerns has changed",
                "quality_engineer",
                14,
            )),
        )
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit", "revise", "link"])
        .allow("quality_engineer", &["create", "edit", "revise", "link"]);
    let kind = fields().into_iter().fold(kind, Kind::field);
    lifecycle::lay_over(kind)
}

fn fields() -> Vec<Field> {
    let mut fields = analysis();
    fields.extend(control());
    fields.extend(evaluation());
    fields
}

fn analysis() -> Vec<Field> {
    [
        Field::line("hazard", "Hazard").required().help("The potential source of harm, such as oxygen under pressure."),
        Field::block("sequence_of_events", "Sequence of events").help("What has to happen, in normal use, misuse or fault."),
        Field::block("hazardous_situation", "Hazardous situation").help("Who is exposed to the hazard, and how."),
        Field::line("harm", "Harm").help("The injury or damage."),
        grade("severity", "Severity", "1 negligible, 2 minor, 3 serious, 4 critical, 5 catastrophic."),
        grade("probability_before", "Probability before controls", "1 improbable, 2 remote, 3 occasional, 4 probable, 5 frequent."),
    ]
    .map(|field| field.group("Analysis"))
    .into()
}

fn grade(name: &str, label: &str, help: &str) -> Field {
    Field::integer(name, label, 1, 5).filter().help(help)
}

fn control() -> Vec<Field> {
    [
        Field::block("controls", "Controls").help("What reduces the risk, and where it is implemented."),
        Field::choice(
            "control_type",
            "Strongest type of control",
            &[
                ("inherent_safety", "1 Safe by design and manufacture"),
                ("protective_measure", "2 Protective measure"),
                ("information", "3 Information for safety"),
            ],
        )
        .filter()
        .help("In this order of priority (ISO 14971 7.1)."),
        Field::block("control_rationale", "Why no stronger control").help("Why a control of higher priority is not practicable."),
        Field::block("control_verification", "Verification of the controls").help("Evidence that they are implemented, and that they work (7.2)."),
        Field::block("risks_from_controls", "Risks from the controls").help("New hazards that the controls bring about, or none (7.5)."),
        grade("probability_after", "Probability after controls", "On the same scale."),
    ]
    .map(|field| field.group("Control"))
    .into()
}

fn evaluation() -> Vec<Field> {
    let words: Vec<_> = Acceptability::ALL.iter().map(|known| (known.name(), known.label())).collect();
    let computed = "Computed by the step “Evaluate”.";
    [
        Field::choice("acceptability_before", "Risk before controls", &words).filter().help(computed),
        Field::choice("acceptability_after", "Residual risk", &words).filter().help(computed),
        Field::table_revision("matrix", "Matrix", TABLE.name).filter().help("The revision by which it was evaluated; written by the step “Evaluate”."),
        Field::block("benefit_risk", "Benefit-risk analysis").help("Why the benefit outweighs a residual risk that is not acceptable (7.4)."),
    ]
    .map(|field| field.group("Evaluation"))
    .into()
}
