//! Personal data against the salted digests that the rows' images cover.
//!
//! An erasure empties the columns and must leave nothing at all. Whether there was one is the
//! trail's to say where the row tells it (`erased_at`).

use crate::format::{Parts, hex};
use crate::rows::{Regulated, place_of};
use base::Result;
use db::{Cell, Scanned};

/// Where the personal data of a table's rows stands in the statement that reads them.
pub(crate) struct Personal {
    /// The label of the digest, and the columns that go into it in their order.
    form: Option<(&'static str, Vec<usize>)>,
    all: Vec<usize>,
    digest: usize,
    erased_at: Option<usize>,
}

/// The digests of `docs/FORMATS.md`.
fn form_of(table: &str) -> Option<(&'static str, &'static [&'static str])> {
    match table {
        "person" => Some(("PLUMB-PERSONAL-1", &["pd_salt", "pd_name", "pd_email"])),
        "personal_data" => Some(("PLUMB-PERSONAL-FIELDS-1", &["pd_salt", "pd_fields"])),
        _ => None,
    }
}

impl Personal {
    /// `None` for a table without personal data. Its columns stand behind those of the image.
    pub(crate) fn of(table: &Regulated) -> Result<Option<Self>> {
        if table.personal.is_empty() {
            return Ok(None);
        }
        let first = table.columns.len() + 2;
        let form = form_of(&table.name).and_then(|(label, names)| {
            let place = |name: &&str| table.personal.iter().position(|column| column == name).map(|place| first + place);
            names.iter().map(place).collect::<Option<Vec<_>>>().map(|places| (label, places))
        });
        let all = (first..first + table.personal.len()).collect();
        Ok(Some(Self { form, all, digest: place_of(table, "personal_digest")?, erased_at: place_of(table, "erased_at").ok() }))
    }

    /// What is wrong with the personal data of a row.
    pub(crate) fn fault(&self, row: &Scanned<'_>, parts: &mut Parts) -> Result<Option<&'static str>> {
        let mut gone = true;
        for place in &self.all {
            gone &= row.cell(*place)? == Cell::Null;
        }
        let erased = self.erased_at.map(|place| row.cell(place).map(|at| at != Cell::Null)).transpose()?;
        Ok(match (gone, erased) {
            (true, Some(false)) => Some("the personal data is gone, though no event erased it"),
            (false, Some(true)) => Some("there is personal data, though an event erased it"),
            (false, _) if !self.is_sound(row, parts)? => Some("the personal data is not what the digest in the trail was made of"),
            _ => None,
        })
    }

    fn is_sound(&self, row: &Scanned<'_>, parts: &mut Parts) -> Result<bool> {
        let Some((label, places)) = &self.form else { return Ok(false) };
        parts.begin(label);
        for place in places {
            match row.cell(*place)? {
                Cell::Bytes(bytes) => parts.bytes(bytes),
                Cell::Text(text) => parts.text(text),
                Cell::Null | Cell::Int(_) => return Ok(false),
            };
        }
        Ok(row.cell(self.digest)? == Cell::Text(&hex(&parts.hash())))
    }
}
