//! Importing a structure as it was released elsewhere: parts with their numbers, names and
//! manufacturer parts exactly as in the file, and the lines between them.

use super::detail::{Detail, DetailLine};
use super::kind::KIND;
use super::lines::{self, CheckedLine};
use super::sources::{self, CheckedSource};
use super::turns::TURNS;
use super::store::{BOM_LINE, MANUFACTURER_PART, SourceStatus};
use crate::structure::import::{ImportOptions, ImportedItem, ImportedLine, ImportedStructure, import_file};
use crate::structure::sheet::ReadOptions;
use base::{Blocker, Digest, Error, Refusal, RefusalKind, Result};
use db::{Query, Read, sql};
use kernel::Kernel;
use kernel::authority::{Actor, Permit, Viewer};
use kernel::command::{opt_text_of, text_of};
use kernel::kind::Revisions;
use kernel::record::{self, NewRecord, Record};
use kernel::trail::WriteTx;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashMap};

/// Where the parsed file travels in a prepared input; no client can send it, because unknown
/// fields are refused before.
const PARSED: &str = "_structure";
/// How many existing numbers a refusal names.
const NAMED: usize = 20;

/// Reads the uploaded file that an input names and puts the structure into the input.
pub(crate) fn parse_file(kernel: &Kernel, _: &Actor, input: &Json) -> Result<Json> {
    let digest = text_of(input, "file")?;
    let digest = Digest::from_hex(digest).ok_or_else(|| Error::invalid("file", "bad_digest", "this is no SHA-256 digest of an uploaded file"))?;
    if !kernel.files().exists(&digest)? {
        return Err(Error::invalid("file", "no_such_file", "no file with this digest was uploaded"));
    }
    let options: ImportOptions = match input.get("options") {
        None | Some(Json::Null) => ImportOptions::default(),
        Some(given) => serde_json::from_value(given.clone()).map_err(|error| Error::invalid("options", "bad_options", error.to_string()))?,
    };
    let read = ReadOptions { sheet: opt_text_of(input, "sheet").map(str::to_owned), ..ReadOptions::default() };
    let structure = {
        let _turn = TURNS.enter()?;
        let bytes = kernel.files().get(&digest)?;
        import_file(opt_text_of(input, "file_name").unwrap_or(""), &bytes, &read, &options)?
    };
    let mut prepared = input.clone();
    prepared[PARSED] = serde_json::to_value(&structure).map_err(Error::internal)?;
    Ok(prepared)
}

/// The structure that [`parse_file`] put into the input.
pub(crate) fn prepared_structure(input: &Json) -> Result<ImportedStructure> {
    let parsed = input.get(PARSED).ok_or_else(|| Error::internal("the file was not read"))?;
    serde_json::from_value(parsed.clone()).map_err(Error::internal)
}

/// Imports a whole structure as released. Refused, naming them, when parts of these numbers exist.
pub(super) fn import_released(tx: &mut WriteTx<'_>, permit: &Permit, structure: &ImportedStructure, site: Option<&str>) -> Result<Json> {
    tx.raise_stamp(super::STRUCTURE_STAMP)?;
    let tenant = tx.tenant().to_owned();
    let numbers: Vec<_> = structure.items.iter().map(|item| item.number.as_str()).collect();
    let existing = parts_numbered(tx, &tenant, &numbers)?;
    if !existing.is_empty() {
        return Err(numbers_exist(permit.viewer(), structure, &existing));
    }
    let zone = kernel::place::zone_of(tx, &tenant, site)?;
    let today = tx.now().date_in(&zone)?.to_string();
    let all: Vec<usize> = (0..structure.items.len()).collect();
    let as_released = Birth { state: Some("released"), site, effective_on: Some(&today) };
    let made = new_parts(tx, structure, &all, &as_released, &BTreeMap::new())?;
    let top = made.get(structure.top).ok_or_else(|| Error::internal("a structure without a top"))?;
    Ok(json!({
        "parts": made.len(),
        "lines": structure.lines.len(),
        "manufacturer_parts": structure.items.iter().map(|item| item.manufacturer_parts.len()).sum::<usize>(),
        "levels": structure.depth,
        "top": { "id": top.id, "number": top.number },
        "notices": structure.notices.iter().map(|notice| json!({ "place": notice.place, "text": notice.text })).collect::<Vec<_>>(),
        "left_out_rows": structure.left_out_rows,
        "ignored_columns": structure.ignored_columns,
    }))
}

/// In which state, where and since when new parts come about.
pub(crate) struct Birth<'a> {
    /// The first of the kind when `None`.
    pub state: Option<&'a str>,
    pub site: Option<&'a str>,
    pub effective_on: Option<&'a str>,
}

