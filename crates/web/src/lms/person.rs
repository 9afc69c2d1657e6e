//! A person's training record, now or on any day: what was asked, what was signed, what they are
//! qualified for.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::text::{below, day, due, href, link};
use crate::ui::value::button_link;
use crate::ui::{Cell, DataTable, Due, DueState, Icon, Link, MenuItem, Section, Tag, Tone};
use base::Result;
use lms::qualification::Standing;
use lms::reading::{Entry, EntryState, TrainingRecord, training_record};
use maud::{Markup, html};

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let at = known.past.as_ref().map_or_else(|| visit.kernel.now(), |past| past.at);
    let (catalog, viewer, person) = (std::sync::Arc::clone(&visit.catalog), visit.viewer.clone(), known.record.id.clone());
    let after = visit.request.query("training_after").map(str::to_owned);
    let record = visit.read(move |tx| training_record(tx, &catalog, &viewer, &person, at, None, after.as_deref()))?;
    Ok(vec![entries(visit, known, &record), qualifications(known, &record)])
}

pub(crate) fn actions(known: &Known) -> Vec<MenuItem> {
    let mut items = Vec::new();
    if known.may("lms.assign") {
        items.push(MenuItem::link("Assign a course", assign_href(known), Some(Icon::Training)));
    }
    if known.may("qualification.create") {
        items.push(MenuItem::link("Begin a qualification", qualify_href(known), Some(Icon::Quality)));
    }
    items
}

fn assign_href(known: &Known) -> String {
    with_parameter(&below(&known.record, "/do/lms.assign"), "person", &known.record.number)
}

fn qualify_href(known: &Known) -> String {
    with_parameter("/new/qualification?link=of_person", "target", &known.record.id)
}

fn entries(visit: &Visit, known: &Known, record: &TrainingRecord) -> Section {
    let rows: Vec<Vec<Cell>> = record.entries.iter().map(|entry| row(visit, known, entry)).collect();
    let open = record.entries.iter().filter(|entry| matches!(entry.state, EntryState::Open | EntryState::Overdue)).count();
    let late = record.entries.iter().filter(|entry| entry.state == EntryState::Overdue).count();
    let columns = ["Document", "State", "Due", "Signature", "Asked for by", ""].map(|label| (label.to_owned(), false)).into();
    let count = rows.len();
    let next = record.next.as_ref().map(|cursor| with_parameter(&href(&known.record.reference()), "training_after", cursor));
    let body = html! {
        @if !record.belongs_to.is_empty() {
            p.spaced { "Belongs to " @for (index, place) in record.belongs_to.iter().enumerate() { @if index > 0 { ", " } a href=(href(place)) { (place.title) } } }
        }
        @if count == 0 { p.muted { "Nothing was assigned yet. Assignments follow from the person's job functions, departments and equipment." } }
        @else { (DataTable { label: "Training record".into(), columns, rows, totals: Vec::new() }) }
        @if let Some(next) = next { p { a href=(format!("{next}#training")) { "Older" } } }
    };
    let actions = html! { @if known.may("lms.assign") { (button_link("Assign a course", &assign_href(known), None, false)) } };
    let note = if open > 0 { format!("{open} open") } else if count > 0 { "all done".into() } else { String::new() };
    let alarm = if late > 0 { format!("{late} late") } else { String::new() };
    Section { id: "training".into(), title: "Training record".into(), count: u64::try_from(count).ok(), note, alarm, actions, body }
}

fn row(visit: &Visit, known: &Known, entry: &Entry) -> Vec<Cell> {
    let state = match entry.state {
        EntryState::Open => Tag::new(Tone::Info, "Open"),
        EntryState::Overdue => Tag::new(Tone::Bad, "Overdue"),
        EntryState::Done => Tag::new(Tone::Good, "Signed"),
        EntryState::Cancelled => Tag::new(Tone::Neutral, "Not asked for any more"),
    };
    let by = match (&entry.due_date, entry.state) {
        (Some(date), EntryState::Open | EntryState::Overdue) => Cell::Due(due(date, known.past.as_ref().map_or_else(|| visit.kernel.now(), |past| past.at), visit.actor.zone())),
        (Some(date), EntryState::Done) => Cell::Due(Due::new(DueState::Done, day(date), "")),
        (Some(date), EntryState::Cancelled) => Cell::When(day(date)),
        (None, _) => Cell::Empty,
    };
    let signature = match (&entry.signature, &entry.outcome) {
        (Some(given), _) => super::document::signature_cell(given),
        (None, Some(outcome)) => Cell::Long(outcome.clone()),
        (None, None) => Cell::Empty,
    };
    let open = matches!(entry.state, EntryState::Open | EntryState::Overdue);
    let excuse = with_parameter(&below(&known.record, "/do/lms.excuse"), "obligation", &entry.obligation);
    let act = html! {
        a href=(format!("/training/learn/{}", entry.obligation)) { @if open { "Open" } @else { "Evidence" } }
        @if open && known.may("lms.excuse") { " · " a href=(excuse) { "Excuse" } }
    };
    vec![
        entry.document.as_ref().map_or(Cell::Empty, |document| Cell::Main(Link::new(href(document), document.label()).detail(document.title.clone()))),
        Cell::Tag(state),
        by,
        signature,
        entry.cause.as_ref().map_or_else(|| Cell::text("Hand"), |cause| Cell::Link(Link::new(href(cause), cause.label()))),
        Cell::Markup(act),
    ]
}

fn qualifications(known: &Known, record: &TrainingRecord) -> Section {
    let body = html! {
        @if record.qualifications.is_empty() { p.muted { "No qualification yet. A supervisor observes the work and signs that the person may do it." } }
        @else {
            ul.rows {
                @for (qualification, status) in &record.qualifications {
                    li {
                        span.grow { (link(qualification)) @for missing in &status.missing { p.muted { (missing.why) } } }
                        (standing(status.standing))
                    }
                }
            }
        }
    };
    let actions: Markup = html! { @if known.may("qualification.create") { (button_link("Begin a qualification", &qualify_href(known), None, false)) } };
    Section { id: "qualifications".into(), title: "Qualifications".into(), count: u64::try_from(record.qualifications.len()).ok(), actions, body, ..Section::default() }
}

pub(super) fn standing(standing: Standing) -> Tag {
    let tone = match standing {
        Standing::Current => Tone::Good,
        Standing::NotCurrent => Tone::Bad,
        Standing::NotSignedOff => Tone::Info,
        Standing::Withdrawn => Tone::Neutral,
    };
    Tag::new(tone, standing.label())
}
