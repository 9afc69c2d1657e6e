//! The Merkle tree of RFC 6962: leaves, nodes, and heads over leaves that come one by one.

use base::{Digest, Result};

/// Leaf hash: SHA-256 of a zero byte and the entry (RFC 6962, section 2.1).
pub fn leaf(entry: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], entry])
}

/// Inner node: SHA-256 of a one byte and both children.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], &left.0, &right.0])
}

/// Tree head over leaf hashes. The head of an empty tree is the digest of nothing.
pub fn root(leaves: &[Digest]) -> Digest {
    // A stack of complete subtrees, as in binary counting: memory stays logarithmic for bulk
    // releases with tens of thousands of leaves.
    let mut stack: Vec<(u32, Digest)> = Vec::new();
    for leaf in leaves {
        let mut current = (0u32, *leaf);
        while let Some((height, left)) = stack.last() {
            if *height != current.0 {
                break;
            }
            current = (current.0 + 1, node(left, &current.1));
            stack.pop();
        }
        stack.push(current);
    }
    stack.into_iter().rev().map(|(_, head)| head).reduce(|right, left| node(&left, &right)).unwrap_or_else(|| Digest::of(&[]))
}

/// Where the heads of complete subtrees are kept. The head at (`height`, `index`) covers the leaves
/// from `index`·2^height on, 2^height of them.
pub trait Subtrees {
    /// Errors: internal, when the head is not kept though it is complete.
    fn head(&mut self, height: u32, index: u64) -> Result<Digest>;
}

/// The head over the first `size` leaves.
pub fn root_of_size(size: u64, subtrees: &mut dyn Subtrees) -> Result<Digest> {
    range(0, size, subtrees)
}

/// The head over the leaves `from..to` as RFC 6962 defines it for a part of a tree: `from` is a
/// multiple of the power of two that the length needs.
pub(crate) fn range(from: u64, to: u64, subtrees: &mut dyn Subtrees) -> Result<Digest> {
    let count = to.saturating_sub(from);
    if count == 0 {
        return Ok(Digest::of(&[]));
    }
    if count.is_power_of_two() {
        let height = count.trailing_zeros();
        return subtrees.head(height, from >> height);
    }
    let split = from + largest_power_below(count);
    let left = range(from, split, subtrees)?;
    let right = range(split, to, subtrees)?;
    Ok(node(&left, &right))
}

/// The largest power of two smaller than `count`, which is at least 2.
pub(crate) fn largest_power_below(count: u64) -> u64 {
    1 << (63 - (count.max(2) - 1).leading_zeros())
}

/// All leaves at hand: for tests and small trees.
impl Subtrees for &[Digest] {
    fn head(&mut self, height: u32, index: u64) -> Result<Digest> {
        let length = 1usize << height;
        let from = usize::try_from(index).map_err(base::Error::internal)? * length;
        let leaves = self.get(from..from + length).ok_or_else(|| base::Error::internal("a subtree past the end of the tree"))?;
        Ok(root(leaves))
    }
}

/// All leaves at hand, and every head over them computed once: for many paths in one tree.
#[derive(Debug, Clone)]
pub struct Heads {
    /// By height; the leaves themselves come first.
    levels: Vec<Vec<Digest>>,
}

impl Heads {
    pub fn over(leaves: Vec<Digest>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let above = below.as_chunks().0.iter().map(|[left, right]| node(left, right)).collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The leaves of the tree.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }
}

impl Subtrees for &Heads {
    fn head(&mut self, height: u32, index: u64) -> Result<Digest> {
        let level = self.levels.get(usize::try_from(height).map_err(base::Error::internal)?);
        let head = level.and_then(|level| level.get(usize::try_from(index).ok()?));
        head.copied().ok_or_else(|| base::Error::internal("a subtree past the end of the tree"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962, section 2.1: split at the largest power of two
    /// smaller than the count.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves.len() {
            0 => Digest::of(&[]),
            1 => leaves[0],
            count => {
                let split = count.next_power_of_two() / 2;
                node(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    pub(crate) fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|index| leaf(&index.to_be_bytes())).collect()
    }

    #[test]
    fn frs_evd_001_the_root_is_that_of_the_definition_for_every_small_count() {
        for count in 0..70 {
            let leaves = leaves(count);
            assert_eq!(root(&leaves), by_definition(&leaves), "{count}");
            assert_eq!(root_of_size(count, &mut leaves.as_slice()).unwrap(), by_definition(&leaves), "{count}");
        }
    }

    #[test]
    fn frs_evd_001_a_path_is_the_same_where_the_heads_are_kept_and_none_leads_past_the_end() {
        for count in 0..70 {
            let leaves = leaves(count);
            let heads = Heads::over(leaves.clone());
            assert_eq!((heads.size(), root_of_size(count, &mut &heads).unwrap()), (count, by_definition(&leaves)));
            for index in 0..count {
                let path = |subtrees: &mut dyn Subtrees| crate::proof::inclusion(index, count, subtrees).unwrap();
                assert_eq!(path(&mut &heads), path(&mut leaves.as_slice()), "{index} of {count}");
            }
            assert!((&heads).head(0, count).is_err());
        }
    }

    #[test]
    fn frs_evd_001_published_vectors_of_certificate_transparency_hold() {
        // From the reference implementation of RFC 6962: the leaves and the heads after 1, 2 and 8.
        let entries: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
        let heads = [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, head) in heads {
            assert_eq!(root(&leaves[..size]).hex(), head, "{size}");
        }
    }
}
