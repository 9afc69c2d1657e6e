//! The sections of a record page, in the order in which people ask: what it says, what it is
//! linked to, what must be done, what was decided, files, signatures, what happened.

use crate::domain;
use crate::edge::Visit;
use crate::kernel_pages::record::{Known, section};
use crate::kernel_pages::{dossier, personal, reference, timeline};
use crate::kernel_pages::work::with_parameter;
use crate::text::{below, chip, day, due, href, when, when_signed};
use crate::ui::record::link_rows;
use crate::ui::sign::signatures;
use crate::ui::value::button_link;
use crate::ui::{
    Cell, DataTable, Due, DueState, EmptyState, FieldGroup, FieldValue, FieldView, Icon, Link, LinkRow, Picture, Section, SignatureState, SignatureView, Tag, Tone,
};
use base::Result;
use kernel::kind::FieldSort;
use kernel::record::{self, Record};
use kernel::{attachment, clock, decision, link, obligation, signature};
use maud::html;
use print::draw;
use std::collections::BTreeMap;

/// Events shown on the page itself; the timeline page has all.
const EVENTS: usize = 15;

pub(crate) fn all(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let mut sections = domain::leading_sections(visit, known)?;
    sections.push(fields(visit, known)?);
    sections.extend(personal::section(visit, known)?);
    sections.extend(reference::sheets(visit, known));
    sections.extend(domain::sections(visit, known)?);
    sections.extend(links(visit, known)?);
    sections.extend(obligations(visit, known)?);
    sections.extend(clocks_and_decisions(visit, known)?);
    sections.extend(dossier::section(visit, known)?);
    sections.extend(files(visit, known)?);
    sections.extend(revisions(visit, known));
    sections.extend(signed(visit, known)?);
    sections.push(timeline::section(visit, known, EVENTS)?);
    Ok(sections)
}

/// The title, or a person's name.
pub(crate) fn title_of(visit: &Visit, record: &Record) -> String {
    if record.kind != "person" {
        return record.title.clone();
    }
    let (tenant, id) = (record.tenant.clone(), record.id.clone());
    let person = visit.read(move |tx| kernel::person::find(tx, &tenant, &id)).ok().flatten();
    person.map_or_else(|| record.title.clone(), |person| person.display().to_owned())
}

fn fields(visit: &Visit, known: &Known) -> Result<Section> {
    let mut groups: Vec<FieldGroup> = Vec::new();
    for field in &known.kind.fields {
        let value = known.record.fields.get(&field.name).unwrap_or(&serde_json::Value::Null);
        let text = record::field_display(field, value);
        let value = match (&field.sort, text.is_empty()) {
            (_, true) => FieldValue::None,
            (FieldSort::Block(_), _) => FieldValue::Block(text),
            (FieldSort::Choice(_), _) => FieldValue::Choice(text),
            (FieldSort::Date, _) => FieldValue::Date(day(known.record.field_text(&field.name))),
            (FieldSort::TableRevision(_), _) => reference::used(visit, value)?,
            (FieldSort::Person, _) => FieldValue::Person(Link::new(format!("/r/person/{}", crate::text::encode(&text)), text)),
            _ => FieldValue::Line(text),
        };
        let view = FieldView { custom: field.name.starts_with("x_"), ..FieldView::new(&field.label, value) };
        match groups.iter_mut().find(|group| group.title == field.group) {
            Some(group) => group.fields.push(view),
            None => groups.push(FieldGroup { title: field.group.clone(), fields: vec![view] }),
        }
    }
    if known.kind.name == "person" {
        groups.insert(0, person_fields(visit, known)?);
    }
    if groups.len() == 1 {
        groups[0].title.clear();
    }
    let body = html! {
        @if groups.is_empty() { p.muted { "This kind has no fields besides its title." } }
        @for group in &groups { (group) }
    };
    Ok(Section { id: "content".into(), title: "Content".into(), note: format!("version {}, digest {}", known.record.version, known.record.digest.get(..12).unwrap_or("")), body, ..Section::default() })
}

