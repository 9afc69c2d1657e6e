//! Lists of one kind: filters in the address, sorting, paging, as of another day.

use crate::domain;
use crate::edge::{Answer, Visit};
use crate::shell;
use crate::text::{chip, day, due, encode, href};
use crate::ui::list::main_cell;
use crate::ui::{ActiveFilter, Cell, Column, EmptyState, Filter as UiFilter, FilterKind, Icon, Link, ListView, Menu, MenuItem, Offer, PageHead, Pager, Row, Sort as UiSort};
use base::limits::COUNTED_RECORDS;
use base::{Error, Result};
use kernel::kind::{Field, FieldSort, Kind, Phase};
use kernel::record::{self, Filter, Page, Record, Sort};
use maud::html;
use std::collections::BTreeMap;

/// Rows of one page.
const ROWS: usize = 50;

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let kind = kind_of(visit)?;
    let past = shell::past_moment(visit)?;
    let filter = filter_of(visit, kind)?;
    let page = Page { sort: sort_of(visit), rows: Some(ROWS), after: visit.request.query("after").map(str::to_owned) };
    let (viewer, tenant, at) = (visit.viewer.clone(), visit.tenant().to_owned(), past.as_ref().map(|past| past.at));
    let filter_here = filter.clone();
    let (records, next, counts, names, sites) = visit.read(move |tx| {
        let (records, next) = record::list(tx, &viewer, &filter_here, &page, at)?;
        let counts = record::count_a_while(tx, &viewer, &Filter { phases: Vec::new(), ..filter_here.clone() })?;
        let mut owners: Vec<String> = records.iter().filter_map(|record| record.owner.clone()).collect();
        if kind_is_person(&records) {
            owners.extend(records.iter().map(|record| record.id.clone()));
        }
        let names = kernel::person::names(tx, &tenant, &owners)?;
        let sites = record::list(tx, &viewer, &Filter { kind: Some("site".into()), ..Filter::default() }, &Page::default(), None)?.0;
        Ok((records, next, counts, names, sites))
    })?;
    let mut view = view(visit, kind, &filter, &records, next, &counts, &names, &sites);
    // Where nothing is yet, there is nothing to filter or export; the page teaches the first step.
    let is_new = records.is_empty() && !is_filtered(&filter);
    if is_new {
        (view.views, view.filters, view.menus) = (Vec::new(), Vec::new(), Vec::new());
    }
    let may_create = visit.may(&format!("{}.create", kind.name));
    let body = html! {
        (PageHead {
            title: kind.plural.clone(),
            lead: kind.text.clone(),
            primary: (may_create && past.is_none() && !is_new).then(|| Link::new(format!("/new/{}", kind.name), format!("New {}", crate::text::in_sentence(&kind.label)))),
            others: domain::list_actions(visit, kind),
            ..PageHead::default()
        })
        (view)
    };
    let mut framed = shell::framed(visit, &kind.plural, Some(shell::area_of(kind)), body);
    let keep = visit.request.query.iter().filter(|(name, _)| name != "as_of" && name != "after").cloned().collect();
    framed.as_of = Some(shell::as_of_control(&format!("/list/{}", kind.name), keep, past.as_ref()));
    Ok(Answer::Page(Box::new(framed)))
}

/// The kind that the address names, as far as one may see it.
pub(super) fn kind_of(visit: &Visit) -> Result<&Kind> {
    let kind = visit.catalog.kind(visit.request.param("kind")).filter(|kind| visit.viewer.sees_kind(&kind.name));
    kind.ok_or_else(|| Error::not_found("There is no such list."))
}

fn kind_is_person(records: &[Record]) -> bool {
    records.first().is_some_and(|record| record.kind == "person")
}

pub(super) fn filter_of(visit: &Visit, kind: &Kind) -> Result<Filter> {
    let request = &visit.request;
    let own = |name: &str| request.query(name).map(str::to_owned);
    let phases = match request.query("phase") {
        Some("open") => vec![Phase::Draft, Phase::InWork, Phase::InReview],
        Some(name) => vec![Phase::parse(name).ok_or_else(|| Error::invalid("phase", "unknown_phase", format!("there is no phase “{name}”")))?],
        None => Vec::new(),
    };
    let fields = kind
        .fields
        .iter()
        .filter(|field| field.filter)
        .filter_map(|field| Some((field.name.clone(), own(&format!("field.{}", field.name))?)))
        .collect();
    let owner = match own("owner") {
        Some(login) => {
            let (viewer, own) = (visit.viewer.clone(), visit.actor.person().to_owned());
            Some(visit.read(move |tx| kernel::person::visible(tx, &viewer, &own, "owner", &login))?)
        }
        None => None,
    };
    Ok(Filter {
        kind: Some(kind.name.clone()),
        phases,
        state: own("state"),
        owner,
        site: own("site"),
        text: own("q"),
        fields,
        due_until: own("due_until"),
        current_only: request.query("revisions") != Some("all"),
    })
}

