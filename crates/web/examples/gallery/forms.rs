//! A form with errors, a grid one types into, the sign dialog, a confirmation, refusals.

use crate::Sheet;
use crate::frame::{at, page_at};
use maud::{Markup, Render, html};
use web::ui::{
    Area, BlockLine, Confirm, EntryColumn, EntryGrid, EntryRow, ErrorPage, Form, FormGroup, Input, InputKind, InputWidth, Link, Offer, PageHead, SignDialog, SignedBy,
    Submit,
};

pub fn sheets() -> Vec<Sheet> {
    let sign_page = html! { (sign().page()) };
    let confirm = Confirm {
        title: "Void CAPA-0024?".into(),
        consequences: vec!["The record stays readable with its number, trail and signatures.".into(), "Its 2 open actions end; their owners are told.".into(), "This cannot be undone.".into()],
        reason: Some(("Why is it void?".into(), 2000)),
        button: "Void the record".into(),
        cancel: Link::new("/record.html", "Keep it"),
        ..Confirm::default()
    };
    vec![
        ("form", page_at(Some(Area::Quality), "Complaints", "New complaint", form())),
        ("fmea", page_at(Some(Area::Design), "", "FMEA rows", fmea())),
        ("sign", page_at(Some(Area::Quality), "CAPA", "Sign CAPA-0031", sign_page)),
        ("confirm", page_at(Some(Area::Quality), "CAPA", "Void CAPA-0024", confirm.page())),
        ("blocked", page_at(Some(Area::Quality), "CAPA", "Refused", blocked().render())),
        ("fault", page_at(None, "", "Fault", fault().render())),
    ]
}

fn form() -> Markup {
    let half = |input: Input| Input { width: InputWidth::Half, ..input };
    let required = |input: Input| Input { required: true, ..input };
    let third = |input: Input| Input { width: InputWidth::Third, ..input };
    let what = FormGroup {
        title: "What happened".into(),
        inputs: vec![
            required(Input { value: "Alarm did not sound at low airway pressure".into(), max_chars: Some(300), ..Input::new("title", "Title", InputKind::Line) }),
            required(Input { help: "What the user saw, in the user's words. Leave out the patient's name.".into(), keep_draft: true, max_chars: Some(50_000), ..Input::new("description", "Description", InputKind::Block { rows: 5 }) }),
            half(required(Input { error: Some("Give a day that is not after today, 21 Nov 2026".into()), value: "2026-12-21".into(), ..Input::new("event_date", "Date of the event", InputKind::Date { min: String::new(), max: "2026-11-21".into() }) })),
            half(Input::new("became_aware", "Became aware", InputKind::Date { min: String::new(), max: String::new() })),
        ],
        ..FormGroup::default()
    };
    let device = FormGroup {
        title: "Device".into(),
        inputs: vec![
            half(required(Input { error: Some("There is no part 510-99; the nearest is 510-0099 Expiration hose".into()), value: "510-99".into(), help: "Number, GTIN or scanned UDI".into(), ..Input::new("part", "Part", InputKind::Record { kind: "part".into(), chosen: String::new(), recent: vec![Offer::new("510-0007", "Exhalation valve assembly")] }) })),
            half(Input { value: "26-1107".into(), ..Input::new("lot", "Lot or serial number", InputKind::Line) }),
            third(Input::new("count", "Devices", InputKind::Integer { min: Some(1), max: Some(9999), unit: "pcs".into() })),
            third(Input { value: "62.5".into(), ..Input::new("pressure", "Pressure", InputKind::Decimal { unit: "cmH₂O".into() }) }),
            third(Input::new("country", "Country", InputKind::Choice((0..9).map(|n| Offer::new(n.to_string(), ["Italy", "France", "Germany", "Austria", "Spain", "Norway", "Poland", "Japan", "United States"][n])).collect()))),
        ],
        ..FormGroup::default()
    };
    let triage = FormGroup {
        title: "Triage".into(),
        inputs: vec![
            required(Input {
                value: "serious".into(),
                ..Input::new("harm", "Harm", InputKind::Choice(vec![Offer { detail: "Nobody was affected".into(), ..Offer::new("none", "None") }, Offer { detail: "Temporary, no treatment needed".into(), ..Offer::new("minor", "Minor") }, Offer { detail: "Treatment needed; the 10-day clock starts".into(), ..Offer::new("serious", "Serious") }]))
            }),
            required(Input { error: Some("Answer yes or no".into()), ..Input::new("returned", "Is the device coming back?", InputKind::YesNo) }),
            half(required(Input { value: "Mara Ortiz".into(), ..Input::new("owner", "Owner", InputKind::Person { chosen: "Quality engineer, Bologna".into() }) })),
            Input { help: "Photos, delivery note, log files. At most 50 MB each.".into(), ..Input::new("files", "Files", InputKind::File { accept: "image/*,.pdf,.csv".into(), several: true }) },
        ],
        ..FormGroup::default()
    };
    let form = Form {
        id: "complaint".into(),
        action: "#".into(),
        hidden: vec![("key".into(), "7d1c".into())],
        groups: vec![what, device, triage],
        submit: Submit::new("Open complaint"),
        others: vec![Submit { name: "do".into(), value: "draft".into(), label: "Keep as draft".into() }],
        cancel: Some(Link::new("/my-work.html", "Cancel")),
        draft_key: Some("complaint/new".into()),
        ..Form::default()
    };
    html! {
        (PageHead { crumbs: vec![Link::new("#", "Quality"), Link::new("#", "Complaints")], title: "New complaint".into(), ..PageHead::default() })
        (form)
    }
}

