//! The training matrix: people down, documents across, each cell with its date and the way to it.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::work::with_parameter;
use crate::shell;
use crate::text::{day, href, when};
use crate::ui::list::{Filter as UiFilter, FilterKind, Pager, filter_form};
use crate::ui::page::Area;
use crate::ui::{EmptyState, Icon, Link, MatrixCell, MatrixColumn, MatrixRow, MatrixState, MatrixView, Offer, PageHead};
use base::Result;
use base::limits::PAGE_ROWS;
use kernel::record::{self, Page};
use lms::reading::{Cell, CellState, Filter, Matrix, matrix};
use maud::html;

/// Documents beside one another on one page.
const COLUMNS: usize = 12;

/// The places by which the matrix is narrowed: name in the address, kind, label.
const PLACES: [(&str, &str, &str); 4] =
    [("department", "department", "Department"), ("job_function", "job_function", "Job function"), ("equipment", "equipment", "Equipment"), ("course", "course", "Course")];

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let given = |name: &str| visit.request.query(name).map(str::to_owned);
    let filter = Filter {
        department: given("department"),
        job_function: given("job_function"),
        equipment: given("equipment"),
        course: given("course"),
        site: given("site"),
        columns: Some(COLUMNS),
        rows_after: given("rows_after"),
        columns_after: given("columns_after"),
        ..Filter::default()
    };
    let (viewer, catalog, now) = (visit.viewer.clone(), std::sync::Arc::clone(&visit.catalog), visit.kernel.now());
    let (found, offers) = visit.read(move |tx| {
        let mut offers = Vec::new();
        for (_, kind, _) in PLACES.iter().chain(&[("site", "site", "Site")]) {
            let filter = record::Filter { kind: Some((*kind).to_owned()), current_only: true, ..record::Filter::default() };
            let places = record::list(tx, &viewer, &filter, &Page { rows: Some(PAGE_ROWS), ..Page::default() }, None)?.0;
            offers.push(places.iter().map(|place| Offer::new(&place.id, format!("{} {}", place.number, place.title))).collect::<Vec<_>>());
        }
        Ok((matrix(tx, &catalog, &viewer, &filter, now)?, offers))
    })?;
    let filters = PLACES
        .iter()
        .chain(&[("site", "site", "Site")])
        .zip(offers)
        .filter(|(_, offers)| !offers.is_empty())
        .map(|((name, _, label), offers)| UiFilter { name: (*name).to_owned(), label: (*label).to_owned(), kind: FilterKind::Choice(offers), value: given(name).unwrap_or_default() })
        .collect::<Vec<_>>();
    let narrowed = ["department", "job_function", "equipment", "course", "site"].iter().any(|name| visit.request.query(name).is_some());
    let body = html! {
        (PageHead { title: "Training matrix".into(), lead: "Who must know which document, and who does. It follows from the training requirements; nobody keeps it by hand.".into(), others: html! { a.button href="/list/training_requirement" { "Requirements" } a.button href="/training/assignments?state=overdue" { "Overdue" } }, ..PageHead::default() })
        (filter_form("/training/matrix", &filters, &[], "Filter"))
        @if found.columns.is_empty() {
            (EmptyState {
                icon: Some(Icon::Training),
                title: "No course is in use yet".into(),
                text: "The matrix fills itself from courses and training requirements.".into(),
                steps: vec!["Make a course and name the documents it teaches.".into(), "Make a training requirement: which course, for which job function, department or equipment.".into(), "Approve both. Whoever matches is assigned at once.".into()],
                primary: visit.may("course.create").then(|| Link::new("/new/course", "New course")),
                framed: true,
                ..EmptyState::default()
            })
        } @else if found.rows.is_empty() {
            (EmptyState { icon: Some(Icon::Filter), title: "Nobody fits these filters".into(), text: "Take a filter away to see more.".into(), primary: narrowed.then(|| Link::new("/training/matrix", "Clear the filters")), framed: true, ..EmptyState::default() })
        } @else {
            (view(visit, &found, narrowed))
            (pagers(visit, &found))
        }
    };
    Ok(shell::page(visit, "Training matrix", Some(Area::Training), body))
}

fn view(visit: &Visit, found: &Matrix, narrowed: bool) -> MatrixView {
    let columns = found
        .columns
        .iter()
        .map(|column| MatrixColumn { head: Link::new(href(&column.document), column.document.label()).detail(column.document.title.clone()) })
        .collect();
    let rows = found
        .rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter().zip(&found.columns).map(|(cell, column)| shown(visit, cell, &column.document.label(), &row.person.title)).collect();
            let open = row.cells.iter().filter(|cell| matches!(cell.state, CellState::Due | CellState::Overdue)).count();
            let asked = row.cells.iter().filter(|cell| cell.state != CellState::NotRequired).count();
            MatrixRow { head: Link::new(format!("{}#training", href(&row.person)), row.person.title.clone()).detail(row.person.number.clone()), cells, summary: if asked == 0 { "–".into() } else { format!("{} of {asked}", asked - open) } }
        })
        .collect();
    MatrixView {
        label: "Training matrix".into(),
        corner: "Person".into(),
        columns,
        rows,
        summary_label: "Done".into(),
        legend: vec![
            (MatrixState::Good, "Signed on".into()),
            (MatrixState::Open, "Open, due on".into()),
            (MatrixState::Bad, "Overdue since".into()),
            (MatrixState::Soon, "Excused".into()),
            (MatrixState::None, "Not needed".into()),
        ],
        note: if narrowed { format!("{} people fit the filters on this page", found.rows.len()) } else { String::new() },
    }
}

fn shown(visit: &Visit, cell: &Cell, document: &str, person: &str) -> MatrixCell {
    let date = cell.due_date.as_deref().map(|date| day(date).display).unwrap_or_default();
    let (state, text, story) = match cell.state {
        CellState::NotRequired => return MatrixCell::default(),
        CellState::Excused => (MatrixState::Soon, "Excused".to_owned(), format!("{person} is excused from {document}")),
        CellState::Done => {
            let at = cell.done_at.map(|at| when(at, visit.actor.zone())).unwrap_or_default();
            (MatrixState::Good, at.day().to_owned(), format!("{person} signed {document} on {}", at.display))
        }
        CellState::Due => (MatrixState::Open, date.clone(), format!("{person} is to sign {document} by {date}")),
        CellState::Overdue => (MatrixState::Bad, date.clone(), format!("{person} should have signed {document} by {date}")),
    };
    MatrixCell { state, text, title: story, href: cell.obligation.as_ref().map(|id| format!("/training/learn/{id}")) }
}

fn pagers(visit: &Visit, found: &Matrix) -> maud::Markup {
    let keep = |without: &str| {
        let kept = visit.request.query.iter().filter(|(name, value)| name != without && !value.is_empty());
        kept.fold("/training/matrix".to_owned(), |address, (name, value)| with_parameter(&address, name, value))
    };
    let pager = |name: &str, next: &Option<String>, what: &str| Pager {
        position: what.to_owned(),
        previous: visit.request.query(name).is_some().then(|| keep(name)),
        next: next.as_ref().map(|cursor| with_parameter(&keep(name), name, cursor)),
    };
    let people = pager("rows_after", &found.rows_next, &format!("{} people", found.rows.len()));
    let documents = pager("columns_after", &found.columns_next, &format!("{} documents", found.columns.len()));
    let wanted = |pager: &Pager| pager.previous.is_some() || pager.next.is_some();
    html! {
        @if wanted(&people) { (people) }
        @if wanted(&documents) { (documents) }
    }
}
