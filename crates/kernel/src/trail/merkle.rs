//! The RFC 6962 Merkle tree hash over the leaves of one transaction.

use base::Digest;

/// Leaf hash: SHA-256 of a zero byte and the entry (RFC 6962 section 2.1).
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
    let mut folded: Option<Digest> = None;
    for (_, left) in stack.iter().rev() {
        folded = Some(match folded {
            None => *left,
            Some(right) => node(left, &right),
        });
    }
    folded.unwrap_or_else(|| Digest::of(&[]))
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

    #[test]
    fn the_root_is_that_of_the_definition_for_every_small_count() {
        for count in 0..70u8 {
            let leaves: Vec<_> = (0..count).map(|n| leaf(&[n])).collect();
            assert_eq!(root(&leaves), by_definition(&leaves), "{count} leaves");
        }
    }

    #[test]
    fn the_root_meets_the_published_vectors() {
        // Test vectors of the certificate-transparency reference implementation: entries of the
        // reference tree "", 00, 10, 2021, 3031, 40414243, 5051525354555657, 606162…6f.
        let entries: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
        assert_eq!(root(&leaves[..1]).hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(root(&leaves[..2]).hex(), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        assert_eq!(root(&leaves).hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }
}
