//! Items and lines, in whatever order, to the one order of an imported structure.
//!
//! Two files that say the same thing in different layouts give the same structure.

use super::levels::too_deep;
use super::{ImportedItem, ImportedLine, ImportedStructure, Notice};
use crate::structure::graph::{BadGraph, Edge, Graph};
use base::quantity::Unit;
use base::{Error, Refusal, RefusalKind, Result, limits};

/// Items and lines in any order, lines by index into the items.
pub(in crate::structure) struct Draft {
    pub items: Vec<ImportedItem>,
    pub lines: Vec<ImportedLine>,
    pub top: usize,
    pub top_unit: Unit,
    /// What is not part of the top is left out with a notice; otherwise it is refused.
    pub leave_out: bool,
}

/// Brings items and lines into the order of walking down from the top, checks for cycles and depth,
/// and gives every item the unit of its first line. `place` names a row of the file.
pub(in crate::structure) fn arrange(draft: Draft, place: impl Fn(u32) -> String) -> Result<ImportedStructure> {
    let Draft { items, mut lines, top, top_unit, leave_out } = draft;
    lines.sort_by_key(|line| (line.parent, line.find_number));
    let graph = graph_of(&items, &lines, &place)?;
    let order = walk(&graph, top, items.len());
    let mut notices = Vec::new();
    let mut position = vec![None; items.len()];
    for (new, old) in order.iter().enumerate() {
        position[*old] = Some(new);
    }
    if let Some(lost) = lines.iter().find(|line| position[line.parent].is_none()) {
        let (count, number) = (lines.iter().filter(|line| position[line.parent].is_none()).count(), &items[lost.parent].number);
        let text = format!("{number} is no part of {}", items[top].number);
        if !leave_out {
            let refusal = Refusal::new(RefusalKind::Invalid, "several_tops", text).at(place(lost.row));
            return Err(refusal.advise("A structure has one top. Say which item is meant; the others are then left out.").into());
        }
        notices.push(Notice { place: place(lost.row), text: format!("{text}: {count} lines are left out") });
    }
    let depth = graph.depth(index(top));
    if depth as usize > limits::STRUCTURE_LEVELS {
        let levels = graph.levels(index(top));
        let last = u32::try_from(limits::STRUCTURE_LEVELS).ok();
        let crosses = |line: &&ImportedLine| levels[line.parent] == last && levels[line.child] > last;
        let row = lines.iter().filter(crosses).map(|line| line.row).min();
        return Err(too_deep(row.map_or_else(String::new, place)));
    }
    let mut kept: Vec<_> = lines
        .into_iter()
        .filter_map(|line| Some(ImportedLine { parent: position[line.parent]?, child: position[line.child]?, ..line }))
        .collect();
    kept.sort_by_key(|line| (line.parent, line.find_number));
    let mut items: Vec<_> = order.iter().filter_map(|old| items.get(*old).cloned()).collect();
    give_units(&mut items, &kept, top_unit, &place)?;
    Ok(ImportedStructure {
        items,
        lines: kept,
        top: 0,
        line_count: 0,
        depth: depth as usize,
        find_numbers_stated: false,
        left_out_rows: Vec::new(),
        ignored_columns: Vec::new(),
        notices,
    })
}

/// Indices are bounded by the limits of an import, far below 32 bits.
fn index(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(u32::MAX)
}

fn graph_of(items: &[ImportedItem], lines: &[ImportedLine], place: impl Fn(u32) -> String) -> Result<Graph> {
    let edge = |line: &ImportedLine| Edge { parent: index(line.parent), child: index(line.child), quantity: line.quantity };
    Graph::new(items.len(), lines.iter().map(edge).collect()).map_err(|bad| {
        let BadGraph::Cycle(cycle) = &bad else { return Error::internal(bad) };
        let cycle: Vec<_> = cycle.iter().filter_map(|line| lines.get(*line)).collect();
        let row = cycle.iter().map(|line| line.row).max().unwrap_or(0);
        let (code, message) = match cycle.as_slice() {
            [line] => ("self_reference", format!("{} contains itself", items[line.parent].number)),
            _ => {
                let step = |line: &&ImportedLine| {
                    format!("{} in {} (row {})", items[line.child].number, items[line.parent].number, line.row)
                };
                let mut steps: Vec<_> = cycle.iter().take(10).map(step).collect();
                if cycle.len() > steps.len() {
                    steps.push(format!("and {} more", cycle.len() - steps.len()));
                }
                ("cycle", format!("items contain each other: {}", steps.join(", ")))
            }
        };
        Error::invalid(place(row), code, message)
    })
}

/// Nodes below and including the top, each once, in the order of walking down.
fn walk(graph: &Graph, top: usize, nodes: usize) -> Vec<usize> {
    let (mut order, mut seen, mut open) = (Vec::new(), vec![false; nodes], vec![index(top)]);
    while let Some(node) = open.pop() {
        let Some(seen) = seen.get_mut(node as usize).filter(|seen| !**seen) else { continue };
        *seen = true;
        order.push(node as usize);
        let below: Vec<_> = graph.lines_of(node).map(|(_, edge)| edge.child).collect();
        open.extend(below.into_iter().rev());
    }
    order
}

/// An item is counted in the unit of its first line; the others must convert into it exactly.
fn give_units(items: &mut [ImportedItem], lines: &[ImportedLine], top_unit: Unit, place: impl Fn(u32) -> String) -> Result<()> {
    let mut first: Vec<Option<&ImportedLine>> = vec![None; items.len()];
    for line in lines {
        let known = *first[line.child].get_or_insert(line);
        line.quantity.convert(line.unit, known.unit).map_err(|error| {
            let message = format!("{error}, in which row {} counts {}", known.row, items[line.child].number);
            Error::invalid(place(line.row), "unit_mismatch", message)
        })?;
    }
    for (item, line) in items.iter_mut().zip(first) {
        item.unit = line.map_or(top_unit, |line| line.unit);
    }
    Ok(())
}
