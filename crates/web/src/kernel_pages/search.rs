//! Search, the command palette (Ctrl-K) and suggestions while typing.

use crate::edge::{Answer, Visit};
use crate::shell;
use crate::text::{chip, counted, href};
use crate::ui::list::main_cell;
use crate::ui::{Cell, DataTable, EmptyState, Icon, PageHead};
use base::{Error, RefusalKind, Result};
use base::limits::SEARCH_WORDS_PER_RECORD;
use kernel::record::Record;
use kernel::search::{self, Found};
use maud::html;
use serde_json::{Value as Json, json};

/// Suggestions shown at once.
const SUGGESTIONS: usize = 12;

fn find(visit: &Visit, text: &str, kinds: Vec<String>) -> Result<Found> {
    let (viewer, text) = (visit.viewer.clone(), text.to_owned());
    visit.read(move |tx| search::find(tx, &viewer, &text, &kinds))
}

/// Suggestions while somebody types. Words past what a search takes suggest nothing; the search itself
/// then says why.
fn suggested(visit: &Visit, text: &str, kinds: Vec<String>) -> Result<Vec<Record>> {
    match find(visit, text, kinds) {
        Ok(found) => Ok(found.records.into_iter().take(SUGGESTIONS).collect()),
        Err(Error::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let text = visit.request.query("q").unwrap_or("").to_owned();
    let found = find(visit, &text, Vec::new())?;
    let Found { records, more } = found;
    let rows = records
        .iter()
        .map(|record| {
            let kind = visit.catalog.kind(&record.kind).map_or("", |kind| kind.label.as_str());
            vec![main_cell(&href(&record.reference()), &record.label(), &display_title(visit, record)), Cell::text(kind), Cell::Chip(chip(&visit.catalog, record))]
        })
        .collect();
    let body = html! {
        (PageHead { title: "Search".into(), ..PageHead::default() })
        form.search-form method="get" action="/search" role="search" {
            label.label for="q" { "Number, words, a person" }
            div.search-row {
                input.control #q type="search" name="q" value=(text) autofocus[text.is_empty()];
                button.button.primary type="submit" { "Search" }
            }
        }
        @if !text.is_empty() {
            @if records.is_empty() {
                (EmptyState { icon: Some(Icon::Search), title: "Nothing found".into(), text: format!("No record you may see holds all of “{text}”. Beginnings of words are enough. Of a record with long texts the first {SEARCH_WORDS_PER_RECORD} words are found."), framed: true, ..EmptyState::default() })
            } @else {
                h2 { @if more { "The first " } (counted(records.len(), "record", "records")) }
                @if more { p.muted { "There are further records; more words show fewer." } }
                (DataTable { label: "Found records".into(), columns: vec![("Record".into(), false), ("Kind".into(), false), ("State".into(), false)], rows, totals: Vec::new() })
            }
        }
    };
    Ok(shell::page(visit, "Search", None, body))
}

/// A person's record is titled by the user name; people look for the name.
fn display_title(visit: &Visit, record: &Record) -> String {
    if record.kind != "person" {
        return record.title.clone();
    }
    let (tenant, id) = (record.tenant.clone(), record.id.clone());
    visit.read(move |tx| kernel::person::find(tx, &tenant, &id)).ok().flatten().map_or_else(|| record.title.clone(), |person| person.display().to_owned())
}

pub(crate) fn palette(visit: &Visit) -> Result<Answer> {
    let text = visit.request.query("q").unwrap_or("").to_owned();
    let folded = base::text::fold(text.trim());
    let mut lines: Vec<Json> = actions(visit)
        .into_iter()
        .filter(|(label, _, _)| !folded.is_empty() && base::text::fold(label).contains(&folded))
        .take(SUGGESTIONS)
        .map(|(label, detail, href)| json!({ "label": label, "detail": detail, "href": href, "group": "Go to" }))
        .collect();
    for record in &suggested(visit, &text, Vec::new())? {
        let kind = visit.catalog.kind(&record.kind).map_or("", |kind| kind.plural.as_str());
        lines.push(json!({ "label": record.label(), "detail": display_title(visit, record), "href": href(&record.reference()), "group": kind }));
    }
    Ok(Answer::Json(Json::Array(lines)))
}

/// What one can go to or start, as far as the person may.
fn actions(visit: &Visit) -> Vec<(String, String, String)> {
    let mut all = vec![("My work".to_owned(), String::new(), "/".to_owned()), ("Training matrix".to_owned(), String::new(), "/training/matrix".to_owned())];
    for kind in visit.catalog.kinds().filter(|kind| visit.viewer.sees_kind(&kind.name)) {
        all.push((kind.plural.clone(), "List".to_owned(), format!("/list/{}", kind.name)));
        all.push((format!("New {}", crate::text::in_sentence(&kind.label)), "Create".to_owned(), format!("/new/{}", kind.name)));
    }
    all
}

pub(crate) fn typeahead(visit: &Visit) -> Result<Answer> {
    let kinds: Vec<String> = visit.request.query("kind").unwrap_or("").split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    let lines: Vec<Json> = suggested(visit, visit.request.query("q").unwrap_or(""), kinds)?
        .iter()
        .map(|record| json!({ "value": record.number, "label": record.label(), "detail": display_title(visit, record) }))
        .collect();
    Ok(Answer::Json(Json::Array(lines)))
}
