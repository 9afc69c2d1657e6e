//! What differs between two configurations, in sentences.

use crate::catalog::Catalog;
use crate::kind::{Field, FieldSort, Kind, Numbering, Signer, Step};

/// One difference: of what, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind's label, or “Roles”.
    pub what: String,
    pub text: String,
}

/// Every difference between two configurations, kind by kind.
pub fn changes(old: &Catalog, new: &Catalog) -> Vec<Change> {
    let mut found = Vec::new();
    let mut say = |what: &str, texts: Vec<String>| found.extend(texts.into_iter().map(|text| Change { what: what.to_owned(), text }));
    for kind in new.kinds() {
        match old.kind(&kind.name) {
            None => say(&kind.label, vec![format!("new kind, with {} fields, {} states and {} steps", kind.fields.len(), kind.states.len(), kind.steps.len())]),
            Some(before) => say(&before.label, of_kind(new, before, kind)),
        }
    }
    for kind in old.kinds().filter(|kind| new.kind(&kind.name).is_none()) {
        say(&kind.label, vec!["the kind goes".to_owned()]);
    }
    let mut roles = Vec::new();
    for role in new.roles() {
        match old.role(&role.name) {
            None => roles.push(format!("new role “{}”", role.label)),
            Some(before) if before.label != role.label => roles.push(renamed("role", &before.label, &role.label)),
            Some(_) => {}
        }
    }
    roles.extend(old.roles().filter(|role| new.role(&role.name).is_none()).map(|role| format!("the role “{}” goes", role.label)));
    say("Roles", roles);
    found
}

fn renamed(what: &str, old: &str, new: &str) -> String {
    format!("the {what} “{old}” is now called “{new}”")
}

fn of_kind(new_catalog: &Catalog, old: &Kind, new: &Kind) -> Vec<String> {
    let mut found = Vec::new();
    if (&old.label, &old.plural) != (&new.label, &new.plural) {
        found.push(format!("is now called “{}”, several “{}”", new.label, new.plural));
    }
    if old.numbering != new.numbering {
        found.push(format!("numbers are like {} instead of {}", sample(&new.numbering), sample(&old.numbering)));
    }
    found.extend(of_fields(old, new));
    for state in &new.states {
        match old.find_state(&state.name) {
            None => found.push(format!("new state “{}” ({})", state.label, state.phase.name().replace('_', " "))),
            Some(before) if before.phase != state.phase => {
                found.push(format!("the state “{}” counts as {} instead of {}", state.label, state.phase.name().replace('_', " "), before.phase.name().replace('_', " ")));
            }
            Some(before) if before.label != state.label => found.push(renamed("state", &before.label, &state.label)),
            Some(_) => {}
        }
    }
    found.extend(old.states.iter().filter(|state| new.find_state(&state.name).is_none()).map(|state| format!("the state “{}” goes", state.label)));
    for step in &new.steps {
        match old.find_step(&step.name) {
            None => found.push(format!("new step “{}” to “{}”", step.label, state_label(new, &step.to))),
            Some(before) => found.extend(of_step(new_catalog, new, before, step)),
        }
    }
    found.extend(old.steps.iter().filter(|step| new.find_step(&step.name).is_none()).map(|step| format!("the step “{}” goes", step.label)));
    found.extend(of_links(old, new));
    let (gone, granted) = gone_and_new(&old.grants, &new.grants);
    found.extend(granted.into_iter().map(|(role, verb)| format!("{} may {verb}", role_label(new_catalog, role))));
    found.extend(gone.into_iter().map(|(role, verb)| format!("{} may no longer {verb}", role_label(new_catalog, role))));
    found
}

fn of_fields(old: &Kind, new: &Kind) -> Vec<String> {
    let mut found = Vec::new();
    for field in &new.fields {
        match old.find_field(&field.name) {
            None => found.push(format!("new field “{}” ({}{})", field.label, sort_words(&field.sort), if field.required { ", needed" } else { "" })),
            Some(before) if before == field => {}
            Some(before) if before.label != field.label && Field { label: before.label.clone(), ..field.clone() } == *before => {
                found.push(renamed("field", &before.label, &field.label));
            }
            Some(before) => found.push(format!("the field “{}” changes", before.label)),
        }
    }
    found.extend(old.fields.iter().filter(|field| new.find_field(&field.name).is_none()).map(|field| format!("the field “{}” goes", field.label)));
    found
}

