//! A form: summary of errors on top, groups of inputs, one primary button at the end.

use crate::ui::input::Input;
use crate::ui::value::Link;
use maud::{Markup, Render, html};

/// One line of the summary, linking to its field.
#[derive(Debug, Clone, Default)]
pub struct FormError {
    /// Id of the input; empty for an error of the whole form.
    pub target: String,
    pub text: String,
}

/// Inputs that belong together; the title may be empty.
#[derive(Debug, Clone, Default)]
pub struct FormGroup {
    pub title: String,
    pub help: String,
    pub inputs: Vec<Input>,
    /// What stands below the inputs: a table, a picture.
    pub extra: Markup,
}

/// A button that sends the form.
#[derive(Debug, Clone, Default)]
pub struct Submit {
    pub label: String,
    /// Name and value when a form has more than one button.
    pub name: String,
    pub value: String,
}

impl Submit {
    /// A button that sends nothing but the form.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }
}

/// A form that guards against double sending and against leaving with unsaved changes.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub id: String,
    pub action: String,
    /// Sent as GET, for searches and filters that are not lists.
    pub get: bool,
    /// Token against forged requests, idempotency key, expected version.
    pub hidden: Vec<(String, String)>,
    /// Errors that belong to no input; those of inputs are added to the summary by themselves.
    pub errors: Vec<FormError>,
    pub groups: Vec<FormGroup>,
    pub submit: Submit,
    pub others: Vec<Submit>,
    pub cancel: Option<Link>,
    /// Inputs marked `keep_draft` are kept on this machine under this key.
    pub draft_key: Option<String>,
    pub wide: bool,
}

impl Form {
    fn has_file(&self) -> bool {
        self.groups.iter().flat_map(|group| &group.inputs).any(|input| matches!(input.kind, crate::ui::input::InputKind::File { .. }))
    }

    /// All errors in the order of the page.
    pub fn all_errors(&self) -> Vec<FormError> {
        let of_inputs = self.groups.iter().flat_map(|group| &group.inputs).filter_map(|input| {
            input.error.as_ref().map(|error| FormError {
                target: input.id(),
                text: if input.label.ends_with('?') { format!("{} {error}", input.label) } else { format!("{}: {error}", input.label) },
            })
        });
        self.errors.iter().cloned().chain(of_inputs).collect()
    }
}

impl Render for Form {
    fn render(&self) -> Markup {
        let errors = self.all_errors();
        html! {
            (error_summary(&errors))
            form.form.wide[self.wide] #(self.id) method=(if self.get { "get" } else { "post" }) action=(self.action)
                enctype=[self.has_file().then_some("multipart/form-data")] novalidate
                data-once data-guard[!self.get] data-draft-key=[self.draft_key.as_deref()] data-returned[!errors.is_empty()] {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                @for group in &self.groups { (form_group(group)) }
                div.form-foot {
                    button.button.primary type="submit" name=[some(&self.submit.name)] value=[some(&self.submit.value)] { (self.submit.label) }
                    @for submit in &self.others { button.button type="submit" name=[some(&submit.name)] value=[some(&submit.value)] { (submit.label) } }
                    @if let Some(cancel) = &self.cancel { a.button.quiet href=(cancel.href) { (cancel.text) } }
                    @if self.draft_key.is_some() { span.draft-note.js-only data-draft-note aria-live="polite" {} }
                }
            }
        }
    }
}

/// A group of inputs; usable on its own inside other forms.
pub fn form_group(group: &FormGroup) -> Markup {
    html! {
        fieldset.form-group {
            @if !group.title.is_empty() { legend { (group.title) } }
            @if !group.help.is_empty() { p.form-group-help { (group.help) } }
            div.inputs { @for input in &group.inputs { (input) } }
            (group.extra)
        }
    }
}

/// The summary above a form; the modules put the focus on it.
pub fn error_summary(errors: &[FormError]) -> Markup {
    let title = if errors.len() == 1 { "One entry needs your attention".to_owned() } else { format!("{} entries need your attention", errors.len()) };
    error_summary_titled(&title, errors)
}

/// As [`error_summary`], with a heading of its own where the entries are not the matter.
pub fn error_summary_titled(title: &str, errors: &[FormError]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.error-summary role="alert" tabindex="-1" data-error-summary aria-labelledby="error-summary-title" {
                h2 #error-summary-title { (title) }
                ul {
                    @for error in errors {
                        li { @if error.target.is_empty() { (error.text) } @else { a href={ "#" (error.target) } { (error.text) } } }
                    }
                }
            }
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::input::InputKind;

    #[test]
    fn the_summary_links_to_every_field_with_an_error() {
        let wrong = Input { error: Some("Give a title".into()), ..Input::new("title", "Title", InputKind::Line) };
        let form = Form { groups: vec![FormGroup { inputs: vec![wrong], ..FormGroup::default() }], ..Form::default() };
        let markup = form.render().into_string();
        assert!(markup.contains(r##"href="#f-title""##) && markup.contains(r#"id="f-title""#));
    }

    #[test]
    fn a_form_with_a_file_is_sent_in_parts() {
        let file = Input::new("scan", "Scan", InputKind::File { accept: ".pdf".into(), several: false });
        let form = Form { groups: vec![FormGroup { inputs: vec![file], ..FormGroup::default() }], ..Form::default() };
        assert!(form.render().into_string().contains("multipart/form-data"));
    }
}
