//! A structure as compressed adjacency: explosion, where-used, depth, cycles.
//!
//! Nodes and lines are numbers from 0; the caller keeps what they stand for. Every function is
//! iterative and, except for [`Graph::explode`], takes time in the number of nodes and lines, never
//! of paths: a structure of 120 lines can have 2⁴⁰ of those.

use base::quantity::Quantity;
use base::{Error, Refusal, RefusalKind, Result, limits};
use std::fmt;

/// One use of a child in a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub parent: u32,
    pub child: u32,
    /// In the child's unit, for one unit of the parent.
    pub quantity: Quantity,
}

/// Why lines do not form a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadGraph {
    /// The lines, as indices into the edges given, that lead from a node back to itself.
    Cycle(Vec<usize>),
    /// An edge names a node that is not there: a fault of the caller.
    NoNode(usize),
    /// More lines or nodes than 32 bits count: a fault of the caller.
    TooLarge,
}

impl fmt::Display for BadGraph {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(edges) => write!(out, "{} lines lead from an item back to itself", edges.len()),
            Self::NoNode(edge) => write!(out, "line {edge} names an item that is not there"),
            Self::TooLarge => out.write_str("too many items or lines"),
        }
    }
}

/// One row of an explosion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExplodedRow {
    /// 1 directly below the top.
    pub level: u32,
    /// The line, as an index into the edges given to [`Graph::new`].
    pub line: u32,
    pub node: u32,
    /// For one unit of the parent.
    pub quantity: Quantity,
    /// For one unit of the top, along this path.
    pub total: Quantity,
}

/// The rows below a top in the order of walking down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explosion {
    pub rows: Vec<ExplodedRow>,
    /// True when there are more rows than were asked for.
    pub cut: bool,
    /// False when a total needed more than six decimals and was rounded.
    pub exact: bool,
}

/// How much of one item one unit of the top holds, over all paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeTotal {
    pub node: u32,
    pub total: Quantity,
    /// The level nearest to the top that it stands on.
    pub first_level: u32,
    /// The deepest level that it stands on.
    pub last_level: u32,
}

/// Totals over all paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Every item below the top, parents before their children.
    pub nodes: Vec<NodeTotal>,
    /// False when a product needed more than six decimals and was rounded.
    pub exact: bool,
}

/// One item that holds another, directly or through others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedIn {
    pub node: u32,
    /// Steps up on the shortest way.
    pub first_level: u32,
    /// How much one unit of `node` holds, over all paths.
    pub total: Quantity,
    /// Nothing holds `node` itself.
    pub end_item: bool,
}

/// Numbers of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub nodes: usize,
    pub lines: usize,
    /// Items without lines of their own.
    pub leaves: usize,
    /// Items that nothing holds.
    pub end_items: usize,
}

/// Lines in both directions, sorted by node, in the caller's order within one node.
#[derive(Debug, Clone)]
pub struct Graph {
    edges: Vec<Edge>,
    down: Adjacency,
    up: Adjacency,
    /// Nodes, every parent before its children.
    order: Vec<u32>,
}

/// For node `n`, the lines `lines[starts[n]..starts[n + 1]]`.
#[derive(Debug, Clone)]
struct Adjacency {
    starts: Vec<u32>,
    lines: Vec<u32>,
}

impl Adjacency {
    fn new(nodes: usize, edges: &[Edge], node: impl Fn(&Edge) -> u32) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for edge in edges {
            starts[node(edge) as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut lines = vec![0_u32; edges.len()];
        for (line, edge) in (0_u32..).zip(edges) {
            let slot = &mut next[node(edge) as usize];
            lines[*slot as usize] = line;
            *slot += 1;
        }
        Self { starts, lines }
    }

    fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        let range = self.starts.get(node..node + 2);
        range.and_then(|range| self.lines.get(range[0] as usize..range[1] as usize)).unwrap_or(&[])
    }
}

impl Graph {
    /// Builds the structure of nodes `0..nodes`; refuses lines that close a cycle.
    pub fn new(nodes: usize, edges: Vec<Edge>) -> Result<Self, BadGraph> {
        if u32::try_from(nodes).is_err() || u32::try_from(edges.len()).is_err() || nodes == usize::MAX {
            return Err(BadGraph::TooLarge);
        }
        if let Some(edge) = edges.iter().position(|edge| edge.parent.max(edge.child) as usize >= nodes) {
            return Err(BadGraph::NoNode(edge));
        }
        let down = Adjacency::new(nodes, &edges, |edge| edge.parent);
        let up = Adjacency::new(nodes, &edges, |edge| edge.child);
        let mut graph = Self { edges, down, up, order: Vec::with_capacity(nodes) };
        graph.sort(nodes)?;
        Ok(graph)
    }

