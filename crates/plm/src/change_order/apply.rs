//! Applying a structure file to an order: what the file says differently from what is released
//! becomes new revisions on the order. Nobody types a difference.

use super::{AFFECTS, affected};
use crate::part::{self, Birth, CheckedLine};
use crate::redline;
use crate::structure::import::ImportedStructure;
use crate::structure::redline::{Redline, RedlineSide, What, compare};
use base::quantity::Unit;
use base::{Error, Result};
use kernel::authority::Permit;
use kernel::link;
use kernel::record::{self, Edit, Record};
use kernel::trail::WriteTx;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Find numbers of added lines go in tens, where the file states none.
const FIND_NUMBER_STEP: i64 = 10;

/// Compares the file with what counts (or is on this order already) and writes what differs.
pub(super) fn apply(tx: &mut WriteTx<'_>, permit: &Permit, order: &Record, mut file: ImportedStructure) -> Result<Json> {
    tx.raise_stamp(part::STRUCTURE_STAMP)?;
    let bases = bases(tx, permit, order, &file)?;
    let mut before = redline::side_of_parts(tx, &order.tenant, &bases.iter().collect::<Vec<_>>())?;
    let stated = Stated::of(&file);
    stated.complete(&mut file, &before);
    let not_listed = leave_unlisted(&mut before, &file);
    let (before, after) = (stated.only(before), stated.only(file_side(&file)));
    let difference = compare(&before, &after);
    let by_number: BTreeMap<&str, &Record> = bases.iter().map(|part| (part.number.as_str(), part)).collect();
    let changed = changed_numbers(&difference, &by_number);
    let new: Vec<usize> = (0..file.items.len()).filter(|index| !by_number.contains_key(file.number(*index))).collect();
    if changed.is_empty() && new.is_empty() {
        return Err(Error::conflict("nothing_changed", "The file says what is there already; there is nothing to change."));
    }
    let present: BTreeSet<_> = affected::links_to_affected(tx, order)?.into_iter().map(|link| link.target_item).collect();
    let joining = changed.iter().filter(|number| by_number.get(*number).is_some_and(|part| !present.contains(&part.item)));
    affected::check_room(tx, order, joining.count() + new.len())?;

    let known: BTreeMap<String, String> = bases.iter().map(|part| (part.number.clone(), part.item.clone())).collect();
    let birth = Birth { state: None, site: order.site.as_deref(), effective_on: None };
    let made = part::new_parts(tx, &file, &new, &birth, &known)?;
    let items: HashMap<String, (String, Unit)> = bases
        .iter()
        .chain(&made)
        .map(|part| Ok((part.number.clone(), (part.item.clone(), part::unit_of(part)?))))
        .collect::<Result<_>>()?;
    let mut joined: Vec<Record> = made;
    let new_parts = joined.len();
    let mut writer = Writer { file: &file, difference: &difference, stated: &stated, items: &items };
    let mut revised = 0;
    for number in &changed {
        let Some(base) = by_number.get(number) else { continue };
        let working = if present.contains(&base.item) { (*base).clone() } else { affected::working_revision(tx, permit, order, base)? };
        let written = writer.write(tx, &working)?;
        revised += 1;
        if !present.contains(&base.item) {
            joined.push(written);
        }
    }
    let links: Vec<_> = joined
        .iter()
        .map(|part| (order.id.clone(), order.item.clone(), AFFECTS.to_owned(), Some(part.id.clone()), part.item.clone()))
        .collect();
    link::add_many(tx, &links)?;
    let touched: Vec<_> = changed.iter().filter_map(|number| items.get(*number)).map(|(item, _)| item.clone()).chain(joined.iter().map(|part| part.item.clone())).collect();
    part::check_structures(tx, &order.tenant, &touched, part::Configuration::Working)?;
    let catalog = tx.catalog();
    let counts = redline::of_order(tx, &catalog, permit.viewer(), order)?.counts;
    Ok(json!({
        "order": order.id,
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "revised_parts": revised,
        "new_parts": new_parts,
        "not_listed": not_listed,
        "left_out_rows": file.left_out_rows,
    }))
}

/// For each part of the file that exists: the revision on this order, else the one that counts.
fn bases(tx: &mut WriteTx<'_>, permit: &Permit, order: &Record, file: &ImportedStructure) -> Result<Vec<Record>> {
    let numbers: Vec<_> = file.items.iter().map(|item| item.number.as_str()).collect();
    let counting = part::parts_numbered(tx, &order.tenant, &numbers)?;
    let on_order = link::targets(tx, order, AFFECTS)?;
    let working: HashMap<&str, &Record> = on_order.iter().map(|record| (record.item.as_str(), record)).collect();
    let mut bases = Vec::with_capacity(counting.len());
    for record in counting {
        if !permit.viewer().sees(&record) {
            // The number is taken by a part of another site; that it exists is all that is said.
            return Err(Error::conflict("number_taken", format!("The number {} is taken; numbers are never used twice.", record.number)));
        }
        bases.push(working.get(record.item.as_str()).map_or(record, |working| (*working).clone()));
    }
    Ok(bases)
}

