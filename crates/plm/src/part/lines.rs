//! Writing lines: checked one by one, ended rather than overwritten.

use super::detail;
use super::guard::{Configuration, check_structures};
use super::kind::KIND;
use super::store::{self, BOM_LINE, Line};
use base::limits::{FIND_NUMBER_MAX, LINES_PER_PART, REASON_CHARS};
use base::quantity::{DecimalMark, Quantity, Sign, Unit};
use base::{Error, Refusal, RefusalKind, Result};
use db::Value;
use kernel::authority::Viewer;
use kernel::kind::Phase;
use kernel::record::{self, Record};
use kernel::table::{Values, values};
use kernel::trail::WriteTx;

/// Find numbers go in tens, so that a line fits between two.
const FIND_NUMBER_STEP: i64 = 10;

/// What somebody gives for a line; what is `None` is taken from the line there is, or has a default.
#[derive(Debug, Clone, Default)]
pub struct NewLine {
    /// Identifier or number of the child.
    pub child: Option<String>,
    pub quantity: Option<String>,
    pub unit: Option<String>,
    pub find_number: Option<i64>,
    pub designators: Option<String>,
    pub note: Option<String>,
}

/// A line whose values have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedLine {
    pub find_number: i64,
    pub child_item: String,
    pub quantity: Quantity,
    pub unit: Unit,
    pub designators: Vec<String>,
    pub note: String,
}

/// Adds a line to a revision that is open for changes. Answers the line's identity and the part.
pub fn add(tx: &mut WriteTx<'_>, viewer: &Viewer, part: &Record, new: &NewLine) -> Result<(String, Record)> {
    begin(tx, part)?;
    let present = store::lines_of(tx, &part.tenant, &part.id)?;
    if present.len() >= LINES_PER_PART {
        return Err(Error::too_large("child", format!("{} has {LINES_PER_PART} lines, which is the most", part.label())));
    }
    let checked = check(tx, viewer, part, &present, None, new)?;
    let line_uid = tx.new_id();
    insert(tx, part, "part.line_added", vec![(line_uid.clone(), checked)])?;
    Ok((line_uid, finish(tx, part)?))
}

/// Changes a line.
pub fn change(tx: &mut WriteTx<'_>, viewer: &Viewer, part: &Record, line_uid: &str, new: &NewLine) -> Result<Record> {
    begin(tx, part)?;
    let present = store::lines_of(tx, &part.tenant, &part.id)?;
    let before = find(&present, line_uid)?;
    let checked = check(tx, viewer, part, &present, Some(before), new)?;
    if checked == CheckedLine::from(before) {
        return Err(Error::invalid("input", "nothing_changed", "Nothing differs from what the line already says."));
    }
    end(tx, before, "part.line_replaced")?;
    insert(tx, part, "part.line_changed", vec![(line_uid.to_owned(), checked)])?;
    finish(tx, part)
}

/// Takes a line away.
pub fn remove(tx: &mut WriteTx<'_>, part: &Record, line_uid: &str) -> Result<Record> {
    begin(tx, part)?;
    let present = store::lines_of(tx, &part.tenant, &part.id)?;
    end(tx, find(&present, line_uid)?, "part.line_removed")?;
    detail::refresh(tx, part)
}

impl From<&Line> for CheckedLine {
    fn from(line: &Line) -> Self {
        Self {
            find_number: line.find_number,
            child_item: line.child_item.clone(),
            quantity: line.quantity,
            unit: line.unit,
            designators: line.designators.clone(),
            note: line.note.clone(),
        }
    }
}

/// Writers of structures go one after another, so that two lines cannot close a cycle together.
pub(super) fn begin(tx: &mut WriteTx<'_>, part: &Record) -> Result<()> {
    if part.kind != KIND {
        return Err(Error::invalid("record", "wrong_kind", format!("{} is no part", part.label())));
    }
    record::check_open(tx, part)?;
    tx.raise_stamp(super::STRUCTURE_STAMP)
}

fn finish(tx: &mut WriteTx<'_>, part: &Record) -> Result<Record> {
    check_structures(tx, &part.tenant, std::slice::from_ref(&part.item), Configuration::Working)?;
    detail::refresh(tx, part)
}

fn find<'a>(lines: &'a [Line], line_uid: &str) -> Result<&'a Line> {
    lines.iter().find(|line| line.line_uid == line_uid).ok_or_else(|| Error::not_found("There is no such line in this revision."))
}

