//! Explosion, where-used and cycles, held against counting paths one by one.

use super::support::{refused, structure};
use crate::structure::graph::{BadGraph, Edge, Graph};
use crate::structure::import::ImportedStructure;
use base::limits;
use base::quantity::Quantity;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn edge(parent: u32, child: u32, quantity: i64) -> Edge {
    Edge { parent, child, quantity: Quantity::whole(quantity).unwrap() }
}

fn graph(nodes: usize, edges: &[(u32, u32, i64)]) -> Result<Graph, BadGraph> {
    Graph::new(nodes, edges.iter().map(|(parent, child, quantity)| edge(*parent, *child, *quantity)).collect())
}

fn of(structure: &ImportedStructure) -> Graph {
    let node = |index: usize| u32::try_from(index).unwrap();
    let edges =
        structure.lines.iter().map(|line| Edge { parent: node(line.parent), child: node(line.child), quantity: line.quantity });
    Graph::new(structure.items.len(), edges.collect()).unwrap()
}

/// A pump (0) of two drives (1) and eight screws (3); a drive holds four screws and a motor (2).
fn pump() -> Graph {
    graph(4, &[(0, 1, 2), (0, 3, 8), (1, 2, 1), (1, 3, 4)]).unwrap()
}

#[test]
fn an_explosion_walks_down_and_multiplies_along_each_path() {
    let found = pump().explode(0, 99, 99).unwrap();
    let rows: Vec<_> = found.rows.iter().map(|row| (row.level, row.line, row.node, row.total.to_string())).collect();
    let expected = [(1, 0, 1, "2"), (2, 2, 2, "2"), (2, 3, 3, "8"), (1, 1, 3, "8")];
    assert_eq!(rows, expected.map(|(level, line, node, total)| (level, line, node, total.to_owned())));
    assert!(found.exact && !found.cut);
    assert_eq!(pump().explode(0, 1, 99).unwrap().rows.len(), 2);
    let cut = pump().explode(0, 99, 3).unwrap();
    assert_eq!((cut.rows.len(), cut.cut), (3, true));
    assert!(!pump().explode(0, 99, 4).unwrap().cut);
    assert_eq!(pump().explode(2, 99, 99).unwrap().rows, []);
    assert_eq!(pump().explode(77, 99, 99).unwrap().rows, []);
}

#[test]
fn totals_add_up_over_all_paths() {
    let totals = pump().totals(0).unwrap();
    let rows: Vec<_> =
        totals.nodes.iter().map(|row| (row.node, row.total.to_string(), row.first_level, row.last_level)).collect();
    assert_eq!(rows, [(1, "2".to_owned(), 1, 1), (2, "2".to_owned(), 2, 2), (3, "16".to_owned(), 1, 2)]);
}

#[test]
fn the_deepest_level_counts_from_the_top_that_was_asked_for() {
    // Item 6 lies deep below 0 but directly below 1, and item 9 below both it and a chain of three.
    let deep = [(0, 2, 1), (2, 3, 1), (3, 4, 1), (4, 5, 1), (5, 6, 1)];
    let shallow = [(0, 1, 1), (1, 6, 1), (6, 9, 1), (1, 7, 1), (7, 8, 1), (8, 9, 1)];
    let graph = graph(10, &[deep.as_slice(), &shallow].concat()).unwrap();
    let level = |top| {
        graph.totals(top).unwrap().nodes.iter().find(|total| total.node == 9).map(|total| (total.first_level, total.last_level))
    };
    assert_eq!((level(0), level(1)), (Some((3, 6)), Some((2, 3))));
    assert_eq!((graph.depth(0), graph.depth(1)), (6, 3));
}

#[test]
fn where_used_climbs_to_the_end_items() {
    let used: Vec<_> = pump()
        .where_used(3)
        .unwrap()
        .iter()
        .map(|used| (used.node, used.first_level, used.total.to_string(), used.end_item))
        .collect();
    assert_eq!(used, [(1, 1, "4".to_owned(), false), (0, 1, "16".to_owned(), true)]);
    assert_eq!(pump().uses_of(3).map(|(line, edge)| (line, edge.parent)).collect::<Vec<_>>(), [(1, 0), (3, 1)]);
    assert_eq!(pump().where_used(0).unwrap(), []);
    assert_eq!(pump().where_used(77).unwrap(), []);
}

