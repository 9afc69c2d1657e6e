//! Any command as a form: what it asks for comes from its declaration, so that a new command has
//! its page at once. Decisions ask question by question; files are uploaded first.

use crate::domain;
use crate::edge::{Answer, Visit, status_of};
use crate::kernel_pages::{record_of, step};
use crate::shell;
use crate::text::{below, capital, href};
use crate::ui::{Ask, Form, FormError, FormGroup, Input, InputKind, Link, Offer, PageHead, Submit};
use base::{Error, Result};
use kernel::command::{CommandDef, InputField, InputSort, Request};
use kernel::decision_tree::{Answer as TreeAnswer, DecisionTree, Progress};
use kernel::kind::Kind;
use kernel::record::Record;
use kernel::signature;
use maud::{Markup, html};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Commands that are offered on a record's page through this form. Everything else has a page of
/// its own or is for programs.
fn command_of(visit: &Visit) -> Result<CommandDef> {
    let name = visit.request.param("command");
    visit.catalog.command(name).cloned().ok_or_else(|| Error::not_found("There is no such action."))
}

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let command = command_of(visit)?;
    let asks = asks(visit, &kind, &record, &command, None)?;
    Ok(step::answer(visit, &asks, None, |body| shell::framed(visit, command.label, Some(shell::area_of(&kind)), body)))
}

pub(crate) fn run(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let command = command_of(visit)?;
    match run_now(visit, &kind, &record, &command) {
        Ok((to, done)) => Ok(Answer::Go { to, flash: Some(done) }),
        Err(error) if error.refusal().is_some() => {
            let asks = asks(visit, &kind, &record, &command, Some(&error))?;
            Ok(step::answer(visit, &asks, Some(&error), |body| shell::framed(visit, command.label, Some(shell::area_of(&kind)), body)))
        }
        Err(error) => Err(error),
    }
}

/// Where it leads and what was done.
fn run_now(visit: &Visit, kind: &Kind, record: &Record, command: &CommandDef) -> Result<(String, String)> {
    let input = input_of(visit, kind, record, command)?;
    let mut request = Request::new(command.name, input, visit.request.key()?);
    request.reason = visit.request.field("reason").or_else(|| visit.request.field("comment")).map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    if let Some(signing) = step::signing_of(visit) {
        request = request.signed(signing);
    }
    let outcome = visit.kernel.execute(&visit.actor, &request)?;
    let done = domain::done(command.name, &outcome.result).unwrap_or_else(|| format!("Done: {}.", crate::text::in_sentence(command.label)));
    // A command that made another record leads there.
    if let Some(id) = outcome.result.get("id").and_then(Json::as_str) {
        let (tenant, id) = (visit.tenant().to_owned(), id.to_owned());
        if let Some(made) = visit.read(move |tx| kernel::record::find(tx, &tenant, &id))? {
            return Ok((href(&made.reference()), done));
        }
    }
    Ok((visit.request.field("back").map_or_else(|| href(&record.reference()), str::to_owned), done))
}

