//! Saving a record: row, version, event, field index and search words in one go.

use crate::kind::FieldSort;
use crate::record::Record;
use crate::table::{RECORD, RECORD_VERSION};
use crate::trail::WriteTx;
use base::limits::SEARCH_WORDS_PER_RECORD;
use base::Result;
use db::{Column, ColumnType, Read, Value, sql};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Saves changes to a record that was read before: raises its version, writes row, version and
/// event. Returns the record as saved.
pub(crate) fn save(tx: &mut WriteTx<'_>, before: &Record, mut after: Record, action: &str) -> Result<Record> {
    after.version = before.version + 1;
    after.changed_at = tx.now();
    tx.actor().clone_into(&mut after.changed_by);
    after.digest = after.content_digest().hex();
    let values = after.values();
    tx.update(&RECORD, Some(&after.id), action, &before.stored, values.clone())?;
    tx.put_version(&RECORD_VERSION, &values)?;
    if before.fields != after.fields || before.title != after.title {
        reindex(tx, &after)?;
    }
    // The pointer to the new event is only in the database; whoever saves again reads again.
    super::get(tx, &after.tenant, &after.id)
}

fn reindex(tx: &mut WriteTx<'_>, record: &Record) -> Result<()> {
    let key: [Value; 2] = [record.tenant.as_str().into(), record.id.as_str().into()];
    let present = tx.query(sql("select word from search_word where tenant = $1 and record = $2"), &key)?;
    let present: BTreeSet<String> = present.iter().map(|row| row.text("word").map(str::to_owned)).collect::<Result<_>>()?;
    let extra = extra_words(tx, record)?;
    let wanted = search_words_of(record, extra);
    for gone in present.difference(&wanted) {
        tx.derived(
            sql("delete from search_word where tenant = $1 and word = $2 and record = $3"),
            &[record.tenant.as_str().into(), gone.as_str().into(), record.id.as_str().into()],
        )?;
    }
    let added: Vec<_> = wanted.difference(&present).map(|word| word_row(record, word)).collect();
    tx.derived_rows("search_word", WORD_COLUMNS, &added)?;
    tx.derived(sql("delete from record_field where tenant = $1 and record = $2"), &key)?;
    let rows = field_rows(tx, record);
    tx.derived_rows("record_field", FIELD_COLUMNS, &rows)
}

/// A person's name stands outside the record, but is what one searches for.
fn extra_words(tx: &mut WriteTx<'_>, record: &Record) -> Result<Vec<String>> {
    if record.kind != "person" {
        return Ok(Vec::new());
    }
    let row = tx.query_opt(
        sql("select pd_name from person where tenant = $1 and id = $2"),
        &[record.tenant.as_str().into(), record.id.as_str().into()],
    )?;
    let name = row.as_ref().map(|row| row.opt_text("pd_name")).transpose()?.flatten().unwrap_or("").to_owned();
    Ok(base::text::words(&name))
}

/// Field index and search words of new records, in few statements.
pub(crate) fn index_new(tx: &mut WriteTx<'_>, records: &[Record]) -> Result<()> {
    let mut words = Vec::new();
    let mut fields = Vec::new();
    for record in records {
        let wanted = search_words_of(record, extra_words(tx, record)?);
        words.extend(wanted.iter().map(|word| word_row(record, word)));
        fields.extend(field_rows(tx, record));
    }
    // Sorted by key: concurrent batches take their index pages in one order.
    words.sort_by_key(|row| key_text(row));
    tx.derived_rows("search_word", WORD_COLUMNS, &words)?;
    tx.derived_rows("record_field", FIELD_COLUMNS, &fields)
}

fn key_text(row: &[Value]) -> (String, String) {
    let text = |index: usize| match row.get(index) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    (text(1), text(2))
}

/// The words by which a record is found, at most [`SEARCH_WORDS_PER_RECORD`]: its number (whole, and
/// run together), what stands outside of it, title and text fields, folded. The fields come last, so
/// that a long text costs only its own end.
pub(crate) fn search_words_of(record: &Record, outside: Vec<String>) -> BTreeSet<String> {
    let run_together: String = base::text::fold(&record.number).chars().filter(|c| c.is_alphanumeric()).collect();
    let number = base::text::words(&record.number).into_iter().chain([run_together]);
    let texts = std::iter::once(record.title.as_str()).chain(record.fields.values().filter_map(Json::as_str));
    let mut words = BTreeSet::new();
    for word in number.chain(outside).chain(texts.flat_map(base::text::words)).filter(|word| !word.is_empty()) {
        if words.len() >= SEARCH_WORDS_PER_RECORD {
            break;
        }
        words.insert(word);
    }
    words
}

fn word_row(record: &Record, word: &str) -> Vec<Value> {
    vec![record.tenant.as_str().into(), word.into(), record.id.as_str().into()]
}

fn field_rows(tx: &WriteTx<'_>, record: &Record) -> Vec<Vec<Value>> {
    let catalog = tx.catalog();
    let Some(kind) = catalog.kind(&record.kind) else { return Vec::new() };
    kind.fields
        .iter()
        .filter(|field| field.filter)
        .filter_map(|field| {
            let value = record.fields.get(&field.name)?;
            let text = match (&field.sort, value) {
                (_, Json::Null) => return None,
                (FieldSort::Integer { .. } | FieldSort::YesNo, value) => value.to_string(),
                // Filtered by the revision's record, to find what was evaluated by it.
                (FieldSort::TableRevision(_), value) => crate::reference::Used::read(value)?.record,
                (_, Json::String(text)) => text.chars().take(base::limits::LINE_CHARS).collect(),
                _ => return None,
            };
            Some(vec![record.tenant.as_str().into(), record.id.as_str().into(), field.name.as_str().into(), text.into()])
        })
        .collect()
}

const WORD_COLUMNS: &[Column] = &[
    Column { name: "tenant", sort: ColumnType::Text },
    Column { name: "word", sort: ColumnType::Text },
    Column { name: "record", sort: ColumnType::Text },
];

const FIELD_COLUMNS: &[Column] = &[
    Column { name: "tenant", sort: ColumnType::Text },
    Column { name: "record", sort: ColumnType::Text },
    Column { name: "name", sort: ColumnType::Text },
    Column { name: "value", sort: ColumnType::Text },
];
