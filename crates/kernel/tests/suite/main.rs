//! The kernel's own behaviour, on both engines where there is a database in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails there and then")]

mod catalog;
mod checks;
mod damage;
mod decisions;
mod evidence;
mod files;
mod hooks;
mod leases;
mod limits;
mod lists;
mod packages;
mod packages_kinds;
mod people;
mod personal;
mod records;
mod reference;
mod sign_in;
mod steps;
mod time;
mod upkeep;
mod work;
