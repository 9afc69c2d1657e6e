//! Pages of training: the matrix, what one person reads and signs, who was asked, qualifications.

mod assignments;
pub(crate) mod course;
pub(crate) mod document;
mod evidence;
mod learn;
mod matrix;
pub(crate) mod overdue;
pub(crate) mod person;
pub(crate) mod qualification;

use crate::router::{Route, shows, takes};
use crate::ui::InputKind;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        shows("/training/matrix", matrix::show),
        shows("/training/assignments", assignments::show),
        takes("/training/learn/{obligation}", learn::show, learn::sign),
    ]
}

pub(crate) fn input_kind(command: &str, input: &str) -> Option<InputKind> {
    match (command, input) {
        ("lms.assign", "course") => Some(InputKind::Record { kind: "course".into(), chosen: String::new(), recent: Vec::new() }),
        _ => None,
    }
}

pub(crate) fn input_label(command: &str, input: &str) -> Option<&'static str> {
    match (command, input) {
        ("lms.assign", "due_date") => Some("To be done by"),
        _ => None,
    }
}