/// The command's input from the form; records are named by number, files come from uploads.
fn input_of(visit: &Visit, kind: &Kind, record: &Record, command: &CommandDef) -> Result<Json> {
    let mut input = json!({});
    for field in &command.input {
        let typed = visit.request.field(field.name).map(str::trim).filter(|text| !text.is_empty());
        let value = match (field.name, field.sort) {
            (name, _) if names_this_record(name, kind, command) => json!(record.id),
            ("version", _) => json!(visit.request.need("version")?.parse::<i64>().map_err(|_| Error::invalid("version", "wrong_type", "the version is a whole number"))?),
            ("file", InputSort::Text) if visit.request.uploads.iter().any(|upload| upload.field == "file") => {
                visit.request.uploads.iter().find(|upload| upload.field == "file").map(|upload| json!(upload.digest)).unwrap_or_default()
            }
            ("file_name", InputSort::Text) => visit.request.uploads.iter().find(|upload| upload.field == "file").map(|upload| json!(upload.name)).unwrap_or_default(),
            ("target" | "record", InputSort::Text) => match typed {
                Some(text) => json!(target_id(visit, kind, field.name, text)?),
                None => Json::Null,
            },
            (name, InputSort::Integer) => match typed {
                Some(text) => json!(text.parse::<i64>().map_err(|_| Error::invalid(name, "wrong_type", "this must be a whole number"))?),
                None => Json::Null,
            },
            (_, InputSort::Flag) => json!(matches!(typed, Some("yes" | "true"))),
            (_, InputSort::List) => json!(typed.map(|text| text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>()).unwrap_or_default()),
            (name, _) if domain::may_clear(command.name, name) => visit.request.field(name).map_or(Json::Null, |text| json!(text.trim())),
            _ => typed.map_or(Json::Null, |text| json!(text)),
        };
        if !value.is_null() {
            input[field.name] = value;
        }
    }
    Ok(input)
}

/// Whether the input is the record whose page this is: `record`, `order`, `part`, `person`, …
fn names_this_record(name: &str, kind: &Kind, command: &CommandDef) -> bool {
    let short = kind.name.rsplit('_').next().unwrap_or("");
    command.input.first().is_some_and(|first| first.name == name) && (name == "record" || name == kind.name || name == short)
}

