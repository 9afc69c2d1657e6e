//! The learner's page: one column, large targets, what changed first, one button at the end.

use crate::ui::icon::Icon;
use crate::ui::value::{Link, When};
use maud::{Markup, Render, html};

/// How a step of the lesson stands.
#[derive(Debug, Clone, Default)]
pub struct LessonStep {
    pub word: String,
    pub done: bool,
    pub current: bool,
    /// Where a done or current step is shown again.
    pub href: Option<String>,
}

/// How a question is answered.
#[derive(Debug, Clone, Default)]
pub enum QuestionKind {
    #[default]
    One,
    Several,
    Number,
    Text,
}

/// One question of a check.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub name: String,
    pub text: String,
    pub kind: QuestionKind,
    /// Value and text of each answer.
    pub answers: Vec<(String, String)>,
    pub chosen: Vec<String>,
    /// After marking: right or wrong with the reason.
    pub verdict: Option<(bool, String)>,
}

/// One page of learning: reading, a check, or an acknowledgement.
#[derive(Debug, Clone, Default)]
pub struct Lesson {
    /// "SOP-014 rev D".
    pub about: String,
    pub title: String,
    /// Why this person gets it and by when: "Because you assemble MV-200. Due 12 Dec 2026".
    pub because: String,
    pub due: Option<When>,
    pub steps: Vec<LessonStep>,
    /// What changed since this person last read it; first on the page.
    pub changes: Vec<String>,
    pub changes_link: Option<Link>,
    pub body: Markup,
    pub questions: Vec<Question>,
    /// "I have read and understood SOP-014 rev D."
    pub acknowledgement: Option<String>,
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub button: String,
    /// The button leads to a signature.
    pub signed: bool,
    pub draft_key: String,
}

impl Lesson {
    fn head(&self) -> Markup {
        let done = self.steps.iter().filter(|step| step.done).count();
        html! {
            header.lesson-head {
                p.muted { (self.about) }
                h1 { (self.title) }
                @if !self.because.is_empty() || self.due.is_some() {
                    p.lesson-because { (self.because) @if let Some(due) = &self.due { " Due " b { (due) } "." } }
                }
                @if !self.steps.is_empty() {
                    div.lesson-progress {
                        progress max=(self.steps.len()) value=(done) aria-label="Progress" {}
                        ol.lesson-steps {
                            @for step in &self.steps {
                                li.done[step.done] aria-current=[step.current.then_some("step")] {
                                    @if step.done { (Icon::Check) span.sr { "done: " } } @else if step.current { (Icon::InWork) } @else { (Icon::Open) }
                                    @if let Some(href) = &step.href { a href=(href) { (step.word) } } @else { span { (step.word) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn changes(&self) -> Markup {
        html! {
            @if !self.changes.is_empty() {
                section.lesson-changes aria-labelledby="changes-title" {
                    h2 #changes-title { "What changed since you last read it" }
                    ul { @for change in &self.changes { li { (change) } } }
                    @if let Some(link) = &self.changes_link { p { a.button href=(link.href) { (link.text) } } }
                }
            }
        }
    }
}

impl Render for Lesson {
    fn render(&self) -> Markup {
        html! {
            article.lesson {
                (self.head())
                (self.changes())
                @if !self.body.0.is_empty() { div.lesson-body.prose { (self.body) } }
                form method="post" action=(self.action) data-once[!self.signed] data-dialog[self.signed] data-draft-key=(self.draft_key) {
                    @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                    @for (index, question) in self.questions.iter().enumerate() { (question.numbered(index + 1, self.questions.len())) }
                    @if let Some(text) = &self.acknowledgement {
                        label.big-choice.acknowledge { input type="checkbox" name="acknowledged" value="yes" required; span { (text) } }
                    }
                    div.lesson-foot {
                        button.button.primary.large type="submit" { @if self.signed { (Icon::Sign) } (self.button) }
                        p.muted.js-only data-draft-note aria-live="polite" {}
                    }
                }
            }
        }
    }
}

impl Question {
    fn numbered(&self, number: usize, of: usize) -> Markup {
        html! {
            fieldset.question {
                legend { span.muted { "Question " (number) " of " (of) } span.question-text { (self.text) } }
                @match self.kind {
                    QuestionKind::One | QuestionKind::Several => {
                        @for (value, text) in &self.answers {
                            label.big-choice {
                                input type=(if matches!(self.kind, QuestionKind::One) { "radio" } else { "checkbox" }) name=(self.name) value=(value)
                                    checked[self.chosen.contains(value)] data-draft;
                                span { (text) }
                            }
                        }
                    }
                    QuestionKind::Number => { input.control.short type="text" inputmode="decimal" name=(self.name) value=[self.chosen.first()] aria-label="Your answer" data-draft; }
                    QuestionKind::Text => { textarea.control name=(self.name) rows="4" aria-label="Your answer" data-draft { "\n" @if let Some(text) = self.chosen.first() { (text) } } }
                }
                @if let Some((right, reason)) = &self.verdict {
                    p.verdict.good[*right].bad[!right] { @if *right { (Icon::Check) } @else { (Icon::Close) } span { b { @if *right { "Right. " } @else { "Not right. " } } (reason) } }
                }
            }
        }
    }
}
