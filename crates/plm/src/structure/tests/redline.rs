//! What counts as added, removed and changed.

use super::support::{cell_text, csv, structure};
use crate::structure::import::ManufacturerPart;
use crate::structure::redline::{Change, Redline, RedlineCounts, RedlineItem, RedlineLine, RedlineSide, What, compare};
use base::quantity::{Quantity, Unit};
use proptest::prelude::*;

fn line(uid: &str, find: u32, child: &str, quantity: i64) -> RedlineLine {
    RedlineLine {
        uid: (!uid.is_empty()).then(|| uid.to_owned()),
        parent: "T".into(),
        find_number: (find > 0).then_some(find),
        child: child.into(),
        quantity: Quantity::whole(quantity).unwrap(),
        unit: Unit::Each,
        designators: Vec::new(),
    }
}

fn side(lines: &[RedlineLine]) -> RedlineSide {
    RedlineSide { top: "T".into(), items: Vec::new(), lines: lines.to_vec() }
}

fn lines(before: &[RedlineLine], after: &[RedlineLine]) -> Redline {
    compare(&side(before), &side(after))
}

/// Added, removed, and the changes as `what: before → after`.
fn told(redline: &Redline) -> (Vec<&str>, Vec<&str>, Vec<String>) {
    (
        redline.added.iter().map(|line| line.child.as_str()).collect(),
        redline.removed.iter().map(|line| line.child.as_str()).collect(),
        redline.changes().map(|change| format!("{}: {} → {}", change.what, change.before, change.after)).collect(),
    )
}

fn changes(list: &[&str]) -> Vec<String> {
    list.iter().map(|change| (*change).to_owned()).collect()
}

#[test]
fn a_known_identity_survives_every_other_change() {
    let redline = lines(&[line("u1", 10, "A", 1), line("u2", 20, "B", 1)], &[line("u2", 10, "B", 1), line("u1", 20, "C", 3)]);
    let expected = ["find number: 10 → 20", "item: A → C", "quantity: 1 → 3", "find number: 20 → 10"];
    assert_eq!(told(&redline), (vec![], vec![], changes(&expected)));
    assert_eq!(redline.counts(), RedlineCounts { added: 0, removed: 0, changed: 2 });
}

#[test]
fn two_known_identities_are_two_lines_even_at_one_find_number() {
    let redline = lines(&[line("u1", 10, "A", 1)], &[line("u9", 10, "A", 1)]);
    assert_eq!(told(&redline), (vec!["A"], vec!["A"], vec![]));
}

#[test]
fn without_identity_the_find_number_tells_and_then_the_item() {
    let redline = lines(&[line("", 10, "A", 1), line("", 20, "B", 1)], &[line("", 10, "X", 1), line("", 30, "B", 1)]);
    assert_eq!(told(&redline), (vec![], vec![], changes(&["item: A → X", "find number: 20 → 30"])));
    // Counted-out find numbers say nothing: one line gone is one line gone.
    let redline =
        lines(&[line("", 0, "A", 1), line("", 0, "B", 1), line("", 0, "C", 1)], &[line("", 0, "B", 1), line("", 0, "C", 2)]);
    assert_eq!(told(&redline), (vec![], vec!["A"], changes(&["quantity: 1 → 2"])));
    // One side kept here, the other a file: what both know counts.
    let redline = lines(&[line("u1", 10, "A", 1)], &[line("", 10, "A", 2)]);
    assert_eq!(told(&redline), (vec![], vec![], changes(&["quantity: 1 → 2"])));
}

#[test]
fn repeated_items_are_paired_with_their_equals_first() {
    let redline =
        lines(&[line("", 0, "A", 1), line("", 0, "A", 2)], &[line("", 0, "A", 2), line("", 0, "A", 5), line("", 0, "A", 7)]);
    assert_eq!(told(&redline), (vec!["A"], vec![], changes(&["quantity: 1 → 5"])));
}

#[test]
fn units_and_designators_are_compared_without_their_order() {
    let with = |unit, designators: &[&str]| RedlineLine {
        unit,
        designators: designators.iter().map(|name| (*name).to_owned()).collect(),
        ..line("", 10, "A", 1)
    };
    assert!(lines(&[with(Unit::M, &["R1", "R2"])], &[with(Unit::M, &["R2", "R1"])]).is_empty());
    let redline = lines(&[with(Unit::M, &["R1"])], &[with(Unit::Mm, &["R1", "R2"])]);
    assert_eq!(told(&redline).2, ["unit: m → mm", "reference designators: R1 → R1, R2"]);
}

