//! Chains, roots and leaves.

use crate::format::{Hash, Parts, hex, tree_head};
use crate::{LastEvents, Progress, Report};
use base::Result;
use db::{Database, Row, sql};
use std::collections::BTreeMap;

/// Transactions are read in slices of so many.
const SLICE: i64 = 2_000;

struct Link {
    seq: i64,
    hash: Vec<u8>,
}

/// Checks every chain and every event; answers where each row's last event stands.
pub(crate) fn check(database: &Database, tenant: &str, report: &mut Report, progress: Progress<'_>) -> Result<LastEvents> {
    let mut last = LastEvents::new();
    let heads = database.query(sql("select chain, seq, hash from chain_head where tenant = $1 order by chain"), &[tenant.into()])?;
    let total: i64 = heads.iter().map(|head| head.int("seq")).sum::<Result<i64>>()?;
    let known = u64::try_from(total).ok();
    for head in &heads {
        let chain = head.int("chain")?;
        let mut before = Link { seq: 0, hash: vec![0; 32] };
        loop {
            let slice = database.query(
                sql("select * from audit_tx where tenant = $1 and chain = $2 and seq > $3 order by seq limit $4"),
                &[tenant.into(), chain.into(), before.seq.into(), SLICE.into()],
            )?;
            if slice.is_empty() {
                break;
            }
            for row in &slice {
                check_transaction(database, tenant, chain, row, &mut before, report, &mut last)?;
            }
            progress("checking the chain", report.transactions, known);
        }
        if head.int("seq")? != before.seq || head.bytes("hash")? != before.hash {
            report.find(
                "chain_head",
                format!("chain {chain}"),
                None,
                format!("the head says transaction {}, the chain ends at {}: the newest transactions are missing or the head was changed", head.int("seq")?, before.seq),
            );
        }
    }
    check_strays(database, tenant, report)?;
    Ok(last)
}

fn check_transaction(database: &Database, tenant: &str, chain: i64, row: &Row, before: &mut Link, report: &mut Report, last: &mut LastEvents) -> Result<()> {
    let (seq, tx) = (row.int("seq")?, row.text("tx")?);
    report.transactions += 1;
    if seq != before.seq + 1 {
        report.find("audit_tx", format!("chain {chain}, {seq}"), Some("seq"), format!("transactions {} to {} are missing", before.seq + 1, seq - 1));
    }
    if row.bytes("prev")? != before.hash {
        report.find("audit_tx", format!("chain {chain}, {seq}"), Some("prev"), "does not continue the transaction before");
    }
    let hash = Parts::new("PLUMB-TX-1")
        .text(tenant)
        .number(chain)
        .number(seq)
        .text(tx)
        .number(row.int("at")?)
        .text(row.text("actor")?)
        .text(row.text("command")?)
        .text(row.text("software")?)
        .number(row.int("configuration")?)
        .number(row.int("n")?)
        .bytes(row.bytes("root")?)
        .bytes(row.bytes("prev")?)
        .hash();
    if row.bytes("hash")? != hash {
        report.find("audit_tx", format!("chain {chain}, {seq}"), None, format!("the row gives {}, it holds {}", hex(&hash), hex(row.bytes("hash")?)));
    }
    let events = database.query(sql("select * from event where tenant = $1 and tx = $2 order by ord"), &[tenant.into(), tx.into()])?;
    if events.len() as i64 != row.int("n")? {
        report.find("event", tx, None, format!("transaction {seq} has {} events, it was sealed with {}", events.len(), row.int("n")?));
    }
    let mut leaves = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        leaves.push(check_event(tenant, tx, place, event, report)?);
        let subject = (event.text("subject_table")?.to_owned(), event.text("subject")?.to_owned());
        note_last(last, subject, tx, event.int("ord")?);
    }
    let root = tree_head(&leaves);
    if row.bytes("root")? != root {
        report.find("audit_tx", format!("chain {chain}, {seq}"), Some("root"), format!("the events give {}, the row holds {}", hex(&root), hex(row.bytes("root")?)));
    }
    *before = Link { seq, hash: row.bytes("hash")?.to_vec() };
    Ok(())
}

/// With several chains, the later of two events on a row is the one of the later transaction.
fn note_last(last: &mut LastEvents, subject: (String, String), tx: &str, ord: i64) {
    let place = (tx.to_owned(), ord);
    match last.get(&subject) {
        Some(known) if *known > place => {}
        _ => {
            last.insert(subject, place);
        }
    }
}

fn check_event(tenant: &str, tx: &str, place: usize, event: &Row, report: &mut Report) -> Result<Hash> {
    report.events += 1;
    let ord = event.int("ord")?;
    if ord != place as i64 {
        report.find("event", format!("{tx}, {ord}"), Some("ord"), format!("stands at place {place}"));
    }
    let leaf = Parts::new("PLUMB-EVENT-1")
        .text(tenant)
        .text(tx)
        .number(ord)
        .number(event.int("at")?)
        .text(event.text("actor")?)
        .text(event.text("action")?)
        .maybe(event.opt_text("record")?)
        .text(event.text("subject_table")?)
        .text(event.text("subject")?)
        .maybe(event.opt_text("before")?)
        .maybe(event.opt_text("after")?)
        .maybe(event.opt_text("reason")?)
        .bytes(event.bytes("image")?)
        .leaf();
    if event.bytes("leaf")? != leaf {
        report.find("event", format!("{tx}, {ord}"), None, format!("the event was changed: it gives {}, its leaf is {}", hex(&leaf), hex(event.bytes("leaf")?)));
    }
    Ok(leaf)
}

/// Events that belong to no sealed transaction.
fn check_strays(database: &Database, tenant: &str, report: &mut Report) -> Result<()> {
    let rows = database.query(
        sql(
            "select e.tx, count(*) as n from event e
             where e.tenant = $1 and not exists (select 1 from audit_tx a where a.tenant = $1 and a.tx = e.tx)
             group by e.tx order by e.tx limit 100",
        ),
        &[tenant.into()],
    )?;
    let strays: BTreeMap<&str, i64> = rows.iter().map(|row| Ok((row.text("tx")?, row.int("n")?))).collect::<Result<_>>()?;
    for (tx, n) in strays {
        report.find("event", tx, None, format!("{n} events belong to no sealed transaction"));
    }
    Ok(())
}
