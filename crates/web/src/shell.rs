//! The frame around every page for the person who visits: areas, sites, messages, errors.

use crate::edge::{Answer, Visit, status_of};
use crate::text::{capital, href, initials};
use crate::ui::page::Area as UiArea;
use crate::ui::{AsOf, Banner, BannerKind, ErrorPage, Flash, Frame, Icon, Link, MenuItem, NavItem, NavLink, Page, PersonMenu, When};
use base::{Error, Timestamp};
use kernel::kind::{Area, Kind};
use maud::{Markup, Render, html};

/// A page in the usual frame.
pub(crate) fn page(visit: &Visit, title: &str, area: Option<UiArea>, body: Markup) -> Answer {
    Answer::Page(Box::new(framed(visit, title, area, body)))
}

/// As [`page`], before it becomes an answer, for pages that change the frame.
pub(crate) fn framed(visit: &Visit, title: &str, area: Option<UiArea>, body: Markup) -> Page {
    Page {
        title: title.to_owned(),
        area,
        nav: nav(visit),
        person: Some(person_menu(visit)),
        flash: visit.request.flash.iter().map(Flash::good).collect(),
        frame: frame(visit),
        body: html! { (closed(visit)) (body) },
        foot: vec![format!("{} · configuration {}", kernel::SOFTWARE, visit.catalog.revision)],
        printed: printed(visit),
        ..Page::default()
    }
}

/// Who prints the page, and when it was what it says.
fn printed(visit: &Visit) -> String {
    let (actor, now) = (&visit.actor, visit.kernel.now());
    let at = now.display_in(actor.zone()).unwrap_or_else(|_| now.to_rfc3339());
    format!("Printed by {} ({}), {at}", actor.name(), actor.login())
}

/// On every page while nothing can be changed, because the data does not fit a kept checkpoint.
fn closed(visit: &Visit) -> Markup {
    let Some(by) = visit.kernel.closed_by() else { return clock_fault(visit) };
    let banner = Banner {
        kind: BannerKind::Broken,
        title: "Nothing can be changed now".into(),
        text: "The data does not fit a checkpoint that was kept outside the database: an old copy was put back, or the history was rewritten. A quality manager signs why.".into(),
        links: vec![Link::new(href(&by), by.label())],
        ..Banner::default()
    };
    html! { div.banners { (banner) } }
}

/// On every page while nothing can be signed, because the clock of the server went back.
fn clock_fault(visit: &Visit) -> Markup {
    let fault = kernel::present::open_fault(&visit.kernel, visit.tenant()).unwrap_or_else(|error| {
        tracing::error!(%error, "whether the clock went back is not known");
        None
    });
    let Some(by) = fault else { return html! {} };
    let banner = Banner {
        kind: BannerKind::Broken,
        title: "Nothing can be signed now".into(),
        text: "The clock of the server went back. It is waited for until it has caught up; an administrator may clear it with a reason.".into(),
        links: vec![Link::new(href(&by), by.label())],
        ..Banner::default()
    };
    html! { div.banners { (banner) } }
}

/// Whoever is here only to inspect sees that in another colour, with what they may see and until when.
fn frame(visit: &Visit) -> Frame {
    if !visit.is_inspector() {
        return Frame::Work;
    }
    let (viewer, actor) = (visit.viewer.clone(), visit.actor.clone());
    let read = visit.read(move |tx| {
        let sites: Vec<String> = viewer.sites().into_iter().flatten().cloned().collect();
        let sites = kernel::record::find_all(tx, viewer.tenant(), &sites)?;
        Ok((sites.into_iter().map(|site| site.title).collect::<Vec<_>>(), kernel::session::ends_at(tx, &actor)?))
    });
    let (sites, ends) = read.unwrap_or_else(|error| {
        // The page itself may still be read; the colour alone says whose view it is.
        tracing::error!(%error, "what an inspector may see was not read");
        Default::default()
    });
    let scope = match (visit.viewer.sites(), sites.is_empty()) {
        (None, _) => "all records of all sites".to_owned(),
        (Some(_), true) => "records of single sites".to_owned(),
        (Some(_), false) => format!("records of {}", sites.join(", ")),
    };
    let expires = ends.map(|at| crate::text::when(at, visit.actor.zone())).unwrap_or_default();
    Frame::Inspector { scope, expires, request: String::new() }
}

/// The as-of control of a page that can show the past.
pub(crate) fn as_of_control(action: &str, keep: Vec<(String, String)>, past: Option<&PastMoment>) -> AsOf {
    let query: Vec<_> = keep.iter().map(|(name, value)| format!("{name}={}", crate::text::encode(value))).collect();
    let today_href = if query.is_empty() { action.to_owned() } else { format!("{action}?{}", query.join("&")) };
    AsOf { past: past.map(|past| past.when.clone()), action: action.to_owned(), keep, today_href }
}

