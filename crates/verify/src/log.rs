//! The log of all transactions: checkpoints, tiles, and the anchors that are kept outside.

use crate::Check;
use crate::format::{Hash, Tree, hex, leaf_of, node};
use crate::note::{self, Checkpoint, Key};
use base::Result;
use db::{Read, sql};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Hashes of a full tile.
const TILE: usize = 256;

/// What somebody brings to a check from outside the database.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Public keys that checkpoints are believed from. Without one, those that the database names:
    /// then a check shows only that the data is consistent with itself.
    pub keys: Vec<Key>,
    /// Checkpoints that were kept elsewhere.
    pub anchors: Vec<Anchor>,
}

/// A signed checkpoint that was kept outside the database.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Where it was kept, for the report.
    pub name: String,
    pub note: String,
}

/// What the log and the anchors show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Checkpoints that were checked.
    pub checkpoints: u64,
    /// Transactions that the newest checkpoint covers.
    pub size: u64,
    /// Transactions that a sound anchor covers: nothing of them was changed since it was kept.
    pub proved: u64,
    /// The anchor that proves most.
    pub proved_by: Option<String>,
    /// Transactions among those checked that no sound anchor covers.
    pub since: u64,
}

/// Checks log and anchors; the hashes of the transactions were checked before.
pub(crate) fn check(tx: &mut dyn Read, trust: &Trust, check: &mut Check<'_>) -> Result<()> {
    let named = named_keys(tx, check)?;
    let known = if trust.keys.is_empty() { named.iter().flatten().cloned().collect() } else { trust.keys.clone() };
    let anchors = anchors(trust, &known, check);
    let signed = checkpoints(tx, &known, check)?;
    keys_have_signed(&named, &known, trust, &signed, check);
    origin(tx, &signed, check)?;
    let mut heads: BTreeMap<u64, Option<Hash>> = signed.keys().chain(anchors.iter().map(|(_, anchor)| &anchor.size)).map(|size| (*size, None)).collect();
    let counted = parts(tx, &signed, check)?;
    let (entries, tiles) = walk(tx, &mut heads, check)?;
    if counted != entries {
        check.find("checkpoint_part", "all", None, format!("they count {counted} transactions, of which {entries} are there"));
    }
    for (size, checkpoint) in &signed {
        compare(*size, checkpoint, heads.get(size).copied().flatten(), check);
    }
    for (name, anchor) in &anchors {
        against(name, anchor, &signed, heads.get(&anchor.size).copied().flatten(), check);
    }
    check_tiles(tx, tiles, check)
}

/// The keys that the database names; `None` for what is none, which is told.
fn named_keys(tx: &mut dyn Read, check: &mut Check<'_>) -> Result<Vec<Option<Key>>> {
    let rows = tx.query(sql("select verifier from log_key where tenant = $1 order by since_at, verifier"), &[check.tenant.into()])?;
    let mut keys = Vec::new();
    for row in &rows {
        let key = Key::parse(row.text("verifier")?);
        if key.is_none() {
            check.find("log_key", row.text("verifier")?, Some("verifier"), "is no public key");
        }
        keys.push(key);
    }
    Ok(keys)
}

/// A key that nobody handed out, or that has signed nothing, has no business in the database.
fn keys_have_signed(named: &[Option<Key>], known: &[Key], trust: &Trust, signed: &Checkpoints, check: &mut Check<'_>) {
    if signed.is_empty() {
        return;
    }
    if named.is_empty() {
        check.find("log_key", "log", None, "is gone: no key is named that the checkpoints were signed with");
    }
    for key in named.iter().flatten() {
        let has_signed = signed.values().filter_map(|signed| signed.opened.as_ref().ok()).any(|opened| known.get(opened.key) == Some(key));
        if !trust.keys.is_empty() && !trust.keys.contains(key) {
            check.find("log_key", key.name(), Some("verifier"), "is none of the keys that were handed out");
        } else if !has_signed {
            check.find("log_key", key.name(), Some("verifier"), "has signed no checkpoint of this log");
        }
    }
}

/// The log's name is that of its checkpoints.
fn origin(tx: &mut dyn Read, signed: &Checkpoints, check: &mut Check<'_>) -> Result<()> {
    let Some(origin) = signed.values().find_map(|signed| signed.opened.as_ref().ok()).map(|opened| opened.origin.as_str()) else { return Ok(()) };
    let rows = tx.query(sql("select id, origin from evidence_log where tenant = $1 order by id"), &[check.tenant.into()])?;
    if rows.is_empty() {
        check.find("evidence_log", "log", None, "is gone, though the log has checkpoints");
    }
    for row in &rows {
        if row.text("id")? != "log" {
            check.find("evidence_log", row.text("id")?, Some("id"), "there is one log, and its name is log");
        } else if row.text("origin")? != origin {
            check.find("evidence_log", "log", Some("origin"), format!("is “{}”, the checkpoints say “{origin}”", row.text("origin")?));
        }
    }
    Ok(())
}

