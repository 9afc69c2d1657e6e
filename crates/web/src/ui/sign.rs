//! Signing: exactly what is signed, who else has signed, what happens, then the secret. And
//! signatures as shown afterwards (name, time with zone, meaning: 21 CFR 11.50).

use crate::ui::form::{FormError, error_summary_titled};
use crate::ui::icon::Icon;
use crate::ui::value::{Link, When};
use maud::{Markup, Render, html};

/// A signature that stands, or one still to come.
#[derive(Debug, Clone, Default)]
pub struct SignedBy {
    pub name: String,
    /// "Approval as Quality".
    pub meaning: String,
    /// `None` while it is open.
    pub when: Option<When>,
}

/// The one dialog in the product besides [`crate::ui::dialog::Confirm`].
#[derive(Debug, Clone, Default)]
pub struct SignDialog {
    /// Kind of the record: "Corrective and preventive action".
    pub what: String,
    pub number: String,
    pub revision: String,
    pub title: String,
    /// What the signer is shown, to read before signing.
    pub rendition: Link,
    /// First characters of the content's digest.
    pub digest_head: String,
    /// From the step, never from the client: "Approval", "Review", "Responsibility".
    pub meaning: String,
    /// The role in which the person signs.
    pub role: String,
    /// The signer's printed name.
    pub signer: String,
    pub others_signed: Vec<SignedBy>,
    /// "Releases 7 parts and PR-012 rev C".
    pub consequences: Vec<String>,
    /// Challenge, digest, version, token, idempotency key.
    pub hidden: Vec<(String, String)>,
    /// Both components are asked for: first signing of a session, or after quiet.
    pub needs_login: bool,
    pub needs_totp: bool,
    /// A reason or comment is part of the signature: `Some(required)`.
    pub comment: Option<bool>,
    pub action_url: String,
    pub cancel_href: String,
    /// "Sign and close".
    pub button: String,
    pub errors: Vec<FormError>,
    /// "This signing request is good until 14:07 CET."
    pub valid_until: Option<When>,
}

impl SignDialog {
    /// The dialog as a page of its own, for readers without scripts and after an error.
    pub fn page(&self) -> Markup {
        html! {
            (error_summary_titled("Not signed", &self.errors))
            div.sign-page { (self.content(false)) }
        }
    }

    fn record_label(&self) -> String {
        if self.revision.is_empty() { self.number.clone() } else { format!("{} rev {}", self.number, self.revision) }
    }