/// A moment in the past that a page shows.
#[derive(Debug, Clone)]
pub(crate) struct PastMoment {
    pub at: Timestamp,
    pub when: When,
}

/// The moment that `as_of` in the address names: the end of that day in the person's zone.
pub(crate) fn past_moment(visit: &Visit) -> base::Result<Option<PastMoment>> {
    let Some(text) = visit.request.query("as_of") else { return Ok(None) };
    let date = base::time::parse_date("as_of", text)?;
    let next = date.tomorrow().map_err(Error::internal)?;
    let at = Timestamp(Timestamp::start_of(next, visit.actor.zone())?.0 - 1);
    if at >= visit.kernel.now() {
        return Ok(None);
    }
    Ok(Some(PastMoment { at, when: crate::text::day(text) }))
}

pub(crate) fn ui_area(area: Area) -> UiArea {
    match area {
        Area::Engineering => UiArea::Engineering,
        Area::Quality => UiArea::Quality,
        Area::Training => UiArea::Training,
        Area::Suppliers => UiArea::Suppliers,
        Area::Design => UiArea::Design,
        Area::Administration => UiArea::Administration,
    }
}

/// The area a kind's pages stand in.
pub(crate) fn area_of(kind: &Kind) -> UiArea {
    ui_area(kind.area)
}

fn nav(visit: &Visit) -> Vec<NavItem> {
    let path = visit.request.path.split('?').next().unwrap_or("");
    let mut items = vec![NavItem { area: UiArea::MyWork, href: "/".into(), count: None, late: false, pages: Vec::new() }];
    for area in [Area::Engineering, Area::Quality, Area::Training, Area::Suppliers, Area::Design, Area::Administration] {
        let mut pages: Vec<NavLink> = visit
            .catalog
            .kinds()
            // What the server notes by itself stands together on the page Evidence.
            .filter(|kind| kind.area == area && visit.viewer.sees_kind(&kind.name) && !visit.catalog.is_made_by_server(&kind.name))
            .map(|kind| link_of(path, &format!("/list/{}", kind.name), &kind.plural))
            .collect();
        pages.extend(crate::domain::pages_of(visit, area).into_iter().map(|(href, label)| link_of(path, href, label)));
        if let Some(first) = pages.first() {
            items.push(NavItem { area: ui_area(area), href: first.href.clone(), count: None, late: false, pages });
        }
    }
    items
}

fn link_of(path: &str, href: &str, label: &str) -> NavLink {
    NavLink { label: label.to_owned(), href: href.to_owned(), current: path == href, count: None }
}

fn person_menu(visit: &Visit) -> PersonMenu {
    let actor = &visit.actor;
    PersonMenu {
        name: actor.name().to_owned(),
        initials: initials(actor.name()),
        role: actor.login().to_owned(),
        items: vec![
            MenuItem::link("My record", format!("/r/person/{}", crate::text::encode(actor.login())), Some(Icon::Person)),
            MenuItem::link("My API tokens", "/tokens", Some(Icon::Key)),
            MenuItem::link("Change password", "/password", Some(Icon::Lock)),
            MenuItem::Post { label: "Sign out".into(), action: "/sign-out".into(), hidden: Vec::new(), icon: Some(Icon::ArrowRight), danger: false },
        ],
    }
}

/// A refusal as a page that names rule, records and the way out.
pub(crate) fn error_answer(visit: Option<&Visit>, error: &Error) -> Answer {
    let status = status_of(error);
    let mut shown = match error {
        Error::Refused(refusal) => ErrorPage::from_refusal(refusal, &href),
        other => {
            let reference = base::id::edge_id();
            tracing::error!(%reference, error = %other, "a page failed");
            ErrorPage {
                status: status.as_u16(),
                message: "Something went wrong on our side".into(),
                advice: "Try again. If it happens again, tell your administrator the reference below.".into(),
                reference,
                ..ErrorPage::default()
            }
        }
    };
    shown.message = capital(&shown.message);
    shown.ways_out = match visit {
        Some(visit) if !visit.request.form.is_empty() => {
            vec![Link::new(visit.request.field("back").unwrap_or("/").to_owned(), "Back"), Link::new("/", "My work")]
        }
        Some(_) => vec![Link::new("/", "My work"), Link::new("/search", "Search")],
        None => vec![Link::new("/", "Start page")],
    };
    let body = html! { (shown) };
    let page = match visit {
        Some(visit) => framed(visit, shown.kind_word(), None, body),
        None => Page { title: shown.kind_word().to_owned(), frame: Frame::Bare, body: shown.render(), ..Page::default() },
    };
    Answer::Refused(status, Box::new(page))
}
