//! The structure of a part: every line below this revision, level by level, as rows and as a
//! picture. The first level is this revision's own; deeper ones are what counts.

use crate::edge::{Answer, Visit};
use crate::kernel_pages::record::Known;
use crate::kernel_pages::work::with_parameter;
use crate::shell;
use crate::text::{below, counted, href, phase};
use crate::ui::page::Area;
use crate::ui::{Cell, Chip, EmptyState, Link, PageHead, Picture, Section, Tree, TreeColumn, TreeRow};
use axum::http::StatusCode;
use base::{Result, Timestamp};
use kernel::authority::Viewer;
use kernel::kind::Phase;
use kernel::record::{self, Record};
use maud::{Markup, html};
use plm::part::{Line, lines_as_of, lines_of};
use plm::product::{self, Part};
use print::draw::{Icicle, IcicleNode};
use std::sync::Arc;

/// Rows up to which all levels are shown when the address does not say.
const SHOWN_AT_ONCE: usize = 300;
/// Rows on one page at most; whoever opens more sees them level by level.
const ROWS: usize = 3_000;
/// Levels offered one by one.
const LEVELS: u32 = 8;

/// One row below the top.
struct Below {
    level: u32,
    part: Arc<Part>,
    find_number: i64,
    quantity: String,
    unit: &'static str,
    total: String,
    designators: String,
    note: String,
    leaf: bool,
    /// The identity of the line, for this revision's own ones.
    own: Option<String>,
}

/// Everything that is read for one page.
struct Whole {
    rows: Vec<Below>,
    /// Levels below the top.
    levels: u32,
    cut: bool,
    left_out: usize,
}

pub(super) fn section(visit: &Visit, known: &Known) -> Result<Section> {
    let at = known.past.as_ref().map(|past| past.at);
    let all = read(visit, &known.record, at)?;
    let wanted = match visit.request.query("levels") {
        Some("all") => all.levels,
        Some(text) => text.parse().unwrap_or(all.levels).max(1),
        None if all.rows.len() <= SHOWN_AT_ONCE => all.levels,
        None => 1,
    };
    let editable = super::is_open(known) && known.may_verb("edit");
    let count = all.rows.len();
    let body = if count == 0 { empty(known, editable) } else { tree(visit, known, &all, wanted, editable) };
    let actions = html! {
        @if editable { a.button.small href=(below(&known.record, "/do/part.add_line")) { "Add a line" } }
    };
    let note = if all.levels > 1 { format!("{} levels", all.levels) } else { String::new() };
    Ok(Section { id: "structure".into(), title: "Structure".into(), count: u64::try_from(count).ok(), note, actions, body, ..Section::default() })
}

fn empty(known: &Known, editable: bool) -> Markup {
    let text = if editable {
        "Add the parts that this one is made of, each with its quantity."
    } else if known.record.phase == Phase::Effective {
        "This revision is made of nothing that has a number of its own. A released structure changes by a change order."
    } else {
        "This revision is made of nothing that has a number of its own."
    };
    html! { (EmptyState { title: "No lines".into(), text: text.into(), in_section: true, ..EmptyState::default() }) }
}

fn read(visit: &Visit, top: &Record, at: Option<Timestamp>) -> Result<Whole> {
    let (viewer, top) = (visit.viewer.clone(), top.clone());
    visit.read(move |tx| {
        let structure = match at {
            Some(at) => product::as_of(tx, &top.tenant, at)?,
            None => product::current(tx, &top.tenant)?,
        };
        let lines = match at {
            Some(at) => lines_as_of(tx, &top.tenant, &top.id, at)?,
            None => lines_of(tx, &top.tenant, &top.id)?,
        };
        let mut whole = Whole { rows: Vec::new(), levels: 0, cut: false, left_out: 0 };
        for line in &lines {
            if whole.rows.len() >= ROWS {
                whole.cut = true;
                break;
            }
            add_line(tx, &structure, &viewer, line, &mut whole)?;
        }
        Ok(whole)
    })
}

