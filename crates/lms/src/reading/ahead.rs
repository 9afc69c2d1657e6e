//! Before anything is approved: who must be retrained, by name and count.

use super::listed;
use crate::assignment::{count_on_earlier, plan};
use crate::course::{self, ISSUE, RELEASE, Taught};
use crate::requirement;
use base::Result;
use base::limits::WALK_RECORDS;
use db::Read;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::impact::{Entry, Group, ImpactProvider};
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record};
use std::collections::{BTreeMap, BTreeSet};

/// The people a change of these records makes read again.
pub fn impact() -> ImpactProvider {
    ImpactProvider { name: "training.people", find: people_to_retrain }
}

fn people_to_retrain(tx: &mut dyn Read, _: &Catalog, viewer: &Viewer, changed: &[Record]) -> Result<Vec<Group>> {
    if !viewer.sees_kind("person") {
        return Ok(Vec::new());
    }
    let mut must_read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for document in changed {
        for course in course::of_document(tx, document)? {
            for person in requirement::people_of_course(tx, &course)? {
                must_read.entry(person).or_default().insert(document.number.clone());
            }
        }
    }
    let ids: Vec<String> = must_read.keys().cloned().collect();
    let mut people = listed(tx, viewer.tenant(), &ids)?;
    people.retain(|person| viewer.sees_site(person.site.as_deref()));
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let entries = people
        .into_iter()
        .map(|person| {
            let numbers: Vec<_> = must_read.get(&person.reference.id).into_iter().flatten().map(String::as_str).collect();
            Entry { why: format!("must read and sign {}", numbers.join(", ")), record: person.reference }
        })
        .collect();
    Ok(vec![Group::within(WALK_RECORDS, "people", "People to retrain", entries)])
}

/// What a step will ask of people, for the dialog in which it is signed.
pub fn preview(tx: &mut dyn Read, catalog: &Catalog, record: &Record, step: &str) -> Result<Vec<String>> {
    let mut asked = BTreeSet::new();
    let mut cancelled = 0;
    match (record.kind.as_str(), step) {
        ("course", "approve") => {
            let people = requirement::people_of_course(tx, record)?;
            for taught in course::taught(tx, catalog, record)? {
                asked.extend(plan(tx, &taught, &people)?.raise);
            }
        }
        ("training_requirement", "approve") => {
            let people = requirement::named_by(tx, record)?;
            for course in link::targets(tx, record, requirement::REQUIRES)? {
                if course.phase == Phase::Effective {
                    for taught in course::taught(tx, catalog, &course)? {
                        asked.extend(plan(tx, &taught, &people)?.raise);
                    }
                }
            }
        }
        (_, RELEASE | ISSUE) => {
            for document in released_with(tx, catalog, record)? {
                for course in course::of_document(tx, &document)? {
                    let people = requirement::people_of_course(tx, &course)?;
                    let taught = Taught { course, document: document.clone() };
                    asked.extend(plan(tx, &taught, &people)?.raise);
                }
                cancelled += count_on_earlier(tx, &document)?;
            }
        }
        _ => {}
    }
    let mut lines = Vec::new();
    if !asked.is_empty() {
        lines.push(format!("assigns training to {}", counted(asked.len() as i64, "person", "people")));
    }
    if cancelled > 0 {
        lines.push(format!("cancels {} on earlier revisions", counted(cancelled, "open assignment", "open assignments")));
    }
    Ok(lines)
}

/// What a release gives out: the record itself, or the revisions an order pins.
fn released_with(tx: &mut dyn Read, catalog: &Catalog, record: &Record) -> Result<Vec<Record>> {
    let mut found = vec![record.clone()];
    let kind = catalog.known_kind(&record.kind)?;
    for link in link::outgoing(tx, &record.tenant, &record.id)? {
        let pinned = kind.find_link(&link.kind).is_some_and(|declared| declared.pinned);
        if let (true, Some(target)) = (pinned, &link.target) {
            found.extend(record::find(tx, &record.tenant, target)?);
        }
    }
    Ok(found)
}

fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
