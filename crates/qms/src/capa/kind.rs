//! What a CAPA holds.

use super::{lifecycle, tree};
use kernel::kind::{Area, Field, Kind, LinkKind};

/// The longest window in which effectiveness is watched, in days.
const WINDOW_DAYS_MAX: i64 = 730;

/// The kind of a CAPA.
pub fn kind() -> Kind {
    let kind = Kind::new("capa", "CAPA", "CAPAs", Area::Quality)
        .text("A problem whose cause is found and removed, with proof that it worked.")
        .counted_by_year("CAPA", 4)
        .tree(tree::CAPA_NEEDED)
        .link(LinkKind::new("addresses", "addresses", "is addressed by", &["complaint"]))
        .link(LinkKind::new("implemented_by", "is implemented by", "implements", &["change_order"]))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "link", "decide"])
        .allow("quality_manager", &["create", "edit", "link", "decide"])
        .allow("regulatory_affairs", &["create", "link"]);
    let kind = fields().into_iter().fold(kind, Kind::field);
    lifecycle::lay_over(kind)
}

fn fields() -> Vec<Field> {
    let mut fields = problem();
    fields.extend(cause_and_plan());
    fields.extend(effectiveness());
    fields
}

fn problem() -> Vec<Field> {
    [
        Field::choice(
            "source",
            "Source",
            &[
                ("complaint", "Complaint"),
                ("nonconformity", "Nonconformity"),
                ("audit", "Audit"),
                ("inspection", "Inspection by an authority"),
                ("supplier", "Supplier"),
                ("trend", "Trend"),
                ("risk", "Risk management"),
                ("other", "Other"),
            ],
        )
        .required()
        .filter(),
        Field::choice("nature", "Nature", &[("corrective", "Corrective"), ("preventive", "Preventive")]).filter(),
        Field::block("problem", "Problem").required().help("What is wrong, where, since when and how much: D2."),
        Field::block("containment", "Containment").help("What protects users until the cause is removed, or why nothing has to: D3."),
    ]
    .map(|field| field.group("Problem"))
    .into()
}

fn cause_and_plan() -> Vec<Field> {
    [
        Field::choice(
            "root_cause_method",
            "Method",
            &[
                ("five_why", "5 whys"),
                ("fishbone", "Cause and effect diagram"),
                ("fault_tree", "Fault tree"),
                ("is_is_not", "Is / is not"),
                ("test", "Test or experiment"),
                ("other", "Other"),
            ],
        ),
        Field::block("root_cause", "Root cause").help("The cause that explains all facts, and how it was proved: D4."),
        Field::block("action_plan", "Action plan").help("Who does what by when, and why it removes the cause: D5, D6."),
        Field::block("no_change_why", "Why no change is needed")
            .help("Only when no change order is: the actions, and why product and procedures stay as they are."),
    ]
    .map(|field| field.group("Cause and plan"))
    .into()
}

fn effectiveness() -> Vec<Field> {
    [
        Field::line("effectiveness_metric", "Metric").help("What is counted, such as complaints of this failure for each 1,000 devices in use."),
        Field::line("effectiveness_threshold", "Threshold").help("The value at which the actions count as effective."),
        Field::integer("effectiveness_window_days", "Window in days", 0, WINDOW_DAYS_MAX)
            .help("How long it is watched after the last change order is released; 0 where the proof is there at once."),
        Field::choice("effectiveness_result", "Result", &[("effective", "Effective"), ("not_effective", "Not effective")]).filter(),
        Field::block("effectiveness_evidence", "Evidence").help("The numbers, and where they come from."),
    ]
    .map(|field| field.group("Effectiveness"))
    .into()
}
