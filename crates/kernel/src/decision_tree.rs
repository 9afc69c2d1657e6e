//! Decision trees: questions with answers that lead to further questions or to an outcome.
//!
//! A tree is versioned reference data. A decision keeps the tree's version and the answers, and is
//! only as good as both: an answer that is missing, not asked for or unknown is refused, so that
//! the recorded answers always lead to the recorded outcome and to no other.

use base::{Error, Refusal, RefusalKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Questions of one tree.
pub const QUESTIONS_MAX: usize = 100;
/// Answers to one question.
pub const ANSWERS_MAX: usize = 20;
/// Outcomes of one tree.
pub const OUTCOMES_MAX: usize = 50;
/// A tree's name, an identifier or an answer's value, in characters.
pub const KEY_CHARS_MAX: usize = 60;
/// Any text of a tree, in characters.
pub const TREE_TEXT_CHARS_MAX: usize = 4_000;

/// A versioned set of questions. The first question is asked first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTree {
    pub name: String,
    /// Raised with every change; a decision keeps the version it was taken with.
    pub version: u32,
    pub title: String,
    /// The clauses it puts into questions.
    pub source: String,
    pub questions: Vec<Question>,
    pub outcomes: Vec<Outcome>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    pub text: String,
    /// What the words mean and which clause they come from.
    #[serde(default)]
    pub help: String,
    pub answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What is recorded.
    pub value: String,
    /// What is shown.
    pub label: String,
    pub next: Next,
}

/// Where an answer leads; in text `{ question = "…" }` or `{ outcome = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    Question(String),
    Outcome(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub id: String,
    pub label: String,
    /// The clock rule that starts with this outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// Whether an authority must be told.
    pub reportable: bool,
    /// What follows from it.
    pub text: String,
}

/// One answered question of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub question: String,
    pub answer: String,
}

/// The way through a tree that the answers describe, with the version it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    pub tree: String,
    pub version: u32,
    pub steps: Vec<Taken>,
    pub outcome: Outcome,
}

/// How far answers lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// This question comes next; the steps before it are answered.
    Ask {
        question: &'a Question,
        steps: Vec<Taken>,
    },
    Done(Path),
}

impl DecisionTree {
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// The outcome of a complete set of answers (question id → answer value). Refused at
    /// `answers.<question>` with `answer_missing`, `answer_unknown`, `answer_not_asked` (a question
    /// off the path) or `question_unknown`.
    pub fn evaluate(&self, answers: &BTreeMap<String, String>) -> Result<Path> {
        let path = match self.progress(answers)? {
            Progress::Done(path) => path,
            Progress::Ask { question, .. } => {
                return Err(self.refuse(&question.id, "answer_missing", format!("“{}” is not answered", question.text)));
            }
        };
        for id in answers.keys() {
            if !path.steps.iter().any(|step| step.question == *id) {
                let message = match self.question(id) {
                    Some(question) => format!("“{}” is not asked after the other answers", question.text),
                    None => format!("the decision “{}” has no question “{id}”", self.title),
                };
                let code = if self.question(id).is_some() { "answer_not_asked" } else { "question_unknown" };
                return Err(self.refuse(id, code, message));
            }
        }
        Ok(path)
    }