/// A record named by number among the kinds the link may lead to.
fn target_id(visit: &Visit, kind: &Kind, place: &str, named: &str) -> Result<String> {
    let wanted = visit.request.field("link").and_then(|link| kind.find_link(link));
    let kinds: Vec<String> = match wanted {
        Some(link) if !link.targets.is_empty() => link.targets.clone(),
        _ => visit.catalog.kinds().map(|kind| kind.name.clone()).collect(),
    };
    let (tenant, named_here, viewer) = (visit.tenant().to_owned(), named.to_owned(), visit.viewer.clone());
    let found = visit.read(move |tx| {
        for kind in &kinds {
            // What one may not see does not stand before what one may.
            if let Some(found) = kernel::record::find_named(tx, &tenant, kind, &named_here)?.filter(|found| viewer.sees(found)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })?;
    match found {
        Some(found) => Ok(found.id),
        None => Err(Error::invalid(place, "unknown_record", format!("there is no “{named}” that this may lead to"))),
    }
}

fn asks(visit: &Visit, kind: &Kind, record: &Record, command: &CommandDef, error: Option<&Error>) -> Result<Ask> {
    let action = below(record, &format!("/do/{}", command.name));
    let back = href(&record.reference());
    // A signed command whose input is complete shows what is signed.
    let asked: Vec<&InputField> = command.input.iter().filter(|field| !names_this_record(field.name, kind, command) && is_asked(field)).collect();
    if command.signs.is_some() && asked.is_empty() {
        let input = json!({ command.input.first().map_or("record", |first| first.name): record.id, "version": record.version });
        let shown = signature::challenge(&visit.kernel, &visit.actor, command.name, &known_only(command, input))?;
        let mut dialog = step::dialog(visit, &shown, &action, &back);
        dialog.hidden.push(("version".into(), record.version.to_string()));
        dialog.errors = step::form_errors(error);
        dialog.button = format!("Sign: {}", crate::text::in_sentence(command.label));
        return Ok(Ask::Sign(Box::new(dialog)));
    }
    let mut inputs: Vec<Input> = Vec::new();
    let mut hidden = vec![("key".into(), base::id::edge_id()), ("version".into(), record.version.to_string()), ("back".into(), back.clone())];
    for field in asked {
        let value = visit.request.field(field.name).or_else(|| visit.request.query(field.name)).unwrap_or("").to_owned();
        // What the address names already (the link, the hold, the clock) is not asked for again.
        if base::id::is_id(&value) {
            hidden.push((field.name.to_owned(), value));
            continue;
        }
        let mut input = input_for(visit, kind, command.name, field, value);
        if let Some(refusal) = error.and_then(Error::refusal)
            && refusal.place.as_deref() == Some(field.name) {
                input.error = Some(refusal.message.clone());
            }
        inputs.push(input);
    }
    let reason_error = error.and_then(Error::refusal).filter(|refusal| refusal.place.as_deref() == Some("reason")).map(|refusal| refusal.message.clone());
    inputs.push(Input {
        value: visit.request.field("reason").unwrap_or("").to_owned(),
        error: reason_error,
        help: "Stands in the trail beside the change.".into(),
        max_chars: Some(base::limits::REASON_CHARS),
        keep_draft: true,
        ..Input::new("reason", "Reason", InputKind::Block { rows: 2 })
    });
    let form = Form {
        id: "action".into(),
        action,
        hidden,
        errors: form_errors(&inputs, error),
        groups: vec![FormGroup { inputs, ..FormGroup::default() }],
        submit: Submit::new(command.label),
        cancel: Some(Link::new(back, "Cancel")),
        ..Form::default()
    };
    Ok(Ask::Page(html! {
        (PageHead { crumbs: vec![Link::new(href(&record.reference()), record.label())], title: command.label.to_owned(), lead: record.title.clone(), ..PageHead::default() })
        (form)
    }))
}

/// The version comes from the page, a file's name from the file; an object is for programs.
fn is_asked(field: &InputField) -> bool {
    !matches!(field.name, "version" | "file_name") && field.sort != InputSort::Object
}

fn known_only(command: &CommandDef, mut input: Json) -> Json {
    if let Some(object) = input.as_object_mut() {
        object.retain(|name, _| command.input.iter().any(|field| field.name == name));
    }
    input
}

fn form_errors(inputs: &[Input], error: Option<&Error>) -> Vec<FormError> {
    let Some(refusal) = error.and_then(Error::refusal) else { return Vec::new() };
    if inputs.iter().any(|input| input.error.is_some()) {
        return Vec::new();
    }
    let place = refusal.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let parts = [Some(format!("{}{place}", refusal.message))].into_iter().chain(refusal.blockers.iter().map(|blocker| Some(blocker.text.clone()))).chain([refusal.advice.clone()]);
    vec![FormError { target: String::new(), text: capital(&parts.flatten().collect::<Vec<_>>().join(" ")) }]
}

fn input_for(visit: &Visit, kind: &Kind, command: &str, field: &InputField, value: String) -> Input {
    let records = |kinds: String| InputKind::Record { kind: kinds, chosen: String::new(), recent: Vec::new() };
    let sort = match (field.name, field.sort) {
        (name, _) if let Some(kind) = domain::input_kind(command, name) => kind,
        ("link", _) => InputKind::Choice(kind.links.iter().map(|link| Offer::new(&link.name, capital(&link.label))).collect()),
        ("target", _) => records(kind.links.iter().flat_map(|link| link.targets.iter().map(String::as_str)).collect::<Vec<_>>().join(",")),
        ("role", _) => InputKind::Choice(visit.catalog.roles().filter(|role| role.name != kernel::catalog::EVERYONE).map(|role| Offer::new(&role.name, &role.label)).collect()),
        ("site", _) => records("site".into()),
        ("person" | "owner", _) => InputKind::Person { chosen: String::new() },
        ("file", InputSort::Text) => InputKind::File { accept: ".xlsx,.csv".into(), several: false },
        ("password", _) => InputKind::Secret { autocomplete: "new-password" },
        (name, InputSort::Text) if name.ends_with("_date") || name.ends_with("_on") => InputKind::Date { min: String::new(), max: String::new() },
        ("why" | "outcome" | "note" | "comment", _) => InputKind::Block { rows: 3 },
        (_, InputSort::Integer) => InputKind::Integer { min: None, max: None, unit: String::new() },
        (_, InputSort::Flag) => InputKind::YesNo,
        _ => InputKind::Line,
    };
    let label = domain::input_label(command, field.name).unwrap_or_else(|| capital(&field.name.replace('_', " ")));
    Input { required: field.required, help: domain::input_help(command, field.name).unwrap_or_else(|| capital(field.text)), value, ..Input::new(field.name, label, sort) }
}

pub(crate) fn show_attach(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    Ok(shell::page(visit, "Attach a file", Some(shell::area_of(&kind)), attach_body(&record, None)))
}

pub(crate) fn attach(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let done = (|| {
        let upload = visit.request.uploads.first().ok_or_else(|| Error::invalid("file", "missing_field", "choose a file"))?;
        let version: i64 = visit.request.need("version")?.parse().map_err(|_| Error::invalid("version", "wrong_type", "the version is a whole number"))?;
        let input = json!({ "record": record.id, "version": version, "name": upload.name, "media_type": upload.media_type, "digest": upload.digest, "size_bytes": upload.size_bytes });
        visit.run("file.attach", input)
    })();
    match done {
        Ok(_) => Ok(Answer::Go { to: href(&record.reference()), flash: Some("The file is attached.".into()) }),
        Err(error) if error.refusal().is_some() => {
            let page = shell::framed(visit, "Attach a file", Some(shell::area_of(&kind)), attach_body(&record, Some(&error)));
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn attach_body(record: &Record, error: Option<&Error>) -> Markup {
    let inputs = vec![Input {
        required: true,
        error: error.and_then(Error::refusal).map(|refusal| refusal.message.clone()),
        help: format!("At most {} MB. A signature on the record covers it.", base::limits::UPLOAD_BYTES >> 20),
        ..Input::new("file", "File", InputKind::File { accept: String::new(), several: false })
    }];
    let form = Form {
        id: "attach".into(),
        action: below(record, "/attach"),
        hidden: vec![("key".into(), base::id::edge_id()), ("version".into(), record.version.to_string())],
        groups: vec![FormGroup { inputs, ..FormGroup::default() }],
        submit: Submit::new("Attach"),
        cancel: Some(Link::new(href(&record.reference()), "Cancel")),
        ..Form::default()
    };
    html! { (PageHead { crumbs: vec![Link::new(href(&record.reference()), record.label())], title: "Attach a file".into(), ..PageHead::default() }) (form) }
}

pub(crate) fn download(visit: &Visit) -> Result<Answer> {
    let (_, record) = record_of(visit)?;
    let (tenant, id) = (visit.tenant().to_owned(), visit.request.param("file").to_owned());
    let file = visit.read(move |tx| kernel::attachment::find(tx, &tenant, &id))?;
    if file.record != record.id {
        return Err(Error::not_found("There is no such file on this record."));
    }
    let digest = base::Digest::from_hex(&file.digest).ok_or_else(|| Error::internal("a stored digest cannot be read"))?;
    let bytes = visit.kernel.files().get(&digest)?;
    // Never shown on this origin, whatever it is: a browser must not run what somebody uploaded.
    Ok(Answer::File { name: file.name, media_type: "application/octet-stream".into(), bytes })
}

/// Shows a file in the browser, on the origin where it can do no harm.
pub(crate) fn open(visit: &Visit) -> Result<Answer> {
    let (_, record) = record_of(visit)?;
    let (tenant, id) = (visit.tenant().to_owned(), visit.request.param("file").to_owned());
    let file = visit.read(move |tx| kernel::attachment::find(tx, &tenant, &id))?;
    if file.record != record.id || visit.settings.content_origin.is_empty() {
        return Err(Error::not_found("There is no such file on this record."));
    }
    let token = kernel::attachment::content_token(&visit.kernel, visit.tenant(), &file)?;
    Ok(Answer::Content { address: format!("{}/file/{token}", visit.settings.content_origin) })
}

pub(crate) fn show_decision(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let tree = tree_of(visit)?;
    let body = decision_body(visit, &record, tree, &answers_of(visit, tree), None)?;
    Ok(shell::page(visit, &tree.title, Some(shell::area_of(&kind)), body))
}

pub(crate) fn decide(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let tree = tree_of(visit)?;
    let answers = answers_of(visit, tree);
    if visit.request.field("take").is_none() {
        let body = decision_body(visit, &record, tree, &answers, None)?;
        return Ok(shell::page(visit, &tree.title, Some(shell::area_of(&kind)), body));
    }
    match visit.run("decision.take", json!({ "record": record.id, "tree": tree.name, "answers": answers })) {
        Ok(_) => Ok(Answer::Go { to: href(&record.reference()), flash: Some(format!("Decided: {}.", tree.title)) }),
        Err(error) if error.refusal().is_some() => {
            let body = decision_body(visit, &record, tree, &answers, Some(&error))?;
            let page = shell::framed(visit, &tree.title, Some(shell::area_of(&kind)), body);
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn tree_of(visit: &Visit) -> Result<&DecisionTree> {
    visit.catalog.tree(visit.request.param("tree")).ok_or_else(|| Error::not_found("There is no such decision."))
}

fn answers_of(visit: &Visit, tree: &DecisionTree) -> BTreeMap<String, String> {
    tree.questions
        .iter()
        .filter_map(|question| Some((question.id.clone(), visit.request.field(&question.id).filter(|answer| !answer.is_empty())?.to_owned())))
        .collect()
}

/// One question at a time, with the answers so far; then the outcome to confirm.
fn decision_body(visit: &Visit, record: &Record, tree: &DecisionTree, answers: &BTreeMap<String, String>, error: Option<&Error>) -> Result<Markup> {
    let progress = tree.progress(answers)?;
    let mut hidden: Vec<(String, String)> = answers.iter().map(|(question, answer)| (question.clone(), answer.clone())).collect();
    hidden.push(("key".into(), base::id::edge_id()));
    let label_of = |answers: &[TreeAnswer], value: &str| answers.iter().find(|answer| answer.value == value).map_or_else(|| value.to_owned(), |answer| answer.label.clone());
    let so_far = html! {
        @if !answers.is_empty() {
            dl.kv { @for question in &tree.questions { @if let Some(answer) = answers.get(&question.id) { div.full { dt { (question.text) } dd { (label_of(&question.answers, answer)) } } } } }
        }
    };
    let (inputs, extra, submit) = match progress {
        Progress::Ask { question, .. } => {
            let offers = question.answers.iter().map(|answer| Offer::new(&answer.value, &answer.label)).collect();
            let input = Input { required: true, help: question.help.clone(), ..Input::new(&question.id, &question.text, InputKind::Choice(offers)) };
            (vec![input], so_far, Submit::new("Next"))
        }
        Progress::Done(path) => {
            let outcome = path.outcome;
            let clock = outcome.clock.as_ref().and_then(|rule| visit.catalog.clock_rule(rule));
            let shown = html! {
                (so_far)
                div.outcome { h2 { (outcome.label) } p { (outcome.text) } @if let Some(rule) = clock { p { "Starts the clock: " (rule.describe()) } } }
            };
            (Vec::new(), shown, Submit { label: "Take this decision".into(), name: "take".into(), value: "yes".into() })
        }
    };
    let form = Form {
        id: "decision".into(),
        action: below(record, &format!("/decide/{}", tree.name)),
        hidden,
        errors: form_errors(&inputs, error),
        groups: vec![FormGroup { inputs, extra, ..FormGroup::default() }],
        submit,
        others: Vec::new(),
        cancel: Some(Link::new(below(record, &format!("/decide/{}", tree.name)), "Start again")),
        ..Form::default()
    };
    Ok(html! {
        (PageHead { crumbs: vec![Link::new(href(&record.reference()), record.label())], title: tree.title.clone(), lead: format!("{}, version {}", tree.source, tree.version), ..PageHead::default() })
        (form)
    })
}
