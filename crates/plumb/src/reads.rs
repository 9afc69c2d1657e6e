//! What the domains answer through the API besides their records: structures, where-used,
//! redlines.

use api::endpoint::{Access, Parameter, Sort, path, query};
use api::{Params, ReadAnswer, ReadEndpoint};
use base::{Error, Result};
use db::Read;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::record::{self, Record};
use serde_json::json;

const PART: &[Parameter] = &[path("part", "number or identifier", "LV-100000")];
const ORDER: &[Parameter] = &[path("order", "number or identifier", "ECO-0001")];
const STRUCTURE: &[Parameter] = &[
    path("part", "number or identifier", "LV-100000"),
    query("levels", Sort::Integer { min: 1, max: 50 }, "how deep; all levels when empty", "2"),
];

/// Every read of a domain.
pub fn all() -> Vec<ReadEndpoint> {
    vec![
        ReadEndpoint {
            path: "/api/v1/parts/{part}/structure",
            requirement: "FRS-PRT-040",
            summary: "The structure below a part, level by level",
            access: Access::Viewer,
            parameters: STRUCTURE,
            run: structure,
        },
        ReadEndpoint {
            path: "/api/v1/parts/{part}/totals",
            requirement: "FRS-PRT-041",
            summary: "How much of each part one unit of a part holds",
            access: Access::Viewer,
            parameters: PART,
            run: totals,
        },
        ReadEndpoint {
            path: "/api/v1/parts/{part}/where-used",
            requirement: "FRS-PRT-042",
            summary: "Every part that holds this one, directly or through others",
            access: Access::Viewer,
            parameters: PART,
            run: where_used,
        },
        ReadEndpoint {
            path: "/api/v1/change-orders/{order}/redline",
            requirement: "FRS-ECO-023",
            summary: "What a change order changes, computed from its revisions",
            access: Access::Viewer,
            parameters: ORDER,
            run: redline,
        },
    ]
}

fn named(tx: &mut dyn Read, viewer: &Viewer, kind: &str, name: &str) -> Result<Record> {
    record::find_named(tx, viewer.tenant(), kind, name)?
        .filter(|found| viewer.sees(found))
        .ok_or_else(|| Error::not_found("There is no such record."))
}

fn structure(tx: &mut dyn Read, _: &Catalog, viewer: &Viewer, params: &Params) -> Result<ReadAnswer> {
    let part = named(tx, viewer, "part", params.path("part")?)?;
    let levels = params.integer("levels").and_then(|levels| u32::try_from(levels).ok());
    let tree = plm::product::current(tx, viewer.tenant())?.tree(tx, viewer, &part.item, levels, None)?;
    serde_json::to_string(&tree).map(ReadAnswer::Written).map_err(Error::internal)
}

fn totals(tx: &mut dyn Read, _: &Catalog, viewer: &Viewer, params: &Params) -> Result<ReadAnswer> {
    let part = named(tx, viewer, "part", params.path("part")?)?;
    let totals = plm::product::current(tx, viewer.tenant())?.totals(tx, viewer, &part.item)?;
    serde_json::to_string(&totals).map(ReadAnswer::Written).map_err(Error::internal)
}

fn where_used(tx: &mut dyn Read, _: &Catalog, viewer: &Viewer, params: &Params) -> Result<ReadAnswer> {
    let part = named(tx, viewer, "part", params.path("part")?)?;
    let used = plm::product::current(tx, viewer.tenant())?.where_used(tx, viewer, &part.item)?;
    serde_json::to_string(&used).map(ReadAnswer::Written).map_err(Error::internal)
}

fn redline(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, params: &Params) -> Result<ReadAnswer> {
    let order = named(tx, viewer, "change_order", params.path("order")?)?;
    let redline = plm::redline::of_order(tx, catalog, viewer, &order)?;
    Ok(ReadAnswer::Json(json!(redline)))
}
