//! The few shapes all drawings are made of, with classes for pages and attributes for print.

use crate::draw::text::safe;
use maud::{Markup, PreEscaped, html};

/// What a colour says; the same words as the phases of records and the tones of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ink {
    #[default]
    Plain,
    Draft,
    Work,
    Review,
    Effective,
    Closed,
    Void,
    Good,
    Warn,
    Bad,
    Accent,
}

impl Ink {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Draft => "draft",
            Self::Work => "work",
            Self::Review => "review",
            Self::Effective => "effective",
            Self::Closed => "closed",
            Self::Void => "void",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Accent => "accent",
        }
    }

    /// The strong colour on paper.
    pub(crate) fn strong(self) -> &'static str {
        match self {
            Self::Plain | Self::Draft => "#454e5d",
            Self::Work | Self::Accent => "#1d4fa8",
            Self::Review => "#5a3396",
            Self::Effective | Self::Good => "#14642b",
            Self::Closed => "#2a3240",
            Self::Void => "#6a3c3c",
            Self::Warn => "#744600",
            Self::Bad => "#a3191c",
        }
    }

    /// The ground and its line on paper.
    pub(crate) fn soft(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("#ffffff", "#c4c9d2"),
            Self::Draft => ("#eef0f3", "#c4c9d2"),
            Self::Work | Self::Accent => ("#e9f0fc", "#b5cbf0"),
            Self::Review => ("#f2ecfc", "#cdb8ee"),
            Self::Effective | Self::Good => ("#e6f4e9", "#9bcdaa"),
            Self::Closed => ("#dfe3ea", "#b3bac6"),
            Self::Void => ("#f5eeee", "#d8bfbf"),
            Self::Warn => ("#fdf3da", "#e3c272"),
            Self::Bad => ("#fdeceb", "#eba9a6"),
        }
    }
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Normal,
    Strong,
    Quiet,
}

/// Where a text hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hang {
    Start,
    Middle,
    End,
}

pub(crate) const SIZE: u32 = 12;
pub(crate) const SMALL: u32 = 11;

/// The `svg` element: named, sized, without anything that runs.
pub(crate) struct Canvas<'a> {
    pub id: &'a str,
    pub width: i32,
    pub height: i32,
    pub title: &'a str,
    pub description: &'a str,
    /// Holds links, so it is a group of things rather than one picture.
    pub linked: bool,
}

impl Canvas<'_> {
    pub(crate) fn draw(&self, body: &Markup) -> Markup {
        let id = clean_id(self.id);
        let (title_id, desc_id) = (format!("{id}-title"), format!("{id}-desc"));
        // Narrow drawings may shrink with the page, wide ones scroll before they become unreadable.
        let room = match self.width {
            ..=520 => "drawing",
            521..=760 => "drawing wide",
            _ => "drawing wider",
        };
        html! {
            svg xmlns="http://www.w3.org/2000/svg" #(id) class=(room) viewBox={ "0 0 " (self.width) " " (self.height) } width=(self.width) height=(self.height)
                role=(if self.linked { "group" } else { "img" }) aria-labelledby={ (title_id) " " (desc_id) }
                font-family="Liberation Sans, Arial, Helvetica, sans-serif" font-size=(SIZE) {
                title #(title_id) { (safe(self.title)) }
                desc #(desc_id) { (safe(self.description)) }
                (body)
            }
        }
    }
}

/// Only what may stand in an id on any page.
pub(crate) fn clean_id(id: &str) -> String {
    let cleaned: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    if cleaned.is_empty() { "drawing".to_owned() } else { cleaned }
}

pub(crate) fn text(x: i32, y: i32, how: Type, hang: Hang, content: &str) -> Markup {
    sized(x, y, how, hang, SIZE, content)
}

pub(crate) fn small(x: i32, y: i32, how: Type, hang: Hang, content: &str) -> Markup {
    sized(x, y, how, hang, SMALL, content)
}

fn sized(x: i32, y: i32, how: Type, hang: Hang, size: u32, content: &str) -> Markup {
    let (class, fill, weight) = match how {
        Type::Normal => ("d-text", "#161b24", None),
        Type::Strong => ("d-text", "#161b24", Some("600")),
        Type::Quiet => ("d-quiet", "#5c6575", None),
    };
    html! {
        text class=(class) x=(x) y=(y) fill=(fill) font-weight=[weight] text-anchor=[anchor(hang)] font-size=[(size != SIZE).then_some(size)] { (safe(content)) }
    }
}

/// A word in the colour of what it says.
pub(crate) fn word(x: i32, y: i32, ink: Ink, hang: Hang, content: &str) -> Markup {
    html! {
        text class={ "d-ink " (ink.class()) } x=(x) y=(y) fill=(ink.strong()) font-weight="600" font-size=(SMALL) text-anchor=[anchor(hang)] { (safe(content)) }
    }
}

