//! Quality: complaints, CAPAs, controlled documents, suppliers and risks, declared in the kernel's
//! words.
//!
//! Each thing has a room: `kind.rs` says what it holds, `lifecycle.rs` its states, steps and rules.
//! Change orders, parts and training are met only as links, phases and obligations, so this crate
//! knows neither the PLM nor the LMS.

pub mod capa;
pub mod complaint;
mod dates;
pub mod document;
pub mod review;
pub mod risk;
pub mod supplier;

use base::Result;
use kernel::catalog::Module;
use kernel::record::{self, Edit, Record};
use kernel::trail::WriteTx;
use serde_json::Value as Json;

/// What the quality domain declares.
pub fn module() -> Module {
    let mut kinds = vec![complaint::kind(), capa::kind(), supplier::kind(), risk::kind()];
    kinds.extend(document::kinds());
    let mut commands = document::commands();
    commands.extend(review::commands());
    let mut jobs = document::jobs();
    jobs.extend(review::jobs());
    Module {
        kinds,
        commands,
        trees: [complaint::trees(), capa::trees()].concat(),
        clock_rules: [complaint::clock_rules(), capa::clock_rules()].concat(),
        after_revise: vec![document::begin_summary_anew, risk::evaluate_anew],
        jobs,
        reference_tables: vec![risk::TABLE],
        ..Module::default()
    }
}

/// Clears fields of a record whose content is open.
pub(crate) fn clear_fields(tx: &mut WriteTx<'_>, record: &Record, names: &[&str]) -> Result<()> {
    let fields = names.iter().map(|name| ((*name).to_owned(), Json::Null)).collect();
    record::edit(tx, record, record.version, Edit { fields, ..Edit::default() }).map(|_| ())
}
