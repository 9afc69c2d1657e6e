//! Proofs: that an entry is in a tree (inclusion), and that a tree continues an earlier one
//! (consistency). RFC 6962, sections 2.1.1 and 2.1.2; checking as in RFC 9162, sections 2.1.3.2
//! and 2.1.4.2.

use crate::tree::{Subtrees, largest_power_below, node, range};
use base::{Digest, Error, Result};

/// The path from leaf `index` to the head of the tree of `size` leaves, the leaf's sibling first.
///
/// Errors: 422 when there is no such leaf.
pub fn inclusion(index: u64, size: u64, subtrees: &mut dyn Subtrees) -> Result<Vec<Digest>> {
    if index >= size {
        return Err(Error::invalid("index", "no_such_entry", format!("the tree has {size} entries; {index} is not one of them")));
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let split = from + largest_power_below(to - from);
        if index < split {
            path.push(range(split, to, subtrees)?);
            to = split;
        } else {
            path.push(range(from, split, subtrees)?);
            from = split;
        }
    }
    path.reverse();
    Ok(path)
}

/// What shows that the tree of `new` leaves continues that of `old` leaves.
///
/// Errors: 422 when `old` is larger than `new`.
pub fn consistency(old: u64, new: u64, subtrees: &mut dyn Subtrees) -> Result<Vec<Digest>> {
    if old > new {
        return Err(Error::invalid("old", "no_such_size", format!("the tree has {new} entries; it never had {old}")));
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut path = Vec::new();
    let mut is_whole = true;
    // The old tree's part of `from..to` begins at `from` and ends at `old`.
    while old < to {
        let split = from + largest_power_below(to - from);
        if old <= split {
            path.push(range(split, to, subtrees)?);
            to = split;
        } else {
            path.push(range(from, split, subtrees)?);
            from = split;
            is_whole = false;
        }
    }
    if !is_whole {
        path.push(range(from, to, subtrees)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether the path leads from the leaf at `index` to the head of the tree of `size` leaves.
pub fn proves_inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest], head: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut current) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            current = node(step, &current);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            current = node(&current, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && current == *head
}

/// Whether the path shows that the tree with the head `new_head` continues that with `old_head`.
pub fn proves_consistency(old: u64, new: u64, path: &[Digest], old_head: &Digest, new_head: &Digest) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return path.is_empty() && old_head == new_head;
    }
    if old == 0 {
        return path.is_empty() && *old_head == Digest::of(&[]);
    }
    let whole = old.is_power_of_two().then_some(*old_head);
    let mut steps = whole.iter().chain(path);
    let Some(first) = steps.next() else { return false };
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut was, mut is) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            was = node(step, &was);
            is = node(step, &is);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            is = node(&is, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && was == *old_head && is == *new_head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{leaf, root};

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|index| leaf(&index.to_be_bytes())).collect()
    }

    #[test]
    fn frs_evd_002_every_entry_of_every_small_tree_is_proved_and_no_other() {
        for size in 1..40 {
            let leaves = leaves(size);
            let head = root(&leaves);
            for index in 0..size {
                let path = inclusion(index, size, &mut leaves.as_slice()).unwrap();
                let here = leaves[index as usize];
                assert!(proves_inclusion(&here, index, size, &path, &head), "{index} of {size}");
                assert!(!proves_inclusion(&leaf(b"other"), index, size, &path, &head));
                assert!(!proves_inclusion(&here, index + 1, size, &path, &head) || size == 1);
                assert!(!proves_inclusion(&here, index, size, &path, &leaf(b"other")));
                for place in 0..path.len() {
                    let mut bent = path.clone();
                    bent[place] = leaf(b"bent");
                    assert!(!proves_inclusion(&here, index, size, &bent, &head));
                }
                let mut longer = path.clone();
                longer.push(head);
                assert!(!proves_inclusion(&here, index, size, &longer, &head));
            }
            assert!(inclusion(size, size, &mut leaves.as_slice()).is_err());
        }
    }

    #[test]
    fn frs_evd_003_every_small_tree_is_shown_to_continue_those_before_and_no_other() {
        for new in 0..40 {
            let leaves = leaves(new);
            let head = root(&leaves);
            for old in 0..=new {
                let before = root(&leaves[..old as usize]);
                let path = consistency(old, new, &mut leaves.as_slice()).unwrap();
                assert!(proves_consistency(old, new, &path, &before, &head), "{old} to {new}");
                if old > 0 {
                    assert!(!proves_consistency(old, new, &path, &leaf(b"rewritten"), &head), "{old} to {new}");
                }
                if old > 0 && old < new {
                    assert!(!proves_consistency(old, new, &path, &before, &leaf(b"rewritten")), "{old} to {new}");
                    assert!(!proves_consistency(old, new, &[], &before, &head) || path.is_empty());
                }
            }
            assert!(consistency(new + 1, new, &mut leaves.as_slice()).is_err());
        }
    }
}
