//! The evidence of one record as a file to take away.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::{record_of, step};
use crate::shell;
use crate::text::{below, href};
use crate::ui::{Ask, Confirm, Link};
use base::limits::REASON_CHARS;
use base::{Error, Result};
use kernel::kind::Kind;
use kernel::record::Record;
use serde_json::{Value as Json, json};

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    if !visit.may("evidence.export") {
        return Err(Error::forbidden("not_permitted", "Your roles do not hand out evidence. A quality engineer or a quality manager does."));
    }
    ask(visit, &kind, &record, None)
}

fn ask(visit: &Visit, kind: &Kind, record: &Record, error: Option<&Error>) -> Result<Answer> {
    let asked = Confirm {
        title: format!("Evidence of {}", record.label()),
        consequences: vec![
            "The file holds what the record says in all its versions, its signatures and events, and what proves them up to the newest checkpoint.".to_owned(),
            "Whoever has it checks it without Plumb: plumb-verify FILE --key KEY.".to_owned(),
            "That you took it, and why, is noted in the record's timeline.".to_owned(),
        ],
        action: below(record, "/evidence"),
        hidden: vec![("key".into(), base::id::edge_id())],
        reason: Some(("Why do you take it away?".to_owned(), REASON_CHARS)),
        button: "Download the evidence".to_owned(),
        danger: false,
        cancel: Link::new(href(&record.reference()), "Go back"),
        errors: step::form_errors(error),
    };
    Ok(step::answer(visit, &Ask::Confirm(Box::new(asked)), error, |body| shell::framed(visit, &format!("Evidence of {}", record.label()), Some(shell::area_of(kind)), body)))
}

pub(crate) fn take(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let outcome = match visit.run("evidence.export", json!({ "record": record.id })) {
        Err(Error::Refused(refusal)) if refusal.code != "not_permitted" => {
            return ask(visit, &kind, &record, Some(&Error::Refused(refusal)));
        }
        outcome => outcome?,
    };
    let bundle = outcome.result.get("bundle").and_then(Json::as_str).ok_or_else(handed_out)?;
    let revision = if record.revision.is_empty() { String::new() } else { format!("-{}", record.revision) };
    Ok(Answer::File { name: format!("{}-{}{revision}.evidence.json", kind.name, record.number), media_type: "application/json".into(), bytes: bundle.as_bytes().to_vec() })
}

/// The same click twice: nothing keeps what was handed out, and another copy is another export.
fn handed_out() -> Error {
    Error::conflict("handed_out", "This copy was handed out already. Open the page again for another.")
}
