//! The timeline: every event of a record as a sentence, open to before and after.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::Known;
use crate::kernel_pages::record_of;
use crate::kernel_pages::work::with_parameter;
use crate::shell;
use crate::text::{below, href, when};
use crate::ui::{Change, EntryKind, Link, PageHead, Section, Timeline, TimelineEntry};
use base::Result;
use kernel::kind::{FieldSort, Kind};
use kernel::record;
use kernel::trail::{self, Line};
use maud::html;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Events on one page of the whole timeline.
const EVENTS: usize = 100;

/// The newest events, for the record page.
pub(crate) fn section(visit: &Visit, known: &Known, count: usize) -> Result<Section> {
    let (entries, more) = entries(visit, &known.kind, &known.record, None, count, known.past.as_ref().map(|past| past.at))?;
    let older = more.map(|_| Link::new(below(&known.record, "/timeline"), "Whole timeline"));
    Ok(Section { id: "timeline".into(), title: "Timeline".into(), body: html! { (Timeline { entries, older, ..Timeline::default() }) }, ..Section::default() })
}

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let (entries, more) = entries(visit, &kind, &record, visit.request.query("before"), EVENTS, None)?;
    let older = more.map(|cursor| Link::new(with_parameter(&below(&record, "/timeline"), "before", &cursor), "Older"));
    let body = html! {
        (PageHead {
            crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone()), Link::new(href(&record.reference()), record.label())],
            title: format!("Timeline of {}", record.label()),
            lead: record.title.clone(),
            ..PageHead::default()
        })
        (Timeline { entries, older, ..Timeline::default() })
    };
    Ok(shell::page(visit, &format!("Timeline of {}", record.label()), Some(shell::area_of(&kind)), body))
}

fn entries(visit: &Visit, kind: &Kind, record: &record::Record, before: Option<&str>, count: usize, until: Option<base::Timestamp>) -> Result<(Vec<TimelineEntry>, Option<String>)> {
    let (tenant, id, before) = (visit.tenant().to_owned(), record.id.clone(), before.map(str::to_owned));
    let viewer = visit.viewer.clone();
    let (lines, names) = visit.read(move |tx| {
        let lines = trail::of_record(tx, &tenant, &id, before.as_deref(), count + 1)?;
        let mut people: Vec<String> = lines.iter().map(|line| line.actor.clone()).collect();
        people.extend(lines.iter().flat_map(|line| line.after.iter().chain(&line.before)).flat_map(person_values));
        let mut names = kernel::person::names(tx, &tenant, &people)?;
        for (id, label) in targets(tx, &viewer, &lines)? {
            names.insert(id, label);
        }
        Ok((lines, names))
    })?;
    let more = (lines.len() > count).then(|| lines.get(count - 1).map(Line::cursor)).flatten();
    let entries = lines
        .iter()
        .take(count)
        .filter(|line| until.is_none_or(|until| line.at <= until))
        .filter(|line| line.subject_table != "item")
        .map(|line| entry(visit, kind, line, &names))
        .collect();
    Ok((entries, more))
}

/// The records that links of these lines lead to, by the identifier that the line names: the
/// revision where the link is pinned, otherwise the item.
fn targets(tx: &mut dyn db::Read, viewer: &kernel::authority::Viewer, lines: &[Line]) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let linked = lines.iter().filter(|line| line.subject_table == "link").filter_map(|line| line.after.as_ref());
    for after in linked {
        let text = |name: &str| after.get(name).and_then(Json::as_str);
        let target = match (text("target"), text("target_item")) {
            (Some(id), _) => record::find(tx, viewer.tenant(), id)?.map(|record| (id, record.label(), record)),
            (None, Some(item)) => record::current_of_item(tx, viewer.tenant(), item)?.map(|record| (item, record.number.clone(), record)),
            (None, None) => None,
        };
        if let Some((id, label, record)) = target.filter(|(_, _, record)| viewer.sees(record)) {
            found.push((id.to_owned(), format!("{label} {}", record.title)));
        }
    }
    Ok(found)
}

fn person_values(value: &Json) -> Vec<String> {
    ["owner", "person"].iter().filter_map(|name| value.get(name).and_then(Json::as_str)).map(str::to_owned).collect()
}

