//! The frame of every page: document head, top bar, areas on the left, messages, foot.

use crate::assets;
use crate::ui::banner::{Banner, BannerKind, Flash};
pub use crate::ui::head::{PageHead, crumbs};
use crate::ui::icon::Icon;
use crate::ui::menu::MenuItem;
use crate::ui::value::{Link, When};
use maud::{DOCTYPE, Markup, Render, html};

/// The areas, in the order in which they stand on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    MyWork,
    Engineering,
    Quality,
    Training,
    Suppliers,
    Design,
    Reports,
    Administration,
}

impl Area {
    /// All areas in their order.
    pub const ALL: [Self; 8] = [
        Self::MyWork,
        Self::Engineering,
        Self::Quality,
        Self::Training,
        Self::Suppliers,
        Self::Design,
        Self::Reports,
        Self::Administration,
    ];

    /// The name of the area.
    pub fn label(self) -> &'static str {
        match self {
            Self::MyWork => "My work",
            Self::Engineering => "Engineering",
            Self::Quality => "Quality",
            Self::Training => "Training",
            Self::Suppliers => "Suppliers",
            Self::Design => "Design",
            Self::Reports => "Reports",
            Self::Administration => "Administration",
        }
    }

    /// The sign of the area.
    pub fn icon(self) -> Icon {
        match self {
            Self::MyWork => Icon::MyWork,
            Self::Engineering => Icon::Engineering,
            Self::Quality => Icon::Quality,
            Self::Training => Icon::Training,
            Self::Suppliers => Icon::Suppliers,
            Self::Design => Icon::Design,
            Self::Reports => Icon::Reports,
            Self::Administration => Icon::Administration,
        }
    }
}

/// An area the person may see, with the pages below it (shown for the area one is in).
#[derive(Debug, Clone)]
pub struct NavItem {
    pub area: Area,
    pub href: String,
    pub count: Option<u64>,
    /// The count is of late things and is drawn in the alarm colour.
    pub late: bool,
    pub pages: Vec<NavLink>,
}

/// A page below an area.
#[derive(Debug, Clone, Default)]
pub struct NavLink {
    pub label: String,
    pub href: String,
    pub current: bool,
    pub count: Option<u64>,
}

/// The person at the right end of the top bar.
#[derive(Debug, Clone, Default)]
pub struct PersonMenu {
    pub name: String,
    /// Two letters.
    pub initials: String,
    /// "Quality engineer · Bologna".
    pub role: String,
    /// Own training record, settings, sign out as a post.
    pub items: Vec<MenuItem>,
}

impl PersonMenu {
    /// Tells persons on a shared machine apart, for the texts kept there.
    fn key(&self) -> String {
        format!("{}, {}", self.name, self.role)
    }
}

/// A site the person may work for.
#[derive(Debug, Clone, Default)]
pub struct SiteOffer {
    pub name: String,
    pub href: String,
    pub current: bool,
}

/// The day the page shows.
#[derive(Debug, Clone, Default)]
pub struct AsOf {
    /// `Some` when the page shows another day than today.
    pub past: Option<When>,
    /// Where the date form is sent (the page's own address); `as_of` is added by the form.
    pub action: String,
    /// The other parameters of the address, kept by the form.
    pub keep: Vec<(String, String)>,
    /// The same page without `as_of`.
    pub today_href: String,
}

/// Which frame is drawn around the page.
#[derive(Debug, Clone, Default)]
pub enum Frame {
    /// Top bar and areas.
    #[default]
    Work,
    /// Read-only, in another colour, with scope and expiry in the header.
    Inspector { scope: String, expires: When, request: String },
    /// Only the brand: sign-in, errors before sign-in.
    Bare,
    /// One column and large targets, with a way back.
    Learner { back: Link },
}