    /// Follows the answers as far as they lead, for a page that asks one question after the other.
    /// Answers off the path are left alone here; [`DecisionTree::evaluate`] refuses them.
    pub fn progress(&self, answers: &BTreeMap<String, String>) -> Result<Progress<'_>> {
        let broken = |why: &str| Error::internal(format!("decision tree {} version {}: {why}", self.name, self.version));
        let mut steps = Vec::new();
        let mut question = self.questions.first().ok_or_else(|| broken("no question"))?;
        // A path visits no question twice, so that it is never longer than the list.
        for _ in 0..self.questions.len() {
            let Some(value) = answers.get(&question.id) else { return Ok(Progress::Ask { question, steps }) };
            let Some(answer) = question.answers.iter().find(|answer| answer.value == *value) else {
                let known: Vec<&str> = question.answers.iter().map(|answer| answer.value.as_str()).collect();
                let message = format!("“{value}” is no answer to “{}”; answers are {}", question.text, known.join(", "));
                return Err(self.refuse(&question.id, "answer_unknown", message));
            };
            steps.push(Taken { question: question.id.clone(), answer: answer.value.clone() });
            match &answer.next {
                Next::Question(id) => question = self.question(id).ok_or_else(|| broken("an answer leads nowhere"))?,
                Next::Outcome(id) => {
                    let outcome = self.outcome(id).ok_or_else(|| broken("an answer leads nowhere"))?.clone();
                    return Ok(Progress::Done(Path { tree: self.name.clone(), version: self.version, steps, outcome }));
                }
            }
        }
        Err(broken("questions lead back to themselves"))
    }

    /// Whether the tree can be used: limits kept, keys well formed and used once, every answer leads
    /// somewhere, no question leads back to itself, so that every path ends in an outcome, and every
    /// question and outcome can be reached. The refusal names the place.
    pub fn check(&self) -> Result<()> {
        self.check_texts()?;
        self.check_limits()?;
        let mut keys = BTreeSet::new();
        for id in self.questions.iter().map(|question| &question.id).chain(self.outcomes.iter().map(|outcome| &outcome.id)) {
            if !keys.insert(id) {
                return Err(self.fault(id, "tree_key_twice", format!("the key “{id}” is used twice")));
            }
        }
        for question in &self.questions {
            let mut values = BTreeSet::new();
            for answer in &question.answers {
                if !values.insert(&answer.value) {
                    return Err(self.fault(&question.id, "tree_key_twice", format!("the answer “{}” is there twice", answer.value)));
                }
                let (found, target) = match &answer.next {
                    Next::Question(id) => (self.question(id).is_some(), id),
                    Next::Outcome(id) => (self.outcome(id).is_some(), id),
                };
                if !found {
                    return Err(self.fault(
                        &question.id,
                        "tree_leads_nowhere",
                        format!("“{}” leads to “{target}”, which is not there", answer.value),
                    ));
                }
            }
        }
        self.check_order()
    }

    /// Walks in the order in which questions can be asked: each one after all that lead to it. What
    /// is left over leads back to itself; what was never led to cannot be reached. No recursion,
    /// however deep the tree.
    fn check_order(&self) -> Result<()> {
        let first = self.questions.first().map_or("", |question| question.id.as_str());
        let mut reached = BTreeSet::from([first]);
        let mut found = vec![first];
        while let Some(id) = found.pop() {
            for next in self.targets(id) {
                if reached.insert(next) {
                    found.push(next);
                }
            }
        }
        for id in self.questions.iter().map(|question| &question.id).chain(self.outcomes.iter().map(|outcome| &outcome.id)) {
            if !reached.contains(id.as_str()) {
                return Err(self.fault(id, "tree_unreachable", format!("no answer leads to “{id}”")));
            }
        }
        let mut waiting: BTreeMap<&str, usize> = reached.iter().map(|id| (*id, 0)).collect();
        for next in self.questions.iter().flat_map(|question| self.targets(&question.id)) {
            waiting.entry(next).and_modify(|count| *count += 1);
        }
        let mut ready: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        let mut passed = 0;
        while let Some(id) = ready.pop() {
            passed += 1;
            for next in self.targets(id) {
                if let Some(count) = waiting.get_mut(next) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(next);
                    }
                }
            }
        }
        if passed == waiting.len() {
            return Ok(());
        }
        let looping = waiting.iter().find(|(id, count)| **count > 0 && self.question(id).is_some());
        let id = looping.map_or("", |(id, _)| *id);
        Err(self.fault(id, "tree_cycle", format!("answers lead back to “{id}”")))
    }

    /// What the answers to a question lead to, one entry for each answer.
    fn targets<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        self.question(id).into_iter().flat_map(|question| &question.answers).map(|answer| match &answer.next {
            Next::Question(id) | Next::Outcome(id) => id.as_str(),
        })
    }

    fn check_limits(&self) -> Result<()> {
        let within = |place: &str, what: &str, count: usize, least: usize, most: usize| {
            if (least..=most).contains(&count) {
                return Ok(());
            }
            Err(self.fault(place, "tree_size", format!("{count} {what}; {least} to {most} are allowed")))
        };
        within("questions", "questions", self.questions.len(), 1, QUESTIONS_MAX)?;
        within("outcomes", "outcomes", self.outcomes.len(), 1, OUTCOMES_MAX)?;
        self.questions.iter().try_for_each(|question| within(&question.id, "answers", question.answers.len(), 2, ANSWERS_MAX))
    }

    fn check_texts(&self) -> Result<()> {
        let mut keys = vec![("name", &self.name)];
        let mut texts = vec![("title", &self.title, true), ("source", &self.source, true)];
        for question in &self.questions {
            keys.push((&question.id, &question.id));
            texts.extend([(question.id.as_str(), &question.text, true), (question.id.as_str(), &question.help, false)]);
            for answer in &question.answers {
                keys.push((&question.id, &answer.value));
                texts.push((&question.id, &answer.label, true));
            }
        }
        for outcome in &self.outcomes {
            keys.push((&outcome.id, &outcome.id));
            texts.extend([(outcome.id.as_str(), &outcome.label, true), (outcome.id.as_str(), &outcome.text, false)]);
        }
        for (place, key) in keys {
            let plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if !plain || key.is_empty() || key.len() > KEY_CHARS_MAX {
                let message = format!("“{key}” is no key: 1 to {KEY_CHARS_MAX} of a–z, 0–9 and _");
                return Err(self.fault(place, "tree_key", message));
            }
        }
        for (place, text, needed) in texts {
            let count = text.chars().count();
            if count > TREE_TEXT_CHARS_MAX || (needed && text.trim().is_empty()) {
                let message = format!("a text of {count} characters; 1 to {TREE_TEXT_CHARS_MAX} are allowed");
                return Err(self.fault(place, "tree_text", message));
            }
        }
        Ok(())
    }

    fn refuse(&self, question: &str, code: &str, message: String) -> Error {
        Refusal::new(RefusalKind::Invalid, code, message).at(format!("answers.{question}")).into()
    }

    fn fault(&self, place: &str, code: &str, message: String) -> Error {
        Error::invalid(format!("tree.{}.{place}", self.name), code, message)
    }
}

#[cfg(test)]
mod tests;
