//! The icons: one family, drawn on a 16-unit grid with a 1.5 stroke, in the colour of the text.
//!
//! An icon never carries meaning alone: a word stands beside it, or a hidden one does. So every
//! icon is hidden from assistive technology.

use maud::{Markup, PreEscaped, Render, html};

/// A drawing from the one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Administration,
    ArrowLeft,
    ArrowRight,
    Broken,
    Bubble,
    Calendar,
    Check,
    Chevron,
    Clock,
    Close,
    Closed,
    Columns,
    Design,
    Device,
    Down,
    Download,
    Draft,
    Edit,
    Effective,
    Engineering,
    External,
    File,
    Filter,
    Fold,
    Hold,
    InReview,
    InWork,
    Info,
    Key,
    Link,
    Lock,
    Menu,
    Minus,
    Moon,
    More,
    MyWork,
    Open,
    People,
    Person,
    Plumb,
    Plus,
    Print,
    Proof,
    Quality,
    Question,
    Reports,
    Search,
    Shared,
    Sign,
    Step,
    Sun,
    Suppliers,
    Training,
    Tree,
    Up,
    Void,
    Warning,
}

impl Icon {
    /// The shapes, without the frame around them.
    fn shapes(self) -> &'static str {
        match self {
            Self::Administration => r#"<path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6"/><circle cx="10" cy="4.5" r="1.75"/><circle cx="6" cy="11.5" r="1.75"/>"#,
            Self::ArrowLeft => r#"<path d="M13 8H3M7 4 3 8l4 4"/>"#,
            Self::ArrowRight => r#"<path d="M3 8h10M9 4l4 4-4 4"/>"#,
            Self::Broken => r#"<path d="M8 1.75 13.5 4v4c0 3.2-2.3 5.3-5.5 6.25C4.8 13.3 2.5 11.2 2.5 8V4z"/><path d="m8.5 4-1.5 3h2.5L8 11"/>"#,
            Self::Bubble => r#"<path d="M2.5 3h11v8h-6l-3 2.5V11h-2z"/>"#,
            Self::Calendar => r#"<path d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 1.75v3M10.5 1.75v3"/>"#,
            Self::Check => r#"<path d="m3 8.5 3.25 3.25L13 4.75"/>"#,
            Self::Chevron => r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.25 1.75"/>"#,
            Self::Close => r#"<path d="m3.75 3.75 8.5 8.5M12.25 3.75l-8.5 8.5"/>"#,
            Self::Closed => r#"<path d="M2.75 2.75h10.5v10.5H2.75z"/><path d="m5.25 8.25 2 2 3.5-4"/>"#,
            Self::Columns => r#"<path d="M2.5 3h11v10h-11zM6.25 3v10M9.75 3v10"/>"#,
            Self::Design => r#"<circle cx="8" cy="3.5" r="1.5"/><path d="M7.25 5 3.5 13.5M8.75 5l3.75 8.5M5 10.25c2 1 4 1 6 0"/>"#,
            Self::Device => r#"<path d="M2 3h12v8H2zM6 13.5h4M8 11v2.5"/>"#,
            Self::Down => r#"<path d="m3.5 6 4.5 4.5L12.5 6"/>"#,
            Self::Download => r#"<path d="M8 2v8M4.75 7 8 10.25 11.25 7M2.5 13.5h11"/>"#,
            Self::Draft => r#"<circle cx="8" cy="8" r="5.75" stroke-dasharray="2.4 2.1"/>"#,
            Self::Edit => r#"<path d="M10.5 2.75 13.25 5.5 5.5 13.25H2.75V10.5zM8.75 4.5 11.5 7.25"/>"#,
            Self::Effective => r#"<circle class="solid" cx="8" cy="8" r="6.5"/><path class="cut" d="m5 8.25 2.25 2.25L11 6"/>"#,
            Self::Engineering => r#"<path d="m8 1.75 5.5 3.1v6.3L8 14.25l-5.5-3.1v-6.3zM2.75 5 8 8l5.25-3M8 8v6"/>"#,
            Self::External => r#"<path d="M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.25 2.75 7.5 8.5"/>"#,
            Self::File => r#"<path d="M3.5 1.75h6l3 3v9.5h-9zM9.5 1.75v3h3"/>"#,
            Self::Filter => r#"<path d="M2 3h12L9.5 8.5v5l-3-1.5V8.5z"/>"#,
            Self::Fold => r#"<path d="M2.5 3h11v10h-11zM6 3v10M11 6 9 8l2 2"/>"#,
            Self::Hold => r#"<path d="M5.3 1.75h5.4l3.55 3.55v5.4l-3.55 3.55H5.3L1.75 10.7V5.3zM6.5 5.5v5M9.5 5.5v5"/>"#,
            Self::InReview => r#"<path d="M1.5 8C3 5 5.25 3.5 8 3.5S13 5 14.5 8C13 11 10.75 12.5 8 12.5S3 11 1.5 8z"/><circle cx="8" cy="8" r="2"/>"#,
            Self::InWork => r#"<circle cx="8" cy="8" r="5.75"/><path class="solid" d="M8 4.25a3.75 3.75 0 0 1 0 7.5z"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.25v3.75M8 4.9v.1"/>"#,
            Self::Key => r#"<circle cx="5" cy="11" r="2.75"/><path d="m7 9 6-6M10.5 5.5l2 2M12 4l1.5 1.5"/>"#,
            Self::Link => r#"<path d="M6.5 9.5l3-3M7 4.5l1.5-1.5a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3.2 3.2 0 0 1 3 8.5L4.5 7"/>"#,
            Self::Lock => r#"<path d="M3.5 7h9v6.5h-9zM5.25 7V5a2.75 2.75 0 0 1 5.5 0v2"/>"#,
            Self::Menu => r#"<path d="M2 4h12M2 8h12M2 12h12"/>"#,
            Self::Minus => r#"<path d="M3 8h10"/>"#,
            Self::Moon => r#"<path d="M13.5 9.75A6 6 0 0 1 6.25 2.5a6 6 0 1 0 7.25 7.25z"/>"#,
            Self::More => r#"<circle class="solid" cx="3.25" cy="8" r="1.25"/><circle class="solid" cx="8" cy="8" r="1.25"/><circle class="solid" cx="12.75" cy="8" r="1.25"/>"#,
            Self::MyWork => r#"<path d="M2 9.5 3.75 3h8.5L14 9.5v4H2zM2 9.5h3.5L6.5 11h3l1-1.5H14"/>"#,
            Self::Open => r#"<circle cx="8" cy="8" r="5.75"/>"#,
            Self::People => r#"<circle cx="6" cy="5" r="2.5"/><path d="M1.5 13.5c.3-3 2-4.5 4.5-4.5s4.2 1.5 4.5 4.5M10.5 2.75a2.5 2.5 0 0 1 0 4.5M12 9.5c1.5.6 2.3 1.9 2.5 4"/>"#,
            Self::Person => r#"<circle cx="8" cy="5" r="2.75"/><path d="M2.75 14c.4-3.4 2.3-5 5.25-5s4.85 1.6 5.25 5"/>"#,
            Self::Plumb => r#"<path d="M8 1v5"/><path class="solid" d="M4.5 6h7v2.25L8 15 4.5 8.25z"/>"#,
            Self::Plus => r#"<path d="M8 3v10M3 8h10"/>"#,
            Self::Print => r#"<path d="M4.5 6V2h7v4M4.5 11.5h-2.5V6h12v5.5h-2.5M4.5 9.5h7V14h-7z"/>"#,
            Self::Proof => r#"<path d="M8 1.75 13.5 4v4c0 3.2-2.3 5.3-5.5 6.25C4.8 13.3 2.5 11.2 2.5 8V4z"/><path d="m5.5 8 1.9 1.9L10.75 6.25"/>"#,
            Self::Quality => r#"<circle cx="8" cy="6" r="4.25"/><path d="m5.25 9.5-1 5L8 12.5l3.75 2-1-5"/>"#,
            Self::Question => r#"<circle cx="8" cy="8" r="6"/><path d="M6.25 6.25C6.4 5.2 7.1 4.75 8 4.75c1 0 1.8.6 1.8 1.5 0 1.25-1.75 1.35-1.75 2.5M8 11v.1"/>"#,
            Self::Reports => r#"<path d="M2.5 13.5h11M4 11V7.5M8 11V2.75M12 11V5.25" stroke-width="2"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>"#,
            Self::Shared => r#"<path d="M3 2.5h10v11L8 10.5l-5 3z"/>"#,
            Self::Sign => r#"<path d="M2 13.75h12M3.5 10.75 4.25 8 10 2.25l2.25 2.25L6.5 10.25z"/>"#,
            Self::Step => r#"<path d="M2.5 8h8M7.5 4.5 11 8l-3.5 3.5M13.5 3.5v9"/>"#,
            Self::Sun => r#"<circle cx="8" cy="8" r="3"/><path d="M8 1.25v1.5M8 13.25v1.5M1.25 8h1.5M13.25 8h1.5M3.25 3.25l1 1M11.75 11.75l1 1M3.25 12.75l1-1M11.75 4.25l1-1"/>"#,
            Self::Suppliers => r#"<path d="M1.5 3.5h8v7.5h-8zM9.5 6h3l2 2.5V11h-5z"/><circle cx="4.5" cy="12" r="1.5"/><circle cx="11.5" cy="12" r="1.5"/>"#,
            Self::Training => r#"<path d="M8 2.5 15 6 8 9.5 1 6zM4 7.75v3.5c1 1.25 2.4 1.75 4 1.75s3-.5 4-1.75v-3.5M15 6v4"/>"#,
            Self::Tree => r#"<path d="M2 2.5h5v3H2zM9 7h5v3H9zM9 11.5h5v2.5H9zM4.5 5.5v7.25H9M4.5 8.5H9"/>"#,
            Self::Up => r#"<path d="m3.5 10 4.5-4.5 4.5 4.5"/>"#,
            Self::Void => r#"<circle cx="8" cy="8" r="5.75"/><path d="m4 12 8-8"/>"#,
            Self::Warning => r#"<path d="M8 2 14.75 13.75H1.25zM8 6.5v3.25M8 11.75v.1"/>"#,
        }
    }

    /// The icon one step larger, for empty states and the learner's page.
    pub fn large(self) -> Markup {
        self.draw("i i-l")
    }

    fn draw(self, class: &str) -> Markup {
        html! {
            svg class=(class) viewBox="0 0 16 16" aria-hidden="true" focusable="false" { (PreEscaped(self.shapes())) }
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        self.draw("i")
    }
}