/// An assembly without a single line in the file is not expanded there, as in many partial exports;
/// that is no reason to empty it. Answers the numbers of those that are left as they are.
fn leave_unlisted(before: &mut RedlineSide, file: &ImportedStructure) -> BTreeSet<String> {
    let listed: BTreeSet<&str> = file.lines.iter().map(|line| file.number(line.parent)).collect();
    let (kept, unlisted) = std::mem::take(&mut before.lines).into_iter().partition(|line| listed.contains(line.parent.as_str()));
    before.lines = kept;
    unlisted.into_iter().map(|line| line.parent).collect()
}

/// What the file says at all: a column that is not there says nothing, and so changes nothing.
struct Stated {
    names: bool,
    categories: bool,
    sources: bool,
    designators: bool,
    units: bool,
}

impl Stated {
    fn of(file: &ImportedStructure) -> Self {
        Self {
            names: file.items.iter().any(|item| !item.name.is_empty()),
            categories: file.items.iter().any(|item| !item.category.is_empty()),
            sources: file.items.iter().any(|item| !item.manufacturer_parts.is_empty()),
            designators: file.lines.iter().any(|line| !line.designators.is_empty()),
            units: file.lines.iter().any(|line| line.unit != Unit::default()),
        }
    }

    /// Numbers as they are written here, and names where a single cell is blank.
    fn complete(&self, file: &mut ImportedStructure, before: &RedlineSide) {
        let known: HashMap<String, _> = before.items.iter().map(|item| (base::text::fold(&item.number), item)).collect();
        for item in &mut file.items {
            if let Some(known) = known.get(&base::text::fold(&item.number)) {
                item.number.clone_from(&known.number);
                if item.name.is_empty() {
                    item.name.clone_from(&known.name);
                }
            }
        }
    }

    /// A side without what the file does not state.
    fn only(&self, mut side: RedlineSide) -> RedlineSide {
        for item in &mut side.items {
            item.attributes.clear();
            if !self.names {
                item.name.clear();
            }
            if !self.categories {
                item.category.clear();
            }
            if !self.sources {
                item.manufacturer_parts.clear();
            }
        }
        for line in &mut side.lines {
            if !self.designators {
                line.designators.clear();
            }
            if !self.units {
                line.unit = Unit::default();
            }
        }
        side
    }
}

/// The file as a side of the comparison, told by numbers alone: every part stands for itself, and
/// what the file calls its revision is no news.
fn file_side(file: &ImportedStructure) -> RedlineSide {
    let mut side = RedlineSide::from(file);
    side.top.clear();
    for item in &mut side.items {
        item.revision.clear();
    }
    side
}

/// The existing parts that the file says something different about, in the order of their numbers.
fn changed_numbers<'a>(difference: &'a Redline, existing: &BTreeMap<&str, &Record>) -> BTreeSet<&'a str> {
    let items = difference.changed_items.iter().map(|item| item.number.as_str());
    let lines = difference.changed_lines.iter().map(|line| line.after.parent.as_str());
    let moved = difference.added.iter().chain(&difference.removed).map(|line| line.parent.as_str());
    items.chain(lines).chain(moved).filter(|number| existing.contains_key(number)).collect()
}

struct Writer<'a> {
    file: &'a ImportedStructure,
    difference: &'a Redline,
    stated: &'a Stated,
    /// Item and unit of every part by its number.
    items: &'a HashMap<String, (String, Unit)>,
}