fn anchors(trust: &Trust, keys: &[Key], check: &mut Check<'_>) -> Vec<(String, Checkpoint)> {
    let mut good = Vec::new();
    for anchor in &trust.anchors {
        match note::open(&anchor.note, keys) {
            Ok(checkpoint) => good.push((anchor.name.clone(), checkpoint)),
            Err(why) => check.find("anchor", anchor.name.as_str(), None, why),
        }
    }
    good
}

struct Signed {
    row_head: Vec<u8>,
    opened: std::result::Result<Checkpoint, &'static str>,
}

/// Checkpoints by their size.
type Checkpoints = BTreeMap<u64, Signed>;

fn checkpoints(tx: &mut dyn Read, keys: &[Key], check: &mut Check<'_>) -> Result<Checkpoints> {
    let mut found = BTreeMap::new();
    let rows = sql("select size, head, note from checkpoint where tenant = $1 order by size");
    tx.scan(rows.text(), &[check.tenant.into()], &mut |row| {
        let Ok(size) = u64::try_from(row.int(0)?) else {
            check.find("checkpoint", row.int(0)?.to_string(), Some("size"), "is no size");
            return Ok(());
        };
        found.insert(size, Signed { row_head: row.bytes(1)?.to_vec(), opened: note::open(row.text(2)?, keys) });
        Ok(())
    })?;
    check.report.log.checkpoints = found.len() as u64;
    check.report.log.size = found.last_key_value().map_or(0, |(size, _)| *size);
    Ok(found)
}

/// What a checkpoint took up is there with the checkpoint, and lies between the one before and its
/// own end. Answers how many transactions all of them took up.
fn parts(tx: &mut dyn Read, signed: &Checkpoints, check: &mut Check<'_>) -> Result<i64> {
    let (mut taken_up, mut all) = (BTreeSet::new(), 0i64);
    let rows = sql("select chain, first_seq, last_seq, first_place, size from checkpoint_part where tenant = $1");
    tx.scan(rows.text(), &[check.tenant.into()], &mut |row| {
        let (chain, first, last, place, size) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?);
        let own = u64::try_from(size).ok().filter(|size| signed.contains_key(size));
        let before = own.and_then(|size| signed.range(..size).next_back()).map_or(0, |(before, _)| *before as i64);
        let count = last.saturating_sub(first).saturating_add(1);
        all = all.saturating_add(count);
        if own.is_none() || count < 1 || place < before || place.saturating_add(count) > size {
            let text = format!("counts transactions {first} to {last} from place {place} on to the checkpoint of {size}, the one before has {before}");
            check.find("checkpoint_part", format!("chain {chain}, {last}"), Some("size"), text);
        }
        taken_up.insert(size);
        Ok(())
    })?;
    for size in taken_up.iter().filter(|size| !u64::try_from(**size).is_ok_and(|size| signed.contains_key(&size))) {
        check.find("checkpoint", size.to_string(), None, "is gone, though transactions were taken up by it");
    }
    for size in signed.keys().filter(|size| !taken_up.contains(&(**size as i64))) {
        check.find("checkpoint_part", size.to_string(), None, "nothing says which transactions this checkpoint took up");
    }
    Ok(all)
}

fn compare(size: u64, signed: &Signed, head: Option<Hash>, check: &mut Check<'_>) {
    let key = size.to_string();
    match &signed.opened {
        Err(why) => check.find("checkpoint", key.as_str(), Some("note"), *why),
        Ok(checkpoint) if checkpoint.size != size || signed.row_head != checkpoint.head => {
            check.find("checkpoint", key.as_str(), None, "the row says other than its signed note");
        }
        Ok(_) => {}
    }
    match head {
        None => check.find("checkpoint", key, Some("size"), "covers transactions that are missing"),
        Some(head) if signed.row_head != head => {
            check.find("checkpoint", key, Some("head"), format!("the transactions give {}, it was signed with {}: the history was rewritten", hex(&head), hex(&signed.row_head)));
        }
        Some(_) => {}
    }
}