fn fmea() -> Markup {
    let scale: Vec<Offer> = (1..=10).map(|n| Offer::new(n.to_string(), n.to_string())).collect();
    let text = |name: &str, label: &str| EntryColumn { name: name.into(), label: label.into(), max_chars: Some(300), ..EntryColumn::default() };
    let pick = |name: &str, label: &str| EntryColumn { name: name.into(), label: label.into(), offers: scale.clone(), ..EntryColumn::default() };
    let row = |key: &str, values: [&str; 7]| EntryRow { key: key.into(), values: values.iter().map(|value| (*value).to_owned()).collect(), errors: Vec::new() };
    let mut rows = vec![
        row("1", ["Seat the diaphragm", "Seat creeps under clamp load", "Leak above 0.5 L/min", "8", "4", "3", "High"]),
        row("2", ["Seat the diaphragm", "Diaphragm torn at assembly", "Leak at any pressure", "8", "2", "2", "Medium"]),
        row("3", ["Measure the flow", "Hot wire contaminated", "Volume reads 8 % low", "6", "3", "4", "Medium"]),
        row("4", ["Sound the alarm", "Threshold lost after restart", "Alarm does not sound", "10", "2", "5", "High"]),
    ];
    rows[2].errors = vec![(2, "Name the effect on the patient".into())];
    let grid = EntryGrid {
        id: "fmea-grid".into(),
        label: "FMEA rows of 510-0007".into(),
        action: "#".into(),
        columns: vec![text("function", "Function"), text("mode", "Failure mode"), text("effect", "Effect"), pick("s", "S"), pick("o", "O"), pick("d", "D"), EntryColumn { name: "ap".into(), label: "Priority".into(), locked: true, ..EntryColumn::default() }],
        rows,
        submit: "Save rows".into(),
        ..EntryGrid::default()
    };
    html! { (PageHead { title: "FMEA of the exhalation valve".into(), lead: "Design FMEA, 510-0007 rev D. Priority follows the table AIAG & VDA 2019.".into(), ..PageHead::default() }) (grid) }
}

pub fn sign() -> SignDialog {
    SignDialog {
        what: "Corrective and preventive action".into(),
        number: "CAPA-0031".into(),
        title: "Exhalation valve seat leaks above 60 cmH₂O".into(),
        rendition: Link::new("#", "CAPA-0031 version 9, 6 pages"),
        digest_head: "9c41f07e".into(),
        meaning: "Approval: implementation is complete and verified".into(),
        role: "Quality engineer".into(),
        signer: "Mara Ortiz".into(),
        others_signed: vec![
            SignedBy { name: "Peter Adeyemi".into(), meaning: "review as Engineering".into(), when: Some(at(21, "11:48")) },
            SignedBy { name: "Jonas Keller".into(), meaning: "approval as Head of Quality".into(), when: None },
        ],
        consequences: vec!["Releases 7 parts and 510-0007 rev D with ECO-0042".into(), "Makes SOP-014 rev D effective on 1 Dec 2026".into(), "Assigns training to 42 people, due 12 Dec 2026".into()],
        needs_login: true,
        comment: Some(false),
        action_url: "#".into(),
        cancel_href: "/record.html".into(),
        button: "Sign".into(),
        valid_until: Some(at(21, "14:07")),
        ..SignDialog::default()
    }
}

/// What the server answers when the dialog is fetched over a page.
pub fn sign_fragment() -> Markup {
    sign().render()
}

fn blocked() -> ErrorPage {
    ErrorPage {
        status: 409,
        message: "CAPA-0031 cannot be closed yet".into(),
        blockers: vec![
            BlockLine { text: "The change order that corrects it is in review.".into(), links: vec![Link::new("#", "ECO-0042").detail("Valve seat material PEEK instead of POM")], rule: "FRS-CAPA-017".into() },
            BlockLine { text: "Training on SOP-014 rev D: 3 of 12 open.".into(), links: vec![Link::new("#", "E. Conti"), Link::new("#", "O. Haddad"), Link::new("#", "A. Lopez")], rule: "FRS-CAPA-018".into() },
        ],
        advice: "It can be closed as soon as ECO-0042 is released and the three people have signed.".into(),
        ways_out: vec![Link::new("/record.html", "Back to CAPA-0031"), Link::new("#", "Remind the three people")],
        ..ErrorPage::default()
    }
}

fn fault() -> ErrorPage {
    ErrorPage {
        status: 500,
        message: "Something went wrong on our side".into(),
        advice: "What you typed is kept on this machine. Try again in a minute; if it happens again, give the reference to your administrator.".into(),
        ways_out: vec![Link::new("/form.html", "Try again"), Link::new("/my-work.html", "My work")],
        reference: "0193-7ac2-5e11".into(),
        ..ErrorPage::default()
    }
}
