//! Configuration packages: one text that tunes the product for a company.
//!
//! A package is laid over the product as delivered. It adds (fields, states, steps, signers, rules,
//! roles, kinds) and renames; what it can take away are rules that are no regulatory minimum. Every
//! fault is named with its place in the text (`signer[1].role`), all faults at once.
//!
//! * `entry`: the text, read name by name
//! * `text`, `pieces`: what the text says, as declarations
//! * `lay`, `routes`: the declarations laid over the product, and what they must leave as it is
//! * `changes`, `impact`: what differs between two configurations, and whom it touches
//! * `force`: what records and people need when a configuration comes into force

mod changes;
mod entry;
pub(crate) mod fault;
pub(crate) mod force;
mod impact;
mod lay;
mod pieces;
mod routes;
#[cfg(test)]
mod tests;
mod text;

pub use changes::{Change, changes};
pub use impact::{ImpactLine, impact};

use crate::catalog::Catalog;
use base::Result;
use fault::Faults;

/// What every name begins with that a package gives, so that no later version of the product uses
/// it for something else.
pub const OWN: &str = "x_";

/// Lays a package over the product as delivered. An empty text changes nothing.
///
/// Refused with `bad_package`: the place of the first fault as place, every fault as a blocker.
pub fn apply(delivered: &Catalog, revision: i64, text: &str) -> Result<Catalog> {
    let faults = Faults::default();
    let table = entry::parse(text, &faults);
    faults.check()?;
    let package = text::read(table, &faults);
    faults.check()?;
    let (kinds, roles) = lay::lay(delivered, package, &faults);
    faults.check()?;
    let configured = delivered.configured(revision, kinds, roles);
    configured.map_err(|problems| {
        for problem in problems {
            faults.add("package", problem);
        }
        faults.refusal()
    })
}
