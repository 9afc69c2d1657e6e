//! The record: item (identity, number), revision, phase, fields, version; never deleted.

mod create;
mod edit;
mod fields;
mod list;
mod revise;
pub(crate) mod signers;
pub mod step;
mod write;

pub(crate) use create::{assemble_only, write_assembled};
pub use create::{NewRecord, create, create_many, create_in_state};
pub use edit::{Edit, check_open, check_version, edit, set_detail};
pub(crate) use edit::{check_open as edit_check_open, check_version as edit_check_version};
pub(crate) use fields::check_declared;
pub use fields::{check_fields, field_display};
pub use list::{Filter, Page, Sort, count_a_while, count_by_phase, list};
pub use revise::{next_revision, revise};
pub(crate) use write::save;

use crate::authority::Viewer;
use crate::kind::Phase;
use crate::table::{RECORD, Values};
use crate::trail::Stored;
use base::digest::Canonical;
use base::{Digest, Error, RecordRef, Result, Timestamp};
use db::{Read, Row, Value, sql};
use serde_json::{Map, Value as Json};

/// One revision of a controlled thing, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub tenant: String,
    pub id: String,
    /// What stays the same through all revisions.
    pub item: String,
    pub kind: String,
    pub number: String,
    /// Empty for kinds without revisions.
    pub revision: String,
    pub title: String,
    pub state: String,
    pub phase: Phase,
    pub site: Option<String>,
    /// The person's record identifier.
    pub owner: Option<String>,
    /// `YYYY-MM-DD`, in the site's zone.
    pub due_date: Option<String>,
    /// The date from which this revision counts, `YYYY-MM-DD` in the site's zone.
    pub effective_on: Option<String>,
    /// Counts every change of the row, from 1; the ETag of the API.
    pub version: i64,
    pub fields: Map<String, Json>,
    /// Digest of typed details such as structure lines, when the kind has them.
    pub detail: Option<String>,
    /// Digest of the content; what a signature binds to.
    pub digest: String,
    pub created_at: Timestamp,
    pub created_by: String,
    pub changed_at: Timestamp,
    pub changed_by: String,
    pub(crate) stored: Stored,
}

impl Record {
    pub fn reference(&self) -> RecordRef {
        RecordRef {
            id: self.id.clone(),
            kind: self.kind.clone(),
            number: self.number.clone(),
            revision: self.revision.clone(),
            title: self.title.clone(),
        }
    }

    /// `PR-0012 rev C`.
    pub fn label(&self) -> String {
        self.reference().label()
    }

    /// A field's text; empty when it is not filled in or no text.
    pub fn field_text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Json::as_str).unwrap_or("")
    }

    pub fn field_int(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(Json::as_i64)
    }

    pub fn field_flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Json::as_bool)
    }

    pub fn field_is_empty(&self, name: &str) -> bool {
        match self.fields.get(name) {
            None | Some(Json::Null) => true,
            Some(Json::String(text)) => text.is_empty(),
            Some(_) => false,
        }
    }

    pub(crate) fn from_row(tenant: &str, row: &Row) -> Result<Self> {
        let phase = row.text("phase")?;
        let fields = serde_json::from_str(row.text("fields")?).map_err(|_| damaged("fields", row))?;
        let owned = |name: &str| -> Result<Option<String>> { Ok(row.opt_text(name)?.map(str::to_owned)) };
        Ok(Self {
            tenant: tenant.to_owned(),
            id: row.text("id")?.to_owned(),
            item: row.text("item")?.to_owned(),
            kind: row.text("kind")?.to_owned(),
            number: row.text("number")?.to_owned(),
            revision: row.text("revision")?.to_owned(),
            title: row.text("title")?.to_owned(),
            state: row.text("state")?.to_owned(),
            phase: Phase::parse(phase).ok_or_else(|| damaged("phase", row))?,
            site: owned("site")?,
            owner: owned("owner")?,
            due_date: owned("due_date")?,
            effective_on: owned("effective_on")?,
            version: row.int("version")?,
            fields,
            detail: owned("detail")?,
            digest: row.text("digest")?.to_owned(),
            created_at: Timestamp(row.int("created_at")?),
            created_by: row.text("created_by")?.to_owned(),
            changed_at: Timestamp(row.int("changed_at")?),
            changed_by: row.text("changed_by")?.to_owned(),
            stored: Stored::from_row(&RECORD, row)?,
        })
    }

    /// The row as its table keeps it.
    pub(crate) fn values(&self) -> Values {
        crate::table::values([
            ("id", self.id.as_str().into()),
            ("item", self.item.as_str().into()),
            ("kind", self.kind.as_str().into()),
            ("number", self.number.as_str().into()),
            ("revision", self.revision.as_str().into()),
            ("title", self.title.as_str().into()),
            ("state", self.state.as_str().into()),
            ("phase", self.phase.name().into()),
            ("site", self.site.clone().into()),
            ("owner", self.owner.clone().into()),
            ("due_date", self.due_date.clone().into()),
            ("effective_on", self.effective_on.clone().into()),
            ("version", self.version.into()),
            ("fields", Json::Object(self.fields.clone()).to_string().into()),
            ("detail", self.detail.clone().into()),
            ("digest", self.digest.as_str().into()),
            ("created_at", self.created_at.0.into()),
            ("created_by", self.created_by.as_str().into()),
            ("changed_at", self.changed_at.0.into()),
            ("changed_by", self.changed_by.as_str().into()),
        ])
    }

    /// The content digest: what the record says, without where it stands (`docs/FORMATS.md`,
    /// "Content").
    pub fn content_digest(&self) -> Digest {
        let mut canonical = Canonical::new("PLUMB-CONTENT-1");
        canonical
            .text(&self.kind)
            .text(&self.number)
            .text(&self.revision)
            .text(&self.title)
            .text(&Json::Object(self.fields.clone()).to_string())
            .optional(self.detail.as_deref());
        canonical.digest()
    }
}

