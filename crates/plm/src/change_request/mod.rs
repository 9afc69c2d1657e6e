//! The change request: somebody asks for a change and says why; a change order answers it.

use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Step};
use kernel::rule::{Check, Rule};

/// The name of the kind.
pub(crate) const KIND: &str = "change_request";

pub fn kind() -> Kind {
    let writers = ["design_engineer", "engineering_manager", "quality_engineer", "quality_manager"];
    let mut kind = Kind::new(KIND, "Change request", "Change requests", Area::Engineering)
        .text("Asks for a change of something released and says why. A change order answers it.")
        .counted("CR", 4)
        .field(Field::block("reason", "Why it should change"))
        .field(Field::block("proposal", "What is proposed"))
        .field(Field::block("alternatives", "What else was considered"))
        .field(crate::change_order::class_field())
        .link(LinkKind::new("concerns", "asks to change", "is to change by", &["part", "procedure", "work_instruction"]))
        .state("draft", "Draft", Phase::Draft)
        .state("in_review", "In review", Phase::InReview)
        .state("accepted", "Accepted", Phase::Effective)
        .state("implemented", "Implemented", Phase::Closed)
        .state("rejected", "Rejected", Phase::Void)
        .state("withdrawn", "Withdrawn", Phase::Void)
        .step(
            Step::new("submit", "Submit", &["draft"], "in_review")
                .by(&writers)
                .rule(Rule::floor("change_request.reason_given", "FRS-CRQ-002", "The reason is given", Check::filled(&["reason"])))
                .rule(Rule::optional(
                    "change_request.subject_named",
                    "FRS-CRQ-003",
                    "At least one part or document is named",
                    Check::LinkedAtLeast { link: "concerns".to_owned(), count: 1 },
                )),
        )
        .step(Step::new("send_back", "Send back", &["in_review"], "draft").by(&["engineering_manager", "quality_manager"]).with_reason())
        .step(Step::new("accept", "Accept", &["in_review"], "accepted").signed("engineering_manager", "Acceptance of the change request"))
        .step(
            Step::new("reject", "Reject", &["in_review"], "rejected")
                .signed("engineering_manager", "Rejection of the change request")
                .when_needed()
                .with_reason(),
        )
        .step(Step::new("withdraw", "Withdraw", &["draft"], "withdrawn").by(&writers).with_reason())
        .step(Step::new("implement", "Implement", &["accepted"], "implemented").by_record())
        .allow("everyone", &["view"]);
    for role in writers {
        kind = kind.allow(role, &["create", "edit", "link"]);
    }
    kind
}
