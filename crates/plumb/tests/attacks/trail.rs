//! Attacks on the trail and on the log of all transactions.

use crate::attack::{Attack, fresh, made_up, others};
use crate::company::Target;
use crate::data::{Cells, Replacement, Table, Tables, tables};
use crate::whole::{entry, link};
use base::Digest;
use db::Value;
use kernel::MAIN_TENANT;
use tlog::note::NoteSigner;

const CHANGED: &str = "a value of the trail is changed";
const TAKEN: &str = "a value of the trail is taken away";
const FILLED: &str = "a value of the trail is put where there was none";
const DELETED: &str = "a row of the trail is deleted";
const COPIED: &str = "a row of the trail is copied under a new key";
const SWAPPED: &str = "two rows of the trail change places";
const CARRIED: &str = "an event is changed and the hashes above it with it";
const CUT: &str = "the newest transactions are cut off";
const LOG_VALUE: &str = "a value of the log is changed";
const LOG_DELETED: &str = "a row of the log is deleted";
const LOG_COPIED: &str = "a row of the log is copied under a new key";
const LOG_SWAPPED: &str = "two rows of the log change places";
const LOG_PARTS: &str = "the log counts transactions otherwise";
const FOREIGN: &str = "a checkpoint or a key is put under another signer";

pub const TRAIL: &[&str] = &["event", "audit_tx", "chain_head"];
pub const LOG: &[&str] = &["checkpoint", "checkpoint_part", "log_tile", "log_key", "evidence_log"];

/// What a check does not cover, and why: told to people, and nothing depends on it.
pub const UNCOVERED: &[(&str, &str, &str)] = &[
    ("checkpoint", "at", "when the checkpoint was signed; the times that count are those of the transactions"),
    ("log_key", "since_at", "when the key was first used; a key is believed because it was handed out"),
    ("evidence_log", "made_at", "when the log was begun"),
];

pub fn attacks(target: &Target) -> Vec<Attack> {
    let tables = tables(&target.database);
    let mut attacks = Vec::new();
    for (names, sorts) in [(TRAIL, [CHANGED, DELETED, COPIED, SWAPPED]), (LOG, [LOG_VALUE, LOG_DELETED, LOG_COPIED, LOG_SWAPPED])] {
        for name in names {
            let table = &tables[*name];
            let rows = table.rows(&target.database);
            on_columns(table, &rows, sorts[0], &mut attacks);
            on_rows(table, &rows, &sorts, &mut attacks);
        }
    }
    carried_up(target, &tables, &mut attacks);
    cut(target, &tables, &mut attacks);
    parts(target, &tables, &mut attacks);
    foreign(target, &tables, &mut attacks);
    attacks
}

fn is_covered(table: &Table, column: &str) -> bool {
    !UNCOVERED.iter().any(|(name, uncovered, _)| *name == table.name && *uncovered == column)
}

fn on_columns(table: &Table, rows: &[Cells], sort: &'static str, attacks: &mut Vec<Attack>) {
    for (turn, column) in table.columns.iter().enumerate().filter(|(_, column)| is_covered(table, &column.name)) {
        let pick = |null: bool| {
            let fitting: Vec<_> = rows.iter().filter(|row| row[turn].is_null() == null).collect();
            (!fitting.is_empty()).then(|| fitting[(turn * 7 + 3) % fitting.len()])
        };
        let mut add = |sort: &'static str, row: &Cells, value: Value| {
            attacks.push(Attack::on(sort, table, &[row], &[table.with(row, &column.name, value)]).at(&column.name));
        };
        if let Some(row) = pick(false) {
            let values = if column.key && column.sort == "int" { vec![fresh(&row[turn]), i64::MAX.into(), i64::MIN.into()] } else { others(&row[turn]) };
            values.into_iter().for_each(|value| add(sort, row, value));
            if column.nullable {
                add(TAKEN, row, Value::Null);
            }
        }
        if let Some(row) = pick(true) {
            made_up(&column.sort).into_iter().for_each(|value| add(FILLED, row, value));
        }
    }
}

