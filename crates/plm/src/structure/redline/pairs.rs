//! Which line of one side is which line of the other.

use super::{RedlineLine, RedlineSide};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A line of either side or of both.
pub type Pair<'a> = (Option<&'a RedlineLine>, Option<&'a RedlineLine>);

/// Pairs the lines of two structures, parent by parent: parents in the order of the older side,
/// then those that only the newer one has.
pub fn pair<'a>(before: &'a RedlineSide, after: &'a RedlineSide) -> Vec<Pair<'a>> {
    let mut parents = Vec::new();
    let mut groups: HashMap<Option<&str>, (Vec<&RedlineLine>, Vec<&RedlineLine>)> = HashMap::new();
    for (side, newer) in [(before, false), (after, true)] {
        for line in &side.lines {
            let parent = side.identity(&line.parent);
            let (old, new) = groups.entry(parent).or_insert_with(|| {
                parents.push(parent);
                Default::default()
            });
            if newer { new.push(line) } else { old.push(line) }
        }
    }
    let mut pairs = Vec::new();
    for parent in parents {
        if let Some((old, new)) = groups.remove(&parent) {
            pairs.extend(Pairing::new(old, new).run());
        }
    }
    pairs
}

struct Pairing<'a> {
    old: Vec<&'a RedlineLine>,
    new: Vec<&'a RedlineLine>,
    /// For each old line its partner among the new.
    partner: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'a> Pairing<'a> {
    fn new(old: Vec<&'a RedlineLine>, new: Vec<&'a RedlineLine>) -> Self {
        let (partner, taken) = (vec![None; old.len()], vec![false; new.len()]);
        Self { old, new, partner, taken }
    }

    fn run(mut self) -> Vec<Pair<'a>> {
        self.pass(|line| line.uid.as_deref());
        // Two lines whose identities are known and differ are two lines, whatever else they share.
        // The order of these passes gives the same pairs with the sides swapped.
        for (old_known, new_known) in [(false, false), (true, false), (false, true)] {
            let open = move |line: &RedlineLine, newer: bool| line.uid.is_some() == if newer { new_known } else { old_known };
            self.pass_where(open, |line| line.find_number);
        }
        for (old_known, new_known) in [(false, false), (true, false), (false, true)] {
            let open = move |line: &RedlineLine, newer: bool| line.uid.is_some() == if newer { new_known } else { old_known };
            // The same part on several lines: equal lines belong together before others do.
            self.pass_where(open, |line| Some((&line.child, line.quantity, line.unit, &line.designators)));
            self.pass_where(open, |line| Some(&line.child));
        }
        self.finish()
    }

    fn pass<K: Hash + Eq>(&mut self, key: impl Fn(&'a RedlineLine) -> Option<K>) {
        self.pass_where(|_, _| true, key);
    }

    /// Pairs lines of equal key that have no partner yet, the first with the first.
    fn pass_where<K: Hash + Eq>(
        &mut self,
        open: impl Fn(&RedlineLine, bool) -> bool,
        key: impl Fn(&'a RedlineLine) -> Option<K>,
    ) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (index, line) in self.new.iter().enumerate().filter(|(index, line)| !self.taken[*index] && open(line, true)) {
            if let Some(key) = key(line) {
                waiting.entry(key).or_default().push_back(index);
            }
        }
        for (line, partner) in self.old.iter().zip(&mut self.partner) {
            if partner.is_none() && open(line, false) {
                let found = key(line).and_then(|key| waiting.get_mut(&key)).and_then(VecDeque::pop_front);
                if let Some(found) = found {
                    self.taken[found] = true;
                    *partner = Some(found);
                }
            }
        }
    }

    fn finish(self) -> Vec<Pair<'a>> {
        let mut pairs: Vec<Pair<'a>> =
            self.old.iter().zip(&self.partner).map(|(old, partner)| (Some(*old), partner.map(|index| self.new[index]))).collect();
        pairs.extend(self.new.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(new, _)| (None, Some(*new))));
        pairs
    }
}
