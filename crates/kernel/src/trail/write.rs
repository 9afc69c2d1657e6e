//! The only way to write a regulated row: row, before/after and event together.

mod leaf;
mod many;
mod order;
mod room;

pub(crate) use leaf::event_leaf;
use leaf::{event_bytes, transaction_digest};
use room::check_room;

use crate::catalog::Catalog;
use super::Stored;
use crate::table::{self, Table, Values};
use base::{Digest, Error, IdSource, Result, Timestamp};
use db::{Column as DbColumn, ColumnType, Query, Read, Row, Sql, Tx, Value, sql};
use std::sync::Arc;
use std::time::Instant;

/// What all events of one transaction share.
#[derive(Debug, Clone)]
pub struct Header {
    pub tenant: String,
    pub tx: String,
    pub at: Timestamp,
    /// The person's identifier, or `system`.
    pub actor: String,
    pub command: String,
    pub reason: Option<String>,
    pub software: String,
    pub configuration: i64,
    pub chain: i64,
}

struct PendingEvent {
    ord: i64,
    action: String,
    record: Option<String>,
    subject_table: &'static str,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    image: Digest,
    leaf: Digest,
}

/// An open transaction inside the door. It exists nowhere else; reading through it sees its own
/// writes.
pub struct WriteTx<'a> {
    tx: &'a mut Tx,
    header: Header,
    catalog: Arc<Catalog>,
    ids: Arc<dyn IdSource>,
    events: Vec<PendingEvent>,
    cause: Option<String>,
    stamps: crate::stamp::Raised,
}

impl Read for WriteTx<'_> {
    fn query(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<Row>> {
        self.tx.query(sql, params)
    }

    fn query_opt(&mut self, sql: Sql, params: &[Value]) -> Result<Option<Row>> {
        self.tx.query_opt(sql, params)
    }

    fn query_one(&mut self, sql: Sql, params: &[Value]) -> Result<Row> {
        self.tx.query_one(sql, params)
    }

    fn query_text(&mut self, text: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.tx.query_text(text, params)
    }

    fn scan(&mut self, text: &str, params: &[Value], each: db::Each<'_>) -> Result<()> {
        self.tx.scan(text, params, each)
    }

    fn run(&mut self, query: &Query) -> Result<Vec<Row>> {
        self.tx.run(query)
    }
}

impl<'a> WriteTx<'a> {
    pub(crate) fn new(tx: &'a mut Tx, header: Header, catalog: Arc<Catalog>, ids: Arc<dyn IdSource>) -> Self {
        Self { tx, header, catalog, ids, events: Vec::new(), cause: None, stamps: crate::stamp::Raised::default() }
    }

    pub fn tenant(&self) -> &str {
        &self.header.tenant
    }

    pub fn now(&self) -> Timestamp {
        self.header.at
    }

    pub fn actor(&self) -> &str {
        &self.header.actor
    }

    /// The identifier of this transaction, on every event it writes.
    pub fn tx_id(&self) -> &str {
        &self.header.tx
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    pub fn new_id(&self) -> String {
        self.ids.next_id(self.header.at)
    }

    pub(crate) fn random_bytes(&self, count: usize) -> Vec<u8> {
        self.ids.random_bytes(count)
    }

    /// The reason the person gave for the command, if any.
    pub fn reason(&self) -> Option<&str> {
        self.header.reason.as_deref()
    }

    /// The record that is behind everything this transaction does (the change order that is being
    /// released); obligations raised on the way name it as their cause.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub fn set_cause(&mut self, record: &str) {
        self.cause = Some(record.to_owned());
    }

    /// Inserts a row. `record` is the record whose timeline shows the event.
    pub fn insert(&mut self, table: &'static Table, record: Option<&str>, action: &str, values: Values) -> Result<()> {
        let ord = self.note(table, record, action, None, &values)?;
        self.put(table, &values, ord)
    }

    /// Inserts many rows of one table in few statements; one event each.
    pub fn insert_many(&mut self, table: &'static Table, action: &str, rows: Vec<(Option<String>, Values)>) -> Result<()> {
        check_room(self.events.len(), rows.len(), table)?;
        let mut prepared = Vec::with_capacity(rows.len());
        for (record, values) in &rows {
            let ord = self.note(table, record.as_deref(), action, None, values)?;
            prepared.push(self.stored_row(table, values, ord));
        }
        let columns = stored_columns(table);
        self.tx.insert_rows(table.name, &columns, &prepared)
    }

