//! The digest over a part's lines and manufacturer parts, by which a signature covers them.
//!
//! It is made of what people read (find number, child's number, quantity, unit, designators, note;
//! manufacturer, part number, status), never of internal identifiers: the same content gives the
//! same digest in every revision (`docs/FORMATS.md`, "Part detail").

use super::kind::KIND;
use super::store::{self, BOM_LINE, Line, MANUFACTURER_PART, SourceStatus, SourcedPart};
use base::Result;
use base::digest::Canonical;
use base::quantity::{Quantity, Unit};
use kernel::record::{self, Record};
use kernel::rule::StepContext;
use kernel::trail::WriteTx;

/// What a part's detail digest covers.
#[derive(Debug, Default)]
pub(crate) struct Detail<'a> {
    /// By find number.
    pub lines: Vec<DetailLine<'a>>,
    /// Manufacturer, part number and status, in the order of preference.
    pub sources: Vec<(&'a str, &'a str, SourceStatus)>,
}

#[derive(Debug)]
pub(crate) struct DetailLine<'a> {
    pub find_number: i64,
    pub child_number: &'a str,
    pub quantity: Quantity,
    pub unit: Unit,
    pub designators: &'a [String],
    pub note: &'a str,
}

impl Detail<'_> {
    /// The digest; nothing for a part without lines and manufacturer parts.
    pub fn digest(&self) -> Option<String> {
        if self.lines.is_empty() && self.sources.is_empty() {
            return None;
        }
        let mut canonical = Canonical::new("PLUMB-PART-DETAIL-1");
        canonical.int(count(self.lines.len()));
        for line in &self.lines {
            canonical
                .int(line.find_number)
                .text(line.child_number)
                .int(line.quantity.scaled())
                .text(line.unit.code())
                .text(&store::join_designators(line.designators))
                .text(line.note);
        }
        canonical.int(count(self.sources.len()));
        for (manufacturer, mpn, status) in &self.sources {
            canonical.text(manufacturer).text(mpn).text(status.name());
        }
        Some(canonical.digest().hex())
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The digest over these lines and manufacturer parts.
fn digest_of(lines: &[Line], sources: &[SourcedPart]) -> Option<String> {
    let lines = lines.iter().map(|line| DetailLine {
        find_number: line.find_number,
        child_number: &line.child_number,
        quantity: line.quantity,
        unit: line.unit,
        designators: &line.designators,
        note: &line.note,
    });
    let sources = sources.iter().map(|source| (source.manufacturer.as_str(), source.mpn.as_str(), source.status));
    Detail { lines: lines.collect(), sources: sources.collect() }.digest()
}

/// Brings the digest of a part up to what its lines and manufacturer parts say now.
pub(crate) fn refresh(tx: &mut WriteTx<'_>, part: &Record) -> Result<Record> {
    let lines = store::lines_of(tx, &part.tenant, &part.id)?;
    let sources = store::sources_of(tx, &part.tenant, &part.id)?;
    record::set_detail(tx, part, digest_of(&lines, &sources))
}

/// Copies lines and manufacturer parts to the next revision; their identities stay the same.
pub fn copy_details(tx: &mut WriteTx<'_>, from: &Record, to: &Record) -> Result<()> {
    if from.kind != KIND {
        return Ok(());
    }
    tx.raise_stamp(super::STRUCTURE_STAMP)?;
    let now = tx.now();
    let mut rows = Vec::new();
    for line in store::lines_of(tx, &from.tenant, &from.id)? {
        let id = tx.new_id();
        let row = line.stored.with([("id", id.into()), ("parent", to.id.as_str().into()), ("from_at", now.0.into())]);
        rows.push((Some(to.id.clone()), row));
    }
    tx.insert_many(&BOM_LINE, "part.line_copied", rows)?;
    let mut rows = Vec::new();
    for source in store::sources_of(tx, &from.tenant, &from.id)? {
        let id = tx.new_id();
        let row = source.stored.with([("id", id.into()), ("part", to.id.as_str().into()), ("from_at", now.0.into())]);
        rows.push((Some(to.id.clone()), row));
    }
    tx.insert_many(&MANUFACTURER_PART, "part.source_copied", rows)
}

/// Notes that a part has taken a step: which revision counts may have changed.
pub fn note_step(tx: &mut WriteTx<'_>, context: &StepContext<'_>) -> Result<()> {
    if context.record.kind == KIND { tx.raise_stamp(super::STRUCTURE_STAMP) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(child_number: &'a str, note: &'a str) -> DetailLine<'a> {
        DetailLine { find_number: 10, child_number, quantity: Quantity::ONE, unit: Unit::Each, designators: &[], note }
    }

    #[test]
    fn frs_prt_003_no_line_and_no_manufacturer_part_changes_without_changing_the_digest() {
        let base = Detail { lines: vec![line("P-1", "")], sources: vec![("Acme", "A1", SourceStatus::Approved)] };
        let others = [
            Detail { lines: vec![line("P-2", "")], sources: vec![("Acme", "A1", SourceStatus::Approved)] },
            Detail { lines: vec![line("P-1", "glued")], sources: vec![("Acme", "A1", SourceStatus::Approved)] },
            Detail { lines: vec![line("P-1", "")], sources: vec![("Acme", "A2", SourceStatus::Approved)] },
            Detail { lines: vec![line("P-1", "")], sources: vec![("Acme", "A1", SourceStatus::DoNotUse)] },
            Detail { lines: vec![line("P-1", "")], sources: Vec::new() },
            Detail { lines: Vec::new(), sources: vec![("Acme", "A1", SourceStatus::Approved)] },
        ];
        for other in others {
            assert_ne!(base.digest(), other.digest(), "{other:?}");
        }
        assert_eq!(Detail::default().digest(), None);
    }
}
