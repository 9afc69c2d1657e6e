//! What changed between two structures: always computed, never typed.
//!
//! A line is the same line when its identity is (known for structures kept here), else when its
//! find number is, else when its child is. So the lines of two files that were only renumbered or
//! copied do not all show as removed and added.

mod pairs;

use super::import::{ImportedStructure, ManufacturerPart};
use base::quantity::{Quantity, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RedlineSide {
    /// The number of the top. The two tops are compared with each other whatever their numbers.
    pub top: String,
    pub items: Vec<RedlineItem>,
    pub lines: Vec<RedlineLine>,
}

/// An item as it is compared; the number identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RedlineItem {
    pub number: String,
    pub name: String,
    /// Leave empty where a change of revision alone is no news.
    pub revision: String,
    pub category: String,
    pub manufacturer_parts: Vec<ManufacturerPart>,
    /// Further fields by their label.
    pub attributes: BTreeMap<String, String>,
}

/// A line as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedlineLine {
    /// The line's identity through all revisions, if it has one.
    pub uid: Option<String>,
    /// The parent's number.
    pub parent: String,
    /// Nothing where the find number was only counted out by an import.
    pub find_number: Option<u32>,
    /// The child's number.
    pub child: String,
    pub quantity: Quantity,
    pub unit: Unit,
    pub designators: Vec<String>,
}

/// What about a line or an item changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    FindNumber,
    /// Another item on the same line.
    Child,
    Quantity,
    Unit,
    Designators,
    /// The top's own number.
    Number,
    Name,
    Revision,
    Category,
    ManufacturerParts,
    /// A further field, by its label.
    Attribute(String),
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::FindNumber => "find number",
            Self::Child => "item",
            Self::Quantity => "quantity",
            Self::Unit => "unit",
            Self::Designators => "reference designators",
            Self::Number => "number",
            Self::Name => "name",
            Self::Revision => "revision",
            Self::Category => "category",
            Self::ManufacturerParts => "manufacturer parts",
            Self::Attribute(label) => label,
        })
    }
}

/// One difference, as text for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    pub what: What,
    pub before: String,
    pub after: String,
}

/// A line on both sides that is not the same on both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedLine {
    pub before: RedlineLine,
    pub after: RedlineLine,
    pub changes: Vec<Change>,
}

/// An item on both sides that is not the same on both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChangedItem {
    /// The number on the newer side.
    pub number: String,
    pub name: String,
    pub changes: Vec<Change>,
}

/// Every difference between two structures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redline {
    pub added: Vec<RedlineLine>,
    pub removed: Vec<RedlineLine>,
    pub changed_lines: Vec<ChangedLine>,
    pub changed_items: Vec<ChangedItem>,
}

/// How much changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RedlineCounts {
    /// Lines.
    pub added: usize,
    /// Lines.
    pub removed: usize,
    /// Lines and items, each once, however much of it changed.
    pub changed: usize,
}

impl Redline {
    pub fn counts(&self) -> RedlineCounts {
        RedlineCounts {
            added: self.added.len(),
            removed: self.removed.len(),
            changed: self.changed_lines.len() + self.changed_items.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.counts() == RedlineCounts::default()
    }

    /// Every single change, items first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let items = self.changed_items.iter().flat_map(|item| &item.changes);
        items.chain(self.changed_lines.iter().flat_map(|line| &line.changes))
    }
}

/// Compares two structures, all levels at once: each assembly's own lines with its own lines.
pub fn compare(before: &RedlineSide, after: &RedlineSide) -> Redline {
    let mut redline = Redline { changed_items: changed_items(before, after), ..Redline::default() };
    for (before, after) in pairs::pair(before, after) {
        match (before, after) {
            (Some(before), Some(after)) => {
                let changes = line_changes(before, after);
                if !changes.is_empty() {
                    redline.changed_lines.push(ChangedLine { before: before.clone(), after: after.clone(), changes });
                }
            }
            (Some(before), None) => redline.removed.push(before.clone()),
            (None, Some(after)) => redline.added.push(after.clone()),
            (None, None) => {}
        }
    }
    redline
}

