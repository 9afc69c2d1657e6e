//! Lists: saved views, filters in the address, sortable columns, bulk actions, totals, pages.

use crate::ui::banner::EmptyState;
use crate::ui::icon::Icon;
use crate::ui::input::Offer;
use crate::ui::menu::Menu;
use crate::ui::value::{Cell, Link, Tab, Tabs};
use maud::{Markup, Render, html};

/// How a column is sorted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Up,
    Down,
}

/// A column of a list.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub label: String,
    /// Holds quantities, so it is right-aligned.
    pub number: bool,
    /// The address of the list sorted by this column; none when it cannot be.
    pub sort_href: Option<String>,
    pub sorted: Option<Sort>,
}

impl Column {
    /// A column of text that cannot be sorted.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }
}

/// One row; the first cell is usually [`Cell::Main`].
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What the check box of a bulk action sends.
    pub value: String,
    /// Names the row for the check box: "CAPA-0031".
    pub label: String,
    pub cells: Vec<Cell>,
}

/// One filter control.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub name: String,
    pub label: String,
    pub kind: FilterKind,
    pub value: String,
}

/// What a filter asks for.
#[derive(Debug, Clone, Default)]
pub enum FilterKind {
    /// Free text; takes the room that is left.
    #[default]
    Text,
    Choice(Vec<Offer>),
    Date,
    /// A number or name with suggestions from `/typeahead?kind=…`.
    Record(String),
}

/// A filter in force, with the address of the list without it.
#[derive(Debug, Clone, Default)]
pub struct ActiveFilter {
    pub label: String,
    pub remove_href: String,
}

/// Actions on the chosen rows.
#[derive(Debug, Clone, Default)]
pub struct Bulk {
    pub action: String,
    pub hidden: Vec<(String, String)>,
    /// Value and label of each button, sent as `do`.
    pub actions: Vec<(String, String)>,
}

/// A column one may show or hide.
#[derive(Debug, Clone, Default)]
pub struct ColumnOffer {
    pub key: String,
    pub label: String,
    pub shown: bool,
}

/// Where in the whole list this page is.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// "1–50 of 312".
    pub position: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Render for Pager {
    fn render(&self) -> Markup {
        html! {
            nav.pager aria-label="Pages" {
                span { (self.position) }
                span.buttons {
                    @if let Some(href) = &self.previous { a.button.small href=(href) rel="prev" { (Icon::ArrowLeft) "Previous" } }
                    @if let Some(href) = &self.next { a.button.small href=(href) rel="next" { "Next" (Icon::ArrowRight) } }
                }
            }
        }
    }
}

/// A list with everything around it.
#[derive(Debug, Clone, Default)]
pub struct ListView {
    /// Names the table: "Open CAPAs".
    pub label: String,
    pub views: Vec<Tab>,
    /// The list's own address; filters are sent there as a GET.
    pub action: String,
    pub filters: Vec<Filter>,
    /// Parameters kept when filtering (sort, view, columns).
    pub keep: Vec<(String, String)>,
    pub active: Vec<ActiveFilter>,
    pub clear_href: Option<String>,
    pub column_offers: Vec<ColumnOffer>,
    /// "Save view", "Export" and others.
    pub menus: Vec<Menu>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// Sums below the columns; empty when there are none.
    pub totals: Vec<Cell>,
    pub bulk: Option<Bulk>,
    pub pager: Pager,
    /// Shown in place of the table when there are no rows.
    pub empty: EmptyState,
}

impl ListView {
    /// Cells with their heading, which a narrow screen shows beside each value. The roles are
    /// written out because there the rows are no longer laid out as a table.
    fn cells(&self, cells: &[Cell]) -> Markup {
        html! {
            @for (index, cell) in cells.iter().enumerate() {
                @let column = self.columns.get(index);
                @let class = if column.is_some_and(|column| column.number) { "num" } else { cell.class() };
                @let kind = match cell { Cell::Main(_) => " is-main", Cell::Empty => " is-empty", Cell::Chip(_) | Cell::Tag(_) | Cell::Due(_) => " is-plain", _ => "" };
                td role="cell" class={ (class) (kind) } data-label=[column.map(|column| column.label.as_str())] { (cell) }
            }
        }
    }

    fn head(&self) -> Markup {
        html! {
            thead role="rowgroup" {
                tr role="row" {
                    @if self.bulk.is_some() {
                        th.check scope="col" role="columnheader" {
                            span.sr { "Choose" }
                            label.js-only { input type="checkbox" data-check-all aria-label="Choose all rows on this page"; }
                        }
                    }
                    @for column in &self.columns { (column_head(column)) }
                }
            }
        }
    }

