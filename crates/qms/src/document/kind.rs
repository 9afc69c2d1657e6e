//! What a controlled document holds. Procedures and work instructions differ in name only.

use super::lifecycle;
use crate::review;
use kernel::kind::{Area, Field, Kind, LinkKind, OnChange, Revisions};

/// The kinds of controlled documents.
pub fn kinds() -> Vec<Kind> {
    vec![
        document("procedure", "Procedure", "Procedures", "PR", "What is done, by whom and why, across departments."),
        document("work_instruction", "Work instruction", "Work instructions", "WI", "How one task is done at one workplace."),
    ]
}

fn document(name: &str, label: &str, plural: &str, prefix: &str, text: &str) -> Kind {
    let kind = Kind::new(name, label, plural, Area::Quality)
        .text(text)
        .counted(prefix, 4)
        .revised_by(Revisions::Letters)
        .field(Field::block("purpose", "Purpose").required())
        .field(Field::block("scope", "Scope").help("Where it applies: sites, departments, products."))
        .field(Field::block("body", "Text").group("Text"))
        .field(Field::block("summary_of_changes", "Summary of changes").group("Text").help("What differs from the revision before, and why; readers see it first."))
        .field(review::interval_field())
        .link(LinkKind::new("applies_to", "applies to", "is described by", &["part"]).when_target_changes(OnChange::Suspect))
        .allow("everyone", &["view"])
        .allow("quality_engineer", &["create", "edit", "revise", "link"])
        .allow("design_engineer", &["create", "edit", "revise", "link"])
        .allow("document_controller", &["create", "edit", "revise", "link"]);
    lifecycle::lay_over(kind)
}
