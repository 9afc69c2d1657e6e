//! A confirmation of what cannot be undone: the only dialog besides the signature.

use crate::ui::icon::Icon;
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
    pub cancel: Link,
}

impl Confirm {
    /// As a page of its own, for readers without scripts.
    pub fn page(&self) -> Markup {
        html! { div.sign-page { (self.content(true)) } }
    }

    fn content(&self, page: bool) -> Markup {
        html! {
            form method="post" action=(self.action) data-once {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                div.dialog-head { @if page { h1 #confirm-title { (self.title) } } @else { h2 #confirm-title { (self.title) } } }
                div.dialog-body {
                    ul.sign-effects { @for line in &self.consequences { li { (Icon::ArrowRight) (line) } } }
                    @if let Some((label, max_chars)) = &self.reason {
                        div {
                            label.label for="confirm-reason" { (label) }
                            textarea.control #confirm-reason name="reason" rows="3" maxlength=(max_chars) required {}
                        }
                    }
                }
                div.dialog-foot {
                    a.button href=(self.cancel.href) data-close[!page] { (self.cancel.text) }
                    button.button.danger type="submit" { (self.button) }
                }
            }
        }
    }
}

impl Render for Confirm {
    fn render(&self) -> Markup {
        html! { dialog #confirm-dialog aria-labelledby="confirm-title" { (self.content(false)) } }
    }
}
