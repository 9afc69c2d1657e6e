//! The frame of the sample pages: one person, three sites, all areas.

use maud::Markup;
use web::ui::{Area, AsOf, Icon, MenuItem, NavItem, NavLink, Page, PersonMenu, SiteOffer, When};

fn pages(area: Area, current: &str) -> Vec<NavLink> {
    let list: &[(&str, u64)] = match area {
        Area::Engineering => &[("Parts", 0), ("Change requests", 3), ("Change orders", 5), ("Baselines", 0), ("Imports", 0)],
        Area::Quality => &[("Complaints", 7), ("Nonconformances", 4), ("CAPA", 6), ("Documents", 12), ("Audits", 1), ("Risk files", 0), ("Equipment", 2)],
        Area::Training => &[("Matrix", 0), ("Assignments", 31), ("Courses", 0), ("Curricula", 0), ("Certificates", 0)],
        Area::Reports => &[("Dashboards", 0), ("Dossiers", 0), ("Trail and proofs", 0)],
        Area::Administration => &[("People and roles", 0), ("Configuration", 0), ("Numbering", 0), ("Jobs", 0)],
        _ => &[],
    };
    list.iter()
        .map(|(label, count)| NavLink {
            label: (*label).into(),
            href: format!("/{}.html", label.to_lowercase().replace(' ', "-")),
            current: *label == current,
            count: (*count > 0).then_some(*count),
        })
        .collect()
}

fn nav(current: &str) -> Vec<NavItem> {
    Area::ALL
        .iter()
        .map(|area| NavItem {
            area: *area,
            href: if *area == Area::MyWork { "/my-work.html".into() } else { format!("/area-{}.html", area.label().to_lowercase()) },
            count: match area {
                Area::MyWork => Some(9),
                Area::Training => Some(31),
                _ => None,
            },
            late: *area == Area::MyWork,
            pages: pages(*area, current),
        })
        .collect()
}

/// A page in the working frame; `current` is the page below the area.
pub fn page_at(area: Option<Area>, current: &str, title: &str, body: Markup) -> Page {
    Page {
        title: title.into(),
        area,
        nav: nav(current),
        person: Some(PersonMenu {
            name: "Mara Ortiz".into(),
            initials: "MO".into(),
            role: "Quality engineer, Bologna".into(),
            items: vec![
                MenuItem::link("My training record", "/learner.html", Some(Icon::Training)),
                MenuItem::link("Settings and notices", "/settings.html", Some(Icon::Administration)),
                MenuItem::Post { label: "Sign out".into(), action: "/sign-out".into(), hidden: Vec::new(), icon: Some(Icon::Key), danger: false },
            ],
        }),
        sites: ["Bologna", "Lyon", "St. Paul"].iter().map(|name| SiteOffer { name: (*name).into(), href: "#".into(), current: *name == "Bologna" }).collect(),
        as_of: Some(AsOf { past: None, action: "#".into(), keep: Vec::new(), today_href: "#".into() }),
        body,
        foot: vec!["Plumb 0.1.0".into(), "Configuration PKG-0003 rev 7".into(), "Trail proved to 21 Nov 2026, 14:00 CET".into()],
        ..Page::default()
    }
}

pub fn page(area: Option<Area>, title: &str, body: Markup) -> Page {
    page_at(area, "", title, body)
}

/// `14:02` on a day of November 2026.
pub fn at(day: u8, time: &str) -> When {
    let (hour, minute) = time.split_once(':').unwrap_or((time, "00"));
    let utc_hour = hour.parse::<u8>().unwrap_or(12).saturating_sub(1);
    When::new(format!("{day} Nov 2026, {time} CET"), format!("2026-11-{day:02}T{utc_hour:02}:{minute}:00Z"))
}

/// A calendar date, `2026-12-12` shown as `12 Dec 2026`.
pub fn on(display: &str, iso: &str) -> When {
    When::new(display, iso)
}
