//! What the workspace promises about itself: its rooms, its statements, its schema, its
//! requirements, its permissions and its commands.

mod product;
mod schema;
mod sources;
mod statements;
mod tidy;
mod command_examples;
mod commands;
mod matrices;
mod requirements;
