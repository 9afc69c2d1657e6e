//! The record page of a CAPA with everything that can stand on it.

use crate::Sheet;
use crate::frame::{at, on, page_at};
use maud::{Render, html};
use web::ui::record::link_rows;
use web::ui::sign::signatures;
use web::ui::{
    Area, AsOf, Banner, BannerKind, BlockLine, Change, Chip, Due, DueState, EntryKind, Fact, FieldGroup, FieldValue, FieldView, Filter, FilterKind, Icon,
    LifecycleStep, Link, LinkRow, Menu, MenuItem, NextStep, Offer, Phase, RecordHead, RecordPage, Section, SignatureState, SignatureView, StepAction, StepMark,
    Tag, Timeline, TimelineEntry, Tone,
};

pub fn sheets() -> Vec<Sheet> {
    let mut past = page_at(Some(Area::Quality), "CAPA", "CAPA-0031 as of 12 Nov 2026", record(false).render());
    past.as_of = Some(AsOf { past: Some(on("12 Nov 2026", "2026-11-12")), action: "#".into(), keep: Vec::new(), today_href: "/record.html".into() });
    vec![("record", page_at(Some(Area::Quality), "CAPA", "CAPA-0031", record(true).render())), ("record-past", past)]
}

fn record(today: bool) -> RecordPage {
    RecordPage {
        head: if today { head() } else { RecordHead { primary: None, more: Menu::default(), ..head() } },
        banners: if today { banners() } else { vec![broken()] },
        lifecycle: lifecycle(),
        next: if today { next() } else { NextStep { waiting: "On 12 Nov 2026 the action plan was waiting for the approval of J. Keller.".into(), ..NextStep::default() } },
        sections: vec![fields(), causes(), links(), obligations(), signed(), timeline()],
        rail: html! {},
    }
}

fn head() -> RecordHead {
    RecordHead {
        crumbs: vec![Link::new("#", "Quality"), Link::new("/capa.html", "CAPA")],
        kind: "Corrective and preventive action".into(),
        number: "CAPA-0031".into(),
        revision: String::new(),
        title: "Exhalation valve seat leaks above 60 cmH₂O".into(),
        state: Chip::new(Phase::InWork, "Implementation"),
        tags: vec![Tag::new(Tone::Warn, "Reportable")],
        facts: vec![
            Fact::text("Owner", "Mara Ortiz"),
            Fact::due(&Due::new(DueState::Soon, on("27 Nov 2026", "2026-11-27"), "in 6 days")),
            Fact::text("Product", "MV-200 ventilator"),
            Fact::text("Site", "Bologna"),
            Fact::text("Source", "Complaint CMP-0118"),
        ],
        primary: Some(StepAction { label: "Sign implementation".into(), href: "/sign.html".into(), signed: true, ..StepAction::default() }),
        more: Menu {
            label: "More actions".into(),
            icon_only: true,
            icon: Some(Icon::More),
            items: vec![
                MenuItem::link("Edit fields", "/form.html", Some(Icon::Edit)),
                MenuItem::link("Link a record", "#", Some(Icon::Link)),
                MenuItem::link("Ask for an extension", "#", Some(Icon::Calendar)),
                MenuItem::link("Print with signatures", "#", Some(Icon::Print)),
                MenuItem::Line,
                MenuItem::Confirm { label: "Void this CAPA".into(), href: "/confirm.html".into(), icon: Some(Icon::Void), danger: true },
            ],
            ..Menu::default()
        },
    }
}

fn banners() -> Vec<Banner> {
    vec![Banner {
        kind: BannerKind::Hold,
        title: "On hold since 19 Nov 2026: lots 26-1107 to 26-1119 of MV-200".into(),
        text: "Nothing of these lots may be released, shipped or used. Placed by J. Keller.".into(),
        links: vec![Link::new("#", "HLD-0012")],
        actions: vec![Link::new("#", "Show the hold")],
    }]
}

fn broken() -> Banner {
    Banner {
        kind: BannerKind::Broken,
        title: "Evidence broken: the stored text of “Root cause” does not match its trail".into(),
        text: "Found by the check of 21 Nov 2026, 13:40 CET. Nothing can be signed on this record until it is explained.".into(),
        links: Vec::new(),
        actions: vec![Link::new("#", "Show both values")],
    }
}

fn lifecycle() -> Vec<LifecycleStep> {
    let step = |word: &str, mark, date: Option<u8>| LifecycleStep { word: word.into(), mark, at: date.map(|day| at(day, "10:00")) };
    vec![
        step("Draft", StepMark::Done, Some(3)),
        step("Root cause", StepMark::Done, Some(9)),
        step("Action plan", StepMark::Done, Some(13)),
        step("Implementation", StepMark::Now, None),
        step("Effectiveness check", StepMark::Ahead, None),
        step("Closed", StepMark::Ahead, None),
    ]
}

