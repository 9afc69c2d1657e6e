//! What a change order changes, computed from the revisions on it and those before them.

use crate::change_order::AFFECTS;
use crate::part::{self, Line, SourcedPart};
use crate::structure::import::ManufacturerPart;
use crate::structure::redline::{Redline, RedlineCounts, RedlineItem, RedlineLine, RedlineSide, compare};
use base::{RecordRef, Result};
use db::Read;
use kernel::attachment::FILES_FIELD;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use kernel::kind::Phase;
use kernel::link;
use kernel::record::{self, Record, field_display};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

/// Everything an order changes.
#[derive(Debug, Clone, Serialize)]
pub struct OrderRedline {
    /// In the order of kinds and numbers.
    pub affected: Vec<Affected>,
    /// Of the structure: lines added and removed, lines and parts changed. Documents do not count.
    pub counts: RedlineCounts,
}

/// One affected revision against the one before it.
#[derive(Debug, Clone, Serialize)]
pub struct Affected {
    pub record: RecordRef,
    /// Nothing for what is new.
    pub before: Option<RecordRef>,
    /// Fields and manufacturer parts under `changed_items`, lines under the others.
    pub redline: Redline,
}

impl Affected {
    /// Nothing differs from the revision before.
    pub fn is_unchanged(&self) -> bool {
        self.before.is_some() && self.redline.is_empty()
    }
}

/// The redline of an order, as the viewer may see it.
pub fn of_order(tx: &mut dyn Read, catalog: &Catalog, viewer: &Viewer, order: &Record) -> Result<OrderRedline> {
    let mut targets = link::targets(tx, order, AFFECTS)?;
    targets.retain(|target| viewer.sees(target));
    targets.sort_by(|left, right| (&left.kind, &left.number).cmp(&(&right.kind, &right.number)));
    let mut pairs = Vec::with_capacity(targets.len());
    for after in targets {
        pairs.push((before(tx, &after)?, after));
    }
    let parts: Vec<&Record> =
        pairs.iter().flat_map(|(before, after)| before.iter().chain([after])).filter(|record| record.kind == part::KIND).collect();
    let details = Details::load(tx, &order.tenant, &parts)?;
    let mut affected = Vec::with_capacity(pairs.len());
    let mut counts = RedlineCounts::default();
    for (before, after) in &pairs {
        let mut old = before.as_ref().map_or_else(RedlineSide::default, |before| side(catalog, before, &details));
        let mut new = side(catalog, after, &details);
        keep_common_remarks(&mut old, &mut new);
        let redline = compare(&old, &new);
        if after.kind == part::KIND {
            let own = redline.counts();
            counts.added += own.added;
            counts.removed += own.removed;
            counts.changed += own.changed;
        }
        affected.push(Affected { record: after.reference(), before: before.as_ref().map(Record::reference), redline });
    }
    Ok(OrderRedline { affected, counts })
}

/// The revision that counted before this one, or would be superseded by it.
fn before(tx: &mut dyn Read, after: &Record) -> Result<Option<Record>> {
    let revisions = record::revisions_of_item(tx, &after.tenant, &after.item)?;
    let own = revisions.iter().position(|revision| revision.id == after.id).unwrap_or(0);
    let earlier = revisions.into_iter().take(own).rev();
    Ok(earlier.into_iter().find(|revision| matches!(revision.phase, Phase::Effective | Phase::Closed)))
}

/// These parts with their own lines as one side of a comparison.
pub(crate) fn side_of_parts(tx: &mut dyn Read, tenant: &str, parts: &[&Record]) -> Result<RedlineSide> {
    let details = Details::load(tx, tenant, parts)?;
    let mut whole = RedlineSide::default();
    for part in parts {
        whole.items.push(details.item(part));
        whole.lines.extend(details.lines(part));
    }
    Ok(whole)
}

