//! Rows to items and lines: the same item in several rows is one item, and must be the same.

use super::arrange::{Draft, arrange};
use super::columns::{Field, Header};
use super::levels::Placement;
use super::rows::ParsedRow;
use super::{ImportOptions, ImportedItem, ImportedLine, ImportedStructure, Notice, TopItem};
use crate::structure::sheet::Sheet;
use base::quantity::{Quantity, Unit};
use base::{Error, Refusal, RefusalKind, Result, limits, text};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Turns placed rows into a structure.
pub fn merge(
    sheet: &Sheet,
    header: &Header,
    rows: &[ParsedRow],
    placement: &Placement,
    options: &ImportOptions,
) -> Result<ImportedStructure> {
    let mut merger = Merger { sheet, header, rows, options, items: Items::default(), own: Vec::new() };
    merger.add_rows()?;
    let (top, lists) = match placement {
        Placement::Tree(parents) => merger.tree(parents)?,
        Placement::Named => merger.named()?,
    };
    let find_numbers_stated = rows.iter().any(|row| row.find_number.is_some());
    let lines = merger.lines(&lists, find_numbers_stated)?;
    let top_row = merger.items.drafts.get(top).and_then(|draft| draft.row).and_then(|row| rows.get(row));
    let top_unit = top_row.and_then(|row| row.unit).unwrap_or_default();
    let items = merger.items.drafts.into_iter().map(|draft| draft.item).collect();
    let draft = Draft { items, lines, top, top_unit, leave_out: options.top.is_some() };
    let mut structure = arrange(draft, |row| sheet.row_place(row))?;
    structure.line_count = rows.len();
    structure.find_numbers_stated = find_numbers_stated;
    note_designators(sheet, header, &mut structure);
    Ok(structure)
}

/// An item and the row that described it first; nothing for an item that has no row of its own.
struct DraftItem {
    item: ImportedItem,
    row: Option<usize>,
}

#[derive(Default)]
struct Items {
    drafts: Vec<DraftItem>,
    by_number: HashMap<String, usize>,
    /// Numbers folded, to find those that differ only in case or accents.
    by_folded: HashMap<String, usize>,
}

/// The rows that make up the list of one item, the item first.
type List = (usize, Vec<usize>);

struct Merger<'a> {
    sheet: &'a Sheet,
    header: &'a Header,
    rows: &'a [ParsedRow],
    options: &'a ImportOptions,
    items: Items,
    /// The item of each row.
    own: Vec<usize>,
}