fn of_links(old: &Kind, new: &Kind) -> Vec<String> {
    let mut found = Vec::new();
    for link in &new.links {
        match old.find_link(&link.name) {
            None => found.push(format!("new link “{}”", link.label)),
            Some(before) if before != link => found.push(format!("the link “{}” changes", before.label)),
            Some(_) => {}
        }
    }
    found.extend(old.links.iter().filter(|link| new.find_link(&link.name).is_none()).map(|link| format!("the link “{}” goes", link.label)));
    found
}

fn of_step(catalog: &Catalog, kind: &Kind, old: &Step, new: &Step) -> Vec<String> {
    let mut found = Vec::new();
    if old.label != new.label {
        found.push(renamed("step", &old.label, &new.label));
    }
    let (gone, from) = gone_and_new(&old.from, &new.from);
    found.extend(from.into_iter().map(|state| format!("“{}” also starts from “{}”", new.label, state_label(kind, state))));
    found.extend(gone.into_iter().map(|state| format!("“{}” no longer starts from “{}”", new.label, state_label(kind, state))));
    if old.to != new.to {
        found.push(format!("“{}” leads to “{}”", new.label, state_label(kind, &new.to)));
    }
    let (gone, roles) = gone_and_new(&old.roles, &new.roles);
    found.extend(roles.into_iter().map(|role| format!("“{}” may also be taken by {}", new.label, role_label(catalog, role))));
    found.extend(gone.into_iter().map(|role| format!("“{}” may no longer be taken by {}", new.label, role_label(catalog, role))));
    let (gone, signers) = gone_and_new(&old.signers, &new.signers);
    found.extend(signers.into_iter().map(|signer| format!("“{}” needs one more signature: {}", new.label, signer_words(catalog, signer))));
    found.extend(gone.into_iter().map(|signer| format!("“{}” no longer needs the signature: {}", new.label, signer_words(catalog, signer))));
    for rule in new.rules.iter().filter(|rule| !old.rules.iter().any(|known| known.id == rule.id)) {
        found.push(format!("“{}” asks as well: {}", new.label, rule.text));
    }
    for rule in &old.rules {
        match new.rules.iter().find(|known| known.id == rule.id) {
            None => found.push(format!("“{}” no longer asks: {}", new.label, rule.text)),
            Some(after) if format!("{after:?}") != format!("{rule:?}") => found.push(format!("“{}” asks now: {}", new.label, after.text)),
            Some(_) => {}
        }
    }
    if (old.reason, old.in_order, old.awaited) != (new.reason, new.in_order, new.awaited) {
        found.push(format!("“{}” changes in how it is taken", new.label));
    }
    found
}

/// What is only in the one list and what is only in the other; equal entries count as often as they
/// are there.
pub(super) fn gone_and_new<'a, T: PartialEq>(old: &'a [T], new: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
    let mut gone: Vec<&T> = old.iter().collect();
    let mut added = Vec::new();
    for entry in new {
        match gone.iter().position(|known| *known == entry) {
            Some(index) => {
                gone.remove(index);
            }
            None => added.push(entry),
        }
    }
    (gone, added)
}

pub(super) fn signer_words(catalog: &Catalog, signer: &Signer) -> String {
    format!("{}, “{}”", role_label(catalog, &signer.role), signer.meaning)
}

fn role_label(catalog: &Catalog, role: &str) -> String {
    catalog.role(role).map_or_else(|| role.to_owned(), |role| role.label.clone())
}

fn state_label(kind: &Kind, state: &str) -> String {
    kind.find_state(state).map_or_else(|| state.to_owned(), |state| state.label.clone())
}

/// `CAPA-2026-0001`, as the first number would look.
pub(super) fn sample(numbering: &Numbering) -> String {
    match numbering {
        Numbering::Given => "given by hand".to_owned(),
        Numbering::Counted { prefix, digits, with_year } => {
            let year = if *with_year { "-YYYY" } else { "" };
            format!("{prefix}{year}-{:0width$}", 1, width = *digits)
        }
    }
}

fn sort_words(sort: &FieldSort) -> String {
    match sort {
        FieldSort::Line(_) => "one line".to_owned(),
        FieldSort::Block(_) => "text".to_owned(),
        FieldSort::Integer { min, max } => format!("whole number from {min} to {max}"),
        FieldSort::Decimal => "number".to_owned(),
        FieldSort::Date => "date".to_owned(),
        FieldSort::YesNo => "yes or no".to_owned(),
        FieldSort::Choice(choices) => format!("one of {}", choices.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>().join(", ")),
        FieldSort::Person => "person".to_owned(),
        FieldSort::Sheet => "rows of cells".to_owned(),
        FieldSort::TableRevision(table) => format!("revision of the table {table}"),
        FieldSort::Zone => "time zone".to_owned(),
    }
}
