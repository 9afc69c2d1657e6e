//! The log: every transaction of every chain is an entry, in the order in which checkpoints took
//! them up.

use super::tiles::{self, KeptTiles};
use crate::Kernel;
use base::{Digest, Error, Refusal, RefusalKind, Result, Timestamp};
use db::{Read, Row, Tx, sql};
use std::collections::BTreeMap;
use tlog::checkpoint::Checkpoint;
use tlog::note::{NoteSigner, NoteVerifier};
use tlog::tile::Tiled;
use tlog::tree;

/// Transactions that one checkpoint takes up at most; what is left goes into the next.
pub const CHECKPOINT_ENTRIES: i64 = 10_000;
/// The one log of a tenant.
const LOG: &str = "log";

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Entries of the log.
    pub size: u64,
    pub head: Digest,
    /// The signed note.
    pub note: String,
    pub at: Timestamp,
}

/// The newest checkpoint.
pub fn latest(tx: &mut dyn Read, tenant: &str) -> Result<Option<Published>> {
    let row = tx.query_opt(sql("select size, head, note, at from checkpoint where tenant = $1 order by size desc limit 1"), &[tenant.into()])?;
    row.as_ref().map(published).transpose()
}

/// From a row with `size`, `head`, `note` and `at`.
pub(super) fn published(row: &Row) -> Result<Published> {
    Ok(Published {
        size: u64::try_from(row.int("size")?).map_err(Error::internal)?,
        head: Digest::from_bytes(row.bytes("head")?).ok_or_else(|| Error::internal("the head of a checkpoint is no digest"))?,
        note: row.text("note")?.to_owned(),
        at: Timestamp(row.int("at")?),
    })
}

/// The public keys that have signed checkpoints, oldest first. Who checks compares them with what
/// was handed out when the company was set up: the database alone could name any key.
pub fn verifiers(tx: &mut dyn Read, tenant: &str) -> Result<Vec<NoteVerifier>> {
    let rows = tx.query(sql("select verifier from log_key where tenant = $1 order by since_at, verifier"), &[tenant.into()])?;
    rows.iter().map(|row| NoteVerifier::parse(row.text("verifier")?)).collect()
}

/// Takes up what was committed since the newest checkpoint and signs the next one; `None` where
/// nothing was. May run on several nodes at once: they take turns.
///
/// Errors: 409 when the log of this company is signed under another name than this signer's.
pub fn checkpoint(kernel: &Kernel, tenant: &str, signer: &NoteSigner) -> Result<Option<Published>> {
    let (tenant, signer, now) = (tenant.to_owned(), signer.clone(), kernel.now());
    kernel.housekeeping_with(move |tx| take_up(tx, &tenant, &signer, now))
}

fn take_up(tx: &mut Tx, tenant: &str, signer: &NoteSigner, now: Timestamp) -> Result<Option<Published>> {
    let origin = open_log(tx, tenant, signer, now)?;
    let before = latest(tx, tenant)?;
    let old = before.as_ref().map_or(0, |before| before.size);
    let entries = next_entries(tx, tenant)?;
    if entries.is_empty() {
        return Ok(None);
    }
    let leaves: Vec<Digest> = entries.iter().map(|entry| tree::leaf(&entry.hash.0)).collect();
    let size = old + leaves.len() as u64;
    tiles::append(tx, tenant, old, &leaves)?;
    let head = tree::root_of_size(size, &mut Tiled { size, tiles: &mut KeptTiles::new(tx, tenant) })?;
    let note = signer.sign(&Checkpoint { origin, size, head, extensions: Vec::new() }.text())?;
    let stored_size = i64::try_from(size).map_err(Error::internal)?;
    tx.execute(
        sql("insert into checkpoint (tenant, size, head, note, at) values ($1, $2, $3, $4, $5)"),
        &[tenant.into(), stored_size.into(), head.0.to_vec().into(), note.as_str().into(), now.0.into()],
    )?;
    for (chain, (first, last, place)) in parts(&entries) {
        let first_place = i64::try_from(old + place).map_err(Error::internal)?;
        tx.execute(
            sql("insert into checkpoint_part (tenant, chain, last_seq, first_seq, first_place, size) values ($1, $2, $3, $4, $5, $6)"),
            &[tenant.into(), chain.into(), last.into(), first.into(), first_place.into(), stored_size.into()],
        )?;
    }
    Ok(Some(Published { size, head, note, at: now }))
}

/// The log's name, with the log locked: two nodes that sign at once would order transactions of
/// several chains differently.
fn open_log(tx: &mut Tx, tenant: &str, signer: &NoteSigner, now: Timestamp) -> Result<String> {
    let verifier = signer.verifier();
    tx.execute(
        sql("insert into evidence_log (tenant, id, origin, made_at) values ($1, $2, $3, $4) on conflict (tenant, id) do nothing"),
        &[tenant.into(), LOG.into(), verifier.name().into(), now.0.into()],
    )?;
    tx.lock_row("evidence_log", tenant, LOG)?;
    let row = tx.query_one(sql("select origin from evidence_log where tenant = $1 and id = $2"), &[tenant.into(), LOG.into()])?;
    let origin = row.text("origin")?.to_owned();
    if origin != verifier.name() {
        let message = format!("The log of this company is signed as {origin}; the key at hand signs as {}.", verifier.name());
        return Err(Refusal::new(RefusalKind::Conflict, "other_log_key", message).advise("Give every node the key file of the first.").into());
    }
    tx.execute(
        sql("insert into log_key (tenant, verifier, since_at) values ($1, $2, $3) on conflict (tenant, verifier) do nothing"),
        &[tenant.into(), verifier.text().into(), now.0.into()],
    )?;
    Ok(origin)
}

struct Entry {
    chain: i64,
    seq: i64,
    hash: Digest,
}

/// Transactions that no checkpoint has taken up, chain by chain.
fn next_entries(tx: &mut dyn Read, tenant: &str) -> Result<Vec<Entry>> {
    let heads = tx.query(
        sql(
            "select h.chain, coalesce(max(p.last_seq), 0) as seq from chain_head h
             left join checkpoint_part p on p.tenant = h.tenant and p.chain = h.chain
             where h.tenant = $1 group by h.chain order by h.chain",
        ),
        &[tenant.into()],
    )?;
    let mut entries = Vec::new();
    for head in &heads {
        let (chain, seq, room) = (head.int("chain")?, head.int("seq")?, CHECKPOINT_ENTRIES - entries.len() as i64);
        let rows = tx.query(
            sql("select seq, hash from audit_tx where tenant = $1 and chain = $2 and seq > $3 order by seq limit $4"),
            &[tenant.into(), chain.into(), seq.into(), room.into()],
        )?;
        for row in &rows {
            let hash = Digest::from_bytes(row.bytes("hash")?).ok_or_else(|| Error::internal("the hash of a transaction is no digest"))?;
            entries.push(Entry { chain, seq: row.int("seq")?, hash });
        }
    }
    Ok(entries)
}

/// Chain → first and last transaction, and the place of the first among the entries.
fn parts(entries: &[Entry]) -> BTreeMap<i64, (i64, i64, u64)> {
    let mut parts: BTreeMap<i64, (i64, i64, u64)> = BTreeMap::new();
    for (place, entry) in (0..).zip(entries) {
        let part = parts.entry(entry.chain).or_insert((entry.seq, entry.seq, place));
        part.1 = entry.seq;
    }
    parts
}