/// What Plumb never writes can only have come from outside.
fn damaged(column: &str, row: &Row) -> Error {
    let number = row.text("number").unwrap_or("?");
    let id = row.text("id").unwrap_or("?");
    tracing::error!(record = id, column, "a record cannot be read");
    crate::evidence::changed_outside(&format!("{number}: what stands in the column “{column}” cannot be read. The record")).into()
}

/// The record with this identifier, whoever asks.
pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(sql("select * from record where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// The record with this identifier, or a refusal; for code inside a command that was authorised.
pub fn get(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Record> {
    find(tx, tenant, id)?.ok_or_else(|| Error::not_found("There is no such record."))
}

/// The record, if the viewer may know of it. What belongs to a foreign site is not found, rather
/// than forbidden.
pub fn seen(tx: &mut dyn Read, viewer: &Viewer, id: &str) -> Result<Record> {
    find(tx, viewer.tenant(), id)?
        .filter(|record| viewer.sees(record))
        .ok_or_else(|| Error::not_found("There is no such record."))
}

/// The revision of an item that counts: the effective one, else the latest.
pub fn current_of_item(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql(
            "select r.* from item i join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
             where i.tenant = $1 and i.id = $2",
        ),
        &[tenant.into(), item.into()],
    )?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// The newest revision of an item, effective or not.
pub fn latest_of_item(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql(
            "select r.* from item i join record r on r.tenant = i.tenant and r.id = i.latest
             where i.tenant = $1 and i.id = $2",
        ),
        &[tenant.into(), item.into()],
    )?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// The effective revision of an item, if there is one.
pub fn effective_of_item(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql(
            "select r.* from item i join record r on r.tenant = i.tenant and r.id = i.effective
             where i.tenant = $1 and i.id = $2",
        ),
        &[tenant.into(), item.into()],
    )?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// All revisions of an item, oldest first.
pub fn revisions_of_item(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql("select * from record where tenant = $1 and item = $2 order by created_at, id"),
        &[tenant.into(), item.into()],
    )?;
    rows.iter().map(|row| Record::from_row(tenant, row)).collect()
}

/// Finds a record by what people write: an identifier, or the number of a kind (then the revision
/// that counts), or number and revision as `PR-0012/C`.
pub fn find_named(tx: &mut dyn Read, tenant: &str, kind: &str, name: &str) -> Result<Option<Record>> {
    if base::id::is_id(name) {
        return Ok(find(tx, tenant, name)?.filter(|record| record.kind == kind));
    }
    if let Some(item) = item_by_number(tx, tenant, kind, name)? {
        return current_of_item(tx, tenant, &item);
    }
    let Some((number, revision)) = name.rsplit_once('/') else { return Ok(None) };
    let Some(item) = item_by_number(tx, tenant, kind, number)? else { return Ok(None) };
    Ok(revisions_of_item(tx, tenant, &item)?.into_iter().find(|record| record.revision == revision))
}

/// The item of a kind with this number; case and accents do not matter.
pub fn item_by_number(tx: &mut dyn Read, tenant: &str, kind: &str, number: &str) -> Result<Option<String>> {
    let row = tx.query_opt(
        sql("select id from item where tenant = $1 and kind = $2 and number_fold = $3"),
        &[tenant.into(), kind.into(), base::text::fold(number).into()],
    )?;
    row.map(|row| Ok(row.text("id")?.to_owned())).transpose()
}

/// The record as it was at a moment: the version that was current then.
pub fn as_of(tx: &mut dyn Read, tenant: &str, id: &str, at: Timestamp) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql(
            "select * from record_version where tenant = $1 and id = $2 and changed_at <= $3
             order by version desc limit 1",
        ),
        &[tenant.into(), id.into(), at.0.into()],
    )?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// One version of a record; what a signature bound to stays readable for ever.
pub fn version(tx: &mut dyn Read, tenant: &str, id: &str, version: i64) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql("select * from record_version where tenant = $1 and id = $2 and version = $3"),
        &[tenant.into(), id.into(), version.into()],
    )?;
    row.map(|row| Record::from_row(tenant, &row)).transpose()
}

/// The versions of a record in their order, the newest `most` of them: its states with their spans.
/// Where the first of them is not version 1, there are earlier ones.
pub fn versions(tx: &mut dyn Read, tenant: &str, id: &str, most: usize) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql("select * from record_version where tenant = $1 and id = $2 order by version desc limit $3"),
        &[tenant.into(), id.into(), i64::try_from(most).unwrap_or(i64::MAX).into()],
    )?;
    rows.iter().rev().map(|row| Record::from_row(tenant, row)).collect()
}

/// Several records by identifier, in no particular order; missing ones are left out.
pub fn find_all(tx: &mut dyn Read, tenant: &str, ids: &[String]) -> Result<Vec<Record>> {
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(400) {
        let mut query = db::Query::with(sql("select * from record where tenant = $1"), vec![tenant.into()]);
        query.push_list(" and id in ", part.iter().map(|id| Value::from(id.as_str())).collect());
        for row in tx.run(&query)? {
            found.push(Record::from_row(tenant, &row)?);
        }
    }
    Ok(found)
}