fn person_fields(visit: &Visit, known: &Known) -> Result<FieldGroup> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let (person, grants, sites) = visit.read(move |tx| {
        let grants = kernel::authority::grants_of(tx, &tenant, &id)?;
        let sites = record::find_all(tx, &tenant, &grants.iter().filter_map(|grant| grant.site.clone()).collect::<Vec<_>>())?;
        Ok((kernel::person::find(tx, &tenant, &id)?, grants, sites))
    })?;
    let Some(person) = person else { return Ok(FieldGroup::default()) };
    let roles = html! {
        @if grants.is_empty() { span.none { "None" } }
        ul.plain {
            @for grant in &grants {
                @let site = grant.site.as_ref().and_then(|site| sites.iter().find(|record| record.id == *site));
                li {
                    (visit.catalog.role(&grant.role).map_or(grant.role.as_str(), |role| role.label.as_str()))
                    @if let Some(site) = site { span.muted { " at " (site.title) } }
                    @if known.may("role.revoke") { " " a href=(with_parameter(&below(&known.record, "/do/role.revoke"), "grant", &grant.id)) { "Take away" } }
                }
            }
        }
    };
    Ok(FieldGroup {
        title: "Person".into(),
        fields: vec![
            FieldView::new("Full name", FieldValue::line(person.name)),
            FieldView::new("User name", FieldValue::line(person.login)),
            FieldView::new("E-mail", FieldValue::line(person.email)),
            FieldView::new("Time zone", FieldValue::line(person.zone)),
            FieldView::new("Identity verified", person.identity_verified.map_or(FieldValue::Tag(Tag::new(Tone::Warn, "Not yet: cannot sign")), FieldValue::Line)),
            FieldView::new("Roles", FieldValue::Markup(roles)),
        ],
    })
}

fn links(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (viewer, catalog, record) = (visit.viewer.clone(), std::sync::Arc::clone(&visit.catalog), known.record.clone());
    let views = visit.read(move |tx| link::views(tx, &catalog, &viewer, &record))?;
    if views.is_empty() && known.kind.links.is_empty() {
        return Ok(None);
    }
    let open = known.record.phase.is_open_for_edit();
    let rows: Vec<LinkRow> = views
        .iter()
        .map(|view| {
            let end = html! {
                @if view.link.suspect && known.may_verb("link") && view.outgoing {
                    a href=(with_parameter(&below(&known.record, "/do/link.clear"), "link", &view.link.id)) title=[view.link.suspect_why.as_deref()] { "Looked at" }
                }
                @if open && known.may_verb("link") && view.outgoing {
                    " " a.quiet-link href=(with_parameter(&below(&known.record, "/do/link.remove"), "link", &view.link.id)) { "Remove" }
                }
            };
            LinkRow {
                relation: crate::text::capital(&view.label),
                record: Link::new(href(&view.other.reference()), view.other.label()).detail(title_of(visit, &view.other)),
                state: chip(&visit.catalog, &view.other),
                suspect: view.link.suspect,
                end,
            }
        })
        .collect();
    let suspects = views.iter().filter(|view| view.link.suspect).count();
    let body = html! {
        @if rows.is_empty() {
            (EmptyState { title: "No links yet".into(), text: "Link what this concerns, and both sides will show it.".into(), in_section: true, ..EmptyState::default() })
        } @else {
            (graph(visit, known, &views))
            (link_rows(&rows))
        }
    };
    let actions = html! { @if known.may_verb("link") && !known.kind.links.is_empty() { (button_link("Add a link", &below(&known.record, "/do/link.add"), Some(Icon::Link), false)) } };
    Ok(Some(Section { actions, alarm: if suspects > 0 { format!("{suspects} suspect") } else { String::new() }, ..section("links", "Links", rows.len(), body) }))
}