    /// Replaces a row that was read before. Fails as a passing fault when somebody else changed
    /// the row since; the command is then repeated on what it says now.
    pub fn update(&mut self, table: &'static Table, record: Option<&str>, action: &str, before: &Stored, after: Values) -> Result<()> {
        self.come_after(table, record, before)?;
        let key = key_of(table, &after)?;
        let ord = self.note(table, record, action, Some(&before.values), &after)?;
        let mut text = format!("update {} set at_tx = $1, at_ord = $2", table.name);
        let mut params: Vec<Value> = vec![self.header.tx.as_str().into(), ord.into()];
        for (name, value) in &after {
            if before.values.get(name) != Some(value) {
                params.push(value.clone());
                text.push_str(&format!(", {name} = ${}", params.len()));
            }
        }
        text.push_str(&as_read(table, params.len() + 1));
        params.extend([
            self.header.tenant.as_str().into(),
            key,
            before.at_tx.as_str().into(),
            before.at_ord.into(),
            table.image(&before.values).0.to_vec().into(),
        ]);
        let changed = self.tx.execute_text(&text, &params)?;
        if changed != 1 {
            return Err(self.not_as_read(table, record, before)?);
        }
        Ok(())
    }

    /// Writes the same row, with the same event, into the table of its versions.
    pub(crate) fn put_version(&mut self, table: &'static Table, values: &Values) -> Result<()> {
        let ord = self.events.last().map_or(0, |event| event.ord);
        self.put(table, values, ord)
    }

    /// Writes the versions of many rows whose events are the last ones noted, in the same order.
    pub(crate) fn put_versions(&mut self, table: &'static Table, rows: &[Values]) -> Result<()> {
        let first = self.events.len() - rows.len();
        let prepared: Vec<_> =
            rows.iter().enumerate().map(|(index, values)| self.stored_row(table, values, (first + index) as i64)).collect();
        let columns = stored_columns(table);
        self.tx.insert_rows(table.name, &columns, &prepared)
    }

    /// Writes a derived or housekeeping row: search words, counters, field indexes. Such rows are
    /// no evidence and can be rebuilt; a regulated table is refused.
    pub(crate) fn derived(&mut self, sql: Sql, params: &[Value]) -> Result<u64> {
        self.tx.execute(sql, params)
    }

    pub(crate) fn derived_rows(&mut self, table: &'static str, columns: &[DbColumn], rows: &[Vec<Value>]) -> Result<()> {
        self.tx.insert_rows(table, columns, rows)
    }

