//! The CAPA: its story as a strip, the orders that implement it, the training they asked for, and
//! everything that still stands in front of closing, whatever the state.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::Known;
use crate::lms::document as training;
use crate::text::{below, chip, counted, day, due, encode, href};
use crate::ui::record::{blocks, link_rows};
use crate::ui::{BlockLine, Icon, Link, LinkRow, MenuItem, Section, StepMark};
use base::{Blocker, Error, Result};
use kernel::kind::Phase;
use kernel::link;
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record, step};
use lms::reading::{AssignmentCounts, AssignmentFilter, count_assignments};
use maud::{Markup, html};
use serde_json::json;

/// What the sections show.
struct Around {
    complaints: Vec<Record>,
    orders: Vec<(Record, AssignmentCounts)>,
    reassessments: Vec<(Obligation, Record)>,
    /// What stands against the step to closed.
    blockers: Vec<Blocker>,
}

fn around(visit: &Visit, known: &Known) -> Result<Around> {
    let (catalog, viewer, record, now) = (std::sync::Arc::clone(&visit.catalog), visit.viewer.clone(), known.record.clone(), visit.kernel.now());
    let today = visit.today()?;
    let close = known.kind.find_step("close").cloned();
    visit.read(move |tx| {
        let mut orders = Vec::new();
        let mut reassessments = Vec::new();
        for order in link::targets(tx, &record, "implemented_by")? {
            let filter = AssignmentFilter { cause: Some(order.id.clone()), ..AssignmentFilter::default() };
            let counts = count_assignments(tx, &viewer, &filter, &today)?;
            for asked in obligation::caused_by(tx, &record.tenant, &order.id, "reassess")? {
                if let Some(about) = record::find(tx, &record.tenant, &asked.record)?.filter(|about| viewer.sees(about)) {
                    reassessments.push((asked, about));
                }
            }
            orders.push((order, counts));
        }
        let blockers = match &close {
            Some(close) if !record.phase.is_settled() => step::blockers(tx, &catalog, &record, close, Phase::Closed, now)?,
            _ => Vec::new(),
        };
        let mut complaints = link::targets(tx, &record, "addresses")?;
        complaints.retain(|complaint| viewer.sees(complaint));
        Ok(Around { complaints, orders, reassessments, blockers })
    })
}

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let around = around(visit, known)?;
    let mut sections = vec![orders(visit, known, &around)];
    for (order, counts) in around.orders.iter().filter(|(_, counts)| counts.total() > 0) {
        let filter = AssignmentFilter { cause: Some(order.id.clone()), ..AssignmentFilter::default() };
        sections.push(training::assignments_section(visit, &filter, *counts, &format!("Training asked for by {}", order.label()), "training")?);
    }
    if !around.reassessments.is_empty() {
        sections.push(reassessed(visit, &around));
    }
    if !known.record.phase.is_settled() && known.past.is_none() {
        sections.push(before_closing(&around));
    }
    Ok(sections)
}

/// From the complaint to the proof, as a strip.
pub(crate) fn story(visit: &Visit, known: &Known) -> Result<Section> {
    let around = around(visit, known)?;
    let state = known.record.state.as_str();
    let place = ["draft", "investigation", "action_planned", "implementing", "effectiveness_check", "closed"].iter().position(|name| *name == state).unwrap_or(0);
    let mark = |at: usize| if place > at { StepMark::Done } else if place == at { StepMark::Now } else { StepMark::Ahead };
    let mut stations: Vec<(Markup, StepMark, String)> = around
        .complaints
        .iter()
        .map(|complaint| (html! { (crate::text::link(&complaint.reference())) }, StepMark::Done, visit.catalog.state_label("complaint", &complaint.state)))
        .collect();
    stations.push((html! { "Root cause" }, mark(1), if known.record.field_is_empty("root_cause") { "not known yet".into() } else { "known".into() }));
    stations.push((html! { "Plan approved" }, if place > 2 { StepMark::Done } else { mark(2) }, String::new()));
    for (order, counts) in &around.orders {
        let done = order.phase == Phase::Closed;
        let stands = if done { StepMark::Done } else { StepMark::Now };
        stations.push((html! { (crate::text::link(&order.reference())) }, stands, visit.catalog.state_label("change_order", &order.state)));
        if counts.total() > 0 {
            let all = counts.open == 0;
            stations.push((html! { a href="#training" { "Training" } }, if all { StepMark::Done } else { StepMark::Now }, format!("{} of {} signed", counts.done, counts.total())));
        }
    }
    let result = match known.record.field_text("effectiveness_result") {
        "effective" => "effective",
        "not_effective" => "not effective",
        _ => "not judged yet",
    };
    stations.push((html! { "Effectiveness" }, mark(4), result.to_owned()));
    stations.push((html! { "Closed" }, if place == 5 { StepMark::Done } else { StepMark::Ahead }, String::new()));
    let body = html! {
        div.steps-scroll tabindex="0" role="region" aria-label="Story of this CAPA" {
            ol.steps {
                @for (word, mark, note) in &stations {
                    @let (class, said) = match mark { StepMark::Done => ("done", "done: "), StepMark::Now => ("now", "under way: "), StepMark::Ahead => ("", "") };
                    li class=[(!class.is_empty()).then_some(class)] {
                        span.step-word { @if !said.is_empty() { span.sr { (said) } } (word) }
                        @if !note.is_empty() { span.step-at { (note) } }
                    }
                }
            }
        }
    };
    let actions = html! { a.button.small href=(format!("/story/{}", known.record.id)) { "Follow the story" } };
    Ok(Section { id: "story".into(), title: "From complaint to proof".into(), actions, body, ..Section::default() })
}

