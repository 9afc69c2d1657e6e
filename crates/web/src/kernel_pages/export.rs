//! Taking a list away as CSV: with a reason, which stands in the trail with what was taken.

use super::list::{address_with, filter_of, kind_of};
use crate::edge::{Answer, Visit, status_of};
use crate::shell::{self, PastMoment};
use crate::text::encode;
use crate::ui::{Form, FormError, FormGroup, Input, InputKind, Link, PageHead, Submit};
use base::limits::{EXPORT_ROWS, PAGE_ROWS, REASON_CHARS};
use base::text::grouped;
use base::{Digest, Error, Refusal, RefusalKind, Result, Timestamp};
use kernel::kind::Kind;
use kernel::record::{self, Filter, Page, Record};
use kernel::signature::{self, Given};
use maud::{Markup, html};
use serde_json::json;
use std::collections::BTreeMap;

/// What was given on each record.
type Signed = BTreeMap<String, Vec<Given>>;

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    filter_of(visit, kind)?;
    Ok(shell::page(visit, &title(kind), Some(shell::area_of(kind)), body(visit, kind, shell::past_moment(visit)?, None)))
}

pub(crate) fn export(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    match export_now(visit, kind) {
        Err(error) if error.refusal().is_some() => {
            // A day that is none has no form of its own: its error is the answer.
            let past = shell::past_moment(visit)?;
            let page = shell::framed(visit, &title(kind), Some(shell::area_of(kind)), body(visit, kind, past, Some(&error)));
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        done => done,
    }
}

fn title(kind: &Kind) -> String {
    format!("Export {}", crate::text::in_sentence(&kind.plural))
}

/// The file is made first, so that what is noted is what is handed out.
fn export_now(visit: &Visit, kind: &Kind) -> Result<Answer> {
    let filter = filter_of(visit, kind)?;
    let (records, signed) = all(visit, &filter, shell::past_moment(visit)?.map(|past| past.at))?;
    let csv = csv(visit, kind, &records, &signed);
    let filters: Vec<String> = visit.request.query.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let filters: String = filters.join("&").chars().take(base::limits::LINE_CHARS).collect();
    visit.run("export.note", json!({ "kind": kind.name, "filter": filters, "rows": records.len(), "digest": Digest::of(csv.as_bytes()).hex() }))?;
    Ok(Answer::File { name: format!("{}.csv", kind.name), media_type: "text/csv; charset=utf-8".into(), bytes: csv.into_bytes() })
}

fn body(visit: &Visit, kind: &Kind, past: Option<PastMoment>, error: Option<&Error>) -> Markup {
    let list = address_with(visit, &format!("/list/{}", kind.name), &[]);
    let errors = error.and_then(Error::refusal).map(|refusal| {
        let target = if refusal.place.as_deref() == Some("reason") { "f-reason" } else { "" };
        let texts: Vec<&str> = std::iter::once(refusal.message.as_str()).chain(refusal.advice.as_deref()).collect();
        FormError { target: target.into(), text: crate::text::capital(&texts.join(" ")) }
    });
    let reason = Input {
        required: true,
        value: visit.request.field("reason").unwrap_or("").to_owned(),
        help: "It stands in the trail, with the filters and what was taken.".into(),
        max_chars: Some(REASON_CHARS),
        ..Input::new("reason", "Why do you take it away?", InputKind::Line)
    };
    let form = Form {
        id: "export".into(),
        action: address_with(visit, &format!("/list/{}/export", kind.name), &[]),
        hidden: vec![("key".into(), base::id::edge_id())],
        errors: errors.into_iter().collect(),
        groups: vec![FormGroup { inputs: vec![reason], ..FormGroup::default() }],
        submit: Submit::new("Export as CSV"),
        cancel: Some(Link::new(list.clone(), "Cancel")),
        ..Form::default()
    };
    html! {
        (PageHead { crumbs: vec![Link::new(list, kind.plural.clone())], title: title(kind), lead: format!("All rows of this view, at most {}.", grouped(EXPORT_ROWS as u64)), ..PageHead::default() })
        @if let Some(past) = past { p.muted { "As they were at the end of " (past.when) "." } }
        (form)
    }
}

/// The records of the list with their signatures; looking at another day, as they were then.
fn all(visit: &Visit, filter: &Filter, as_of: Option<Timestamp>) -> Result<(Vec<Record>, Signed)> {
    let (viewer, filter) = (visit.viewer.clone(), filter.clone());
    visit.read(move |tx| {
        let mut all: Vec<Record> = Vec::new();
        let mut after = None;
        loop {
            let page = Page { rows: Some(PAGE_ROWS), after: after.take(), ..Page::default() };
            let (rows, next) = record::list(tx, &viewer, &filter, &page, as_of)?;
            all.extend(rows);
            check_rows(all.len())?;
            after = next;
            if after.is_none() {
                let mut signed = signature::of_records(tx, viewer.tenant(), &all)?;
                for given in signed.values_mut() {
                    given.retain(|given| as_of.is_none_or(|at| given.signed_at <= at));
                }
                return Ok((all, signed));
            }
        }
    })
}

/// A file that is cut off without a word would be taken for the whole.
fn check_rows(rows: usize) -> Result<()> {
    if rows <= EXPORT_ROWS {
        return Ok(());
    }
    let limit = grouped(EXPORT_ROWS as u64);
    Err(Refusal::new(RefusalKind::TooLarge, "too_many_rows", format!("This view has more than {limit} rows, which is the most that one export holds."))
        .advise("Narrow the list with its filters and export it in parts.")
        .into())
}

fn csv(visit: &Visit, kind: &Kind, records: &[Record], signed: &Signed) -> String {
    let mut lines = vec![line(["Number", "Revision", "Title", "State", "Due"].into_iter().chain(kind.fields.iter().map(|field| field.label.as_str())).chain(["Version", "Signatures"]))];
    for record in records {
        let state = visit.catalog.state_label(&record.kind, &record.state);
        let fields: Vec<String> =
            kind.fields.iter().map(|field| record::field_display(field, record.fields.get(&field.name).unwrap_or(&serde_json::Value::Null))).collect();
        let fixed = [record.number.as_str(), &record.revision, &record.title, &state, record.due_date.as_deref().unwrap_or("")];
        let version = record.version.to_string();
        let given = signed.get(&record.id).map_or(&[][..], Vec::as_slice);
        let given: Vec<String> = given.iter().map(|given| format!("{} (version {})", given.manifestation(), given.version)).collect();
        let last = [version.as_str(), &given.join("; ")];
        lines.push(line(fixed.into_iter().chain(fields.iter().map(String::as_str)).chain(last)));
    }
    lines.concat()
}

/// One CSV line (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe.
fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells
        .map(|cell| {
            let runs = base::text::is_formula(cell) && cell.trim().parse::<f64>().is_err();
            let safe = if runs { format!("'{cell}") } else { cell.to_owned() };
            format!("\"{}\"", safe.replace('"', "\"\""))
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_guard_010_an_export_that_would_be_cut_off_is_refused() {
        check_rows(EXPORT_ROWS).unwrap();
        let refused = check_rows(EXPORT_ROWS + 1).unwrap_err();
        assert_eq!(refused.refusal().unwrap().code, "too_many_rows");
    }

    #[test]
    fn frs_guard_002_text_that_would_run_is_made_harmless_and_numbers_stay_numbers() {
        assert_eq!(line(["=1+1", "-5", "a\"b", "@SUM(1)"].into_iter()), "\"'=1+1\",\"-5\",\"a\"\"b\",\"'@SUM(1)\"\r\n");
    }
}