    /// Runs a derived write that answers rows (a counter with RETURNING).
    pub(crate) fn derived_query(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<Row>> {
        self.tx.query(sql, params)
    }

    /// Locks one row against concurrent commands until the end of the transaction; rules that read
    /// several records lock their parent first (`docs/ARCHITECTURE.md`, engines).
    pub fn lock(&mut self, table: &'static Table, id: &str) -> Result<()> {
        let tenant = self.header.tenant.clone();
        self.tx.lock_row(table.name, &tenant, id)
    }

    /// Waits for every other transaction that has taken this turn in the company, and keeps them
    /// waiting until this one ends: for rules over rows that may not be there yet ("only one is open").
    pub fn take_turn(&mut self, name: &'static str) -> Result<()> {
        let tenant = self.header.tenant.clone();
        crate::stamp::take_turn(self.tx, &tenant, name)
    }

    /// Says that this transaction changes something that caches are kept of, and takes its turn
    /// among those that do ([`crate::stamp`]).
    pub fn raise_stamp(&mut self, name: &'static str) -> Result<()> {
        self.stamps.raise(self.tx, &self.header.tenant, name)
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    fn note(&mut self, table: &'static Table, record: Option<&str>, action: &str, before: Option<&Values>, after: &Values) -> Result<i64> {
        check_room(self.events.len(), 1, table)?;
        let subject = match key_of(table, after)? {
            Value::Text(text) => text,
            Value::Int(number) => number.to_string(),
            other => return Err(Error::internal(format!("key {other:?} of {} is no text", table.name))),
        };
        let (before, after_text) = table::difference(before, after);
        let ord = self.events.len() as i64;
        let mut event = PendingEvent {
            ord,
            action: action.to_owned(),
            record: record.map(str::to_owned),
            subject_table: table.name,
            subject,
            before,
            after: after_text,
            image: table.image(after),
            leaf: Digest::ZERO,
        };
        event.leaf = tlog::tree::leaf(event_bytes(&self.header, &event).as_slice());
        self.events.push(event);
        Ok(ord)
    }

    fn put(&mut self, table: &'static Table, values: &Values, ord: i64) -> Result<()> {
        let columns = stored_columns(table);
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        let places: Vec<_> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let text = format!("insert into {} ({}) values ({})", table.name, names.join(", "), places.join(", "));
        let row = self.stored_row(table, values, ord);
        self.tx.execute_text(&text, &row)?;
        Ok(())
    }

    fn stored_row(&self, table: &Table, values: &Values, ord: i64) -> Vec<Value> {
        let mut row = Vec::with_capacity(table.columns.len() + 3);
        row.push(self.header.tenant.as_str().into());
        row.extend(table.columns.iter().map(|column| values.get(column.name).cloned().unwrap_or(Value::Null)));
        row.push(self.header.tx.as_str().into());
        row.push(ord.into());
        row
    }

    /// Writes the events, then the chain row, last, and says when it took the chain: its lock is held
    /// from there to COMMIT.
    pub(crate) fn seal(mut self) -> Result<Instant> {
        let events = std::mem::take(&mut self.events);
        let header = &self.header;
        let mut rows = Vec::with_capacity(events.len());
        let mut leaves = Vec::with_capacity(events.len());
        for event in events {
            leaves.push(event.leaf);
            rows.push(vec![
                header.tenant.as_str().into(),
                header.tx.as_str().into(),
                event.ord.into(),
                header.at.0.into(),
                header.actor.as_str().into(),
                event.action.into(),
                event.record.into(),
                event.subject_table.into(),
                event.subject.into(),
                event.before.into(),
                event.after.into(),
                header.reason.clone().into(),
                event.image.0.to_vec().into(),
                event.leaf.0.to_vec().into(),
            ]);
        }
        self.tx.insert_rows("event", EVENT_COLUMNS, &rows)?;
        let root = tlog::tree::root(&leaves);
        self.stamps.settle(self.tx, &header.tenant, &root)?;
        if leaves.len() >= LARGE {
            self.tx.write_ahead();
        }
        let taken = Instant::now();
        let head = self.tx.query_one(
            sql("update chain_head set seq = seq + 1 where tenant = $1 and chain = $2 returning seq, hash"),
            &[header.tenant.as_str().into(), header.chain.into()],
        )?;
        let seq = head.int("seq")?;
        let prev = Digest::from_bytes(head.bytes("hash")?).ok_or_else(|| Error::internal("chain head is no digest"))?;
        let hash = transaction_digest(header, seq, leaves.len() as i64, &root, &prev);
        let link = sql(
            "insert into audit_tx (tenant, chain, seq, tx, at, actor, command, software, configuration, n, root, prev, hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        );
        let new_head = sql("update chain_head set hash = $1 where tenant = $2 and chain = $3");
        self.tx.execute_batch(&[
            (link, vec![
                header.tenant.as_str().into(),
                header.chain.into(),
                seq.into(),
                header.tx.as_str().into(),
                header.at.0.into(),
                header.actor.as_str().into(),
                header.command.as_str().into(),
                header.software.as_str().into(),
                header.configuration.into(),
                (leaves.len() as i64).into(),
                root.0.to_vec().into(),
                prev.0.to_vec().into(),
                hash.0.to_vec().into(),
            ]),
            (new_head, vec![hash.0.to_vec().into(), header.tenant.as_str().into(), header.chain.into()]),
        ])?;
        Ok(taken)
    }
}

/// The condition that a row is still as it was read and as its event left it. Parameters from `next`
/// on: tenant, key, the pointer in two, the image; `$1` is this transaction, whose own events are
/// written only at its end.
fn as_read(table: &Table, next: usize) -> String {
    let name = table.name;
    format!(
        " where tenant = ${next} and {} = ${} and at_tx = ${} and at_ord = ${} and (at_tx = $1 or exists (
            select 1 from event e where e.tenant = {name}.tenant and e.tx = {name}.at_tx and e.ord = {name}.at_ord and e.image = ${}))",
        table.key,
        next + 1,
        next + 2,
        next + 3,
        next + 4
    )
}

/// From so many events on, a transaction brings itself to the disk before it takes the chain.
const LARGE: usize = 1_000;

const fn column(name: &'static str, sort: ColumnType) -> DbColumn {
    DbColumn { name, sort }
}

const EVENT_COLUMNS: &[DbColumn] = &[
    column("tenant", ColumnType::Text),
    column("tx", ColumnType::Text),
    column("ord", ColumnType::Int),
    column("at", ColumnType::Int),
    column("actor", ColumnType::Text),
    column("action", ColumnType::Text),
    column("record", ColumnType::Text),
    column("subject_table", ColumnType::Text),
    column("subject", ColumnType::Text),
    column("before", ColumnType::Text),
    column("after", ColumnType::Text),
    column("reason", ColumnType::Text),
    column("image", ColumnType::Bytes),
    column("leaf", ColumnType::Bytes),
];

fn stored_columns(table: &Table) -> Vec<DbColumn> {
    let mut columns = vec![column("tenant", ColumnType::Text)];
    columns.extend(table.columns.iter().map(|c| column(c.name, c.sort)));
    columns.push(column("at_tx", ColumnType::Text));
    columns.push(column("at_ord", ColumnType::Int));
    columns
}

fn key_of(table: &Table, values: &Values) -> Result<Value> {
    values.get(table.key).cloned().ok_or_else(|| Error::internal(format!("a row of {} has no {}", table.name, table.key)))
}