fn check(tx: &mut WriteTx<'_>, viewer: &Viewer, part: &Record, present: &[Line], before: Option<&Line>, new: &NewLine) -> Result<CheckedLine> {
    let child = child_of(tx, viewer, before, new)?;
    let quantity = match (&new.quantity, before) {
        (Some(text), _) => Quantity::parse("quantity", text, DecimalMark::Point, Sign::Positive)?,
        (None, Some(line)) => line.quantity,
        (None, None) => return Err(Error::invalid("quantity", "missing_field", "a line needs a quantity")),
    };
    let child_unit = unit_of(&child)?;
    let unit = match (&new.unit, before) {
        (Some(text), _) => Unit::parse("unit", text)?,
        (None, Some(line)) => line.unit,
        (None, None) => child_unit,
    };
    if let Err(error) = quantity.convert(unit, child_unit) {
        let message = format!("{} is counted in {}: {error}", child.number, child_unit.code());
        return Err(Error::invalid("unit", "unit_mismatch", message));
    }
    let find_number = match (new.find_number, before) {
        (Some(given), _) => given,
        (None, Some(line)) => line.find_number,
        (None, None) => next_find_number(present.iter().map(|line| line.find_number))?,
    };
    if !(1..=i64::from(FIND_NUMBER_MAX)).contains(&find_number) {
        return Err(Error::invalid("find_number", "out_of_range", format!("a find number is from 1 to {FIND_NUMBER_MAX}")));
    }
    let own = before.map(|line| line.line_uid.as_str());
    if let Some(taken) = present.iter().find(|line| line.find_number == find_number && Some(line.line_uid.as_str()) != own) {
        let message = format!("find number {find_number} of {} is taken by {}", part.label(), taken.child_number);
        return Err(Refusal::new(RefusalKind::Conflict, "find_number_taken", message).at("find_number").into());
    }
    let designators = match (&new.designators, before) {
        (Some(text), _) => crate::structure::import::parse_designators("designators", text, Some(quantity))?,
        (None, Some(line)) => line.designators.clone(),
        (None, None) => Vec::new(),
    };
    let note = match (&new.note, before) {
        (Some(text), _) => base::text::clean_line("note", text, REASON_CHARS)?,
        (None, Some(line)) => line.note.clone(),
        (None, None) => String::new(),
    };
    Ok(CheckedLine { find_number, child_item: child.item, quantity, unit, designators, note })
}

fn child_of(tx: &mut WriteTx<'_>, viewer: &Viewer, before: Option<&Line>, new: &NewLine) -> Result<Record> {
    let tenant = tx.tenant().to_owned();
    let (child, is_new) = match (&new.child, before) {
        (Some(named), _) => (record::find_named(tx, &tenant, KIND, named)?, true),
        (None, Some(line)) => (record::current_of_item(tx, &tenant, &line.child_item)?, false),
        (None, None) => return Err(Error::invalid("child", "missing_field", "a line needs a child")),
    };
    let named = new.child.as_deref().unwrap_or("");
    let child = child.filter(|child| viewer.sees(child)).ok_or_else(|| Error::invalid("child", "unknown_part", format!("there is no part “{named}”")))?;
    let counting = record::current_of_item(tx, &tenant, &child.item)?.unwrap_or(child);
    if is_new && matches!(counting.phase, Phase::Closed | Phase::Void) {
        let state = tx.catalog().state_label(KIND, &counting.state).to_lowercase();
        return Err(Refusal::new(RefusalKind::Conflict, "part_not_usable", format!("{} is {state}.", counting.label()))
            .at("child")
            .advise("Use the part that replaces it.")
            .into());
    }
    Ok(counting)
}

/// The unit a part is counted in.
pub(crate) fn unit_of(part: &Record) -> Result<Unit> {
    match part.field_text("unit") {
        "" => Ok(Unit::default()),
        code => Unit::parse("unit", code),
    }
}

/// The find number of a line that is given none. Refused where it would be past the highest.
fn next_find_number(present: impl Iterator<Item = i64>) -> Result<i64> {
    let last = present.max().unwrap_or(0);
    let next = (last / FIND_NUMBER_STEP + 1) * FIND_NUMBER_STEP;
    if next > i64::from(FIND_NUMBER_MAX) {
        let message = format!("Find numbers go up to {FIND_NUMBER_MAX}, and {last} is taken; there is none behind it.");
        return Err(Refusal::new(RefusalKind::Invalid, "out_of_range", message).at("find_number").advise("Give the line a find number that is free.").into());
    }
    Ok(next)
}

/// Ends a line; it stays readable for every moment it held.
pub(crate) fn end(tx: &mut WriteTx<'_>, line: &Line, action: &str) -> Result<()> {
    let ended = line.stored.with([("to_at", tx.now().0.into())]);
    tx.update(&BOM_LINE, Some(&line.parent), action, &line.stored, ended)
}

/// Writes checked lines of one revision, each with its identity.
pub(crate) fn insert(tx: &mut WriteTx<'_>, part: &Record, action: &str, lines: Vec<(String, CheckedLine)>) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(lines.len());
    for (line_uid, line) in lines {
        let id = tx.new_id();
        rows.push((Some(part.id.clone()), row(&id, &line_uid, part, &line, now)));
    }
    tx.insert_many(&BOM_LINE, action, rows)
}

/// The row of a line.
pub(super) fn row(id: &str, line_uid: &str, part: &Record, line: &CheckedLine, now: base::Timestamp) -> Values {
    values([
        ("id", id.into()),
        ("line_uid", line_uid.into()),
        ("parent", part.id.as_str().into()),
        ("parent_item", part.item.as_str().into()),
        ("find_number", line.find_number.into()),
        ("child_item", line.child_item.as_str().into()),
        ("quantity", line.quantity.scaled().into()),
        ("unit", line.unit.code().into()),
        ("designators", store::join_designators(&line.designators).into()),
        ("note", line.note.as_str().into()),
        ("from_at", now.0.into()),
        ("to_at", Value::Null),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_prt_017_a_line_without_a_find_number_gets_the_next_one_and_none_past_the_highest() {
        let next = |present: &[i64]| next_find_number(present.iter().copied()).map_err(|error| error.refusal().unwrap().place.clone());
        let most = i64::from(FIND_NUMBER_MAX);
        let last_step = most / FIND_NUMBER_STEP * FIND_NUMBER_STEP;
        assert_eq!((next(&[]), next(&[10, 25, 20])), (Ok(10), Ok(30)));
        assert_eq!(next(&[last_step - 1]), Ok(last_step));
        for taken in [last_step, most] {
            assert_eq!(next(&[10, taken]), Err(Some("find_number".to_owned())));
        }
    }
}