/// One event as a sentence.
pub(crate) fn entry(visit: &Visit, kind: &Kind, line: &Line, names: &BTreeMap<String, String>) -> TimelineEntry {
    let text = |name: &str| line.after.as_ref().and_then(|after| after.get(name)).and_then(Json::as_str).unwrap_or("").to_owned();
    let person = |name: &str| names.get(&text(name)).cloned().unwrap_or_else(|| text(name));
    // Shown to whoever may see the record at the other end.
    let target = || [text("target"), text("target_item")].iter().find_map(|id| names.get(id)).map_or_else(String::new, |label| format!(" to {label}"));
    let label_of_link = |name: &str| kind.find_link(name).map_or_else(|| name.replace('_', " "), |link| link.label.clone());
    let (sort, sentence) = match line.action.as_str() {
        "record.created" => (EntryKind::Created, "created this record".to_owned()),
        "record.revised" => (EntryKind::Created, "made this revision from the one before".to_owned()),
        "record.edited" => (EntryKind::Changed, "changed the content".to_owned()),
        "record.detail_changed" => (EntryKind::Changed, "changed the details".to_owned()),
        "link.added" => (EntryKind::Linked, format!("added the link “{}”{}", label_of_link(&text("kind")), target())),
        "link.removed" => (EntryKind::Linked, format!("removed the link “{}”{}", label_of_link(&text("kind")), target())),
        "link.suspected" => (EntryKind::Alarm, format!("made a link suspect: {}", text("suspect_why"))),
        "link.cleared" => (EntryKind::Linked, "looked at a suspect link and cleared it".to_owned()),
        "obligation.raised" => (EntryKind::System, raised_sentence(visit, &text("task"), &text("role"), &person("person"), &text("due_date"))),
        "obligation.done" => (EntryKind::Step, format!("did what was asked{}", outcome_text(&text("outcome")))),
        "obligation.cancelled" => (EntryKind::System, format!("took back what was asked: {}", text("outcome"))),
        "obligation.reassigned" => (EntryKind::Changed, format!("handed a task to {}", person("person"))),
        "hold.placed" => (EntryKind::Alarm, format!("placed a hold: {}", text("why"))),
        "hold.lifted" => (EntryKind::Step, format!("lifted the hold: {}", text("lifted_why"))),
        "clock.started" => (EntryKind::System, format!("started the clock of {}, due {}", clock_words(visit, &text("rule")), crate::text::day(&text("due_date")).display)),
        "clock.stopped" => (EntryKind::System, "stopped the clock".to_owned()),
        "clock.extended" => (EntryKind::Changed, format!("extended the due date to {}", crate::text::day(&text("due_date")).display)),
        "decision.taken" => (EntryKind::Step, decision_sentence(visit, &text("tree"), &text("outcome"))),
        "decision.replaced" => (EntryKind::System, "replaced an earlier decision".to_owned()),
        "signature.given" => (EntryKind::Signed, format!("signed: {}", text("meaning"))),
        "dossier.frozen" => (EntryKind::Step, "froze the dossier".to_owned()),
        "file.attached" => (EntryKind::File, format!("attached the file “{}”", text("name"))),
        "file.carried_over" => (EntryKind::File, format!("took over the file “{}” from the revision before", text("name"))),
        "file.removed" => (EntryKind::File, "took a file off".to_owned()),
        "session.opened" => (EntryKind::System, "signed in".to_owned()),
        "session.closed" => (EntryKind::System, "signed out".to_owned()),
        "password.rehashed" => (EntryKind::System, "had the password stored anew, with stronger hashing".to_owned()),
        "password.set" => (EntryKind::Changed, "set the password".to_owned()),
        "role.granted" => (EntryKind::Changed, format!("granted the role {}", visit.catalog.role(&text("role")).map_or_else(|| text("role"), |role| crate::text::in_sentence(&role.label)))),
        "role.revoked" => (EntryKind::Changed, "took a role away".to_owned()),
        "security.noticed" => (EntryKind::Alarm, format!("caused a security notice: {}", text("detail"))),
        "person.described" => (EntryKind::Changed, "described the person".to_owned()),
        "personal.changed" => (EntryKind::Changed, "changed the personal data".to_owned()),
        "personal.erased" => (EntryKind::Changed, "erased the personal data".to_owned()),
        "person.switched" => (EntryKind::Changed, "switched the sign-in".to_owned()),
        "token.made" => (EntryKind::Changed, format!("made the API token “{}”", text("name"))),
        "token.revoked" => (EntryKind::Changed, "revoked an API token".to_owned()),
        "item.effective" => (EntryKind::System, "made this the revision that counts".to_owned()),
        "configuration.in_force" => (EntryKind::Step, "put the configuration into force".to_owned()),
        other => match other.strip_prefix("record.step.") {
            Some(step) => (EntryKind::Step, format!("took the step “{}”", kind.find_step(step).map_or(step, |step| step.label.as_str()))),
            None => (EntryKind::Changed, crate::domain::sentence(other, line.after.as_ref()).unwrap_or_else(|| other.replace(['.', '_'], " "))),
        },
    };
    TimelineEntry {
        kind: sort,
        when: when(line.at, visit.actor.zone()),
        who: names.get(&line.actor).cloned().unwrap_or_else(|| line.actor.clone()),
        sentence,
        changes: if line.before.is_some() || line.action == "record.created" { changes(visit, kind, line, names) } else { Vec::new() },
        reason: line.reason.clone().unwrap_or_default(),
        signature: if sort == EntryKind::Signed { vec![("Version".into(), line.after.as_ref().and_then(|after| after.get("version")).map_or_else(String::new, Json::to_string)), ("Digest".into(), text("digest"))] } else { Vec::new() },
        ..TimelineEntry::default()
    }
}

