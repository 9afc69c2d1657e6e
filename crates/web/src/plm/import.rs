//! Importing the first released structure from a file.

use crate::edge::{Answer, Visit, status_of};
use crate::shell;
use crate::ui::page::Area;
use crate::ui::{Banner, BannerKind, Form, FormError, FormGroup, Input, InputKind, Link, PageHead, Submit};
use base::limits::{IMPORT_LINES, REASON_CHARS, UPLOAD_BYTES};
use base::{Error, Result};
use kernel::command::Request;
use maud::{Markup, html};
use serde_json::{Value as Json, json};

/// Rows that are named one by one when they were left out.
const ROWS_NAMED: usize = 10;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    if !visit.may("part.import_structure") {
        return Err(Error::forbidden("not_permitted", "You may not import structures."));
    }
    Ok(shell::page(visit, "Import a structure", Some(Area::Engineering), body(visit, None)))
}

pub(super) fn import(visit: &Visit) -> Result<Answer> {
    match import_now(visit) {
        Ok(result) => Ok(imported(visit, &result)),
        Err(error) if error.refusal().is_some() => {
            let page = shell::framed(visit, "Import a structure", Some(Area::Engineering), body(visit, Some(&error)));
            Ok(Answer::Refused(status_of(&error), Box::new(page)))
        }
        Err(error) => Err(error),
    }
}

fn import_now(visit: &Visit) -> Result<Json> {
    let request = &visit.request;
    let upload = request.uploads.iter().find(|upload| upload.field == "file").ok_or_else(|| Error::invalid("file", "missing_field", "choose a file"))?;
    let mut input = json!({ "file": upload.digest, "file_name": upload.name });
    for name in ["site", "sheet"] {
        if let Some(value) = request.field(name).map(str::trim).filter(|value| !value.is_empty()) {
            input[name] = json!(value);
        }
    }
    let command = Request::new("part.import_structure", input, request.key()?).because(request.field("reason").unwrap_or("").trim());
    Ok(visit.kernel.execute(&visit.actor, &command)?.result)
}

/// What came in, and what the file said that was not taken.
fn imported(visit: &Visit, result: &Json) -> Answer {
    let count = |name: &str| result.get(name).and_then(Json::as_i64).unwrap_or(0);
    let number = result.pointer("/top/number").and_then(Json::as_str).unwrap_or("").to_owned();
    let top = format!("/r/part/{}", crate::text::encode(&number));
    let said = format!("Imported: {} parts, {} lines on {} levels, {} manufacturer parts.", count("parts"), count("lines"), count("levels"), count("manufacturer_parts"));
    let list = |name: &str| result.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let (notices, ignored) = (list("notices"), list("ignored_columns"));
    if notices.is_empty() && ignored.is_empty() {
        return Answer::Go { to: top, flash: Some(said) };
    }
    let text = |value: &Json, name: &str| value.get(name).and_then(Json::as_str).unwrap_or("").to_owned();
    let body = html! {
        (PageHead { crumbs: vec![Link::new("/list/part", "Parts")], title: "The structure is imported".into(), primary: Some(Link::new(top, format!("Go to {number}"))), ..PageHead::default() })
        div.banners {
            (Banner { kind: BannerKind::Good, title: said, ..Banner::default() })
            @if let Some(left_out) = left_out(result) { (Banner { kind: BannerKind::Warn, title: left_out, text: "Look at them in the file: whatever they say is not in the structure.".into(), ..Banner::default() }) }
        }
        @if !notices.is_empty() {
            h2 { "Worth a look " span.count { (notices.len()) } }
            ul.rows { @for notice in &notices { li { span.muted { (text(notice, "place")) } span.grow { (text(notice, "text")) } } } }
        }
        @if !ignored.is_empty() {
            h2 { "Columns that were not taken" }
            ul.rows { @for column in &ignored { li { (column.as_str().unwrap_or("")) } } }
        }
    };
    shell::page(visit, "The structure is imported", Some(Area::Engineering), body)
}

