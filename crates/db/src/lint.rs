//! The first of the three nets: what a portable statement must not say.

/// What is wrong with a statement, as sentences; empty when nothing is.
pub fn lint(_sql: &str) -> Vec<String> {
    Vec::new()
}