/// One own line with everything below its part.
fn add_line(tx: &mut dyn db::Read, structure: &product::Structure, viewer: &Viewer, line: &Line, whole: &mut Whole) -> Result<()> {
    let found = match structure.tree(tx, viewer, &line.child_item, None, Some(ROWS - whole.rows.len())) {
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "not_found") => {
            whole.left_out += 1;
            return Ok(());
        }
        other => other?,
    };
    let in_child_unit = line.quantity.convert(line.unit, found.top.unit).unwrap_or(line.quantity);
    whole.rows.push(Below {
        level: 1,
        find_number: line.find_number,
        quantity: line.quantity.to_string(),
        unit: line.unit.code(),
        total: format!("{in_child_unit} {}", found.top.unit.code()),
        designators: line.designators.join(", "),
        note: line.note.clone(),
        leaf: found.rows.is_empty() && found.left_out == 0,
        own: Some(line.line_uid.clone()),
        part: Arc::clone(&found.top),
    });
    whole.levels = whole.levels.max(found.levels + 1);
    whole.cut |= found.cut;
    whole.left_out += found.left_out;
    for row in found.rows {
        let total = in_child_unit.mul_rounded(row.total).map_or_else(|| "too large".to_owned(), |(total, _)| format!("{total} {}", row.part.unit.code()));
        whole.rows.push(Below {
            level: row.level + 1,
            find_number: row.line.find_number,
            quantity: row.line.quantity.to_string(),
            unit: row.line.unit.code(),
            total,
            designators: row.line.designators.join(", "),
            note: row.line.note.clone(),
            leaf: row.leaf,
            own: None,
            part: row.part,
        });
    }
    Ok(())
}

fn tree(visit: &Visit, known: &Known, all: &Whole, wanted: u32, editable: bool) -> Markup {
    let here = href(&known.record.reference());
    let here = known.past.as_ref().map_or(here.clone(), |past| with_parameter(&here, "as_of", &past.when.iso));
    let level_href = |level: &str| format!("{}#structure", with_parameter(&here, "levels", level));
    let shown: Vec<&Below> = all.rows.iter().filter(|row| row.level <= wanted).collect();
    let mut levels: Vec<(String, String, bool)> =
        (1..=all.levels.min(LEVELS)).map(|level| (level.to_string(), level_href(&level.to_string()), level == wanted && wanted < all.levels)).collect();
    levels.push(("all".into(), level_href("all"), wanted >= all.levels));
    let mut note = counted(shown.len(), "line", "lines");
    if all.rows.len() > shown.len() {
        note.push_str(&format!("; {} on deeper levels", all.rows.len() - shown.len()));
    }
    if all.left_out > 0 {
        note.push_str(&format!("; {} hidden, of other sites", all.left_out));
    }
    if all.cut {
        note.push_str(&format!("; the first {ROWS} of more"));
    }
    let past = known.past.as_ref().map(|past| past.when.iso.as_str());
    let rows = shown.iter().map(|row| tree_row(visit, known, row, 0, editable, row.level < wanted, past)).collect();
    let grid = Tree {
        id: "structure-grid".into(),
        label: format!("Structure of {}", known.record.label()),
        node_label: "Part".into(),
        columns: columns(editable),
        rows,
        levels: if all.levels > 1 { levels } else { Vec::new() },
        note,
        ..Tree::default()
    };
    html! {
        (grid)
        @if all.rows.len() > 1 { details.picture-data open[all.rows.len() <= 40] { summary { "Show the structure as a picture" } (picture(known, all)) } }
    }
}

fn columns(editable: bool) -> Vec<TreeColumn> {
    let column = |label: &str, number: bool| TreeColumn { label: label.to_owned(), number };
    let mut columns = vec![
        column("Rev", false),
        column("Find no.", true),
        column("Quantity", true),
        column("In one top", true),
        column("State", false),
        column("Manufacturer parts", false),
        column("Designators", false),
    ];
    if editable {
        columns.push(column("", false));
    }
    columns
}

