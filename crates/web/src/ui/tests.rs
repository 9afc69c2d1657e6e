//! What holds for whole pages: nothing inline, hostile text stays text, the parts name one another.

use super::*;
use maud::{Render, html};

const HOSTILE: &str = "</script><script>alert(1)</script>\" onmouseover=\"x' style='";

fn page(frame: Frame) -> Page {
    Page {
        title: HOSTILE.into(),
        area: Some(Area::Quality),
        nav: vec![NavItem {
            area: Area::Quality,
            href: "/q".into(),
            count: Some(3),
            late: true,
            pages: vec![NavLink { label: HOSTILE.into(), href: "/c".into(), current: true, count: None }],
        }],
        person: Some(PersonMenu { name: HOSTILE.into(), initials: "MO".into(), role: HOSTILE.into(), items: vec![MenuItem::Note(HOSTILE.into())] }),
        sites: vec![SiteOffer { name: HOSTILE.into(), href: HOSTILE.into(), current: true }, SiteOffer::default()],
        as_of: Some(AsOf { past: Some(When::new("12 Nov 2026", "2026-11-12")), action: "/c".into(), keep: vec![("q".into(), HOSTILE.into())], today_href: "/c".into() }),
        flash: vec![Flash::good(HOSTILE)],
        frame,
        body: html! { (HOSTILE) },
        foot: vec![HOSTILE.into()],
        printed: HOSTILE.into(),
    }
}

fn frames() -> [Frame; 4] {
    let inspector = Frame::Inspector { scope: HOSTILE.into(), expires: When::new("22 Nov 2026", "2026-11-22"), request: HOSTILE.into() };
    [Frame::Work, inspector, Frame::Bare, Frame::Learner { back: Link::new("/", HOSTILE) }]
}

#[test]
fn a_page_has_no_inline_script_or_style() {
    for frame in frames() {
        let markup = page(frame).render().into_string();
        let scripts = markup.matches("<script").count();
        assert_eq!((scripts, markup.matches("<script src=").count() + markup.matches(r#"<script type="module" src="#).count()), (2, 2));
        assert!(!markup.contains("<style") && !markup.contains(" style=\"") && !markup.contains(" onmouseover=\""));
    }
}

#[test]
fn a_page_of_the_past_says_so_in_a_banner() {
    let markup = page(Frame::Work).render().into_string();
    assert!(markup.contains("As of 12 Nov 2026") && markup.contains("Back to today"));
}

#[test]
fn only_the_working_frames_show_areas() {
    let shows = frames().map(|frame| page(frame).render().into_string().contains(r#"id="areas""#));
    assert_eq!(shows, [true, true, false, false]);
}

#[test]
fn a_blocked_step_is_no_button_and_links_to_what_blocks_it() {
    let blocked = StepAction {
        label: "Close".into(),
        href: "/close".into(),
        blocked: vec![BlockLine { text: "Training: 3 of 12 open".into(), links: vec![Link::new("/r/SOP-014", "SOP-014 rev D")], rule: "FRS-CAPA-018".into() }],
        ..StepAction::default()
    };
    let head = RecordHead { primary: Some(blocked.clone()), ..RecordHead::default() };
    let record = RecordPage { head, next: NextStep { steps: vec![blocked], ..NextStep::default() }, ..RecordPage::default() };
    let markup = record.render().into_string();
    assert!(markup.contains(r#"href="/r/SOP-014""#) && markup.contains("Training: 3 of 12 open"));
    assert!(!markup.contains(r#"href="/close""#), "a step that cannot be taken is not offered");
}

#[test]
fn the_index_of_a_record_leads_to_its_sections() {
    let section = Section { id: "links".into(), title: "Links".into(), count: Some(5), ..Section::default() };
    let markup = RecordPage { sections: vec![section], ..RecordPage::default() }.render().into_string();
    assert!(markup.contains(r##"href="#links""##) && markup.contains(r#"id="links""#));
}

#[test]
fn a_table_behind_a_drawing_keeps_its_quantities_to_the_right() {
    let leak = print::draw::Bar { label: "Leak".into(), value: 6, ..print::draw::Bar::default() };
    let bars = print::draw::Bars { title: "Causes".into(), bars: vec![leak], ..print::draw::Bars::default() };
    let markup = Picture::new(bars.draw(), bars.table()).render().into_string();
    assert!(markup.contains(r#"<td class="num">6</td>"#) && markup.contains("Show the data"));
}
