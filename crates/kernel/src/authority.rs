//! Who may do what: authority as values.
//!
//! An [`Actor`] comes only from authentication, a [`Permit`] only from authorisation inside the
//! transaction that uses it (the role counts at that moment), a [`Viewer`] says what somebody may
//! see. None of them can be made elsewhere.

use crate::catalog::{Catalog, EVERYONE, INSPECTOR, is_looking};
use crate::command::Needed;
use crate::record::Record;
use base::{Error, Result};
use db::{Read, Row, Value, sql};
use std::collections::BTreeSet;

/// Somebody who has proved who they are, or the system acting by the clock.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) tenant: String,
    pub(crate) person: String,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) via: Via,
    pub(crate) must_change_password: bool,
}

/// How the actor came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    Session { id: String },
    Token { id: String },
    System,
}

impl Actor {
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The person's record identifier; `system` for the system.
    pub fn person(&self) -> &str {
        &self.person
    }

    pub fn login(&self) -> &str {
        &self.login
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    pub fn via(&self) -> &Via {
        &self.via
    }

    /// The password was set by somebody else and must be replaced before anything else is done.
    pub fn must_change_password(&self) -> bool {
        self.must_change_password
    }

    pub fn session(&self) -> Option<&str> {
        match &self.via {
            Via::Session { id } => Some(id),
            _ => None,
        }
    }

    pub(crate) fn system(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            person: "system".to_owned(),
            login: "system".to_owned(),
            name: "Plumb".to_owned(),
            zone: "UTC".to_owned(),
            via: Via::System,
            must_change_password: false,
        }
    }
}

/// A role that a person holds, everywhere (`site` is `None`) or at one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: String,
    pub role: String,
    pub site: Option<String>,
}

impl Grant {
    fn covers(&self, site: Option<&str>) -> bool {
        match (&self.site, site) {
            (None, _) | (_, None) => true,
            (Some(own), Some(site)) => own == site,
        }
    }
}

/// Proof that this person may do this, here and now. Only [`authorise`] makes one.
#[derive(Debug, Clone)]
pub struct Permit {
    actor: Actor,
    grants: Vec<Grant>,
    viewer: Viewer,
}

impl Permit {
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The roles the person holds for this site, `everyone` included.
    pub fn roles_at(&self, site: Option<&str>) -> BTreeSet<String> {
        let mut roles: BTreeSet<String> =
            self.grants.iter().filter(|grant| grant.covers(site)).map(|grant| grant.role.clone()).collect();
        roles.insert(EVERYONE.to_owned());
        roles
    }

    pub fn holds(&self, role: &str, site: Option<&str>) -> bool {
        self.is_system() || self.roles_at(site).contains(role)
    }

    /// Whether the person holds a role for the whole company, not for single sites.
    pub fn holds_everywhere(&self, role: &str) -> bool {
        self.is_system() || self.grants.iter().any(|grant| grant.site.is_none() && grant.role == role)
    }

    /// Whether the person may do something else in the same command.
    pub fn also(&self, catalog: &Catalog, permission: &str, site: Option<&str>) -> bool {
        self.is_system() || may(catalog, &self.grants, permission, site)
    }

    pub fn is_system(&self) -> bool {
        self.actor.via == Via::System
    }
}

/// What somebody may see: kinds by permission, records by site.
#[derive(Debug, Clone)]
pub struct Viewer {
    tenant: String,
    /// `None`: every site.
    sites: Option<BTreeSet<String>>,
    kinds: BTreeSet<String>,
}

impl Viewer {
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    pub fn sees(&self, record: &Record) -> bool {
        self.sees_kind(&record.kind) && self.sees_site(record.site.as_deref())
    }