fn next() -> NextStep {
    NextStep {
        steps: vec![
            StepAction { label: "Sign implementation".into(), href: "/sign.html".into(), signed: true, note: "Confirms that all 8 actions are done and starts the effectiveness window of 90 days.".into(), ..StepAction::default() },
            StepAction {
                label: "Close".into(),
                blocked: vec![
                    BlockLine { text: "Change order is not released".into(), links: vec![Link::new("#", "ECO-0042").detail("in review")], rule: "FRS-CAPA-017".into() },
                    BlockLine { text: "Training: 3 of 12 open".into(), links: vec![Link::new("/matrix.html", "SOP-014 rev D")], rule: "FRS-CAPA-018".into() },
                    BlockLine { text: "Effectiveness check ends 15 Feb 2027".into(), links: Vec::new(), rule: "FRS-CAPA-021".into() },
                ],
                ..StepAction::default()
            },
        ],
        primary_in_head: true,
        ..NextStep::default()
    }
}

fn fields() -> Section {
    let problem = FieldGroup {
        title: "Problem".into(),
        fields: vec![
            FieldView::new("What happened", FieldValue::Block("At 60 cmH₂O and above, 3 of 40 returned exhalation valves leak more than 2.0 L/min (limit 0.5 L/min).\nFirst seen at Ospedale Maggiore on 28 Oct 2026; no injury. The low-pressure alarm sounded in all cases but one.".into())),
            FieldView::new("Severity", FieldValue::Choice("4, serious".into())),
            FieldView::new("Occurrence", FieldValue::Number { value: "7.5".into(), unit: "%".into() }),
            FieldView::new("Lots", FieldValue::Line("26-1107 to 26-1119".into())),
            FieldView::new("Reportable", FieldValue::YesNo(true)),
            FieldView::new("Detected at", FieldValue::Line("Customer, before use".into())),
            FieldView::new("Customer reference", FieldValue::None),
        ],
    };
    let plan = FieldGroup {
        title: "Plan".into(),
        fields: vec![
            FieldView::new("Effectiveness measure", FieldValue::Line("Leak above 0.5 L/min in at most 1 of 300 valves over 90 days".into())),
            FieldView::new("Team", FieldValue::Records(vec![Link::new("#", "M. Ortiz"), Link::new("#", "J. Keller"), Link::new("#", "P. Adeyemi")])),
            FieldView { custom: true, ..FieldView::new("Cost centre", FieldValue::Line("4711 Respiratory".into())) },
        ],
    };
    Section { id: "fields".into(), title: "Description".into(), actions: html! { a href="/form.html" { "Edit" } }, body: html! { (problem) (plan) }, ..Section::default() }
}

fn causes() -> Section {
    let group = FieldGroup {
        title: String::new(),
        fields: vec![
            FieldView::new("Root cause", FieldValue::Block("POM valve seats creep under clamp load above 45 °C; the seat recess deepens by 0.04 mm within 600 hours.".into())),
            FieldView::new("Method", FieldValue::Line("5-why and measurement of 40 returned seats".into())),
        ],
    };
    Section { id: "cause".into(), title: "Root cause".into(), body: group.render(), ..Section::default() }
}

fn links() -> Section {
    let row = |relation: &str, number: &str, title: &str, phase, word: &str, suspect| LinkRow {
        relation: relation.into(),
        record: Link::new("#", number).detail(title),
        state: Chip::new(phase, word),
        suspect,
        end: html! {},
    };
    let rows = [
        row("Caused by", "CMP-0118", "Alarm did not sound at low airway pressure", Phase::InWork, "Investigation", false),
        row("Corrected by", "ECO-0042", "Valve seat material PEEK instead of POM", Phase::InReview, "In review", false),
        row("Changes", "SOP-014 rev D", "Leak test of the exhalation valve", Phase::Effective, "Effective", false),
        row("Assesses", "RSK-0007", "Risk file MV-200, hazard 12 leakage", Phase::Effective, "Effective", true),
        row("Trains", "TRN-0088", "Leak test with the new fixture", Phase::InWork, "9 of 12 done", false),
    ];
    Section {
        id: "links".into(),
        title: "Links".into(),
        count: Some(5),
        alarm: "1 suspect".into(),
        body: html! { (crate::drawings::link_graph()) (link_rows(&rows)) },
        ..Section::default()
    }
}

