//! The formats, written from `docs/FORMATS.md`.

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// Canonical bytes.
#[derive(Default)]
pub(crate) struct Parts(Vec<u8>);

impl Parts {
    pub(crate) fn new(label: &str) -> Self {
        let mut parts = Self::default();
        parts.begin(label);
        parts
    }

    /// Starts anew in the same memory.
    pub(crate) fn begin(&mut self, label: &str) -> &mut Self {
        self.0.clear();
        // A leaf is hashed with a zero byte before it (RFC 6962).
        self.0.push(0);
        self.put(b'L', label.as_bytes())
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.put(b'T', text.as_bytes())
    }

    pub(crate) fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.put(b'N', &[]),
        }
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        self.put(b'I', &number.to_be_bytes())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.put(b'B', bytes)
    }

    pub(crate) fn hash(&self) -> Hash {
        Sha256::digest(self.0.get(1..).unwrap_or_default()).into()
    }

    /// RFC 6962 leaf hash of these bytes.
    pub(crate) fn leaf(&self) -> Hash {
        Sha256::digest(&self.0).into()
    }

    fn put(&mut self, tag: u8, bytes: &[u8]) -> &mut Self {
        self.0.push(tag);
        self.0.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

/// What the entry of an event covers.
pub(crate) struct Event<'a> {
    pub tx: &'a str,
    pub ord: i64,
    pub at: i64,
    pub actor: &'a str,
    pub action: &'a str,
    pub record: Option<&'a str>,
    pub subject_table: &'a str,
    pub subject: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub image: &'a [u8],
}

impl Event<'_> {
    pub(crate) fn leaf(&self, tenant: &str, parts: &mut Parts) -> Hash {
        parts
            .begin("PLUMB-EVENT-1")
            .text(tenant)
            .text(self.tx)
            .number(self.ord)
            .number(self.at)
            .text(self.actor)
            .text(self.action)
            .maybe(self.record)
            .text(self.subject_table)
            .text(self.subject)
            .maybe(self.before)
            .maybe(self.after)
            .maybe(self.reason)
            .bytes(self.image)
            .leaf()
    }
}

/// What the hash of a transaction covers.
pub(crate) struct Sealed<'a> {
    pub chain: i64,
    pub seq: i64,
    pub tx: &'a str,
    pub at: i64,
    pub actor: &'a str,
    pub command: &'a str,
    pub software: &'a str,
    pub configuration: i64,
    pub n: i64,
    pub root: &'a [u8],
    pub prev: &'a [u8],
}

impl Sealed<'_> {
    pub(crate) fn hash(&self, tenant: &str) -> Hash {
        Parts::new("PLUMB-TX-1")
            .text(tenant)
            .number(self.chain)
            .number(self.seq)
            .text(self.tx)
            .number(self.at)
            .text(self.actor)
            .text(self.command)
            .text(self.software)
            .number(self.configuration)
            .number(self.n)
            .bytes(self.root)
            .bytes(self.prev)
            .hash()
    }
}

/// The RFC 6962 tree head over leaves that come one by one: complete subtrees are folded as in
/// binary counting.
#[derive(Default)]
pub(crate) struct Tree {
    count: i64,
    /// Heads of complete subtrees, the highest first.
    heads: Vec<(u32, Hash)>,
}

impl Tree {
    pub(crate) fn len(&self) -> i64 {
        self.count
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        self.count += 1;
        let mut current = (0, leaf);
        while let Some((height, left)) = self.heads.last() {
            if *height != current.0 {
                break;
            }
            current = (current.0 + 1, node(left, &current.1));
            self.heads.pop();
        }
        self.heads.push(current);
    }

    /// The head over the leaves so far.
    pub(crate) fn head(&self) -> Hash {
        let folded = self.heads.iter().rev().map(|(_, head)| *head).reduce(|right, left| node(&left, &right));
        folded.unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// How many leaves there were, and the head over them; begins anew.
    pub(crate) fn finish(&mut self) -> (i64, Hash) {
        let head = self.head();
        self.heads.clear();
        (std::mem::take(&mut self.count), head)
    }
}

pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    for (to, from) in bytes.iter_mut().skip(1).zip(left.iter().chain(right)) {
        *to = *from;
    }
    Sha256::digest(bytes).into()
}

/// The leaf of an entry (RFC 6962).
pub(crate) fn leaf_of(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

/// Whether the path leads from the leaf at `place` to the head over `size` leaves (RFC 9162, 2.1.3.2).
pub(crate) fn leads_to(leaf: Hash, place: u64, size: u64, path: &[Hash], head: &Hash) -> bool {
    if place >= size {
        return false;
    }
    let (mut place, mut last, mut current) = (place, size - 1, leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            current = node(step, &current);
            while place.is_multiple_of(2) && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            current = node(&current, step);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && current == *head
}

pub(crate) use base::hex::encode as hex;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962, section 2.1, word for word.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [only] => *only,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn the_head_of_a_growing_tree_is_that_of_the_definition() {
        let mut tree = Tree::default();
        for count in 0..70u8 {
            let leaves: Vec<Hash> = (0..count).map(|leaf| [leaf; 32]).collect();
            leaves.iter().for_each(|leaf| tree.push(*leaf));
            assert_eq!(tree.finish(), (i64::from(count), by_definition(&leaves)), "{count}");
        }
    }
}
