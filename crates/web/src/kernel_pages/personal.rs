//! Personal data on a record's page: shown to those with the permission, changed in a form of its
//! own, erased with a reason.

use crate::edge::{Answer, Visit, status_of};
use crate::kernel_pages::record::Known;
use crate::kernel_pages::record_of;
use crate::shell;
use crate::text::{below, href, when};
use crate::ui::value::button_link;
use crate::ui::{Banner, BannerKind, FieldGroup, FieldValue, FieldView, Form, FormError, FormGroup, Input, InputKind, Link, PageHead, Section, Submit};
use base::{Error, Result};
use kernel::kind::{FieldSort, Kind};
use kernel::personal::{self, Personal};
use kernel::record::Record;
use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

/// What the visitor may know: the data, or only which of it is given.
fn known_of(visit: &Visit, record: &Record) -> Result<(bool, Personal)> {
    let (catalog, person, record) = (std::sync::Arc::clone(&visit.catalog), visit.actor.person().to_owned(), record.clone());
    visit.read(move |tx| {
        if personal::may_see(tx, &catalog, &person, &record)? {
            return Ok((true, personal::read(tx, &record.tenant, &record.item)?));
        }
        let standing = personal::standing(tx, &record.tenant, &record.item)?;
        Ok((false, Personal { standing, sound: true, ..Personal::default() }))
    })
}

fn may_edit(visit: &Visit, known: &Known) -> bool {
    let first = known.kind.first_state().is_some_and(|state| state.name == known.record.state);
    known.past.is_none() && (known.may_verb(personal::EDIT) || first && known.record.created_by == visit.actor.person())
}

pub(crate) fn section(visit: &Visit, known: &Known) -> Result<Option<Section>> {
    if known.kind.personal.is_empty() || known.past.is_some() {
        return Ok(None);
    }
    let (seen, found) = known_of(visit, &known.record)?;
    let views = known.kind.personal.iter().map(|field| {
        let text = found.fields.get(&field.name).and_then(Json::as_str).unwrap_or_default();
        let given = found.standing.given.contains(&field.name);
        let value = match (given, seen, found.standing.erased_at) {
            (false, _, _) => FieldValue::None,
            (true, _, Some(_)) => FieldValue::Line("Was given; erased".to_owned()),
            (true, false, None) => FieldValue::Line("Given".to_owned()),
            (true, true, None) if matches!(field.sort, FieldSort::Block(_)) => FieldValue::Block(text.to_owned()),
            (true, true, None) => FieldValue::line(text),
        };
        FieldView::new(&field.label, value)
    });
    let group = FieldGroup { title: String::new(), fields: views.collect() };
    let note = match (found.standing.erased_at, seen) {
        (Some(at), _) => format!("erased {}", when(at, visit.actor.zone()).day()),
        (None, false) => "shown only to those with the permission".to_owned(),
        (None, true) => String::new(),
    };
    let body = html! {
        @if !found.sound {
            div.banners { (Banner { kind: BannerKind::Broken, title: "The personal data does not match its trail".into(), text: "What is shown here is not what was recorded.".into(), ..Banner::default() }) }
        }
        (group)
    };
    let actions = html! {
        @if may_edit(visit, known) { (button_link("Change personal data", &below(&known.record, "/personal"), None, false)) }
        @if known.may_verb(personal::ERASE) && !found.standing.given.is_empty() && found.standing.erased_at.is_none() { (button_link("Erase", &below(&known.record, "/do/personal.erase"), None, false)) }
    };
    Ok(Some(Section { id: "personal".into(), title: "Personal data".into(), note, actions, body, ..Section::default() }))
}

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = declared(visit)?;
    let title = format!("Personal data of {}", record.label());
    Ok(shell::page(visit, &title, Some(shell::area_of(&kind)), body(visit, &kind, &record, None)?))
}

