//! Making and changing a record: forms built from the kind.

use crate::domain;
use crate::edge::{Answer, Visit, status_of};
use crate::kernel_pages::record_of;
use crate::shell;
use crate::text::{below, href};
use crate::ui::{Form, FormError, FormGroup, Input, InputKind, Link, Offer, PageHead, Submit};
use base::limits::TITLE_CHARS;
use base::{Error, Result};
use kernel::kind::{Field, FieldSort, Kind, Numbering};
use kernel::record::Record;
use kernel::sheet::Sheet;
use maud::html;
use serde_json::{Map, Value as Json, json};

pub(crate) fn show_new(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    Ok(shell::page(visit, &format!("New {}", crate::text::in_sentence(&kind.label)), Some(shell::area_of(&kind)), new_body(visit, &kind, None)?))
}

pub(crate) fn create(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    match create_now(visit, &kind) {
        Ok(to) => Ok(Answer::Go { to, flash: Some(format!("{} created.", kind.label)) }),
        Err(error) if error.refusal().is_some() => {
            let page = shell::framed(visit, &format!("New {}", crate::text::in_sentence(&kind.label)), Some(shell::area_of(&kind)), new_body(visit, &kind, Some(&error))?);
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn create_now(visit: &Visit, kind: &Kind) -> Result<String> {
    let request = &visit.request;
    if kind.name == "person" {
        let mut input = json!({ "login": request.need("login")?, "name": request.need("name")? });
        for name in ["email", "zone", "site", "password", "identity_verified"] {
            if let Some(value) = request.field(name).filter(|value| !value.is_empty()) {
                input[name] = json!(value);
            }
        }
        visit.run("person.create", input)?;
        return Ok(format!("/r/person/{}", crate::text::encode(&request.need("login")?.to_lowercase())));
    }
    let mut input = json!({ "kind": kind.name, "title": request.field("title").unwrap_or(""), "fields": given_fields(visit, kind, false)? });
    for name in ["number", "site", "owner", "due_date", "effective_on"] {
        if let Some(value) = request.field(name).filter(|value| !value.trim().is_empty()) {
            input[name] = json!(value.trim());
        }
    }
    if let (Some(link), Some(target)) = (request.field("link"), request.field("target")) {
        input["links"] = json!([{ "link": link, "target": target }]);
    }
    let outcome = visit.run("record.create", input)?;
    let id = outcome.result.get("id").and_then(Json::as_str).unwrap_or("").to_owned();
    let tenant = visit.tenant().to_owned();
    let made = visit.read(move |tx| kernel::record::get(tx, &tenant, &id))?;
    Ok(href(&made.reference()))
}

fn kind_of(visit: &Visit) -> Result<Kind> {
    let kind = visit.catalog.kind(visit.request.param("kind")).ok_or_else(|| Error::not_found("There is no such kind of record."))?;
    if !visit.may(&format!("{}.create", kind.name)) {
        return Err(Error::forbidden("not_permitted", format!("You may not create {}.", crate::text::in_sentence(&kind.plural))));
    }
    Ok(kind.clone())
}

fn new_body(visit: &Visit, kind: &Kind, error: Option<&Error>) -> Result<maud::Markup> {
    let request = &visit.request;
    let from = origin(visit)?;
    let known = from.as_ref().map(|(_, from)| domain::begun_from(kind, from)).unwrap_or_default();
    let typed = |name: &str| {
        let given = request.field(name).or_else(|| request.query(name)).map(str::to_owned);
        given.or_else(|| known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())).unwrap_or_default()
    };
    let mut first = if kind.name == "person" { person_inputs(&typed) } else { record_inputs(kind, &typed) };
    for input in &mut first {
        set_error(input, error);
    }
    let mut groups = vec![FormGroup { inputs: first, ..FormGroup::default() }];
    groups.extend(field_groups(kind, &|field| typed(&format!("fields.{}", field.name)), error));
    let hidden = [("link", "link"), ("target", "target")].into_iter().filter_map(|(name, from)| Some((name.to_owned(), request.field(from).or_else(|| request.query(from))?.to_owned())));
    let form = Form {
        id: "new".into(),
        action: format!("/new/{}", kind.name),
        hidden: hidden.chain([("key".to_owned(), base::id::edge_id())]).collect(),
        errors: whole_form_errors(&groups, error),
        groups,
        submit: Submit::new(format!("Create {}", crate::text::in_sentence(&kind.label))),
        cancel: Some(Link::new(format!("/list/{}", kind.name), "Cancel")),
        draft_key: Some(format!("new-{}", kind.name)),
        ..Form::default()
    };
    Ok(html! {
        (PageHead { crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone())], title: format!("New {}", crate::text::in_sentence(&kind.label)), lead: kind.text.clone(), ..PageHead::default() })
        @if let Some((link, from)) = &from {
            p.spaced { "Linked from the start: " (kind.find_link(link).map_or(link.as_str(), |link| link.label.as_str())) " " (crate::text::link(&from.reference())) }
        }
        (form)
    })
}

