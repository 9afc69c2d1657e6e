//! The evidence of one record as one document, to be checked far from its database
//! (`docs/FORMATS.md`, "Evidence bundle"), and the export that hands it out.

use super::log::{latest, verifiers};
use super::proof::{place_of, shown};
use super::tiles::KeptTiles;
use crate::Kernel;
use crate::authority::{self, Actor, Permit};
use crate::catalog::Catalog;
use crate::command::{CommandDef, InputSort, Needed, SHOWN_ONCE, int_of, needs, text_of};
use crate::commands::reason_given;
use crate::export::{self, Export};
use crate::record::{self, Record};
use crate::signature::Proof;
use crate::table::{RECORD_VERSION, Table, int, text, values};
use crate::trail::WriteTx;
use base::limits::{BUNDLE_BYTES, BUNDLE_EVENTS};
use base::{Digest, Error, Result};
use db::{Query, Read, Row, Value, sql};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use tlog::proof::inclusion;
use tlog::tile::Tiled;
use tlog::tree::Heads;

/// The name of the format.
pub const BUNDLE_FORMAT: &str = "plumb-evidence-1";

/// Versions and events that are in memory at once, besides the text they become.
const ROWS_AT_ONCE: usize = 100;

/// Copies of evidence that were handed out.
pub static EVIDENCE_EXPORT: Table = Table {
    name: "evidence_export",
    key: "id",
    columns: &[text("id"), text("record"), text("digest"), int("size_bytes"), int("checkpoint"), int("made_at"), text("made_by")],
};

/// The command that hands a bundle out and notes that it did.
pub(crate) fn export_command() -> CommandDef {
    CommandDef {
        name: "evidence.export",
        label: "Hand out the evidence of a record",
        requirement: "FRS-EVD-083",
        roles: &["quality_engineer", "quality_manager", "regulatory_affairs"],
        input: vec![needs("record", InputSort::Text, "identifier of the record")],
        needs: |tx, _, actor, input| {
            let record = record::find(tx, actor.tenant(), text_of(input, "record")?)?.ok_or_else(|| Error::not_found("There is no such record."))?;
            Ok(Needed::on("evidence.export", record))
        },
        prepare: Some(prepare),
        run,
        ..CommandDef::base()
    }
}

/// Reads the evidence from a snapshot; the answer carries it once, and nothing keeps it.
fn prepare(kernel: &Kernel, actor: &Actor, input: &Json) -> Result<Json> {
    let (actor, id, catalog) = (actor.clone(), text_of(input, "record")?.to_owned(), kernel.catalog()?);
    let bundle = kernel.database().read(move |tx| {
        let viewer = authority::viewer(tx, &catalog, &actor)?;
        let record = record::seen(tx, &viewer, &id)?;
        bundle(tx, &catalog, &record, BUNDLE_EVENTS)
    })?;
    let checkpoint = bundle.checkpoint;
    let text = bundle.text();
    let mut prepared = input.clone();
    prepared["digest"] = json!(Digest::of(text.as_bytes()).hex());
    prepared["size_bytes"] = json!(text.len());
    prepared["checkpoint"] = json!(checkpoint);
    prepared[SHOWN_ONCE] = json!({ "bundle": text });
    Ok(prepared)
}

fn run(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    reason_given(tx)?;
    let record = record::seen(tx, permit.viewer(), text_of(input, "record")?)?;
    let (id, digest) = (tx.new_id(), text_of(input, "digest")?.to_owned());
    let row = values([
        ("id", id.as_str().into()),
        ("record", record.id.as_str().into()),
        ("digest", digest.as_str().into()),
        ("size_bytes", int_of(input, "size_bytes")?.into()),
        ("checkpoint", input.get("checkpoint").and_then(Json::as_i64).into()),
        ("made_at", tx.now().0.into()),
        ("made_by", tx.actor().to_owned().into()),
    ]);
    tx.insert(&EVIDENCE_EXPORT, Some(&record.id), "evidence.exported", row)?;
    // It leaves the house like every other export.
    export::note(tx, permit, &Export { kind: record.kind.clone(), filter: format!("evidence of {}", record.label()), rows: 1, digest: digest.clone() })?;
    Ok(json!({ "export": id, "record": record.id, "digest": digest }))
}

