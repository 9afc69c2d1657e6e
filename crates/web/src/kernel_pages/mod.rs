//! Pages of the kernel's nouns: the same for every kind.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod dossier;
pub(crate) mod export;
pub(crate) mod forms;
pub(crate) mod list;
pub(crate) mod personal;
pub(crate) mod record;
pub(crate) mod reference;
pub(crate) mod search;
pub(crate) mod sections;
pub(crate) mod sign_in;
pub(crate) mod step;
pub(crate) mod timeline;
pub(crate) mod work;

use crate::edge::{Answer, Visit};
use crate::router::{Route, changes, shows, takes};
use base::{Error, Result};
use kernel::kind::Kind;
use kernel::record::Record;

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        shows("/", work::show),
        changes("/sign-out", sign_in::sign_out),
        takes("/password", account::show_password, account::change_password),
        takes("/tokens", account::show_tokens, account::make_token),
        changes("/tokens/{token}/revoke", account::revoke_token),
        shows("/search", search::show),
        shows("/palette", search::palette),
        shows("/typeahead", search::typeahead),
        shows("/list/{kind}", list::show),
        takes("/list/{kind}/export", export::show, export::export),
        takes("/new/{kind}", forms::show_new, forms::create),
        shows("/r/{kind}/{number}", record::show),
        takes("/r/{kind}/{number}/edit", forms::show_edit, forms::edit),
        takes("/r/{kind}/{number}/step/{step}", step::show, step::take),
        takes("/r/{kind}/{number}/do/{command}", actions::show, actions::run),
        takes("/r/{kind}/{number}/decide/{tree}", actions::show_decision, actions::decide),
        takes("/r/{kind}/{number}/personal", personal::show, personal::change),
        takes("/r/{kind}/{number}/attach", actions::show_attach, actions::attach),
        shows("/r/{kind}/{number}/file/{file}", actions::download),
        shows("/r/{kind}/{number}/file/{file}/open", actions::open),
        shows("/r/{kind}/{number}/timeline", timeline::show),
        shows("/r/{kind}/{number}/dossier/{dossier}", dossier::show),
    ];
    routes.extend(crate::domain::routes());
    routes
}

/// The page of an address that is none.
pub(crate) fn nothing_here(_: &Visit) -> Result<Answer> {
    Err(Error::not_found("There is no page at this address."))
}

/// The kind and record an address names; what the person may not see does not exist.
pub(crate) fn record_of(visit: &Visit) -> Result<(Kind, Record)> {
    let request = &visit.request;
    let kind = visit.catalog.kind(request.param("kind")).ok_or_else(|| Error::not_found("There is no such kind of record."))?.clone();
    let number = request.param("number").to_owned();
    let revision = request.query("rev").map(str::to_owned);
    let tenant = visit.tenant().to_owned();
    let name = kind.name.clone();
    let found = visit.read(move |tx| {
        let current = kernel::record::find_named(tx, &tenant, &name, &number)?;
        match (current, &revision) {
            (Some(current), Some(wanted)) if current.revision != *wanted => {
                let all = kernel::record::revisions_of_item(tx, &tenant, &current.item)?;
                Ok(all.into_iter().find(|record| record.revision == *wanted))
            }
            (current, _) => Ok(current),
        }
    })?;
    let record = found.filter(|record| visit.viewer.sees(record));
    record.map(|record| (kind, record)).ok_or_else(|| Error::not_found("There is no such record."))
}