fn raised_sentence(visit: &Visit, task: &str, role: &str, person: &str, due: &str) -> String {
    let who = if person.is_empty() { visit.catalog.role(role).map_or_else(|| role.to_owned(), |role| crate::text::in_sentence(&role.label)) } else { person.to_owned() };
    let due = if due.is_empty() { String::new() } else { format!(" by {}", crate::text::day(due).display) };
    format!("asked {who}: {task}{due}")
}

fn clock_words(visit: &Visit, rule: &str) -> String {
    visit.catalog.clock_rule(rule).map_or_else(|| rule.replace('_', " "), kernel::calendar::ClockRule::describe)
}

fn outcome_text(outcome: &str) -> String {
    if outcome.is_empty() { String::new() } else { format!(": {outcome}") }
}

fn decision_sentence(visit: &Visit, tree: &str, outcome: &str) -> String {
    let Some(tree) = visit.catalog.tree(tree) else { return format!("decided: {outcome}") };
    let outcome = tree.outcomes.iter().find(|known| known.id == outcome).map_or(outcome, |known| known.label.as_str());
    format!("decided “{}”: {outcome}", tree.title)
}

/// Columns that say nothing to people: pointers and digests.
const UNSAID: [&str; 17] =
    ["given", "erased_at", "personal_digest", "id", "item", "kind", "version", "digest", "detail", "changed_at", "changed_by", "created_at", "created_by", "at_tx", "number", "revision", "number_fold"];

fn changes(visit: &Visit, kind: &Kind, line: &Line, names: &BTreeMap<String, String>) -> Vec<Change> {
    let mut all = Vec::new();
    let Some(Json::Object(after)) = &line.after else { return all };
    for (name, new) in after.iter().filter(|(name, _)| !UNSAID.contains(&name.as_str())) {
        let old = line.before.as_ref().and_then(|before| before.get(name)).unwrap_or(&Json::Null);
        if name == "fields" {
            for (field_name, new) in new.as_object().into_iter().flatten() {
                let old = old.get(field_name).unwrap_or(&Json::Null);
                let field = kind.find_field(field_name);
                let shown = |value: &Json| field.map_or_else(|| plain(value), |field| record::field_display(field, value));
                if field.is_some_and(|field| field.sort == FieldSort::Sheet) && !old.is_null() {
                    all.push(super::reference::changed(field_name, kind, old, new));
                    continue;
                }
                let label = field.map_or_else(|| field_name.replace('_', " "), |field| field.label.clone());
                all.push(Change { label, before: shown(old), after: shown(new) });
            }
            continue;
        }
        let shown = |value: &Json| match (name.as_str(), value) {
            ("owner" | "person", Json::String(id)) => names.get(id).cloned().unwrap_or_else(|| id.clone()),
            ("state", Json::String(state)) => visit.catalog.state_label(&kind.name, state),
            (_, value) => plain(value),
        };
        if name != "phase" {
            all.push(Change { label: crate::text::capital(&name.replace('_', " ")), before: shown(old), after: shown(new) });
        }
    }
    all
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