fn graph(visit: &Visit, known: &Known, views: &[link::LinkView]) -> Picture {
    let node = |record: &Record| draw::GraphNode {
        number: record.label(),
        title: title_of(visit, record),
        href: href(&record.reference()),
        ink: ink(record.phase),
        state: visit.catalog.state_label(&record.kind, &record.state),
    };
    let side = |outgoing: bool| {
        let chosen = views.iter().filter(|view| view.outgoing == outgoing);
        chosen.map(|view| draw::GraphLink { relation: view.label.clone(), node: node(&view.other), suspect: view.link.suspect }).collect()
    };
    let drawing = draw::LinkGraph {
        id: "links-graph".into(),
        title: format!("Links of {}", known.record.label()),
        center: node(&known.record),
        incoming: side(false),
        outgoing: side(true),
        all_href: "#links".into(),
    };
    Picture { drawing: drawing.draw(), caption: "How this record is connected".into(), data: None }
}

/// The colour of a phase in drawings.
pub(crate) fn ink(phase: kernel::kind::Phase) -> draw::Ink {
    match phase {
        kernel::kind::Phase::Draft => draw::Ink::Draft,
        kernel::kind::Phase::InWork => draw::Ink::Work,
        kernel::kind::Phase::InReview => draw::Ink::Review,
        kernel::kind::Phase::Effective => draw::Ink::Effective,
        kernel::kind::Phase::Closed => draw::Ink::Closed,
        kernel::kind::Phase::Void => draw::Ink::Void,
    }
}

fn obligations(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let (about, mut caused, names) = visit.read(move |tx| {
        // Training has a section of its own: a release may assign it to thousands.
        let mut about = obligation::of_record(tx, &tenant, &id)?;
        about.retain(|one| one.sort != "train");
        let mut caused = Vec::new();
        for sort in ["reassess", "act", "review"] {
            caused.extend(obligation::caused_by(tx, &tenant, &id, sort)?);
        }
        let people: Vec<String> = about.iter().chain(&caused).filter_map(|one| one.person.clone()).collect();
        Ok((about, caused, kernel::person::names(tx, &tenant, &people)?))
    })?;
    caused.retain(|one| !about.iter().any(|known| known.id == one.id));
    let all: Vec<&obligation::Obligation> = about.iter().chain(&caused).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let open = all.iter().filter(|one| one.state == "open").count();
    let shown = all.len().min(base::limits::PAGE_ROWS);
    let rows = all.iter().take(shown).map(|one| obligation_row(visit, known, one, &names)).collect();
    let columns = ["What", "Who", "Due", "State", ""].map(|label| (label.to_owned(), false)).into();
    let body = html! {
        (DataTable { label: "Obligations".into(), columns, rows, totals: Vec::new() })
        @if all.len() > shown { p.muted { "and " (all.len() - shown) " more" } }
    };
    Ok(Some(Section { note: if open == 0 { "all done".into() } else { format!("{open} open") }, ..section("obligations", "To do", all.len(), body) }))
}

/// Asked of this person, or of a role they hold.
fn is_mine(visit: &Visit, one: &obligation::Obligation) -> bool {
    let by_role = one.role.as_ref().is_some_and(|role| visit.grants.iter().any(|grant| grant.role == *role));
    one.person.as_deref() == Some(visit.actor.person()) || by_role
}