/// Makes the items at `which` with their lines and manufacturer parts. The children of their lines
/// are among them or in `known` (number → item).
pub(crate) fn new_parts(
    tx: &mut WriteTx<'_>,
    structure: &ImportedStructure,
    which: &[usize],
    birth: &Birth<'_>,
    known: &BTreeMap<String, String>,
) -> Result<Vec<Record>> {
    let mut below: HashMap<usize, Vec<&ImportedLine>> = HashMap::new();
    for line in &structure.lines {
        below.entry(line.parent).or_default().push(line);
    }
    let mut news = Vec::with_capacity(which.len());
    let mut chosen = Vec::with_capacity(which.len());
    for index in which {
        let item = structure.items.get(*index).ok_or_else(|| Error::internal("an item that is not there"))?;
        let lines = below.get(index).map(Vec::as_slice).unwrap_or_default();
        news.push(new_record(structure, item, lines, birth)?);
        chosen.push((item, lines));
    }
    let made = record::create_many(tx, news, birth.state)?;
    let items: BTreeMap<&str, &str> = known
        .iter()
        .map(|(number, item)| (number.as_str(), item.as_str()))
        .chain(made.iter().map(|part| (part.number.as_str(), part.item.as_str())))
        .collect();
    let now = tx.now();
    let (mut line_rows, mut source_rows) = (Vec::new(), Vec::new());
    for (part, (item, lines)) in made.iter().zip(&chosen) {
        for line in *lines {
            let child = structure.number(line.child);
            let child_item = items.get(child).ok_or_else(|| Error::internal(format!("{child} was not made")))?;
            let (id, uid) = (tx.new_id(), tx.new_id());
            let row = lines::row(&id, &uid, part, &checked_line(line, (*child_item).to_owned()), now);
            line_rows.push((Some(part.id.clone()), row));
        }
        for source in checked_sources(item) {
            let (id, uid) = (tx.new_id(), tx.new_id());
            source_rows.push((Some(part.id.clone()), sources::row(&id, &uid, part, &source, now)));
        }
    }
    tx.insert_many(&BOM_LINE, "part.line_added", line_rows)?;
    tx.insert_many(&MANUFACTURER_PART, "part.source_added", source_rows)?;
    Ok(made)
}

/// A line of a file as it is written.
fn checked_line(line: &ImportedLine, child_item: String) -> CheckedLine {
    CheckedLine {
        find_number: i64::from(line.find_number),
        child_item,
        quantity: line.quantity,
        unit: line.unit,
        designators: line.designators.clone(),
        note: String::new(),
    }
}

/// The manufacturer parts of a file's item as they are written.
pub(crate) fn checked_sources(item: &ImportedItem) -> Vec<CheckedSource> {
    let numbered = (1_i64..).zip(&item.manufacturer_parts);
    let checked = numbered.map(|(position, source)| CheckedSource {
        manufacturer: source.manufacturer.clone(),
        mpn: source.part_number.clone(),
        status: SourceStatus::Approved,
        position,
    });
    checked.collect()
}

fn new_record(structure: &ImportedStructure, item: &ImportedItem, lines: &[&ImportedLine], birth: &Birth<'_>) -> Result<NewRecord> {
    // What the file calls its revision must be one that the next can follow.
    let revision = Some(item.file_revision.clone()).filter(|revision| !revision.is_empty());
    if let Some(revision) = &revision {
        record::next_revision(Revisions::Letters, revision).map_err(|_| {
            let message = format!("{} has the revision “{revision}”; revisions are letters (without I, O, Q, S, X, Z) or digits", item.number);
            Error::invalid("file", "bad_revision", message)
        })?;
    }
    let detail = Detail {
        lines: lines
            .iter()
            .map(|line| DetailLine {
                find_number: i64::from(line.find_number),
                child_number: structure.number(line.child),
                quantity: line.quantity,
                unit: line.unit,
                designators: &line.designators,
                note: "",
            })
            .collect(),
        sources: item
            .manufacturer_parts
            .iter()
            .map(|source| (source.manufacturer.as_str(), source.part_number.as_str(), SourceStatus::Approved))
            .collect(),
    };
    let mut fields = Map::new();
    fields.insert("unit".to_owned(), item.unit.code().into());
    if !item.category.is_empty() {
        fields.insert("category".to_owned(), item.category.as_str().into());
    }
    Ok(NewRecord {
        kind: KIND.to_owned(),
        number: Some(item.number.clone()),
        revision,
        // A part without a name in the file is still found by its number.
        title: if item.name.is_empty() { item.number.clone() } else { item.name.clone() },
        site: birth.site.map(str::to_owned),
        effective_on: birth.effective_on.map(str::to_owned),
        fields,
        detail: detail.digest(),
        ..NewRecord::default()
    })
}

/// The parts that have one of these numbers: their counting revisions.
pub(crate) fn parts_numbered(tx: &mut dyn Read, tenant: &str, numbers: &[&str]) -> Result<Vec<Record>> {
    let mut ids = Vec::new();
    for chunk in numbers.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql("select coalesce(effective, latest) as counting from item where tenant = $1 and kind = $2"),
            vec![tenant.into(), KIND.into()],
        );
        query.push_list(" and number_fold in", chunk.iter().map(|number| base::text::fold(number).into()).collect());
        for row in tx.run(&query)? {
            ids.push(row.text("counting")?.to_owned());
        }
    }
    let mut found = record::find_all(tx, tenant, &ids)?;
    found.sort_by(|left, right| left.number.cmp(&right.number));
    Ok(found)
}

/// Of a part of another site is said that its number is taken, as the file writes it, and nothing else.
fn numbers_exist(viewer: &Viewer, structure: &ImportedStructure, existing: &[Record]) -> Error {
    let as_given = |part: &Record| structure.items.iter().map(|item| item.number.clone()).find(|number| base::text::fold(number) == base::text::fold(&part.number)).unwrap_or_default();
    let given: Vec<String> = existing.iter().take(NAMED).map(as_given).collect();
    let mut numbers: Vec<_> = given.iter().map(String::as_str).collect();
    let more = format!("and {} more", existing.len().saturating_sub(NAMED));
    if existing.len() > NAMED {
        numbers.push(&more);
    }
    let text = format!("{} of the numbers exist already: {}", existing.len(), numbers.join(", "));
    Refusal::new(RefusalKind::Conflict, "numbers_exist", "The file was not imported: numbers are never used twice.")
        .at("file")
        .blocked_by(vec![Blocker {
            rule: "part.numbers_new".to_owned(),
            requirement: "FRS-PRT-031".to_owned(),
            text,
            records: existing.iter().take(NAMED).filter(|part| viewer.sees(part)).map(Record::reference).collect(),
        }])
        .advise("To change parts that exist, make a change order and apply the file to it.")
        .into()
}
