//! What the product is: parts, their structures and the changes to both.
//!
//! * [`part`]: the part, its lines and its manufacturer parts, and how they are written
//! * [`product`]: the structure as stored: levels, totals, where-used, as of a moment
//! * [`change_request`], [`change_order`]: how anything released changes
//! * [`redline`]: what an order changes, computed
//! * [`design_project`]: design control and its dossier
//! * [`structure`]: structures as pure data, files included

pub mod change_order;
pub mod change_request;
pub mod design_project;
mod impact;
pub mod part;
pub mod product;
pub mod redline;
pub mod structure;

use kernel::catalog::Module;

/// The tables of this domain; they come after the kernel's.
pub const MIGRATIONS: &[db::Migration] =
    &[db::Migration { number: 2, name: "plm", text: include_str!("../../../migrations/0002_plm.sql") }];

/// What this domain declares.
pub fn module() -> Module {
    let mut commands = part::commands();
    commands.extend(change_order::commands());
    Module {
        kinds: vec![part::kind(), change_request::kind(), change_order::kind(), design_project::kind()],
        commands,
        tables: vec![&part::BOM_LINE, &part::MANUFACTURER_PART],
        after_step: vec![part::note_step],
        after_revise: vec![part::copy_details],
        impacts: vec![impact::provider()],
        ..Module::default()
    }
}
