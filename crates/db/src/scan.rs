//! Rows looked at one after another and not kept, for checks and exports that go over everything.

use base::{Error, Result};

/// A value of a row that is being looked at. Truth values are 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// How an engine hands out the values of the row it stands on.
pub(crate) trait Cells {
    fn cell(&self, place: usize) -> Result<Cell<'_>>;
}

/// A row that is being looked at; its columns go by their place in the statement.
#[derive(Clone, Copy)]
pub struct Scanned<'a> {
    cells: &'a dyn Cells,
}

/// What is done with each row; an error ends the scan.
pub type Each<'a> = &'a mut dyn FnMut(Scanned<'_>) -> Result<()>;

impl<'a> Scanned<'a> {
    pub(crate) fn new(cells: &'a dyn Cells) -> Self {
        Self { cells }
    }

    pub fn cell(&self, place: usize) -> Result<Cell<'a>> {
        self.cells.cell(place)
    }

    pub fn text(&self, place: usize) -> Result<&'a str> {
        match self.cell(place)? {
            Cell::Text(text) => Ok(text),
            other => Err(unfit(place, "text", other)),
        }
    }

    pub fn opt_text(&self, place: usize) -> Result<Option<&'a str>> {
        match self.cell(place)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            other => Err(unfit(place, "text", other)),
        }
    }

    pub fn int(&self, place: usize) -> Result<i64> {
        match self.cell(place)? {
            Cell::Int(number) => Ok(number),
            other => Err(unfit(place, "a whole number", other)),
        }
    }

    pub fn bytes(&self, place: usize) -> Result<&'a [u8]> {
        match self.cell(place)? {
            Cell::Bytes(bytes) => Ok(bytes),
            other => Err(unfit(place, "bytes", other)),
        }
    }
}

fn unfit(place: usize, wanted: &str, found: Cell<'_>) -> Error {
    let found = match found {
        Cell::Null => "nothing",
        Cell::Int(_) => "a whole number",
        Cell::Text(_) => "text",
        Cell::Bytes(_) => "bytes",
    };
    Error::internal(format!("column {} of a row holds {found} where {wanted} was due", place + 1))
}
