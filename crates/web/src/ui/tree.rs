//! Structures: indented rows after the WAI-ARIA treegrid pattern, with the redline in the margin.

use crate::ui::icon::Icon;
use crate::ui::table::tds;
use crate::ui::value::{Cell, Link};
use maud::{Markup, Render, html};

/// What became of a row between the two compared states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    #[default]
    None,
    Added,
    Removed,
    Changed,
}

impl Mark {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Added => Some("added"),
            Self::Removed => Some("removed"),
            Self::Changed => Some("changed"),
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Added => "+",
            Self::Removed => "\u{2212}",
            Self::Changed => "~",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Added => "Added",
            Self::Removed => "Removed",
            Self::Changed => "Changed",
        }
    }
}

/// One line of a structure.
#[derive(Debug, Clone, Default)]
pub struct TreeRow {
    /// 1 for the top.
    pub level: usize,
    /// Number and title of the node; the link opens it.
    pub node: Link,
    pub cells: Vec<Cell>,
    pub mark: Mark,
    /// Has rows below it, on this page or not.
    pub parent: bool,
    /// Its rows are on this page.
    pub open: bool,
    /// Where the rows below are fetched or shown when they are not on this page.
    pub open_href: Option<String>,
}

/// A column right of the node.
#[derive(Debug, Clone, Default)]
pub struct TreeColumn {
    pub label: String,
    pub number: bool,
}

/// A structure with its head line of counts and levels.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    pub id: String,
    /// Names the grid: "Structure of 510-0007 rev D".
    pub label: String,
    /// Heading of the first column.
    pub node_label: String,
    pub columns: Vec<TreeColumn>,
    pub rows: Vec<TreeRow>,
    /// Address per level, `(label, href, current)`; works without scripts.
    pub levels: Vec<(String, String, bool)>,
    /// "64 lines, 4 levels; 12 hidden by the filter".
    pub note: String,
    /// Count of added, removed and changed rows when a comparison is shown.
    pub redline: Option<(usize, usize, usize)>,
    pub tools: Markup,
}

impl Tree {
    /// Only the rows, for a structure that fetches what is below an opened row.
    pub fn rows_only(&self) -> Markup {
        let places = places(&self.rows);
        html! { table { tbody { @for (row, place) in self.rows.iter().zip(places) { (self.row(row, place, false)) } } } }
    }

    fn bar(&self) -> Markup {
        html! {
            div.tree-bar {
                @if let Some((added, removed, changed)) = self.redline {
                    (mark_count(Mark::Added, added)) (mark_count(Mark::Removed, removed)) (mark_count(Mark::Changed, changed))
                }
                @if !self.note.is_empty() { span { (self.note) } }
                @if !self.levels.is_empty() {
                    span.level-links data-levels-of=(self.id) {
                        "Levels "
                        @for (label, href, current) in &self.levels {
                            a href=(href) data-level=(label) aria-current=[current.then_some("true")] aria-label={ "Show levels: " (label) } { (label) }
                        }
                    }
                }
                @if !self.tools.0.is_empty() { span.end.buttons { (self.tools) } }
            }
        }
    }

    /// Only the rows, for a structure that is open already.
    pub fn only_rows(&self) -> Markup {
        html! { table { tbody { (self.rows()) } } }
    }

    fn rows(&self) -> Markup {
        html! { @for (index, (row, place)) in self.rows.iter().zip(places(&self.rows)).enumerate() { (self.row(row, place, index == 0)) } }
    }

