//! What the domains add to the pages: sections and actions of their kinds, words for their
//! commands, pages of their own. Each domain's room answers for its own kinds; this is the table
//! that asks them.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::router::Route;
use crate::ui::{Banner, InputKind, Link, MenuItem, Section};
use crate::{admin, inspect, lms as training, plm as product, qms as quality};
use base::Result;
use kernel::kind::{Area, Kind};
use kernel::record::Record;
use maud::{Markup, html};
use serde_json::Value as Json;

/// Sections before a record's content: what people open the page for.
pub(crate) fn leading_sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    match known.kind.name.as_str() {
        "capa" => Ok(vec![quality::capa::story(visit, known)?]),
        _ => Ok(Vec::new()),
    }
}

/// Sections between a record's content and its links.
pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    match known.kind.name.as_str() {
        "part" => product::part_sections(visit, known),
        "change_order" => {
            let mut sections = product::order_sections(visit, known)?;
            sections.extend(training::document::caused(visit, known)?);
            Ok(sections)
        }
        "training_requirement" => Ok(training::document::caused(visit, known)?.into_iter().collect()),
        "complaint" => quality::complaint::sections(visit, known),
        "capa" => quality::capa::sections(visit, known),
        "risk" => quality::risk::sections(visit, known),
        "procedure" | "work_instruction" => training::document::sections(visit, known),
        "course" => training::course::sections(visit, known),
        "qualification" => training::qualification::sections(visit, known),
        "person" => training::person::sections(visit, known),
        "configuration_package" => admin::configuration::sections(visit, known),
        _ => Ok(Vec::new()),
    }
}

/// What must not be missed on a record's page.
pub(crate) fn banners(visit: &Visit, known: &Known) -> Result<Vec<Banner>> {
    match known.kind.name.as_str() {
        "complaint" => quality::complaint::banners(visit, known),
        _ => Ok(Vec::new()),
    }
}

/// Entries of the "More" menu.
pub(crate) fn actions(known: &Known) -> Vec<MenuItem> {
    match known.kind.name.as_str() {
        "part" => product::part_actions(known),
        "change_order" => product::order_actions(known),
        "complaint" => quality::complaint::actions(known),
        "capa" => quality::capa::actions(known),
        "person" => training::person::actions(known),
        _ => Vec::new(),
    }
}

/// Buttons in the head of a kind's list.
pub(crate) fn list_actions(visit: &Visit, kind: &Kind) -> Markup {
    let links: Vec<Link> = match kind.name.as_str() {
        "part" if visit.may("part.import_structure") => vec![Link::new("/engineering/import", "Import a structure")],
        "risk" => vec![Link::new("/quality/risk-matrix", "Risk matrix")],
        "course" | "training_requirement" => vec![Link::new("/training/matrix", "Training matrix")],
        "person" => vec![Link::new("/admin/roles", "Roles and permissions")],
        "configuration_package" => vec![Link::new("/admin/configuration", "Configuration in force")],
        _ => Vec::new(),
    };
    html! { @for link in &links { a.button href=(link.href) { (link.text) } } }
}

/// Other ways to begin, on the page of an empty list.
pub(crate) fn first_steps(visit: &Visit, kind: &Kind) -> Vec<Link> {
    match kind.name.as_str() {
        "part" if visit.may("part.import_structure") => vec![Link::new("/engineering/import", "Import a structure from a file")],
        _ => Vec::new(),
    }
}

/// What a new record of a kind begins with when it is made from another record: names of inputs
/// and their values.
pub(crate) fn begun_from(kind: &Kind, from: &Record) -> Vec<(String, String)> {
    match (kind.name.as_str(), from.kind.as_str()) {
        ("capa", "complaint") => quality::capa::begun_from_complaint(from),
        _ => Vec::new(),
    }
}

/// Pages of an area that are no list of a kind: address and label.
pub(crate) fn pages_of(visit: &Visit, area: Area) -> Vec<(&'static str, &'static str)> {
    match area {
        Area::Engineering if visit.may("part.import_structure") => vec![("/engineering/import", "Import a structure")],
        Area::Training if visit.viewer.sees_kind("course") => vec![("/training/matrix", "Training matrix"), ("/training/assignments", "Assignments")],
        Area::Design if visit.viewer.sees_kind("risk") => vec![("/quality/risk-matrix", "Risk matrix")],
        Area::Administration => vec![("/admin/roles", "Roles and permissions"), ("/admin/configuration", "Configuration in force"), ("/evidence", "Evidence"), ("/api-reference", "API")],
        _ => Vec::new(),
    }
}

/// How an input of a domain's command is asked for, where its name alone does not tell.
pub(crate) fn input_kind(command: &str, input: &str) -> Option<InputKind> {
    product::input_kind(command, input).or_else(|| training::input_kind(command, input))
}

/// The label of a command's input, where its name is not the word of the trade.
pub(crate) fn input_label(command: &str, input: &str) -> Option<String> {
    product::input_label(command, input).or_else(|| training::input_label(command, input)).map(str::to_owned)
}

/// What stands below the label, where the command's own text is for programs.
pub(crate) fn input_help(command: &str, input: &str) -> Option<String> {
    let own = match (command, input) {
        ("link.add", "link") => Some("What the other record is to this one."),
        ("link.add", "target") => Some("Number or words of the record to link to."),
        _ => None,
    };
    own.or_else(|| product::input_help(command, input)).map(str::to_owned)
}

/// Whether an input left empty clears what is there, rather than leaving it.
pub(crate) fn may_clear(command: &str, input: &str) -> bool {
    product::may_clear(command, input)
}

/// What a command did, in a sentence, where its answer says more than that it was done.
pub(crate) fn done(command: &str, result: &Json) -> Option<String> {
    product::done(command, result)
}

/// What an event of a domain says, after the name of whoever did it.
pub(crate) fn sentence(action: &str, after: Option<&Json>) -> Option<String> {
    product::sentence(action, after)
}

/// Pages of the domains.
pub(crate) fn routes() -> Vec<Route> {
    [product::routes(), quality::routes(), training::routes(), inspect::routes(), admin::routes()].into_iter().flatten().collect()
}