    /// The structure with more lines (the numbers of the new ones follow the old), if they close no
    /// cycle: the check before lines are added.
    pub fn adding(&self, more: &[Edge]) -> Result<Self, BadGraph> {
        Self::new(self.order.len(), self.edges.iter().chain(more).copied().collect())
    }

    /// Would a line from `parent` to `child` close a cycle? Then the nodes from `child` down to
    /// `parent` that already lead there.
    pub fn would_cycle(&self, parent: u32, child: u32) -> Option<Vec<u32>> {
        let mut above: Vec<Option<u32>> = vec![None; self.order.len()];
        let mut seen = vec![false; self.order.len()];
        let mut open = vec![child];
        while let Some(node) = open.pop() {
            if node == parent {
                let mut path = vec![node];
                while let Some(previous) = path.last().and_then(|node| above.get(*node as usize).copied().flatten()) {
                    path.push(previous);
                }
                path.reverse();
                return Some(path);
            }
            for edge in
                self.lines_of(node).filter(|(_, edge)| !seen[edge.child as usize]).map(|(_, edge)| edge).collect::<Vec<_>>()
            {
                seen[edge.child as usize] = true;
                above[edge.child as usize] = Some(node);
                open.push(edge.child);
            }
        }
        None
    }

    /// The lines directly below `node`, with their numbers.
    pub fn lines_of(&self, node: u32) -> impl Iterator<Item = (u32, &Edge)> {
        self.down.of(node).iter().filter_map(|line| self.edges.get(*line as usize).map(|edge| (*line, edge)))
    }

    /// The lines that use `node` directly, with their numbers.
    pub fn uses_of(&self, node: u32) -> impl Iterator<Item = (u32, &Edge)> {
        self.up.of(node).iter().filter_map(|line| self.edges.get(*line as usize).map(|edge| (*line, edge)))
    }

    pub fn counts(&self) -> Counts {
        let without = |adjacency: &Adjacency| adjacency.starts.windows(2).filter(|pair| pair[0] == pair[1]).count();
        Counts { nodes: self.order.len(), lines: self.edges.len(), leaves: without(&self.down), end_items: without(&self.up) }
    }

    /// The deepest level of every node below `top`; nothing for what is no part of it.
    pub fn levels(&self, top: u32) -> Vec<Option<u32>> {
        let mut levels: Vec<Option<u32>> = vec![None; self.order.len()];
        if let Some(level) = levels.get_mut(top as usize) {
            *level = Some(0);
        }
        for node in &self.order {
            let Some(level) = levels[*node as usize] else { continue };
            for (_, edge) in self.lines_of(*node) {
                let below = &mut levels[edge.child as usize];
                *below = (*below).max(Some(level + 1));
            }
        }
        levels
    }

    /// The number of lines on the longest path below `top`.
    pub fn depth(&self, top: u32) -> u32 {
        self.levels(top).into_iter().flatten().max().unwrap_or(0)
    }

    /// The rows below `top` as a person reads a parts list: every path, down to `levels`, at most
    /// `most` rows and never more than [`limits::EXPLODED_ROWS`].
    pub fn explode(&self, top: u32, levels: u32, most: usize) -> Result<Explosion> {
        let most = most.min(limits::EXPLODED_ROWS);
        let mut found = Explosion { exact: true, ..Explosion::default() };
        // For each open level: its lines that are left, and the total of their parent.
        let mut open = vec![(self.down.of(top), Quantity::ONE)];
        while let Some((lines, total)) = open.last_mut() {
            let Some((line, rest)) = lines.split_first() else {
                open.pop();
                continue;
            };
            *lines = rest;
            let total = *total;
            let Some(edge) = self.edges.get(*line as usize) else { continue };
            let level = u32::try_from(open.len()).unwrap_or(u32::MAX);
            if level > levels {
                open.pop();
                continue;
            }
            if found.rows.len() == most {
                found.cut = true;
                break;
            }
            let (total, exact) = total.mul_rounded(edge.quantity).ok_or_else(overflow)?;
            found.exact &= exact;
            found.rows.push(ExplodedRow { level, line: *line, node: edge.child, quantity: edge.quantity, total });
            open.push((self.down.of(edge.child), total));
        }
        Ok(found)
    }

