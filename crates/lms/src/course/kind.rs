//! The kind of a course.

use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Step};
use kernel::rule::{Check, Rule};

/// course —teaches→ document.
pub const TEACHES: &str = "teaches";

/// The longest time to read and sign something, in days.
const DUE_DAYS_MAX: i64 = 365;
/// The longest time between two trainings, in months.
const REPEAT_MONTHS_MAX: i64 = 120;

pub fn kind() -> Kind {
    Kind::new("course", "Course", "Courses", Area::Training)
        .text("What people read and sign: the documents it teaches, the sentence they sign and the days they have.")
        .counted("CRS", 4)
        .field(
            Field::block("statement", "Statement to sign")
                .required()
                .group("Signature")
                .help("The meaning of the learner's signature, for example: I have read and understood this document."),
        )
        .field(Field::integer("due_days", "Days to complete", 0, DUE_DAYS_MAX).required().group("Signature").help("From the day of the assignment."))
        .field(
            Field::integer("repeat_months", "Repeat after months", 1, REPEAT_MONTHS_MAX)
                .group("Signature")
                .help("Empty: once for each revision of the document."),
        )
        .state("draft", "Draft", Phase::Draft)
        .state("effective", "Effective", Phase::Effective)
        .state("retired", "Retired", Phase::Closed)
        .step(
            Step::new("approve", "Approve and put into use", &["draft"], "effective")
                .signed("training_manager", "approved the course")
                .rule(Rule::floor(
                    "course.teaches_something",
                    "FRS-CRS-002",
                    "The course teaches at least one document",
                    Check::LinkedAtLeast { link: TEACHES.to_owned(), count: 1 },
                )),
        )
        .step(Step::new("retire", "Retire", &["draft", "effective"], "retired").by(&["training_manager"]).with_reason())
        .link(LinkKind::new(TEACHES, "teaches", "is taught by", &["procedure", "work_instruction"]))
        .allow("everyone", &["view"])
        .allow("training_manager", &["create", "edit", "link"])
        .allow("quality_engineer", &["create", "edit", "link"])
        .allow("document_controller", &["create", "edit", "link"])
}
