//! What only all parts of a workbook together tell: whether the texts and formats that its cells name
//! are there.

use super::not_xlsx_at;
use base::Result;

/// What the parts of one workbook say together.
#[derive(Debug, Default)]
pub struct Totals {
    /// How many shared texts there are; nothing where no part holds any.
    pub texts: Option<usize>,
    pub text_bytes: usize,
    /// The folder of the formats, and how many there are.
    pub formats: Option<(String, usize)>,
    /// The folder of the workbook's main part, where the reader looks for the formats.
    pub home: Option<String>,
    /// The highest shared text and the highest format that a cell names, with the cell's place.
    highest_text: Option<(usize, String)>,
    highest_format: Option<(usize, String)>,
}

impl Totals {
    /// The cell at `place` names a shared text.
    pub fn names_text(&mut self, index: usize, place: String) {
        keep_highest(&mut self.highest_text, index, place);
    }

    /// The cell at `place` names a format.
    pub fn names_format(&mut self, index: usize, place: String) {
        keep_highest(&mut self.highest_format, index, place);
    }

    /// When all parts were walked: whether what the cells name is there.
    pub fn check(&self) -> Result<()> {
        let (texts, formats) = (self.texts.unwrap_or(0), self.formats.as_ref().map_or(1, |(_, count)| *count));
        if let Some((index, place)) = self.highest_text.as_ref().filter(|(index, _)| *index >= texts) {
            return Err(not_xlsx_at(place, format!("the cell names the shared text {index}, and there are {texts} of them, counted from 0")));
        }
        if let Some((index, place)) = self.highest_format.as_ref().filter(|(index, _)| *index >= formats) {
            return Err(not_xlsx_at(place, format!("the cell names the format {index}, and there are {formats} of them, counted from 0")));
        }
        match (&self.formats, &self.home) {
            (Some((folder, _)), Some(home)) if folder != home => {
                Err(not_xlsx_at("file", format!("its formats stand in “{folder}” and not beside the workbook's main part")))
            }
            _ => Ok(()),
        }
    }
}

fn keep_highest(highest: &mut Option<(usize, String)>, index: usize, place: String) {
    if highest.as_ref().is_none_or(|(before, _)| index > *before) {
        *highest = Some((index, place));
    }
}