    pub fn sees_kind(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    pub fn sees_site(&self, site: Option<&str>) -> bool {
        match (&self.sites, site) {
            (None, _) | (_, None) => true,
            (Some(sites), Some(site)) => sites.contains(site),
        }
    }

    pub fn kinds(&self) -> &BTreeSet<String> {
        &self.kinds
    }

    /// The sites, or `None` for all.
    pub fn sites(&self) -> Option<&BTreeSet<String>> {
        self.sites.as_ref()
    }
}

/// The grants a person holds at this moment.
pub fn grants_of(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<Vec<Grant>> {
    let rows = tx.query(
        sql("select id, role, site from role_grant where tenant = $1 and person = $2 and to_at is null order by role, id"),
        &[tenant.into(), person.into()],
    )?;
    rows.iter().map(grant_from_row).collect()
}

/// The grants a person held at a moment in the past.
pub fn grants_as_of(tx: &mut dyn Read, tenant: &str, person: &str, at: base::Timestamp) -> Result<Vec<Grant>> {
    let rows = tx.query(
        sql(
            "select id, role, site from role_grant
             where tenant = $1 and person = $2 and from_at <= $3 and (to_at is null or to_at > $3) order by role, id",
        ),
        &[tenant.into(), person.into(), at.0.into()],
    )?;
    rows.iter().map(grant_from_row).collect()
}

fn grant_from_row(row: &Row) -> Result<Grant> {
    Ok(Grant { id: row.text("id")?.to_owned(), role: row.text("role")?.to_owned(), site: row.opt_text("site")?.map(str::to_owned) })
}

/// Whether these are the grants of somebody who is here to look only.
pub fn only_looks(grants: &[Grant]) -> bool {
    !grants.is_empty() && grants.iter().all(|grant| grant.role == INSPECTOR)
}

/// Whether these grants carry a permission at some site.
pub fn may_somewhere(catalog: &Catalog, grants: &[Grant], permission: &str) -> bool {
    everybody_may(catalog, grants, permission) || grants.iter().any(|grant| catalog.role_has(&grant.role, permission))
}

fn everybody_may(catalog: &Catalog, grants: &[Grant], permission: &str) -> bool {
    catalog.role_has(EVERYONE, permission) && (!only_looks(grants) || is_looking(permission))
}

fn may(catalog: &Catalog, grants: &[Grant], permission: &str, site: Option<&str>) -> bool {
    everybody_may(catalog, grants, permission)
        || grants.iter().any(|grant| grant.covers(site) && catalog.role_has(&grant.role, permission))
}

/// The roles a person holds at a site at this moment, `everyone` included.
pub fn roles_at(tx: &mut dyn Read, tenant: &str, person: &str, site: Option<&str>) -> Result<BTreeSet<String>> {
    let grants = grants_of(tx, tenant, person)?;
    Ok(grants.into_iter().filter(|grant| grant.covers(site)).map(|grant| grant.role).chain([EVERYONE.to_owned()]).collect())
}

/// The permissions a person has at a site at this moment, to show what they may do. It proves
/// nothing: a command asks again, in its own transaction.
pub fn permissions_at(tx: &mut dyn Read, catalog: &Catalog, tenant: &str, person: &str, site: Option<&str>) -> Result<BTreeSet<String>> {
    let grants = grants_of(tx, tenant, person)?;
    let all = catalog.permissions().values().flatten().collect::<BTreeSet<_>>();
    Ok(all.into_iter().filter(|permission| may(catalog, &grants, permission, site)).cloned().collect())
}

/// What the actor may see.
pub fn viewer(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor) -> Result<Viewer> {
    let grants = grants_of(tx, &actor.tenant, &actor.person)?;
    viewer_from(tx, catalog, actor, &grants)
}

fn viewer_from(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, grants: &[Grant]) -> Result<Viewer> {
    let all = actor.via == Via::System;
    let kinds = catalog
        .kinds()
        .filter(|kind| all || may(catalog, grants, &format!("{}.view", kind.name), None))
        .map(|kind| kind.name.clone())
        .collect();
    let sites = if all || grants.iter().any(|grant| grant.site.is_none()) {
        None
    } else {
        // Somebody with roles at single sites, or with none, sees those sites and their own.
        let own = tx.query_opt(
            sql("select site from record where tenant = $1 and id = $2"),
            &[actor.tenant.as_str().into(), actor.person.as_str().into()],
        )?;
        let own = own.as_ref().map(|row| row.opt_text("site")).transpose()?.flatten().map(str::to_owned);
        match own {
            None if grants.is_empty() => None,
            own => Some(grants.iter().filter_map(|grant| grant.site.clone()).chain(own).collect()),
        }
    };
    Ok(Viewer { tenant: actor.tenant.clone(), sites, kinds })
}

/// Answers whether the actor may do this now; the answer is a [`Permit`] or a refusal.
///
/// A record that the actor may not see is not found, before anything else is said.
pub(crate) fn authorise(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, needed: &Needed) -> Result<Permit> {
    let (permission, site) = (needed.permission.as_str(), needed.site.as_deref());
    let grants = if actor.via == Via::System { Vec::new() } else { grants_of(tx, &actor.tenant, &actor.person)? };
    let viewer = viewer_from(tx, catalog, actor, &grants)?;
    if needed.record.as_ref().is_some_and(|record| !viewer.sees(record)) {
        return Err(Error::not_found(needed.missing));
    }
    let enough: Vec<Grant> = grants.iter().filter(|grant| !needed.everywhere || grant.site.is_none()).cloned().collect();
    if actor.via != Via::System && !may(catalog, &enough, permission, site) {
        let roles: Vec<_> = catalog
            .permissions()
            .iter()
            .filter(|(_, granted)| granted.contains(permission))
            .filter_map(|(role, _)| catalog.role(role).map(|role| role.label.as_str()))
            .collect();
        let text = format!("You may not do this: it needs the permission “{permission}”.");
        let advice = if roles.is_empty() {
            "No role carries it.".to_owned()
        } else if needed.everywhere {
            format!("It comes with the role {}, held for the whole company.", base::text::list(&roles, "or"))
        } else {
            format!("It comes with the role {}.", base::text::list(&roles, "or"))
        };
        return Err(base::Refusal::new(base::RefusalKind::Forbidden, "not_permitted", text).advise(advice).into());
    }
    Ok(Permit { actor: actor.clone(), grants, viewer })
}

/// What the system itself may do inside a transaction that it has opened.
pub(crate) fn system_permit(tx: &mut crate::trail::WriteTx<'_>) -> Result<Permit> {
    let (catalog, actor) = (tx.catalog(), Actor::system(tx.tenant()));
    let viewer = viewer_from(tx, &catalog, &actor, &[])?;
    Ok(Permit { actor, grants: Vec::new(), viewer })
}

/// Checks that the person behind the actor is still active and the session or token still good.
/// Runs inside the transaction, so that a withdrawal counts at once.
pub(crate) fn still_in(tx: &mut dyn Read, actor: &Actor) -> Result<()> {
    let (tenant, person): (Value, Value) = (actor.tenant.as_str().into(), actor.person.as_str().into());
    let row = match &actor.via {
        Via::System => return Ok(()),
        Via::Session { id } => tx.query_opt(
            sql(
                "select p.active from person p join session s on s.tenant = p.tenant and s.person = p.id
                 where p.tenant = $1 and p.id = $2 and s.id = $3 and s.closed_at is null",
            ),
            &[tenant, person, id.as_str().into()],
        )?,
        Via::Token { id } => tx.query_opt(
            sql(
                "select p.active from person p join token t on t.tenant = p.tenant and t.person = p.id
                 where p.tenant = $1 and p.id = $2 and t.id = $3 and t.revoked_at is null",
            ),
            &[tenant, person, id.as_str().into()],
        )?,
    };
    match row {
        Some(row) if row.bool("active")? => Ok(()),
        _ => Err(Error::unauthenticated("signed_out", "You are no longer signed in.")),
    }
}
