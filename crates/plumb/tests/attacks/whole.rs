//! Attacks on the data as a whole: everything is consistent with itself, and only what was kept
//! elsewhere tells.

use crate::data::{Cells, Snapshot, Table, Tables};
use base::Digest;
use base::digest::Canonical;
use db::Value;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Changes one value of a regulated row together with the event that wrote it.
pub fn rewrite_value(tables: &Tables, data: &mut Snapshot, table: &str, row: usize, column: &str, value: Value) {
    let declared = &tables[table];
    let changed = declared.with(&data[table][row], column, value.clone());
    let (tx, ord) = (declared.text(&changed, "at_tx").to_owned(), declared.int(&changed, "at_ord"));
    let image = image(declared, &changed);
    data.get_mut(table).unwrap()[row] = changed;
    let events = &tables["event"];
    let place = |event: &&mut Cells| events.text(event, "tx") == tx && events.int(event, "ord") == ord;
    let event = data.get_mut("event").unwrap().iter_mut().find(place).unwrap();
    let mut after: Map<String, Json> = serde_json::from_str(events.text(event, "after")).unwrap();
    after.insert(column.to_owned(), match value { Value::Text(text) => text.into(), Value::Int(number) => number.into(), other => panic!("{other:?}") });
    *event = events.with(event, "after", Json::Object(after).to_string().into());
    *event = events.with(event, "image", image.0.to_vec().into());
}

/// The image of a row (docs/FORMATS.md); for tables without truth values, which SQLite holds as numbers.
pub fn image(table: &Table, row: &Cells) -> Digest {
    let name = if table.name == "record_version" { "record" } else { &table.name };
    let mut canonical = Canonical::new("PLUMB-ROW-1");
    canonical.text(name);
    let sorted: BTreeMap<_, _> = table.columns.iter().zip(row).map(|(column, value)| (column.name.as_str(), value)).collect();
    for (column, value) in sorted.into_iter().filter(|(column, _)| !matches!(*column, "tenant" | "at_tx" | "at_ord") && !column.starts_with("pd_")) {
        match value {
            Value::Null => continue,
            Value::Bool(truth) => canonical.text(column).int(i64::from(*truth)),
            Value::Int(number) => canonical.text(column).int(*number),
            Value::Text(text) => canonical.text(column).text(text),
            Value::Bytes(bytes) => canonical.text(column).bytes(bytes),
        };
    }
    canonical.digest()
}

/// Computes every leaf, root, link and head anew from what the events and transactions say.
pub fn recompute(tables: &Tables, data: &mut Snapshot) {
    let (event, tx, head) = (&tables["event"], &tables["audit_tx"], &tables["chain_head"]);
    let mut leaves: BTreeMap<String, BTreeMap<i64, Digest>> = BTreeMap::new();
    for row in data.get_mut("event").unwrap() {
        let leaf = tlog::tree::leaf(entry(event, row).as_slice());
        *row = event.with(row, "leaf", leaf.0.to_vec().into());
        leaves.entry(event.text(row, "tx").to_owned()).or_default().insert(event.int(row, "ord"), leaf);
    }
    let mut ends: BTreeMap<i64, (i64, Digest)> = BTreeMap::new();
    // In the order of their keys: by chain and number.
    for row in data.get_mut("audit_tx").unwrap() {
        let own: Vec<Digest> = leaves.get(tx.text(row, "tx")).map(|leaves| leaves.values().copied().collect()).unwrap_or_default();
        let chain = tx.int(row, "chain");
        let prev = ends.get(&chain).map_or(Digest::ZERO, |(_, hash)| *hash);
        *row = tx.with(row, "n", (own.len() as i64).into());
        *row = tx.with(row, "root", tlog::tree::root(&own).0.to_vec().into());
        *row = tx.with(row, "prev", prev.0.to_vec().into());
        let hash = link(tx, row).digest();
        *row = tx.with(row, "hash", hash.0.to_vec().into());
        ends.insert(chain, (tx.int(row, "seq"), hash));
    }
    for row in data.get_mut("chain_head").unwrap() {
        let (seq, hash) = ends[&head.int(row, "chain")];
        *row = head.with(&head.with(row, "seq", seq.into()), "hash", hash.0.to_vec().into());
    }
}

fn maybe<'a>(table: &Table, row: &'a Cells, column: &str) -> Option<&'a str> {
    match &row[table.place(column)] {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The canonical bytes of an event.
pub fn entry(table: &Table, row: &Cells) -> Canonical {
    let (text, optional) = (|column: &str| table.text(row, column), |column: &str| maybe(table, row, column));
    let mut canonical = Canonical::new("PLUMB-EVENT-1");
    canonical.text(text("tenant")).text(text("tx")).int(table.int(row, "ord")).int(table.int(row, "at")).text(text("actor")).text(text("action"));
    canonical.optional(optional("record")).text(text("subject_table")).text(text("subject"));
    canonical.optional(optional("before")).optional(optional("after")).optional(optional("reason")).bytes(table.bytes(row, "image"));
    canonical
}

/// The canonical bytes of a transaction.
pub fn link(table: &Table, row: &Cells) -> Canonical {
    let (text, int) = (|column: &str| table.text(row, column), |column: &str| table.int(row, column));
    let mut canonical = Canonical::new("PLUMB-TX-1");
    canonical.text(text("tenant")).int(int("chain")).int(int("seq")).text(text("tx")).int(int("at")).text(text("actor"));
    canonical.text(text("command")).text(text("software")).int(int("configuration")).int(int("n"));
    canonical.bytes(table.bytes(row, "root")).bytes(table.bytes(row, "prev"));
    canonical
}
