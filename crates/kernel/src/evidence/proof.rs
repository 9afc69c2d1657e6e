//! Proofs from one event to a signed checkpoint.

use super::log::{Published, latest, published};
use super::tiles::KeptTiles;
use base::{Digest, Error, Result};
use db::{Read, Row, Value, sql};
use serde_json::{Value as Json, json};
use tlog::proof;
use tlog::tile::Tiled;

/// That a transaction is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The transaction's place in the log.
    pub place: u64,
    /// The hash of the transaction: the log's entry.
    pub entry: Digest,
    /// From the entry's leaf to the head of `checkpoint`.
    pub path: Vec<Digest>,
    pub checkpoint: Published,
}

/// That an event is in a transaction, and the transaction in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventProof {
    pub tx: String,
    pub ord: u64,
    /// Events of the transaction.
    pub events: u64,
    pub leaf: Digest,
    /// From the event's leaf to the transaction's root.
    pub path: Vec<Digest>,
    pub log: LogProof,
}

/// Proves that a transaction is in the log, against the newest checkpoint.
///
/// Errors: not found for a transaction that does not exist; 409 while no checkpoint has taken it
/// up, which takes seconds.
pub fn prove_transaction(tx: &mut dyn Read, tenant: &str, id: &str) -> Result<LogProof> {
    // Everything in one statement: on PostgreSQL each is a round trip. Of the tiles, those that lead from
    // the entry to the head (on each level the one above the entry and the last), as far as a log of 2^32 entries has them.
    let rows = tx.query(
        sql(
            "select * from (with p as (
               select a.hash, c.size, c.head, c.note, c.at,
               (select b.first_place + a.seq - b.first_seq from checkpoint_part b
                where b.tenant = a.tenant and b.chain = a.chain and b.last_seq >= a.seq order by b.last_seq limit 1) as place
               from audit_tx a
               left join checkpoint c on c.tenant = a.tenant and c.size = (select max(n.size) from checkpoint n where n.tenant = a.tenant)
               where a.tenant = $1 and a.tx = $2)
             select p.hash, p.size, p.head, p.note, p.at, p.place, t.level, t.place as tile, t.hashes from p
             left join log_tile t on t.tenant = $1 and t.level = 0 and t.place = p.place / 256
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 0 and t.place = (p.size - 1) / 256
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 1 and t.place = p.place / 65536
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 1 and t.place = (p.size / 256 - 1) / 256
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 2 and t.place = p.place / 16777216
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 2 and t.place = (p.size / 65536 - 1) / 256
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 3 and t.place = p.place / 4294967296
             union all select null, null, null, null, null, null, t.level, t.place, t.hashes from p
             join log_tile t on t.tenant = $1 and t.level = 3 and t.place = (p.size / 16777216 - 1) / 256) found",
        ),
        &[tenant.into(), id.into()],
    )?;
    // The order of what is united is nobody's promise.
    let row = rows.iter().find(|row| row.opt_bytes("hash").is_ok_and(|hash| hash.is_some()));
    let row = row.ok_or_else(|| Error::not_found("There is no such transaction."))?;
    let Some(place) = row.opt_int("place")? else {
        return Err(Error::conflict("not_in_checkpoint", "No checkpoint has taken this transaction up yet; one does within seconds."));
    };
    let (place, checkpoint, entry) = (u64::try_from(place).map_err(Error::internal)?, published(row)?, digest(row, "hash")?);
    let size = checkpoint.size;
    let path = proof::inclusion(place, size, &mut Tiled { size, tiles: &mut KeptTiles::beginning_with(tx, tenant, &rows)? })?;
    Ok(LogProof { place, entry, path, checkpoint })
}

/// Proves that an event is in the log.
pub fn prove_event(tx: &mut dyn Read, tenant: &str, id: &str, ord: u64) -> Result<EventProof> {
    let log = prove_transaction(tx, tenant, id)?;
    let rows = tx.query(sql("select leaf from event where tenant = $1 and tx = $2 order by ord"), &[tenant.into(), id.into()])?;
    let leaves: Vec<Digest> = rows.iter().map(|row| digest(row, "leaf")).collect::<Result<_>>()?;
    let at = usize::try_from(ord).map_err(Error::internal)?;
    let leaf = *leaves.get(at).ok_or_else(|| Error::not_found("There is no such event."))?;
    let events = leaves.len() as u64;
    let path = proof::inclusion(ord, events, &mut leaves.as_slice())?;
    Ok(EventProof { tx: id.to_owned(), ord, events, leaf, path, log })
}

