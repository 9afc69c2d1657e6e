//! An evidence bundle: one record with all that proves it, checked without its database
//! (`docs/FORMATS.md`, "Evidence bundle").

use crate::format::{Event, Hash, Parts, Sealed, hex, leads_to, leaf_of};
use crate::note::{self, Key};
use crate::{Problem, Trust};
use base::{Error, Result};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The largest bundle that is read.
pub const BUNDLE_BYTES: usize = 256 << 20;
/// The format that is read here.
const FORMAT: &str = "plumb-evidence-1";

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub id: String,
    pub kind: String,
    pub number: String,
    pub revision: String,
    pub title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    format: String,
    tenant: String,
    record: About,
    rows: Vec<BundleRow>,
    events: Vec<BundleEvent>,
    transactions: Vec<BundleTransaction>,
    checkpoint: Option<String>,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleRow {
    table: String,
    columns: BTreeMap<String, Json>,
    at_tx: String,
    at_ord: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleEvent {
    tx: String,
    ord: i64,
    at: i64,
    actor: String,
    action: String,
    record: Option<String>,
    subject_table: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
    image: String,
    path: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleTransaction {
    chain: i64,
    seq: i64,
    tx: String,
    at: i64,
    actor: String,
    command: String,
    software: String,
    configuration: i64,
    n: i64,
    root: String,
    prev: String,
    /// Where it stands in the log, and the path from there; absent until a checkpoint takes it up.
    place: Option<u64>,
    path: Vec<String>,
}

/// What the check of a bundle covered and found.
#[derive(Debug)]
pub struct BundleReport {
    pub record: About,
    pub transactions: u64,
    pub events: u64,
    pub rows: u64,
    pub signatures: u64,
    /// Entries of the checkpoint, when it was opened.
    pub checkpoint: Option<u64>,
    /// The key that has signed it, as `name+hash+key`.
    pub signed_by: Option<String>,
    /// Whether that key was brought from outside.
    pub is_trusted: bool,
    /// Transactions that the checkpoint proves.
    pub proved: u64,
    pub problems: Vec<Problem>,
}

impl BundleReport {
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Up to where nothing can have been changed, and since when only the bundle itself says so.
    pub fn standing(&self) -> String {
        let since = self.transactions - self.proved;
        match (&self.checkpoint, self.is_trusted) {
            (Some(size), true) => format!("Proved up to checkpoint {size}: {} of its transactions; {since} since then are only consistent with themselves.", self.proved),
            (Some(size), false) => format!(
                "Fits checkpoint {size}, signed with {}: compare this key with the one handed out, or bring it (--key). {since} transactions since then are only consistent with themselves.",
                self.signed_by.as_deref().unwrap_or("?")
            ),
            (None, _) => "No checkpoint has taken it up yet: it is only consistent with itself.".to_owned(),
        }
    }

    fn find(&mut self, table: &str, key: impl Into<String>, field: Option<&str>, text: impl Into<String>) {
        if self.problems.len() < crate::PROBLEMS {
            self.problems.push(Problem { table: table.to_owned(), key: key.into(), field: field.map(str::to_owned), text: text.into(), values: None });
        }
    }
}

/// Checks a bundle against what somebody brings from outside.
///
/// Errors: 413 and 400 for what is no bundle.
pub fn verify_bundle(text: &str, trust: &Trust) -> Result<BundleReport> {
    if text.len() > BUNDLE_BYTES {
        return Err(Error::too_large("bundle", format!("a bundle has at most {BUNDLE_BYTES} bytes")));
    }
    let bundle: Bundle = serde_json::from_str(text).map_err(|error| Error::malformed("no_bundle", format!("This is no evidence bundle: {error}.")))?;
    if bundle.format != FORMAT {
        return Err(Error::malformed("other_bundle", format!("This bundle has the format “{}”; {FORMAT} is read here.", bundle.format)));
    }
    let mut report = BundleReport {
        record: bundle.record.clone(),
        transactions: bundle.transactions.len() as u64,
        events: bundle.events.len() as u64,
        rows: bundle.rows.len() as u64,
        signatures: 0,
        checkpoint: None,
        signed_by: None,
        is_trusted: false,
        proved: 0,
        problems: Vec::new(),
    };
    let head = checkpoint(&bundle, trust, &mut report);
    let roots = transactions(&bundle, head.as_ref(), &mut report);
    let last = events(&bundle, &roots, &mut report);
    rows(&bundle, &last, &mut report);
    content(&bundle, &mut report);
    Ok(report)
}

/// Opens the checkpoint with the keys that were brought, else with the bundle's own.
fn checkpoint(bundle: &Bundle, trust: &Trust, report: &mut BundleReport) -> Option<(u64, Hash)> {
    let own = bundle.key.as_deref().map(Key::parse);
    if let Some(None) = own {
        report.find("key", "key", None, "is no public key");
    }
    let own = own.flatten();
    if let (Some(own), false) = (&own, trust.keys.is_empty() || own.as_ref().is_some_and(|own| trust.keys.contains(own))) {
        report.find("key", own.name(), None, "is none of the keys that were handed out");
    }
    report.is_trusted = !trust.keys.is_empty();
    let keys = if trust.keys.is_empty() { own.into_iter().collect() } else { trust.keys.clone() };
    let note = bundle.checkpoint.as_ref()?;
    match note::open(note, &keys) {
        Ok(checkpoint) => {
            report.checkpoint = Some(checkpoint.size);
            report.signed_by = keys.get(checkpoint.key).map(Key::text);
            for anchor in &trust.anchors {
                match note::open(&anchor.note, &keys) {
                    Ok(kept) if kept.origin == checkpoint.origin && kept.size == checkpoint.size && kept.head != checkpoint.head => {
                        report.find("anchor", anchor.name.as_str(), None, "says otherwise for the same number of transactions: one of the two histories was rewritten");
                    }
                    Ok(_) => {}
                    Err(why) => report.find("anchor", anchor.name.as_str(), None, why),
                }
            }
            Some((checkpoint.size, checkpoint.head))
        }
        Err(why) => {
            report.find("checkpoint", "checkpoint", None, why);
            None
        }
    }
}

struct Root {
    hash: Hash,
    n: u64,
}

/// The roots of the transactions, each proved to be in the log where it says so.
fn transactions<'a>(bundle: &'a Bundle, head: Option<&(u64, Hash)>, report: &mut BundleReport) -> BTreeMap<&'a str, Root> {
    let mut roots = BTreeMap::new();
    for sealed in &bundle.transactions {
        let (Some(root), Some(prev), Some(path)) = (hash(&sealed.root), hash(&sealed.prev), hashes(&sealed.path)) else {
            report.find("audit_tx", sealed.tx.as_str(), None, "holds what is no digest");
            continue;
        };
        let whole = Sealed {
            chain: sealed.chain,
            seq: sealed.seq,
            tx: &sealed.tx,
            at: sealed.at,
            actor: &sealed.actor,
            command: &sealed.command,
            software: &sealed.software,
            configuration: sealed.configuration,
            n: sealed.n,
            root: &root,
            prev: &prev,
        };
        let entry = leaf_of(&whole.hash(&bundle.tenant));
        match (sealed.place, head) {
            (Some(place), Some((size, head))) if leads_to(entry, place, *size, &path, head) => report.proved += 1,
            (Some(_), Some(_)) => report.find("audit_tx", sealed.tx.as_str(), None, "is not in the log at the place it names: it or its path was changed"),
            (None, _) if path.is_empty() => {}
            (_, None) if bundle.checkpoint.is_some() => {}
            _ => report.find("audit_tx", sealed.tx.as_str(), Some("place"), "is told without what proves it"),
        }
        if roots.insert(sealed.tx.as_str(), Root { hash: root, n: u64::try_from(sealed.n).unwrap_or(0) }).is_some() {
            report.find("audit_tx", sealed.tx.as_str(), None, "stands here twice");
        }
    }
    roots
}