/// The link a new record begins with, and the record it leads to.
fn origin(visit: &Visit) -> Result<Option<(String, Record)>> {
    let request = &visit.request;
    let given = |name: &str| request.field(name).or_else(|| request.query(name)).map(str::to_owned);
    let (Some(link), Some(target)) = (given("link"), given("target")) else { return Ok(None) };
    let viewer = visit.viewer.clone();
    let found = visit.read(move |tx| kernel::record::seen(tx, &viewer, &target))?;
    Ok(Some((link, found)))
}

fn record_inputs(kind: &Kind, typed: &dyn Fn(&str) -> String) -> Vec<Input> {
    let mut inputs = Vec::new();
    if kind.numbering == Numbering::Given {
        inputs.push(Input { required: true, value: typed("number"), ..Input::new("number", "Number", InputKind::Line) });
    }
    inputs.push(Input { required: true, value: typed("title"), max_chars: Some(TITLE_CHARS), ..Input::new("title", "Title", InputKind::Line) });
    inputs.extend(common_inputs(typed));
    inputs
}

fn common_inputs(typed: &dyn Fn(&str) -> String) -> Vec<Input> {
    vec![
        Input { value: typed("site"), help: "Empty: the whole company.".into(), ..Input::new("site", "Site", InputKind::Record { kind: "site".into(), chosen: String::new(), recent: Vec::new() }) },
        Input { value: typed("owner"), help: "Empty: you.".into(), ..Input::new("owner", "Owner", InputKind::Person { chosen: String::new() }) },
        Input { value: typed("due_date"), ..Input::new("due_date", "Due", any_date()) },
    ]
}

fn person_inputs(typed: &dyn Fn(&str) -> String) -> Vec<Input> {
    let zone = Some(typed("zone")).filter(|zone| !zone.is_empty()).unwrap_or_else(|| "UTC".into());
    vec![
        Input { required: true, value: typed("login"), help: "Never given to another person, not even years later.".into(), autocomplete: Some("off"), ..Input::new("login", "User name", InputKind::Line) },
        Input { required: true, value: typed("name"), help: "As it stands beside their signatures.".into(), autocomplete: Some("off"), ..Input::new("name", "Full name", InputKind::Line) },
        Input { value: typed("email"), ..Input::new("email", "E-mail", InputKind::Email) },
        Input { required: true, value: zone, help: "For example Europe/Rome.".into(), ..Input::new("zone", "Time zone", InputKind::Line) },
        Input { value: typed("site"), ..Input::new("site", "Site", InputKind::Record { kind: "site".into(), chosen: String::new(), recent: Vec::new() }) },
        Input { required: true, help: "They must change it at the first sign-in.".into(), ..Input::new("password", "First password", InputKind::Secret { autocomplete: "new-password" }) },
        Input { value: typed("identity_verified"), help: "How their identity was checked, for example “passport seen in person”. Without it they cannot sign.".into(), ..Input::new("identity_verified", "Identity verified", InputKind::Line) },
    ]
}

fn any_date() -> InputKind {
    InputKind::Date { min: String::new(), max: String::new() }
}

pub(crate) fn show_edit(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    Ok(shell::page(visit, &format!("Edit {}", record.label()), Some(shell::area_of(&kind)), edit_body(visit, &kind, &record, None)))
}

