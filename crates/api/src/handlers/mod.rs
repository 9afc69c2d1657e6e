//! The endpoints, grouped by what they are about. Each group declares its own part of the table.

mod company;
mod evidence;
mod files;
mod personal;
mod records;
mod relations;
pub mod service;
mod session;
mod steps;
mod story;

use crate::endpoint::{Endpoint, Parameter, Sort, path, query};

/// Every endpoint but the reads of the domains.
pub fn fixed() -> Vec<Endpoint> {
    [
        service::endpoints(),
        session::endpoints(),
        company::endpoints(),
        records::endpoints(),
        personal::endpoints(),
        steps::endpoints(),
        relations::endpoints(),
        files::endpoints(),
        story::endpoints(),
        evidence::endpoints(),
    ]
    .concat()
}

/// What somebody may still do whose password was set by another person: see who they are, change
/// it, leave.
pub fn may_with_foreign_password(endpoint: &Endpoint) -> bool {
    ["/api/v1/me", "/api/v1/session", "/api/v1/commands/{name}"].contains(&endpoint.path)
}

const KIND: Parameter = path("kind", "name of the kind", "change_order");
const RECORD: Parameter = path("record", "identifier, number, or number/revision with the slash written %2F", "CO-0001");
const AS_OF: Parameter = query("as_of", Sort::Time, "the moment to read as of, RFC 3339; now when absent", "2026-11-21T13:02:11Z");

/// The parameters of an address that names a record.
const OF_RECORD: &[Parameter] = &[KIND, RECORD];
const OF_RECORD_AS_OF: &[Parameter] = &[KIND, RECORD, AS_OF];