/// Where each row's last event stands.
type LastEvents<'a> = BTreeMap<(&'a str, &'a str), (&'a str, i64)>;

fn events<'a>(bundle: &'a Bundle, roots: &BTreeMap<&str, Root>, report: &mut BundleReport) -> LastEvents<'a> {
    let (mut last, mut parts, mut used) = (LastEvents::new(), Parts::default(), BTreeSet::new());
    for event in &bundle.events {
        let key = || format!("{}, {}", event.tx, event.ord);
        let (Some(image), Some(path)) = (hash(&event.image), hashes(&event.path)) else {
            report.find("event", key(), None, "holds what is no digest");
            continue;
        };
        let whole = Event {
            tx: &event.tx,
            ord: event.ord,
            at: event.at,
            actor: &event.actor,
            action: &event.action,
            record: event.record.as_deref(),
            subject_table: &event.subject_table,
            subject: &event.subject,
            before: event.before.as_deref(),
            after: event.after.as_deref(),
            reason: event.reason.as_deref(),
            image: &image,
        };
        let leaf = whole.leaf(&bundle.tenant, &mut parts);
        let place = u64::try_from(event.ord).unwrap_or(u64::MAX);
        match roots.get(event.tx.as_str()) {
            None => report.find("event", key(), Some("tx"), "its transaction is not here"),
            Some(root) if !leads_to(leaf, place, root.n, &path, &root.hash) => report.find("event", key(), None, "is not in its transaction: it or its path was changed"),
            Some(_) => {}
        }
        used.insert(event.tx.as_str());
        let known = last.entry((event.subject_table.as_str(), event.subject.as_str())).or_insert((event.tx.as_str(), event.ord));
        *known = (*known).max((event.tx.as_str(), event.ord));
    }
    for tx in roots.keys().filter(|tx| !used.contains(*tx)) {
        report.find("audit_tx", *tx, None, "none of its events is here");
    }
    last
}