pub(crate) fn edit(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    match edit_now(visit, &kind, &record) {
        Ok(()) => Ok(Answer::Go { to: href(&record.reference()), flash: Some(format!("{} saved.", record.label())) }),
        Err(error) if error.refusal().is_some() => {
            let page = shell::framed(visit, &format!("Edit {}", record.label()), Some(shell::area_of(&kind)), edit_body(visit, &kind, &record, Some(&error)));
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn edit_now(visit: &Visit, kind: &Kind, record: &Record) -> Result<()> {
    let request = &visit.request;
    if kind.name == "person" {
        let given = |name: &str| request.field(name).unwrap_or("").to_owned();
        let input = json!({ "person": record.id, "name": given("name"), "email": given("email"), "zone": given("zone"), "identity_verified": given("identity_verified") });
        return visit.run("person.describe", input).map(|_| ());
    }
    let version: i64 = request.need("version")?.parse().map_err(|_| Error::invalid("version", "wrong_type", "the version is a whole number"))?;
    let mut input = json!({ "record": record.id, "version": version, "fields": given_fields(visit, kind, true)? });
    for name in ["title", "owner", "due_date", "effective_on"] {
        if let Some(value) = request.field(name) {
            input[name] = json!(value.trim());
        }
    }
    visit.run("record.edit", input).map(|_| ())
}

fn edit_body(visit: &Visit, kind: &Kind, record: &Record, error: Option<&Error>) -> maud::Markup {
    let request = &visit.request;
    let sent = !request.form.is_empty();
    let (tenant, id, owner) = (record.tenant.clone(), record.id.clone(), record.owner.clone());
    let (person, owner_login) = visit
        .read(move |tx| {
            let person = kernel::person::find(tx, &tenant, &id)?;
            let owner = owner.as_ref().map(|owner| kernel::person::find(tx, &tenant, owner)).transpose()?.flatten();
            Ok((person, owner.map(|owner| owner.login).unwrap_or_default()))
        })
        .unwrap_or_default();
    let now_is = |name: &str| match (name, &person) {
        ("title", _) => record.title.clone(),
        ("owner", _) => owner_login.clone(),
        ("due_date", _) => record.due_date.clone().unwrap_or_default(),
        ("effective_on", _) => record.effective_on.clone().unwrap_or_default(),
        ("name", Some(person)) => person.name.clone(),
        ("email", Some(person)) => person.email.clone(),
        ("zone", Some(person)) => person.zone.clone(),
        ("identity_verified", Some(person)) => person.identity_verified.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let typed = |name: &str| if sent { request.field(name).unwrap_or("").to_owned() } else { now_is(name) };
    let mut first = if kind.name == "person" {
        person_inputs(&typed).into_iter().filter(|input| matches!(input.name.as_str(), "name" | "email" | "zone" | "identity_verified")).collect()
    } else {
        let mut inputs = vec![Input { required: true, value: typed("title"), max_chars: Some(TITLE_CHARS), ..Input::new("title", "Title", InputKind::Line) }];
        inputs.extend(common_inputs(&typed).into_iter().filter(|input| input.name != "site"));
        if kind.states.iter().any(|state| state.phase == kernel::kind::Phase::Effective) {
            inputs.push(Input { value: typed("effective_on"), help: "Empty: as soon as it is released.".into(), ..Input::new("effective_on", "Effective from", any_date()) });
        }
        inputs
    };
    for input in &mut first {
        set_error(input, error);
    }
    let mut groups = vec![FormGroup { inputs: first, ..FormGroup::default() }];
    groups.extend(field_groups(kind, &|field| if sent { request.field(&format!("fields.{}", field.name)).unwrap_or("").to_owned() } else { form_value(record.fields.get(&field.name)) }, error));
    let form = Form {
        id: "edit".into(),
        action: below(record, "/edit"),
        hidden: vec![("key".into(), base::id::edge_id()), ("version".into(), if sent { typed("version") } else { record.version.to_string() })],
        errors: whole_form_errors(&groups, error),
        groups,
        submit: Submit::new("Save"),
        cancel: Some(Link::new(href(&record.reference()), "Cancel")),
        draft_key: Some(format!("edit-{}-{}", record.id, record.version)),
        ..Form::default()
    };
    html! {
        (PageHead { crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone()), Link::new(href(&record.reference()), record.label())], title: format!("Edit {}", record.label()), ..PageHead::default() })
        (form)
    }
}

/// The fields of a kind as inputs, by their headings.
fn field_groups(kind: &Kind, value: &dyn Fn(&Field) -> String, error: Option<&Error>) -> Vec<FormGroup> {
    let mut groups: Vec<FormGroup> = Vec::new();
    // What an evaluation writes is not typed.
    for field in kind.fields.iter().filter(|field| !matches!(field.sort, FieldSort::TableRevision(_))) {
        let mut input = input_of(field, value(field));
        set_error(&mut input, error);
        match groups.iter_mut().find(|group| group.title == field.group) {
            Some(group) => group.inputs.push(input),
            None => groups.push(FormGroup { title: field.group.clone(), inputs: vec![input], ..FormGroup::default() }),
        }
    }
    groups
}

fn input_of(field: &Field, value: String) -> Input {
    let (kind, max_chars) = match &field.sort {
        FieldSort::Line(max) => (InputKind::Line, Some(*max)),
        FieldSort::Block(max) => (InputKind::Block { rows: 5 }, Some(*max)),
        FieldSort::Integer { min, max } => (InputKind::Integer { min: Some(*min), max: Some(*max), unit: String::new() }, None),
        FieldSort::Decimal => (InputKind::Decimal { unit: String::new() }, None),
        FieldSort::Date => (any_date(), None),
        FieldSort::YesNo => (InputKind::YesNo, None),
        FieldSort::Choice(values) => (InputKind::Choice(values.iter().map(|(value, label)| Offer::new(value, label)).collect()), None),
        FieldSort::Zone => (InputKind::Line, Some(base::limits::LINE_CHARS)),
        FieldSort::Person => (InputKind::Person { chosen: String::new() }, None),
        FieldSort::Sheet => (InputKind::Block { rows: 20 }, None),
        FieldSort::TableRevision(_) => (InputKind::Line, None),
    };
    let keep_draft = matches!(field.sort, FieldSort::Block(_) | FieldSort::Sheet);
    Input { required: field.required, help: field.help.clone(), value, max_chars, keep_draft, ..Input::new(format!("fields.{}", field.name), &field.label, kind) }
}

fn form_value(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::Bool(true)) => "yes".into(),
        Some(Json::Bool(false)) => "no".into(),
        Some(Json::String(text)) => text.clone(),
        Some(sheet @ Json::Array(_)) => Sheet::stored(sheet).to_csv(),
        Some(other) => other.to_string(),
    }
}

