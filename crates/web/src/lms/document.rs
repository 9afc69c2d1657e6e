//! Training on a document and by a cause: how much is done, who is open, who signed when.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::text::{day, due, href, when_signed};
use crate::ui::{Cell, DataTable, Due, DueState, Link, Picture, Section, Tag, Tone};
use base::Result;
use kernel::signature::Given;
use lms::reading::{Assignment, AssignmentCounts, AssignmentFilter, assignments, count_assignments};
use maud::html;
use print::draw::Completion;

/// Rows on a record's page; the list has all.
const SHOWN: usize = 30;

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let filter = AssignmentFilter { document: Some(known.record.id.clone()), ..AssignmentFilter::default() };
    let counts = counts(visit, &filter)?;
    if counts.total() == 0 {
        return Ok(Vec::new());
    }
    Ok(vec![assignments_section(visit, &filter, counts, "Training on this revision", "training")?])
}

/// The training that a record's steps asked for.
pub(crate) fn caused(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let filter = AssignmentFilter { cause: Some(known.record.id.clone()), ..AssignmentFilter::default() };
    let counts = counts(visit, &filter)?;
    if counts.total() == 0 {
        return Ok(None);
    }
    assignments_section(visit, &filter, counts, "Training it asked for", "training").map(Some)
}

pub(super) fn counts(visit: &Visit, filter: &AssignmentFilter) -> Result<AssignmentCounts> {
    let (viewer, filter, today) = (visit.viewer.clone(), filter.clone(), visit.today()?);
    visit.read(move |tx| count_assignments(tx, &viewer, &filter, &today))
}

/// The address of the list with all assignments of a filter.
pub(crate) fn list_href(filter: &AssignmentFilter, state: &str) -> String {
    let given = [("cause", &filter.cause), ("document", &filter.document), ("course", &filter.course)];
    let mut address = "/training/assignments".to_owned();
    for (name, value) in given {
        if let Some(value) = value {
            address = crate::kernel_pages::work::with_parameter(&address, name, value);
        }
    }
    if state.is_empty() { address } else { crate::kernel_pages::work::with_parameter(&address, "state", state) }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Ring, the people still open first, then those who signed, each with the way to the evidence.
pub(crate) fn assignments_section(visit: &Visit, filter: &AssignmentFilter, counts: AssignmentCounts, title: &str, id: &str) -> Result<Section> {
    let (viewer, filter_here) = (visit.viewer.clone(), filter.clone());
    let (open, done) = visit.read(move |tx| {
        let of = |open: bool| AssignmentFilter { open: Some(open), ..filter_here.clone() };
        let open = assignments(tx, &viewer, &of(true), Some(SHOWN), None)?.0;
        Ok((open, assignments(tx, &viewer, &of(false), Some(SHOWN), None)?.0))
    })?;
    let ring = Completion { id: format!("{id}-ring"), title: title.to_owned(), done: count(counts.done), late: count(counts.late), total: count(counts.total()) };
    let more = |state: &str, all: i64, shown: usize| {
        let hidden = count(all).saturating_sub(shown as u64);
        (hidden > 0).then(|| Link::new(list_href(filter, state), format!("and {hidden} more")))
    };
    let body = html! {
        (Picture { drawing: ring.ring(), caption: format!("{} of {} read and signed", counts.done, counts.total()), data: None })
        @if !open.is_empty() {
            h3 { "Open " span.count { (counts.open) } }
            (table(visit, &open, "Open training"))
            @if let Some(link) = more("open", counts.open, open.len()) { p { (link) } }
        }
        @if !done.is_empty() {
            h3 { "Read and signed " span.count { (counts.done) } }
            (table(visit, &done, "Read and signed"))
            @if let Some(link) = more("done", counts.done, done.len()) { p { (link) } }
        }
    };
    let note = if counts.open == 0 { "all signed".to_owned() } else { format!("{} of {} open", counts.open, counts.total()) };
    let alarm = if counts.late > 0 { format!("{} late", counts.late) } else { String::new() };
    Ok(Section { id: id.to_owned(), title: title.to_owned(), count: Some(count(counts.total())), note, alarm, body, ..Section::default() })
}

pub(super) fn table(visit: &Visit, list: &[Assignment], label: &str) -> DataTable {
    let rows = list.iter().map(|one| row(visit, one)).collect();
    let columns = ["Person", "Document", "Due", "Signature", ""].map(|label| (label.to_owned(), false)).into();
    DataTable { label: label.to_owned(), columns, rows, totals: Vec::new() }
}

/// A reading's signature in a table: who, when, what it means and of which version, as on every copy.
pub(super) fn signature_cell(given: &Given) -> Cell {
    Cell::Markup(html! { (given.printed_name) ", " (when_signed(given)) p.muted { (given.meaning) " (version " (given.version) ")" } })
}

fn row(visit: &Visit, one: &Assignment) -> Vec<Cell> {
    let obligation = &one.obligation;
    let open = obligation.state == "open";
    let by = match (&obligation.due_date, open) {
        (Some(date), true) => Cell::Due(due(date, visit.kernel.now(), visit.actor.zone())),
        (Some(date), false) => Cell::Due(Due::new(DueState::Done, day(date), "")),
        (None, _) => Cell::Empty,
    };
    let signed = match &one.signature {
        Some(given) => signature_cell(given),
        None if open => Cell::Tag(Tag::new(Tone::Info, "Open")),
        None => Cell::Tag(Tag::new(Tone::Good, "Done")),
    };
    let evidence = Link::new(format!("/training/learn/{}", obligation.id), if open { "Open" } else { "Evidence" });
    vec![
        Cell::Link(Link::new(href(&one.person), one.person.title.clone())),
        Cell::Link(Link::new(href(&one.document), one.document.label())),
        by,
        signed,
        Cell::Markup(html! { a href=(evidence.href) { (evidence.text) span.sr { " of " (one.person.title) } } }),
    ]
}
