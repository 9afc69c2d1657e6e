//! The database: the only crate that names SQLite or PostgreSQL.
//!
//! One SQL text runs on both engines. A caller sees [`Database`] with two doors,
//! [`Database::read`] for one consistent state and [`Database::write`] for one transaction, and
//! inside them [`Read`] and [`Tx`]. Everything is synchronous: an async caller hands over with
//! `spawn_blocking`, and **must not** call this crate from async code (the PostgreSQL side waits on
//! a runtime of its own and would panic).
//!
//! A body given to [`Database::write`] may run several times, so it has no effect outside of the
//! transaction; mail, files and webhooks leave through rows that are written in it.
//!
//! Three nets keep the one text honest: [`lint`] over every `sql("…")`, preparing every one on both
//! engines ([`Database::prepare_only`]), and running the whole suite on both.

// The test kit's file on engines names this crate from outside.
#[cfg(test)]
extern crate self as db;

mod database;
mod ddl;
mod describe;
mod fault;
mod lexer;
mod lint;
mod migrate;
mod patience;
mod postgres;
mod row;
mod scan;
mod session;
mod sqlite;
mod statement;
mod tx;
mod value;

pub use database::{Config, Connections, Database, Engine};
pub use describe::Description;
pub use lint::lint;
pub use migrate::Migration;
pub use postgres::administer;
pub use row::Row;
pub use scan::{Cell, Each, Scanned};
pub use statement::{LIST_VALUES, Query, Sql, sql};
pub use tx::{Read, Tx};
pub use value::{Column, ColumnType, Value};