    fn row(&self, row: &TreeRow, place: (usize, usize), first: bool) -> Markup {
        let (position, size) = place;
        html! {
            tr class=[row.mark.class()] role="row" aria-level=(row.level) aria-posinset=(position) aria-setsize=(size)
                aria-expanded=[row.parent.then_some(if row.open { "true" } else { "false" })] tabindex=(if first { "0" } else { "-1" })
                data-open-href=[row.open_href.as_deref()] {
                @if self.redline.is_some() {
                    td.margin role="gridcell" { span aria-hidden="true" { (row.mark.sign()) } span.sr { (row.mark.word()) } }
                }
                td.first role="gridcell" {
                    span.node {
                        @for _ in 1..row.level { span.indent {} }
                        @if row.parent {
                            @if let Some(href) = row.open_href.as_ref().filter(|_| !row.open) {
                                a.twist href=(href) tabindex="-1" data-twist aria-label={ "Open " (row.node.text) } { (Icon::Chevron) }
                            } @else {
                                button.twist type="button" tabindex="-1" data-twist aria-label={ "Open or close " (row.node.text) } { (Icon::Chevron) }
                            }
                        } @else { span.twist-none {} }
                        span.node-text {
                            a.node-number href=(row.node.href) tabindex="-1" { (row.node.text) }
                            @if !row.node.detail.is_empty() { " " span.node-title { (row.node.detail) } }
                        }
                    }
                }
                (tds(&row.cells, &|index| self.columns.get(index).is_some_and(|column| column.number), Some("gridcell")))
            }
        }
    }
}

impl Render for Tree {
    fn render(&self) -> Markup {
        html! {
            (self.bar())
            div.scroll.tall {
                table.grid.tree.compact #(self.id) role="treegrid" aria-label=(self.label) data-treegrid {
                    thead {
                        tr role="row" {
                            @if self.redline.is_some() { th.margin role="columnheader" scope="col" { span.sr { "Change" } } }
                            th.first role="columnheader" scope="col" { (self.node_label) }
                            @for column in &self.columns { th role="columnheader" scope="col" .num[column.number] { @if column.label.is_empty() { span.sr { "Further" } } @else { (column.label) } } }
                        }
                    }
                    tbody role="rowgroup" {
                        (self.rows())
                    }
                }
            }
        }
    }
}

fn mark_count(mark: Mark, count: usize) -> Markup {
    html! {
        span.mark {
            span class={ "mark-sign " (mark.class().unwrap_or_default()) } aria-hidden="true" { (mark.sign()) }
            (count) " " (mark.word().to_lowercase())
        }
    }
}

/// Position among its siblings and their number, for each row.
fn places(rows: &[TreeRow]) -> Vec<(usize, usize)> {
    let mut places = vec![(1, 1); rows.len()];
    // Rows of the sibling group that is open at each level.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let close = |group: &[usize], places: &mut Vec<(usize, usize)>| {
        for (position, index) in group.iter().enumerate() {
            places[*index] = (position + 1, group.len());
        }
    };
    for (index, row) in rows.iter().enumerate() {
        let level = row.level.max(1);
        while groups.len() > level {
            if let Some(group) = groups.pop() {
                close(&group, &mut places);
            }
        }
        while groups.len() < level {
            groups.push(Vec::new());
        }
        groups[level - 1].push(index);
    }
    for group in &groups {
        close(group, &mut places);
    }
    places
}

/// A comparison of two texts in the columns of a structure.
pub fn compared(was: &str, is: &str) -> Cell {
    if was == is { Cell::text(is) } else { Cell::Changed { was: was.into(), is: is.into() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(level: usize) -> TreeRow {
        TreeRow { level, ..TreeRow::default() }
    }

    #[test]
    fn each_row_knows_its_place_among_its_siblings() {
        let rows = [at(1), at(2), at(3), at(3), at(2), at(3), at(1)];
        assert_eq!(places(&rows), [(1, 2), (1, 2), (1, 2), (2, 2), (2, 2), (1, 1), (2, 2)]);
    }

    #[test]
    fn the_redline_speaks_with_sign_colour_and_word() {
        let tree = Tree { rows: vec![TreeRow { mark: Mark::Removed, ..at(1) }], redline: Some((0, 1, 0)), ..Tree::default() };
        let markup = tree.render().into_string();
        assert!(markup.contains(r#"class="removed""#) && markup.contains('\u{2212}') && markup.contains("Removed"));
    }
}
