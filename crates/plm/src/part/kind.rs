//! What a part says about itself.

use super::lifecycle;
use base::quantity::Unit;
use kernel::kind::{Area, Field, Kind, LinkKind, OnChange, Revisions};

/// The name of the kind.
pub(crate) const KIND: &str = "part";

/// Within how many days a supplier is assessed again after a part of theirs changed.
const REASSESS_DAYS: i64 = 30;

pub fn kind() -> Kind {
    let units: Vec<_> = Unit::all().map(|unit| (unit.code(), unit.code())).collect();
    let kind = Kind::new(KIND, "Part", "Parts", Area::Engineering)
        .text("A material, component, assembly, label, package, software or finished product with its own number.")
        .revised_by(Revisions::Letters)
        .field(Field::line("category", "Category").filter())
        .field(Field::choice("unit", "Unit of measure", &units).required().filter().help("The unit in which the part is counted in totals."))
        .field(Field::choice("make_or_buy", "Make or buy", &[("make", "Make"), ("buy", "Buy")]).filter())
        .field(
            Field::choice("trace_code", "Traceability", &[("none", "Not traced"), ("lot", "By lot"), ("serial", "By serial number")])
                .filter()
                .help("How single units are told apart in production and in the field."),
        )
        .field(Field::block("description", "Description"))
        .link(
            LinkKind::new("supplied_by", "is supplied by", "supplies", &["supplier"]).when_source_changes(OnChange::obligation(
                "reassess",
                "Assess the supplier again: a part they supply has changed",
                "supplier_manager",
                REASSESS_DAYS,
            )),
        )
        .allow("everyone", &["view"])
        .allow("design_engineer", &["create", "edit", "link", "revise"])
        .allow("engineering_manager", &["create", "edit", "link", "revise"])
        .allow("supplier_manager", &["link"]);
    lifecycle::declare(kind)
}
