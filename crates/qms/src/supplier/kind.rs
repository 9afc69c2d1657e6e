//! What is known of a supplier. The suppliers in effect are the approved supplier list.

use super::lifecycle;
use crate::review;
use kernel::kind::{Area, Field, Kind, Revisions};

/// The kind of a supplier. Each evaluation is a revision of its own, so what was known at the time
/// of a purchase stays readable.
pub fn kind() -> Kind {
    let kind = Kind::new("supplier", "Supplier", "Suppliers", Area::Suppliers)
        .text("Somebody whose product or service goes into ours, and what we have found about them.")
        .counted("SUP", 4)
        .revised_by(Revisions::Numbers)
        .field(Field::block("scope", "Approved for").required().help("Products and services they may supply, and from which site of theirs."))
        .field(Field::line("address", "Address"))
        .field(Field::line("country", "Country").filter())
        .field(
            Field::choice(
                "risk_class",
                "Risk class",
                &[("critical", "Critical"), ("major", "Major"), ("minor", "Minor")],
            )
            .filter()
            .help("By the effect of what they supply on the safety and performance of the product."),
        )
        .field(Field::line("certificate", "Certificate").group("Certificate").help("Standard, number and body, such as ISO 13485, Q5 012345, TÜV SÜD."))
        .field(Field::date("certificate_expires_on", "Expires on").group("Certificate").filter())
        .field(Field::block("evaluation", "Evaluation").group("Evaluation").help("Criteria, performance, audits and what came of them."))
        .field(Field::block("conditions", "Conditions").group("Evaluation").help("What the supplier must do, and what receives more inspection until then."))
        .field(review::interval_field())
        .allow("everyone", &["view"])
        .allow("supplier_manager", &["create", "edit", "revise", "link"])
        .allow("quality_engineer", &["create", "edit", "revise", "link"]);
    lifecycle::lay_over(kind)
}
