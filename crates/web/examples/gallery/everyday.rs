//! My work, a list, an empty list, progress of an import.

use crate::Sheet;
use crate::frame::{on, page_at};
use maud::{Render, html};
use web::ui::list::{export_menu, main_cell};
use web::ui::work::figures;
use web::ui::{
    ActiveFilter, Area, Bulk, Cell, Chip, Column, ColumnOffer, Due, DueState, EmptyState, Figure, Filter, FilterKind, Flash, Icon, Link, ListView, Menu,
    MenuItem, Offer, PageHead, Pager, Phase, Progress, Row, Sort, Tab, Tag, Tone, Work, WorkGroup, WorkItem,
};

pub fn sheets() -> Vec<Sheet> {
    vec![("my-work", my_work()), ("capa", list()), ("empty", empty()), ("import", import())]
}

fn item(icon: Icon, what: &str, about: (&str, &str), cause: &str, due: Due, action: &str, primary: bool) -> WorkItem {
    WorkItem {
        icon,
        what: what.into(),
        about: Link::new("/record.html", about.0).detail(about.1),
        cause: cause.into(),
        due: Some(due),
        action: Link::new("/sign.html", action),
        primary,
    }
}

fn my_work() -> web::ui::Page {
    let late = WorkGroup {
        title: "Late".into(),
        items: vec![
            item(Icon::Sign, "Approve as Quality", ("NC-0207", "Torque below limit on 14 of 200 manifold screws"), "asked by J. Keller", Due::new(DueState::Late, on("18 Nov 2026", "2026-11-18"), "3 days late"), "Review and sign", true),
            item(Icon::Training, "Read and sign", ("SOP-014 rev D", "Leak test of the exhalation valve"), "because you release MV-200 lots", Due::new(DueState::Late, on("20 Nov 2026", "2026-11-20"), "1 day late"), "Read", true),
        ],
        more: None,
    };
    let week = WorkGroup {
        title: "This week".into(),
        items: vec![
            item(Icon::Clock, "Decide on reportability", ("CMP-0118", "Alarm did not sound at low airway pressure"), "triage clock, 30 days MDR", Due::new(DueState::Soon, on("23 Nov 2026", "2026-11-23"), "in 2 days"), "Decide", false),
            item(Icon::InReview, "Review the impact", ("ECO-0042", "Valve seat material PEEK instead of POM"), "from CAPA-0031", Due::new(DueState::Soon, on("24 Nov 2026", "2026-11-24"), "in 3 days"), "Review", false),
            item(Icon::Edit, "Complete the root cause", ("CAPA-0031", "Exhalation valve seat leaks above 60 cmH₂O"), "you own it", Due::new(DueState::Open, on("27 Nov 2026", "2026-11-27"), ""), "Continue", false),
        ],
        more: None,
    };
    let later = WorkGroup {
        title: "Later".into(),
        items: vec![
            item(Icon::Calendar, "Periodic review", ("SOP-003 rev F", "Control of nonconforming product"), "every 24 months", Due::new(DueState::Open, on("12 Dec 2026", "2026-12-12"), ""), "Review", false),
            item(Icon::Quality, "Answer the finding", ("AUD-0019 F3", "Calibration label missing on torque wrench TW-44"), "audit of 3 Nov 2026", Due::new(DueState::Open, on("18 Dec 2026", "2026-12-18"), ""), "Answer", false),
        ],
        more: Some(Link::new("/capa.html", "2 more until the end of January")),
    };
    let counts = vec![
        Figure { value: "2".into(), label: "late".into(), tone: Tone::Bad, href: "#".into() },
        Figure { value: "3".into(), label: "due this week".into(), tone: Tone::Neutral, href: "#".into() },
        Figure { value: "4".into(), label: "waiting for others".into(), tone: Tone::Neutral, href: "#".into() },
        Figure { value: "6".into(), label: "records you own".into(), tone: Tone::Neutral, href: "#".into() },
    ];
    let body = html! {
        (PageHead { title: "My work".into(), primary: Some(Link::new("/form.html", "Report a problem")), ..PageHead::default() })
        (figures(&counts))
        (Work { groups: vec![late, week, later] })
    };
    let mut page = page_at(Some(Area::MyWork), "", "My work", body);
    page.flash = vec![Flash {
        lines: vec![("Meaning".into(), "Approval as Quality".into()), ("Time".into(), "21 Nov 2026, 14:02 CET".into()), ("Receipt".into(), "event 18,204".into())],
        links: vec![Link::new("/record.html", "CAPA-0029"), Link::new("/signature.html", "Signature and proof")],
        ..Flash::good("Signed: CAPA-0029 is closed")
    }];
    page
}

