//! Making records.

use crate::kind::{Kind, Numbering, Phase, Revisions, State};
use crate::record::{self, Record};
use crate::table::{ITEM, RECORD, RECORD_VERSION, values};
use crate::trail::{Stored, WriteTx};
use crate::{number, obligation, person};
use base::limits::{NUMBER_CHARS, TITLE_CHARS};
use base::{Error, Result};
use serde_json::{Map, Value as Json};

/// What a new record is made of.
#[derive(Debug, Clone, Default)]
pub struct NewRecord {
    pub kind: String,
    /// Only for kinds whose numbers are given.
    pub number: Option<String>,
    /// Only where an import brings revisions with it; otherwise the first of the scheme.
    pub revision: Option<String>,
    pub title: String,
    pub site: Option<String>,
    /// User name or identifier; the creator when empty.
    pub owner: Option<String>,
    pub due_date: Option<String>,
    pub effective_on: Option<String>,
    pub fields: Map<String, Json>,
    pub detail: Option<String>,
}

/// Makes one record in the first state of its kind.
pub fn create(tx: &mut WriteTx<'_>, new: NewRecord) -> Result<Record> {
    let mut made = create_many(tx, vec![new], None)?;
    made.pop().ok_or_else(|| Error::internal("nothing was made"))
}

/// Makes one record in a state other than the first: for an import of what is already released,
/// and for people and places, which count from the start.
pub fn create_in_state(tx: &mut WriteTx<'_>, new: NewRecord, state: &str) -> Result<Record> {
    let mut made = create_many(tx, vec![new], Some(state))?;
    let made = made.pop().ok_or_else(|| Error::internal("nothing was made"))?;
    obligation::raise_signing(tx, &made)?;
    Ok(made)
}

/// Checks and puts together one record in the first state of its kind, without writing it yet.
pub(crate) fn assemble_only(tx: &mut WriteTx<'_>, new: NewRecord) -> Result<Record> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&new.kind)?;
    let state = kind.first_state().ok_or_else(|| Error::internal("kind without states"))?;
    assemble(tx, kind, state, new)
}

/// Writes what [`assemble_only`] put together.
pub(crate) fn write_assembled(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    write_new(tx, std::slice::from_ref(record))
}

/// Makes many records with few statements, all in `state` (the first of the kind when `None`).
pub fn create_many(tx: &mut WriteTx<'_>, news: Vec<NewRecord>, state: Option<&str>) -> Result<Vec<Record>> {
    let catalog = tx.catalog();
    let mut records = Vec::with_capacity(news.len());
    for new in news {
        let kind = catalog.known_kind(&new.kind)?;
        let state = match state {
            Some(name) => kind.find_state(name),
            None => kind.first_state(),
        };
        let state = state.ok_or_else(|| Error::internal(format!("kind {} lacks the state", kind.name)))?;
        records.push(assemble(tx, kind, state, new)?);
    }
    write_new(tx, &records)?;
    Ok(records)
}

fn assemble(tx: &mut WriteTx<'_>, kind: &Kind, state: &State, new: NewRecord) -> Result<Record> {
    let tenant = tx.tenant().to_owned();
    let title = base::text::clean_line("title", &new.title, TITLE_CHARS)?;
    if title.is_empty() {
        return Err(Error::invalid("title", "missing_field", "a title is needed"));
    }
    let fields = record::check_fields(tx, &tenant, kind, &new.fields, true)?;
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let number = match (&kind.numbering, new.number.as_deref().map(str::trim).filter(|given| !given.is_empty())) {
        (Numbering::Given, Some(given)) => {
            let given = base::text::clean_line("number", given, NUMBER_CHARS)?;
            base::text::refuse_disguised("number", &given)?;
            given
        }
        (Numbering::Given, None) => return Err(Error::invalid("number", "missing_field", format!("{} needs a number", kind.label))),
        (Numbering::Counted { .. }, Some(_)) => {
            return Err(Error::invalid("number", "number_is_counted", format!("{} numbers are given by Plumb", kind.label)));
        }
        (numbering @ Numbering::Counted { .. }, None) => number::next(tx, numbering)?,
    };
    for (place, date) in [("due_date", &new.due_date), ("effective_on", &new.effective_on)] {
        if let Some(date) = date {
            base::time::parse_date(place, date)?;
        }
    }
    let owner = match new.owner.as_deref() {
        Some(named) if named == tx.actor() => Some(named.to_owned()),
        Some(named) => Some(person::identify(tx, &tenant, "owner", named)?),
        None if tx.actor() == "system" => None,
        None => Some(tx.actor().to_owned()),
    };
    let first = match kind.revisions {
        Revisions::None => String::new(),
        Revisions::Letters => "A".to_owned(),
        Revisions::Numbers => "1".to_owned(),
    };
    let now = tx.now();
    let mut made = Record {
        tenant,
        id: tx.new_id(),
        item: tx.new_id(),
        kind: kind.name.clone(),
        number,
        revision: new.revision.unwrap_or(first),
        title,
        state: state.name.clone(),
        phase: state.phase,
        site: new.site,
        owner,
        due_date: new.due_date,
        effective_on: new.effective_on,
        version: 1,
        fields,
        detail: new.detail,
        digest: String::new(),
        created_at: now,
        created_by: tx.actor().to_owned(),
        changed_at: now,
        changed_by: tx.actor().to_owned(),
        stored: Stored::pending(),
    };
    made.digest = made.content_digest().hex();
    Ok(made)
}

/// Writes item, record and version of each, with one event per row of record and item.
pub(super) fn write_new(tx: &mut WriteTx<'_>, records: &[Record]) -> Result<()> {
    let items = records
        .iter()
        .map(|record| {
            let effective = (record.phase == Phase::Effective).then(|| record.id.clone());
            let row = values([
                ("id", record.item.as_str().into()),
                ("kind", record.kind.as_str().into()),
                ("number", record.number.as_str().into()),
                ("number_fold", base::text::fold(&record.number).into()),
                ("site", record.site.clone().into()),
                ("latest", record.id.as_str().into()),
                ("effective", effective.into()),
            ]);
            (Some(record.id.clone()), row)
        })
        .collect();
    tx.insert_many(&ITEM, "item.numbered", items).map_err(|error| number_taken(error, records))?;
    write_rows(tx, records, "record.created")
}

pub(super) fn write_rows(tx: &mut WriteTx<'_>, records: &[Record], action: &str) -> Result<()> {
    let rows: Vec<_> = records.iter().map(|record| (Some(record.id.clone()), record.values())).collect();
    let versions: Vec<_> = rows.iter().map(|(_, values)| values.clone()).collect();
    tx.insert_many(&RECORD, action, rows)?;
    tx.put_versions(&RECORD_VERSION, &versions)?;
    super::write::index_new(tx, records)
}

/// Turns the database's "duplicate" into a sentence about the number.
fn number_taken(error: Error, records: &[Record]) -> Error {
    let duplicate = error.refusal().is_some_and(|refusal| refusal.code == "duplicate");
    match (duplicate, records) {
        (true, [only]) => Error::conflict("number_taken", format!("The number {} is taken; numbers are never used twice.", only.number)),
        (true, _) => Error::conflict("number_taken", "One of the numbers is taken; numbers are never used twice."),
        _ => error,
    }
}
