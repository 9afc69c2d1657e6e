//! Attacks on the regulated rows: every column of every table, and the rows as wholes.

use crate::attack::{Attack, fresh, made_up, others};
use crate::company::Target;
use crate::data::{Cells, Column, Replacement, Table, Tables, tables};
use db::Value;
use std::collections::BTreeMap;

const CHANGED: &str = "a value is changed";
const TAKEN: &str = "a value is taken away";
const FILLED: &str = "a value is put where there was none";
const DELETED: &str = "a row is deleted";
const COPIED: &str = "a row is copied under a new key";
const SWAPPED: &str = "two rows change places";
const POINTED: &str = "a row points to another event";
const EARLIER: &str = "an earlier state of a row is put back";
const VERSIONS: &str = "a record is put back and its newer versions deleted";
const SIGNATURE_COPIED: &str = "a signature is copied to another record";
const SIGNATURE_MOVED: &str = "a signature is moved to another record";
const MEANING: &str = "the meaning of a signature is swapped";
const VERSION: &str = "a signature points to another version";

/// The tables whose rows point to events.
pub fn regulated(target: &Target) -> Vec<Table> {
    tables(&target.database).into_values().filter(Table::is_regulated).collect()
}

pub fn attacks(target: &Target) -> Vec<Attack> {
    let all: BTreeMap<String, Vec<Cells>> = regulated(target).iter().map(|table| (table.name.clone(), table.rows(&target.database))).collect();
    let mut attacks = Vec::new();
    for (number, table) in regulated(target).iter().enumerate() {
        let rows = &all[&table.name];
        assert!(!rows.is_empty(), "{} has no rows: the company must do something that fills it", table.name);
        for (place, column) in table.columns.iter().enumerate() {
            on_column(table, rows, number + place, column, &mut attacks);
        }
        let elsewhere = if table.name == "item" { "link" } else { "item" };
        on_rows(table, rows, &all[elsewhere][0], &mut attacks);
        earlier(target, table, rows, &mut attacks);
    }
    let tables = tables(&target.database);
    older_versions(target, &tables, &mut attacks);
    personal(&tables["personal_data"], &all["personal_data"], &mut attacks);
    signatures(&tables, &all, &mut attacks);
    attacks
}

/// The row's key as a check tells it: versions are told by their record.
fn told(table: &Table, row: &Cells) -> String {
    let column = if table.has("id") { "id" } else { "revision" };
    match &row[table.place(column)] {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        other => panic!("a key is {other:?}"),
    }
}

/// Where values are shown in the trail, the column must be named; a secret and personal data never
/// are, and a row without its tenant or key is gone.
fn named_column(column: &Column) -> Option<&str> {
    match column.name.as_str() {
        "tenant" | "id" | "revision" => None,
        "at_tx" | "at_ord" => Some("at_tx"),
        name if name.starts_with("sec_") || name.starts_with("pd_") => None,
        name => Some(name),
    }
}

/// `turn` picks another row each time.
fn on_column(table: &Table, rows: &[Cells], turn: usize, column: &Column, attacks: &mut Vec<Attack>) {
    let place = table.place(&column.name);
    let pick = |null: bool| {
        let fitting: Vec<_> = rows.iter().filter(|row| row[place].is_null() == null).collect();
        (!fitting.is_empty()).then(|| fitting[turn % fitting.len()])
    };
    let mut add = |sort: &'static str, row: &Cells, value: Value| {
        // In a table that revision tells apart the column of that name is the key.
        let named = if column.name == "revision" && table.has("id") { Some("revision") } else { named_column(column) };
        let changed = table.with(row, &column.name, value);
        // A version under the identifier of no record is told by that; of any other table the row is gone.
        let key = if table.name == "record_version" { told(table, &changed) } else { told(table, row) };
        attacks.push(Attack::on(sort, table, &[row], &[changed]).at(&column.name).names(&table.name, Some(&key), named));
    };
    if let Some(row) = pick(false) {
        for value in if column.key { vec![fresh(&row[place])] } else { others(&row[place]) } {
            add(CHANGED, row, value);
        }
        if column.nullable {
            add(TAKEN, row, Value::Null);
        }
    }
    if let Some(row) = pick(true) {
        for value in made_up(&column.sort) {
            add(FILLED, row, value);
        }
    }
}

fn on_rows(table: &Table, rows: &[Cells], elsewhere: &Cells, attacks: &mut Vec<Attack>) {
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let key = |row: &Cells| told(table, row);
    for row in [first, last].into_iter().take(rows.len()) {
        attacks.push(Attack::on(DELETED, table, &[row], &[]).names(&table.name, Some(&key(row)), None));
    }
    for column in table.columns.iter().filter(|column| column.key && column.name != "tenant") {
        let copy = table.with(last, &column.name, fresh(&last[table.place(&column.name)]));
        attacks.push(Attack::on(COPIED, table, &[], std::slice::from_ref(&copy)).at(&column.name).names(&table.name, Some(&key(&copy)), None));
    }
    if rows.len() > 1 {
        let swapped = [with_key_of(table, last, first), with_key_of(table, first, last)];
        let attack = Attack::on(SWAPPED, table, &[first, last], &swapped);
        attacks.push(attack.names(&table.name, Some(&key(first)), None).names(&table.name, Some(&key(last)), None));
        let pointed = pointing(table, first, &last[table.place("at_tx")], &last[table.place("at_ord")]);
        attacks.push(Attack::on(POINTED, table, &[first], &[pointed]).names(&table.name, Some(&key(first)), Some("at_tx")));
    }
    // The pointer stands last in every regulated table.
    let [.., tx, ord] = elsewhere.as_slice() else { panic!("{elsewhere:?}") };
    attacks.push(Attack::on(POINTED, table, &[last], &[pointing(table, last, tx, ord)]).names(&table.name, Some(&key(last)), Some("at_tx")));
}

