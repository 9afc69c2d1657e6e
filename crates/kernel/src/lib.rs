//! The kernel: the nouns of the regulated record and the one door through which they change.
//!
//! It knows no domain and no engine. Domains hand in declarations ([`catalog::Module`]); `db` runs
//! the statements.

pub mod attachment;
pub mod authority;
pub mod binding;
pub mod calendar;
pub mod catalog;
pub mod clock;
pub mod command;
pub mod commands;
pub mod configuration;
pub mod decision;
pub mod decision_tree;
pub mod dossier;
pub mod evidence;
pub mod export;
pub mod held;
pub mod hold;
pub mod impact;
pub mod jobs;
mod kernel;
pub mod kind;
pub mod link;
mod number;
pub mod obligation;
pub mod package;
pub mod password;
pub mod person;
pub mod personal;
pub mod place;
pub mod present;
pub mod record;
pub mod reference;
pub mod rule;
pub mod search;
pub mod session;
pub mod setup;
pub mod sheet;
pub mod signature;
pub mod stamp;
pub mod table;
pub mod trail;
pub mod upkeep;

pub use kernel::{Kernel, MIGRATIONS, Setup};

/// Name and version of the software, on every transaction of the trail.
pub const SOFTWARE: &str = concat!("plumb ", env!("CARGO_PKG_VERSION"));

/// The tenant of an installation that serves one company.
pub const MAIN_TENANT: &str = "main";