    /// How much of every item one unit of `top` holds.
    pub fn totals(&self, top: u32) -> Result<Totals> {
        let mut found: Vec<Option<NodeTotal>> = vec![None; self.order.len()];
        let start = NodeTotal { node: top, total: Quantity::ONE, first_level: 0, last_level: 0 };
        if let Some(slot) = found.get_mut(top as usize) {
            *slot = Some(start);
        }
        let mut totals = Totals { exact: true, ..Totals::default() };
        for node in &self.order {
            let Some(above) = found[*node as usize] else { continue };
            if *node != top {
                totals.nodes.push(above);
            }
            for (_, edge) in self.lines_of(*node) {
                let (added, exact) = above.total.mul_rounded(edge.quantity).ok_or_else(overflow)?;
                totals.exact &= exact;
                let (first_level, last_level) = (above.first_level + 1, above.last_level + 1);
                let below = &mut found[edge.child as usize];
                *below = Some(match *below {
                    None => NodeTotal { node: edge.child, total: added, first_level, last_level },
                    Some(known) => NodeTotal {
                        node: edge.child,
                        total: known.total.checked_add(added).ok_or_else(overflow)?,
                        first_level: known.first_level.min(first_level),
                        last_level: known.last_level.max(last_level),
                    },
                });
            }
        }
        Ok(totals)
    }

    /// Every item that holds `node`, directly or through others, nearest first in each branch:
    /// children before their parents. End items are those with `end_item`.
    pub fn where_used(&self, node: u32) -> Result<Vec<UsedIn>> {
        let mut found: Vec<Option<(Quantity, u32)>> = vec![None; self.order.len()];
        if let Some(slot) = found.get_mut(node as usize) {
            *slot = Some((Quantity::ONE, 0));
        }
        let mut used = Vec::new();
        for current in self.order.iter().rev() {
            let Some((total, first_level)) = found[*current as usize] else { continue };
            if *current != node {
                let end_item = self.up.of(*current).is_empty();
                used.push(UsedIn { node: *current, first_level, total, end_item });
            }
            for (_, edge) in self.uses_of(*current) {
                let (added, _) = total.mul_rounded(edge.quantity).ok_or_else(overflow)?;
                let above = &mut found[edge.parent as usize];
                *above = Some(match *above {
                    None => (added, first_level + 1),
                    Some((known, level)) => (known.checked_add(added).ok_or_else(overflow)?, level.min(first_level + 1)),
                });
            }
        }
        Ok(used)
    }

    /// Sorts the nodes (Kahn 1962); what cannot be sorted lies on a cycle or below one.
    fn sort(&mut self, nodes: usize) -> Result<(), BadGraph> {
        let mut waiting: Vec<usize> = (0_u32..).take(nodes).map(|node| self.up.of(node).len()).collect();
        let mut order: Vec<u32> = (0_u32..).zip(&waiting).filter(|(_, left)| **left == 0).map(|(node, _)| node).collect();
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next += 1;
            for (_, edge) in self.lines_of(node) {
                let left = &mut waiting[edge.child as usize];
                *left -= 1;
                if *left == 0 {
                    order.push(edge.child);
                }
            }
        }
        if order.len() < nodes {
            return Err(BadGraph::Cycle(self.find_cycle(&waiting)));
        }
        self.order = order;
        Ok(())
    }

    /// Every node still waiting has a waiting parent, so going up comes back to a node seen before.
    fn find_cycle(&self, waiting: &[usize]) -> Vec<usize> {
        let is_waiting = |node: u32| waiting.get(node as usize).is_some_and(|left| *left > 0);
        let mut steps: Vec<(u32, usize)> = Vec::new();
        let mut seen_at: Vec<Option<usize>> = vec![None; waiting.len()];
        let mut node = (0_u32..).zip(waiting).find(|(_, left)| **left > 0).map_or(0, |(node, _)| node);
        loop {
            if let Some(start) = seen_at.get(node as usize).copied().flatten() {
                // Walked upwards; told downwards.
                return steps.iter().skip(start).map(|(_, line)| *line).rev().collect();
            }
            let above = self.uses_of(node).find(|(_, edge)| is_waiting(edge.parent));
            let (Some((line, edge)), Some(slot)) = (above, seen_at.get_mut(node as usize)) else { return Vec::new() };
            *slot = Some(steps.len());
            steps.push((node, line as usize));
            node = edge.parent;
        }
    }
}

fn overflow() -> Error {
    let message = "a total is larger than the largest quantity (about 9.2 × 10¹²)";
    Refusal::new(RefusalKind::Invalid, "quantity_overflow", message).into()
}