/// The evidence of one record.
#[derive(Debug)]
pub struct Bundle {
    text: String,
    /// Entries of the checkpoint that proves it, if there is one yet.
    pub checkpoint: Option<u64>,
}

impl Bundle {
    /// As it is handed out.
    pub fn text(self) -> String {
        self.text
    }
}

/// An event by its place in the trail: its transaction, and its number there.
type Place = (String, i64);

/// A row by its table and key.
type Subject = (String, String);

/// Puts together what proves a record: its rows as they are, its versions, the events that wrote
/// them, their transactions, and the way from each to the newest checkpoint.
///
/// Errors: 413 for a record with more events than `limit`, or more evidence than [`BUNDLE_BYTES`].
pub fn bundle(tx: &mut dyn Read, catalog: &Catalog, record: &Record, limit: usize) -> Result<Bundle> {
    bundle_within(tx, catalog, record, limit, BUNDLE_BYTES)
}

/// As [`bundle`], of at most so many bytes. What it needs besides is one transaction of the trail at a
/// time, and for each event its place.
pub fn bundle_within(tx: &mut dyn Read, catalog: &Catalog, record: &Record, limit: usize, most: usize) -> Result<Bundle> {
    let tenant = record.tenant.as_str();
    let (mut places, subjects) = written_for(tx, record, limit)?;
    let about = json!({ "id": record.id, "kind": record.kind, "number": record.number, "revision": record.revision, "title": record.title });
    let mut text = Growing { text: String::new(), most, label: record.label() };
    text.add(&format!("{{\"format\":{},\"tenant\":{},\"record\":{about},\"rows\":[", json!(BUNDLE_FORMAT), json!(tenant)))?;
    add_versions(tx, record, &mut text)?;
    for (table, key) in &subjects {
        // Tables with secrets are left out: their events alone say what was done.
        let Some(table) = catalog.tables().iter().find(|known| known.name == table && !known.columns.iter().any(|column| column.name.starts_with("sec_"))) else { continue };
        let statement = format!("select * from {} where tenant = $1 and {} = $2", table.name, table.key);
        for row in tx.query_text(&statement, &[tenant.into(), key.as_str().into()])? {
            // Another record's event may have written it last: a later revision's, on the item.
            places.insert((row.text("at_tx")?.to_owned(), row.int("at_ord")?));
            text.item(&row_shown(table, &row)?)?;
        }
    }
    let mut by_tx: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (id, ord) in places {
        by_tx.entry(id).or_default().push(ord);
    }
    text.add("],\"events\":[")?;
    let mut sealed = Vec::with_capacity(by_tx.len());
    for (id, ords) in &by_tx {
        if !add_events(tx, tenant, id, ords, &mut text)? {
            continue;
        }
        let row = tx.query_one(
            sql("select chain, seq, tx, at, actor, command, software, configuration, n, root, prev from audit_tx where tenant = $1 and tx = $2"),
            &[tenant.into(), id.as_str().into()],
        )?;
        let place = place_of(tx, tenant, row.int("chain")?, row.int("seq")?)?;
        sealed.push((row, place));
    }
    let checkpoint = latest(tx, tenant)?;
    let key = verifiers(tx, tenant)?.into_iter().next_back();
    text.add("],\"transactions\":[")?;
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let mut tiles = KeptTiles::new(tx, tenant);
    let mut log = Tiled { size, tiles: &mut tiles };
    for (row, place) in &sealed {
        let place = place.filter(|place| *place < size);
        let path = place.map(|place| inclusion(place, size, &mut log)).transpose()?.unwrap_or_default();
        text.item(&with_path(shown(row)?, "place", json!(place), &path))?;
    }
    text.add(&format!("],\"checkpoint\":{},\"key\":{}}}", json!(checkpoint.as_ref().map(|checkpoint| &checkpoint.note)), json!(key.map(|key| key.text()))))?;
    Ok(Bundle { text: text.text, checkpoint: checkpoint.map(|checkpoint| checkpoint.size) })
}

/// The document as far as it is written.
struct Growing {
    text: String,
    most: usize,
    /// The record, for the refusal.
    label: String,
}

impl Growing {
    fn add(&mut self, part: &str) -> Result<()> {
        if self.text.len() + part.len() > self.most {
            let (label, most) = (&self.label, self.most);
            return Err(Error::too_large("record", format!("{label} has more than {most} bytes of evidence; its whole trail is checked with `plumb verify` or plumb-verify --record.")));
        }
        self.text.push_str(part);
        Ok(())
    }

