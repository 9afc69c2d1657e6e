//! Configuration packages.

use crate::catalog::Catalog;
use base::{Error, Result};

/// Lays a package over the product as delivered.
pub fn apply(delivered: &Catalog, revision: i64, text: &str) -> Result<Catalog> {
    let _table: toml::Table = text.parse().map_err(|error: toml::de::Error| Error::invalid("fields.text", "bad_package", error.message().to_owned()))?;
    delivered
        .configured(revision, delivered.kinds().cloned().collect(), delivered.roles().cloned().collect())
        .map_err(|problems| Error::invalid("fields.text", "bad_package", problems.join("; ")))
}