/// What shows that the log of `new` entries continues that of `old` entries.
///
/// Errors: 422 when the log is not so large.
pub fn prove_consistency(tx: &mut dyn Read, tenant: &str, old: u64, new: u64) -> Result<Vec<Digest>> {
    let size = latest(tx, tenant)?.map_or(0, |latest| latest.size);
    if new > size {
        return Err(Error::invalid("new", "no_such_size", format!("the log has {size} entries")));
    }
    proof::consistency(old, new, &mut Tiled { size, tiles: &mut KeptTiles::new(tx, tenant) })
}

/// A transaction's place in the log; `None` until a checkpoint takes it up.
pub(super) fn place_of(tx: &mut dyn Read, tenant: &str, chain: i64, seq: i64) -> Result<Option<u64>> {
    let part = tx.query_opt(
        sql(
            "select first_seq, first_place from checkpoint_part
             where tenant = $1 and chain = $2 and last_seq >= $3 order by last_seq limit 1",
        ),
        &[tenant.into(), chain.into(), seq.into()],
    )?;
    part.map(|part| u64::try_from(part.int("first_place")? + seq - part.int("first_seq")?).map_err(Error::internal)).transpose()
}

fn digest(row: &Row, column: &str) -> Result<Digest> {
    Digest::from_bytes(row.bytes(column)?).ok_or_else(|| Error::internal(format!("{column} is no digest")))
}

/// The proof that what a record says now was written by an event of the log, as JSON that can be
/// checked with `docs/FORMATS.md` alone: the event and the transaction with all that their digests
/// cover, the two paths, and the signed checkpoint. Digests are hexadecimal.
pub fn record_proof(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Json> {
    let row = tx.query_opt(sql("select at_tx, at_ord from record where tenant = $1 and id = $2"), &[tenant.into(), record.into()])?;
    let row = row.ok_or_else(|| Error::not_found("There is no such record."))?;
    let (at_tx, at_ord) = (row.text("at_tx")?.to_owned(), row.int("at_ord")?);
    let proof = prove_event(tx, tenant, &at_tx, u64::try_from(at_ord).map_err(Error::internal)?)?;
    let event = tx.query_one(
        sql(
            "select tx, ord, at, actor, action, record, subject_table, subject, before, after, reason, image
             from event where tenant = $1 and tx = $2 and ord = $3",
        ),
        &[tenant.into(), at_tx.as_str().into(), at_ord.into()],
    )?;
    let sealed = tx.query_one(
        sql("select chain, seq, tx, at, actor, command, software, configuration, n, root, prev, hash from audit_tx where tenant = $1 and tx = $2"),
        &[tenant.into(), at_tx.as_str().into()],
    )?;
    let hex = |path: &[Digest]| path.iter().map(Digest::hex).collect::<Vec<_>>();
    Ok(json!({
        "tenant": tenant,
        "event": shown(&event)?,
        "event_leaf": proof.leaf.hex(),
        "event_path": hex(&proof.path),
        "transaction": shown(&sealed)?,
        "log_place": proof.log.place,
        "log_path": hex(&proof.log.path),
        "checkpoint": proof.log.checkpoint.note,
    }))
}

/// A row as JSON; bytes are hexadecimal.
pub(super) fn shown(row: &Row) -> Result<Json> {
    let mut object = serde_json::Map::new();
    for column in row.columns() {
        let value = match row.value(column)? {
            Value::Null => Json::Null,
            Value::Bool(truth) => json!(truth),
            Value::Int(number) => json!(number),
            Value::Text(text) => json!(text),
            Value::Bytes(bytes) => json!(base::hex::encode(bytes)),
        };
        object.insert(column.clone(), value);
    }
    Ok(Json::Object(object))
}