fn obligation_row(visit: &Visit, known: &Known, one: &obligation::Obligation, names: &BTreeMap<String, String>) -> Vec<Cell> {
    let who = match (&one.person, &one.role) {
        (Some(person), _) => names.get(person).cloned().unwrap_or_default(),
        (None, Some(role)) => visit.catalog.role(role).map_or_else(|| role.clone(), |role| role.label.clone()),
        (None, None) => String::new(),
    };
    let due_cell = match (&one.due_date, one.state.as_str()) {
        (Some(date), "open") => Cell::Due(due(date, visit.kernel.now(), visit.actor.zone())),
        (Some(date), "done") => Cell::Due(Due::new(DueState::Done, day(date), "")),
        (Some(date), _) => Cell::When(day(date)),
        (None, _) => Cell::Empty,
    };
    let state = match one.state.as_str() {
        "open" => Cell::Tag(Tag::new(Tone::Info, "Open")),
        "done" => Cell::Tag(Tag::new(Tone::Good, one.closed_at.map_or_else(|| "Done".to_owned(), |at| format!("Done {}", when(at, visit.actor.zone()).day())))),
        _ => Cell::Tag(Tag::new(Tone::Neutral, "Cancelled")),
    };
    let act = match (one.sort.as_str(), one.state.as_str()) {
        ("sign", "open") if !known.choices.iter().any(|choice| Some(&choice.name) == one.step.as_ref() && choice.permitted && choice.blockers.is_empty()) => Cell::Empty,
        ("sign", "open") => one.step.as_ref().map_or(Cell::Empty, |step| Cell::Link(Link::new(below(&known.record, &format!("/step/{step}")), super::work::label_of_signing(visit, &known.record, step)))),
        (_, "open") if !is_mine(visit, one) => Cell::Empty,
        (_, "open") => Cell::Link(Link::new(with_parameter(&below(&known.record, "/do/obligation.complete"), "obligation", &one.id), "Report as done")),
        _ => one.outcome.clone().map_or(Cell::Empty, Cell::Long),
    };
    vec![Cell::Long(one.task.clone()), Cell::text(who), due_cell, state, act]
}

fn clocks_and_decisions(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let (clocks, decisions, names) = visit.read(move |tx| {
        let decisions = decision::of_record(tx, &tenant, &id)?;
        let people: Vec<String> = decisions.iter().map(|one| one.decided_by.clone()).collect();
        Ok((clock::of_record(tx, &tenant, &id)?, decisions, kernel::person::names(tx, &tenant, &people)?))
    })?;
    if clocks.is_empty() && decisions.is_empty() {
        return Ok(None);
    }
    let decided: Vec<Vec<Cell>> = decisions
        .iter()
        .map(|one| {
            let tree = visit.catalog.tree(&one.tree);
            let outcome = tree.and_then(|tree| tree.outcomes.iter().find(|outcome| outcome.id == one.outcome));
            vec![
                Cell::text(tree.map_or(one.tree.as_str(), |tree| tree.title.as_str())),
                Cell::Long(outcome.map_or_else(|| one.outcome.clone(), |outcome| outcome.label.clone())),
                Cell::text(format!("{}, {}", names.get(&one.decided_by).cloned().unwrap_or_default(), when(one.decided_at, visit.actor.zone()).display)),
                Cell::Tag(if one.replaced_at.is_some() { Tag::new(Tone::Neutral, "Replaced") } else { Tag::new(Tone::Good, "In force") }),
            ]
        })
        .collect();
    let running: Vec<Vec<Cell>> = clocks
        .iter()
        .map(|one| {
            let rule = visit.catalog.clock_rule(&one.rule).map_or_else(|| one.rule.replace('_', " "), |rule| rule.describe());
            let due_cell = if one.state == "running" { Cell::Due(due(&one.due_date, visit.kernel.now(), &one.zone)) } else { Cell::Due(Due::new(DueState::Done, day(&one.due_date), "stopped")) };
            let extend = if one.state == "running" && known.may("clock.extend") {
                Cell::Link(Link::new(with_parameter(&below(&known.record, "/do/clock.extend"), "clock", &one.id), "Extend"))
            } else {
                Cell::Empty
            };
            vec![Cell::Long(rule), Cell::When(when(one.started_at, &one.zone)), Cell::When(day(&one.original_due)), due_cell, extend]
        })
        .collect();
    let table = |label: &str, names: &[&str], rows: Vec<Vec<Cell>>| DataTable { label: label.to_owned(), columns: names.iter().map(|name| ((*name).to_owned(), false)).collect(), rows, totals: Vec::new() };
    let count = decided.len() + running.len();
    let body = html! {
        @if !decided.is_empty() { (table("Decisions", &["Decision", "Outcome", "By", ""], decided)) }
        @if !running.is_empty() { (table("Clocks", &["Clock", "Started", "First due", "Due", ""], running)) }
    };
    Ok(Some(section("decisions", "Decisions and clocks", count, body)))
}

