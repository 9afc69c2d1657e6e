//! Events, roots and chains.
//!
//! Everything is read once, in the order in which it lies in its table, and of each event only what
//! the rows are compared with is kept: where the last event of a row stands, and its image.

use crate::format::{Event, Hash, Parts, Sealed, Tree, hex};
use crate::known::{Id, Last, Place, Tables, Trail};
use crate::{Check, EACH};
use base::Result;
use db::{Read, Scanned, sql};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The transactions as their events give them.
#[derive(Default)]
struct Transactions {
    found: HashMap<Id, Found>,
    /// The one whose events are being read: its name, its place by name, and its leaves so far.
    name: String,
    id: Id,
    tree: Tree,
}

struct Found {
    n: i64,
    root: Hash,
}

/// Checks every event and every chain; answers what the rows must be like.
pub(crate) fn check(tx: &mut dyn Read, check: &mut Check<'_>) -> Result<Trail> {
    let mut trail = Trail::default();
    let mut transactions = Transactions::default();
    let tenant = check.tenant.to_owned();
    // Only to say how far the check has come; a count that was made up must not end it.
    let likely = sql("select cast(coalesce(sum(case when n between 0 and 1000000000 then n else 0 end), 0) as bigint) as n from audit_tx where tenant = $1");
    let sealed = tx.query_one(likely, &[tenant.as_str().into()])?;
    let whole = u64::try_from(sealed.int("n")?).ok();
    let events = sql(
        "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image, leaf
         from event where tenant = $1 order by tx, ord",
    );
    let mut parts = Parts::default();
    tx.scan(events.text(), &[tenant.as_str().into()], &mut |row| event(&row, &mut parts, &mut transactions, &mut trail, check, whole))?;
    transactions.end();
    chains(tx, check, &mut transactions)?;
    strays(tx, check, &transactions)?;
    Ok(trail)
}

fn event(row: &Scanned<'_>, parts: &mut Parts, transactions: &mut Transactions, trail: &mut Trail, check: &mut Check<'_>, whole: Option<u64>) -> Result<()> {
    let (tx, ord) = (row.text(0)?, row.int(1)?);
    if transactions.name != tx {
        transactions.end();
        transactions.begin(tx);
    }
    let place = transactions.tree.len();
    if ord != place {
        check.find("event", format!("{tx}, {ord}"), Some("ord"), format!("stands at place {place}"));
    }
    let (subject_table, subject, image) = (row.text(6)?, row.text(7)?, row.bytes(11)?);
    let leaf = event_of(row)?.leaf(check.tenant, parts);
    if row.bytes(12)? != leaf {
        check.find("event", format!("{tx}, {ord}"), None, format!("the event was changed: it gives {}, its leaf is {}", hex(&leaf), hex(row.bytes(12)?)));
    }
    transactions.tree.push(leaf);
    trail.note(subject_table, subject, Place { tx: transactions.id, ord }, image);
    check.report.events += 1;
    if check.report.events.is_multiple_of(EACH) {
        (check.progress)("checking the events", check.report.events, whole);
    }
    Ok(())
}

/// An event in the columns of the statements here.
pub(crate) fn event_of<'a>(row: &'a Scanned<'_>) -> Result<Event<'a>> {
    Ok(Event {
        tx: row.text(0)?,
        ord: row.int(1)?,
        at: row.int(2)?,
        actor: row.text(3)?,
        action: row.text(4)?,
        record: row.opt_text(5)?,
        subject_table: row.text(6)?,
        subject: row.text(7)?,
        before: row.opt_text(8)?,
        after: row.opt_text(9)?,
        reason: row.opt_text(10)?,
        image: row.bytes(11)?,
    })
}

/// A transaction in the columns of the statements here.
pub(crate) fn sealed_of<'a>(row: &'a Scanned<'_>) -> Result<Sealed<'a>> {
    Ok(Sealed {
        chain: row.int(0)?,
        seq: row.int(1)?,
        tx: row.text(2)?,
        at: row.int(3)?,
        actor: row.text(4)?,
        command: row.text(5)?,
        software: row.text(6)?,
        configuration: row.int(7)?,
        n: row.int(8)?,
        root: row.bytes(9)?,
        prev: row.bytes(10)?,
    })
}

impl Transactions {
    fn begin(&mut self, tx: &str) {
        tx.clone_into(&mut self.name);
        self.id = Id::of(tx);
    }

    fn end(&mut self) {
        if self.tree.len() > 0 {
            let (n, root) = self.tree.finish();
            self.found.insert(self.id, Found { n, root });
        }
    }
}

struct Link {
    chain: i64,
    seq: i64,
    hash: Hash,
}