    fn content(&self, in_dialog: bool) -> Markup {
        html! {
            form method="post" action=(self.action_url) data-once data-sign autocomplete="off" {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                div.dialog-head {
                    div {
                        @if in_dialog { h2 #sign-title { "Sign " (self.record_label()) } } @else { h1 #sign-title { "Sign " (self.record_label()) } }
                        p.muted { (self.title) }
                    }
                    @if in_dialog { button.button.quiet.small type="button" data-close { (Icon::Close) span.sr { "Close without signing" } } }
                }
                div.dialog-body {
                    @if in_dialog { (error_summary_titled("Not signed", &self.errors)) }
                    (self.what_is_signed())
                    (self.who_else(in_dialog))
                    (self.effects(in_dialog))
                    (self.secret())
                }
                div.dialog-foot {
                    @if let Some(until) = &self.valid_until { span.grow { "Good until " (until.as_text(until.time())) } }
                    a.button href=(self.cancel_href) data-close[in_dialog] { "Cancel" }
                    button.button.primary type="submit" { (Icon::Sign) (self.button) }
                }
            }
        }
    }

    fn what_is_signed(&self) -> Markup {
        html! {
            dl.sign-what {
                dt { "Record" } dd { (self.what) " " b { (self.record_label()) } }
                dt { "Content" }
                dd {
                    a href=(self.rendition.href) target="_blank" rel="noopener" { (self.rendition.text) }
                    " " span.muted { "digest " code { (self.digest_head) "…" } }
                }
                dt { "Meaning" } dd.meaning { (self.meaning) }
                dt { "As" } dd { (self.signer) @if !self.role.is_empty() { ", " (self.role) } }
            }
        }
    }

    fn who_else(&self, in_dialog: bool) -> Markup {
        html! {
            @if !self.others_signed.is_empty() {
                div.sign-part {
                    (part_title("Signatures of this step", in_dialog))
                    ul.sign-others {
                        @for other in &self.others_signed {
                            li.open[other.when.is_none()] {
                                @if other.when.is_some() { (Icon::Effective) } @else { (Icon::Open) }
                                span { b { (other.name) } ", " (other.meaning) }
                                span.muted { @if let Some(when) = &other.when { (when) } @else { "not yet signed" } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn effects(&self, in_dialog: bool) -> Markup {
        html! {
            div.sign-part {
                (part_title("On signing", in_dialog))
                @if self.consequences.is_empty() { p { "Your signature is added to this version. Nothing else changes." } }
                ul.sign-effects { @for line in &self.consequences { li { (Icon::ArrowRight) (line) } } }
            }
        }
    }

    fn secret(&self) -> Markup {
        html! {
            div.sign-secret {
                @if let Some(required) = self.comment {
                    div {
                        label.label for="sign-comment" { "Comment" @if !required { " " span.optional { "(optional)" } } }
                        textarea.control.sign-comment #sign-comment name="comment" rows="2" required[required] {}
                    }
                }
                div.fields {
                    @if self.needs_login {
                        div {
                            label.label for="sign-login" { "User name" }
                            input.control #sign-login type="text" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus;
                        }
                    }
                    div {
                        label.label for="sign-secret" { "Password" }
                        input.control #sign-secret type="password" name="secret" autocomplete="current-password" required autofocus[!self.needs_login];
                    }
                    @if self.needs_totp {
                        div {
                            label.label for="sign-code" { "One-time code" }
                            input.control #sign-code type="text" name="code" inputmode="numeric" autocomplete="one-time-code" required;
                        }
                    }
                }
                @if self.needs_login { p.muted { "First signature of this session: user name and password are both asked for." } }
                p.sign-declaration { "With my password I sign this content with the meaning " b { (self.meaning.trim_end_matches('.')) } ". It is the legal equivalent of my handwritten signature." }
            }
        }
    }
}

impl Render for SignDialog {
    fn render(&self) -> Markup {
        html! { dialog #sign-dialog aria-labelledby="sign-title" { (self.content(true)) } }
    }
}

/// A heading one level below the title, which is one level lower in a dialog than on a page.
fn part_title(text: &str, in_dialog: bool) -> Markup {
    html! { @if in_dialog { h3.sign-part-title { (text) } } @else { h2.sign-part-title { (text) } } }
}

/// How a signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureState {
    /// Verified against the content it was given for.
    Valid,
    /// Asked for and not yet given.
    #[default]
    Open,
    /// The content no longer matches.
    Broken,
}

/// A signature as shown on the record.
#[derive(Debug, Clone, Default)]
pub struct SignatureView {
    pub state: SignatureState,
    pub name: String,
    pub meaning: String,
    pub role: String,
    pub when: Option<When>,
    /// What it covers: "version 7, digest 3f9a1c02".
    pub covers: String,
    pub proof: Option<Link>,
    pub comment: String,
    /// Due date of an open one.
    pub open_note: String,
}

impl Render for SignatureView {
    fn render(&self) -> Markup {
        let (class, icon, word) = match self.state {
            SignatureState::Valid => ("signature", Icon::Sign, "Signed"),
            SignatureState::Open => ("signature open", Icon::Open, "Open"),
            SignatureState::Broken => ("signature broken", Icon::Broken, "Does not match the content"),
        };
        html! {
            li class=(class) {
                (icon)
                div {
                    p { span.signature-name { (self.name) } @if !self.role.is_empty() { span.muted { ", " (self.role) } } }
                    p { (self.meaning) (if self.meaning.ends_with('.') { " " } else { ": " }) @if let Some(when) = &self.when { (when) } @else { span.muted { (word) @if !self.open_note.is_empty() { ", " (self.open_note) } } } }
                    @if self.state == SignatureState::Broken { p { b { (word) } } }
                    @if !self.comment.is_empty() { p.entry-reason { (self.comment) } }
                    @if !self.covers.is_empty() || self.proof.is_some() {
                        p.signature-meta { (self.covers) @if let Some(proof) = &self.proof { " · " (proof) } }
                    }
                }
            }
        }
    }
}

/// Signatures of a record, given and open.
pub fn signatures(list: &[SignatureView]) -> Markup {
    html! { ul.signatures { @for signature in list { (signature) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signing_of_a_session_asks_for_both_components() {
        let both = SignDialog { needs_login: true, ..SignDialog::default() }.render().into_string();
        assert!(both.contains(r#"name="login""#) && both.contains(r#"name="secret""#));
        let later = SignDialog::default().render().into_string();
        assert!(!later.contains(r#"name="login""#) && later.contains(r#"name="secret""#));
    }

    #[test]
    fn the_meaning_is_shown_and_never_sent_by_the_page() {
        let dialog = SignDialog { meaning: "Approval".into(), ..SignDialog::default() }.render().into_string();
        assert!(dialog.contains("Approval") && !dialog.contains(r#"name="meaning""#));
    }
}