fn anchor(hang: Hang) -> Option<&'static str> {
    match hang {
        Hang::Start => None,
        Hang::Middle => Some("middle"),
        Hang::End => Some("end"),
    }
}

/// A box on a soft ground.
pub(crate) fn soft_box(x: i32, y: i32, width: i32, height: i32, ink: Ink) -> Markup {
    let (fill, stroke) = ink.soft();
    html! { rect class={ "d-soft " (ink.class()) } x=(x) y=(y) width=(width.max(0)) height=(height.max(0)) rx="3" fill=(fill) stroke=(stroke) {} }
}

/// A filled bar.
pub(crate) fn solid(x: i32, y: i32, width: i32, height: i32, ink: Ink) -> Markup {
    html! { rect class={ "d-ink " (ink.class()) } x=(x) y=(y) width=(width.max(0)) height=(height.max(0)) rx="1.5" fill=(ink.strong()) {} }
}

pub(crate) fn hairline(x1: i32, y1: i32, x2: i32, y2: i32) -> Markup {
    html! { line class="d-line" x1=(x1) y1=(y1) x2=(x2) y2=(y2) stroke="#dfe2e8" {} }
}

/// A line without arrow, along a path made by us.
pub(crate) fn path(d: &str, ink: Ink, dashed: bool) -> Markup {
    html! {
        path class={ "d-stroke " (ink.class()) } d=(d) fill="none" stroke=(ink.strong()) stroke-width="1.25" stroke-dasharray=[dashed.then_some("4 3")] {}
    }
}

/// The head of an arrow whose tip is at the point, looking left to right or up or down.
pub(crate) fn arrow_head(x: i32, y: i32, direction: (i32, i32), ink: Ink) -> Markup {
    let (dx, dy) = direction;
    let (back_x, back_y) = (x - dx * 6, y - dy * 6);
    let d = format!("M{x} {y}L{} {}L{} {}z", back_x - dy * 3, back_y - dx * 3, back_x + dy * 3, back_y + dx * 3);
    html! { path class={ "d-ink " (ink.class()) } d=(d) fill=(ink.strong()) {} }
}

/// A group that is a link when its address is one of ours, with the full text on hover. Only
/// addresses of this server are linked: what people typed never becomes a scheme.
pub(crate) fn linked(href: &str, full: &str, body: &Markup) -> Markup {
    let ours = (href.starts_with('/') && !href.starts_with("//")) || href.starts_with('#') || href.starts_with('?');
    html! {
        @if ours { a.d-link href=(href) { title { (safe(full)) } (body) } }
        @else { g { title { (safe(full)) } (body) } }
    }
}

/// The sign of a phase or tone, 12 by 12 around the point, so that colour never stands alone.
pub(crate) fn glyph(x: i32, y: i32, ink: Ink) -> Markup {
    let shape = match ink {
        Ink::Plain => r#"<circle r="4" fill="none"/>"#,
        Ink::Draft => r#"<circle r="4.5" fill="none" stroke-dasharray="2 1.6"/>"#,
        Ink::Work | Ink::Accent => r#"<circle r="4.5" fill="none"/><path class="d-glyph-fill" d="M0-2.8a2.8 2.8 0 0 1 0 5.6z" stroke="none"/>"#,
        Ink::Review => r#"<path d="M-5.5 0C-3-4 3-4 5.5 0C3 4-3 4-5.5 0z" fill="none"/><circle class="d-glyph-fill" r="1.6" stroke="none"/>"#,
        Ink::Effective => r#"<circle class="d-glyph-fill" r="5.2" stroke="none"/><path class="d-glyph-cut" d="m-2.4.2 1.7 1.7 3-3.4" fill="none" stroke="white"/>"#,
        Ink::Closed => r#"<path d="M-4.5-4.5h9v9h-9z" fill="none"/><path d="m-2.2.2 1.6 1.6 2.8-3.2" fill="none"/>"#,
        Ink::Void => r#"<circle r="4.5" fill="none"/><path d="m-3.2 3.2 6.4-6.4" fill="none"/>"#,
        Ink::Good => r#"<path d="m-4 .5 2.6 2.6L4-3.2" fill="none"/>"#,
        Ink::Warn => r#"<path d="M0-4.8 5.2 4.4H-5.2zM0-1.5v2.4M0 2.8v.1" fill="none"/>"#,
        Ink::Bad => r#"<path d="m-3.5-3.5 7 7M3.5-3.5l-7 7" fill="none"/>"#,
    };
    html! {
        g class={ "d-glyph " (ink.class()) } transform={ "translate(" (x) " " (y) ")" } stroke=(ink.strong()) fill=(ink.strong()) stroke-width="1.4"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" { (PreEscaped(shape)) }
    }
}

/// A count as a coordinate; every count was limited before, so the other end is never reached.
pub(crate) fn to_i32(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