fn sort_of(visit: &Visit) -> Sort {
    match visit.request.query("sort") {
        Some("changed") => Sort::Changed,
        _ => Sort::Number,
    }
}

#[expect(clippy::too_many_arguments, reason = "everything one page of a list shows")]
fn view(
    visit: &Visit,
    kind: &Kind,
    filter: &Filter,
    records: &[Record],
    next: Option<String>,
    counts: &[(Phase, i64)],
    names: &BTreeMap<String, String>,
    sites: &[Record],
) -> ListView {
    let action = format!("/list/{}", kind.name);
    let filtered: Vec<&Field> = kind.fields.iter().filter(|field| field.filter).collect();
    let address = |changes: &[(&str, Option<&str>)]| address_with(visit, &action, changes);
    let rows = records
        .iter()
        .map(|record| {
            let title = if record.kind == "person" { names.get(&record.id).unwrap_or(&record.title) } else { &record.title };
            let mut cells = vec![main_cell(&href(&record.reference()), &record.label(), title), Cell::Chip(chip(&visit.catalog, record))];
            for field in &filtered {
                let value = record.fields.get(&field.name).unwrap_or(&serde_json::Value::Null);
                cells.push(Cell::text(record::field_display(field, value)));
            }
            cells.push(record.owner.as_ref().and_then(|owner| names.get(owner)).map_or(Cell::Empty, |name| Cell::text(name.clone())));
            cells.push(match &record.due_date {
                Some(date) if !record.phase.is_settled() => Cell::Due(due(date, visit.kernel.now(), visit.actor.zone())),
                Some(date) => Cell::When(day(date)),
                None => Cell::Empty,
            });
            cells.push(Cell::When(crate::text::when(record.changed_at, visit.actor.zone())));
            Row { value: record.id.clone(), label: record.label(), cells }
        })
        .collect();
    let by_number = sort_of(visit) == Sort::Number;
    let mut columns = vec![
        Column { sort_href: Some(address(&[("sort", None), ("after", None)])), sorted: by_number.then_some(UiSort::Up), ..Column::new(&kind.label) },
        Column::new("State"),
    ];
    columns.extend(filtered.iter().map(|field| Column::new(&field.label)));
    columns.extend([Column::new("Owner"), Column::new("Due")]);
    columns.push(Column { sort_href: Some(address(&[("sort", Some("changed")), ("after", None)])), sorted: (!by_number).then_some(UiSort::Down), ..Column::new("Changed") });
    let first_page = visit.request.query("after").is_none();
    ListView {
        label: kind.plural.clone(),
        views: views(visit, counts, &address),
        filters: filters(visit, kind, &filtered, filter, sites),
        keep: visit.request.query.iter().filter(|(name, _)| matches!(name.as_str(), "sort" | "phase" | "revisions" | "as_of")).cloned().collect(),
        active: active(visit, &address),
        clear_href: Some(action.clone()),
        menus: vec![Menu {
            label: "Export".into(),
            quiet: true,
            icon: Some(Icon::Download),
            items: vec![MenuItem::link("CSV, all rows of this view", address_with(visit, &format!("{action}/export"), &[("after", None), ("sort", None)]), Some(Icon::File))],
            ..Menu::default()
        }],
        columns,
        rows,
        pager: Pager {
            position: if first_page && next.is_none() { crate::text::counted(records.len(), "row", "rows") } else { format!("{} rows on this page", records.len()) },
            previous: (!first_page).then(|| address(&[("after", None)])),
            next: next.map(|cursor| address(&[("after", Some(&cursor))])),
        },
        empty: empty(visit, kind, filter),
        action,
        ..ListView::default()
    }
}

/// This list's address with some of its parameters set or taken away.
type Address<'a> = dyn Fn(&[(&str, Option<&str>)]) -> String + 'a;

/// All, open, and each phase that has something in it. Past [`COUNTED_RECORDS`] of a phase there are
/// more than the count says.
fn views(visit: &Visit, counts: &[(Phase, i64)], address: &Address<'_>) -> Vec<crate::ui::Tab> {
    let current = visit.request.query("phase");
    let most = COUNTED_RECORDS as i64;
    let tab = |label: &str, phase: Option<&str>, holds: &dyn Fn(Phase) -> bool| {
        let counted: Vec<i64> = counts.iter().filter(|(phase, _)| holds(*phase)).map(|(_, count)| *count).collect();
        crate::ui::Tab {
            label: label.to_owned(),
            href: address(&[("phase", phase), ("after", None)]),
            count: u64::try_from(counted.iter().map(|count| (*count).min(most)).sum::<i64>()).ok(),
            at_least: counted.iter().any(|count| *count > most),
            current: current == phase,
        }
    };
    let mut tabs = vec![tab("All", None, &|_| true), tab("Open", Some("open"), &|phase| !phase.is_settled())];
    for phase in [Phase::Effective, Phase::Closed, Phase::Void] {
        if counts.iter().any(|(known, _)| *known == phase) {
            tabs.push(tab(crate::text::phase(phase).word(), Some(phase.name()), &|known| known == phase));
        }
    }
    tabs
}

