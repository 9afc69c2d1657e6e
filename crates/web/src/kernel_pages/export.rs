//! Taking a list away as CSV: with a reason, which stands in the trail with what was taken.

use super::list::{address_with, filter_of, kind_of};
use crate::edge::{Answer, Visit, status_of};
use crate::shell;
use crate::text::encode;
use crate::ui::{Form, FormError, FormGroup, Input, InputKind, Link, PageHead, Submit};
use base::limits::REASON_CHARS;
use base::{Digest, Error, Result};
use kernel::kind::Kind;
use kernel::record::{self, Filter, Page, Record};
use kernel::signature::{self, Given};
use maud::{Markup, html};
use serde_json::json;
use std::collections::BTreeMap;

/// What was given on each record.
type Signed = BTreeMap<String, Vec<Given>>;

/// Rows of one export.
const EXPORT_ROWS: usize = 10_000;

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    filter_of(visit, kind)?;
    Ok(shell::page(visit, &title(kind), Some(shell::area_of(kind)), body(visit, kind, None)))
}

pub(crate) fn export(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    match export_now(visit, kind) {
        Err(error) if error.refusal().is_some() => {
            let page = shell::framed(visit, &title(kind), Some(shell::area_of(kind)), body(visit, kind, Some(&error)));
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
    let (records, signed) = all(visit, &filter)?;
    let csv = csv(visit, kind, &records, &signed);
    let filters: Vec<String> = visit.request.query.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let filters: String = filters.join("&").chars().take(base::limits::LINE_CHARS).collect();
    visit.run("export.note", json!({ "kind": kind.name, "filter": filters, "rows": records.len(), "digest": Digest::of(csv.as_bytes()).hex() }))?;
    Ok(Answer::File { name: format!("{}.csv", kind.name), media_type: "text/csv; charset=utf-8".into(), bytes: csv.into_bytes() })
}

fn body(visit: &Visit, kind: &Kind, error: Option<&Error>) -> Markup {
    let list = address_with(visit, &format!("/list/{}", kind.name), &[]);
    let refusal = error.and_then(Error::refusal);
    let errors = refusal.map(|refusal| FormError { target: "f-reason".into(), text: crate::text::capital(&refusal.message) });
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
        (PageHead { crumbs: vec![Link::new(list, kind.plural.clone())], title: title(kind), lead: format!("All rows of this view, at most {}.", base::text::grouped(EXPORT_ROWS as u64)), ..PageHead::default() })
        (form)
    }
}

fn all(visit: &Visit, filter: &Filter) -> Result<(Vec<Record>, Signed)> {
    let (viewer, filter) = (visit.viewer.clone(), filter.clone());
    visit.read(move |tx| {
        let mut all: Vec<Record> = Vec::new();
        let mut after = None;
        loop {
            let page = Page { rows: Some(base::limits::PAGE_ROWS), after: after.take(), ..Page::default() };
            let (rows, next) = record::list(tx, &viewer, &filter, &page, None)?;
            all.extend(rows);
            match next {
                Some(cursor) if all.len() < EXPORT_ROWS => after = Some(cursor),
                _ => {
                    let signed = signature::of_records(tx, viewer.tenant(), &all)?;
                    return Ok((all, signed));
                }
            }
        }
    })
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
    fn frs_guard_002_text_that_would_run_is_made_harmless_and_numbers_stay_numbers() {
        assert_eq!(line(["=1+1", "-5", "a\"b", "@SUM(1)"].into_iter()), "\"'=1+1\",\"-5\",\"a\"\"b\",\"'@SUM(1)\"\r\n");
    }
}