/// The rows of the file that were not taken, in a sentence.
pub(super) fn left_out(result: &Json) -> Option<String> {
    let rows: Vec<String> = result.get("left_out_rows").and_then(Json::as_array).into_iter().flatten().map(ToString::to_string).collect();
    let named = rows.iter().take(ROWS_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if rows.len() > ROWS_NAMED { " and more" } else { "" };
    match rows.len() {
        0 => None,
        1 => Some(format!("One row without an item number was left out: row {named}.")),
        count => Some(format!("{count} rows without an item number were left out: rows {named}{more}.")),
    }
}

fn body(visit: &Visit, error: Option<&Error>) -> Markup {
    let typed = |name: &str| visit.request.field(name).unwrap_or("").to_owned();
    let mut inputs = vec![
        Input {
            required: true,
            help: format!("XLSX or CSV, at most {} MB and {IMPORT_LINES} lines: one row for each line with level, number, name, quantity and unit; manufacturer and part number where known.", UPLOAD_BYTES >> 20),
            ..Input::new("file", "Structure file", InputKind::File { accept: ".xlsx,.csv".into(), several: false })
        },
        Input { value: typed("sheet"), help: "Empty: the first one with content.".into(), ..Input::new("sheet", "Worksheet", InputKind::Line) },
        Input { value: typed("site"), help: "Empty: the whole company.".into(), ..Input::new("site", "Site", InputKind::Record { kind: "site".into(), chosen: String::new(), recent: Vec::new() }) },
        Input {
            required: true,
            value: typed("reason"),
            max_chars: Some(REASON_CHARS),
            keep_draft: true,
            help: "Where it was released before, for example the order or drawing. Stands in the trail.".into(),
            ..Input::new("reason", "Reason", InputKind::Block { rows: 2 })
        },
    ];
    let refusal = error.and_then(Error::refusal);
    let mut errors = Vec::new();
    if let Some(refusal) = refusal {
        let texts = std::iter::once(refusal.message.clone()).chain(refusal.blockers.iter().map(|blocker| blocker.text.clone())).chain(refusal.advice.clone());
        let text = crate::text::capital(&texts.collect::<Vec<_>>().join(" "));
        match inputs.iter_mut().find(|input| refusal.place.as_deref() == Some(input.name.as_str())) {
            Some(input) => input.error = Some(text),
            None => {
                let place = refusal.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
                errors.push(FormError { target: String::new(), text: format!("{text}{place}") });
            }
        }
    }
    let form = Form {
        id: "import".into(),
        action: "/engineering/import".into(),
        hidden: vec![("key".into(), base::id::edge_id())],
        errors,
        groups: vec![FormGroup { inputs, ..FormGroup::default() }],
        submit: Submit::new("Import as released"),
        cancel: Some(Link::new("/list/part", "Cancel")),
        ..Form::default()
    };
    html! {
        (PageHead {
            crumbs: vec![Link::new("/list/part", "Parts")],
            title: "Import a structure".into(),
            lead: "Brings parts in as they were released elsewhere: numbers, names, lines and manufacturer parts exactly as in the file.".into(),
            ..PageHead::default()
        })
        p.spaced { "Numbers that exist already are refused: to change parts that are here, make a " a href="/new/change_order" { "change order" } " and apply the file to it." }
        (form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_web_010_rows_that_were_not_taken_are_named() {
        assert_eq!(left_out(&json!({})), None);
        assert_eq!(left_out(&json!({ "left_out_rows": [160] })).as_deref(), Some("One row without an item number was left out: row 160."));
        let all: Vec<usize> = (1..=ROWS_NAMED).collect();
        let said = left_out(&json!({ "left_out_rows": all })).unwrap_or_default();
        assert!(said.starts_with("10 rows") && !said.contains("more"), "{said}");
        let more: Vec<usize> = (1..=ROWS_NAMED + 1).collect();
        let said = left_out(&json!({ "left_out_rows": more })).unwrap_or_default();
        assert!(said.ends_with("9, 10 and more."), "{said}");
    }
}
