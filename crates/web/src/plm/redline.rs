//! The redline of a change order: every difference, computed, with sign, colour and word.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::text::href;
use crate::ui::{Cell, Link, Mark, Section, Tree, TreeColumn, TreeRow};
use base::Result;
use base::RecordRef;
use maud::html;
use plm::redline::{Affected, of_order};
use plm::structure::redline::{Change, RedlineLine};

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (catalog, viewer, order) = (std::sync::Arc::clone(&visit.catalog), visit.viewer.clone(), known.record.clone());
    let redline = visit.read(move |tx| of_order(tx, &catalog, &viewer, &order))?;
    if redline.affected.is_empty() {
        return Ok(None);
    }
    let counts = redline.counts;
    let rows: Vec<TreeRow> = redline.affected.iter().flat_map(rows_of).collect();
    let unchanged = redline.affected.iter().filter(|affected| affected.is_unchanged()).count();
    let grid = Tree {
        id: "redline-grid".into(),
        label: format!("Redline of {}", known.record.label()),
        node_label: "What changes".into(),
        columns: vec![TreeColumn { label: "Before and after".into(), number: false }],
        redline: Some((counts.added, counts.removed, counts.changed)),
        note: if unchanged > 0 { format!("{unchanged} without a difference yet") } else { String::new() },
        rows,
        ..Tree::default()
    };
    let note = format!("{} added, {} removed, {} changed in the structure", counts.added, counts.removed, counts.changed);
    Ok(Some(Section { id: "redline".into(), title: "Redline".into(), note, body: html! { (grid) }, ..Section::default() }))
}

/// The affected revision, and below it each of its differences.
fn rows_of(affected: &Affected) -> Vec<TreeRow> {
    let redline = &affected.redline;
    let node = Link::new(href(&affected.record), affected.record.label()).detail(affected.record.title.clone());
    let mut below: Vec<TreeRow> = Vec::new();
    for item in &redline.changed_items {
        below.extend(item.changes.iter().map(|change| row(affected, &crate::text::capital(&change.what.to_string()), Mark::Changed, vec![difference(change)])));
    }
    below.extend(redline.added.iter().map(|line| row(affected, &line_name(line), Mark::Added, vec![Cell::Markup(html! { ins { (what(line)) } })])));
    below.extend(redline.removed.iter().map(|line| row(affected, &line_name(line), Mark::Removed, vec![Cell::Markup(html! { del { (what(line)) } })])));
    for line in &redline.changed_lines {
        let changes = html! { @for change in &line.changes { p { span.muted { (crate::text::capital(&change.what.to_string())) " " } (difference(change)) } } };
        below.push(row(affected, &line_name(&line.after), Mark::Changed, vec![Cell::Markup(changes)]));
    }
    let (mark, said) = match (&affected.before, below.is_empty()) {
        (None, _) => (Mark::Added, Cell::text("New")),
        (Some(_), true) => (Mark::None, Cell::text("No difference yet")),
        (Some(before), false) => (Mark::Changed, Cell::text(format!("from rev {} to rev {}", before.revision, affected.record.revision))),
    };
    let top = TreeRow { level: 1, node, cells: vec![said], mark, parent: !below.is_empty(), open: true, open_href: None };
    std::iter::once(top).chain(below).collect()
}

fn row(affected: &Affected, name: &str, mark: Mark, cells: Vec<Cell>) -> TreeRow {
    TreeRow { level: 2, node: Link::new(address(&affected.record), name), cells, mark, ..TreeRow::default() }
}

fn address(record: &RecordRef) -> String {
    format!("{}#content", href(record))
}

/// Long texts are shown one after the other, short ones side by side.
fn difference(change: &Change) -> Cell {
    if change.before.chars().count() + change.after.chars().count() < 160 {
        return Cell::Changed { was: change.before.clone(), is: change.after.clone() };
    }
    Cell::Markup(html! {
        @if !change.before.is_empty() { p { del { span.sr { "was " } (change.before) } } }
        @if !change.after.is_empty() { p { ins { span.sr { "is " } (change.after) } } }
    })
}

fn line_name(line: &RedlineLine) -> String {
    match line.find_number {
        Some(number) => format!("Line {number}: {}", line.child),
        None => format!("Line: {}", line.child),
    }
}

fn what(line: &RedlineLine) -> String {
    let designators = if line.designators.is_empty() { String::new() } else { format!(", {}", line.designators.join(", ")) };
    format!("{} {} {}{designators}", line.child, line.quantity, line.unit.code())
}
