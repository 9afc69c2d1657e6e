//! Matrices: people by items, requirements by tests. Head and first column stay in sight; a cell
//! is a colour, an icon and a word together.

use crate::ui::icon::Icon;
use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// How a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixState {
    /// Nothing is asked for here.
    #[default]
    None,
    Good,
    /// Open and in time.
    Open,
    /// Due or expiring soon, suspect.
    Soon,
    /// Late, missing, failed.
    Bad,
}

impl MatrixState {
    fn class(self) -> &'static str {
        match self {
            Self::None => "idle",
            Self::Good => "good",
            Self::Open => "info",
            Self::Soon => "warn",
            Self::Bad => "bad",
        }
    }

    fn icon(self) -> Option<Icon> {
        match self {
            Self::None => None,
            Self::Good => Some(Icon::Check),
            Self::Open => Some(Icon::Open),
            Self::Soon => Some(Icon::Clock),
            Self::Bad => Some(Icon::Warning),
        }
    }
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct MatrixCell {
    pub state: MatrixState,
    /// Short: "12 Mar 2027", "3 late", "rev B".
    pub text: String,
    /// The whole story on hover and for assistive technology.
    pub title: String,
    pub href: Option<String>,
}

/// A column with what it stands for.
#[derive(Debug, Clone, Default)]
pub struct MatrixColumn {
    pub head: Link,
}

/// A row with its head and a summary at the right end.
#[derive(Debug, Clone, Default)]
pub struct MatrixRow {
    pub head: Link,
    pub cells: Vec<MatrixCell>,
    pub summary: String,
}

/// A matrix with its legend.
#[derive(Debug, Clone, Default)]
pub struct MatrixView {
    pub label: String,
    /// Heading of the first column.
    pub corner: String,
    pub columns: Vec<MatrixColumn>,
    pub rows: Vec<MatrixRow>,
    /// Heading of the summary column; no such column when empty.
    pub summary_label: String,
    /// What each state means here, in the order to be shown.
    pub legend: Vec<(MatrixState, String)>,
    /// "Showing 18 of 212 people; 194 hidden by the filter".
    pub note: String,
}

impl Render for MatrixView {
    fn render(&self) -> Markup {
        html! {
            ul.legend {
                @for (state, text) in &self.legend {
                    li { span class={ "swatch " (state.class()) } { @if let Some(icon) = state.icon() { (icon) } @else { span aria-hidden="true" { "–" } } } (text) }
                }
                @if !self.note.is_empty() { li.end { (self.note) } }
            }
            div.scroll.tall tabindex="0" role="region" aria-label=(self.label) {
                table.grid.matrix aria-label=(self.label) data-matrix {
                    thead {
                        tr {
                            th.first scope="col" { (self.corner) }
                            @for column in &self.columns {
                                th scope="col" { a href=(column.head.href) { (column.head.text) } @if !column.head.detail.is_empty() { span.sub { (column.head.detail) } } }
                            }
                            @if !self.summary_label.is_empty() { th scope="col" { (self.summary_label) } }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                th.first scope="row" { a.main href=(row.head.href) { (row.head.text) } @if !row.head.detail.is_empty() { span.sub { (row.head.detail) } } }
                                @for cell in &row.cells { (matrix_cell(cell)) }
                                @if !self.summary_label.is_empty() { td { span.cell { (row.summary) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn matrix_cell(cell: &MatrixCell) -> Markup {
    let title = (!cell.title.is_empty()).then_some(cell.title.as_str());
    let inside = html! {
        @if let Some(icon) = cell.state.icon() { (icon) }
        @if cell.state == MatrixState::None && cell.text.is_empty() { span aria-hidden="true" { "–" } span.sr { "not needed" } }
        @else { (cell.text) }
    };
    html! {
        td class=(cell.state.class()) {
            @if let Some(href) = &cell.href { a.cell href=(href) title=[title] { (inside) } }
            @else { span.cell title=[title] { (inside) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_never_colour_alone() {
        let cell = MatrixCell { state: MatrixState::Bad, text: "3 days late".into(), ..MatrixCell::default() };
        let markup = matrix_cell(&cell).into_string();
        assert!(markup.contains("<svg") && markup.contains("3 days late") && markup.contains(r#"class="bad""#));
        assert!(matrix_cell(&MatrixCell::default()).into_string().contains("not needed"));
    }
}
