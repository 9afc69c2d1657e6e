//! The drawings with sample data.

use crate::Sheet;
use maud::{Markup, html};

pub fn sheets() -> Vec<Sheet> {
    Vec::new()
}

pub fn link_graph() -> Markup {
    html! {}
}

pub fn training_progress() -> Markup {
    html! {}
}

pub fn story() -> Markup {
    html! {}
}
