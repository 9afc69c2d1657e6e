//! The kind of a training requirement.

use super::store::DIMENSIONS;
use base::Result;
use db::Read;
use kernel::kind::{Area, Field, Kind, LinkKind, Phase, Step};
use kernel::link;
use kernel::rule::{Check, Finding, Rule, RuleContext};

/// training_requirement —requires→ course.
pub const REQUIRES: &str = "requires";

pub fn kind() -> Kind {
    Kind::new("training_requirement", "Training requirement", "Training requirements", Area::Training)
        .text("Who needs which courses: everybody who matches all of function, department and equipment that are given.")
        .counted("TR", 4)
        .field(Field::block("reason", "Why it is needed").help("The risk or the clause behind it."))
        .state("draft", "Draft", Phase::Draft)
        .state("effective", "Effective", Phase::Effective)
        .state("retired", "Retired", Phase::Closed)
        .step(
            Step::new("approve", "Approve and put into force", &["draft"], "effective")
                .signed("training_manager", "approved the training requirement")
                .rule(Rule::floor(
                    "training_requirement.requires_a_course",
                    "FRS-TRQ-002",
                    "The requirement names at least one course",
                    Check::LinkedAtLeast { link: REQUIRES.to_owned(), count: 1 },
                ))
                .rule(Rule::floor(
                    "training_requirement.names_people",
                    "FRS-TRQ-003",
                    "The requirement names a job function, a department or equipment",
                    Check::Code(names_people),
                )),
        )
        .step(Step::new("retire", "Retire", &["draft", "effective"], "retired").by(&["training_manager"]).with_reason())
        .link(LinkKind::new(REQUIRES, "requires", "is required by", &["course"]))
        .link(LinkKind::new("for_function", "is for the job function", "needs training", &["job_function"]))
        .link(LinkKind::new("for_department", "is for the department", "needs training", &["department"]))
        .link(LinkKind::new("for_equipment", "is for users of", "needs training", &["equipment"]))
        .allow("everyone", &["view"])
        .allow("training_manager", &["create", "edit", "link"])
        .allow("quality_engineer", &["create", "edit", "link"])
        .allow("document_controller", &["create", "edit", "link"])
}

fn names_people(tx: &mut dyn Read, context: &RuleContext<'_>) -> Result<Vec<Finding>> {
    let links = link::outgoing(tx, &context.record.tenant, &context.record.id)?;
    let given = links.iter().any(|link| DIMENSIONS.iter().any(|dimension| dimension.of_requirement == link.kind));
    if given {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new("No job function, department or equipment is named, so it would be for nobody")])
}
