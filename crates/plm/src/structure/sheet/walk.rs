//! What the cells and texts of a workbook say, looked at before the workbook reader sees them.
//!
//! The reader behind is kind: what it cannot make out it takes for the first shared text, for
//! nothing, or for a number. So every cell is judged here as the format has it, and what would be
//! guessed is refused with its place. The shared texts are counted, whatever the file claims.

use super::not_xlsx_at;
use super::totals::Totals;
use super::values::{holds_half_a_letter, is_error, is_index, is_number};
use super::{archive, column_letters};
use base::{Error, Result, limits};
use quick_xml::events::{BytesRef, BytesStart};

/// Elements that have a meaning here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    SheetData,
    Row,
    Cell,
    Formula,
    Value,
    Inline,
    Shared,
    SharedText,
    Run,
    Phonetic,
    Text,
    Formats,
    Format,
    Other,
}

impl Tag {
    /// Elements that hold elements only; a text in them would be passed over.
    const fn holds_no_text(self) -> bool {
        matches!(
            self,
            Self::SheetData | Self::Row | Self::Cell | Self::Inline | Self::Shared | Self::SharedText | Self::Run | Self::Phonetic
        )
    }
}

/// The cell that is being read.
#[derive(Debug, Default)]
struct Current {
    kind: Option<String>,
    formula: bool,
    value: Option<String>,
    inline: bool,
}

/// The walk through one part.
pub struct Walk<'a> {
    totals: &'a mut Totals,
    /// `file, part xl/worksheets/sheet1.xml`.
    place: &'a str,
    open: Vec<Tag>,
    root: String,
    has_data: bool,
    row: u32,
    column: u32,
    cell: Current,
    text: String,
}

impl<'a> Walk<'a> {
    pub fn new(totals: &'a mut Totals, place: &'a str) -> Self {
        Self {
            totals,
            place,
            open: Vec::new(),
            root: String::new(),
            has_data: false,
            row: 0,
            column: 0,
            cell: Current::default(),
            text: String::new(),
        }
    }

    fn at(&self) -> Tag {
        self.open.last().copied().unwrap_or(Tag::Other)
    }

    fn within(&self, tag: Tag) -> bool {
        self.open.contains(&tag)
    }

    /// Where the walk stands: the cell, the shared text, or the part.
    fn here(&self) -> String {
        if self.within(Tag::Cell) {
            let column = usize::try_from(self.column.saturating_sub(1)).unwrap_or(0);
            format!("{}, cell {}{}", self.place, column_letters(column), self.row)
        } else if self.within(Tag::Row) {
            format!("{}, row {}", self.place, self.row)
        } else if self.within(Tag::SharedText) {
            format!("{}, shared text {}", self.place, self.totals.texts.unwrap_or(1).saturating_sub(1))
        } else {
            self.place.to_owned()
        }
    }

    fn refuse<T>(&self, why: impl std::fmt::Display) -> Result<T> {
        Err(not_xlsx_at(self.here(), why))
    }