#[test]
fn counts_and_depth_are_those_of_the_structure() {
    let counts = pump().counts();
    assert_eq!((counts.nodes, counts.lines, counts.leaves, counts.end_items), (4, 4, 2, 1));
    assert_eq!((pump().depth(0), pump().depth(1), pump().depth(3), pump().depth(77)), (2, 1, 0, 0));
    let alone = graph(1, &[]).unwrap();
    assert_eq!((alone.depth(0), alone.counts().leaves), (0, 1));
}

#[test]
fn lines_that_close_a_cycle_are_named_in_order() {
    let cycle = |edges: &[(u32, u32, i64)]| match graph(4, edges) {
        Err(BadGraph::Cycle(lines)) => lines,
        other => panic!("{other:?}"),
    };
    assert_eq!(cycle(&[(0, 0, 1)]), [0]);
    let mut ring = cycle(&[(3, 0, 1), (0, 1, 1), (1, 2, 1), (2, 0, 1), (2, 3, 0)]);
    // It may be told from any of its items on.
    let start = ring.iter().position(|line| *line == 1).unwrap();
    ring.rotate_left(start);
    assert!(ring == [1, 2, 3] || ring == [1, 2, 4, 0], "{ring:?}");
    assert_eq!(graph(2, &[(0, 2, 1)]).unwrap_err(), BadGraph::NoNode(0));
}

#[test]
fn lines_are_checked_before_they_are_added() {
    assert_eq!(pump().would_cycle(0, 2), None);
    assert_eq!(pump().would_cycle(2, 0), Some(vec![0, 1, 2]));
    assert_eq!(pump().would_cycle(2, 2), Some(vec![2]));
    assert_eq!(pump().adding(&[edge(2, 3, 1)]).unwrap().counts().lines, 5);
    assert_eq!(pump().adding(&[edge(2, 0, 1)]).unwrap_err(), BadGraph::Cycle(vec![0, 2, 4]));
    assert_eq!(pump().would_cycle(99, 77), None);
}

#[test]
fn two_to_the_forty_paths_roll_up_at_once() {
    let mut edges = Vec::new();
    for i in 0..40 {
        edges.extend([(2 * i, 2 * i + 2, 1), (2 * i, 2 * i + 1, 1), (2 * i + 1, 2 * i + 2, 1)]);
    }
    let graph = graph(81, &edges).unwrap();
    let totals = graph.totals(0).unwrap();
    let last = totals.nodes.iter().find(|total| total.node == 80).unwrap();
    assert_eq!((last.total.to_string().as_str(), last.first_level, last.last_level), ("1099511627776", 40, 80));
    assert_eq!(graph.where_used(80).unwrap().last().unwrap().total, last.total);
    assert_eq!(graph.depth(0), 80);
    let explosion = graph.explode(0, 99, usize::MAX).unwrap();
    assert_eq!((explosion.rows.len(), explosion.cut), (limits::EXPLODED_ROWS, true));
}

#[test]
fn an_explosion_gives_rows_up_to_the_limit_and_not_past_it() {
    let wide = |count: usize| {
        let edges: Vec<_> = (1..).take(count).map(|child| (0, child, 1)).collect();
        graph(count + 1, &edges).unwrap().explode(0, 1, usize::MAX).unwrap()
    };
    let at = wide(limits::EXPLODED_ROWS);
    assert_eq!((at.rows.len(), at.cut), (limits::EXPLODED_ROWS, false));
    let past = wide(limits::EXPLODED_ROWS + 1);
    assert_eq!((past.rows.len(), past.cut), (limits::EXPLODED_ROWS, true));
}

#[test]
fn totals_that_pass_the_largest_quantity_are_refused() {
    let edges: Vec<_> = (0..3).map(|node| (node, node + 1, limits::QUANTITY_MAX)).collect();
    let deep = graph(4, &edges).unwrap();
    assert_eq!(refused(deep.totals(0)).0, "quantity_overflow");
    assert_eq!(refused(deep.where_used(3)).0, "quantity_overflow");
    assert_eq!(refused(deep.explode(0, 99, 99)).0, "quantity_overflow");
}

