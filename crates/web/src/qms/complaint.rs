//! The complaint: what must be reported by when, in front of everything else, and the way to a CAPA.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::text::{below, chip, day, due, href, when};
use crate::ui::record::link_rows;
use crate::ui::value::button_link;
use crate::ui::{Banner, BannerKind, Cell, DataTable, Due, DueState, Icon, Link, LinkRow, MenuItem, Section, Tag, Tone};
use base::Result;
use kernel::clock::{self, Clock};
use kernel::decision::{self, Decision};
use kernel::decision_tree::{DecisionTree, Outcome};
use kernel::link;
use kernel::record::Record;
use maud::{Markup, html};

/// One authority's decision with the clock that its outcome started.
struct Report<'a> {
    tree: &'a DecisionTree,
    decision: Option<Decision>,
    outcome: Option<&'a Outcome>,
    clock: Option<Clock>,
}

fn reports<'a>(visit: &'a Visit, known: &Known) -> Result<Vec<Report<'a>>> {
    let (tenant, id) = (visit.tenant().to_owned(), known.record.id.clone());
    let (decisions, clocks) = visit.read(move |tx| Ok((decision::of_record(tx, &tenant, &id)?, clock::of_record(tx, &tenant, &id)?)))?;
    let trees = known.kind.trees.iter().filter_map(|name| visit.catalog.tree(name));
    Ok(trees
        .map(|tree| {
            let decision = decisions.iter().find(|decision| decision.tree == tree.name && decision.replaced_at.is_none()).cloned();
            let outcome = decision.as_ref().and_then(|decision| tree.outcome(&decision.outcome));
            let rule = outcome.and_then(|outcome| outcome.clock.as_ref());
            let clock = rule.and_then(|rule| clocks.iter().rev().find(|clock| clock.rule == *rule)).cloned();
            Report { tree, decision, outcome, clock }
        })
        .collect())
}

/// A report that is due, and decisions that nobody has taken yet.
pub(crate) fn banners(visit: &Visit, known: &Known) -> Result<Vec<Banner>> {
    if known.record.phase.is_settled() || known.past.is_some() {
        return Ok(Vec::new());
    }
    let mut banners = Vec::new();
    let mut undecided = Vec::new();
    for report in reports(visit, known)? {
        if report.decision.is_none() {
            undecided.push(Link::new(below(&known.record, &format!("/decide/{}", report.tree.name)), report.tree.title.clone()));
        }
        let (Some(outcome), Some(clock)) = (report.outcome, report.clock.filter(|clock| clock.state == "running")) else { continue };
        let stands = due(&clock.due_date, visit.kernel.now(), &clock.zone);
        let left = if stands.note.is_empty() { String::new() } else { format!(" ({})", stands.note) };
        banners.push(Banner {
            kind: if stands.state == DueState::Late { BannerKind::Broken } else { BannerKind::Warn },
            title: format!("{}: by {}{left}", report.tree.title, day(&clock.due_date).display),
            text: format!("{}. The clock counts from {}.", outcome.label, when(clock.started_at, &clock.zone).day()),
            ..Banner::default()
        });
    }
    if !undecided.is_empty() {
        let may = known.may_verb("decide");
        banners.push(Banner {
            kind: BannerKind::Warn,
            title: "Reportability is not decided yet".into(),
            text: "Reporting times count from the day on which anybody here became aware.".into(),
            actions: if may { undecided.iter().map(|link| Link::new(link.href.clone(), format!("Decide: {}", link.text))).collect() } else { Vec::new() },
            ..Banner::default()
        });
    }
    Ok(banners)
}

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    Ok(vec![reportability(visit, known)?, capas(visit, known)?])
}

fn reportability(visit: &Visit, known: &Known) -> Result<Section> {
    let reports = reports(visit, known)?;
    let may = known.may_verb("decide") && known.record.phase.is_open_for_edit();
    let rows: Vec<Vec<Cell>> = reports.iter().map(|report| row(visit, known, report, may)).collect();
    let open = reports.iter().filter(|report| report.decision.is_none()).count();
    let columns = ["Authority", "Outcome", "Report by", ""].map(|label| (label.to_owned(), false)).into();
    let body = html! { (DataTable { label: "Reportability by authority".into(), columns, rows, totals: Vec::new() }) };
    let alarm = if open > 0 && !known.record.phase.is_settled() { format!("{open} open") } else { String::new() };
    Ok(Section { id: "reportability".into(), title: "Reportability".into(), alarm, body, ..Section::default() })
}

fn row(visit: &Visit, known: &Known, report: &Report<'_>, may: bool) -> Vec<Cell> {
    let address = below(&known.record, &format!("/decide/{}", report.tree.name));
    let outcome = match report.outcome {
        Some(outcome) if outcome.reportable => Cell::Tag(Tag::new(Tone::Bad, outcome.label.clone())),
        Some(outcome) => Cell::Tag(Tag::new(Tone::Good, outcome.label.clone())),
        None => Cell::Tag(Tag::new(Tone::Warn, "Not decided")),
    };
    let by = match &report.clock {
        Some(clock) if clock.state == "running" => Cell::Due(due(&clock.due_date, visit.kernel.now(), &clock.zone)),
        Some(clock) => Cell::Due(Due::new(DueState::Done, day(&clock.due_date), "reported")),
        None => Cell::Empty,
    };
    let act = match (may, report.decision.is_some()) {
        (true, false) => Cell::Link(Link::new(address, "Decide")),
        (true, true) => Cell::Link(Link::new(address, "Decide again")),
        (false, _) => Cell::Empty,
    };
    vec![Cell::text(report.tree.title.clone()), outcome, by, act]
}

/// The address under which a CAPA from this complaint begins.
fn new_capa(complaint: &Record) -> String {
    let address = with_parameter("/new/capa?link=addresses", "target", &complaint.id);
    with_parameter(&address, "title", &complaint.title)
}

fn may_make_capa(known: &Known) -> bool {
    known.may("capa.create") && known.record.phase != kernel::kind::Phase::Void
}

fn capas(visit: &Visit, known: &Known) -> Result<Section> {
    let (viewer, record) = (visit.viewer.clone(), known.record.clone());
    let capas = visit.read(move |tx| {
        let mut found = link::sources(tx, &record, "addresses")?;
        found.retain(|capa| viewer.sees(capa));
        Ok(found)
    })?;
    let rows: Vec<LinkRow> = capas
        .iter()
        .map(|capa| LinkRow {
            relation: "Addressed by".into(),
            record: Link::new(href(&capa.reference()), capa.label()).detail(capa.title.clone()),
            state: chip(&visit.catalog, capa),
            ..LinkRow::default()
        })
        .collect();
    let body: Markup = html! {
        @if rows.is_empty() { p.muted { "No CAPA addresses this complaint." } } @else { (link_rows(&rows)) }
    };
    let actions = html! { @if may_make_capa(known) { (button_link("Make a CAPA from this complaint", &new_capa(&known.record), Some(Icon::Plus), capas.is_empty())) } };
    Ok(Section { id: "capas".into(), title: "CAPA".into(), count: u64::try_from(capas.len()).ok(), actions, body, ..Section::default() })
}

pub(crate) fn actions(known: &Known) -> Vec<MenuItem> {
    if may_make_capa(known) { vec![MenuItem::link("Make a CAPA from this complaint", new_capa(&known.record), Some(Icon::Plus))] } else { Vec::new() }
}
