//! The sign-in page.

use crate::ui::form::{FormError, error_summary_titled};
use crate::ui::icon::Icon;
use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// What the sign-in page shows.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    pub action: String,
    pub hidden: Vec<(String, String)>,
    /// Kept after a wrong password; the password never is.
    pub login: String,
    pub errors: Vec<FormError>,
    /// A one-time code is asked for as well.
    pub needs_totp: bool,
    /// "Sign in with your company account" and other ways.
    pub others: Vec<Link>,
    /// The organisation that runs this server.
    pub organisation: String,
    /// Notice the organisation wants read before signing in; may be empty.
    pub notice: String,
}

impl Render for SignIn {
    fn render(&self) -> Markup {
        html! {
            div.sign-in {
                div.sign-in-head { (Icon::Plumb.large()) div { h1 { "Sign in" } @if !self.organisation.is_empty() { p.muted { (self.organisation) } } } }
                (error_summary_titled("You are not signed in", &self.errors))
                form method="post" action=(self.action) data-once {
                    @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                    div.stack {
                        div {
                            label.label for="login" { "User name" }
                            input.control #login type="text" name="login" value=(self.login) autocomplete="username" autocapitalize="none"
                                spellcheck="false" required autofocus[self.login.is_empty()];
                        }
                        div {
                            label.label for="secret" { "Password" }
                            input.control #secret type="password" name="secret" autocomplete="current-password" required autofocus[!self.login.is_empty()];
                        }
                        @if self.needs_totp {
                            div {
                                label.label for="code" { "One-time code" }
                                input.control #code type="text" name="code" inputmode="numeric" autocomplete="one-time-code" required;
                            }
                        }
                        button.button.primary.large type="submit" { "Sign in" }
                        @for other in &self.others { a.button.large href=(other.href) { (other.text) } }
                    }
                }
                @if !self.notice.is_empty() { p.sign-in-notice { (self.notice) } }
            }
        }
    }
}
