//! A structure with its redline, and the training matrix.

use crate::Sheet;
use crate::frame::page_at;
use maud::{Render, html};
use web::ui::tree::compared;
use web::ui::{
    Area, Cell, Chip, Fact, Icon, Link, Mark, MatrixCell, MatrixColumn, MatrixRow, MatrixState, MatrixView, Menu, MenuItem, PageHead, Phase, RecordHead, StepAction,
    Tab, Tabs, Tree, TreeColumn, TreeRow,
};

pub fn sheets() -> Vec<Sheet> {
    vec![("structure", structure()), ("matrix", matrix())]
}

/// Level, number, title, mark, quantity before and after, unit, revision before and after, make or buy, phase.
type Line = (usize, &'static str, &'static str, Mark, (&'static str, &'static str), &'static str, (&'static str, &'static str), &'static str, Phase);

const LINES: &[Line] = &[
    (1, "510-0007", "Exhalation valve assembly", Mark::Changed, ("1", "1"), "pcs", ("C", "D"), "Make", Phase::InReview),
    (2, "510-0101", "Valve body, machined", Mark::None, ("1", "1"), "pcs", ("B", "B"), "Make", Phase::Effective),
    (3, "210-0044", "Aluminium 6082 bar, 40 mm", Mark::None, ("0.18", "0.18"), "kg", ("A", "A"), "Buy", Phase::Effective),
    (3, "310-0012", "Helicoil M3 × 4.5", Mark::Changed, ("4", "6"), "pcs", ("A", "A"), "Buy", Phase::Effective),
    (2, "510-0102", "Valve seat, POM", Mark::Removed, ("1", ""), "pcs", ("B", ""), "Buy", Phase::Effective),
    (2, "510-0131", "Valve seat, PEEK", Mark::Added, ("", "1"), "pcs", ("", "A"), "Buy", Phase::InReview),
    (2, "510-0103", "Diaphragm, silicone 40 Shore A", Mark::None, ("1", "1"), "pcs", ("C", "C"), "Buy", Phase::Effective),
    (2, "520-0019", "Flow sensor module", Mark::Changed, ("1", "1"), "pcs", ("F", "G"), "Make", Phase::InReview),
    (3, "820-0201", "Sensor board", Mark::Changed, ("1", "1"), "pcs", ("D", "E"), "Make", Phase::InReview),
    (4, "610-3301", "Resistor 10 kΩ 0.1 % 0603", Mark::Changed, ("12", "14"), "pcs", ("A", "A"), "Buy", Phase::Effective),
    (4, "610-3377", "Hot-wire anemometer chip", Mark::None, ("2", "2"), "pcs", ("B", "B"), "Buy", Phase::Effective),
    (3, "520-0020", "Sensor housing", Mark::None, ("1", "1"), "pcs", ("B", "B"), "Make", Phase::Effective),
    (2, "310-0007", "Screw ISO 4762 M3 × 8 A4", Mark::None, ("6", "6"), "pcs", ("A", "A"), "Buy", Phase::Effective),
    (2, "310-0021", "O-ring 12 × 1.5 FKM", Mark::None, ("2", "2"), "pcs", ("A", "A"), "Buy", Phase::Effective),
    (2, "900-0044", "Loctite 243, medical grade", Mark::Added, ("", "0.2"), "g", ("", "A"), "Buy", Phase::Effective),
];

