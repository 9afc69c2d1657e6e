//! The learner's page: what changed, the text, one button; then the signature and its receipt.

use super::evidence;
use crate::edge::{Answer, Visit};
use crate::kernel_pages::step;
use crate::shell;
use crate::text::{day, href};
use crate::ui::page::Area;
use crate::ui::{Ask, Frame, Lesson, Link};
use base::{Error, Result};
use kernel::attachment::{self, Attachment};
use kernel::command::Request;
use kernel::kind::{FieldSort, Kind};
use kernel::obligation::{self, Obligation};
use kernel::record::{self, Record};
use kernel::signature;
use maud::{Markup, html};
use serde_json::json;

/// An assignment with everything its page shows.
pub(super) struct Assigned {
    pub obligation: Obligation,
    pub document: Record,
    pub course: Option<Record>,
    pub cause: Option<Record>,
    pub files: Vec<Attachment>,
    /// The learner's name.
    pub person: String,
}

fn assigned(visit: &Visit) -> Result<Assigned> {
    let (viewer, id, own) = (visit.viewer.clone(), visit.request.param("obligation").to_owned(), visit.actor.person().to_owned());
    visit.read(move |tx| {
        let tenant = viewer.tenant();
        let missing = || Error::not_found("There is no such assignment.");
        let obligation = obligation::find(tx, tenant, &id)?;
        if obligation.sort != lms::TRAIN {
            return Err(missing());
        }
        let document = record::get(tx, tenant, &obligation.record)?;
        // The assignment itself opens the document to whoever has to read it.
        let person = obligation.person.clone().unwrap_or_default();
        if person != own && !(viewer.sees(&document) && viewer.sees_kind("person")) {
            return Err(missing());
        }
        let course = obligation.via.as_ref().map(|via| record::find(tx, tenant, via)).transpose()?.flatten();
        let cause = obligation.cause.as_ref().map(|cause| record::find(tx, tenant, cause)).transpose()?.flatten().filter(|cause| viewer.sees(cause));
        let files = attachment::of_record(tx, tenant, &document.id)?;
        let name = kernel::person::find(tx, tenant, &person)?.map_or_else(String::new, |person| person.display().to_owned());
        Ok(Assigned { obligation, document, course, cause, files, person: name })
    })
}

impl Assigned {
    fn is_for(&self, visit: &Visit) -> bool {
        self.obligation.person.as_deref() == Some(visit.actor.person())
    }

    fn address(&self) -> String {
        format!("/training/learn/{}", self.obligation.id)
    }
}

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let assigned = assigned(visit)?;
    if assigned.obligation.state != "open" || !assigned.is_for(visit) {
        return evidence::show(visit, &assigned);
    }
    let kind = visit.catalog.known_kind(&assigned.document.kind)?;
    Ok(Answer::Page(Box::new(framed(visit, &assigned, html! { (lesson(&assigned, kind)) }))))
}

fn framed(visit: &Visit, assigned: &Assigned, body: Markup) -> crate::ui::Page {
    let mut page = shell::framed(visit, &format!("Read and sign {}", assigned.document.label()), Some(Area::Training), body);
    page.frame = Frame::Learner { back: Link::new("/", "My work") };
    page
}

/// Shows what is signed and takes the signature.
pub(super) fn sign(visit: &Visit) -> Result<Answer> {
    let assigned = assigned(visit)?;
    if visit.request.field("challenge").is_none() {
        let ask = dialog(visit, &assigned, None)?;
        return Ok(step::answer(visit, &ask, None, |body| framed(visit, &assigned, body)));
    }
    let mut input = json!({ "obligation": assigned.obligation.id });
    if let Some(version) = visit.request.field("version").and_then(|text| text.parse::<i64>().ok()) {
        input["version"] = json!(version);
    }
    let mut command = Request::new("lms.read_and_sign", input, visit.request.key()?);
    command.signing = step::signing_of(visit);
    match visit.kernel.execute(&visit.actor, &command) {
        Ok(_) => Ok(Answer::Go { to: assigned.address(), flash: Some(format!("Signed. {} is on your training record.", assigned.document.label())) }),
        Err(error) if step::asks_again(&error) => {
            let ask = dialog(visit, &assigned, Some(&error))?;
            Ok(step::answer(visit, &ask, Some(&error), |body| framed(visit, &assigned, body)))
        }
        Err(error) => Err(error),
    }
}

fn dialog(visit: &Visit, assigned: &Assigned, error: Option<&Error>) -> Result<Ask> {
    let read = visit.request.field("version").and_then(|text| text.parse::<i64>().ok()).unwrap_or(assigned.document.version);
    let version = if error.is_some() { assigned.document.version } else { read };
    let shown = signature::challenge(&visit.kernel, &visit.actor, "lms.read_and_sign", &json!({ "obligation": assigned.obligation.id, "version": version }))?;
    let mut dialog = step::dialog(visit, &shown, &assigned.address(), &assigned.address());
    dialog.hidden.push(("version".into(), version.to_string()));
    dialog.rendition = Link::new(assigned.address(), "Read it again");
    dialog.role = "reader".into();
    dialog.consequences = vec![format!("Puts {} on your training record", assigned.document.label())];
    dialog.errors = step::form_errors(error);
    dialog.button = "Sign".into();
    Ok(Ask::Sign(Box::new(dialog)))
}

fn lesson(assigned: &Assigned, kind: &Kind) -> Lesson {
    let document = &assigned.document;
    let changes = document.field_text("summary_of_changes").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let cause = assigned.cause.as_ref().map(|cause| format!("Asked for by {} {}.", cause.label(), cause.title)).unwrap_or_default();
    let effective = document.effective_on.as_deref().map(|date| format!(" Effective from {}.", day(date).display)).unwrap_or_default();
    Lesson {
        about: document.label(),
        title: document.title.clone(),
        because: format!("{cause}{effective}"),
        due: assigned.obligation.due_date.as_deref().map(day),
        changes,
        body: html! { (text_of(document, kind)) (files(assigned)) },
        action: assigned.address(),
        hidden: vec![("key".into(), base::id::edge_id()), ("version".into(), document.version.to_string())],
        button: "I have read it: sign".into(),
        signed: true,
        draft_key: format!("learn-{}", assigned.obligation.id),
        ..Lesson::default()
    }
}

/// The document's own words: every block of text under its label, without the summary of changes.
pub(super) fn text_of(document: &Record, kind: &Kind) -> Markup {
    let blocks = kind.fields.iter().filter(|field| matches!(field.sort, FieldSort::Block(_)) && field.name != "summary_of_changes" && !document.field_is_empty(&field.name));
    html! { @for field in blocks { h2 { (field.label) } (paragraphs(document.field_text(&field.name))) } }
}

/// Paragraphs at empty lines, line breaks kept.
fn paragraphs(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    html! {
        @for part in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
            p { @for (index, line) in part.lines().enumerate() { @if index > 0 { br; } (line) } }
        }
    }
}

fn files(assigned: &Assigned) -> Markup {
    let address = |file: &Attachment| {
        let document = &assigned.document;
        crate::text::below(document, &format!("/file/{}", file.id))
    };
    html! {
        @if !assigned.files.is_empty() {
            h2 { "Files" }
            ul { @for file in &assigned.files { li { a href=(address(file)) { (file.name) } } } }
        }
        p { a href=(href(&assigned.document.reference())) { "Open the record of " (assigned.document.label()) } }
    }
}
