//! Personal data on a record: what a kind declares as such (a complainant's name and address)
//! stands beside the trail, so that it can be erased and nothing that was signed changes.
//!
//! One row for each item. The trail shows that it changed, which fields are given, by whom and why;
//! never what they say. The row's image covers a salted digest (`docs/FORMATS.md`). It is no part of
//! the record's content digest, of its fields, of search or of lists.

use crate::catalog::Catalog;
use crate::kind::Kind;
use crate::record::{self, Record};
use crate::table::{Column, Table, bytes, int, text, values};
use crate::trail::{Stored, WriteTx};
use base::digest::Canonical;
use base::{Digest, Error, Refusal, RefusalKind, Result, Timestamp};
use db::{ColumnType, Read, Value, sql};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

const DIGEST: Column = Column { name: "personal_digest", sort: ColumnType::Text };

pub static PERSONAL_DATA: Table =
    Table { name: "personal_data", key: "id", columns: &[text("id"), text("given"), int("erased_at"), DIGEST, text("pd_fields"), bytes("pd_salt")] };

/// The verbs of a kind with personal data: what a role needs to read, change and erase it.
pub const SEE: &str = "see_personal";
pub const EDIT: &str = "edit_personal";
pub const ERASE: &str = "erase_personal";

/// What stands on an item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Personal {
    /// By name of the field; empty after an erasure.
    pub fields: Map<String, Json>,
    pub standing: Standing,
    /// Whether the fields are those that the trail's digest was made of.
    pub sound: bool,
}

/// What may be known without seeing the data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Names of the fields that are given, or were when the data was erased.
    pub given: BTreeSet<String>,
    pub erased_at: Option<Timestamp>,
}

impl Standing {
    fn of(row: &db::Row) -> Result<Self> {
        let given = serde_json::from_str(row.text("given")?).map_err(|_| Error::internal("names of personal fields cannot be read"))?;
        Ok(Self { given, erased_at: row.opt_int("erased_at")?.map(Timestamp) })
    }
}

fn row_of(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Option<db::Row>> {
    tx.query_opt(sql("select * from personal_data where tenant = $1 and id = $2"), &[tenant.into(), item.into()])
}

/// Which fields are given; for rules, which must not depend on what they say.
pub fn standing(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Standing> {
    row_of(tx, tenant, item)?.map_or_else(|| Ok(Standing::default()), |row| Standing::of(&row))
}

/// The data itself; only for whoever has the permission ([`may_see`]).
pub fn read(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Personal> {
    let Some(row) = row_of(tx, tenant, item)? else { return Ok(Personal { sound: true, ..Personal::default() }) };
    let standing = Standing::of(&row)?;
    let Some(kept) = row.opt_text("pd_fields")? else { return Ok(Personal { fields: Map::new(), sound: standing.erased_at.is_some(), standing }) };
    let salt = row.opt_bytes("pd_salt")?.unwrap_or_default();
    let sound = digest_of(salt, kept).hex() == row.text("personal_digest")?;
    let fields = serde_json::from_str(kept).map_err(|_| Error::internal("personal data cannot be read"))?;
    Ok(Personal { fields, standing, sound })
}

/// Whether a person may read the personal data of a record now.
pub fn may_see(tx: &mut dyn Read, catalog: &Catalog, person: &str, record: &Record) -> Result<bool> {
    let permissions = crate::authority::permissions_at(tx, catalog, &record.tenant, person, record.site.as_deref())?;
    Ok(permissions.contains(&format!("{}.{SEE}", record.kind)))
}

/// Changes the fields that are given; null or empty text clears one.
///
/// Errors: 422 for a field that the kind does not declare as personal or a value that does not fit,
/// by name; 422 without a reason where the record's content is fixed; 409 when nothing changes.
pub fn edit(tx: &mut WriteTx<'_>, record: &Record, change: &Map<String, Json>) -> Result<()> {
    let catalog = tx.catalog();
    let kind = declared(&catalog, record)?;
    if !record.phase.is_open_for_edit() && tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", format!("{} is finished: a correction of its personal data needs a reason.", record.label())));
    }
    tx.lock(&crate::table::ITEM, &record.item)?;
    let before = row_of(tx, &record.tenant, &record.item)?;
    let mut fields = read(tx, &record.tenant, &record.item)?.fields;
    let earlier = fields.clone();
    for (name, value) in record::check_declared(tx, &record.tenant, kind, &kind.personal, "personal", change)? {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    if fields == earlier {
        return Err(Error::invalid("personal", "nothing_changed", "Nothing differs from what is there already."));
    }
    let salt = tx.random_bytes(16);
    let kept = Json::Object(fields.clone()).to_string();
    let row = values([
        ("id", record.item.as_str().into()),
        ("given", names(fields.keys().map(String::as_str)).into()),
        ("erased_at", Value::Null),
        ("personal_digest", digest_of(&salt, &kept).hex().into()),
        ("pd_fields", kept.into()),
        ("pd_salt", salt.into()),
    ]);
    match before {
        None => tx.insert(&PERSONAL_DATA, Some(&record.id), "personal.changed", row),
        Some(before) => {
            let before = Stored::from_row(&PERSONAL_DATA, &before)?;
            tx.update(&PERSONAL_DATA, Some(&record.id), "personal.changed", &before, row)
        }
    }
}

/// Erases what is there, whatever the record's phase. What was given stays known by name.
pub fn erase(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    declared(&tx.catalog(), record)?;
    if tx.reason().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(Error::invalid("reason", "reason_needed", "An erasure needs a reason."));
    }
    tx.lock(&crate::table::ITEM, &record.item)?;
    let row = row_of(tx, &record.tenant, &record.item)?;
    let row = row.filter(|row| matches!(row.opt_text("pd_fields"), Ok(Some(_))));
    let Some(row) = row else { return Err(Error::conflict("nothing_to_erase", format!("{} has no personal data.", record.label()))) };
    let before = Stored::from_row(&PERSONAL_DATA, &row)?;
    let erased = before.with([("erased_at", tx.now().0.into()), ("pd_fields", Value::Null), ("pd_salt", Value::Null)]);
    tx.update(&PERSONAL_DATA, Some(&record.id), "personal.erased", &before, erased)
}

fn declared<'a>(catalog: &'a Catalog, record: &Record) -> Result<&'a Kind> {
    let kind = catalog.known_kind(&record.kind)?;
    if kind.personal.is_empty() {
        return Err(Refusal::new(RefusalKind::Conflict, "no_personal_data", format!("{} holds no personal data.", kind.plural)).into());
    }
    Ok(kind)
}

fn names<'a>(given: impl Iterator<Item = &'a str>) -> String {
    Json::from(given.map(Json::from).collect::<Vec<_>>()).to_string()
}

fn digest_of(salt: &[u8], fields: &str) -> Digest {
    let mut canonical = Canonical::new("PLUMB-PERSONAL-FIELDS-1");
    canonical.bytes(salt).text(fields);
    canonical.digest()
}