fn filters(visit: &Visit, kind: &Kind, filtered: &[&Field], filter: &Filter, sites: &[Record]) -> Vec<UiFilter> {
    let mut all = vec![
        UiFilter { name: "q".into(), label: "Words".into(), kind: FilterKind::Text, value: filter.text.clone().unwrap_or_default() },
        UiFilter {
            name: "state".into(),
            label: "State".into(),
            kind: FilterKind::Choice(kind.states.iter().map(|state| Offer::new(&state.name, &state.label)).collect()),
            value: filter.state.clone().unwrap_or_default(),
        },
    ];
    for field in filtered {
        let value = filter.fields.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value.clone()).unwrap_or_default();
        let kind = match &field.sort {
            FieldSort::Choice(values) => FilterKind::Choice(values.iter().map(|(value, label)| Offer::new(value, label)).collect()),
            FieldSort::YesNo => FilterKind::Choice(vec![Offer::new("true", "Yes"), Offer::new("false", "No")]),
            FieldSort::Person => FilterKind::Record("person".into()),
            FieldSort::Date => FilterKind::Date,
            // By the record of a revision, which links lead with and nobody types.
            FieldSort::TableRevision(_) if value.is_empty() => continue,
            _ => FilterKind::Text,
        };
        all.push(UiFilter { name: format!("field.{}", field.name), label: field.label.clone(), kind, value });
    }
    all.push(UiFilter { name: "owner".into(), label: "Owner".into(), kind: FilterKind::Record("person".into()), value: visit.request.query("owner").unwrap_or("").to_owned() });
    if sites.len() > 1 {
        let offers = sites.iter().map(|site| Offer::new(&site.id, &site.title)).collect();
        all.push(UiFilter { name: "site".into(), label: "Site".into(), kind: FilterKind::Choice(offers), value: filter.site.clone().unwrap_or_default() });
    }
    all
}

fn active(visit: &Visit, address: &Address<'_>) -> Vec<ActiveFilter> {
    visit
        .request
        .query
        .iter()
        .filter(|(name, value)| !value.is_empty() && !matches!(name.as_str(), "sort" | "after" | "phase" | "as_of"))
        .map(|(name, value)| {
            let shown = if name == "site" { "chosen" } else { value.as_str() };
            ActiveFilter { label: format!("{}: {shown}", name.trim_start_matches("field.").replace('_', " ")), remove_href: address(&[(name, None), ("after", None)]) }
        })
        .collect()
}

fn is_filtered(filter: &Filter) -> bool {
    filter.text.is_some() || filter.state.is_some() || !filter.phases.is_empty() || !filter.fields.is_empty() || filter.owner.is_some() || filter.site.is_some()
}

fn empty(visit: &Visit, kind: &Kind, filter: &Filter) -> EmptyState {
    if is_filtered(filter) {
        return EmptyState { icon: Some(Icon::Filter), title: "Nothing fits these filters".into(), text: "Take a filter away to see more.".into(), framed: true, ..EmptyState::default() };
    }
    if visit.catalog.is_made_by_server(&kind.name) {
        let text = "Nobody adds one here: the server notes it by itself when it happens.";
        return EmptyState { icon: Some(Icon::Check), title: format!("No {} so far", crate::text::in_sentence(&kind.label)), text: text.into(), framed: true, ..EmptyState::default() };
    }
    EmptyState {
        icon: Some(Icon::Plus),
        title: format!("No {} yet", crate::text::in_sentence(&kind.label)),
        text: kind.text.clone(),
        primary: visit.may(&format!("{}.create", kind.name)).then(|| Link::new(format!("/new/{}", kind.name), format!("New {}", crate::text::in_sentence(&kind.label)))),
        others: domain::first_steps(visit, kind),
        framed: true,
        ..EmptyState::default()
    }
}

/// The list's address with some parameters changed or taken away.
pub(super) fn address_with(visit: &Visit, action: &str, changes: &[(&str, Option<&str>)]) -> String {
    let kept = visit.request.query.iter().filter(|(name, value)| !value.is_empty() && !changes.iter().any(|(changed, _)| changed == name));
    let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    let set = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let pairs: Vec<String> = kept.chain(set).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { action.to_owned() } else { format!("{action}?{}", pairs.join("&")) }
}