fn side(catalog: &Catalog, record: &Record, details: &Details) -> RedlineSide {
    let mut item = details.item(record);
    let fields = catalog.kind(&record.kind).map(|kind| kind.fields.as_slice()).unwrap_or_default();
    for field in fields.iter().filter(|field| !(record.kind == part::KIND && field.name == "category")) {
        if let Some(value) = record.fields.get(&field.name) {
            item.attributes.insert(field.label.clone(), field_display(field, value));
        }
    }
    for (name, digest) in record.fields.get(FILES_FIELD).and_then(Json::as_object).into_iter().flatten() {
        item.attributes.insert(format!("File {name}"), digest.as_str().unwrap_or("").chars().take(12).collect());
    }
    RedlineSide { top: String::new(), items: vec![item], lines: details.lines(record).collect() }
}

/// A remark on something that is only on one side says nothing more than that it came or went.
fn keep_common_remarks(old: &mut RedlineSide, new: &mut RedlineSide) {
    for (old, new) in old.items.iter_mut().zip(&mut new.items) {
        let is_status = |label: &str| label.starts_with(STATUS_OF);
        let gone: Vec<_> = old.attributes.keys().filter(|label| is_status(label) && !new.attributes.contains_key(*label)).cloned().collect();
        let come: Vec<_> = new.attributes.keys().filter(|label| is_status(label) && !old.attributes.contains_key(*label)).cloned().collect();
        gone.iter().for_each(|label| {
            old.attributes.remove(label);
        });
        come.iter().for_each(|label| {
            new.attributes.remove(label);
        });
    }
}

const STATUS_OF: &str = "Status of ";

/// Lines and manufacturer parts of many revisions, by revision.
struct Details {
    lines: HashMap<String, Vec<Line>>,
    sources: HashMap<String, Vec<SourcedPart>>,
}

impl Details {
    fn load(tx: &mut dyn Read, tenant: &str, parts: &[&Record]) -> Result<Self> {
        let ids: Vec<_> = parts.iter().map(|part| part.id.clone()).collect();
        let mut details = Self { lines: HashMap::new(), sources: HashMap::new() };
        for line in part::lines_of_many(tx, tenant, &ids)? {
            details.lines.entry(line.parent.clone()).or_default().push(line);
        }
        for source in part::sources_of_many(tx, tenant, &ids)? {
            details.sources.entry(source.part.clone()).or_default().push(source);
        }
        Ok(details)
    }

    fn item(&self, record: &Record) -> RedlineItem {
        let sources = self.sources.get(&record.id).map(Vec::as_slice).unwrap_or_default();
        let mut attributes = BTreeMap::new();
        for source in sources {
            let label = format!("{STATUS_OF}{} {}", source.manufacturer, source.mpn);
            attributes.insert(label.trim_end().to_owned(), source.status.label().to_owned());
        }
        for line in self.lines.get(&record.id).into_iter().flatten().filter(|line| !line.note.is_empty()) {
            attributes.insert(format!("Note on line {}", line.find_number), line.note.clone());
        }
        RedlineItem {
            number: record.number.clone(),
            name: record.title.clone(),
            revision: String::new(),
            category: if record.kind == part::KIND { record.field_text("category").to_owned() } else { String::new() },
            manufacturer_parts: sources
                .iter()
                .map(|source| ManufacturerPart { manufacturer: source.manufacturer.clone(), part_number: source.mpn.clone() })
                .collect(),
            attributes,
        }
    }

    fn lines(&self, record: &Record) -> impl Iterator<Item = RedlineLine> {
        self.lines.get(&record.id).into_iter().flatten().map(|line| RedlineLine {
            uid: Some(line.line_uid.clone()),
            parent: record.number.clone(),
            find_number: u32::try_from(line.find_number).ok(),
            child: line.child_number.clone(),
            quantity: line.quantity,
            unit: line.unit,
            designators: line.designators.clone(),
        })
    }
}