impl Link {
    fn first(chain: i64) -> Self {
        Self { chain, seq: 0, hash: [0; 32] }
    }
}

fn chains(tx: &mut dyn Read, check: &mut Check<'_>, transactions: &mut Transactions) -> Result<()> {
    let tenant = check.tenant.to_owned();
    let heads = tx.query(sql("select chain, seq, hash from chain_head where tenant = $1 order by chain"), &[tenant.as_str().into()])?;
    let mut ends: HashMap<i64, Link> = heads.iter().map(|head| Ok((head.int("chain")?, Link::first(head.int("chain")?)))).collect::<Result<_>>()?;
    let rows = sql(
        "select chain, seq, tx, at, actor, command, software, configuration, n, root, prev, hash
         from audit_tx where tenant = $1 order by chain, seq",
    );
    tx.scan(rows.text(), &[tenant.as_str().into()], &mut |row| {
        let chain = row.int(0)?;
        let before = match ends.entry(chain) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                check.find("chain_head", format!("chain {chain}"), None, "there is no such chain, though it has transactions");
                new.insert(Link::first(chain))
            }
        };
        transaction(&row, before, check, transactions)
    })?;
    for head in &heads {
        let (chain, seq) = (head.int("chain")?, head.int("seq")?);
        let Some(end) = ends.get(&chain) else { continue };
        if seq != end.seq || head.bytes("hash")? != end.hash {
            check.find(
                "chain_head",
                format!("chain {chain}"),
                None,
                format!("the head says transaction {seq}, the chain ends at {}: the newest transactions are missing or the head was changed", end.seq),
            );
        }
    }
    Ok(())
}

fn transaction(row: &Scanned<'_>, before: &mut Link, check: &mut Check<'_>, transactions: &mut Transactions) -> Result<()> {
    let (chain, seq, tx) = (before.chain, row.int(1)?, row.text(2)?);
    let (n, root, prev, held) = (row.int(8)?, row.bytes(9)?, row.bytes(10)?, row.bytes(11)?);
    let key = || format!("chain {chain}, {seq}");
    check.report.transactions += 1;
    let due = before.seq.saturating_add(1);
    if seq != due {
        check.find("audit_tx", key(), Some("seq"), format!("transaction {due} was due here: those before are missing"));
    }
    if prev != before.hash {
        check.find("audit_tx", key(), Some("prev"), "does not continue the transaction before");
    }
    let hash = sealed_of(row)?.hash(check.tenant);
    if held != hash {
        check.find("audit_tx", key(), None, format!("the row gives {}, it holds {}", hex(&hash), hex(held)));
    }
    let found = transactions.found.remove(&Id::of(tx)).unwrap_or_else(|| {
        let (n, root) = Tree::default().finish();
        Found { n, root }
    });
    if found.n != n {
        check.find("event", tx, None, format!("transaction {seq} has {} events, it was sealed with {n}", found.n));
    }
    if root != found.root {
        check.find("audit_tx", key(), Some("root"), format!("the events give {}, the row holds {}", hex(&found.root), hex(root)));
    }
    before.seq = seq;
    // A digest of the wrong length cannot be continued by anything: what follows is told too.
    before.hash = held.try_into().unwrap_or([0; 32]);
    Ok(())
}

/// Events that belong to no sealed transaction.
fn strays(tx: &mut dyn Read, check: &mut Check<'_>, transactions: &Transactions) -> Result<()> {
    if transactions.found.is_empty() {
        return Ok(());
    }
    let rows = tx.query(
        sql(
            "select e.tx, count(*) as n from event e
             where e.tenant = $1 and not exists (select 1 from audit_tx a where a.tenant = $1 and a.tx = e.tx)
             group by e.tx order by e.tx limit 100",
        ),
        &[check.tenant.into()],
    )?;
    for row in &rows {
        check.find("event", row.text("tx")?, None, format!("{} events belong to no sealed transaction", row.int("n")?));
    }
    Ok(())
}

impl Trail {
    fn note(&mut self, table: &str, subject: &str, place: Place, image: &[u8]) {
        let table = self.tables.number(table);
        if table == Tables::RECORD {
            self.record_events += 1;
        }
        let image = Hash::try_from(image).unwrap_or([0; 32]);
        let last = Last { place, image, seen: false };
        match self.last.entry((table, Id::of(subject))) {
            Entry::Vacant(new) => {
                new.insert(last);
            }
            // With several chains, the later of two events on a row is the one of the later transaction.
            Entry::Occupied(mut known) if known.get().place < place => {
                known.insert(last);
            }
            Entry::Occupied(_) => {}
        }
    }
}