fn may_make_order(known: &Known) -> bool {
    known.may("change_order.create") && known.may_verb("link") && !known.record.phase.is_settled()
}

fn orders(visit: &Visit, known: &Known, around: &Around) -> Section {
    let rows: Vec<LinkRow> = around
        .orders
        .iter()
        .map(|(order, _)| LinkRow {
            relation: "Implemented by".into(),
            record: Link::new(href(&order.reference()), order.label()).detail(order.title.clone()),
            state: chip(&visit.catalog, order),
            ..LinkRow::default()
        })
        .collect();
    let body = html! {
        @if rows.is_empty() { p.muted { "No change order implements this CAPA." } } @else { (link_rows(&rows)) }
    };
    let actions = html! {
        @if may_make_order(known) {
            form method="post" action=(format!("/quality/capa/{}/order", encode(&known.record.number))) data-once {
                input type="hidden" name="key" value=(base::id::edge_id());
                button.button.small type="submit" { (Icon::Plus) "Make a change order" }
            }
        }
    };
    Section { id: "orders".into(), title: "Change orders".into(), count: u64::try_from(around.orders.len()).ok(), actions, body, ..Section::default() }
}

fn reassessed(visit: &Visit, around: &Around) -> Section {
    let open = around.reassessments.iter().filter(|(asked, _)| asked.state == "open").count();
    let body = html! {
        ul.rows {
            @for (asked, about) in &around.reassessments {
                li {
                    span.grow { (crate::text::link(&about.reference())) p.muted { (asked.task) @if let Some(outcome) = &asked.outcome { ": " (outcome) } } }
                    span.end {
                        @match (asked.state.as_str(), &asked.due_date) {
                            ("open", Some(date)) => (due(date, visit.kernel.now(), visit.actor.zone())),
                            ("open", None) => "open",
                            (_, _) => { (Icon::Check) (asked.state) @if let Some(at) = asked.closed_at { ", " (crate::text::when(at, visit.actor.zone()).day()) } }
                        }
                    }
                }
            }
        }
    };
    let note = if open == 0 { "all done".into() } else { format!("{open} of {} open", around.reassessments.len()) };
    Section { id: "reassessments".into(), title: "Re-assessments".into(), count: u64::try_from(around.reassessments.len()).ok(), note, body, ..Section::default() }
}

fn before_closing(around: &Around) -> Section {
    let lines: Vec<BlockLine> = around
        .blockers
        .iter()
        .map(|blocker| BlockLine { text: blocker.text.clone(), links: blocker.records.iter().map(crate::text::link).collect(), rule: blocker.requirement.clone() })
        .collect();
    let body = html! {
        @if lines.is_empty() { p { (Icon::Check) " Nothing stands in the way of closing." } } @else { (blocks(&lines)) }
    };
    let note = if lines.is_empty() { String::new() } else { counted(lines.len(), "thing to clear", "things to clear") };
    Section { id: "before-closing".into(), title: "Before this CAPA can be closed".into(), note, body, ..Section::default() }
}

pub(crate) fn actions(known: &Known) -> Vec<MenuItem> {
    if !may_make_order(known) {
        return Vec::new();
    }
    vec![MenuItem::Post {
        label: "Make a change order".into(),
        action: format!("/quality/capa/{}/order", encode(&known.record.number)),
        hidden: vec![("key".into(), base::id::edge_id())],
        icon: Some(Icon::Plus),
        danger: false,
    }]
}

/// What a CAPA that a complaint leads to begins with.
pub(crate) fn begun_from_complaint(complaint: &Record) -> Vec<(String, String)> {
    let mut problem = complaint.field_text("description").to_owned();
    let product = [complaint.field_text("product_number"), complaint.field_text("lot_or_serial")].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    if !product.is_empty() {
        problem = format!("{problem}\n\nProduct: {product}. Aware on {}.", day(complaint.field_text("aware_on")).display);
    }
    vec![("fields.source".into(), "complaint".into()), ("fields.nature".into(), "corrective".into()), ("fields.problem".into(), problem)]
}

/// Makes a change order and links the CAPA to it, in two commands that the form's key makes one:
/// sent again, neither happens twice.
pub(crate) fn make_order(visit: &Visit) -> Result<Answer> {
    let (viewer, number) = (visit.viewer.clone(), visit.request.param("number").to_owned());
    let capa = visit.read(move |tx| record::find_named(tx, viewer.tenant(), "capa", &number).map(|found| found.filter(|capa| viewer.sees(capa))))?;
    let capa = capa.ok_or_else(|| Error::not_found("There is no such CAPA."))?;
    if !visit.may("capa.link") {
        return Err(Error::forbidden("not_permitted", "You may not link this CAPA to a change order."));
    }
    let reason = format!("{}: {}", capa.number, [capa.field_text("root_cause"), capa.field_text("problem")].into_iter().find(|text| !text.is_empty()).unwrap_or(&capa.title));
    let made = visit.run("record.create", json!({ "kind": "change_order", "title": capa.title, "fields": { "reason": reason, "description": capa.field_text("action_plan") } }))?;
    let order = made.result.get("id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    visit.run_also(2, "link.add", json!({ "record": capa.id, "link": "implemented_by", "target": order }))?;
    let tenant = visit.tenant().to_owned();
    let order = visit.read(move |tx| record::get(tx, &tenant, &order))?;
    Ok(Answer::Go { to: below(&order, ""), flash: Some(format!("{} is made; it implements {}.", order.number, capa.number)) })
}
