//! One record: its rows, versions, events and signatures, and that its transactions are in the log.
//!
//! Everything of the record is checked as in a check of the whole; of other records nothing but the
//! hashes that lead from here to the checkpoints.

use crate::Check;
use crate::format::{Hash, Parts, Tree, hex};
use crate::known::{Id, Last, Place};
use crate::rows::{self, Regulated};
use crate::trail::{event_of, sealed_of};
use crate::{damage, signatures};
use base::{Error, Result};
use db::{Read, sql};
use std::collections::{BTreeMap, BTreeSet};

/// The revisions that somebody names: by an identifier, a number, or number and revision as
/// `PR-0012/C`.
pub(crate) fn named(tx: &mut dyn Read, tenant: &str, name: &str) -> Result<Vec<String>> {
    let (number, revision) = name.rsplit_once('/').unwrap_or((name, ""));
    let rows = tx.query(
        sql(
            "select id from record where tenant = $1 and (id = $2 or number = $2 or (number = $3 and revision = $4))
             order by created_at, id",
        ),
        &[tenant.into(), name.into(), number.into(), revision.into()],
    )?;
    let found: Vec<String> = rows.iter().map(|row| row.text("id").map(str::to_owned)).collect::<Result<_>>()?;
    if found.is_empty() {
        return Err(Error::not_found(format!("There is no record “{name}”.")));
    }
    Ok(found)
}

/// What the events say of the rows of a record.
#[derive(Default)]
struct Told {
    /// The last event of each row: table and key.
    last: BTreeMap<(String, String), Last>,
    transactions: BTreeSet<String>,
    versions: u64,
}

/// Checks one record; answers its transactions.
pub(crate) fn check(tx: &mut dyn Read, tables: &[Regulated], record: &str, check: &mut Check<'_>) -> Result<BTreeSet<String>> {
    let mut told = events(tx, record, check)?;
    for table in tables {
        for key in rows::keys_of(tx, table, record, check.tenant)? {
            if !told.last.contains_key(&(table.name.clone(), key.clone())) {
                check.find(&table.name, key, None, "the trail knows nothing of this row");
            }
        }
    }
    for ((name, key), last) in &told.last {
        let Some(table) = tables.iter().find(|table| table.name == *name) else {
            check.find("event", key.as_str(), Some("subject_table"), format!("there is no table “{name}”"));
            continue;
        };
        match rows::row_of(tx, table, key, check)? {
            None => check.find(name, key.as_str(), None, "the row is gone; rows are never deleted"),
            Some(found) if found.place != last.place || found.image != last.image => damage::name(tx, table, &found.suspect, check)?,
            Some(_) => {}
        }
    }
    rows::versions_of(tx, tables, record, told.versions, check)?;
    signatures::check_of(tx, record, check)?;
    for id in &told.transactions {
        transaction(tx, id, check)?;
    }
    Ok(std::mem::take(&mut told.transactions))
}

/// Reads the record's events, and all events of each row they speak of: another record's event may
/// have written it last.
fn events(tx: &mut dyn Read, record: &str, check: &mut Check<'_>) -> Result<Told> {
    let mut told = Told::default();
    let mut subjects = BTreeSet::from([record.to_owned()]);
    let tenant = check.tenant.to_owned();
    let about = sql("select subject from event where tenant = $1 and record = $2");
    tx.scan(about.text(), &[tenant.as_str().into(), record.into()], &mut |row| {
        subjects.insert(row.text(0)?.to_owned());
        Ok(())
    })?;
    let of_subject = sql(
        "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image, leaf
         from event where tenant = $1 and subject = $2 order by tx, ord",
    );
    let mut parts = Parts::default();
    for subject in &subjects {
        tx.scan(of_subject.text(), &[tenant.as_str().into(), subject.as_str().into()], &mut |row| {
            let event = event_of(&row)?;
            check.report.events += 1;
            let leaf = event.leaf(&tenant, &mut parts);
            if row.bytes(12)? != leaf {
                check.find("event", format!("{}, {}", event.tx, event.ord), None, format!("the event was changed: it gives {}, its leaf is {}", hex(&leaf), hex(row.bytes(12)?)));
            }
            if event.subject_table == "record" && event.subject == record {
                told.versions += 1;
            }
            let place = Place { tx: Id::of(event.tx), ord: event.ord };
            let image = Hash::try_from(event.image).unwrap_or([0; 32]);
            let known = told.last.entry((event.subject_table.to_owned(), event.subject.to_owned())).or_insert(Last { place, image, seen: false });
            if known.place < place {
                *known = Last { place, image, seen: false };
            }
            told.transactions.insert(event.tx.to_owned());
            Ok(())
        })?;
    }
    Ok(told)
}

/// A transaction of the record: its leaves give its root, and its row gives its hash.
fn transaction(tx: &mut dyn Read, id: &str, check: &mut Check<'_>) -> Result<()> {
    let tenant = check.tenant.to_owned();
    let mut tree = Tree::default();
    let leaves = sql("select ord, leaf from event where tenant = $1 and tx = $2 order by ord");
    tx.scan(leaves.text(), &[tenant.as_str().into(), id.into()], &mut |row| {
        if row.int(0)? != tree.len() {
            check.find("event", format!("{id}, {}", row.int(0)?), Some("ord"), format!("stands at place {}", tree.len()));
        }
        tree.push(Hash::try_from(row.bytes(1)?).unwrap_or([0; 32]));
        Ok(())
    })?;
    let (count, root) = tree.finish();
    let rows = sql("select chain, seq, tx, at, actor, command, software, configuration, n, root, prev, hash from audit_tx where tenant = $1 and tx = $2");
    let mut found = false;
    tx.scan(rows.text(), &[tenant.as_str().into(), id.into()], &mut |row| {
        found = true;
        check.report.transactions += 1;
        let sealed = sealed_of(&row)?;
        let key = || format!("chain {}, {}", sealed.chain, sealed.seq);
        let hash = sealed.hash(&tenant);
        if row.bytes(11)? != hash {
            check.find("audit_tx", key(), None, format!("the row gives {}, it holds {}", hex(&hash), hex(row.bytes(11)?)));
        }
        if sealed.n != count || sealed.root != root {
            check.find("audit_tx", key(), Some("root"), format!("{count} events give {}, the row holds {} of {}", hex(&root), hex(sealed.root), sealed.n));
        }
        Ok(())
    })?;
    if !found {
        check.find("event", id, None, "belongs to no sealed transaction");
    }
    Ok(())
}

/// How many of these transactions the first `proved` entries of the log do not hold.
pub(crate) fn since(tx: &mut dyn Read, transactions: &BTreeSet<String>, proved: u64, tenant: &str) -> Result<u64> {
    let mut since = 0;
    for id in transactions {
        let row = tx.query_opt(
            sql(
                "select p.first_place + a.seq - p.first_seq as place from audit_tx a
                 join checkpoint_part p on p.tenant = a.tenant and p.chain = a.chain and p.first_seq <= a.seq and p.last_seq >= a.seq
                 where a.tenant = $1 and a.tx = $2",
            ),
            &[tenant.into(), id.as_str().into()],
        );
        let place = row?.map(|row| row.int("place")).transpose()?;
        let covered = place.and_then(|place| u64::try_from(place).ok()).is_some_and(|place| place < proved);
        since += u64::from(!covered);
    }
    Ok(since)
}
