//! Cells to values, one row at a time, each fault with its place.

use super::columns::{Field, Header};
use super::designators;
use super::{ImportOptions, ManufacturerPart};
use crate::structure::export::unguarded;
use crate::structure::sheet::{Cell, Row, Sheet};
use base::quantity::{DecimalMark, Quantity, Sign, Unit};
use base::{Error, Result, limits, text};

/// One row with its values read, before it is known what it belongs to.
pub struct ParsedRow {
    /// As the spreadsheet program shows it, from 1.
    pub row: u32,
    /// Index into the sheet's rows.
    pub index: usize,
    pub number: String,
    pub name: String,
    pub revision: String,
    pub category: String,
    pub parent: String,
    /// Nothing where the cell is blank; the top needs none.
    pub quantity: Option<Quantity>,
    /// Nothing where the cell is blank or there is no such column.
    pub unit: Option<Unit>,
    pub designators: Vec<String>,
    pub find_number: Option<u32>,
    pub manufacturer_parts: Vec<ManufacturerPart>,
}

/// Reads every row below the titles, and gives the numbers of the rows at the end that have no item
/// number (totals, remarks, parts that nobody numbered yet). Those are no lines, and leaving them out
/// moves nothing else; such a row further up may have been a parent and is refused.
pub fn read(sheet: &Sheet, header: &Header, options: &ImportOptions) -> Result<(Vec<ParsedRow>, Vec<u32>)> {
    let below = sheet.rows.get(header.index + 1..).unwrap_or(&[]);
    let numbered = |row: &Row| header.column(Field::Number).is_some_and(|column| !row.cell(column).is_blank());
    let (lines, rest) = below.split_at(below.iter().rposition(numbered).map_or(0, |last| last + 1));
    if lines.is_empty() {
        let place = sheet.rows.get(header.index).map_or_else(String::new, |row| sheet.row_place(row.number));
        return Err(Error::invalid(place, "no_lines", "there is no line below the column titles"));
    }
    if let Some(row) = lines.get(limits::IMPORT_LINES) {
        return Err(Error::too_large(sheet.row_place(row.number), format!("more than {} lines", limits::IMPORT_LINES)));
    }
    let read = |(index, row)| Reader { sheet, header, options, row }.read(index);
    let lines: Vec<_> = (header.index + 1..).zip(lines).map(read).collect::<Result<_>>()?;
    Ok((lines, rest.iter().map(|row| row.number).collect()))
}

struct Reader<'a> {
    sheet: &'a Sheet,
    header: &'a Header,
    options: &'a ImportOptions,
    row: &'a Row,
}

impl Reader<'_> {
    fn read(&self, index: usize) -> Result<ParsedRow> {
        let number = self.number()?;
        let quantity = self.quantity()?;
        Ok(ParsedRow {
            row: self.row.number,
            index,
            number,
            name: self.line(Field::Name, limits::TITLE_CHARS)?,
            revision: self.line(Field::Revision, limits::NUMBER_CHARS)?,
            category: self.line(Field::Category, limits::LINE_CHARS)?,
            parent: self.prefixed(self.line(Field::Parent, limits::NUMBER_CHARS)?),
            quantity,
            unit: self.unit()?,
            designators: self.designators(quantity)?,
            find_number: self.find_number()?,
            manufacturer_parts: self.manufacturer_parts()?,
        })
    }

    fn number(&self) -> Result<String> {
        let number = self.line(Field::Number, limits::NUMBER_CHARS)?;
        if number.is_empty() {
            let message = "this row has content but no item number";
            return Err(Error::invalid(self.place(Field::Number), "no_number", message));
        }
        let number = self.prefixed(number);
        if number.chars().count() > limits::NUMBER_CHARS {
            let message = format!("with its prefix the number is longer than {} characters", limits::NUMBER_CHARS);
            return Err(Error::invalid(self.place(Field::Number), "too_long", message));
        }
        Ok(number)
    }

    fn prefixed(&self, number: String) -> String {
        if number.is_empty() { number } else { format!("{}{number}", self.options.number_prefix) }
    }

    fn quantity(&self) -> Result<Option<Quantity>> {
        let Some(cell) = self.cell(Field::Quantity)? else { return Ok(None) };
        // A number typed as such has a point whatever the author's country writes.
        let mark = if matches!(cell, Cell::Number(_)) { DecimalMark::Point } else { self.options.decimal_mark };
        let text = plain(cell.text());
        Quantity::parse(&self.place(Field::Quantity), text.trim(), mark, Sign::Positive).map(Some)
    }

    fn unit(&self) -> Result<Option<Unit>> {
        match self.cell(Field::Unit)? {
            Some(cell) => Unit::parse(&self.place(Field::Unit), &plain(cell.text())).map(Some),
            None => Ok(None),
        }
    }

    fn designators(&self, quantity: Option<Quantity>) -> Result<Vec<String>> {
        match self.cell(Field::Designators)? {
            Some(cell) => designators::parse(&self.place(Field::Designators), unguarded(cell.text().trim()), quantity),
            None => Ok(Vec::new()),
        }
    }

    fn find_number(&self) -> Result<Option<u32>> {
        let Some(cell) = self.cell(Field::FindNumber)? else { return Ok(None) };
        let text = plain(cell.text());
        let number = Some(text.trim()).filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok());
        match number {
            Some(number @ 1..=limits::FIND_NUMBER_MAX) => Ok(Some(number)),
            _ => {
                let message = format!("“{}” is not a find number from 1 to {}", shown(&text), limits::FIND_NUMBER_MAX);
                Err(Error::invalid(self.place(Field::FindNumber), "bad_find_number", message))
            }
        }
    }

    fn manufacturer_parts(&self) -> Result<Vec<ManufacturerPart>> {
        let mut parts = Vec::new();
        for count in self.header.sources.iter().copied() {
            let manufacturer = self.line(Field::Manufacturer(count), limits::LINE_CHARS)?;
            let part_number = self.line(Field::ManufacturerPart(count), limits::LINE_CHARS)?;
            if !manufacturer.is_empty() || !part_number.is_empty() {
                parts.push(ManufacturerPart { manufacturer, part_number });
            }
        }
        Ok(parts)
    }

    /// A cleaned line of text; empty when the column or its content is missing.
    fn line(&self, field: Field, max_chars: usize) -> Result<String> {
        match self.cell(field)? {
            Some(cell) => {
                let cleaned = text::clean_line(&self.place(field), &plain(cell.text()), max_chars + 1)?;
                let bare = unguarded(&cleaned).to_owned();
                // The guard against formulas is not part of the text and not of its length.
                text::clean_line(&self.place(field), &bare, max_chars)
            }
            None => Ok(String::new()),
        }
    }

    /// The cell, if it has content; refused when the content cannot be what its author typed.
    fn cell(&self, field: Field) -> Result<Option<&Cell>> {
        let Some(column) = self.header.column(field) else { return Ok(None) };
        match self.row.cell(column) {
            Cell::Unusable(what) => {
                let message = format!("the cell holds {what}, so what was typed for {} is lost", field.title());
                Err(Error::invalid(self.place(field), "unusable_cell", message))
            }
            cell if cell.is_blank() => Ok(None),
            cell => Ok(Some(cell)),
        }
    }

    fn place(&self, field: Field) -> String {
        match self.header.column(field) {
            Some(column) => self.sheet.place(self.row.number, column),
            None => self.sheet.row_place(self.row.number),
        }
    }
}

/// Line breaks, tabs and the many blanks of Unicode as ordinary blanks, so that two cells that look
/// the same are the same.
fn plain(text: &str) -> String {
    text.replace("\r\n", " ").chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
