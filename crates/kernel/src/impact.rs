//! Impact: what a change touches, found before anything is approved, by following links and by
//! asking the domains (where-used, people to retrain).

use crate::authority::Viewer;
use crate::catalog::Catalog;
use crate::link;
use crate::record::Record;
use base::limits::WALK_RECORDS;
use base::{RecordRef, Result};
use db::Read;
use std::collections::{BTreeMap, BTreeSet};

/// Asks a domain what a change of these records touches.
#[derive(Clone)]
pub struct ImpactProvider {
    pub name: &'static str,
    pub find: ImpactFn,
}

pub type ImpactFn = fn(&mut dyn Read, &Catalog, &Viewer, &[Record]) -> Result<Vec<Group>>;

/// What was found, under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub title: String,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub record: RecordRef,
    /// How it is touched: "is risk of VX-209507".
    pub why: String,
}

/// Everything a change of these records touches, grouped by kind, then what the domains add.
pub fn analyse(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, changed: &[Record]) -> Result<Vec<Group>> {
    let mut by_kind: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let changed_items: BTreeSet<_> = changed.iter().map(|record| record.item.as_str()).collect();
    let mut count = 0;
    for record in changed {
        for view in link::views(tx, catalog, viewer, record)? {
            let why = if view.outgoing {
                format!("{} {} it", record.label(), view.label)
            } else {
                format!("{} {}", view.label, record.label())
            };
            let is_the_order = catalog.kind(&view.other.kind).and_then(|kind| kind.find_link(&view.link.kind)).is_some_and(|link| link.pinned);
            if is_the_order || changed_items.contains(view.other.item.as_str()) || count >= WALK_RECORDS {
                continue;
            }
            if seen.insert((view.other.item.clone(), record.item.clone())) {
                count += 1;
                by_kind.entry(view.other.kind.clone()).or_default().push(Entry { record: view.other.reference(), why });
            }
        }
    }
    let mut groups: Vec<Group> = by_kind
        .into_iter()
        .map(|(kind, entries)| Group {
            title: catalog.kind(&kind).map_or_else(|| kind.clone(), |kind| kind.plural.clone()),
            name: kind,
            entries,
        })
        .collect();
    for provider in catalog.impacts() {
        groups.extend((provider.find)(tx, catalog, viewer, changed)?);
    }
    Ok(groups)
}