/// Everything around the body of a page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Title of the document; "Plumb" is added.
    pub title: String,
    pub area: Option<Area>,
    pub nav: Vec<NavItem>,
    pub person: Option<PersonMenu>,
    pub sites: Vec<SiteOffer>,
    pub as_of: Option<AsOf>,
    pub flash: Vec<Flash>,
    pub frame: Frame,
    pub body: Markup,
    /// Small print at the foot: software version, configuration revision, state of the trail.
    pub foot: Vec<String>,
    /// On paper only: by whom and when it was printed.
    pub printed: String,
}

impl Page {
    fn body_class(&self) -> &'static str {
        match self.frame {
            Frame::Work => "frame",
            Frame::Inspector { .. } => "frame inspector",
            Frame::Bare => "bare",
            Frame::Learner { .. } => "bare learner",
        }
    }

    fn top(&self) -> Markup {
        let full = matches!(self.frame, Frame::Work | Frame::Inspector { .. });
        html! {
            header.top {
                div.top-bar {
                    @if full {
                        button.top-item.drawer-open type="button" popovertarget="areas" { (Icon::Menu) span.sr { "Areas" } }
                    }
                    @if let Frame::Learner { back } = &self.frame {
                        a.top-item href=(back.href) { (Icon::ArrowLeft) (back.text) }
                    } @else {
                        a.brand href="/" { (Icon::Plumb) span.side-brand { "Plumb" } }
                    }
                    @if full {
                        a.find href="/search" data-palette="/palette" {
                            (Icon::Search)
                            span.find-text { "Search" span.wide { " or jump to a number, a person, an action" } }
                            kbd.js-only { "Ctrl K" }
                        }
                    }
                    span.top-space {}
                    @if let Some(as_of) = &self.as_of { (as_of_control(as_of)) }
                    (self.site_control())
                    @if let Some(person) = &self.person { (person_control(person)) }
                }
                @if let Frame::Inspector { scope, expires, request } = &self.frame {
                    dl.inspect-scope {
                        div { dt { "Inspector, read only:" } dd { (scope) } }
                        @if !request.is_empty() { div { dt { "Request" } dd { (request) } } }
                        div { dt { "Access ends" } dd { (expires) } }
                    }
                }
            }
        }
    }

    fn site_control(&self) -> Markup {
        let current = self.sites.iter().find(|site| site.current).or(self.sites.first());
        html! {
            @if let Some(current) = current {
                @if self.sites.len() == 1 {
                    span.top-item.site-one title="Site" { (Icon::Shared) span.word { (current.name) } }
                } @else {
                    details.menu data-menu {
                        summary.top-item title={ "Site: " (current.name) } { (Icon::Shared) span.sr { "Site: " } span.word { (current.name) } }
                        div.menu-list {
                            p.menu-head { "Site" }
                            @for site in &self.sites {
                                a.menu-item href=(site.href) aria-current=[site.current.then_some("true")] {
                                    @if site.current { (Icon::Check) } (site.name)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn side(&self) -> Markup {
        html! {
            nav.side #areas popover aria-label="Areas" {
                ul.side-areas {
                    @for item in &self.nav { li { (self.area_link(item)) } }
                }
                div.side-foot.js-only {
                    button.side-link.side-fold type="button" data-fold aria-expanded="true" {
                        (Icon::Fold) span.side-word { "Collapse" }
                    }
                }
            }
        }
    }

    fn area_link(&self, item: &NavItem) -> Markup {
        let here = self.area == Some(item.area);
        let on_page = here && !item.pages.iter().any(|page| page.current);
        html! {
            a.side-link.here[here] href=(item.href) title=(item.area.label()) aria-current=[on_page.then_some("page")] {
                (item.area.icon())
                span.side-word { (item.area.label()) }
                @if let Some(count) = item.count.filter(|count| *count > 0) {
                    span.side-count.late[item.late] { (count) @if item.late { span.sr { " late" } } @else { span.sr { " open" } } }
                }
            }
            @if here && !item.pages.is_empty() {
                ul.side-sub {
                    @for page in &item.pages {
                        li {
                            a.side-link href=(page.href) aria-current=[page.current.then_some("page")] {
                                span.side-word { (page.label) }
                                @if let Some(count) = page.count { span.count { (count) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn main(&self) -> Markup {
        let past = self.as_of.as_ref().and_then(|as_of| as_of.past.as_ref().map(|when| (as_of, when)));
        html! {
            main.page #main tabindex="-1" {
                div.page-inner {
                    @if past.is_some() || !self.flash.is_empty() {
                        div.banners {
                            @if let Some((as_of, when)) = past {
                                (Banner {
                                    kind: BannerKind::Past,
                                    title: format!("As of {}", when.display),
                                    text: "This is the record as it was on that day. Nothing can be changed here.".into(),
                                    links: Vec::new(),
                                    actions: vec![Link::new(&as_of.today_href, "Back to today")],
                                })
                            }
                            @for flash in &self.flash { (flash) }
                        }
                    }
                    (self.body)
                    @if !self.foot.is_empty() {
                        footer.page-foot {
                            @for line in &self.foot { span { (line) } }
                            @if !self.printed.is_empty() { span.print-only { (self.printed) } }
                        }
                    }
                }
            }
        }
    }
}

impl Render for Page {
    fn render(&self) -> Markup {
        let with_areas = matches!(self.frame, Frame::Work | Frame::Inspector { .. });
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { @if !self.title.is_empty() { (self.title) " · " } "Plumb" }
                    link rel="icon" type="image/svg+xml" href=(assets::href("icon.svg"));
                    link rel="stylesheet" href=(assets::href("plumb.css"));
                    script src=(assets::href("boot.js")) {}
                    script type="module" src=(assets::href("app.js")) {}
                }
                body class=(self.body_class()) data-person=[self.person.as_ref().map(PersonMenu::key)] {
                    a.skip href="#main" { "Skip to content" }
                    (self.top())
                    @if with_areas { (self.side()) }
                    (self.main())
                }
            }
        }
    }
}

fn as_of_control(as_of: &AsOf) -> Markup {
    let value = as_of.past.as_ref().map(|when| when.iso.get(..10).unwrap_or(&when.iso));
    html! {
        details.menu data-menu {
            summary.top-item.past[as_of.past.is_some()] title="Show the record as of another day" {
                (Icon::Calendar)
                @if let Some(when) = &as_of.past { span.word { "As of " (when.day()) } } @else { span.sr { "As of: " } span.word { "Today" } }
            }
            div.menu-list {
                form.as-of-form method="get" action=(as_of.action) {
                    @for (name, value) in &as_of.keep { input type="hidden" name=(name) value=(value); }
                    label.label for="as-of" { "Show as of" }
                    input.control.date #as-of type="date" name="as_of" value=[value] required;
                    div.buttons {
                        button.button.primary.small type="submit" { "Show" }
                        @if as_of.past.is_some() { a.button.small href=(as_of.today_href) { "Back to today" } }
                    }
                }
            }
        }
    }
}

fn person_control(person: &PersonMenu) -> Markup {
    html! {
        details.menu data-menu {
            summary.top-item title=(person.name) { span.avatar aria-hidden="true" { (person.initials) } span.word.person-name { (person.name) } span.sr { " (account)" } }
            div.menu-list {
                p.menu-note { b { (person.name) } br; (person.role) }
                hr;
                @for item in &person.items { (item) }
                div.js-only {
                    hr;
                    p.menu-head #theme-label { "Appearance" }
                    div.theme-choice role="group" aria-labelledby="theme-label" {
                        button.button.small type="button" data-theme-set="auto" aria-pressed="true" { (Icon::Device) "Auto" }
                        button.button.small type="button" data-theme-set="light" aria-pressed="false" { (Icon::Sun) "Light" }
                        button.button.small type="button" data-theme-set="dark" aria-pressed="false" { (Icon::Moon) "Dark" }
                    }
                }
            }
        }
    }
}
