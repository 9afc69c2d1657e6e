//! Risks on the matrix: one risk before and after its controls, and all of them counted.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::Known;
use crate::shell;
use crate::ui::page::Area;
use crate::ui::{Banner, BannerKind, Link, PageHead, Picture, Section, Tab, Tabs};
use base::Result;
use kernel::kind::Phase;
use kernel::record::{self, Filter, Record};
use maud::{Markup, html};
use print::draw::{Region, RiskCell, RiskMatrix};
use kernel::reference::Used;
use qms::risk::{Acceptability, Matrix};

const SEVERITIES: [&str; 5] = ["1 negligible", "2 minor", "3 serious", "4 critical", "5 catastrophic"];
/// Highest first, as the drawing stands.
const PROBABILITIES: [&str; 5] = ["5 frequent", "4 probable", "3 occasional", "2 remote", "1 improbable"];

fn region(matrix: &Matrix, severity: i64, probability: i64) -> Region {
    match matrix.acceptability(severity, probability) {
        Some(Acceptability::Acceptable) | None => Region::Acceptable,
        Some(Acceptability::Reduce) => Region::Reduce,
        Some(Acceptability::Unacceptable) => Region::Unacceptable,
    }
}

fn drawn(matrix: &Matrix, id: &str, title: &str, cell: &dyn Fn(i64, i64) -> (u64, String)) -> RiskMatrix {
    let cells = (1..=5).rev().map(|probability| {
        let row = (1..=5).map(|severity| {
            let (count, href) = cell(severity, probability);
            RiskCell { region: region(matrix, severity, probability), count, href }
        });
        row.collect()
    });
    RiskMatrix {
        id: id.to_owned(),
        title: title.to_owned(),
        severities: SEVERITIES.map(str::to_owned).into(),
        probabilities: PROBABILITIES.map(str::to_owned).into(),
        cells: cells.collect(),
    }
}

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let record = &known.record;
    let Some(severity) = record.field_int("severity") else { return Ok(Vec::new()) };
    let risk = record.clone();
    let (matrix, counts) = visit.read(move |tx| {
        let matrix = Matrix::of_risk(tx, &risk)?;
        let counts = kernel::record::effective_of_item(tx, &risk.tenant, &matrix.record().item)?;
        Ok((matrix, counts))
    })?;
    let pictures: Vec<Markup> = [("probability_before", "Before controls"), ("probability_after", "After controls")]
        .into_iter()
        .filter_map(|(field, title)| record.field_int(field).map(|probability| placed(&matrix, record, severity, probability, field, title)))
        .collect();
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let newer = counts.filter(|counts| counts.id != matrix.record().id);
    let evaluated = record.fields.get("matrix").and_then(Used::read).is_some();
    let body = html! {
        p { (if evaluated { "Evaluated by " } else { "Not evaluated yet; drawn on " }) (crate::text::link(&matrix.record().reference())) "." }
        @if let Some(newer) = &newer {
            div.banners {
                (Banner {
                    kind: BannerKind::Info,
                    title: "Evaluated by an earlier matrix".into(),
                    text: format!("{} is in force now. This evaluation stays as it was signed; a new revision of the risk is evaluated anew.", newer.label()),
                    links: vec![crate::text::link(&newer.reference())],
                    ..Banner::default()
                })
            }
        }
        div.stack-l { @for picture in &pictures { (picture) } }
    };
    Ok(vec![Section { id: "matrix".into(), title: "On the risk matrix".into(), note: matrix.label(), body, ..Section::default() }])
}

fn placed(matrix: &Matrix, record: &Record, severity: i64, probability: i64, field: &str, title: &str) -> Markup {
    let at = |own: i64, other: i64| (u64::from(own == severity && other == probability), String::new());
    let drawing = drawn(matrix, &format!("risk-{}", field.replace('_', "-")), &format!("{title}: {}", record.label()), &at);
    let says = matrix.acceptability(severity, probability).map_or("off the scales", Acceptability::label).to_lowercase();
    let caption = format!("Severity {severity}, probability {probability}: {says}");
    html! { div { h3 { (title) } (Picture { drawing: drawing.draw(), caption, data: None }) } }
}