/// Rows against the events they point to.
fn rows(bundle: &Bundle, last: &LastEvents<'_>, report: &mut BundleReport) {
    let events: BTreeMap<(&str, i64), &BundleEvent> = bundle.events.iter().map(|event| ((event.tx.as_str(), event.ord), event)).collect();
    let (mut versions, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for row in &bundle.rows {
        let is_version = row.table == "record_version";
        let table = if is_version { "record" } else { row.table.as_str() };
        let key = row.columns.get("id").and_then(Json::as_str).unwrap_or("?");
        let Some(image) = image(table, &row.columns) else {
            report.find(&row.table, key, None, "holds a value that no column can hold");
            continue;
        };
        let at = (row.at_tx.as_str(), row.at_ord);
        match events.get(&at) {
            None => report.find(&row.table, key, Some("at_tx"), "points to an event that is not here"),
            Some(event) if event.subject_table != table || event.subject != key => {
                report.find(&row.table, key, Some("at_tx"), format!("points to the event of {} {}", event.subject_table, event.subject));
            }
            Some(event) if event.image != hex(&image) => report.find(&row.table, key, None, told(bundle, table, key, at, &row.columns)),
            Some(_) if is_version => {
                versions.insert(at);
            }
            Some(_) if last.get(&(table, key)) != Some(&at) => report.find(&row.table, key, Some("at_tx"), "an older state of the row: a later event speaks of it"),
            Some(_) => {}
        }
        if !is_version && !seen.insert((table, key)) {
            report.find(&row.table, key, None, "stands here twice");
        }
    }
    for event in bundle.events.iter().filter(|event| event.subject_table == "record" && event.subject == bundle.record.id) {
        if !versions.contains(&(event.tx.as_str(), event.ord)) {
            report.find("record_version", bundle.record.id.as_str(), None, format!("the version that the event {}, {} wrote is not here", event.tx, event.ord));
        }
    }
}

/// Which columns of a row differ from what its events say.
fn told(bundle: &Bundle, table: &str, key: &str, until: (&str, i64), columns: &BTreeMap<String, Json>) -> String {
    let mut said: BTreeMap<String, Json> = BTreeMap::new();
    let mut of_row: Vec<&BundleEvent> = bundle.events.iter().filter(|event| event.subject_table == table && event.subject == key && (event.tx.as_str(), event.ord) <= until).collect();
    of_row.sort_by_key(|event| (event.tx.as_str(), event.ord));
    for after in of_row.iter().filter_map(|event| serde_json::from_str::<BTreeMap<String, Json>>(event.after.as_deref()?).ok()) {
        said.extend(after);
    }
    let differs: Vec<&str> = columns.iter().filter(|(name, value)| *name != "fields" && said.get(*name).is_none_or(|said| said != *value)).map(|(name, _)| name.as_str()).collect();
    let named = if differs.is_empty() { String::new() } else { format!(": {}", differs.join(", ")) };
    format!("is not what its event recorded{named}")
}

/// Row image. Bytes stand as `{"hex": "…"}`.
fn image(table: &str, columns: &BTreeMap<String, Json>) -> Option<Hash> {
    let mut parts = Parts::new("PLUMB-ROW-1");
    parts.text(table);
    for (name, value) in columns {
        parts.text(name);
        match value {
            Json::String(text) => parts.text(text),
            Json::Number(number) => parts.number(number.as_i64()?),
            Json::Bool(truth) => parts.number(i64::from(*truth)),
            Json::Object(object) if object.len() == 1 => parts.bytes(&bytes(object.get("hex")?.as_str()?)?),
            _ => return None,
        };
    }
    Some(parts.hash())
}

/// The record is the one that the bundle names, and signatures stand on the content they were given
/// for.
fn content(bundle: &Bundle, report: &mut BundleReport) {
    let about = &bundle.record;
    let text = |row: &BundleRow, name: &str| row.columns.get(name).and_then(Json::as_str).map(str::to_owned);
    let named = |row: &BundleRow, name: &str, value: &str| text(row, name).as_deref() == Some(value);
    let own = |row: &&BundleRow| row.table == "record" && named(row, "id", &about.id);
    match bundle.rows.iter().find(own) {
        None => report.find("record", about.id.as_str(), None, "the record itself is not here"),
        Some(row) => {
            for (name, value) in [("kind", &about.kind), ("number", &about.number), ("revision", &about.revision), ("title", &about.title)] {
                if !named(row, name, value) {
                    report.find("record", about.id.as_str(), Some(name), format!("the bundle calls it “{value}”"));
                }
            }
        }
    }
    let mut digests: BTreeMap<i64, String> = BTreeMap::new();
    for row in bundle.rows.iter().filter(|row| row.table == "record_version") {
        let mut parts = Parts::new("PLUMB-CONTENT-1");
        for name in ["kind", "number", "revision", "title", "fields"] {
            parts.text(&text(row, name).unwrap_or_default());
        }
        parts.maybe(text(row, "detail").as_deref());
        if let Some(version) = row.columns.get("version").and_then(Json::as_i64) {
            digests.insert(version, hex(&parts.hash()));
        }
    }
    for row in bundle.rows.iter().filter(|row| row.table == "signature") {
        report.signatures += 1;
        let version = row.columns.get("version").and_then(Json::as_i64);
        let given_for = version.and_then(|version| digests.get(&version));
        if given_for.is_none() || given_for != text(row, "digest").as_ref() {
            report.find("signature", text(row, "id").unwrap_or_default(), Some("digest"), "was given on other content than is here");
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase())));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

fn hash(text: &str) -> Option<Hash> {
    bytes(text)?.try_into().ok()
}

fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| hash(text)).collect()
}
