//! The first administrator: the only person who is made by nobody.

use crate::Kernel;
use crate::person::{self, NewPerson};
use crate::{record, reference};
use base::{Error, Result};

/// The first administrator of a tenant.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    pub login: String,
    pub name: String,
    pub password: String,
    /// IANA time zone.
    pub zone: String,
    /// The password was chosen by the person, so they need not change it.
    pub own_password: bool,
}

/// Prepares a tenant, makes its first administrator and takes over the reference tables that the
/// product ships. Refused where there are people already.
pub fn first_administrator(kernel: &Kernel, tenant: &str, first: &FirstAdministrator) -> Result<()> {
    kernel.prepare_tenant(tenant)?;
    if kernel.has_people(tenant)? {
        return Err(Error::conflict("already_set_up", "There are people already; ask an administrator to add another."));
    }
    let hash = person::hash_password(kernel, &first.login, &first.password)?;
    let first = first.clone();
    kernel.inside(tenant, "system", "setup.first_administrator", move |tx| {
        let made = person::create(
            tx,
            NewPerson {
                login: first.login.clone(),
                name: first.name.clone(),
                zone: first.zone.clone(),
                identity_verified: "set up this installation".to_owned(),
                password_hash: Some(hash.clone()),
                must_change: !first.own_password,
                ..NewPerson::default()
            },
        )?;
        person::grant(tx, &made.id, "administrator", None)?;
        reference::adopt_inside(tx, Some(&made.id))?;
        record::get(tx, &made.tenant, &made.id).map(|_| ())
    })
}