fn files(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let files = visit.read(move |tx| attachment::of_record(tx, &tenant, &id))?;
    if files.is_empty() {
        return Ok(None);
    }
    let open = known.record.phase.is_open_for_edit() && known.may_verb("edit");
    let shown = |media_type: &str| !visit.settings.content_origin.is_empty() && crate::content::SHOWN.contains(&media_type);
    let rows = files
        .iter()
        .map(|file| {
            let remove = with_parameter(&below(&known.record, "/do/file.remove"), "file", &file.id);
            vec![
                Cell::Link(Link::new(below(&known.record, &format!("/file/{}", file.id)), file.name.clone())),
                Cell::number(size(file.size_bytes)),
                Cell::When(when(file.added_at, visit.actor.zone())),
                Cell::Markup(html! { code { (file.digest.get(..12).unwrap_or("")) } }),
                Cell::Markup(html! {
                    @if shown(&file.media_type) { a href=(below(&known.record, &format!("/file/{}/open", file.id))) target="_blank" rel="noopener" { "Open" span.sr { " " (file.name) } } " " }
                    @if open { a href=(remove) { "Remove" span.sr { " " (file.name) } } }
                }),
            ]
        })
        .collect();
    let columns = vec![("File".into(), false), ("Size".into(), true), ("Added".into(), false), ("SHA-256".into(), false), (String::new(), false)];
    Ok(Some(section("files", "Files", files.len(), html! { (DataTable { label: "Files".into(), columns, rows, totals: Vec::new() }) })))
}

fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, (bytes % 1_000_000) / 100_000),
    }
}

fn revisions(visit: &Visit, known: &Known) -> Option<Section> {
    if known.revisions.len() < 2 {
        return None;
    }
    let rows = known
        .revisions
        .iter()
        .rev()
        .map(|record| {
            vec![
                Cell::Link(Link::new(href(&record.reference()), format!("Revision {}", record.revision))),
                Cell::Chip(chip(&visit.catalog, record)),
                record.effective_on.as_deref().map_or(Cell::Empty, |date| Cell::When(day(date))),
                Cell::When(when(record.changed_at, visit.actor.zone())),
            ]
        })
        .collect();
    let columns = ["Revision", "State", "Effective from", "Changed"].map(|label| (label.to_owned(), false)).into();
    Some(section("revisions", "Revisions", known.revisions.len(), html! { (DataTable { label: "Revisions".into(), columns, rows, totals: Vec::new() }) }))
}

fn signed(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let mut given = visit.read(move |tx| signature::on_steps(tx, &tenant, &id))?;
    // What was signed since the day that is looked at covers something else.
    given.retain(|one| known.past.as_ref().is_none_or(|past| one.signed_at <= past.at));
    let awaited = |choice: &&kernel::record::step::Choice| !choice.given.is_empty() || known.kind.find_step(&choice.name).is_some_and(|step| step.awaited);
    let missing: Vec<_> = known.choices.iter().filter(awaited).flat_map(|choice| choice.missing.iter().map(move |signer| (choice, signer))).collect();
    if given.is_empty() && missing.is_empty() {
        return Ok(None);
    }
    let mut views: Vec<SignatureView> = given
        .iter()
        .map(|one| SignatureView {
            state: SignatureState::Valid,
            name: one.printed_name.clone(),
            meaning: one.meaning.clone(),
            role: visit.catalog.role(&one.role).map_or_else(String::new, |role| role.label.clone()),
            when: Some(when_signed(one)),
            covers: format!("covers version {}, digest {}", one.version, one.digest.get(..12).unwrap_or("")),
            ..SignatureView::default()
        })
        .collect();
    views.extend(missing.iter().map(|(choice, signer)| SignatureView {
        state: SignatureState::Open,
        name: visit.catalog.role(&signer.role).map_or_else(|| signer.role.clone(), |role| role.label.clone()),
        meaning: signer.meaning.clone(),
        open_note: format!("for “{}”", choice.label),
        ..SignatureView::default()
    }));
    Ok(Some(section("signatures", "Signatures", given.len(), html! { (signatures(&views)) })))
}
