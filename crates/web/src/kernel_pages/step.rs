//! Taking a step: what it does, and the signature where one is asked for.

use crate::edge::{Answer, Visit, status_of};
use crate::kernel_pages::record_of;
use crate::shell;
use crate::text::{below, href, when, when_signed};
use crate::ui::record::blocks;
use crate::ui::{Ask, BlockLine, Confirm, FormError, Link, Page, PageHead, SignDialog, SignedBy};
use axum::http::StatusCode;
use base::limits::{CHALLENGE_SECONDS, REASON_CHARS};
use base::{Error, Result};
use kernel::command::Request;
use kernel::kind::{Phase, Signer};
use kernel::record::Record;
use kernel::record::step::{self, Choice};
use kernel::signature::{self, Shown, SigningInput};
use maud::{Markup, html};
use serde_json::json;

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let asks = asks(visit, &record, None)?;
    Ok(answer(visit, &asks, None, |body| shell::framed(visit, &format!("{} {}", kind.label, record.label()), Some(shell::area_of(&kind)), body)))
}

/// What is asked, as our module wants it: a dialog over the page that is open, or a page.
pub(crate) fn answer(visit: &Visit, ask: &Ask, error: Option<&Error>, frame: impl FnOnce(Markup) -> Page) -> Answer {
    let status = error.map_or(StatusCode::OK, status_of);
    match ask.dialog().filter(|_| visit.request.wants("dialog")) {
        Some(dialog) => Answer::Fragment(status, dialog),
        None if status == StatusCode::OK => Answer::Page(Box::new(frame(ask.page()))),
        None => Answer::Refused(status, Box::new(frame(ask.page()))),
    }
}

pub(crate) fn take(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let request = &visit.request;
    let version: i64 = request.need("version")?.parse().map_err(|_| Error::invalid("version", "wrong_type", "the version is a whole number"))?;
    let input = json!({ "record": record.id, "version": version, "step": request.param("step") });
    let mut command = Request::new("record.step", input, request.key()?);
    command.reason = request.field("reason").or_else(|| request.field("comment")).map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    if let Some(signing) = signing_of(visit) {
        command = command.signed(signing);
    }
    match visit.kernel.execute(&visit.actor, &command) {
        Ok(outcome) => {
            let state = outcome.result.get("state").and_then(serde_json::Value::as_str).unwrap_or("");
            let state = visit.catalog.state_label(&kind.name, state);
            let flash = if outcome.result.get("taken") == Some(&json!(false)) {
                format!("Signed. {} waits for the other signatures.", record.label())
            } else {
                format!("{} is now {}.", record.label(), crate::text::in_sentence(&state))
            };
            Ok(Answer::Go { to: href(&record.reference()), flash: Some(flash) })
        }
        Err(error) if asks_again(&error) => {
            let asks = asks(visit, &record, Some(&error))?;
            Ok(answer(visit, &asks, Some(&error), |body| shell::framed(visit, &record.label(), Some(shell::area_of(&kind)), body)))
        }
        Err(error) => Err(error),
    }
}

/// The signature of a form, when it holds one.
pub(crate) fn signing_of(visit: &Visit) -> Option<SigningInput> {
    let request = &visit.request;
    Some(SigningInput {
        challenge: request.field("challenge")?.to_owned(),
        login: request.field("login").filter(|login| !login.trim().is_empty()).map(str::to_owned),
        password: request.field("secret").unwrap_or("").to_owned(),
    })
}

/// Refusals that the person mends on the same page.
pub(crate) fn asks_again(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| {
        matches!(refusal.code.as_str(), "wrong_secret" | "both_components_needed" | "reason_needed" | "challenge_expired" | "content_changed" | "stale_version" | "signature_needed")
    })
}

pub(crate) fn form_errors(error: Option<&Error>) -> Vec<FormError> {
    let Some(refusal) = error.and_then(Error::refusal) else { return Vec::new() };
    let target = match refusal.code.as_str() {
        "wrong_secret" => "sign-secret",
        "both_components_needed" => "sign-login",
        _ => "",
    };
    let advice = refusal.advice.as_ref().map(|advice| format!(" {advice}")).unwrap_or_default();
    vec![FormError { target: target.into(), text: format!("{}{advice}", refusal.message) }]
}

fn asks(visit: &Visit, record: &Record, error: Option<&Error>) -> Result<Ask> {
    let name = visit.request.param("step").to_owned();
    let choice = choice_of(visit, record, &name)?;
    if !choice.blockers.is_empty() {
        return Ok(Ask::Page(blocked(record, &choice)));
    }
    if choice.missing.is_empty() {
        return Ok(Ask::Confirm(Box::new(confirm(record, &choice, error))));
    }
    let input = json!({ "record": record.id, "version": record.version, "step": name });
    let shown = signature::challenge(&visit.kernel, &visit.actor, "record.step", &input)?;
    let mut dialog = dialog(visit, &shown, &below(record, &format!("/step/{name}")), &href(&record.reference()));
    dialog.hidden.push(("version".into(), record.version.to_string()));
    dialog.others_signed = choice
        .given
        .iter()
        .map(|given| SignedBy { name: given.printed_name.clone(), meaning: given.meaning.clone(), when: Some(when_signed(given)) })
        .chain(others(&choice.missing, &shown).map(|signer| SignedBy {
            name: visit.catalog.role(&signer.role).map_or_else(|| signer.role.clone(), |role| role.label.clone()),
            meaning: signer.meaning.clone(),
            when: None,
        }))
        .collect();
    dialog.consequences = if choice.missing.len() == 1 {
        effects(record, &choice)
    } else {
        Vec::new()
    };
    dialog.comment = choice.needs_reason.then_some(true);
    dialog.button = format!("Sign: {}", crate::text::in_sentence(&choice.label));
    dialog.errors = form_errors(error);
    Ok(Ask::Sign(Box::new(dialog)))
}

