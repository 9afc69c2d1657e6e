//! What a person may come in with and do: roles granted and ended, API tokens made and revoked.

use crate::table::{ROLE_GRANT, SESSION, TOKEN, values};
use crate::trail::{Stored, WriteTx};
use base::limits::LINE_CHARS;
use base::{Error, Result, Timestamp};
use db::{Read, Value, sql};

/// Grants a role, everywhere or at one site.
pub fn grant(tx: &mut WriteTx<'_>, person: &str, role: &str, site: Option<String>) -> Result<String> {
    let catalog = tx.catalog();
    if catalog.role(role).is_none() || role == crate::catalog::EVERYONE {
        let known: Vec<_> = catalog.roles().map(|role| role.name.as_str()).filter(|name| *name != crate::catalog::EVERYONE).collect();
        return Err(base::Refusal::new(base::RefusalKind::Invalid, "unknown_role", format!("there is no role “{role}”"))
            .at("role")
            .advise(format!("Roles: {}.", known.join(", ")))
            .into());
    }
    let tenant = tx.tenant().to_owned();
    // Two who grant the same at once take turns, so that it is held once.
    tx.lock(&crate::table::PERSON, person)?;
    let present = crate::authority::grants_of(tx, &tenant, person)?;
    if present.iter().any(|grant| grant.role == role && grant.site == site) {
        return Err(Error::conflict("role_held", "The person holds this role already."));
    }
    let id = tx.new_id();
    let row = values([
        ("id", id.as_str().into()),
        ("person", person.into()),
        ("role", role.into()),
        ("site", site.into()),
        ("from_at", tx.now().0.into()),
        ("to_at", Value::Null),
    ]);
    tx.insert(&ROLE_GRANT, Some(person), "role.granted", row)?;
    Ok(id)
}

/// The site of a grant that is held now; `None` for one that counts everywhere.
pub fn site_of_grant(tx: &mut dyn Read, tenant: &str, grant: &str) -> Result<Option<String>> {
    let row = tx
        .query_opt(sql("select site from role_grant where tenant = $1 and id = $2 and to_at is null"), &[tenant.into(), grant.into()])?
        .ok_or_else(|| Error::not_found("There is no such grant."))?;
    Ok(row.opt_text("site")?.map(str::to_owned))
}

/// Ends a grant; it stays readable for the time it held.
pub fn revoke(tx: &mut WriteTx<'_>, grant: &str) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let row = tx
        .query_opt(
            sql("select * from role_grant where tenant = $1 and id = $2 and to_at is null"),
            &[tenant.into(), grant.into()],
        )?
        .ok_or_else(|| Error::not_found("There is no such grant."))?;
    let person = row.text("person")?.to_owned();
    let before = Stored::from_row(&ROLE_GRANT, &row)?;
    let ended = before.with([("to_at", tx.now().0.into())]);
    tx.update(&ROLE_GRANT, Some(&person), "role.revoked", &before, ended)
}

/// Ends the open sessions of a person, all but the one that is named: whoever came in by the password
/// of before is out.
pub fn end_sessions(tx: &mut WriteTx<'_>, person: &str, except: Option<&str>) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let open = tx.query(
        sql("select * from session where tenant = $1 and person = $2 and closed_at is null order by id"),
        &[tenant.into(), person.into()],
    )?;
    for row in &open {
        if Some(row.text("id")?) == except {
            continue;
        }
        let before = Stored::from_row(&SESSION, row)?;
        let closed = before.with([("closed_at", tx.now().0.into())]);
        tx.update(&SESSION, Some(person), "session.closed", &before, closed)?;
    }
    Ok(())
}

/// Makes an API token for a person; answers its identifier. The token itself is made and shown
/// once by the caller, only its digest is kept.
pub fn add_token(tx: &mut WriteTx<'_>, person: &str, name: &str, token_digest: &str, days: i64) -> Result<String> {
    let name = base::text::clean_line("name", name, LINE_CHARS)?;
    if !(1..=366).contains(&days) {
        return Err(Error::invalid("days", "out_of_range", "a token is good for 1 to 366 days"));
    }
    let id = tx.new_id();
    let row = values([
        ("id", id.as_str().into()),
        ("person", person.into()),
        ("name", name.into()),
        ("sec_token", token_digest.into()),
        ("made_at", tx.now().0.into()),
        ("expires_at", tx.now().plus_seconds(days * 86_400).0.into()),
        ("revoked_at", Value::Null),
    ]);
    tx.insert(&TOKEN, Some(person), "token.made", row)?;
    Ok(id)
}

pub fn revoke_token(tx: &mut WriteTx<'_>, id: &str) -> Result<()> {
    let tenant = tx.tenant().to_owned();
    let row = tx
        .query_opt(
            sql("select * from token where tenant = $1 and id = $2 and revoked_at is null"),
            &[tenant.into(), id.into()],
        )?
        .ok_or_else(|| Error::not_found("There is no such token."))?;
    let person = row.text("person")?.to_owned();
    let before = Stored::from_row(&TOKEN, &row)?;
    let ended = before.with([("revoked_at", tx.now().0.into())]);
    tx.update(&TOKEN, Some(&person), "token.revoked", &before, ended)
}

/// An API token as its owner sees it; the token itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

pub fn tokens_of(tx: &mut dyn Read, tenant: &str, person: &str) -> Result<Vec<Token>> {
    let rows = tx.query(
        sql("select * from token where tenant = $1 and person = $2 and revoked_at is null order by made_at, id"),
        &[tenant.into(), person.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Token {
                id: row.text("id")?.to_owned(),
                name: row.text("name")?.to_owned(),
                made_at: Timestamp(row.int("made_at")?),
                expires_at: Timestamp(row.int("expires_at")?),
            })
        })
        .collect()
}