fn on_rows(table: &Table, rows: &[Cells], sorts: &[&'static str; 4], attacks: &mut Vec<Attack>) {
    let [_, deleted, copied, swapped] = *sorts;
    let middle = rows.len() / 2;
    let mut wanted = vec![0, middle];
    wanted.dedup();
    for place in wanted {
        attacks.push(Attack::on(deleted, table, &[&rows[place]], &[]));
    }
    for column in table.columns.iter().filter(|column| column.key && column.name != "tenant") {
        let copy = table.with(&rows[middle], &column.name, fresh(&rows[middle][table.place(&column.name)]));
        attacks.push(Attack::on(copied, table, &[], &[copy]).at(&column.name));
    }
    // Neighbours, and two far apart.
    for (first, second) in [(0, 1), (0, rows.len() - 1), (middle, rows.len() - 1)] {
        if first < second && second < rows.len() && table.name != "log_key" {
            let (first, second) = (&rows[first], &rows[second]);
            let exchanged = [under_key_of(table, second, first), under_key_of(table, first, second)];
            attacks.push(Attack::on(swapped, table, &[first, second], &exchanged));
        }
    }
}

fn under_key_of(table: &Table, row: &Cells, other: &Cells) -> Cells {
    table.columns.iter().zip(row.iter().zip(other)).map(|(column, (own, theirs))| if column.key { theirs.clone() } else { own.clone() }).collect()
}

/// An event is changed, and its leaf; then the root too; then the transaction's hash; then the head of
/// the chain. What is left as it was tells.
fn carried_up(target: &Target, tables: &Tables, attacks: &mut Vec<Attack>) {
    let (tx, event, head) = (&tables["audit_tx"], &tables["event"], &tables["chain_head"]);
    let (sealed, events) = (tx.rows(&target.database), event.rows(&target.database));
    for end in &head.rows(&target.database) {
        let (chain, newest) = (head.int(end, "chain"), head.int(end, "seq"));
        for seq in [2, newest / 2, newest] {
            let own = sealed.iter().find(|row| tx.int(row, "chain") == chain && tx.int(row, "seq") == seq).unwrap();
            let of_own: Vec<_> = events.iter().filter(|row| event.text(row, "tx") == tx.text(own, "tx")).collect();
            let Some(first) = of_own.first() else { panic!("transaction {seq} of chain {chain} has no events") };
            let other = event.with(first, "actor", "somebody".into());
            let changed = event.with(&other, "leaf", tlog::tree::leaf(entry(event, &other).as_slice()).0.to_vec().into());
            let leaves: Vec<_> = std::iter::once(&changed).chain(of_own.iter().skip(1).copied()).map(|row| Digest::from_bytes(event.bytes(row, "leaf")).unwrap()).collect();
            let rooted = tx.with(own, "root", tlog::tree::root(&leaves).0.to_vec().into());
            let hash = link(tx, &rooted).digest().0.to_vec();
            let hashed = tx.with(&rooted, "hash", hash.clone().into());
            let leaf = || Attack::on(CARRIED, event, &[first], std::slice::from_ref(&changed));
            let sealed_as = |row: Cells| Replacement { table: tx.clone(), take: vec![own.clone()], put: vec![row] };
            attacks.push(leaf().at("leaf").names("audit_tx", None, Some("root")));
            attacks.push(leaf().at("root").and(sealed_as(rooted.clone())).names("audit_tx", None, None));
            let told = if seq == newest { "chain_head" } else { "audit_tx" };
            attacks.push(leaf().at("hash").and(sealed_as(hashed.clone())).names(told, None, None));
            if seq == newest {
                let ended = Replacement { table: head.clone(), take: vec![end.clone()], put: vec![head.with(end, "hash", hash.into())] };
                attacks.push(leaf().at("head").and(sealed_as(hashed)).and(ended).names("checkpoint", None, Some("head")));
            }
        }
    }
}

/// The newest transactions of a chain go: alone; with their events; and with the head put back.
fn cut(target: &Target, tables: &Tables, attacks: &mut Vec<Attack>) {
    let (tx, event, head) = (&tables["audit_tx"], &tables["event"], &tables["chain_head"]);
    let (sealed, events) = (tx.rows(&target.database), event.rows(&target.database));
    for end in &head.rows(&target.database) {
        for count in [1, 3] {
            let (chain, seq) = (head.int(end, "chain"), head.int(end, "seq"));
            let gone: Vec<_> = sealed.iter().filter(|row| tx.int(row, "chain") == chain && tx.int(row, "seq") > seq - count).collect();
            let of_gone = |row: &&Cells| gone.iter().any(|sealed| tx.text(sealed, "tx") == event.text(row, "tx"));
            let their_events = Replacement { table: event.clone(), take: events.iter().filter(of_gone).cloned().collect(), put: Vec::new() };
            let newest = sealed.iter().find(|row| tx.int(row, "chain") == chain && tx.int(row, "seq") == seq - count).unwrap();
            let before = head.with(&head.with(end, "seq", (seq - count).into()), "hash", tx.bytes(newest, "hash").into());
            let head_back = Replacement { table: head.clone(), take: vec![end.clone()], put: vec![before] };
            attacks.push(Attack::on(CUT, tx, &gone, &[]).at("alone").names("chain_head", None, None));
            attacks.push(Attack::on(CUT, tx, &gone, &[]).at("with events").and(their_events.clone()).names("chain_head", None, None));
            // The rows that they wrote are still there, and the log knows of them.
            attacks.push(Attack::on(CUT, tx, &gone, &[]).at("with events and head").and(their_events).and(head_back).names("checkpoint", None, None));
        }
    }
}

/// What a checkpoint took up is counted to another, or a part of nothing is put in.
fn parts(target: &Target, tables: &Tables, attacks: &mut Vec<Attack>) {
    let table = &tables["checkpoint_part"];
    let rows = table.rows(&target.database);
    for row in &rows {
        for other in rows.iter().map(|other| table.int(other, "size")).filter(|size| *size != table.int(row, "size")) {
            attacks.push(Attack::on(LOG_PARTS, table, &[row], &[table.with(row, "size", other.into())]).at("size"));
        }
    }
    let first = &rows[0];
    for (last, begin) in [(0, 1), (-5, 1)] {
        let empty = table.with(&table.with(first, "last_seq", last.into()), "first_seq", begin.into());
        attacks.push(Attack::on(LOG_PARTS, table, &[], &[empty]).at("of nothing"));
    }
    let newest = rows.iter().max_by_key(|row| table.int(row, "first_place")).unwrap();
    let longer = table.with(newest, "last_seq", (table.int(newest, "last_seq") + 5).into());
    attacks.push(Attack::on(LOG_PARTS, table, &[newest], &[longer]).at("past the end"));
}

fn foreign(target: &Target, tables: &Tables, attacks: &mut Vec<Attack>) {
    let (checkpoint, key) = (&tables["checkpoint"], &tables["log_key"]);
    let stranger = NoteSigner::of_log(MAIN_TENANT, &[6; 32]).unwrap();
    let known = &key.rows(&target.database)[0];
    let foreign_key = key.with(known, "verifier", stranger.verifier().text().into());
    for row in &checkpoint.rows(&target.database) {
        let text = testkit::world::signer().verifier().open(checkpoint.text(row, "note")).unwrap().to_owned();
        let signed = checkpoint.with(row, "note", stranger.sign(&text).unwrap().into());
        attacks.push(Attack::on(FOREIGN, checkpoint, &[row], std::slice::from_ref(&signed)));
        // With the stranger's key beside the company's.
        let beside = Replacement { table: key.clone(), take: Vec::new(), put: vec![foreign_key.clone()] };
        attacks.push(Attack::on(FOREIGN, checkpoint, &[row], &[signed]).at("with key").and(beside));
    }
    attacks.push(Attack::on(FOREIGN, key, &[], std::slice::from_ref(&foreign_key)).at("beside"));
    attacks.push(Attack::on(FOREIGN, key, &[known], &[foreign_key]).at("in place").names("checkpoint", None, None));
}