/// The sign dialog for a challenge; the caller adds what belongs to its command.
pub(crate) fn dialog(visit: &Visit, shown: &Shown, action: &str, cancel: &str) -> SignDialog {
    let record = &shown.record;
    let until = visit.kernel.now().plus_seconds(CHALLENGE_SECONDS);
    SignDialog {
        what: visit.catalog.kind(&record.kind).map_or_else(|| record.kind.clone(), |kind| kind.label.clone()),
        number: record.number.clone(),
        revision: record.revision.clone(),
        title: record.title.clone(),
        rendition: Link::new(href(&record.reference()), "Read what you sign"),
        digest_head: shown.subject.digest.get(..12).unwrap_or("").to_owned(),
        meaning: shown.subject.meaning.clone(),
        role: visit.catalog.role(&shown.subject.role).map_or_else(String::new, |role| crate::text::in_sentence(&role.label)),
        signer: visit.actor.name().to_owned(),
        hidden: vec![("challenge".into(), shown.token.clone()), ("key".into(), base::id::edge_id()), ("back".into(), cancel.to_owned())],
        needs_login: shown.needs_login,
        action_url: action.to_owned(),
        cancel_href: cancel.to_owned(),
        valid_until: Some(when(until, visit.actor.zone())),
        ..SignDialog::default()
    }
}

/// What happens with the step, each as a sentence that begins with a capital.
fn effects(record: &Record, choice: &Choice) -> Vec<String> {
    let state = format!("{} becomes {}", record.label(), crate::text::in_sentence(&choice.leads_to));
    std::iter::once(state).chain(choice.consequences.iter().map(|line| crate::text::capital(line))).collect()
}

/// The signatures that are missing besides the one that is given now.
fn others<'a>(missing: &'a [Signer], shown: &'a Shown) -> impl Iterator<Item = &'a Signer> {
    let own = missing.iter().position(|signer| signer.role == shown.subject.role && signer.meaning == shown.subject.meaning);
    missing.iter().enumerate().filter(move |(place, _)| Some(*place) != own).map(|(_, signer)| signer)
}

fn choice_of(visit: &Visit, record: &Record, name: &str) -> Result<Choice> {
    let (catalog, person, record_here, now) = (std::sync::Arc::clone(&visit.catalog), visit.actor.person().to_owned(), record.clone(), visit.kernel.now());
    let choices = visit.read(move |tx| step::choices(tx, &catalog, &person, &record_here, now))?;
    choices.into_iter().find(|choice| choice.name == name).ok_or_else(|| {
        let state = crate::text::in_sentence(&visit.catalog.state_label(&record.kind, &record.state));
        Error::conflict("wrong_state", format!("{} is {state}; this step does not start from there.", record.label()))
    })
}

fn blocked(record: &Record, choice: &Choice) -> Markup {
    let lines: Vec<BlockLine> = choice
        .blockers
        .iter()
        .map(|blocker| BlockLine { text: blocker.text.clone(), links: blocker.records.iter().map(crate::text::link).collect(), rule: blocker.requirement.clone() })
        .collect();
    html! {
        (PageHead { crumbs: vec![Link::new(href(&record.reference()), record.label())], title: format!("{}: {}", choice.label, if choice.is_for_others() { "for somebody else" } else { "not possible yet" }), ..PageHead::default() })
        section.refusal { div.refusal-blocks { h2 { "What stands in the way" } (blocks(&lines)) } div.buttons { a.button.primary href=(href(&record.reference())) { "Back to " (record.label()) } } }
    }
}

fn confirm(record: &Record, choice: &Choice, error: Option<&Error>) -> Confirm {
    Confirm {
        title: format!("{}: {}", choice.label, record.label()),
        consequences: effects(record, choice),
        action: below(record, &format!("/step/{}", choice.name)),
        hidden: vec![("key".into(), base::id::edge_id()), ("version".into(), record.version.to_string()), ("back".into(), href(&record.reference()))],
        reason: choice.needs_reason.then(|| ("Why?".to_owned(), REASON_CHARS)),
        button: choice.label.clone(),
        danger: is_aside(choice),
        // Never “Cancel”: that is what some of these steps are called.
        cancel: Link::new(href(&record.reference()), "Go back"),
        errors: form_errors(error),
    }
}

/// Done only for a reason, or ends the record without a signature: nobody's next step.
pub(crate) fn is_aside(choice: &Choice) -> bool {
    choice.needs_reason || choice.to_phase == Phase::Void || (choice.to_phase == Phase::Closed && !choice.is_signed())
}

