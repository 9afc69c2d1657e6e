//! What a change order says about itself.

use super::{AFFECTS, ANSWERS, KIND, lifecycle};
use kernel::kind::{Area, Field, Kind, LinkKind};

/// Who may write orders.
pub(super) const WRITERS: [&str; 5] =
    ["design_engineer", "engineering_manager", "quality_engineer", "quality_manager", "document_controller"];

/// How far a change reaches; the same words on requests and orders.
pub fn class_field() -> Field {
    Field::choice(
        "change_class",
        "Class of change",
        &[
            ("major", "Major: form, fit, function, safety or performance"),
            ("minor", "Minor: none of these"),
            ("administrative", "Administrative: documents only"),
        ],
    )
    .filter()
}

pub fn kind() -> Kind {
    let disposition = |name: &str, label: &str| {
        let choices = [
            ("none", "Not affected"),
            ("use_up", "Use as it is"),
            ("rework", "Rework"),
            ("return", "Return to the supplier"),
            ("scrap", "Scrap"),
            ("correct_in_field", "Correct or remove in the field"),
        ];
        Field::choice(name, label, &choices).group("Disposition")
    };
    let mut kind = Kind::new(KIND, "Change order", "Change orders", Area::Engineering)
        .text("Releases new revisions of parts and documents together, after review and approval.")
        .counted("ECO", 4)
        .field(Field::block("reason", "Why it changes"))
        .field(Field::block("description", "What changes"))
        .field(class_field())
        .field(
            Field::block("verification", "Verification and validation")
                .help("What was verified and validated before implementation, or why none is needed (ISO 13485:2016, 7.3.9)."),
        )
        .field(disposition("disposition_stock", "Stock"))
        .field(disposition("disposition_wip", "Work in process"))
        .field(disposition("disposition_field", "Delivered product"))
        .link(LinkKind::new(ANSWERS, "answers", "is answered by", &["change_request"]))
        .link(LinkKind::new(AFFECTS, "affects", "is affected by", &["part", "procedure", "work_instruction"]).pinned().binding())
        .allow("everyone", &["view"]);
    for role in WRITERS {
        kind = kind.allow(role, &["create", "edit", "link"]);
    }
    lifecycle::declare(kind)
}
