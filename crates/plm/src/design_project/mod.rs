//! The design project: design control (21 CFR 820.10(c), ISO 13485:2016 7.3) and its dossier, the
//! design and development file (7.3.10), which assembles itself from links.

use kernel::kind::{Area, DossierQuery, Effect, Field, Kind, LinkKind, Phase, Step};
use kernel::rule::{Check, Rule};

/// The name of the kind.
pub(crate) const KIND: &str = "design_project";
/// A project's link to what was designed.
pub(crate) const DESIGN_OUTPUT: &str = "design_output";
/// A project's link to the orders that changed what was designed.
pub(crate) const DESIGN_CHANGE: &str = "design_change";

pub fn kind() -> Kind {
    let writers = ["design_engineer", "engineering_manager", "quality_engineer"];
    let mut kind = Kind::new(KIND, "Design project", "Design projects", Area::Design)
        .text("What is designed, from its plan to its transfer, and the file that shows how.")
        .counted("DP", 4)
        .field(Field::block("intended_use", "Intended use"))
        .field(Field::block("plan", "Design and development plan").help("Stages, reviews, responsibilities and interfaces (ISO 13485:2016, 7.3.2)."))
        .field(Field::choice("device_class", "Device class", &[("i", "Class I"), ("ii", "Class II"), ("iii", "Class III")]).filter())
        .link(LinkKind::new(DESIGN_OUTPUT, "has the design output", "is design output of", &["part", "procedure", "work_instruction"]))
        .link(LinkKind::new("risk_file", "has in its risk file", "is in the risk file of", &["risk"]))
        .link(LinkKind::new(DESIGN_CHANGE, "was changed by", "changed the design of", &["change_order"]))
        .link(LinkKind::new("project_capa", "has the CAPA", "is a CAPA on", &["capa"]))
        .link(LinkKind::new("project_complaint", "has the complaint", "is a complaint on", &["complaint"]))
        .state("planned", "Planned", Phase::Draft)
        .state("in_work", "In work", Phase::InWork)
        .state("closed", "Closed", Phase::Closed)
        .step(
            Step::new("start", "Start", &["planned"], "in_work")
                .by(&["design_engineer", "engineering_manager"])
                .rule(Rule::floor("design_project.planned", "FRS-DPR-002", "The design is planned", Check::filled(&["plan"]))),
        )
        .step(
            // Signed, so that the frozen index has a name under it; the project goes on.
            Step::new("freeze", "Freeze the dossier", &["in_work"], "in_work")
                .signed_by_author("quality_manager", "The dossier is complete as of today")
                .when_needed()
                .rule(has_outputs("design_project.freeze_has_outputs", "FRS-DPR-004"))
                .effect(Effect::FreezeDossier),
        )
        .step(
            Step::new("close", "Close", &["in_work"], "closed")
                .signed("quality_manager", "Approval of the completed design and development file")
                .when_needed()
                .rule(has_outputs("design_project.close_has_outputs", "FRS-DPR-005"))
                .rule(Rule::floor(
                    "design_project.outputs_settled",
                    "FRS-DPR-006",
                    "Every design output is released",
                    Check::LinkedInPhase { link: DESIGN_OUTPUT.to_owned(), phases: vec![Phase::Effective] },
                ))
                .rule(Rule::floor(
                    "design_project.changes_closed",
                    "FRS-DPR-007",
                    "Every design change is released or cancelled",
                    Check::LinkedInPhase { link: DESIGN_CHANGE.to_owned(), phases: vec![Phase::Closed, Phase::Void] },
                ))
                .effect(Effect::FreezeDossier),
        )
        .step(Step::new("reopen", "Take up again", &["closed"], "in_work").by(&["quality_manager"]).with_reason())
        .section("Design outputs", "FRS-DPR-003 · ISO 13485:2016 7.3.10, 7.3.4 · 21 CFR 820.10", targets(DESIGN_OUTPUT))
        .section("Risk file", "FRS-DPR-003 · ISO 13485:2016 7.3.10, 7.1 · 21 CFR 820.10", targets("risk_file"))
        .section("Design changes", "FRS-DPR-003 · ISO 13485:2016 7.3.10, 7.3.9 · 21 CFR 820.10", targets(DESIGN_CHANGE))
        .section("CAPAs", "FRS-DPR-003 · ISO 13485:2016 7.3.10, 8.5.2 · 21 CFR 820.10", targets("project_capa"))
        .section("Complaints", "FRS-DPR-003 · ISO 13485:2016 7.3.10, 8.2.2 · 21 CFR 820.35(a)", targets("project_complaint"))
        .allow("everyone", &["view"])
        .allow("quality_manager", &["link", "freeze"]);
    for role in writers {
        kind = kind.allow(role, &["create", "edit", "link"]);
    }
    kind
}

fn targets(link: &str) -> DossierQuery {
    DossierQuery::Targets { link: link.to_owned() }
}

fn has_outputs(id: &str, requirement: &str) -> Rule {
    Rule::floor(id, requirement, "The project has at least one design output", Check::LinkedAtLeast { link: DESIGN_OUTPUT.to_owned(), count: 1 })
}
