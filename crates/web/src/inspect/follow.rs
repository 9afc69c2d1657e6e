//! Following how one thing led to another. The kernel's walk answers which records are reached; a
//! story also needs from where, and must not wander: through a part or a supplier one would reach
//! every other case about it, so such records end a branch.

use base::{Result, Timestamp};
use db::Read;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::record::{self, Record};
use kernel::{link, obligation};
use std::collections::{BTreeMap, VecDeque};

/// Records of one story.
pub(super) const RECORDS: usize = 80;
/// Steps from the first record.
const DEPTH: usize = 6;

/// How a record stands in a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The story goes on through it.
    Through,
    /// It belongs to the story and ends a branch.
    End,
    /// It is about the order of the house, not about this story.
    Outside,
}

fn role_of(kind: &str) -> Role {
    match kind {
        "complaint" | "capa" | "change_request" | "change_order" => Role::Through,
        "site" | "department" | "job_function" | "equipment" | "person" | "course" | "training_requirement" | "configuration_package" => Role::Outside,
        _ => Role::End,
    }
}

/// A record and what led to it.
pub(super) struct Lane {
    pub record: Record,
    /// The lane it was reached from, since when, and in words: "addresses".
    pub from: Option<(usize, Timestamp, String)>,
}

pub(super) struct Followed {
    pub lanes: Vec<Lane>,
    /// There are more records than are shown.
    pub cut: bool,
}

/// The story that starts at a record, nearest records first.
pub(super) fn follow(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, start: &Record) -> Result<Followed> {
    let mut lanes = vec![Lane { record: start.clone(), from: None }];
    let mut seen: BTreeMap<String, usize> = BTreeMap::from([(start.id.clone(), 0)]);
    let mut queue = VecDeque::from([(0_usize, 0_usize)]);
    let mut cut = false;
    while let Some((at, distance)) = queue.pop_front() {
        let record = lanes[at].record.clone();
        if distance >= DEPTH || (at > 0 && role_of(&record.kind) != Role::Through) {
            continue;
        }
        for (other, since, words) in next(tx, catalog, viewer, &record)? {
            if role_of(&other.kind) == Role::Outside || seen.contains_key(&other.id) {
                continue;
            }
            if lanes.len() >= RECORDS {
                cut = true;
                break;
            }
            seen.insert(other.id.clone(), lanes.len());
            queue.push_back((lanes.len(), distance + 1));
            lanes.push(Lane { record: other, from: Some((at, since, words)) });
        }
    }
    Ok(Followed { lanes, cut })
}

/// Records one step away: linked ones, then those whose re-assessment it asked for.
fn next(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, record: &Record) -> Result<Vec<(Record, Timestamp, String)>> {
    let mut found: Vec<(Record, Timestamp, String)> = Vec::new();
    for view in link::views(tx, catalog, viewer, record)? {
        let words = if view.outgoing { format!("{} {} it", record.label(), view.label) } else { format!("it {} {}", inverse(catalog, &view), record.label()) };
        found.push((view.other, view.link.from_at, words));
    }
    // What continues the story comes before what ends a branch.
    found.sort_by_key(|(other, since, _)| (role_of(&other.kind) != Role::Through, *since));
    for asked in obligation::caused_by(tx, &record.tenant, &record.id, "reassess")? {
        if let Some(about) = record::find(tx, &record.tenant, &asked.record)?.filter(|about| viewer.sees(about)) {
            found.push((about, asked.raised_at, format!("{} asked for its re-assessment", record.label())));
        }
    }
    Ok(found)
}

/// The link's word as its source says it: a link that leads here is read from the other record.
fn inverse(catalog: &Catalog, view: &link::LinkView) -> String {
    let declared = catalog.kind(&view.other.kind).and_then(|kind| kind.find_link(&view.link.kind));
    declared.map_or_else(|| view.link.kind.replace('_', " "), |link| link.label.clone())
}