    fn body(&self) -> Markup {
        html! {
            tbody role="rowgroup" data-rows {
                @for row in &self.rows {
                    tr role="row" {
                        @if self.bulk.is_some() {
                            td.check role="cell" { label { input type="checkbox" name="row" value=(row.value) form="bulk" aria-label={ "Choose " (row.label) }; } }
                        }
                        (self.cells(&row.cells))
                    }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            @if let Some(bulk) = &self.bulk {
                form.bulk #bulk method="post" action=(bulk.action) data-bulk data-once {
                    @for (name, value) in &bulk.hidden { input type="hidden" name=(name) value=(value); }
                    span.bulk-count data-bulk-count { "With the chosen rows" }
                    @for (value, label) in &bulk.actions { button.button.small type="submit" name="do" value=(value) { (label) } }
                }
            }
            div.scroll.tall tabindex="0" role="region" aria-label=(self.label) {
                table.grid.cards role="table" aria-label=(self.label) {
                    (self.head())
                    (self.body())
                    @if !self.totals.is_empty() {
                        tfoot role="rowgroup" { tr role="row" { @if self.bulk.is_some() { td.check role="cell" {} } (self.cells(&self.totals)) } }
                    }
                }
            }
            (self.pager)
        }
    }

    fn tools(&self) -> Markup {
        html! {
            div.list-tools {
                @if !self.column_offers.is_empty() { (self.column_choice()) }
                @for menu in &self.menus { (menu) }
            }
        }
    }

    fn column_choice(&self) -> Markup {
        html! {
            details.menu data-menu {
                summary.button.quiet { (Icon::Columns) "Columns" }
                div.menu-list {
                    form method="get" action=(self.action) {
                        @for (name, value) in &self.keep { @if name != "cols" { input type="hidden" name=(name) value=(value); } }
                        @for filter in &self.filters { @if !filter.value.is_empty() { input type="hidden" name=(filter.name) value=(filter.value); } }
                        fieldset.column-list {
                            legend.sr { "Columns" }
                            @for offer in &self.column_offers {
                                label.choice { input type="checkbox" name="cols" value=(offer.key) checked[offer.shown]; span { (offer.label) } }
                            }
                            div.buttons { button.button.primary.small type="submit" { "Show these" } }
                        }
                    }
                }
            }
        }
    }
}

impl Render for ListView {
    fn render(&self) -> Markup {
        let tools = !self.column_offers.is_empty() || !self.menus.is_empty();
        html! {
            div.list {
                @if !self.views.is_empty() || tools {
                    div.list-top {
                        @if !self.views.is_empty() { (Tabs { label: "Saved views".into(), tabs: self.views.clone() }) }
                        @if tools { (self.tools()) }
                    }
                }
                @if !self.filters.is_empty() { (filter_form(&self.action, &self.filters, &self.keep, "Filter")) }
                @if !self.active.is_empty() {
                    p.active-filters {
                        span.sr { "Filters in force:" }
                        @for filter in &self.active {
                            a.active-filter href=(filter.remove_href) title="Remove this filter" { (filter.label) (Icon::Close) span.sr { " (remove)" } }
                        }
                        @if let Some(href) = &self.clear_href { a href=(href) { "Clear all" } }
                    }
                }
                @if self.rows.is_empty() { (self.empty) } @else { (self.table()) }
            }
        }
    }
}

fn column_head(column: &Column) -> Markup {
    let order = column.sorted.map(|sort| if sort == Sort::Up { "ascending" } else { "descending" });
    html! {
        th scope="col" role="columnheader" .num[column.number] aria-sort=[order] {
            @if let Some(href) = &column.sort_href {
                a.sort href=(href) {
                    (column.label)
                    @match column.sorted { Some(Sort::Up) => { (Icon::Up) }, Some(Sort::Down) => { (Icon::Down) }, None => {} }
                }
            } @else { (column.label) }
        }
    }
}

/// Filters as a GET form, so that every filtered view has an address.
pub fn filter_form(action: &str, filters: &[Filter], keep: &[(String, String)], button: &str) -> Markup {
    html! {
        form.filters method="get" action=(action) role="search" aria-label="Filters" data-filters {
            @for (name, value) in keep { input type="hidden" name=(name) value=(value); }
            @for filter in filters {
                @let id = format!("filter-{}", filter.name);
                div.filter.search[matches!(filter.kind, FilterKind::Text)] {
                    label for=(id) { (filter.label) }
                    @match &filter.kind {
                        FilterKind::Text => { input.control #(id) type="search" name=(filter.name) value=(filter.value); }
                        FilterKind::Date => { input.control.date #(id) type="date" name=(filter.name) value=(filter.value); }
                        FilterKind::Record(kind) => {
                            div.picker data-picker { input.control #(id) type="text" name=(filter.name) value=(filter.value) autocomplete="off" data-typeahead=(kind); }
                        }
                        FilterKind::Choice(offers) => {
                            select.control #(id) name=(filter.name) {
                                option value="" { "Any" }
                                @for offer in offers { option value=(offer.value) selected[offer.value == filter.value] { (offer.label) } }
                            }
                        }
                    }
                }
            }
            button.button type="submit" { (button) }
        }
    }
}

/// Links to the usual open formats of a list.
pub fn export_menu(csv_href: &str, xlsx_href: &str) -> Menu {
    Menu {
        label: "Export".into(),
        quiet: true,
        icon: Some(Icon::Download),
        items: vec![
            crate::ui::menu::MenuItem::link("CSV, all rows of this view", csv_href, Some(Icon::File)),
            crate::ui::menu::MenuItem::link("XLSX, all rows of this view", xlsx_href, Some(Icon::File)),
        ],
        ..Menu::default()
    }
}

/// The link that opens a row, with the title below the number.
pub fn main_cell(href: &str, number: &str, title: &str) -> Cell {
    Cell::Main(Link::new(href, number).detail(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_rows_teaches_the_first_step() {
        let list = ListView { empty: EmptyState { title: "No CAPA yet".into(), ..EmptyState::default() }, ..ListView::default() };
        let markup = list.render().into_string();
        assert!(markup.contains("No CAPA yet") && !markup.contains("<table"));
    }

    #[test]
    fn the_sorted_column_says_its_order() {
        let column = Column { sort_href: Some("?sort=-due".into()), sorted: Some(Sort::Up), ..Column::new("Due") };
        assert!(column_head(&column).into_string().contains(r#"aria-sort="ascending""#));
    }
}