/// Items on both sides, in the order of the newer one. What is only on one side shows as its lines.
fn changed_items(before: &RedlineSide, after: &RedlineSide) -> Vec<ChangedItem> {
    let known: HashMap<_, _> = before.items.iter().map(|item| (before.identity(&item.number), item)).collect();
    let compared = after.items.iter().filter_map(|item| {
        let changes = item_changes(known.get(&after.identity(&item.number))?, item);
        let changed = ChangedItem { number: item.number.clone(), name: item.name.clone(), changes };
        (!changed.changes.is_empty()).then_some(changed)
    });
    compared.collect()
}

fn item_changes(before: &RedlineItem, after: &RedlineItem) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what, before: &str, after: &str| {
        if before != after {
            changes.push(Change { what, before: before.to_owned(), after: after.to_owned() });
        }
    };
    note(What::Number, &before.number, &after.number);
    note(What::Name, &before.name, &after.name);
    note(What::Revision, &before.revision, &after.revision);
    note(What::Category, &before.category, &after.category);
    let labels: std::collections::BTreeSet<_> = before.attributes.keys().chain(after.attributes.keys()).collect();
    for label in labels {
        let value = |item: &RedlineItem| item.attributes.get(label).cloned().unwrap_or_default();
        note(What::Attribute(label.clone()), &value(before), &value(after));
    }
    // Compared as they are, not as they are shown: maker and number may join to the same text.
    if before.manufacturer_parts != after.manufacturer_parts {
        let (before, after) = (sources(&before.manufacturer_parts), sources(&after.manufacturer_parts));
        changes.push(Change { what: What::ManufacturerParts, before, after });
    }
    changes
}

fn sources(parts: &[ManufacturerPart]) -> String {
    let shown: Vec<_> =
        parts.iter().map(|part| format!("{} {}", part.manufacturer, part.part_number).trim().to_owned()).collect();
    shown.join("; ")
}

fn line_changes(before: &RedlineLine, after: &RedlineLine) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what, differs: bool, before: String, after: String| {
        if differs {
            changes.push(Change { what, before, after });
        }
    };
    // A find number that only an import counted out says nothing, so it cannot have changed.
    if let (Some(before), Some(after)) = (before.find_number, after.find_number) {
        note(What::FindNumber, before != after, before.to_string(), after.to_string());
    }
    note(What::Child, before.child != after.child, before.child.clone(), after.child.clone());
    note(What::Quantity, before.quantity != after.quantity, before.quantity.to_string(), after.quantity.to_string());
    note(What::Unit, before.unit != after.unit, before.unit.to_string(), after.unit.to_string());
    let sorted = |line: &RedlineLine| {
        let mut designators = line.designators.clone();
        designators.sort();
        designators
    };
    let designators_differ = sorted(before) != sorted(after);
    note(What::Designators, designators_differ, before.designators.join(", "), after.designators.join(", "));
    changes
}

impl RedlineSide {
    /// What an item is found by on the other side: its number, or that it is the top.
    fn identity<'a>(&self, number: &'a str) -> Option<&'a str> {
        (number != self.top).then_some(number)
    }
}

impl From<&ImportedStructure> for RedlineSide {
    fn from(structure: &ImportedStructure) -> Self {
        let items = structure.items.iter().map(|item| RedlineItem {
            number: item.number.clone(),
            name: item.name.clone(),
            revision: item.file_revision.clone(),
            category: item.category.clone(),
            manufacturer_parts: item.manufacturer_parts.clone(),
            attributes: BTreeMap::new(),
        });
        let lines = structure.lines.iter().map(|line| RedlineLine {
            uid: None,
            parent: structure.number(line.parent).to_owned(),
            find_number: structure.find_numbers_stated.then_some(line.find_number),
            child: structure.number(line.child).to_owned(),
            quantity: line.quantity,
            unit: line.unit,
            designators: line.designators.clone(),
        });
        Self { top: structure.number(structure.top).to_owned(), items: items.collect(), lines: lines.collect() }
    }
}
