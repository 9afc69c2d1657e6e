//! The tiles of the log as rows.

use base::{Digest, Error, Result};
use db::{Read, Row, Tx, sql};
use std::collections::BTreeMap;
use tlog::tile::{Tile, Tiles, grown};
use tlog::tree;

/// Bytes of one hash.
const HASH_BYTES: usize = 32;

/// The hashes of a tile as they are kept, cut to the width asked for.
///
/// Errors: not found, when the log has not grown so far.
pub fn tile(tx: &mut dyn Read, tenant: &str, tile: &Tile) -> Result<Vec<Digest>> {
    let kept = kept(tx, tenant, tile.level, tile.index)?;
    let width = usize::try_from(tile.width).map_err(Error::internal)?;
    kept.get(..width).map(<[Digest]>::to_vec).ok_or_else(|| Error::not_found(format!("The log has not grown to {} yet.", tile.path())))
}

/// The entries below a tile of level 0, in their order: hashes of transactions, which hold no data of
/// anybody.
///
/// Errors: not found, when the log has not grown so far.
pub fn entries(tx: &mut dyn Read, tenant: &str, tile: &Tile) -> Result<Vec<Digest>> {
    let missing = || Error::not_found(format!("The log has not grown to {} yet.", tile.entries_path()));
    let first = i64::try_from(tile.index.saturating_mul(tlog::tile::WIDTH)).map_err(|_| missing())?;
    let end = first + i64::try_from(tile.width).map_err(Error::internal)?;
    // The part that holds the first entry begins at or before it; the others follow.
    let begins = tx.query_one(
        sql("select coalesce(max(first_place), 0) as place from checkpoint_part where tenant = $1 and first_place <= $2"),
        &[tenant.into(), first.into()],
    )?;
    let rows = tx.query(
        sql(
            "select a.hash from checkpoint_part p
             join audit_tx a on a.tenant = p.tenant and a.chain = p.chain and a.seq >= p.first_seq and a.seq <= p.last_seq
             where p.tenant = $1 and p.first_place >= $2 and p.first_place < $3
             and p.first_place + a.seq - p.first_seq >= $4 and p.first_place + a.seq - p.first_seq < $3
             order by p.first_place, a.seq",
        ),
        &[tenant.into(), begins.int("place")?.into(), end.into(), first.into()],
    )?;
    let found: Vec<Digest> = rows.iter().map(|row| Digest::from_bytes(row.bytes("hash")?).ok_or_else(|| Error::internal("the hash of a transaction is no digest"))).collect::<Result<_>>()?;
    if found.len() as u64 == tile.width { Ok(found) } else { Err(missing()) }
}

fn kept(tx: &mut dyn Read, tenant: &str, level: u8, place: u64) -> Result<Vec<Digest>> {
    let place = i64::try_from(place).map_err(Error::internal)?;
    let row = tx.query_opt(
        sql("select hashes from log_tile where tenant = $1 and level = $2 and place = $3"),
        &[tenant.into(), i64::from(level).into(), place.into()],
    )?;
    row.as_ref().map_or_else(|| Ok(Vec::new()), hashes_of)
}

fn hashes_of(row: &Row) -> Result<Vec<Digest>> {
    row.bytes("hashes")?.chunks(HASH_BYTES).map(|hash| Digest::from_bytes(hash).ok_or_else(|| Error::internal("a tile ends within a hash"))).collect()
}

/// Tiles that are kept in memory: far more than the way of one entry to the head needs.
const TILES_AT_ONCE: usize = 64;

/// Tiles read from their rows, each once as long as their neighbours are asked for.
pub(super) struct KeptTiles<'a> {
    tx: &'a mut dyn Read,
    tenant: &'a str,
    known: BTreeMap<(u8, u64), Vec<Digest>>,
}

impl<'a> KeptTiles<'a> {
    pub(super) fn new(tx: &'a mut dyn Read, tenant: &'a str) -> Self {
        Self { tx, tenant, known: BTreeMap::new() }
    }

    /// With tiles that were read already: rows with `level`, `tile` and `hashes`, which are null where
    /// there is none. What is not among them is read when it is asked for.
    pub(super) fn beginning_with(tx: &'a mut dyn Read, tenant: &'a str, rows: &[Row]) -> Result<Self> {
        let mut known = BTreeMap::new();
        for row in rows {
            if let (Some(level), Some(place)) = (row.opt_int("level")?, row.opt_int("tile")?) {
                known.insert((u8::try_from(level).map_err(Error::internal)?, u64::try_from(place).map_err(Error::internal)?), hashes_of(row)?);
            }
        }
        Ok(Self { tx, tenant, known })
    }
}

impl Tiles for KeptTiles<'_> {
    fn hashes(&mut self, tile: &Tile) -> Result<Vec<Digest>> {
        let key = (tile.level, tile.index);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let kept = kept(self.tx, self.tenant, tile.level, tile.index)?;
        if self.known.len() >= TILES_AT_ONCE {
            self.known.clear();
        }
        self.known.insert(key, kept.clone());
        Ok(kept)
    }
}

/// Appends leaves to a log of `old` entries: writes the tiles that grow.
pub(super) fn append(tx: &mut Tx, tenant: &str, old: u64, leaves: &[Digest]) -> Result<()> {
    let new = old + leaves.len() as u64;
    let mut written: BTreeMap<(u8, u64), Vec<Digest>> = BTreeMap::new();
    for tile in grown(old, new) {
        let first = tile.index * tlog::tile::WIDTH;
        let mut hashes = kept(tx, tenant, tile.level, tile.index)?;
        for place in first + hashes.len() as u64..first + tile.width {
            hashes.push(hash_at(tile.level, place, old, leaves, &written)?);
        }
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        let index = i64::try_from(tile.index).map_err(Error::internal)?;
        tx.execute(
            sql(
                "insert into log_tile (tenant, level, place, hashes) values ($1, $2, $3, $4)
                 on conflict (tenant, level, place) do update set hashes = excluded.hashes",
            ),
            &[tenant.into(), i64::from(tile.level).into(), index.into(), bytes.into()],
        )?;
        written.insert((tile.level, tile.index), hashes);
    }
    Ok(())
}

/// A hash that a tile does not hold yet: a new leaf, or the head of a tile below that is now full.
fn hash_at(level: u8, place: u64, old: u64, leaves: &[Digest], written: &BTreeMap<(u8, u64), Vec<Digest>>) -> Result<Digest> {
    let missing = || Error::internal("the tiles of the log do not fit its size");
    if level == 0 {
        let place = usize::try_from(place.checked_sub(old).ok_or_else(missing)?).map_err(Error::internal)?;
        return leaves.get(place).copied().ok_or_else(missing);
    }
    let below = written.get(&(level - 1, place)).filter(|hashes| hashes.len() as u64 == tlog::tile::WIDTH).ok_or_else(missing)?;
    Ok(tree::root(below))
}
