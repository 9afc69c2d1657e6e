//! Changing what a record says.

use crate::catalog::Catalog;
use crate::record::{self, Record, save};
use crate::trail::WriteTx;
use crate::{binding, person};
use base::limits::TITLE_CHARS;
use base::{Blocker, Error, Refusal, RefusalKind, Result};
use serde_json::{Map, Value as Json};

/// The changes of one edit; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub title: Option<String>,
    pub owner: Option<String>,
    pub due_date: Option<String>,
    pub effective_on: Option<String>,
    pub fields: Map<String, Json>,
}

/// Changes title, owner, dates and fields of a record whose content is open.
///
/// Errors: 412 when the version is not the current one; 409 when the phase fixes the content; 422
/// for a value that does not fit, by name.
pub fn edit(tx: &mut WriteTx<'_>, before: &Record, expected_version: i64, change: Edit) -> Result<Record> {
    check_version(before, expected_version)?;
    check_open(tx, before)?;
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&before.kind)?;
    let mut after = before.clone();
    if let Some(title) = &change.title {
        after.title = base::text::clean_line("title", title, TITLE_CHARS)?;
        if after.title.is_empty() {
            return Err(Error::invalid("title", "missing_field", "a title is needed"));
        }
    }
    if let Some(owner) = &change.owner {
        after.owner = Some(person::identify(tx, &before.tenant, "owner", owner)?);
    }
    if let Some(date) = &change.due_date {
        after.due_date = date_or_none("due_date", date)?;
    }
    if let Some(date) = &change.effective_on {
        after.effective_on = date_or_none("effective_on", date)?;
    }
    for (name, value) in record::check_fields(tx, &before.tenant, kind, &change.fields, false)? {
        let required = kind.find_field(&name).is_some_and(|field| field.required);
        if value.is_null() && required {
            return Err(Error::invalid(format!("fields.{name}"), "missing_field", format!("“{name}” is needed")));
        }
        if value.is_null() {
            after.fields.remove(&name);
        } else {
            after.fields.insert(name, value);
        }
    }
    if after.values() == before.values() {
        return Err(Error::invalid("input", "nothing_changed", "Nothing differs from what the record already says."));
    }
    save(tx, before, after, "record.edited")
}

/// Sets the digest of typed details (structure lines) after a domain has changed them, so that the
/// record's content digest covers them.
pub fn set_detail(tx: &mut WriteTx<'_>, before: &Record, detail: Option<String>) -> Result<Record> {
    check_open(tx, before)?;
    let mut after = before.clone();
    after.detail = detail;
    save(tx, before, after, "record.detail_changed")
}

/// Refuses with 412 when the record is not in the version that somebody saw.
pub fn check_version(record: &Record, expected: i64) -> Result<()> {
    if record.version == expected {
        return Ok(());
    }
    Err(Error::stale(format!("{} has changed: you saw version {expected}, it is now version {}.", record.label(), record.version)))
}

/// Refuses a change of a record whose content is fixed, by its phase or because a record in review
/// covers it.
pub fn check_open(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    let catalog = tx.catalog();
    if record.phase.is_open_for_edit() {
        return match binding::locked_by(tx, &catalog, record)? {
            None => Ok(()),
            Some(source) => Err(bound(&catalog, record, &source)),
        };
    }
    let state = catalog.state_label(&record.kind, &record.state).to_lowercase();
    let has_revisions = catalog.kind(&record.kind).is_some_and(|kind| kind.revisions != crate::kind::Revisions::None);
    let advice = match (record.phase, has_revisions) {
        (crate::kind::Phase::InReview, _) => "Send it back to its author first.",
        (_, true) => "Make a new revision.",
        (_, false) => "Its content can no longer change.",
    };
    Err(Refusal::new(RefusalKind::Conflict, "content_fixed", format!("{} is {state}: its content is fixed.", record.label()))
        .advise(advice)
        .into())
}

fn bound(catalog: &Catalog, record: &Record, source: &Record) -> Error {
    let state = catalog.state_label(&source.kind, &source.state).to_lowercase();
    let text = format!("{} is {state} and its signatures cover {}", source.label(), record.label());
    Refusal::new(RefusalKind::Conflict, "content_bound", format!("The content of {} cannot change now.", record.label()))
        .blocked_by(vec![Blocker {
            rule: "record.content_bound".to_owned(),
            requirement: "FRS-BND-001".to_owned(),
            text,
            records: vec![source.reference()],
        }])
        .advise(format!("Send {} back first.", source.label()))
        .into()
}

fn date_or_none(place: &str, text: &str) -> Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(base::time::parse_date(place, text)?.to_string()))
}