    /// The next member of a list.
    fn item(&mut self, value: &Json) -> Result<()> {
        let comma = if self.text.ends_with('[') { "" } else { "," };
        self.add(&format!("{comma}{value}"))
    }
}

fn with_path(mut row: Json, name: &str, value: Json, path: &[Digest]) -> Json {
    row[name] = value;
    row["path"] = path.iter().map(|step| Json::from(step.hex())).collect();
    row
}

/// Where the events of a record stand, and the rows that they wrote.
fn written_for(tx: &mut dyn Read, record: &Record, limit: usize) -> Result<(BTreeSet<Place>, BTreeSet<Subject>)> {
    let most = i64::try_from(limit).map_err(Error::internal)? + 1;
    let rows = tx.query(
        sql("select tx, ord, subject_table, subject from event where tenant = $1 and record = $2 order by tx, ord limit $3"),
        &[record.tenant.as_str().into(), record.id.as_str().into(), most.into()],
    )?;
    if rows.len() > limit {
        return Err(Error::too_large("record", format!("{} has more than {limit} events; its whole trail is checked with `plumb verify` or plumb-verify --record.", record.label())));
    }
    let (mut places, mut subjects) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        places.insert((row.text("tx")?.to_owned(), row.int("ord")?));
        subjects.insert((row.text("subject_table")?.to_owned(), row.text("subject")?.to_owned()));
    }
    Ok((places, subjects))
}

/// Adds these events of one transaction, each with its way to the transaction's root; false where
/// there are none, as a row changed by hand may say.
fn add_events(tx: &mut dyn Read, tenant: &str, id: &str, ords: &[i64], text: &mut Growing) -> Result<bool> {
    let of_tx = tx.query(sql("select leaf from event where tenant = $1 and tx = $2 order by ord"), &[tenant.into(), id.into()])?;
    let leaves = of_tx.iter().map(|row| Digest::from_bytes(row.bytes("leaf")?).ok_or_else(|| Error::internal("a leaf is no digest"))).collect::<Result<Vec<_>>>()?;
    drop(of_tx);
    // One transaction may hold thousands of events of the record, each with its own path.
    let leaves = Heads::over(leaves);
    let mut any = false;
    for some in ords.chunks(ROWS_AT_ONCE) {
        let mut query = Query::with(
            sql("select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image from event where tenant = $1 and tx = $2"),
            vec![tenant.into(), id.into()],
        );
        query.push_list(" and ord in", some.iter().map(|ord| (*ord).into()).collect());
        query.push(" order by ord");
        for event in tx.run(&query)? {
            let ord = event.int("ord")?;
            let path = inclusion(u64::try_from(ord).map_err(Error::internal)?, leaves.size(), &mut &leaves)?;
            text.item(&with_path(shown(&event)?, "ord", json!(ord), &path))?;
            any = true;
        }
    }
    Ok(any)
}

fn add_versions(tx: &mut dyn Read, record: &Record, text: &mut Growing) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = tx.query(
            sql("select * from record_version where tenant = $1 and id = $2 and version > $3 order by version limit $4"),
            &[record.tenant.as_str().into(), record.id.as_str().into(), after.into(), (ROWS_AT_ONCE as i64).into()],
        )?;
        for row in &rows {
            after = row.int("version")?;
            text.item(&row_shown(&RECORD_VERSION, row)?)?;
        }
        if rows.len() < ROWS_AT_ONCE {
            return Ok(());
        }
    }
}

/// The columns that the row's image covers, without what is empty.
fn row_shown(table: &Table, row: &Row) -> Result<Json> {
    let mut columns = Map::new();
    for column in table.columns.iter().filter(|column| !column.name.starts_with("pd_")) {
        let value = match row.value(column.name)? {
            Value::Null => continue,
            Value::Bool(truth) => json!(truth),
            Value::Int(number) => json!(number),
            Value::Text(text) => json!(text),
            Value::Bytes(bytes) => json!({ "hex": base::hex::encode(bytes) }),
        };
        columns.insert(column.name.to_owned(), value);
    }
    Ok(json!({ "table": table.name, "columns": columns, "at_tx": row.text("at_tx")?, "at_ord": row.int("at_ord")? }))
}
