//! Menus: what is not the one next step. A `details` element, so they open without scripts.

use crate::ui::icon::Icon;
use maud::{Markup, Render, html};

/// One line of a menu.
#[derive(Debug, Clone)]
pub enum MenuItem {
    Link { label: String, href: String, icon: Option<Icon>, current: bool },
    /// A change: posted, with the hidden fields the door asks for.
    Post { label: String, action: String, hidden: Vec<(String, String)>, icon: Option<Icon>, danger: bool },
    /// A confirmation: opens over the page where scripts run, and is a page of its own without.
    Confirm { label: String, href: String, icon: Option<Icon>, danger: bool },
    Head(String),
    /// Says why something is missing here.
    Note(String),
    Line,
}

impl MenuItem {
    /// A way to another page.
    pub fn link(label: impl Into<String>, href: impl Into<String>, icon: Option<Icon>) -> Self {
        Self::Link { label: label.into(), href: href.into(), icon, current: false }
    }
}

impl Render for MenuItem {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Self::Link { label, href, icon, current } => {
                    a.menu-item href=(href) aria-current=[current.then_some("true")] { @if let Some(icon) = icon { (icon) } (label) }
                }
                Self::Post { label, action, hidden, icon, danger } => {
                    form method="post" action=(action) {
                        @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
                        button.menu-item.danger[*danger] type="submit" { @if let Some(icon) = icon { (icon) } (label) }
                    }
                }
                Self::Confirm { label, href, icon, danger } => {
                    a.menu-item.danger[*danger] href=(href) data-dialog { @if let Some(icon) = icon { (icon) } (label) }
                }
                Self::Head(text) => { p.menu-head { (text) } }
                Self::Note(text) => { p.menu-note { (text) } }
                Self::Line => { hr; }
            }
        }
    }
}

/// A button that opens a list of links and actions.
#[derive(Debug, Clone, Default)]
pub struct Menu {
    pub label: String,
    /// Only the icon is drawn, the label is for assistive technology and the hover title.
    pub icon_only: bool,
    pub icon: Option<Icon>,
    pub small: bool,
    /// Drawn without a frame, for tools that stand beside one another.
    pub quiet: bool,
    /// The list hangs from the left edge of the button instead of the right one.
    pub from_start: bool,
    pub items: Vec<MenuItem>,
}

impl Render for Menu {
    fn render(&self) -> Markup {
        html! {
            @if !self.items.is_empty() {
                details.menu.start[self.from_start] data-menu {
                    summary.button.small[self.small].quiet[self.quiet] title=[self.icon_only.then_some(&self.label)] {
                        @if let Some(icon) = self.icon { (icon) }
                        @if self.icon_only { span.sr { (self.label) } } @else { (self.label) (Icon::Down) }
                    }
                    div.menu-list { @for item in &self.items { (item) } }
                }
            }
        }
    }
}