/// Number, title, phase, state, owner, due, how due it is, note, actions done and all.
type Capa = (&'static str, &'static str, Phase, &'static str, &'static str, &'static str, DueState, &'static str, u64, u64);

const CAPAS: &[Capa] = &[
    ("CAPA-0031", "Exhalation valve seat leaks above 60 cmH₂O", Phase::InWork, "Action plan", "M. Ortiz", "27 Nov 2026", DueState::Open, "", 3, 8),
    ("CAPA-0030", "Torque drift on manifold screwdriver station 4", Phase::InReview, "Plan in approval", "J. Keller", "23 Nov 2026", DueState::Soon, "in 2 days", 5, 5),
    ("CAPA-0029", "Label printed with expired GTIN on 2 lots", Phase::Closed, "Closed", "A. Novak", "21 Nov 2026", DueState::Done, "", 6, 6),
    ("CAPA-0028", "Supplier POM granulate outside melt index", Phase::InWork, "Implementation", "S. Lindqvist", "14 Nov 2026", DueState::Late, "7 days late", 2, 9),
    ("CAPA-0027", "Training gap: leak test performed by 3 untrained operators", Phase::Effective, "Effectiveness check", "M. Ortiz", "15 Jan 2027", DueState::Open, "", 7, 7),
    ("CAPA-0026", "Software alarm threshold not restored after restart", Phase::InWork, "Root cause", "P. Adeyemi", "30 Nov 2026", DueState::Open, "", 1, 4),
    ("CAPA-0025", "Packaging seal strength below 1.5 N on line 2", Phase::Effective, "Effectiveness check", "J. Keller", "4 Dec 2026", DueState::Open, "", 4, 4),
    ("CAPA-0024", "Duplicate of CAPA-0022", Phase::Void, "Void", "A. Novak", "", DueState::Open, "", 0, 0),
    ("CAPA-0023", "Particles found in cleanroom bag of turbine", Phase::Draft, "Draft", "S. Lindqvist", "11 Dec 2026", DueState::Open, "", 0, 2),
    ("CAPA-0022", "Gas inlet filter assembled upside down", Phase::Closed, "Closed", "P. Adeyemi", "2 Oct 2026", DueState::Done, "", 5, 5),
];