fn tree_row(visit: &Visit, known: &Known, row: &Below, offset: u32, editable: bool, open: bool, past: Option<&str>) -> TreeRow {
    let reference = row.part.reference();
    let state = visit.catalog.state_label("part", &row.part.state);
    let mut cells = vec![
        Cell::text(row.part.revision.clone()),
        Cell::number(row.find_number.to_string()),
        Cell::Markup(html! { span.nowrap { (row.quantity) " " (row.unit) } }),
        Cell::Markup(html! { span.nowrap { (row.total) } }),
        Cell::Chip(Chip::new(phase(row.part.phase), state)),
        Cell::Markup(html! { @for source in &row.part.manufacturer_parts { p.nowrap { (source.manufacturer) " " (source.mpn) } } }),
        Cell::Markup(html! { (row.designators) @if !row.note.is_empty() { p.muted { (row.note) } } }),
    ];
    if editable {
        cells.push(row.own.as_ref().map_or(Cell::Empty, |line| Cell::Markup(line_actions(known, row, line))));
    }
    let more = format!("/engineering/structure/{}?from={}", row.part.record, row.level + offset);
    TreeRow {
        level: (row.level + offset) as usize,
        node: Link::new(href(&reference), row.part.number.clone()).detail(row.part.title.clone()),
        cells,
        parent: !row.leaf,
        open: !row.leaf && open,
        open_href: (!row.leaf && !open).then(|| past.map_or(more.clone(), |past| with_parameter(&more, "as_of", past))),
        ..TreeRow::default()
    }
}

fn line_actions(known: &Known, row: &Below, line: &str) -> Markup {
    let mut change = with_parameter(&below(&known.record, "/do/part.change_line"), "line", line);
    let values = [
        ("child", row.part.number.as_str()),
        ("quantity", &row.quantity),
        ("unit", row.unit),
        ("find_number", &row.find_number.to_string()),
        ("designators", &row.designators),
        ("note", &row.note),
    ];
    for (name, value) in values {
        change = with_parameter(&change, name, value);
    }
    let remove = with_parameter(&below(&known.record, "/do/part.remove_line"), "line", line);
    html! { span.nowrap { a href=(change) { "Change" span.sr { " " (row.part.number) } } " · " a href=(remove) { "Remove" span.sr { " " (row.part.number) } } } }
}

fn picture(known: &Known, all: &Whole) -> Picture {
    let top = IcicleNode { level: 1, number: known.record.label(), title: known.record.title.clone(), ..IcicleNode::default() };
    let nodes = all.rows.iter().map(|row| IcicleNode {
        level: row.level as usize + 1,
        number: row.part.number.clone(),
        title: row.part.title.clone(),
        quantity: format!("{} {}", row.quantity, row.unit),
        href: href(&row.part.reference()),
        ..IcicleNode::default()
    });
    let drawing = Icicle { id: "structure-icicle".into(), title: format!("Structure of {}", known.record.label()), nodes: std::iter::once(top).chain(nodes).collect() };
    Picture { drawing: drawing.draw(), caption: "Levels from left to right; the rows above are the same structure.".into(), data: None }
}

/// What is directly below a part, as rows that the structure above continues with.
pub(super) fn show_below(visit: &Visit) -> Result<Answer> {
    let (viewer, id) = (visit.viewer.clone(), visit.request.param("part").to_owned());
    let part = visit.read(move |tx| record::seen(tx, &viewer, &id))?;
    let past = shell::past_moment(visit)?;
    let offset: u32 = visit.request.query("from").and_then(|text| text.parse().ok()).unwrap_or(0).min(100);
    let known = Known::bare(visit, &part)?;
    let all = read(visit, &part, past.as_ref().map(|past| past.at))?;
    let iso = past.as_ref().map(|past| past.when.iso.as_str());
    let rows = all.rows.iter().filter(|row| row.level == 1).map(|row| tree_row(visit, &known, row, offset, false, false, iso)).collect();
    let grid = Tree {
        id: "structure-grid".into(),
        label: format!("Directly below {}", part.label()),
        node_label: "Part".into(),
        columns: columns(false),
        rows,
        ..Tree::default()
    };
    if visit.request.wants("rows") {
        return Ok(Answer::Fragment(StatusCode::OK, grid.only_rows()));
    }
    let body = html! {
        (PageHead { crumbs: vec![Link::new("/list/part", "Parts"), Link::new(href(&part.reference()), part.label())], title: format!("Directly below {}", part.label()), lead: part.title.clone(), ..PageHead::default() })
        (grid)
    };
    Ok(shell::page(visit, &format!("Structure of {}", part.label()), Some(Area::Engineering), body))
}