fn structure() -> web::ui::Page {
    let rows = LINES.iter().enumerate().map(|(index, (level, number, title, mark, quantity, unit, revision, make, phase))| TreeRow {
        level: *level,
        node: Link::new("#", *number).detail(*title),
        cells: vec![
            if *mark == Mark::Removed || quantity.0 == quantity.1 { Cell::number(quantity.0) } else { compared(quantity.0, quantity.1) },
            Cell::text(*unit),
            if *mark == Mark::Added || *mark == Mark::Removed { Cell::text(if revision.1.is_empty() { revision.0 } else { revision.1 }) } else { compared(revision.0, revision.1) },
            Cell::Chip(Chip::phase(*phase)),
            Cell::text(*make),
            Cell::text(if *number == "610-3301" { "R1–R14" } else { "" }),
        ],
        mark: *mark,
        parent: LINES.get(index + 1).is_some_and(|next| next.0 > *level),
        open: true,
        open_href: None,
    });
    let column = |label: &str, number| TreeColumn { label: label.into(), number };
    let tree = Tree {
        id: "structure-grid".into(),
        label: "Structure of 510-0007, rev C compared with rev D".into(),
        node_label: "Number and title".into(),
        columns: vec![column("Quantity", true), column("Unit", false), column("Revision", false), column("State", false), column("Make or buy", false), column("Designators", false)],
        rows: rows.collect(),
        levels: [("1", false), ("2", false), ("3", false), ("All", true)].iter().map(|(label, current)| ((*label).into(), "#".into(), *current)).collect(),
        note: "15 lines on 4 levels; 12 unchanged lines hidden by the filter".into(),
        redline: Some((2, 1, 5)),
        tools: html! { (Menu { label: "Compare".into(), small: true, items: vec![MenuItem::link("With rev B", "#", None), MenuItem::link("With baseline BL-0004", "#", None)], ..Menu::default() }) },
    };
    let head = RecordHead {
        crumbs: vec![Link::new("#", "Engineering"), Link::new("#", "Parts")],
        kind: "Assembly".into(),
        number: "510-0007".into(),
        revision: "D".into(),
        title: "Exhalation valve assembly".into(),
        state: Chip::new(Phase::InReview, "In review"),
        facts: vec![Fact::text("Owner", "Peter Adeyemi"), Fact::text("On order", "ECO-0042"), Fact::text("Mass", "148.2 g"), Fact::text("Cost", "61.40 EUR")],
        primary: Some(StepAction { label: "Review the redline".into(), href: "#".into(), ..StepAction::default() }),
        more: Menu { label: "More actions".into(), icon_only: true, icon: Some(Icon::More), items: vec![MenuItem::link("Where used", "#", None), MenuItem::link("Export structure", "#", None)], ..Menu::default() },
        ..RecordHead::default()
    };
    let tab = |label: &str, count, current| Tab { href: "#".into(), label: label.into(), count, current, ..Tab::default() };
    let tabs = Tabs { label: "Views of this part".into(), tabs: vec![tab("Overview", None, false), tab("Structure", Some(27), true), tab("Where used", Some(4), false), tab("Documents", Some(6), false), tab("Suppliers", Some(3), false), tab("Timeline", Some(61), false)] };
    let body = html! { (head) (tabs) (tree) };
    page_at(Some(Area::Engineering), "Parts", "510-0007 rev D", body)
}

fn matrix() -> web::ui::Page {
    let items = [("SOP-014", "Leak test, rev D"), ("SOP-003", "Nonconforming product"), ("WI-207", "Torque station 4"), ("WI-211", "Seat pressing"), ("CLN-01", "Cleanroom gowning"), ("ESD-02", "ESD protection"), ("GDP-01", "Good documentation")];
    let people = ["Amadi, Chidi", "Bauer, Lena", "Conti, Elena", "Dubois, Marc", "Eriksen, Nils", "Ferrari, Luca", "Gallo, Sara", "Haddad, Omar", "Ivanova, Daria", "Jansen, Piet", "Kim, Min-jun", "Lopez, Ana"];
    let states = [
        (MatrixState::Good, "12 Mar 2027"), (MatrixState::Good, "4 May 2027"), (MatrixState::Soon, "9 Dec 2026"), (MatrixState::None, ""),
        (MatrixState::Good, "rev D"), (MatrixState::Bad, "3 days late"), (MatrixState::Open, "12 Dec 2026"), (MatrixState::Good, "1 Feb 2027"), (MatrixState::None, ""), (MatrixState::Good, "8 Jul 2027"), (MatrixState::Good, "20 Jan 2027"),
    ];
    let rows = people.iter().enumerate().map(|(row, name)| {
        let cells: Vec<MatrixCell> = (0..items.len())
            .map(|column| {
                let (state, text) = states[(row * 5 + column * 3 + row * column) % states.len()];
                MatrixCell { state, text: text.into(), title: format!("{name}, {}: {text}", items[column].0), href: (state != MatrixState::None).then(|| "#".to_owned()) }
            })
            .collect();
        let needed = cells.iter().filter(|cell| cell.state != MatrixState::None).count();
        let done = cells.iter().filter(|cell| matches!(cell.state, MatrixState::Good | MatrixState::Soon)).count();
        MatrixRow { head: Link::new("#", *name).detail("Operator, line 2"), summary: format!("{done} of {needed}"), cells }
    });
    let view = MatrixView {
        label: "Training of line 2 in Bologna".into(),
        corner: "Person".into(),
        columns: items.iter().map(|(number, title)| MatrixColumn { head: Link::new("#", *number).detail(*title) }).collect(),
        rows: rows.collect(),
        summary_label: "Valid".into(),
        legend: vec![
            (MatrixState::Good, "Trained, until the date".into()),
            (MatrixState::Soon, "Ends within 30 days".into()),
            (MatrixState::Open, "Open, due on the date".into()),
            (MatrixState::Bad, "Late: may not do this work".into()),
            (MatrixState::None, "Not needed".into()),
        ],
        note: "12 of 212 people; 200 hidden by the filter".into(),
    };
    let body = html! {
        (PageHead { crumbs: vec![Link::new("#", "Training")], title: "Training matrix".into(), lead: "Line 2, Bologna. A cell opens the assignment and its evidence.".into(), primary: Some(Link::new("#", "Assign training")), ..PageHead::default() })
        (crate::drawings::training_progress())
        (view.render())
    };
    page_at(Some(Area::Training), "Matrix", "Training matrix", body)
}