impl Writer<'_> {
    /// Makes a working revision say what the file says.
    fn write(&mut self, tx: &mut WriteTx<'_>, working: &Record) -> Result<Record> {
        let edited = self.write_fields(tx, working)?;
        self.write_sources(tx, &edited)?;
        self.write_lines(tx, &edited)?;
        part::refresh_detail(tx, &edited)
    }

    fn write_fields(&self, tx: &mut WriteTx<'_>, working: &Record) -> Result<Record> {
        let mut edit = Edit::default();
        let changes = self.difference.changed_items.iter().filter(|item| item.number == working.number).flat_map(|item| &item.changes);
        for change in changes {
            match change.what {
                What::Name => edit.title = Some(change.after.clone()),
                What::Category => {
                    edit.fields.insert("category".to_owned(), change.after.as_str().into());
                }
                _ => {}
            }
        }
        if edit.title.is_none() && edit.fields.is_empty() {
            return Ok(working.clone());
        }
        record::edit(tx, working, working.version, edit)
    }

    fn write_sources(&self, tx: &mut WriteTx<'_>, working: &Record) -> Result<()> {
        let of_this = self.difference.changed_items.iter().filter(|item| item.number == working.number);
        if !of_this.flat_map(|item| &item.changes).any(|change| change.what == What::ManufacturerParts) {
            return Ok(());
        }
        let Some(item) = self.file.items.iter().find(|item| item.number == working.number) else { return Ok(()) };
        let present = part::sources_of(tx, &working.tenant, &working.id)?;
        let mut wanted = part::checked_sources(item);
        // What stays the same keeps its identity and status; the others are paired in their order.
        let mut left: Vec<_> = present.iter().collect();
        let mut pairs = Vec::new();
        wanted.retain_mut(|source| {
            let same = left.iter().position(|old| old.manufacturer == source.manufacturer && old.mpn == source.mpn);
            let Some(same) = same else { return true };
            let old = left.remove(same);
            if old.position != source.position {
                source.status = old.status;
                pairs.push((Some(old), source.clone()));
            }
            false
        });
        let mut left = left.into_iter();
        pairs.extend(wanted.into_iter().map(|source| (left.next(), source)));
        for gone in left {
            part::end_source(tx, gone, "part.source_removed")?;
        }
        for (old, source) in pairs {
            let (uid, action) = match old {
                Some(old) => {
                    part::end_source(tx, old, "part.source_replaced")?;
                    (old.source_uid.clone(), "part.source_changed")
                }
                None => (tx.new_id(), "part.source_added"),
            };
            part::insert_sources(tx, working, action, vec![(uid, source)])?;
        }
        Ok(())
    }

    fn write_lines(&self, tx: &mut WriteTx<'_>, working: &Record) -> Result<()> {
        let own = |parent: &str| parent == working.number;
        let removed = self.difference.removed.iter().filter(|line| own(&line.parent));
        let changed: Vec<_> = self.difference.changed_lines.iter().filter(|line| own(&line.after.parent)).collect();
        let added: Vec<_> = self.difference.added.iter().filter(|line| own(&line.parent)).collect();
        let present = part::lines_of(tx, &working.tenant, &working.id)?;
        let by_uid: HashMap<&str, &part::Line> = present.iter().map(|line| (line.line_uid.as_str(), line)).collect();
        let known = |uid: &Option<String>| {
            let line = uid.as_deref().and_then(|uid| by_uid.get(uid)).copied();
            line.ok_or_else(|| Error::internal("a line of the comparison is not in the revision"))
        };
        for line in removed {
            part::end_line(tx, known(&line.uid)?, "part.line_removed")?;
        }
        let mut rewritten = Vec::new();
        for line in &changed {
            let old = known(&line.before.uid)?;
            part::end_line(tx, old, "part.line_replaced")?;
            let find_number = line.after.find_number.map_or(old.find_number, i64::from);
            let checked = CheckedLine {
                designators: if self.stated.designators { line.after.designators.clone() } else { old.designators.clone() },
                note: old.note.clone(),
                ..self.line(&line.after, find_number, if self.stated.units { line.after.unit } else { old.unit })?
            };
            rewritten.push((old.line_uid.clone(), checked));
        }
        part::insert_lines(tx, working, "part.line_changed", rewritten)?;
        let mut last = present.iter().map(|line| line.find_number).max().unwrap_or(0);
        let mut new = Vec::new();
        for line in added {
            last = (last / FIND_NUMBER_STEP + 1) * FIND_NUMBER_STEP;
            let find_number = line.find_number.map_or(last, i64::from);
            let unit = if self.stated.units { line.unit } else { self.child(&line.child)?.1 };
            new.push((tx.new_id(), self.line(line, find_number, unit)?));
        }
        part::insert_lines(tx, working, "part.line_added", new)
    }

    fn child(&self, number: &str) -> Result<&(String, Unit)> {
        self.items.get(number).ok_or_else(|| Error::internal(format!("{number} is no part of the file")))
    }

    fn line(&self, line: &crate::structure::redline::RedlineLine, find_number: i64, unit: Unit) -> Result<CheckedLine> {
        let (item, child_unit) = self.child(&line.child)?;
        if let Err(error) = line.quantity.convert(unit, *child_unit) {
            let message = format!("{} in {} is counted in {}: {error}", line.child, line.parent, child_unit.code());
            return Err(Error::invalid("file", "unit_mismatch", message));
        }
        Ok(CheckedLine {
            find_number,
            child_item: item.clone(),
            quantity: line.quantity,
            unit,
            designators: line.designators.clone(),
            note: String::new(),
        })
    }
}