/// The fields as typed, in the types the kind asks for. With `all`, an emptied field is cleared.
fn given_fields(visit: &Visit, kind: &Kind, all: bool) -> Result<Map<String, Json>> {
    let mut given = Map::new();
    for field in &kind.fields {
        let name = format!("fields.{}", field.name);
        let Some(text) = visit.request.field(&name) else { continue };
        if text.trim().is_empty() {
            if all {
                given.insert(field.name.clone(), Json::Null);
            }
            continue;
        }
        let value = match &field.sort {
            FieldSort::Integer { .. } => json!(text.trim().parse::<i64>().map_err(|_| Error::invalid(name.as_str(), "wrong_type", "this must be a whole number"))?),
            FieldSort::YesNo => json!(text == "yes"),
            _ => json!(text),
        };
        given.insert(field.name.clone(), value);
    }
    Ok(given)
}

fn set_error(input: &mut Input, error: Option<&Error>) {
    if let Some(refusal) = error.and_then(Error::refusal)
        && refusal.place.as_deref() == Some(input.name.as_str()) {
            let advice = refusal.advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
            input.error = Some(format!("{}{advice}", refusal.message));
        }
}

/// What belongs to no input of the form.
fn whole_form_errors(groups: &[FormGroup], error: Option<&Error>) -> Vec<FormError> {
    let Some(refusal) = error.and_then(Error::refusal) else { return Vec::new() };
    if groups.iter().flat_map(|group| &group.inputs).any(|input| input.error.is_some()) {
        return Vec::new();
    }
    let texts = std::iter::once(refusal.message.clone()).chain(refusal.blockers.iter().map(|blocker| blocker.text.clone())).chain(refusal.advice.clone());
    vec![FormError { target: String::new(), text: crate::text::capital(&texts.collect::<Vec<_>>().join(" ")) }]
}