fn pointing(table: &Table, row: &Cells, tx: &Value, ord: &Value) -> Cells {
    table.with(&table.with(row, "at_tx", tx.clone()), "at_ord", ord.clone())
}

/// What `row` says, under the key of another.
fn with_key_of(table: &Table, row: &Cells, other: &Cells) -> Cells {
    table.columns.iter().zip(row.iter().zip(other)).map(|(column, (own, theirs))| if column.key { theirs.clone() } else { own.clone() }).collect()
}

/// Up to three rows that were other than they are now, from each moment that was kept.
fn earlier(target: &Target, table: &Table, rows: &[Cells], attacks: &mut Vec<Attack>) {
    const EACH: usize = 3;
    for kept in &target.before {
        let before: BTreeMap<_, _> = kept[&table.name].iter().map(|row| (format!("{:?}", table.key(row)), row)).collect();
        let changed = rows.iter().filter_map(|row| before.get(&format!("{:?}", table.key(row))).filter(|then| **then != row).map(|then| (row, *then)));
        for (row, then) in changed.take(EACH) {
            let attack = Attack::on(EARLIER, table, &[row], std::slice::from_ref(then));
            attacks.push(attack.names(&table.name, Some(&told(table, row)), Some("at_tx")));
        }
    }
}

/// The record as it was, and no version newer than that: only the events tell.
fn older_versions(target: &Target, tables: &Tables, attacks: &mut Vec<Attack>) {
    let (record, version) = (&tables["record"], &tables["record_version"]);
    let versions = version.rows(&target.database);
    for row in record.rows(&target.database).iter().filter(|row| record.int(row, "version") > 2).take(5) {
        let (id, newest) = (record.text(row, "id").to_owned(), record.int(row, "version"));
        let of = |number: i64| versions.iter().find(|row| version.text(row, "id") == id && version.int(row, "version") == number).unwrap();
        let then: Cells = record.columns.iter().map(|column| of(newest - 1)[version.place(&column.name)].clone()).collect();
        let gone = Replacement { table: version.clone(), take: vec![of(newest).clone()], put: Vec::new() };
        let attack = Attack::on(VERSIONS, record, &[row], &[then]).and(gone);
        attacks.push(attack.names("record", Some(&id), Some("at_tx")).names("record_version", Some(&id), None));
    }
}

/// Personal data taken away as an erasure does, without the event of one.
fn personal(table: &Table, rows: &[Cells], attacks: &mut Vec<Attack>) {
    let row = rows.iter().find(|row| row[table.place("erased_at")].is_null()).unwrap();
    let emptied = table.with(&table.with(row, "pd_fields", Value::Null), "pd_salt", Value::Null);
    attacks.push(Attack::on(TAKEN, table, &[row], &[emptied]).at("pd_fields, pd_salt").names(&table.name, Some(&told(table, row)), None));
    let erased = rows.iter().find(|row| !row[table.place("erased_at")].is_null()).unwrap();
    let refilled = table.with(&table.with(erased, "pd_fields", "{}".into()), "pd_salt", vec![1u8].into());
    attacks.push(Attack::on(FILLED, table, &[erased], &[refilled]).at("pd_fields, pd_salt").names(&table.name, Some(&told(table, erased)), None));
}

/// 21 CFR 11.70: a signature cannot be excised, copied or transferred.
fn signatures(tables: &Tables, all: &BTreeMap<String, Vec<Cells>>, attacks: &mut Vec<Attack>) {
    let (table, versions) = (&tables["signature"], &tables["record_version"]);
    let rows = &all["signature"];
    for (number, row) in rows.iter().enumerate().take(8) {
        let id = table.text(row, "id").to_owned();
        let other = rows.iter().find(|other| table.text(other, "record") != table.text(row, "record")).unwrap();
        // With the digest of what it is moved to, as if it had been given there.
        let mut moved = row.clone();
        for column in ["record", "version", "digest"] {
            moved = table.with(&moved, column, other[table.place(column)].clone());
        }
        attacks.push(Attack::on(SIGNATURE_MOVED, table, &[row], std::slice::from_ref(&moved)).names("signature", Some(&id), Some("record")));
        let copy = table.with(&table.with(&moved, "id", fresh(&id.as_str().into())), "challenge", format!("copied {number}").into());
        let copied = table.text(&copy, "id").to_owned();
        attacks.push(Attack::on(SIGNATURE_COPIED, table, &[], &[copy]).names("signature", Some(&copied), None));
        let meaning = rows.iter().map(|other| table.text(other, "meaning")).find(|other| *other != table.text(row, "meaning")).unwrap();
        attacks.push(Attack::on(MEANING, table, &[row], &[table.with(row, "meaning", meaning.into())]).names("signature", Some(&id), Some("meaning")));
        let (record, signed) = (table.text(row, "record"), table.int(row, "version"));
        let elsewhere = all["record_version"].iter().map(|version| (versions.text(version, "id"), versions.int(version, "version"))).find(|(id, version)| *id == record && *version != signed);
        if let Some((_, version)) = elsewhere {
            attacks.push(Attack::on(VERSION, table, &[row], &[table.with(row, "version", version.into())]).names("signature", Some(&id), Some("version")));
        }
    }
}
