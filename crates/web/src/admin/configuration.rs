//! Configuration packages: what is wrong with one and where, what it changes and whom that
//! touches, before anybody approves it; and what is in force since when.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::Known;
use crate::shell;
use crate::text::{chip, counted, day, href, when};
use crate::ui::page::Area;
use crate::ui::record::blocks;
use crate::ui::{BlockLine, Cell, DataTable, EmptyState, Icon, Link, PageHead, Section, Tag, Tone};
use base::Result;
use kernel::kind::Phase;
use kernel::package::{self, Change, ImpactLine};
use kernel::record::{self, Filter, Page, Record};
use maud::{Markup, html};

/// What a package's page shows of its text.
enum Checked {
    Sound { changes: Vec<Change>, impact: Vec<ImpactLine> },
    /// Every fault with its place.
    Faulty(Vec<String>),
}

fn check(visit: &Visit, package: &Record) -> Result<Checked> {
    let text = package.field_text("text");
    let next = match package::apply(visit.catalog.delivered(), visit.catalog.revision + 1, text) {
        Ok(next) => next,
        Err(error) => match error.refusal() {
            Some(refusal) if refusal.blockers.is_empty() => {
                let place = refusal.place.as_deref().map(|place| format!(" (at {place})")).unwrap_or_default();
                return Ok(Checked::Faulty(vec![format!("{}{place}", refusal.message)]));
            }
            Some(refusal) => return Ok(Checked::Faulty(refusal.blockers.iter().map(|blocker| blocker.text.clone()).collect())),
            None => return Err(error),
        },
    };
    let (viewer, now, next) = (visit.viewer.clone(), std::sync::Arc::clone(&visit.catalog), std::sync::Arc::new(next));
    let changes = package::changes(&now, &next);
    let impact = visit.read(move |tx| package::impact(tx, &viewer, &now, &next))?;
    Ok(Checked::Sound { changes, impact })
}

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let checked = check(visit, &known.record)?;
    let section = |id: &str, title: &str, count: usize, body: Markup| Section { id: id.into(), title: title.into(), count: u64::try_from(count).ok(), body, ..Section::default() };
    let open = !known.record.phase.is_settled();
    Ok(match checked {
        Checked::Faulty(faults) => {
            let lines: Vec<BlockLine> = faults.iter().map(|text| BlockLine { text: text.clone(), ..BlockLine::default() }).collect();
            let body = html! { p { (Tag::new(Tone::Bad, "Not sound")) " It cannot be submitted until this is mended:" } (blocks(&lines)) };
            vec![Section { alarm: counted(faults.len(), "fault", "faults"), ..section("check", "Check", faults.len(), body) }]
        }
        Checked::Sound { changes, impact } => {
            let sound = html! { p { (Tag::new(Tone::Good, "Sound")) " Everything it names exists, every state can be reached, and every regulatory rule stands." } };
            let mut sections = vec![Section { count: None, ..section("check", "Check", 0, sound) }];
            if open {
                sections.push(section("changes", "What it changes", changes.len(), changes_body(&changes, "Nothing differs from the configuration in force.")));
                sections.push(section("impact", "Impact", impact.len(), impact_body(visit, &impact)));
            }
            sections
        }
    })
}

fn changes_body(changes: &[Change], none: &str) -> Markup {
    html! {
        @if changes.is_empty() { p.muted { (none) } }
        @for group in changes.chunk_by(|one, next| one.what == next.what) {
            h3 { (group[0].what) }
            ul.sign-effects { @for change in group { li { (Icon::ArrowRight) (crate::text::capital(&change.text)) } } }
        }
    }
}

fn impact_body(visit: &Visit, impact: &[ImpactLine]) -> Markup {
    html! {
        @if impact.is_empty() { p.muted { "No record and no person is touched." } }
        @else {
            ul.rows {
                @for line in impact {
                    li {
                        span.grow { (line.text) }
                        @if visit.catalog.kind(&line.kind).is_some() { a href=(format!("/list/{}", line.kind)) { (counted(usize::try_from(line.count).unwrap_or(0), "record", "records")) } }
                    }
                }
            }
        }
    }
}

/// What is in force, and what was before it.
pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let viewer = visit.viewer.clone();
    let (mut packages, names) = visit.read(move |tx| {
        let filter = Filter { kind: Some("configuration_package".into()), phases: vec![Phase::Effective, Phase::Closed], ..Filter::default() };
        let packages = record::list(tx, &viewer, &filter, &Page { sort: record::Sort::Changed, ..Page::default() }, None)?.0;
        let people: Vec<String> = packages.iter().map(|package| package.changed_by.clone()).collect();
        Ok((packages, kernel::person::names(tx, viewer.tenant(), &people)?))
    })?;
    packages.sort_by(|one, other| other.effective_on.cmp(&one.effective_on).then(other.changed_at.cmp(&one.changed_at)));
    let rows: Vec<Vec<Cell>> = packages
        .iter()
        .map(|package| {
            vec![
                Cell::Main(Link::new(href(&package.reference()), package.label()).detail(package.title.clone())),
                Cell::Chip(chip(&visit.catalog, package)),
                package.effective_on.as_deref().map_or(Cell::Empty, |date| Cell::When(day(date))),
                Cell::When(when(package.changed_at, visit.actor.zone())),
                Cell::text(names.get(&package.changed_by).cloned().unwrap_or_default()),
            ]
        })
        .collect();
    let columns = ["Package", "State", "In force from", "Last step", "By"].map(|label| (label.to_owned(), false)).into();
    let changed = package::changes(visit.catalog.delivered(), &visit.catalog);
    let body = html! {
        (PageHead {
            title: "Configuration in force".into(),
            lead: if visit.catalog.revision == 0 { "The product as delivered; no package is in force.".into() } else { format!("Configuration {}.", visit.catalog.revision) },
            primary: visit.may("configuration_package.create").then(|| Link::new("/new/configuration_package", "New configuration package")),
            others: html! { a.button href="/list/configuration_package" { "All packages" } },
            ..PageHead::default()
        })
        h2 { "What differs from the product as delivered " span.count { (changed.len()) } }
        (changes_body(&changed, "Nothing: everything is as delivered."))
        h2 { "History" }
        @if rows.is_empty() {
            (EmptyState { title: "No package has been in force yet".into(), text: "A package is one text with this company's words, fields, states, signers and roles. It is checked, shown with its impact, and signed.".into(), ..EmptyState::default() })
        } @else {
            (DataTable { label: "Packages that were or are in force".into(), columns, rows, totals: Vec::new() })
        }
    };
    Ok(shell::page(visit, "Configuration in force", Some(Area::Administration), body))
}
