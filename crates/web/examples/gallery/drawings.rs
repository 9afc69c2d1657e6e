//! The drawings with sample data.

use crate::Sheet;
use crate::frame::page;
use base::Date;
use maud::{Markup, Render, html};
use print::draw::{
    AgeBucket, Ageing, Bar, Bars, Change, Completion, Event, GraphLink, GraphNode, Icicle, IcicleNode, Ink, Lane, Lifecycle, LinkGraph, Region, RiskCell, RiskMatrix,
    Span, Sparkline, State, Step, Story,
};
use web::ui::{Area, PageHead, Picture, Section};

pub fn sheets() -> Vec<Sheet> {
    let section = |id: &str, title: &str, body: Markup| Section { id: id.into(), title: title.into(), body, ..Section::default() };
    let risk = risk();
    let pareto = pareto();
    let life = lifecycle();
    let ageing = ageing();
    let structure = structure();
    let spark = spark();
    let body = html! {
        (PageHead { title: "Drawings".into(), lead: "Drawn on the server, the same in page and print, each with its data.".into(), ..PageHead::default() })
        (section("life", "Lifecycle", Picture::new(life.draw(), life.table()).render()))
        (section("structure", "Structure", Picture::new(structure.draw(), structure.table()).render()))
        (section("story", "Story", story()))
        div.columns {
            (section("risk", "Risk matrix", Picture::new(risk.draw(), risk.table()).caption("Table RT-0002 rev 3, risks after controls").render()))
            (section("ageing", "Age of open complaints", Picture::new(ageing.draw(), ageing.table()).render()))
        }
        (section("pareto", "Complaints by cause", Picture::new(pareto.draw(), pareto.table()).caption("1 Jan to 21 Nov 2026, all sites").render()))
        div.columns {
            (section("ring", "Training", html! { (completion("ring").ring()) }))
            (section("spark", "Complaints per month", Picture::new(spark.draw(), spark.table()).render()))
        }
    };
    vec![("drawings", page(Some(Area::Reports), "Drawings", body))]
}

fn node(number: &str, title: &str, ink: Ink, state: &str) -> GraphNode {
    GraphNode { number: number.into(), title: title.into(), href: "/record.html".into(), ink, state: state.into() }
}

pub fn link_graph() -> Markup {
    let link = |relation: &str, number: &str, title: &str, ink, state: &str, suspect| GraphLink { relation: relation.into(), node: node(number, title, ink, state), suspect };
    let graph = LinkGraph {
        id: "links-graph".into(),
        title: "Links of CAPA-0031".into(),
        center: node("CAPA-0031", "Exhalation valve seat leaks above 60 cmH₂O", Ink::Work, "Implementation"),
        incoming: vec![
            link("Caused by", "CMP-0118", "Alarm did not sound at low airway pressure", Ink::Work, "Investigation", false),
            link("Assesses", "RSK-0007", "Risk file MV-200, hazard 12 leakage", Ink::Effective, "Effective", true),
        ],
        outgoing: vec![
            link("Corrected by", "ECO-0042", "Valve seat material PEEK instead of POM", Ink::Review, "In review", false),
            link("Changes", "SOP-014 rev D", "Leak test of the exhalation valve", Ink::Effective, "Effective", false),
            link("Trains", "TRN-0088", "Leak test with the new fixture", Ink::Work, "9 of 12", false),
        ],
        all_href: "#links".into(),
    };
    // The list of links below it is its table.
    Picture { drawing: graph.draw(), ..Picture::default() }.render()
}

fn completion(id: &str) -> Completion {
    Completion { id: id.into(), title: "Training of line 2".into(), done: 57, late: 6, total: 74 }
}

pub fn training_progress() -> Markup {
    html! { div.spaced { (completion("training").bar()) } }
}

fn date(month: i8, day: i8) -> Date {
    Date::constant(2026, month, day)
}

pub fn story() -> Markup {
    let span = |from, to, ink, word: &str| Span { from, to, ink, word: word.into() };
    let event = |on, ink, word: &str| Event { on, ink, word: word.into() };
    let lane = |number: &str, title: &str, spans, events, caused_by| Lane { number: number.into(), title: title.into(), href: "/record.html".into(), spans, events, caused_by };
    let story = Story {
        id: "story".into(),
        title: "From complaint to trained operator".into(),
        lanes: vec![
            lane("CMP-0118", "Alarm did not sound at low airway pressure", vec![span(date(8, 3), Some(date(8, 12)), Ink::Work, "Triage"), span(date(8, 12), Some(date(9, 28)), Ink::Review, "Investigation"), span(date(9, 28), None, Ink::Closed, "Closed")], vec![event(date(8, 3), Ink::Warn, "Judged reportable"), event(date(8, 9), Ink::Good, "MDR 3004 filed")], None),
            lane("CAPA-0031", "Exhalation valve seat leaks above 60 cmH₂O", vec![span(date(8, 10), Some(date(9, 1)), Ink::Work, "Root cause"), span(date(9, 1), Some(date(10, 20)), Ink::Work, "Implementation"), span(date(10, 20), None, Ink::Effective, "Effectiveness")], vec![event(date(9, 1), Ink::Good, "Plan approved by J. Keller")], Some((0, date(8, 10)))),
            lane("ECO-0042", "Valve seat material PEEK instead of POM", vec![span(date(9, 3), Some(date(9, 20)), Ink::Draft, "Draft"), span(date(9, 20), Some(date(10, 8)), Ink::Review, "In review"), span(date(10, 8), None, Ink::Closed, "Released")], vec![event(date(9, 27), Ink::Bad, "Sent back: impact on PR-012 missing"), event(date(10, 8), Ink::Good, "Released with 3 signatures")], Some((1, date(9, 3)))),
            lane("TRN-0088", "Leak test with the new fixture", vec![span(date(10, 8), Some(date(10, 19)), Ink::Work, "Open"), span(date(10, 19), None, Ink::Closed, "12 of 12")], vec![event(date(10, 19), Ink::Good, "Last of 12 operators signed")], Some((2, date(10, 8)))),
        ],
        today: date(11, 21),
    };
    Picture::new(story.draw(), story.table()).render()
}