/// All risks on the matrix, each cell leading to its list.
pub(crate) fn show_matrix(visit: &Visit) -> Result<Answer> {
    if !visit.viewer.sees_kind("risk") {
        return Err(base::Error::not_found("There is no such page."));
    }
    let after = visit.request.query("when") != Some("before");
    let field = if after { "probability_after" } else { "probability_before" };
    let open = visit.request.query("phase") == Some("open");
    let phases = if open { vec![Phase::Draft, Phase::InWork, Phase::InReview] } else { vec![Phase::Effective] };
    let viewer = visit.viewer.clone();
    let (counts, total, matrix, earlier) = visit.read(move |tx| {
        let sum = |tx: &mut dyn db::Read, fields: Vec<(String, String)>| -> Result<u64> {
            let filter = Filter { kind: Some("risk".into()), phases: phases.clone(), fields, current_only: true, ..Filter::default() };
            Ok(record::count_by_phase(tx, &viewer, &filter)?.iter().map(|(_, count)| u64::try_from(*count).unwrap_or(0)).sum())
        };
        let mut counts = Vec::with_capacity(25);
        for severity in 1..=5_i64 {
            for probability in 1..=5_i64 {
                let fields = vec![("severity".to_owned(), severity.to_string()), (field.to_owned(), probability.to_string())];
                counts.push(((severity, probability), sum(tx, fields)?));
            }
        }
        let total = sum(tx, Vec::new())?;
        let matrix = Matrix::in_force(tx, viewer.tenant())?;
        // Drafts are evaluated again before they are submitted.
        let by_this = sum(tx, vec![("matrix".to_owned(), matrix.record().id.clone())])?;
        let earlier = if open { 0 } else { total - by_this };
        Ok((counts, total, matrix, earlier))
    })?;
    let phase = if open { "open" } else { "effective" };
    let at = |severity: i64, probability: i64| {
        let count = counts.iter().find(|(place, _)| *place == (severity, probability)).map_or(0, |(_, count)| *count);
        (count, format!("/list/risk?phase={phase}&field.severity={severity}&field.{field}={probability}"))
    };
    let drawing = drawn(&matrix, "risk-matrix", if after { "Risks after controls" } else { "Risks before controls" }, &at);
    let placed: u64 = counts.iter().map(|(_, count)| count).sum();
    let address = |when: &str, phase: &str| format!("/quality/risk-matrix?when={when}&phase={phase}");
    let (this_when, this_phase) = (if after { "after" } else { "before" }, if open { "open" } else { "assessed" });
    let tab = |label: &str, when: &str, phase: &str| Tab { href: address(when, phase), label: label.to_owned(), count: None, current: when == this_when && phase == this_phase, ..Tab::default() };
    let tabs = vec![
        tab("Assessed, after controls", "after", "assessed"),
        tab("Assessed, before controls", "before", "assessed"),
        tab("In work, after controls", "after", "open"),
        tab("In work, before controls", "before", "open"),
    ];
    let data = drawing.table().into();
    let body = html! {
        (PageHead {
            crumbs: vec![Link::new("/list/risk", "Risks")],
            title: "Risk matrix".into(),
            lead: format!("{}, on {}.", crate::text::counted(usize::try_from(total).unwrap_or(0), "risk", "risks"), matrix.label()),
            ..PageHead::default()
        })
        (Tabs { label: "Views".into(), tabs })
        @if placed < total {
            div.banners { (Banner { kind: BannerKind::Info, title: format!("{} of {total} have no value here", total - placed), text: "A risk without controls has no probability after them; one that is not estimated has none at all.".into(), ..Banner::default() }) }
        }
        @if earlier > 0 {
            div.banners { (Banner { kind: BannerKind::Info, title: format!("{earlier} of {total} evaluated by an earlier matrix"), text: format!("They stand where their values put them on {}; each page shows the matrix that was used.", matrix.label()), links: vec![crate::text::link(&matrix.record().reference())], ..Banner::default() }) }
        }
        (Picture { drawing: drawing.draw(), caption: "A number leads to its risks.".into(), data: Some(data) })
    };
    Ok(shell::page(visit, "Risk matrix", Some(Area::Design), body))
}