fn obligations() -> Section {
    let row = |what: &str, who: &str, due: Due| html! { li { span.grow { (what) } span.muted { (who) } span.end { (due) } } };
    let body = html! {
        ul.rows {
            (row("Replace seats in stock and on the line (412 pieces)", "P. Adeyemi", Due::new(DueState::Done, on("16 Nov 2026", "2026-11-16"), "")))
            (row("Update the leak test to 80 cmH₂O", "J. Keller", Due::new(DueState::Done, on("19 Nov 2026", "2026-11-19"), "")))
            (row("Train all operators of line 2 on SOP-014 rev D", "S. Lindqvist", Due::new(DueState::Late, on("20 Nov 2026", "2026-11-20"), "1 day late")))
            (row("Inform 6 hospitals with lots 26-1107 to 26-1119", "M. Ortiz", Due::new(DueState::Open, on("25 Nov 2026", "2026-11-25"), "")))
        }
    };
    Section { id: "actions".into(), title: "Actions".into(), count: Some(8), alarm: "1 late".into(), note: "5 of 8 done".into(), actions: html! { a href="#" { "Add an action" } }, body }
}

fn signed() -> Section {
    let list = [
        SignatureView { state: SignatureState::Valid, name: "Jonas Keller".into(), meaning: "Approval of the action plan".into(), role: "Head of Quality".into(), when: Some(at(13, "16:40")), covers: "Version 7, digest 3f9a1c02".into(), proof: Some(Link::new("#", "Proof")), ..SignatureView::default() },
        SignatureView { state: SignatureState::Valid, name: "Peter Adeyemi".into(), meaning: "Review of the root cause".into(), role: "Engineering".into(), when: Some(at(9, "11:15")), covers: "Version 5, digest 77b0e4d1".into(), proof: Some(Link::new("#", "Proof")), comment: "Creep curve checked against supplier data.".into(), ..SignatureView::default() },
        SignatureView { state: SignatureState::Open, name: "Mara Ortiz".into(), meaning: "Responsibility for implementation".into(), role: "Owner".into(), open_note: "due 27 Nov 2026".into(), ..SignatureView::default() },
    ];
    Section { id: "signatures".into(), title: "Signatures".into(), count: Some(3), body: signatures(&list), ..Section::default() }
}

fn timeline() -> Section {
    let change = |label: &str, before: &str, after: &str| Change { label: label.into(), before: before.into(), after: after.into() };
    let entries = vec![
        TimelineEntry { kind: EntryKind::Alarm, when: at(20, "08:00"), who: "Plumb".into(), sentence: "escalated the late training of 3 operators to S. Lindqvist.".into(), ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::Changed, when: at(19, "17:21"), who: "M. Ortiz".into(), sentence: "changed the severity and the lots.".into(), changes: vec![change("Severity", "3, moderate", "4, serious"), change("Lots", "26-1107", "26-1107 to 26-1119"), change("Customer reference", "HC-771", "")], reason: "Second hospital reported the same leak.".into(), ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::Linked, when: at(19, "09:04"), who: "P. Adeyemi".into(), sentence: "linked the change order".into(), links: vec![Link::new("#", "ECO-0042")], ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::Signed, when: at(13, "16:40"), who: "J. Keller".into(), sentence: "approved the action plan as Quality: 8 actions, effectiveness over 90 days.".into(), signature: vec![("Meaning".into(), "Approval".into()), ("Digest".into(), "3f9a1c02".into())], proof: Some(Link::new("#", "Event 17,880 and its proof")), ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::Step, when: at(13, "11:02"), who: "M. Ortiz".into(), sentence: "submitted the action plan for approval.".into(), ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::File, when: at(9, "10:31"), who: "P. Adeyemi".into(), sentence: "added seat-creep-measurement.xlsx (40 parts).".into(), ..TimelineEntry::default() },
        TimelineEntry { kind: EntryKind::Created, when: at(3, "09:12"), who: "M. Ortiz".into(), sentence: "opened this CAPA from the complaint".into(), links: vec![Link::new("#", "CMP-0118")], ..TimelineEntry::default() },
    ];
    let filters = vec![
        Filter { name: "who".into(), label: "Person".into(), kind: FilterKind::Choice(vec![Offer::new("mo", "M. Ortiz"), Offer::new("jk", "J. Keller")]), value: String::new() },
        Filter { name: "field".into(), label: "Field".into(), kind: FilterKind::Choice(vec![Offer::new("severity", "Severity"), Offer::new("lots", "Lots")]), value: String::new() },
        Filter { name: "from".into(), label: "From".into(), kind: FilterKind::Date, value: String::new() },
    ];
    let body = Timeline { action: Some("/record.html".into()), filters, entries, older: Some(Link::new("#", "41 older entries")) };
    Section { id: "timeline".into(), title: "Timeline".into(), count: Some(48), body: body.render(), ..Section::default() }
}
