//! Files on records. The file is written and synced before the row that names it; the record's
//! content carries each file's digest, so that a signature covers the files too.

use crate::Kernel;
use crate::record::{self, Record, edit_check_version};
use crate::signature;
use crate::table::{ATTACHMENT, values};
use crate::trail::{Stored, WriteTx};
use base::limits::LINE_CHARS;
use base::{Digest, Error, Result, Timestamp};
use db::{Read, Row, Value, sql};
use serde_json::{Map, Value as Json};

/// The reserved field that holds name → digest of the attached files.
pub const FILES_FIELD: &str = "_files";

#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    pub id: String,
    pub record: String,
    pub name: String,
    pub media_type: String,
    pub digest: String,
    pub size_bytes: i64,
    pub added_at: Timestamp,
    stored: Stored,
}

fn from_row(row: &Row) -> Result<Attachment> {
    Ok(Attachment {
        id: row.text("id")?.to_owned(),
        record: row.text("record")?.to_owned(),
        name: row.text("name")?.to_owned(),
        media_type: row.text("media_type")?.to_owned(),
        digest: row.text("digest")?.to_owned(),
        size_bytes: row.int("size_bytes")?,
        added_at: Timestamp(row.int("added_at")?),
        stored: Stored::from_row(&ATTACHMENT, row)?,
    })
}

/// The files on a record.
pub fn of_record(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Attachment>> {
    let rows = tx.query(
        sql("select * from attachment where tenant = $1 and record = $2 and removed_at is null order by name, id"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

pub fn find(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<Attachment> {
    tx.query_opt(sql("select * from attachment where tenant = $1 and id = $2"), &[tenant.into(), id.into()])?
        .map(|row| from_row(&row))
        .transpose()?
        .ok_or_else(|| Error::not_found("There is no such file."))
}

/// Attaches a file that the store already holds.
pub fn add(tx: &mut WriteTx<'_>, before: &Record, version: i64, name: &str, media_type: &str, digest: &str, size_bytes: i64) -> Result<String> {
    edit_check_version(before, version)?;
    record::edit_check_open(tx, before)?;
    let name = base::text::clean_line("name", name, LINE_CHARS)?;
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(Error::invalid("name", "bad_file_name", "a file needs a name without slashes"));
    }
    if Digest::from_hex(digest).is_none() {
        return Err(Error::invalid("digest", "bad_digest", "this is no SHA-256 digest"));
    }
    let present = of_record(tx, &before.tenant, &before.id)?;
    if present.iter().any(|file| file.name == name) {
        return Err(Error::conflict("file_name_taken", format!("There is a file “{name}” already; remove it first.")));
    }
    let id = tx.new_id();
    let row = values([
        ("id", id.as_str().into()),
        ("record", before.id.as_str().into()),
        ("name", name.as_str().into()),
        ("media_type", media_type.into()),
        ("digest", digest.into()),
        ("size_bytes", size_bytes.into()),
        ("added_at", tx.now().0.into()),
        ("removed_at", Value::Null),
    ]);
    tx.insert(&ATTACHMENT, Some(&before.id), "file.attached", row)?;
    set_manifest(tx, before)?;
    Ok(id)
}

/// Gives the files of a revision to the next one, whose content names them from its beginning.
pub(crate) fn copy(tx: &mut WriteTx<'_>, from: &Record, to: &Record) -> Result<()> {
    let mut rows = Vec::new();
    for file in of_record(tx, &from.tenant, &from.id)? {
        let copied = file.stored.with([("id", tx.new_id().into()), ("record", to.id.as_str().into()), ("added_at", tx.now().0.into())]);
        rows.push((Some(to.id.clone()), copied));
    }
    if rows.is_empty() { Ok(()) } else { tx.insert_many(&ATTACHMENT, "file.carried_over", rows) }
}

/// Takes a file off a record; the file itself stays, earlier versions name it.
pub fn remove(tx: &mut WriteTx<'_>, before: &Record, version: i64, file: &Attachment) -> Result<()> {
    edit_check_version(before, version)?;
    record::edit_check_open(tx, before)?;
    if file.stored.values.get("removed_at").is_some_and(|at| *at != Value::Null) {
        return Err(Error::not_found("There is no such file on this record any more."));
    }
    let removed = file.stored.with([("removed_at", tx.now().0.into())]);
    tx.update(&ATTACHMENT, Some(&before.id), "file.removed", &file.stored, removed)?;
    set_manifest(tx, before)
}

fn set_manifest(tx: &mut WriteTx<'_>, before: &Record) -> Result<()> {
    let files = of_record(tx, &before.tenant, &before.id)?;
    let manifest: Map<String, Json> = files.into_iter().map(|file| (file.name, Json::String(file.digest))).collect();
    let mut after = before.clone();
    if manifest.is_empty() {
        after.fields.remove(FILES_FIELD);
    } else {
        after.fields.insert(FILES_FIELD.to_owned(), Json::Object(manifest));
    }
    record::save(tx, before, after, "record.detail_changed")?;
    Ok(())
}

/// A stored file with what a browser needs to know.
#[derive(Debug, Clone)]
pub struct Content {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// How long an address on the content origin is good, in seconds.
const TOKEN_SECONDS: i64 = 300;

/// Makes a token with which the content origin, which knows no session, gives out one file. The
/// caller has checked that the person may see the record.
pub fn content_token(kernel: &Kernel, tenant: &str, file: &Attachment) -> Result<String> {
    let until = kernel.now().plus_seconds(TOKEN_SECONDS).0;
    let text = format!("{tenant}/{}/{until}", file.id);
    let mac = signature::content_authenticator(kernel, tenant, text.as_bytes())?;
    Ok(format!("{}.{mac}", base::hex::encode(text.as_bytes())))
}

/// The file a token stands for, while it is good.
pub fn open_token(kernel: &Kernel, token: &str) -> Result<Content> {
    let bad = || Error::not_found("This address is not good any more.");
    let (text, mac) = token.split_once('.').ok_or_else(bad)?;
    let text = String::from_utf8(base::hex::decode(text, base::limits::CHALLENGE_CHARS).ok_or_else(bad)?).map_err(|_| bad())?;
    let mut parts = text.split('/');
    let (Some(tenant), Some(id), Some(until)) = (parts.next(), parts.next(), parts.next()) else { return Err(bad()) };
    if signature::content_authenticator(kernel, tenant, text.as_bytes())? != mac || until.parse::<i64>().map_err(|_| bad())? < kernel.now().0 {
        return Err(bad());
    }
    let (tenant, id) = (tenant.to_owned(), id.to_owned());
    let file = kernel.database().read(move |tx| find(tx, &tenant, &id))?;
    let digest = Digest::from_hex(&file.digest).ok_or_else(|| Error::internal("a stored digest cannot be read"))?;
    Ok(Content { name: file.name, media_type: file.media_type, bytes: kernel.files().get(&digest)? })
}