fn lifecycle() -> Lifecycle {
    let states = [("draft", "Draft", Ink::Draft), ("cause", "Root cause", Ink::Work), ("plan", "Action plan", Ink::Review), ("impl", "Implementation", Ink::Work), ("eff", "Effectiveness check", Ink::Effective), ("closed", "Closed", Ink::Closed), ("void", "Void", Ink::Void)];
    let steps = [("draft", "cause", "Open", false), ("cause", "plan", "Submit plan", false), ("plan", "impl", "Approve plan", true), ("impl", "eff", "Sign implementation", true), ("eff", "closed", "Close", true), ("plan", "cause", "Send back", false), ("eff", "plan", "Not effective: plan again", true), ("draft", "void", "Void with reason", true), ("cause", "closed", "No action needed", true)];
    Lifecycle {
        id: "capa-lifecycle".into(),
        title: "Lifecycle of a CAPA".into(),
        states: states.iter().map(|(key, word, ink)| State { key: (*key).into(), word: (*word).into(), ink: *ink, current: *key == "impl" }).collect(),
        steps: steps.iter().map(|(from, to, label, signed)| Step { from: (*from).into(), to: (*to).into(), label: (*label).into(), signed: *signed }).collect(),
    }
}

fn structure() -> Icicle {
    let lines = [(1, "510-0007", "Exhalation valve assembly", "1", Change::Changed), (2, "510-0101", "Valve body, machined", "1", Change::None), (3, "210-0044", "Aluminium 6082 bar", "0.18 kg", Change::None), (3, "310-0012", "Helicoil M3 × 4.5", "6", Change::Changed), (2, "510-0102", "Valve seat, POM", "1", Change::Removed), (2, "510-0131", "Valve seat, PEEK", "1", Change::Added), (2, "510-0103", "Diaphragm, silicone", "1", Change::None), (2, "520-0019", "Flow sensor module", "1", Change::Changed), (3, "820-0201", "Sensor board", "1", Change::Changed), (4, "610-3301", "Resistor 10 kΩ", "14", Change::Changed), (4, "610-3377", "Hot-wire chip", "2", Change::None), (3, "520-0020", "Sensor housing", "1", Change::None), (2, "310-0007", "Screw M3 × 8 A4", "6", Change::None)];
    Icicle {
        id: "icicle".into(),
        title: "Structure of 510-0007 rev D against rev C".into(),
        nodes: lines.iter().map(|(level, number, title, quantity, change)| IcicleNode { level: *level, number: (*number).into(), title: (*title).into(), quantity: (*quantity).into(), change: *change, href: "/structure.html".into() }).collect(),
    }
}

fn risk() -> RiskMatrix {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let counts = [[0, 1, 0, 0, 0], [2, 3, 1, 0, 0], [4, 6, 3, 1, 0], [5, 9, 7, 2, 1], [8, 12, 6, 4, 2]];
    RiskMatrix {
        id: "risk".into(),
        title: "Risks of MV-200 after controls".into(),
        severities: names(&["Negligible", "Minor", "Serious", "Critical", "Catastrophic"]),
        probabilities: names(&["Frequent", "Probable", "Occasional", "Remote", "Improbable"]),
        cells: counts
            .iter()
            .enumerate()
            .map(|(row, line)| {
                let region = |column: usize| match 4 - row + column {
                    0..=3 => Region::Acceptable,
                    4..=5 => Region::Reduce,
                    _ => Region::Unacceptable,
                };
                line.iter().enumerate().map(|(column, count)| RiskCell { region: region(column), count: *count, href: "#".into() }).collect()
            })
            .collect(),
    }
}

fn pareto() -> Bars {
    let list = [("Label unreadable", 12), ("Leak at valve seat", 74), ("Alarm did not sound", 41), ("Display dark", 18), ("Noise above 50 dB", 9), ("Packaging torn", 27), ("Battery below 2 hours", 33)];
    Bars { id: "pareto".into(), title: "Complaints by cause".into(), unit: "complaints".into(), bars: list.iter().map(|(label, value)| Bar { label: (*label).into(), value: *value, href: "#".into(), ink: Ink::Plain }).collect(), pareto: true }
}

fn ageing() -> Ageing {
    let list = [("0–7 days", 9, 0), ("8–30 days", 14, 2), ("31–60 days", 6, 3), ("61–90 days", 2, 4), ("over 90 days", 0, 3)];
    Ageing { id: "ageing".into(), title: "Age of open complaints".into(), buckets: list.iter().map(|(label, in_time, late)| AgeBucket { label: (*label).into(), in_time: *in_time, late: *late }).collect() }
}

fn spark() -> Sparkline {
    let values = [14, 18, 12, 22, 27, 19, 24, 31, 28, 17, 15];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"];
    Sparkline { id: "spark".into(), title: "Complaints per month".into(), points: months.iter().zip(values).map(|(month, value)| (format!("{month} 2026"), value)).collect() }
}