    /// An element begins.
    pub fn open(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let name = element.local_name();
        let name = name.as_ref();
        if self.open.is_empty() {
            self.root = name.to_owned();
        }
        let tag = match (self.at(), name) {
            (Tag::Value | Tag::Text | Tag::Formula, _) => return self.refuse(format!("“{}” stands inside a text", archive::shown(name))),
            (_, "sheetData") if self.root != "externalLink" => {
                if self.open.len() != 1 || self.has_data {
                    return self.refuse("its cells stand in more than one place");
                }
                self.has_data = true;
                Tag::SheetData
            }
            (Tag::SheetData, "row") => Tag::Row,
            (Tag::Row, "c") => Tag::Cell,
            (Tag::Cell, "f") => Tag::Formula,
            (Tag::Cell, "v") => Tag::Value,
            (Tag::Cell, "is") => Tag::Inline,
            (Tag::Cell, _) => return self.refuse(format!("“{}” is no part of a cell", archive::shown(name))),
            (_, "row" | "c") if self.within(Tag::SheetData) => return self.refuse(format!("“{name}” stands where no row and no cell stands")),
            (_, "c") if self.root == "externalLink" => return self.refuse("a cell stands where none is"),
            (_, "sst") => self.open_shared()?,
            (Tag::Shared, "si") => self.count_shared_text()?,
            (_, "si") if self.within(Tag::Shared) => return self.refuse("a shared text stands inside something else"),
            (Tag::Inline | Tag::SharedText | Tag::Run | Tag::Phonetic, "t") => Tag::Text,
            (Tag::Inline | Tag::SharedText, "r") => Tag::Run,
            (Tag::Inline | Tag::SharedText, "rPh") => Tag::Phonetic,
            (_, "t" | "r" | "rPh" | "is") if self.within(Tag::Inline) || self.within(Tag::SharedText) => {
                return self.refuse(format!("“{name}” stands where no text stands"));
            }
            (_, "cellXfs") if self.root == "styleSheet" => self.open_formats()?,
            (Tag::Formats, "xf") => Tag::Format,
            (_, "xf") if self.within(Tag::Formats) => return self.refuse("a format stands inside another one"),
            (_, "workbook") if self.open.is_empty() => {
                self.totals.home = Some(self.folder());
                Tag::Other
            }
            _ => Tag::Other,
        };
        let before = self.at();
        self.open.push(tag);
        match tag {
            Tag::Row => self.open_row(element),
            Tag::Cell => self.open_cell(element),
            Tag::Formula | Tag::Value | Tag::Inline => self.open_content(tag),
            Tag::Format => {
                if let Some((_, count)) = &mut self.totals.formats {
                    *count += 1;
                }
                self.check_format_number(element)
            }
            Tag::Other if before == Tag::Other && element.local_name().as_ref() == "numFmt" => self.check_format_number(element),
            Tag::Text => {
                self.text.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn folder(&self) -> String {
        let path = self.place.strip_prefix("file, part ").unwrap_or(self.place).to_lowercase();
        path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
    }

    fn open_shared(&mut self) -> Result<Tag> {
        if !self.open.is_empty() || self.totals.texts.is_some() {
            return self.refuse("the shared texts stand in more than one place");
        }
        self.totals.texts = Some(0);
        Ok(Tag::Shared)
    }

    fn count_shared_text(&mut self) -> Result<Tag> {
        let texts = self.totals.texts.unwrap_or(0) + 1;
        if texts > limits::XLSX_STRINGS {
            return Err(Error::too_large(self.place, format!("more than {} shared texts", limits::XLSX_STRINGS)));
        }
        self.totals.texts = Some(texts);
        Ok(Tag::SharedText)
    }

    fn open_formats(&mut self) -> Result<Tag> {
        if self.open.len() != 1 || self.totals.formats.is_some() || !self.place.to_lowercase().ends_with("/styles.xml") {
            return self.refuse("the formats of cells stand in more than one place, or where they are not looked for");
        }
        self.totals.formats = Some((self.folder(), 0));
        Ok(Tag::Formats)
    }

    /// A date is told from a number by this number only.
    fn check_format_number(&self, element: &BytesStart<'_>) -> Result<()> {
        match self.attribute(element, "numFmtId")? {
            Some(number) if !is_index(&number) || (number.len() > 1 && number.starts_with('0')) => {
                self.refuse(format!("“{}” is not possible as numFmtId", archive::shown(&number)))
            }
            _ => Ok(()),
        }
    }

    /// The one attribute of this name.
    fn attribute(&self, element: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
        let mut found = None;
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| not_xlsx_at(self.here(), error))?;
            if attribute.key.as_ref() == name {
                if found.is_some() {
                    return self.refuse(format!("“{name}” is there twice"));
                }
                let value: &str = attribute.value.as_ref();
                found = Some(value.to_owned());
            }
        }
        Ok(found)
    }

    fn open_row(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let before = self.row;
        self.column = 0;
        self.row = match self.attribute(element, "r")? {
            Some(row) => match row.parse() {
                Ok(number) if is_index(&row) => number,
                _ => return self.refuse(format!("“{}” is no number of a row", archive::shown(&row))),
            },
            None => before + 1,
        };
        if self.row <= before {
            return self.refuse(format!("this row stands behind row {before}"));
        }
        if self.row > limits::SHEET_ROWS {
            return self.refuse(format!("a sheet has at most {} rows", limits::SHEET_ROWS));
        }
        Ok(())
    }

    fn open_cell(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let (before, row) = (self.column, self.row);
        self.column += 1;
        if let Some(stated) = self.attribute(element, "r")? {
            let Some((column, stated_row)) = archive::position(&stated) else {
                return self.refuse(format!("“{}” is not possible as r", archive::shown(&stated)));
            };
            self.column = column;
            if stated_row != row {
                return self.refuse(format!("“{stated}” stands in row {row}"));
            }
            if column <= before {
                return self.refuse("this cell is there twice or out of order");
            }
        }
        if let Some(format) = self.attribute(element, "s")? {
            let Some(index) = format.parse().ok().filter(|_| is_index(&format)) else {
                return self.refuse(format!("“{}” names no format", archive::shown(&format)));
            };
            self.totals.names_format(index, self.here());
        }
        self.cell = Current { kind: self.attribute(element, "t")?, ..Current::default() };
        Ok(())
    }

    /// Formula, value, text of its own: each once and in this order, because the last one counts.
    fn open_content(&mut self, tag: Tag) -> Result<()> {
        let cell = &mut self.cell;
        let sound = match tag {
            Tag::Formula => !cell.formula && cell.value.is_none() && !cell.inline,
            Tag::Value => cell.value.is_none() && !cell.inline,
            _ => !cell.inline,
        };
        if !sound {
            return self.refuse("the cell holds more than one value");
        }
        match tag {
            Tag::Formula => cell.formula = true,
            Tag::Value => self.text.clear(),
            _ => cell.inline = true,
        }
        Ok(())
    }

    /// Text, as it stands (`is_plain`) or as a CDATA section.
    pub fn text(&mut self, text: &str, is_plain: bool) -> Result<()> {
        match self.at() {
            Tag::Value if is_plain => self.text.push_str(text),
            Tag::Value => return self.refuse("a CDATA section stands in the value"),
            Tag::Text => self.take_text(text)?,
            tag if tag.holds_no_text() && !text.trim_ascii().is_empty() => {
                return self.refuse(format!("“{}” stands where no text stands", archive::shown(text.trim_ascii())));
            }
            _ => {}
        }
        Ok(())
    }

    fn take_text(&mut self, text: &str) -> Result<()> {
        if self.within(Tag::SharedText) {
            self.totals.text_bytes = self.totals.text_bytes.saturating_add(text.len());
            if self.totals.text_bytes > limits::IMPORT_TEXT_BYTES {
                return Err(Error::too_large(self.place, format!("more than {} bytes of shared text", limits::IMPORT_TEXT_BYTES)));
            }
        }
        self.text.push_str(text);
        Ok(())
    }

    /// `&amp;`, `&#65;` and their like.
    pub fn reference(&mut self, reference: &BytesRef<'_>) -> Result<()> {
        let tag = self.at();
        if tag.holds_no_text() || (tag == Tag::Value && self.cell.kind.as_deref() != Some("str")) {
            return self.refuse(format!("“&{};” stands where none may stand", archive::shown(reference.as_ref())));
        }
        if !matches!(tag, Tag::Value | Tag::Text) {
            return Ok(());
        }
        let known = quick_xml::escape::resolve_xml_entity(reference.as_ref()).map(str::to_owned);
        match known.or_else(|| reference.resolve_char_ref().ok().flatten().map(String::from)) {
            Some(text) if tag == Tag::Text => self.take_text(&text),
            Some(text) => {
                self.text.push_str(&text);
                Ok(())
            }
            None => self.refuse(format!("“&{};” is unknown", archive::shown(reference.as_ref()))),
        }
    }

    /// A comment or an instruction to a program.
    pub fn aside(&self) -> Result<()> {
        match self.at() {
            Tag::Value | Tag::Text => self.refuse("a comment or an instruction stands in the text"),
            _ => Ok(()),
        }
    }

    /// An element ends.
    pub fn close(&mut self) -> Result<()> {
        match self.at() {
            Tag::Value => self.cell.value = Some(std::mem::take(&mut self.text)),
            Tag::Text if holds_half_a_letter(&self.text) => return self.refuse("the text holds half a letter (one surrogate)"),
            Tag::Cell => self.judge()?,
            _ => {}
        }
        self.open.pop();
        Ok(())
    }

    /// Whether the cell that ends says what its type demands.
    fn judge(&mut self) -> Result<()> {
        let cell = std::mem::take(&mut self.cell);
        let kind = cell.kind.as_deref();
        if cell.inline && kind != Some("inlineStr") {
            return self.refuse("the cell holds a text of its own, which its type does not say");
        }
        let Some(value) = cell.value else {
            if cell.formula && !cell.inline {
                return self.refuse("the cell holds a formula without its value");
            }
            return self.known_kind(kind);
        };
        let sound = match kind {
            Some("s") => is_index(&value),
            Some("b") => matches!(value.as_str(), "0" | "1" | "true" | "false"),
            Some("e") => is_error(&value),
            Some("d") => !value.is_empty(),
            Some("str") => !holds_half_a_letter(&value),
            Some("inlineStr") => cell.inline || value.is_empty(),
            None | Some("n") if value.is_empty() && cell.formula => return self.refuse("the cell holds a formula without its value"),
            None | Some("n") => value.is_empty() || is_number(&value),
            Some(_) => return self.known_kind(kind),
        };
        if !sound {
            let kind = kind.unwrap_or("n");
            return self.refuse(format!("“{}” is not possible as the value of a cell of type {kind}", archive::shown(&value)));
        }
        if kind == Some("s") {
            self.totals.names_text(value.parse().unwrap_or(usize::MAX), self.here());
        }
        Ok(())
    }

    fn known_kind(&self, kind: Option<&str>) -> Result<()> {
        match kind {
            None | Some("n" | "s" | "b" | "e" | "d" | "str" | "inlineStr") => Ok(()),
            Some(kind) => self.refuse(format!("“{}” is no type of cell", archive::shown(kind))),
        }
    }
}
