//! A structure to a level-indented XLSX workbook that imports as itself.
//!
//! The columns are those of the indented lists that engineers pass around; four leading blanks of
//! the number are one level. Same structure, same bytes: nothing of the clock goes in.

use super::graph::{Edge, Graph};
use super::import::{ImportedItem, ImportedLine, ImportedStructure};
use base::text::is_formula;
use base::{Error, Refusal, RefusalKind, Result, limits};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::collections::HashSet;

/// Leading blanks of the number for each level.
const BLANKS_PER_LEVEL: usize = 4;
/// How an assembly that is used more than once is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// With its lines every time: what most readers expect.
    #[default]
    Expanded,
    /// With its lines the first time only. Imports again with `repeats_listed_once`; the only way
    /// for structures whose paths outnumber the rows of a sheet.
    ListedOnce,
}

/// Writes the structure. Refused when it needs more rows than an import takes.
pub fn export_xlsx(structure: &ImportedStructure, repeats: Repeats) -> Result<Vec<u8>> {
    let rows = rows(structure, repeats)?;
    let sources = structure.items.iter().map(|item| item.manufacturer_parts.len()).max().unwrap_or(0).max(1);
    if sources > limits::MANUFACTURER_PARTS_PER_ITEM {
        let message = format!("more than {} manufacturer parts for one item", limits::MANUFACTURER_PARTS_PER_ITEM);
        return Err(Error::too_large("export", message));
    }
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1).map_err(fault)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let mut table = Table {
        sheet: workbook.add_worksheet(),
        // Text format keeps a spreadsheet from turning an edited "1-2" into a date.
        text: Format::new().set_num_format("@"),
        sources,
        find_numbers: structure.find_numbers_stated,
    };
    table.titles()?;
    for (number, (level, line)) in (1_u32..).zip(rows) {
        let line = line.and_then(|line| structure.lines.get(line));
        let item = structure.items.get(line.map_or(structure.top, |line| line.child));
        table.row(number, level, item.ok_or_else(|| Error::internal("a line names no item"))?, line)?;
    }
    workbook.save_to_buffer().map_err(fault)
}

/// Levels and lines in the order of walking down; the top has no line.
fn rows(structure: &ImportedStructure, repeats: Repeats) -> Result<Vec<(usize, Option<usize>)>> {
    let node = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    let edge = |line: &ImportedLine| Edge { parent: node(line.parent), child: node(line.child), quantity: line.quantity };
    let graph = Graph::new(structure.items.len(), structure.lines.iter().map(edge).collect()).map_err(Error::internal)?;
    let lines_of = |item: u32| graph.lines_of(item).map(|(line, edge)| (line, edge.child)).collect::<Vec<_>>().into_iter();
    let top = node(structure.top);
    let mut rows = vec![(0, None)];
    let mut listed = HashSet::from([top]);
    let mut open = vec![lines_of(top)];
    while let Some(lines) = open.last_mut() {
        let Some((line, child)) = lines.next() else {
            open.pop();
            continue;
        };
        if rows.len() == limits::IMPORT_LINES {
            let message = format!("written out, the structure has more than {} rows", limits::IMPORT_LINES);
            let refusal = Refusal::new(RefusalKind::TooLarge, "too_large", message).at("export");
            return Err(refusal.advise("List repeated assemblies once, or export one sub-assembly.").into());
        }
        rows.push((open.len(), usize::try_from(line).ok()));
        if listed.insert(child) || repeats == Repeats::Expanded {
            open.push(lines_of(child));
        }
    }
    Ok(rows)
}

struct Table<'a> {
    sheet: &'a mut Worksheet,
    text: Format,
    sources: usize,
    find_numbers: bool,
}

impl Table<'_> {
    fn titles(&mut self) -> Result<()> {
        let bold = Format::new().set_bold();
        let titles = ["Number", "Name", "Version", "Quantity", "ID", "Category", "Manufacturer", "Manufacturer Part Number"];
        let mut titles: Vec<_> = titles.iter().map(|title| (*title).to_owned()).collect();
        for source in 2..=self.sources {
            titles.push(format!("Manufacturer {source}"));
            titles.push(format!("Manufacturer Part Number {source}"));
        }
        titles.push("Unit".to_owned());
        if self.find_numbers {
            titles.push("Find number".to_owned());
        }
        for (column, title) in (0_u16..).zip(&titles) {
            self.sheet.write_string_with_format(0, column, title, &bold).map_err(fault)?;
            let width = match column {
                0 => 36,
                1 => 60,
                _ => 22,
            };
            self.sheet.set_column_width(column, width).map_err(fault)?;
        }
        self.sheet.set_freeze_panes(1, 0).map_err(fault)?;
        Ok(())
    }

    fn row(&mut self, row: u32, level: usize, item: &ImportedItem, line: Option<&ImportedLine>) -> Result<()> {
        let number = format!("{}{}", " ".repeat(level * BLANKS_PER_LEVEL), guarded(&item.number));
        self.raw(row, 0, &number)?;
        self.text(row, 1, &item.name)?;
        self.text(row, 2, &item.file_revision)?;
        if let Some(line) = line {
            // The nearest binary number shows the same 15 digits, which hold every quantity a line may have.
            let quantity: f64 = line.quantity.to_string().parse().map_err(Error::internal)?;
            self.sheet.write_number(row, 3, quantity).map_err(fault)?;
            self.text(row, 4, &line.designators.join(", "))?;
        }
        self.text(row, 5, &item.category)?;
        let mut column = 6;
        for part in &item.manufacturer_parts {
            self.text(row, column, &part.manufacturer)?;
            self.text(row, column + 1, &part.part_number)?;
            column += 2;
        }
        let last = 6 + 2 * u16::try_from(self.sources).unwrap_or(u16::MAX);
        self.text(row, last, line.map_or(item.unit, |line| line.unit).code())?;
        if let (Some(line), true) = (line, self.find_numbers) {
            self.sheet.write_number(row, last + 1, line.find_number).map_err(fault)?;
        }
        Ok(())
    }

    fn text(&mut self, row: u32, column: u16, text: &str) -> Result<()> {
        if text.is_empty() { Ok(()) } else { self.raw(row, column, &guarded(text)) }
    }

    fn raw(&mut self, row: u32, column: u16, text: &str) -> Result<()> {
        if text.chars().count() > limits::IMPORT_CELL_CHARS {
            let message = format!("a text of more than {} characters does not fit into a cell", limits::IMPORT_CELL_CHARS);
            return Err(Error::too_large(format!("row {}", row + 1), message));
        }
        self.sheet.write_string_with_format(row, column, text, &self.text).map_err(fault)?;
        Ok(())
    }
}

/// Puts an apostrophe before text that a spreadsheet would run as a formula, also after the file
/// went through CSV; and before text that already looks guarded, so that taking it off is exact.
pub(in crate::structure) fn guarded(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Takes off what [`guarded`] puts on.
pub(in crate::structure) fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

/// The writer refuses nothing that was checked here, so that its errors are faults of ours.
fn fault(error: XlsxError) -> Error {
    Error::internal(error)
}