#[test]
fn totals_that_had_to_be_rounded_say_so() {
    let small = Quantity::from_scaled(1);
    let half = Quantity::from_scaled(500_000);
    let edges = vec![Edge { parent: 0, child: 1, quantity: half }, Edge { parent: 1, child: 2, quantity: small }];
    let graph = Graph::new(3, edges).unwrap();
    assert!(!graph.totals(0).unwrap().exact && !graph.explode(0, 9, 9).unwrap().exact);
    assert!(graph.totals(1).unwrap().exact);
}

/// For each item: total, first and last level, by walking every single path.
fn by_paths(graph: &Graph, node: u32, total: f64, level: u32, found: &mut BTreeMap<u32, (f64, u32, u32)>) {
    for (_, edge) in graph.lines_of(node) {
        let quantity: f64 = edge.quantity.to_string().parse().unwrap();
        let entry = found.entry(edge.child).or_insert((0.0, u32::MAX, 0));
        entry.0 += total * quantity;
        entry.1 = entry.1.min(level + 1);
        entry.2 = entry.2.max(level + 1);
        by_paths(graph, edge.child, total * quantity, level + 1, found);
    }
}

proptest! {
    #[test]
    fn totals_are_those_of_naive_path_enumeration(structure in structure(9), top in any::<prop::sample::Index>()) {
        let graph = of(&structure);
        // The top itself as often as any other item.
        let top = u32::try_from(top.index(2 * structure.items.len()).saturating_sub(structure.items.len())).unwrap();
        let totals = graph.totals(top).unwrap();
        let mut naive = BTreeMap::new();
        by_paths(&graph, top, 1.0, 0, &mut naive);
        prop_assert_eq!(totals.nodes.len(), naive.len());
        prop_assert!(top != 0 || naive.len() + 1 == structure.items.len());
        for row in &totals.nodes {
            let (total, first, last) = naive[&row.node];
            prop_assert_eq!((row.first_level, row.last_level), (first, last));
            let rolled: f64 = row.total.to_string().parse().unwrap();
            // Halves of halves fit a millionth only down to the sixth level.
            let slack = if totals.exact { total * 1e-12 } else { 1e-3 + total * 1e-6 };
            prop_assert!((rolled - total).abs() <= slack, "{} {}", rolled, total);
        }
        prop_assert_eq!(graph.depth(top), naive.values().map(|row| row.2).max().unwrap_or(0));
    }

    #[test]
    fn an_explosion_adds_up_to_the_totals(structure in structure(9)) {
        let graph = of(&structure);
        let explosion = graph.explode(0, u32::MAX, usize::MAX).unwrap();
        let totals = graph.totals(0).unwrap();
        prop_assume!(explosion.exact && totals.exact && !explosion.cut);
        let mut added: BTreeMap<u32, i64> = BTreeMap::new();
        for row in &explosion.rows {
            *added.entry(row.node).or_default() += row.total.scaled();
        }
        let rolled: BTreeMap<u32, i64> = totals.nodes.iter().map(|row| (row.node, row.total.scaled())).collect();
        prop_assert_eq!(added, rolled);
    }

    #[test]
    fn where_used_is_the_explosion_seen_from_below(structure in structure(9), item in any::<prop::sample::Index>()) {
        let graph = of(&structure);
        let item = u32::try_from(item.index(structure.items.len())).unwrap();
        for used in graph.where_used(item).unwrap() {
            let totals = graph.totals(used.node).unwrap();
            let total = totals.nodes.iter().find(|total| total.node == item).unwrap();
            prop_assert_eq!(total.first_level, used.first_level);
            prop_assert!(!totals.exact || total.total == used.total);
            prop_assert_eq!(used.end_item, used.node == 0);
        }
    }

    #[test]
    fn random_lines_are_either_a_structure_or_a_true_cycle(edges in prop::collection::vec((0..6_u32, 0..6_u32), 0..12)) {
        let edges: Vec<_> = edges.iter().map(|(parent, child)| edge(*parent, *child, 1)).collect();
        match Graph::new(6, edges.clone()) {
            Ok(graph) => {
                for parent in 0..6 {
                    for child in 0..6 {
                        let closes = graph.adding(&[edge(parent, child, 1)]).is_err();
                        prop_assert_eq!(graph.would_cycle(parent, child).is_some(), closes);
                    }
                }
            }
            Err(BadGraph::Cycle(lines)) => {
                prop_assert!(!lines.is_empty());
                for (line, next) in lines.iter().zip(lines.iter().cycle().skip(1)) {
                    prop_assert_eq!(edges[*line].child, edges[*next].parent);
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
