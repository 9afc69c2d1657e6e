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
use base::limits::BUNDLE_EVENTS;
use base::{Digest, Error, Result};
use db::{Read, Row, Value, sql};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use tlog::proof::inclusion;
use tlog::tile::Tiled;
use tlog::tree::Heads;

/// The name of the format.
pub const BUNDLE_FORMAT: &str = "plumb-evidence-1";

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
    let text = bundle.text()?;
    let mut prepared = input.clone();
    prepared["digest"] = json!(Digest::of(text.as_bytes()).hex());
    prepared["size_bytes"] = json!(text.len());
    prepared["checkpoint"] = json!(bundle.checkpoint);
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
    document: Json,
    /// Entries of the checkpoint that proves it, if there is one yet.
    pub checkpoint: Option<u64>,
}

impl Bundle {
    /// As it is handed out.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(&self.document).map_err(Error::internal)
    }
}

/// An event by its place in the trail.
type Place = (String, i64);

/// Puts together what proves a record: its rows as they are, its versions, the events that wrote
/// them, their transactions, and the way from each to the newest checkpoint.
///
/// Errors: 413 for a record with more events than `limit`.
pub fn bundle(tx: &mut dyn Read, catalog: &Catalog, record: &Record, limit: usize) -> Result<Bundle> {
    let tenant = record.tenant.as_str();
    let mut events = events_of(tx, record, limit)?;
    let subjects: BTreeSet<(String, String)> = events.values().map(|event| Ok((event.text("subject_table")?.to_owned(), event.text("subject")?.to_owned()))).collect::<Result<_>>()?;
    let mut rows = versions_of(tx, record)?;
    for (table, key) in &subjects {
        // Tables with secrets are left out: their events alone say what was done.
        let Some(table) = catalog.tables().iter().find(|known| known.name == table && !known.columns.iter().any(|column| column.name.starts_with("sec_"))) else { continue };
        let statement = format!("select * from {} where tenant = $1 and {} = $2", table.name, table.key);
        for row in tx.query_text(&statement, &[tenant.into(), key.as_str().into()])? {
            let at = (row.text("at_tx")?.to_owned(), row.int("at_ord")?);
            // Another record's event may have written it last: a later revision's, on the item.
            if !events.contains_key(&at) {
                events.extend(event_at(tx, tenant, &at)?.map(|event| (at, event)));
            }
            rows.push(row_shown(table, &row)?);
        }
    }
    let checkpoint = latest(tx, tenant)?;
    let key = verifiers(tx, tenant)?.into_iter().next_back();
    let ids: BTreeSet<&str> = events.keys().map(|(id, _)| id.as_str()).collect();
    let (mut sealed, mut leaves) = (Vec::new(), BTreeMap::new());
    for id in ids {
        let row = tx.query_one(
            sql("select chain, seq, tx, at, actor, command, software, configuration, n, root, prev from audit_tx where tenant = $1 and tx = $2"),
            &[tenant.into(), id.into()],
        )?;
        let place = place_of(tx, tenant, row.int("chain")?, row.int("seq")?)?;
        sealed.push((row, place));
        let of_tx = tx.query(sql("select leaf from event where tenant = $1 and tx = $2 order by ord"), &[tenant.into(), id.into()])?;
        let of_tx = of_tx.iter().map(|row| Digest::from_bytes(row.bytes("leaf")?).ok_or_else(|| Error::internal("a leaf is no digest"))).collect::<Result<Vec<_>>>()?;
        // One transaction may hold thousands of events of the record, each with its own path.
        leaves.insert(id.to_owned(), Heads::over(of_tx));
    }
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let mut tiles = KeptTiles::new(tx, tenant);
    let mut log = Tiled { size, tiles: &mut tiles };
    let transactions = sealed.iter().map(|(row, place)| {
        let place = place.filter(|place| *place < size);
        let path = place.map(|place| inclusion(place, size, &mut log)).transpose()?.unwrap_or_default();
        with_path(shown(row)?, "place", json!(place), &path)
    });
    let transactions: Vec<Json> = transactions.collect::<Result<_>>()?;
    let mut shown_events = Vec::new();
    for ((id, ord), event) in &events {
        let of_tx = leaves.get(id).ok_or_else(|| Error::internal(format!("the leaves of the transaction {id} were not read")))?;
        let path = inclusion(u64::try_from(*ord).map_err(Error::internal)?, of_tx.size(), &mut &*of_tx)?;
        shown_events.push(with_path(shown(event)?, "ord", json!(ord), &path)?);
    }
    let document = json!({
        "format": BUNDLE_FORMAT,
        "tenant": tenant,
        "record": { "id": record.id, "kind": record.kind, "number": record.number, "revision": record.revision, "title": record.title },
        "rows": rows,
        "events": shown_events,
        "transactions": transactions,
        "checkpoint": checkpoint.as_ref().map(|checkpoint| &checkpoint.note),
        "key": key.map(|key| key.text()),
    });
    Ok(Bundle { document, checkpoint: checkpoint.map(|checkpoint| checkpoint.size) })
}

fn with_path(mut row: Json, name: &str, value: Json, path: &[Digest]) -> Result<Json> {
    row[name] = value;
    row["path"] = path.iter().map(|step| Json::from(step.hex())).collect();
    Ok(row)
}

fn events_of(tx: &mut dyn Read, record: &Record, limit: usize) -> Result<BTreeMap<Place, Row>> {
    let most = i64::try_from(limit).map_err(Error::internal)? + 1;
    let rows = tx.query(
        sql(
            "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image
             from event where tenant = $1 and record = $2 order by tx, ord limit $3",
        ),
        &[record.tenant.as_str().into(), record.id.as_str().into(), most.into()],
    )?;
    if rows.len() > limit {
        return Err(Error::too_large("record", format!("{} has more than {limit} events; its whole trail is checked with `plumb verify` or plumb-verify --record.", record.label())));
    }
    rows.into_iter().map(|row| Ok(((row.text("tx")?.to_owned(), row.int("ord")?), row))).collect()
}

fn event_at(tx: &mut dyn Read, tenant: &str, at: &Place) -> Result<Option<Row>> {
    tx.query_opt(
        sql(
            "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image
             from event where tenant = $1 and tx = $2 and ord = $3",
        ),
        &[tenant.into(), at.0.as_str().into(), at.1.into()],
    )
}

fn versions_of(tx: &mut dyn Read, record: &Record) -> Result<Vec<Json>> {
    let rows = tx.query(sql("select * from record_version where tenant = $1 and id = $2 order by version"), &[record.tenant.as_str().into(), record.id.as_str().into()])?;
    rows.iter().map(|row| row_shown(&RECORD_VERSION, row)).collect()
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
            Value::Bytes(bytes) => json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
        };
        columns.insert(column.name.to_owned(), value);
    }
    Ok(json!({ "table": table.name, "columns": columns, "at_tx": row.text("at_tx")?, "at_ord": row.int("at_ord")? }))
}
