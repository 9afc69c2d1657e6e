//! The heading of a page that is not a record, and the way down to any page.

use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// Where one is, what this is, what one can do.
#[derive(Debug, Clone, Default)]
pub struct PageHead {
    pub crumbs: Vec<Link>,
    pub title: String,
    /// One sentence at most; may be empty.
    pub lead: String,
    pub primary: Option<Link>,
    pub others: Markup,
}

impl Render for PageHead {
    fn render(&self) -> Markup {
        html! {
            div.page-head {
                div {
                    (crumbs(&self.crumbs))
                    h1 { (self.title) }
                    @if !self.lead.is_empty() { p.lead { (self.lead) } }
                }
                @if self.primary.is_some() || !self.others.0.is_empty() {
                    div.buttons {
                        (self.others)
                        @if let Some(link) = &self.primary { a.button.primary href=(link.href) { (link.text) } }
                    }
                }
            }
        }
    }
}

/// The way from the area down to this page.
pub fn crumbs(links: &[Link]) -> Markup {
    html! {
        @if !links.is_empty() {
            nav aria-label="Where you are" { ol.crumbs { @for link in links { li { a href=(link.href) { (link.text) } } } } }
        }
    }
}