pub(crate) fn change(visit: &Visit) -> Result<Answer> {
    let (kind, record) = declared(visit)?;
    match change_now(visit, &kind, &record) {
        Ok(()) => Ok(Answer::Go { to: href(&record.reference()), flash: Some("The personal data is saved.".into()) }),
        Err(error) if error.refusal().is_some() => {
            let title = format!("Personal data of {}", record.label());
            let page = shell::framed(visit, &title, Some(shell::area_of(&kind)), body(visit, &kind, &record, Some(&error))?);
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn declared(visit: &Visit) -> Result<(Kind, Record)> {
    let (kind, record) = record_of(visit)?;
    if kind.personal.is_empty() {
        return Err(Error::not_found(format!("{} has no personal data.", record.label())));
    }
    Ok((kind, record))
}

fn change_now(visit: &Visit, kind: &Kind, record: &Record) -> Result<()> {
    let (seen, found) = known_of(visit, record)?;
    let mut given = Map::new();
    for field in &kind.personal {
        let Some(text) = visit.request.field(&format!("personal.{}", field.name)) else { continue };
        let stands = found.fields.get(&field.name).and_then(Json::as_str).unwrap_or_default();
        // Whoever does not see what is there does not clear it by leaving an input empty.
        if text.trim().is_empty() && (!seen || stands.is_empty()) {
            continue;
        }
        given.insert(field.name.clone(), json!(text));
    }
    visit.run("personal.edit", json!({ "record": record.id, "personal": given })).map(|_| ())
}

fn body(visit: &Visit, kind: &Kind, record: &Record, error: Option<&Error>) -> Result<Markup> {
    let (seen, found) = known_of(visit, record)?;
    let sent = !visit.request.form.is_empty();
    let refusal = error.and_then(Error::refusal);
    let at = |name: &str| refusal.filter(|refusal| refusal.place.as_deref() == Some(name)).map(|refusal| refusal.message.clone());
    let mut inputs: Vec<Input> = kind
        .personal
        .iter()
        .map(|field| {
            let name = format!("personal.{}", field.name);
            let stands = found.fields.get(&field.name).and_then(Json::as_str).unwrap_or_default();
            let value = if sent { visit.request.field(&name).unwrap_or_default() } else { stands }.to_owned();
            let (sort, max_chars) = match field.sort {
                FieldSort::Line(max) => (InputKind::Line, Some(max)),
                FieldSort::Block(max) => (InputKind::Block { rows: 4 }, Some(max)),
                _ => (InputKind::Line, None),
            };
            Input { value, max_chars, error: at(&name), help: field.help.clone(), autocomplete: Some("off"), ..Input::new(name, &field.label, sort) }
        })
        .collect();
    let finished = !record.phase.is_open_for_edit();
    inputs.push(Input {
        required: finished,
        value: visit.request.field("reason").unwrap_or_default().to_owned(),
        error: at("reason"),
        help: "Stands in the trail beside the change: write no personal data here.".into(),
        max_chars: Some(base::limits::REASON_CHARS),
        ..Input::new("reason", "Reason", InputKind::Block { rows: 2 })
    });
    let elsewhere = refusal.filter(|_| inputs.iter().all(|input| input.error.is_none()));
    let form = Form {
        id: "personal".into(),
        action: below(record, "/personal"),
        hidden: vec![("key".into(), base::id::edge_id())],
        errors: elsewhere.map(|refusal| FormError { target: String::new(), text: refusal.message.clone() }).into_iter().collect(),
        groups: vec![FormGroup { inputs, ..FormGroup::default() }],
        submit: Submit::new("Save"),
        cancel: Some(Link::new(href(&record.reference()), "Cancel")),
        ..Form::default()
    };
    let lead = if seen { "The trail says that it changed, never what it says; it can be erased." } else { "You may add to it, but not see what is there already; inputs left empty change nothing." };
    Ok(html! {
        (PageHead { crumbs: vec![Link::new(href(&record.reference()), record.label())], title: "Personal data".into(), lead: lead.into(), ..PageHead::default() })
        (form)
    })
}