fn against(name: &str, anchor: &Checkpoint, signed: &Checkpoints, head: Option<Hash>, check: &mut Check<'_>) {
    let other_log = signed.values().filter_map(|signed| signed.opened.as_ref().ok()).any(|own| own.origin != anchor.origin);
    if other_log {
        check.find("anchor", name, None, format!("is of another log, {}", anchor.origin));
        return;
    }
    match head {
        None => {
            let text = format!("names {} transactions, the log has {}: the newest are missing, or an old copy was put back", anchor.size, check.report.log.size);
            check.find("anchor", name, None, text);
        }
        Some(head) if head != anchor.head => {
            let text = format!("says that the first {} transactions give {}, they give {}: the history was rewritten", anchor.size, hex(&anchor.head), hex(&head));
            check.find("anchor", name, None, text);
        }
        Some(_) if anchor.size > check.report.log.proved || check.report.log.proved_by.is_none() => {
            check.report.log.proved = anchor.size;
            check.report.log.proved_by = Some(name.to_owned());
        }
        Some(_) => {}
    }
}

/// What the tiles must hold, as digests of their bytes, by level and place.
type Tiles = HashMap<(i64, i64), Hash>;

/// Goes over all entries in their order, and notes the head at each size that is asked for. Answers
/// how many there are.
fn walk(tx: &mut dyn Read, heads: &mut BTreeMap<u64, Option<Hash>>, check: &mut Check<'_>) -> Result<(i64, Tiles)> {
    let rows = sql(
        "select p.first_place, p.first_seq, p.chain, a.seq, a.hash
         from checkpoint_part p join audit_tx a on a.tenant = p.tenant and a.chain = p.chain and a.seq >= p.first_seq and a.seq <= p.last_seq
         where p.tenant = $1 order by p.first_place, a.seq",
    );
    let mut tree = Tree::default();
    let mut tiling = Tiling::default();
    let mut last: HashMap<i64, i64> = HashMap::new();
    if let Some(head) = heads.get_mut(&0) {
        *head = Some(tree.head());
    }
    tx.scan(rows.text(), &[check.tenant.into()], &mut |row| {
        let (chain, seq) = (row.int(2)?, row.int(3)?);
        let place = row.int(0)?.saturating_add(seq.saturating_sub(row.int(1)?));
        let before = last.insert(chain, seq).unwrap_or(0);
        if place != tree.len() || seq != before.saturating_add(1) {
            check.find("checkpoint_part", format!("chain {chain}, {seq}"), None, format!("stands at place {place}, where {} was due", tree.len()));
        }
        let leaf = leaf_of(row.bytes(4)?);
        tree.push(leaf);
        tiling.push(0, leaf);
        if let Ok(size) = u64::try_from(tree.len())
            && let Some(head) = heads.get_mut(&size)
        {
            *head = Some(tree.head());
        }
        Ok(())
    })?;
    Ok((tree.len(), tiling.finish()))
}

/// Cuts the tree into tiles, level by level.
#[derive(Default)]
struct Tiling {
    /// The tile that is being filled, of each level.
    open: Vec<(i64, Vec<Hash>)>,
    done: Tiles,
}

impl Tiling {
    fn push(&mut self, level: usize, hash: Hash) {
        if self.open.len() == level {
            self.open.push((0, Vec::with_capacity(TILE)));
        }
        let Some((place, hashes)) = self.open.get_mut(level) else { return };
        hashes.push(hash);
        if hashes.len() == TILE {
            let full = std::mem::take(hashes);
            self.done.insert((level as i64, *place), digest_of(&full));
            *place += 1;
            self.push(level + 1, head_of(full));
        }
    }

    fn finish(mut self) -> Tiles {
        for (level, (place, hashes)) in self.open.iter().enumerate() {
            if !hashes.is_empty() {
                self.done.insert((level as i64, *place), digest_of(hashes));
            }
        }
        self.done
    }
}

fn digest_of(hashes: &[Hash]) -> Hash {
    let mut hasher = Sha256::new();
    hashes.iter().for_each(|hash| hasher.update(hash));
    hasher.finalize().into()
}

/// The head over a full tile.
fn head_of(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(|pair| if let [left, right] = pair { node(left, right) } else { [0; 32] }).collect();
    }
    hashes.first().copied().unwrap_or([0; 32])
}

fn check_tiles(tx: &mut dyn Read, mut wanted: Tiles, check: &mut Check<'_>) -> Result<()> {
    let rows = sql("select level, place, hashes from log_tile where tenant = $1");
    tx.scan(rows.text(), &[check.tenant.into()], &mut |row| {
        let key = (row.int(0)?, row.int(1)?);
        let holds: Hash = Sha256::digest(row.bytes(2)?).into();
        if wanted.remove(&key) != Some(holds) {
            check.find("log_tile", format!("{}/{}", key.0, key.1), Some("hashes"), "does not hold what the transactions give; it can be made again from them");
        }
        Ok(())
    })?;
    let mut missing: Vec<_> = wanted.into_keys().collect();
    missing.sort_unstable();
    for (level, place) in missing {
        check.find("log_tile", format!("{level}/{place}"), None, "is gone; it can be made again from the transactions");
    }
    Ok(())
}
