//! Dossiers: a declared query over links, assembled live and frozen with digests. One engine for
//! design files, risk files, PPAP, FAIR, batch records.

use crate::catalog::Catalog;
use crate::kind::{DossierQuery, DossierSection};
use crate::link;
use crate::record::Record;
use crate::signature;
use crate::table::{DOSSIER, values};
use crate::trail::WriteTx;
use base::{Digest, Error, Result, Timestamp};
use db::{Read, Row, sql};
use serde::{Deserialize, Serialize};

/// One section with what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub title: String,
    pub requirement: String,
    pub entries: Vec<Entry>,
}

/// One line of the index: which record, in which version, with which content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub record: String,
    pub kind: String,
    pub number: String,
    pub revision: String,
    pub title: String,
    pub state: String,
    pub version: i64,
    pub digest: String,
    pub signatures: Vec<String>,
}

/// A frozen dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    pub id: String,
    pub record: String,
    pub name: String,
    pub sections: Vec<Section>,
    /// Digest of the index; what a signature on the record then covers through its detail.
    pub digest: String,
    pub entry_count: i64,
    pub frozen_at: Timestamp,
    pub frozen_by: String,
}

/// Assembles the dossier of a record as it is now.
pub fn assemble(tx: &mut dyn Read, catalog: &Catalog, record: &Record) -> Result<Vec<Section>> {
    let kind = catalog.known_kind(&record.kind)?;
    kind.dossier.iter().map(|section| assemble_section(tx, catalog, record, section)).collect()
}

fn assemble_section(tx: &mut dyn Read, catalog: &Catalog, record: &Record, section: &DossierSection) -> Result<Section> {
    let mut found = match &section.finds {
        DossierQuery::Targets { link } => link::targets(tx, record, link)?,
        DossierQuery::Sources { link } => link::sources(tx, record, link)?,
        DossierQuery::SourcesOfTargets { link, their_link } => {
            let mut found = Vec::new();
            for target in link::targets(tx, record, link)? {
                found.extend(link::sources(tx, &target, their_link)?);
            }
            found
        }
    };
    found.sort_by(|left, right| (&left.kind, &left.number, &left.revision).cmp(&(&right.kind, &right.number, &right.revision)));
    found.dedup_by(|left, right| left.id == right.id);
    let mut entries = Vec::with_capacity(found.len());
    for record in found {
        let signatures = signature::of_record(tx, &record.tenant, &record.id)?;
        entries.push(Entry {
            state: catalog.state_label(&record.kind, &record.state),
            signatures: signatures.iter().map(signature::Given::manifestation).collect(),
            record: record.id,
            kind: record.kind,
            number: record.number,
            revision: record.revision,
            title: record.title,
            version: record.version,
            digest: record.digest,
        });
    }
    Ok(Section { title: section.title.clone(), requirement: section.requirement.clone(), entries })
}

/// Freezes the dossier of a record: the index with a digest for every entry.
pub fn freeze(tx: &mut WriteTx<'_>, record: &Record) -> Result<String> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&record.kind)?;
    if kind.dossier.is_empty() {
        return Err(Error::conflict("no_dossier", format!("{} has no dossier.", kind.label)));
    }
    let sections = assemble(tx, &catalog, record)?;
    let count: usize = sections.iter().map(|section| section.entries.len()).sum();
    let text = serde_json::to_string(&sections).map_err(Error::internal)?;
    let id = tx.new_id();
    let row = values([
        ("id", id.as_str().into()),
        ("record", record.id.as_str().into()),
        ("name", kind.label.as_str().into()),
        ("digest", Digest::of(text.as_bytes()).hex().into()),
        ("entries", text.into()),
        ("entry_count", (count as i64).into()),
        ("frozen_at", tx.now().0.into()),
        ("frozen_by", tx.actor().into()),
    ]);
    tx.insert(&DOSSIER, Some(&record.id), "dossier.frozen", row)?;
    Ok(id)
}

/// The frozen dossiers of a record, newest first.
pub fn frozen_of(tx: &mut dyn Read, tenant: &str, record: &str) -> Result<Vec<Frozen>> {
    let rows = tx.query(
        sql("select * from dossier where tenant = $1 and record = $2 order by frozen_at desc, id desc"),
        &[tenant.into(), record.into()],
    )?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Frozen> {
    Ok(Frozen {
        id: row.text("id")?.to_owned(),
        record: row.text("record")?.to_owned(),
        name: row.text("name")?.to_owned(),
        sections: serde_json::from_str(row.text("entries")?).map_err(Error::internal)?,
        digest: row.text("digest")?.to_owned(),
        entry_count: row.int("entry_count")?,
        frozen_at: Timestamp(row.int("frozen_at")?),
        frozen_by: row.text("frozen_by")?.to_owned(),
    })
}