fn list() -> web::ui::Page {
    let rows = CAPAS.iter().map(|(number, title, phase, word, owner, due, state, note, done, total)| Row {
        value: (*number).into(),
        label: (*number).into(),
        cells: vec![
            main_cell("/record.html", number, ""),
            Cell::Long((*title).into()),
            Cell::Chip(Chip::new(*phase, *word)),
            Cell::text(*owner),
            if due.is_empty() { Cell::Empty } else { Cell::Due(Due::new(*state, on(due, "2026-11-27"), *note)) },
            if *total == 0 { Cell::Empty } else { Cell::Progress { done: *done, total: *total } },
            if *number == "CAPA-0031" || *number == "CAPA-0026" { Cell::Tag(Tag::new(Tone::Warn, "Reportable")) } else { Cell::Empty },
        ],
    });
    let sortable = |label: &str, sorted: Option<Sort>| Column { sort_href: Some("?sort=".into()), sorted, ..Column::new(label) };
    let view = ListView {
        label: "CAPA, all open and recent".into(),
        views: [("Open and recent", Some(10), true), ("Mine", Some(2), false), ("Late", Some(1), false), ("Effectiveness checks", Some(2), false), ("All", Some(31), false)]
            .iter()
            .map(|(label, count, current)| Tab { href: "#".into(), label: (*label).into(), count: *count, current: *current, ..Tab::default() })
            .collect(),
        action: "/capa.html".into(),
        filters: vec![
            Filter { name: "q".into(), label: "Number or words".into(), kind: FilterKind::Text, value: String::new() },
            Filter { name: "phase".into(), label: "Phase".into(), kind: FilterKind::Choice(vec![Offer::new("in_work", "In work"), Offer::new("in_review", "In review")]), value: String::new() },
            Filter { name: "owner".into(), label: "Owner".into(), kind: FilterKind::Record("person".into()), value: String::new() },
            Filter { name: "product".into(), label: "Product".into(), kind: FilterKind::Choice(vec![Offer::new("mv200", "MV-200"), Offer::new("mv300", "MV-300")]), value: "mv200".into() },
        ],
        active: vec![ActiveFilter { label: "Product: MV-200".into(), remove_href: "#".into() }],
        clear_href: Some("#".into()),
        column_offers: ["Number", "Title", "State", "Owner", "Due", "Actions", "Marks", "Source", "Site"].iter().enumerate().map(|(index, label)| ColumnOffer { key: label.to_lowercase(), label: (*label).into(), shown: index < 7 }).collect(),
        menus: vec![
            export_menu("/capa.csv", "/capa.xlsx"),
            Menu { quiet: true, label: "View".into(), icon: Some(Icon::Shared), items: vec![MenuItem::link("Save as a new view", "#", None), MenuItem::link("Share this view with Quality", "#", None)], ..Menu::default() },
        ],
        columns: vec![sortable("Number", None), sortable("Title", None), sortable("State", None), sortable("Owner", None), sortable("Due", Some(Sort::Up)), Column::new("Actions done"), Column::new("Marks")],
        rows: rows.collect(),
        totals: vec![Cell::text("10 records"), Cell::Empty, Cell::Empty, Cell::Empty, Cell::text("1 late"), Cell::text("33 of 50"), Cell::text("2 reportable")],
        bulk: Some(Bulk { action: "#".into(), hidden: Vec::new(), actions: vec![("assign".into(), "Change the owner".into()), ("due".into(), "Ask for an extension".into()), ("print".into(), "Print".into())] }),
        pager: Pager { position: "1–10 of 31".into(), previous: None, next: Some("#".into()) },
        ..ListView::default()
    };
    let body = html! {
        (PageHead { crumbs: vec![Link::new("#", "Quality")], title: "Corrective and preventive actions".into(), primary: Some(Link::new("/form.html", "New CAPA")), ..PageHead::default() })
        (view)
    };
    page_at(Some(Area::Quality), "CAPA", "CAPA", body)
}

fn empty() -> web::ui::Page {
    let state = EmptyState {
        icon: Some(Icon::Suppliers),
        title: "No supplier is approved yet".into(),
        text: "Parts can be bought only from an approved supplier. A supplier becomes approved in three steps.".into(),
        steps: vec!["Enter the supplier with its sites and the parts it makes.".into(), "Send the questionnaire or record an audit.".into(), "Sign the approval; its scope and next review date are kept with it.".into()],
        primary: Some(Link::new("/form.html", "Enter a supplier")),
        others: vec![Link::new("/import.html", "Import a list")],
        framed: true,
        ..EmptyState::default()
    };
    let body = html! { (PageHead { title: "Approved suppliers".into(), ..PageHead::default() }) (state) };
    page_at(Some(Area::Suppliers), "", "Approved suppliers", body)
}

fn import() -> web::ui::Page {
    let body = html! {
        (PageHead { crumbs: vec![Link::new("#", "Engineering"), Link::new("#", "Imports")], title: "Import of ventilator-fi5-rev1.xlsx".into(), lead: "Nothing is written before all rows are checked and you confirm.".into(), ..PageHead::default() })
        (Progress { label: "Checking rows".into(), done: 3412, total: Some(5120), now: "Row 3,412: bracket, left, 510-0311".into(), poll_href: None }.render())
    };
    page_at(Some(Area::Engineering), "Imports", "Import", body)
}
