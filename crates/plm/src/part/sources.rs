//! Writing manufacturer parts: what a part is bought as, in the order of preference.

use super::detail;
use super::lines::begin;
use super::store::{self, MANUFACTURER_PART, SourceStatus, SourcedPart};
use base::limits::MANUFACTURER_PARTS_PER_ITEM;
use base::{Error, Refusal, RefusalKind, Result};
use db::Value;
use kernel::record::Record;
use kernel::table::{Values, values};
use kernel::trail::WriteTx;

/// What somebody gives for a manufacturer part; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct NewSource {
    pub manufacturer: Option<String>,
    pub mpn: Option<String>,
    pub status: Option<String>,
    /// Place in the order of preference, from 1.
    pub position: Option<i64>,
}

/// A manufacturer part whose values have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedSource {
    pub manufacturer: String,
    pub mpn: String,
    pub status: SourceStatus,
    pub position: i64,
}

/// Adds a manufacturer part, or changes the one with this identity. Answers its identity.
pub fn set(tx: &mut WriteTx<'_>, part: &Record, source_uid: Option<&str>, new: &NewSource) -> Result<(String, Record)> {
    begin(tx, part)?;
    let present = store::sources_of(tx, &part.tenant, &part.id)?;
    let before = source_uid.map(|uid| find(&present, uid)).transpose()?;
    if before.is_none() && present.len() >= MANUFACTURER_PARTS_PER_ITEM {
        let message = format!("{} has {MANUFACTURER_PARTS_PER_ITEM} manufacturer parts, which is the most", part.label());
        return Err(Error::too_large("manufacturer", message));
    }
    let checked = check(&present, before, new)?;
    if let Some(before) = before {
        if checked == CheckedSource::from(before) {
            return Err(Error::invalid("input", "nothing_changed", "Nothing differs from what is there already."));
        }
        end(tx, before, "part.source_replaced")?;
    }
    let uid = source_uid.map_or_else(|| tx.new_id(), str::to_owned);
    let action = if before.is_some() { "part.source_changed" } else { "part.source_added" };
    insert(tx, part, action, vec![(uid.clone(), checked)])?;
    Ok((uid, detail::refresh(tx, part)?))
}

/// Takes a manufacturer part off a part.
pub fn remove(tx: &mut WriteTx<'_>, part: &Record, source_uid: &str) -> Result<Record> {
    begin(tx, part)?;
    let present = store::sources_of(tx, &part.tenant, &part.id)?;
    end(tx, find(&present, source_uid)?, "part.source_removed")?;
    detail::refresh(tx, part)
}

impl From<&SourcedPart> for CheckedSource {
    fn from(source: &SourcedPart) -> Self {
        Self { manufacturer: source.manufacturer.clone(), mpn: source.mpn.clone(), status: source.status, position: source.position }
    }
}

fn find<'a>(sources: &'a [SourcedPart], uid: &str) -> Result<&'a SourcedPart> {
    let found = sources.iter().find(|source| source.source_uid == uid);
    found.ok_or_else(|| Error::not_found("There is no such manufacturer part on this revision."))
}

fn check(present: &[SourcedPart], before: Option<&SourcedPart>, new: &NewSource) -> Result<CheckedSource> {
    let text = |place: &str, given: &Option<String>, old: fn(&SourcedPart) -> &str| match given {
        Some(text) => store::clean_source_text(place, text),
        None => Ok(before.map_or(String::new(), |before| old(before).to_owned())),
    };
    let manufacturer = text("manufacturer", &new.manufacturer, |source| &source.manufacturer)?;
    let mpn = text("mpn", &new.mpn, |source| &source.mpn)?;
    if manufacturer.is_empty() && mpn.is_empty() {
        return Err(Error::invalid("manufacturer", "missing_field", "give a manufacturer, a part number or both"));
    }
    let same = |source: &&SourcedPart| {
        base::text::fold(&source.manufacturer) == base::text::fold(&manufacturer)
            && base::text::fold(&source.mpn) == base::text::fold(&mpn)
            && before.is_none_or(|before| before.source_uid != source.source_uid)
    };
    if present.iter().any(|source| same(&source)) {
        let message = format!("{manufacturer} {mpn} is there already");
        return Err(Refusal::new(RefusalKind::Conflict, "manufacturer_part_twice", message).at("mpn").into());
    }
    let status = match (&new.status, before) {
        (Some(text), _) => SourceStatus::parse("status", text)?,
        (None, Some(before)) => before.status,
        (None, None) => SourceStatus::Approved,
    };
    let last = present.iter().map(|source| source.position).max().unwrap_or(0);
    let position = new.position.or(before.map(|before| before.position)).unwrap_or(last + 1);
    if !(1..=1_000).contains(&position) {
        return Err(Error::invalid("position", "out_of_range", "a position is from 1 to 1000"));
    }
    Ok(CheckedSource { manufacturer, mpn, status, position })
}

/// Ends a manufacturer part; it stays readable for every moment it held.
pub(crate) fn end(tx: &mut WriteTx<'_>, source: &SourcedPart, action: &str) -> Result<()> {
    let ended = source.stored.with([("to_at", tx.now().0.into())]);
    tx.update(&MANUFACTURER_PART, Some(&source.part), action, &source.stored, ended)
}

/// Writes checked manufacturer parts of one revision, each with its identity.
pub(crate) fn insert(tx: &mut WriteTx<'_>, part: &Record, action: &str, sources: Vec<(String, CheckedSource)>) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(sources.len());
    for (uid, source) in sources {
        let id = tx.new_id();
        rows.push((Some(part.id.clone()), row(&id, &uid, part, &source, now)));
    }
    tx.insert_many(&MANUFACTURER_PART, action, rows)
}

/// The row of a manufacturer part.
pub(super) fn row(id: &str, source_uid: &str, part: &Record, source: &CheckedSource, now: base::Timestamp) -> Values {
    values([
        ("id", id.into()),
        ("source_uid", source_uid.into()),
        ("part", part.id.as_str().into()),
        ("part_item", part.item.as_str().into()),
        ("position", source.position.into()),
        ("manufacturer", source.manufacturer.as_str().into()),
        ("mpn", source.mpn.as_str().into()),
        ("status", source.status.name().into()),
        ("from_at", now.0.into()),
        ("to_at", Value::Null),
    ])
}
