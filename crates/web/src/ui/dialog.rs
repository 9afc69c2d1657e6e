//! A confirmation before a step: the only dialog besides the signature; and either of them as what
//! a page asks.

use crate::ui::form::{FormError, error_summary_titled};
use crate::ui::icon::Icon;
use crate::ui::sign::SignDialog;
use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// Asks once more, and says what is lost.
#[derive(Debug, Clone, Default)]
pub struct Confirm {
    /// "Void CAPA-0031?"
    pub title: String,
    /// What happens and that it cannot be undone.
    pub consequences: Vec<String>,
    pub action: String,
    pub hidden: Vec<(String, String)>,
    /// A reason is asked for: label and length.
    pub reason: Option<(String, usize)>,
    /// "Void the record": the verb, never "OK".
    pub button: String,
    /// Cannot be undone, or ends something: drawn as a warning.
    pub danger: bool,
    pub cancel: Link,
    pub errors: Vec<FormError>,
}

/// What is asked before something counts: over the page that led here, or as a page of its own.
#[derive(Debug, Clone)]
pub enum Ask {
    Sign(Box<SignDialog>),
    Confirm(Box<Confirm>),
    /// Nothing can be asked: why, as a page.
    Page(Markup),
}

impl Ask {
    /// As a page of its own, for readers without scripts.
    pub fn page(&self) -> Markup {
        match self {
            Self::Sign(sign) => sign.page(),
            Self::Confirm(confirm) => confirm.page(),
            Self::Page(page) => page.clone(),
        }
    }

    /// As a dialog, where it is one.
    pub fn dialog(&self) -> Option<Markup> {
        match self {
            Self::Sign(sign) => Some(sign.render()),
            Self::Confirm(confirm) => Some(confirm.render()),
            Self::Page(_) => None,
        }
    }
}

impl Confirm {
    /// As a page of its own, for readers without scripts.
    pub fn page(&self) -> Markup {
        html! {
            (error_summary_titled(NOT_DONE, &self.errors))
            div.sign-page { (self.content(true)) }
        }
    }

    fn content(&self, page: bool) -> Markup {
        html! {
            form method="post" action=(self.action) data-once {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                div.dialog-head { @if page { h1 #confirm-title { (self.title) } } @else { h2 #confirm-title { (self.title) } } }
                div.dialog-body {
                    @if !page { (error_summary_titled(NOT_DONE, &self.errors)) }
                    ul.sign-effects { @for line in &self.consequences { li { (Icon::ArrowRight) (line) } } }
                    @if let Some((label, max_chars)) = &self.reason {
                        div {
                            label.label for="confirm-reason" { (label) }
                            textarea.control #confirm-reason name="reason" rows="3" maxlength=(max_chars) required autofocus[!page] {}
                        }
                    }
                }
                div.dialog-foot {
                    a.button href=(self.cancel.href) data-close[!page] { (self.cancel.text) }
                    button.button.danger[self.danger].primary[!self.danger] type="submit" autofocus[!page && self.reason.is_none()] { (self.button) }
                }
            }
        }
    }
}

const NOT_DONE: &str = "Not done";

impl Render for Confirm {
    fn render(&self) -> Markup {
        html! { dialog #confirm-dialog aria-labelledby="confirm-title" { (self.content(false)) } }
    }
}
