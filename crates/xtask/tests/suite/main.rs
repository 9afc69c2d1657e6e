//! What the workspace promises about itself: its rooms, its statements, its schema, its
//! requirements, its permissions and its commands.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails there and then")]

mod product;
mod schema;
mod sources;
mod statements;
mod tidy;
mod bill;
mod command_company;
mod command_examples;
mod commands;
mod limits;
mod matrices;
mod parsers;
mod parsers_whole;
mod requirements;
mod threats;
