//! PostgreSQL's errors in the words of the product.

use crate::fault::{self, Moment, Verdict, verdict};
use crate::statement::shorten;
use base::{Error, Refusal, RefusalKind};
use deadpool_postgres::{HookError, PoolError};
use std::error::Error as _;
use tokio_postgres::error::DbError;

/// The error of a statement, or of COMMIT itself.
pub(crate) fn of(error: &tokio_postgres::Error, moment: Moment, statement: &str) -> Error {
    let state = error.as_db_error().map(DbError::code);
    // An error that is neither the server's nor the network's was made here (a wrong parameter, a
    // column that cannot be read): repeating would not help.
    if state.is_none() && is_own(error) {
        return Error::internal(format!("{}, in: {}", describe(error), shorten(statement)));
    }
    match verdict(moment, state.map(|state| state.code())) {
        Verdict::Repeat => Error::Transient(describe(error)),
        Verdict::InDoubt => Error::InDoubt(describe(error)),
        Verdict::Duplicate => fault::duplicate(&error.as_db_error().map_or_else(String::new, constraint)),
        Verdict::DiskFull => fault::disk_full(),
        Verdict::Fault => Error::internal(format!("{}, in: {}", describe(error), shorten(statement))),
    }
}

fn is_own(error: &tokio_postgres::Error) -> bool {
    let caused_by_network = error.source().is_some_and(|source| source.is::<std::io::Error>());
    !(error.is_closed() || caused_by_network)
}

/// The error of taking a connection from the pool.
pub(crate) fn of_pool(error: &PoolError) -> Error {
    match error {
        PoolError::Backend(error) => of_connecting(error),
        PoolError::Timeout(_) => Error::Transient("no connection to the database became free in time".to_owned()),
        PoolError::PostCreateHook(HookError::Backend(error)) => of_connecting(error),
        // The right primary is found again, by itself or by people.
        PoolError::PostCreateHook(HookError::Message(said)) => Error::Transient(format!("{said}; only the newest primary is worked with")),
        other => Error::internal(format!("the pool of connections failed: {other}")),
    }
}

/// A server that says no to this user or database will say so again; one that cannot be reached, or
/// is starting, or does not take writes now, may do so soon.
pub(crate) fn of_connecting(error: &tokio_postgres::Error) -> Error {
    let state = error.as_db_error().map(|error| error.code().code());
    let refused = state.is_some_and(|state| state.starts_with("28") || state.starts_with("3D") || state.starts_with("42"));
    if refused {
        return Refusal::new(RefusalKind::Unavailable, "database_refuses", format!("The database server refuses: {}", describe(error)))
            .advise("Check the user, password and database name in the URL of the database.")
            .into();
    }
    Error::Transient(format!("no connection to the database: {}", describe(error)))
}

fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// `item(tenant, id)`, as on SQLite; the columns stand in the first brackets of the detail, in
/// every language. The values behind them are left out.
fn constraint(error: &DbError) -> String {
    let columns = error.detail().and_then(columns_of);
    match (error.table(), columns, error.constraint()) {
        (Some(table), Some(columns), _) => format!("{table}({columns})"),
        (_, _, Some(name)) => name.to_owned(),
        _ => "a key".to_owned(),
    }
}

fn columns_of(detail: &str) -> Option<&str> {
    let (_, after) = detail.split_once('(')?;
    let (columns, _) = after.split_once(")=(")?;
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_duplicate_are_told_and_its_values_are_not() {
        assert_eq!(columns_of("Key (tenant, id)=(acme, 7) already exists."), Some("tenant, id"));
        assert_eq!(columns_of("something else"), None);
    }
}
