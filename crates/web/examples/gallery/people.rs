//! Sign-in, the learner's pages, the inspector's view.

use crate::Sheet;
use crate::frame::{at, on, page, page_at};
use maud::{Render, html};
use web::ui::{Area, Chip, Claim, FormError, Frame, Lesson, LessonStep, Link, NavItem, Page, PageHead, Phase, Question, QuestionKind, SignIn, Story, When};

pub fn sheets() -> Vec<Sheet> {
    vec![("sign-in", sign_in()), ("learner", learner()), ("quiz", quiz()), ("inspector", inspector())]
}

fn sign_in() -> Page {
    let body = SignIn {
        action: "#".into(),
        login: "m.ortiz".into(),
        errors: vec![FormError { target: "secret".into(), text: "User name or password is wrong. 4 attempts are left.".into() }],
        others: vec![Link::new("#", "Use your company account")],
        organisation: "Respira Medical, Bologna".into(),
        notice: "Every action here is recorded with your name. Do not share your password: your signature is legally yours.".into(),
        ..SignIn::default()
    };
    Page { title: "Sign in".into(), frame: Frame::Bare, body: body.render(), ..Page::default() }
}

fn lesson() -> Lesson {
    let step = |word: &str, done, current| LessonStep { word: word.into(), done, current, href: done.then(|| "#".to_owned()) };
    Lesson {
        about: "SOP-014 rev D".into(),
        title: "Leak test of the exhalation valve".into(),
        because: "You get this because you release MV-200 lots.".into(),
        due: Some(on("12 Dec 2026", "2026-12-12")),
        steps: vec![step("What changed", true, false), step("Read", false, true), step("Check", false, false), step("Sign", false, false)],
        draft_key: "lesson/trn-0088".into(),
        action: "#".into(),
        ..Lesson::default()
    }
}

fn learner() -> Page {
    let body = Lesson {
        changes: vec![
            "The test pressure is 80 cmH₂O instead of 60.".into(),
            "Hold the pressure for 30 seconds; before it was 10.".into(),
            "Use fixture FX-22. FX-19 is withdrawn.".into(),
        ],
        changes_link: Some(Link::new("#", "Show old and new side by side")),
        body: html! {
            h2 { "1 Purpose" }
            p { "This procedure describes how an exhalation valve is tested for leakage before release. It applies to 510-0007 rev D and later." }
            h2 { "2 Test" }
            ol {
                li { "Put the valve on fixture FX-22 with the seat upwards and close the clamp until it clicks." }
                li { "Raise the pressure to 80 cmH₂O within 5 seconds." }
                li { "Hold for 30 seconds and read the leak in L/min." }
                li { "A leak above 0.5 L/min fails the valve: put it in the red bin and open a nonconformance." }
            }
        },
        acknowledgement: Some("I have read and understood SOP-014 rev D.".into()),
        button: "Continue to the check".into(),
        ..lesson()
    };
    Page { title: "SOP-014 rev D".into(), frame: Frame::Learner { back: Link::new("/my-work.html", "My work") }, person: page(None, "", html! {}).person, body: body.render(), ..Page::default() }
}

fn quiz() -> Page {
    let answer = |value: &str, text: &str| (value.to_owned(), text.to_owned());
    let body = Lesson {
        questions: vec![
            Question { name: "q1".into(), text: "At what pressure is the valve tested?".into(), kind: QuestionKind::One, answers: vec![answer("a", "40 cmH₂O"), answer("b", "60 cmH₂O"), answer("c", "80 cmH₂O")], chosen: vec!["b".into()], verdict: Some((false, "Rev D raised it to 80 cmH₂O; see 2 Test.".into())) },
            Question { name: "q2".into(), text: "Which of these fail a valve?".into(), kind: QuestionKind::Several, answers: vec![answer("a", "Leak of 0.6 L/min after 30 seconds"), answer("b", "Clamp does not click"), answer("c", "Pressure reached after 4 seconds")], ..Question::default() },
            Question { name: "q3".into(), text: "What do you do with a failed valve?".into(), kind: QuestionKind::Text, ..Question::default() },
        ],
        button: "Hand in".into(),
        ..lesson()
    };
    Page { title: "Check of SOP-014".into(), frame: Frame::Learner { back: Link::new("/my-work.html", "My work") }, body: body.render(), ..Page::default() }
}

fn inspector() -> Page {
    let claim = |when: When, number: &str, title: &str, phase, word: &str, text: &str, evidence: &[&str], event: &str| Claim {
        when,
        record: Link::new("#", number).detail(title),
        state: Some(Chip::new(phase, word)),
        text: text.into(),
        evidence: evidence.iter().map(|name| Link::new("#", *name)).collect(),
        proof_text: format!("In the trail as event {event}; anchored in 2 places."),
        proof: Some(Link::new("#", "Check it")),
        proven: true,
    };
    let mut claims = vec![
        claim(on("3 Aug 2026, 08:40 CEST", "2026-08-03T06:40:00Z"), "CMP-0118", "Alarm did not sound at low airway pressure", Phase::Closed, "Closed", "The complaint was judged reportable on the day it arrived; MDR 3004 was filed after 6 of 30 days.", &["Decision, tree version 4", "MDR file and acknowledgement"], "17,702"),
        claim(on("10 Aug 2026, 09:12 CEST", "2026-08-10T07:12:00Z"), "CAPA-0031", "Exhalation valve seat leaks above 60 cmH₂O", Phase::Closed, "Closed", "A CAPA was opened from it. Root cause: the POM seat creeps above 45 °C.", &["Signed copy, 6 pages", "Measurement of 40 seats"], "17,705"),
        claim(on("8 Oct 2026, 15:20 CEST", "2026-10-08T13:20:00Z"), "ECO-0042", "Valve seat material PEEK instead of POM", Phase::Closed, "Released", "Seven parts and SOP-014 rev D were released together, with 3 signatures.", &["Redline", "3 signatures"], "17,991"),
        claim(on("19 Oct 2026, 17:05 CEST", "2026-10-19T15:05:00Z"), "TRN-0088", "Leak test with the new fixture", Phase::Closed, "12 of 12", "All 12 operators who perform the leak test signed SOP-014 rev D before their next lot.", &["12 training records", "Lots per operator"], "18,196"),
    ];
    claims[2].proven = false;
    claims[2].proof_text = "One stored field differs from the trail (table part, column mass).".into();
    let body = html! {
        (PageHead { title: "From complaint to trained operator".into(), lead: "CMP-0118 and everything that followed from it, oldest first.".into(), ..PageHead::default() })
        (crate::drawings::story())
        (Story { label: "Claims".into(), claims })
    };
    let mut page: Page = page_at(Some(Area::Quality), "CAPA", "Story of CMP-0118", body);
    page.nav = vec![
        NavItem { area: Area::Quality, href: "#".into(), count: None, late: false, pages: Vec::new() },
        NavItem { area: Area::Training, href: "#".into(), count: None, late: false, pages: Vec::new() },
        NavItem { area: Area::Reports, href: "#".into(), count: None, late: false, pages: Vec::new() },
    ];
    page.frame = Frame::Inspector { scope: "CAPA and complaints of MV-200, 2025 to 2026".into(), expires: at(22, "18:00"), request: "INS-0004 item 12".into() };
    if let Some(person) = &mut page.person {
        person.name = "R. Whitfield".into();
        person.initials = "RW".into();
        person.role = "Inspector, guest of Respira Medical".into();
        person.items.truncate(0);
    }
    page.sites.truncate(1);
    page
}
