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

impl Group {
    /// The entries under a heading, at most `most` of them; the heading says when there are more.
    pub fn within(most: usize, name: &str, title: &str, mut entries: Vec<Entry>) -> Self {
        let count = entries.len();
        entries.truncate(most);
        let title = if count > most { format!("{title} (the first {most} of {count})") } else { title.to_owned() };
        Self { name: name.to_owned(), title, entries }
    }
}

/// Everything a change of these records touches, grouped by kind, then what the domains add.
pub fn analyse(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, changed: &[Record]) -> Result<Vec<Group>> {
    let mut by_kind: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let changed_items: BTreeSet<_> = changed.iter().map(|record| record.item.as_str()).collect();
    for record in changed {
        for view in link::views(tx, catalog, viewer, record)? {
            let why = if view.outgoing {
                format!("{} {} it", record.label(), view.label)
            } else {
                format!("{} {}", view.label, record.label())
            };
            let is_the_order = catalog.kind(&view.other.kind).and_then(|kind| kind.find_link(&view.link.kind)).is_some_and(|link| link.pinned);
            if is_the_order || changed_items.contains(view.other.item.as_str()) {
                continue;
            }
            if seen.insert((view.other.item.clone(), record.item.clone())) {
                by_kind.entry(view.other.kind.clone()).or_default().push(Entry { record: view.other.reference(), why });
            }
        }
    }
    let mut groups: Vec<Group> = by_kind
        .into_iter()
        .map(|(kind, entries)| Group::within(WALK_RECORDS, &kind, catalog.kind(&kind).map_or(&kind, |kind| &kind.plural), entries))
        .collect();
    for provider in catalog.impacts() {
        groups.extend((provider.find)(tx, catalog, viewer, changed)?);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_trn_041_frs_prt_046_what_is_past_the_limit_of_a_heading_is_counted_there_and_never_left_out_in_silence() {
        let touched = |count: usize| {
            let record = RecordRef { id: String::new(), kind: "part".to_owned(), number: String::new(), revision: String::new(), title: String::new() };
            Group::within(WALK_RECORDS, "part", "Parts", vec![Entry { record, why: "is used".to_owned() }; count])
        };
        let (at, past) = (touched(WALK_RECORDS), touched(WALK_RECORDS + 1));
        assert_eq!((at.title.as_str(), at.entries.len()), ("Parts", WALK_RECORDS));
        assert_eq!((past.title, past.entries.len()), (format!("Parts (the first {WALK_RECORDS} of {})", WALK_RECORDS + 1), WALK_RECORDS));
    }
}