#[test]
fn changed_items_show_every_field_that_changed() {
    let item = |name: &str, category: &str, part: &str, finish: &str| RedlineItem {
        number: "A".into(),
        name: name.into(),
        revision: String::new(),
        category: category.into(),
        manufacturer_parts: vec![ManufacturerPart { manufacturer: "Acme".into(), part_number: part.into() }],
        attributes: [("Finish".to_owned(), finish.to_owned())].into(),
    };
    let with = |item: RedlineItem| RedlineSide { items: vec![item], ..side(&[line("", 10, "A", 1)]) };
    let redline = compare(&with(item("Fitting", "Fixing", "7", "zinc")), &with(item("Fitting O2", "Fitting", "7-OX", "")));
    assert_eq!(redline.counts(), RedlineCounts { added: 0, removed: 0, changed: 1 });
    let expected =
        ["name: Fitting → Fitting O2", "category: Fixing → Fitting", "Finish: zinc → ", "manufacturer parts: Acme 7 → Acme 7-OX"];
    assert_eq!(told(&redline).2, expected);
}

#[test]
fn two_tops_of_different_numbers_are_compared_with_each_other() {
    let before = csv("Number,Qty\nT-1,\n    A,1\n    B,1\n        C,1\n").unwrap();
    let after = csv("Number,Qty\nT-2,\n    A,1\n    B,1\n        C,1\n").unwrap();
    let redline = compare(&(&before).into(), &(&after).into());
    assert_eq!(told(&redline), (vec![], vec![], changes(&["number: T-1 → T-2"])));
}

#[test]
fn an_assembly_added_shows_with_its_own_lines_once() {
    let before = csv("Number,Qty\nT,\n    A,1\n").unwrap();
    let after = csv("Number,Qty\nT,\n    A,1\n    B,1\n        C,1\n    D,1\n        B,1\n            C,1\n").unwrap();
    let redline = compare(&(&before).into(), &(&after).into());
    assert_eq!(told(&redline).0, ["B", "D", "C", "B"]);
    assert_eq!(redline.counts(), RedlineCounts { added: 4, removed: 0, changed: 0 });
}

fn any_side() -> impl Strategy<Value = RedlineSide> {
    let uid = prop_oneof![2 => Just(None), 1 => (0..4_u8).prop_map(|uid| Some(format!("u{uid}")))];
    let child = (0..4_u8).prop_map(|child| format!("C{child}"));
    let lines =
        (uid, 0..2_u8, prop::option::of(1..5_u32), child, 1..4_i64).prop_map(|(uid, parent, find_number, child, quantity)| {
            RedlineLine {
                uid,
                parent: if parent == 0 { "T".into() } else { "P".into() },
                find_number,
                child,
                quantity: Quantity::whole(quantity).unwrap(),
                unit: Unit::Each,
                designators: Vec::new(),
            }
        });
    let items = (0..4_u8, cell_text()).prop_map(|(number, name)| RedlineItem {
        number: format!("C{number}"),
        name,
        ..RedlineItem::default()
    });
    (prop::collection::vec(lines, 0..8), prop::collection::vec(items, 0..3)).prop_map(|(mut lines, mut items)| {
        // Identities, find numbers and items are unique where they come from.
        let mut seen = std::collections::HashSet::new();
        lines.retain(|line: &RedlineLine| line.uid.as_ref().is_none_or(|uid| seen.insert(uid.clone())));
        let mut finds = std::collections::HashSet::new();
        lines.retain(|line| line.find_number.is_none_or(|find| finds.insert((line.parent.clone(), find))));
        let mut numbers = std::collections::HashSet::new();
        items.retain(|item: &RedlineItem| numbers.insert(item.number.clone()));
        RedlineSide { top: "T".into(), items, lines }
    })
}

fn sorted(mut lines: Vec<RedlineLine>) -> Vec<String> {
    lines.sort_by_key(|line| format!("{line:?}"));
    lines.iter().map(|line| format!("{line:?}")).collect()
}

fn sorted_changes<'a>(changes: impl Iterator<Item = &'a Change>, swap: bool) -> Vec<(What, String, String)> {
    let turn = |change: &Change| {
        let (before, after) = (change.before.clone(), change.after.clone());
        if swap { (change.what.clone(), after, before) } else { (change.what.clone(), before, after) }
    };
    let mut changes: Vec<_> = changes.map(turn).collect();
    changes.sort();
    changes
}

proptest! {
    #[test]
    fn a_structure_does_not_differ_from_itself(structure in structure(12), side in any_side()) {
        prop_assert!(compare(&(&structure).into(), &(&structure).into()).is_empty());
        prop_assert!(compare(&side, &side).is_empty());
    }

    #[test]
    fn swapping_the_sides_swaps_added_and_removed(before in any_side(), after in any_side()) {
        let (there, back) = (compare(&before, &after), compare(&after, &before));
        prop_assert_eq!(there.counts().changed, back.counts().changed);
        prop_assert_eq!(sorted(there.added.clone()), sorted(back.removed.clone()));
        prop_assert_eq!(sorted(there.removed.clone()), sorted(back.added.clone()));
        prop_assert_eq!(sorted_changes(there.changes(), false), sorted_changes(back.changes(), true));
    }

    #[test]
    fn every_line_is_accounted_for_once(before in any_side(), after in any_side()) {
        let redline = compare(&before, &after);
        prop_assert_eq!(before.lines.len() + redline.added.len(), after.lines.len() + redline.removed.len());
    }
}