impl Merger<'_> {
    fn add_rows(&mut self) -> Result<()> {
        for (index, row) in self.rows.iter().enumerate() {
            let item = ImportedItem {
                number: row.number.clone(),
                name: row.name.clone(),
                file_revision: row.revision.clone(),
                category: row.category.clone(),
                unit: Unit::default(),
                manufacturer_parts: row.manufacturer_parts.clone(),
            };
            let item = self.add(item, Some(index), row.row, Field::Number)?;
            self.own.push(item);
        }
        Ok(())
    }

    /// The top and the list of each item, from the place of the rows.
    fn tree(&mut self, parents: &[Option<usize>]) -> Result<(usize, Vec<List>)> {
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.rows.len()];
        let mut highest = Vec::new();
        for (row, parent) in parents.iter().enumerate() {
            match parent.and_then(|parent| below.get_mut(parent)) {
                Some(list) => list.push(row),
                None => highest.push(row),
            }
        }
        let mut lists = Vec::new();
        let top = match (&self.options.top, highest.first()) {
            (Some(top), _) => {
                let top = self.add_top(top)?;
                lists.push((top, highest));
                top
            }
            (None, Some(row)) => {
                self.check_top_row(*row)?;
                self.own[*row]
            }
            (None, None) => return Err(Error::internal("no row is the highest")),
        };
        // The first occurrence that lists something speaks for the item; the others must agree.
        let mut reference: HashMap<usize, usize> = HashMap::new();
        for (row, list) in below.iter().enumerate().filter(|(_, list)| !list.is_empty()) {
            if let Entry::Vacant(entry) = reference.entry(self.own[row]) {
                entry.insert(row);
                lists.push((self.own[row], list.clone()));
            }
        }
        for (row, item) in self.own.iter().enumerate() {
            if let Some(first) = reference.get(item).filter(|first| **first != row) {
                self.same_list(*first, &below[*first], row, &below[row])?;
            }
        }
        Ok((top, lists))
    }

    /// Refuses a repeated item that lists other lines than where it was listed first.
    fn same_list(&self, first: usize, first_list: &[usize], row: usize, list: &[usize]) -> Result<()> {
        let (first, row) = (&self.rows[first], &self.rows[row]);
        if list.is_empty() && self.options.repeats_listed_once {
            return Ok(());
        }
        type Key<'k> = (&'k str, Option<Quantity>, Unit, &'k [String], Option<u32>);
        let keys = |list: &[usize]| {
            let key = |row: &usize| {
                let row = &self.rows[*row];
                let key: Key<'_> = (&row.number, row.quantity, row.unit.unwrap_or_default(), &row.designators, row.find_number);
                (key, row.row)
            };
            let mut keys: Vec<_> = list.iter().map(key).collect();
            keys.sort();
            keys
        };
        let (before, now) = (keys(first_list), keys(list));
        if before.len() == now.len() && before.iter().zip(&now).all(|(before, now)| before.0 == now.0) {
            return Ok(());
        }
        let at = before.iter().zip(&now).find(|(before, now)| before.0 != now.0).map_or_else(
            || format!("{} lines in row {} but {} in row {}", before.len(), first.row, now.len(), row.row),
            |(before, now)| format!("{} in row {} but {} in row {}", before.0.0, before.1, now.0.0, now.1),
        );
        let message =
            format!("{} (rows {} and {}) does not list the same lines both times: {at}", row.number, first.row, row.row);
        let refusal = Refusal::new(RefusalKind::Invalid, "list_differs", message).at(self.place(row.row, Field::Number));
        Err(if list.is_empty() {
            refusal.advise("If this file lists a repeated assembly only once, say so when importing.").into()
        } else {
            refusal.into()
        })
    }

    /// The top and the list of each item, from the parents that the rows name.
    fn named(&mut self) -> Result<(usize, Vec<List>)> {
        let mut lists: Vec<List> = Vec::new();
        let mut list_of: HashMap<usize, usize> = HashMap::new();
        let mut used = vec![false; self.items.drafts.len()];
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.parent.is_empty()) {
            let parent = ImportedItem { number: row.parent.clone(), ..ImportedItem::default() };
            let parent = self.add(parent, None, row.row, Field::Parent)?;
            used.resize(self.items.drafts.len(), false);
            used[self.own[index]] = true;
            let list = *list_of.entry(parent).or_insert_with(|| {
                lists.push((parent, Vec::new()));
                lists.len() - 1
            });
            lists[list].1.push(index);
        }
        let ends: Vec<_> = used.iter().enumerate().filter(|(_, used)| !**used).map(|(item, _)| item).collect();
        let top = match (&self.options.top, ends.as_slice()) {
            (Some(top), _) => self.items.by_number.get(&top.number).copied().ok_or_else(|| {
                let message = format!("{} is neither a parent nor a child in this file", top.number);
                Error::invalid("top", "no_such_top", message)
            })?,
            (None, [only]) => *only,
            // Every item is part of another: there is a cycle, and ordering will name it.
            (None, []) => 0,
            (None, [first, second, ..]) => return Err(self.several_tops(&lists, *first, *second)),
        };
        Ok((top, lists))
    }

    fn several_tops(&self, lists: &[List], first: usize, second: usize) -> Error {
        let row_of = |item: usize| {
            let own = self.items.drafts.get(item).and_then(|draft| draft.row);
            let listed = || lists.iter().find(|(parent, _)| *parent == item).and_then(|(_, rows)| rows.first().copied());
            own.or_else(listed).and_then(|row| self.rows.get(row)).map_or(0, |row| row.row)
        };
        let number = |item: usize| self.items.drafts.get(item).map_or("", |draft| &draft.item.number);
        let message = format!(
            "{} (row {}) and {} (row {}) are both part of nothing",
            number(first),
            row_of(first),
            number(second),
            row_of(second)
        );
        Refusal::new(RefusalKind::Invalid, "several_tops", message)
            .at(self.sheet.row_place(row_of(second)))
            .advise("A structure has one top. Say which item is meant; the others are then left out.")
            .into()
    }

    fn add_top(&mut self, top: &TopItem) -> Result<usize> {
        let number = text::clean_line("top.number", &top.number, limits::NUMBER_CHARS)?;
        if number.is_empty() {
            return Err(Error::invalid("top.number", "no_number", "the assembly needs a number"));
        }
        let name = text::clean_line("top.name", &top.name, limits::TITLE_CHARS)?;
        self.add(ImportedItem { number, name, ..ImportedItem::default() }, None, 0, Field::Number)
    }

    /// Quantities are for one top; a top that says otherwise would be read wrongly.
    fn check_top_row(&self, row: usize) -> Result<()> {
        let row = &self.rows[row];
        if row.quantity.is_some_and(|quantity| quantity != Quantity::ONE) {
            let message = format!("{} is the top; its quantity must be 1 or blank", row.number);
            return Err(Error::invalid(self.place(row.row, Field::Quantity), "top_quantity", message));
        }
        Ok(())
    }

    fn lines(&self, lists: &[List], find_numbers_stated: bool) -> Result<Vec<ImportedLine>> {
        let mut lines = Vec::with_capacity(self.rows.len());
        for (parent, list) in lists {
            if let Some(row) = list.get(limits::LINES_PER_PART).map(|row| self.rows[*row].row) {
                let message = format!("more than {} lines directly below one item", limits::LINES_PER_PART);
                return Err(Error::too_large(self.sheet.row_place(row), message));
            }
            let mut taken: HashMap<u32, u32> = HashMap::new();
            for (find_number, index) in (10_u32..).step_by(10).zip(list) {
                let row = &self.rows[*index];
                let find_number = if find_numbers_stated { self.stated_find_number(row)? } else { find_number };
                if let Some(other) = taken.insert(find_number, row.row) {
                    let message = format!("find number {find_number} is there twice below one item, also in row {other}");
                    return Err(Error::invalid(self.place(row.row, Field::FindNumber), "find_number_twice", message));
                }
                let Some(quantity) = row.quantity else {
                    let message = format!("{} has no quantity", row.number);
                    return Err(Error::invalid(self.place(row.row, Field::Quantity), "no_quantity", message));
                };
                lines.push(ImportedLine {
                    parent: *parent,
                    find_number,
                    child: self.own[*index],
                    quantity,
                    unit: row.unit.unwrap_or_default(),
                    designators: row.designators.clone(),
                    row: row.row,
                });
            }
        }
        Ok(lines)
    }

    fn stated_find_number(&self, row: &ParsedRow) -> Result<u32> {
        row.find_number.ok_or_else(|| {
            let message = format!("{} has no find number, but other lines have", row.number);
            Error::invalid(self.place(row.row, Field::FindNumber), "no_find_number", message)
        })
    }

    /// Adds an item or checks that it agrees with what an earlier row said.
    fn add(&mut self, item: ImportedItem, row: Option<usize>, row_number: u32, field: Field) -> Result<usize> {
        if let Some(known) = self.items.by_number.get(&item.number).copied() {
            if let Some(earlier) = self.items.drafts.get_mut(known) {
                match (earlier.row, row) {
                    (Some(first), Some(_)) => {
                        let first = self.rows.get(first).map_or(0, |row| row.row);
                        self.agree(known, &item, first, row_number)?;
                    }
                    (None, Some(_)) => *earlier = DraftItem { item, row },
                    _ => {}
                }
            }
            return Ok(known);
        }
        let new = self.items.drafts.len();
        if let Some(similar) = self.items.by_folded.insert(text::fold(&item.number), new) {
            let other = self.items.drafts.get(similar).map_or("", |draft| &draft.item.number);
            let message = format!("{} and {other} differ only in case or accents", item.number);
            return Err(Error::invalid(self.place(row_number, field), "number_similar", message));
        }
        self.items.by_number.insert(item.number.clone(), new);
        self.items.drafts.push(DraftItem { item, row });
        Ok(new)
    }

    fn agree(&self, known: usize, item: &ImportedItem, first_row: u32, row: u32) -> Result<()> {
        let Some(earlier) = self.items.drafts.get(known).map(|draft| &draft.item) else { return Ok(()) };
        let parts = |item: &ImportedItem| {
            let shown: Vec<_> =
                item.manufacturer_parts.iter().map(|part| format!("{} {}", part.manufacturer, part.part_number)).collect();
            shown.join("; ")
        };
        let different = [
            (Field::Name, &earlier.name, &item.name),
            (Field::Revision, &earlier.file_revision, &item.file_revision),
            (Field::Category, &earlier.category, &item.category),
            (Field::ManufacturerPart(1), &parts(earlier), &parts(item)),
        ];
        for (field, before, now) in different {
            if before != now {
                let message =
                    format!("{} has {} “{before}” in row {first_row} but “{now}” in row {row}", item.number, field.title());
                return Err(Error::invalid(self.place(row, field), "item_differs", message));
            }
        }
        Ok(())
    }

    fn place(&self, row: u32, field: Field) -> String {
        self.header.column(field).map_or_else(|| self.sheet.row_place(row), |column| self.sheet.place(row, column))
    }
}

/// Where the quantity and the number of designators differ, and where one stands on two lines.
fn note_designators(sheet: &Sheet, header: &Header, structure: &mut ImportedStructure) {
    let Some(column) = header.column(Field::Designators) else { return };
    let mut seen: HashMap<(usize, &str), u32> = HashMap::new();
    let mut notices = Vec::new();
    for line in &structure.lines {
        let count = line.designators.len();
        let place = || sheet.place(line.row, column);
        if count > 0 && i64::try_from(count).ok().and_then(Quantity::whole) != Some(line.quantity) {
            let text = format!("{count} reference designators for a quantity of {}", line.quantity);
            notices.push(Notice { place: place(), text });
        }
        for designator in &line.designators {
            if let Some(row) = seen.insert((line.parent, designator), line.row) {
                notices.push(Notice { place: place(), text: format!("{designator} also stands in row {row}") });
            }
        }
    }
    structure.notices.extend(notices);
}
