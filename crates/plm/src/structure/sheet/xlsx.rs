//! Cells of one worksheet. The archive has passed [`super::archive`] before.

use super::{Budget, Cell, ReadOptions, Sheet, column_letters, not_xlsx};
use base::{Error, Result};
use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::Cursor;

/// Reads the named worksheet, or the first visible one with content.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Sheet> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let candidates: Vec<_> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    if candidates.is_empty() {
        return Err(not_xlsx("it holds no worksheet"));
    }
    if let Some(name) = &options.sheet {
        if !candidates.iter().any(|(candidate, _)| candidate == name) {
            let known: Vec<_> = candidates.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("there is no worksheet “{name}”; there are: {}", known.join(", "));
            return Err(Error::invalid("sheet", "no_such_sheet", message));
        }
        return read_sheet(&mut workbook, name);
    }
    let mut found: Option<Sheet> = None;
    for (name, _) in candidates.iter().filter(|(_, visible)| *visible) {
        match &mut found {
            None => found = Some(read_sheet(&mut workbook, name)?).filter(|sheet| !sheet.rows.is_empty()),
            Some(sheet) if has_content(&mut workbook, name)? => sheet.other_sheets.push(name.clone()),
            Some(_) => {}
        }
    }
    found.ok_or_else(|| Error::invalid("file", "empty_sheet", "the workbook has no visible worksheet with content"))
}

fn has_content(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<bool> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(unreadable)?;
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        if *cell.get_value() != DataRef::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Sheet> {
    let mut sheet = Sheet { name: Some(name.to_owned()), ..Sheet::default() };
    let mut budget = Budget::new();
    let mut reader = workbook.worksheet_cells_reader(name).map_err(unreadable)?;
    let (mut current, mut cells) = (0, Vec::new());
    // Cell by cell, never as a rectangle: two cells far apart would span billions.
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let number = row.saturating_add(1);
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let value = value_of(cell.get_value());
        if value.is_blank() {
            continue;
        }
        sheet.check_cell(number, column, value.text())?;
        if number < current {
            return Err(not_xlsx(format!("row {number} stands behind row {current}")));
        }
        if number > current {
            sheet.push(&mut budget, current, std::mem::take(&mut cells))?;
            current = number;
        }
        if column < cells.len() {
            return Err(not_xlsx(format!("cell {}{number} is there twice or out of order", column_letters(column))));
        }
        cells.resize(column, Cell::Empty);
        cells.push(value);
    }
    sheet.push(&mut budget, current, cells)?;
    Ok(sheet)
}

fn value_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) => decimal(*number),
        DataRef::Bool(true) => Cell::Text("TRUE".to_owned()),
        DataRef::Bool(false) => Cell::Text("FALSE".to_owned()),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Cell::Unusable("a date or time"),
        DataRef::Error(_) => Cell::Unusable("an error value"),
    }
}

/// A binary number as the decimal that Excel shows: 15 significant digits, so that the
/// 0.30000000000000004 in the file is the 0.3 on the screen. Never with an exponent.
fn decimal(number: f64) -> Cell {
    match format!("{number:.14e}").parse::<f64>() {
        Ok(rounded) if rounded.is_finite() => Cell::Number(rounded.to_string()),
        _ => Cell::Unusable("not a number"),
    }
}

fn unreadable(error: XlsxError) -> Error {
    match error {
        XlsxError::Password => not_xlsx("it is protected by a password"),
        XlsxError::FileNotFound(part) => not_xlsx(format!("its part “{part}” is missing")),
        XlsxError::RelationshipNotFound => not_xlsx("it is an office document, but not a workbook"),
        error => not_xlsx(error),
    }
}
