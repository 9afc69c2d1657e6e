//! The API through its router, in process, on both engines.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

mod access;
mod client;
mod damage;
mod document;
mod evidence;
mod files;
mod independent;
mod input;
mod reading;
mod reference;
mod schema;
mod service;
mod session;
mod signature_attacks;
mod signature_races;
mod signing;
mod support;
mod walk;
