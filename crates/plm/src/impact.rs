//! Where a change of parts reaches: every assembly that holds them, up to the end items.

use crate::part;
use crate::product;
use base::limits::WALK_RECORDS;
use base::Result;
use db::Read;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::impact::{Entry, Group, ImpactProvider};
use kernel::record::Record;
use std::collections::BTreeMap;

/// Tells the kernel where changed parts are used.
pub fn provider() -> ImpactProvider {
    ImpactProvider { name: "where_used", find: where_used }
}

fn where_used(tx: &mut dyn Read, _: &Catalog, viewer: &Viewer, changed: &[Record]) -> Result<Vec<Group>> {
    let parts: Vec<_> = changed.iter().filter(|record| record.kind == part::KIND).collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let structure = product::current(tx, viewer.tenant())?;
    // For each holder: how many of the changed parts it holds, and how far down the nearest is.
    let mut holders: BTreeMap<String, Holder> = BTreeMap::new();
    for part in &parts {
        for used in structure.where_used(tx, viewer, &part.item)?.rows {
            let holder = holders.entry(used.part.item.clone()).or_insert_with(|| Holder {
                entry: used.part.reference(),
                end_item: used.end_item,
                holds: Vec::new(),
                nearest: u32::MAX,
            });
            holder.nearest = holder.nearest.min(used.levels_up);
            holder.holds.push(part.number.clone());
        }
    }
    let mut holders: Vec<_> = holders.into_values().collect();
    holders.sort_by(|left, right| (!left.end_item, &left.entry.number).cmp(&(!right.end_item, &right.entry.number)));
    let entries: Vec<_> = holders.into_iter().map(|holder| Entry { why: holder.why(parts.len()), record: holder.entry }).collect();
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Group::within(WALK_RECORDS, "where_used", "Used in, all levels", entries)])
}

struct Holder {
    entry: base::RecordRef,
    end_item: bool,
    holds: Vec<String>,
    nearest: u32,
}

impl Holder {
    fn why(&self, changed: usize) -> String {
        let what = match self.holds.as_slice() {
            [only] => only.clone(),
            many if many.len() == changed => format!("all {changed} changed parts"),
            many => format!("{} of the {changed} changed parts", many.len()),
        };
        let end = if self.end_item { "end item, " } else { "" };
        let how = if self.nearest == 1 { "directly".to_owned() } else { format!("{} levels down", self.nearest) };
        format!("{end}holds {what}, {how}")
    }
}
