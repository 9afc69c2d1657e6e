//! The structure of the products as stored: every part with the revision that counts and the lines
//! between them, for reading. Levels, totals and where-used come from one compressed graph.
//!
//! The present structure is kept in memory under the stamp that every change of it raises
//! (`kernel::stamp`), so a stale copy is never used, however many nodes write; the past is read
//! from the rows. Titles of revisions that are still open for changes are read anew each time.

mod load;
mod view;

pub use view::{Totals, TotalRow, Tree, TreeRow, UsedRow, WhereUsed};

use crate::part::{STRUCTURE_STAMP, SourceStatus};
use crate::structure::graph::Graph;
use base::quantity::{Quantity, Unit};
use base::{RecordRef, Result, Timestamp};
use db::Read;
use kernel::kind::Phase;
use kernel::stamp;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

/// Structures kept in memory at a time, one for each tenant.
const KEPT: usize = 16;

/// A part as a structure shows it, with the revision that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub record: String,
    pub item: String,
    pub number: String,
    pub revision: String,
    pub title: String,
    pub state: String,
    pub phase: Phase,
    pub unit: Unit,
    pub category: String,
    pub manufacturer_parts: Vec<Source>,
    #[serde(skip)]
    pub(crate) site: Option<String>,
}

impl Part {
    pub fn reference(&self) -> RecordRef {
        RecordRef {
            id: self.record.clone(),
            kind: crate::part::KIND.to_owned(),
            number: self.number.clone(),
            revision: self.revision.clone(),
            title: self.title.clone(),
        }
    }
}

/// A manufacturer part as a structure shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub manufacturer: String,
    pub mpn: String,
    pub status: SourceStatus,
}

/// A line as a structure shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub line_uid: String,
    pub find_number: i64,
    pub quantity: Quantity,
    pub unit: Unit,
    pub designators: Vec<String>,
    pub note: String,
}

/// All structures of a tenant, now or at a moment.
#[derive(Debug)]
pub struct Structure {
    parts: Vec<Arc<Part>>,
    lines: Vec<Arc<Line>>,
    graph: Graph,
    by_item: HashMap<String, u32>,
    /// Part of the past: nothing of it can have changed since it was read.
    past: bool,
}

type Kept = RwLock<HashMap<String, (i64, Arc<Structure>)>>;

fn kept() -> &'static Kept {
    static KEPT_STRUCTURES: OnceLock<Kept> = OnceLock::new();
    KEPT_STRUCTURES.get_or_init(Kept::default)
}

/// The structures as they are now, from memory where nothing has changed since.
pub fn current(tx: &mut dyn Read, tenant: &str) -> Result<Arc<Structure>> {
    let stamp = stamp::read(tx, tenant, STRUCTURE_STAMP)?;
    if let Some((_, structure)) = kept().read().ok().and_then(|kept| kept.get(tenant).filter(|(of, _)| *of == stamp).cloned()) {
        return Ok(structure);
    }
    let structure = Arc::new(load::now(tx, tenant)?);
    // Inside a write transaction the rows may be newer than the stamp, or never be committed.
    let settled = stamp != stamp::BEING_CHANGED && stamp::read(tx, tenant, STRUCTURE_STAMP)? == stamp;
    if let (true, Ok(mut kept)) = (settled, kept().write()) {
        if kept.len() >= KEPT && !kept.contains_key(tenant) {
            kept.clear();
        }
        kept.insert(tenant.to_owned(), (stamp, Arc::clone(&structure)));
    }
    Ok(structure)
}

/// The structures as they were at a moment: with the revisions that were effective then.
pub fn as_of(tx: &mut dyn Read, tenant: &str, at: Timestamp) -> Result<Arc<Structure>> {
    load::as_of(tx, tenant, at).map(Arc::new)
}

/// Writes what stands behind a shared pointer.
fn shared<T: Serialize, S: Serializer>(value: &Arc<T>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}
