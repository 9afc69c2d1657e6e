//! Commands on people: make, describe, passwords, roles, tokens.

use crate::Kernel;
use crate::authority::{Actor, Permit};
use crate::catalog::Catalog;
use crate::command::{CommandDef, InputSort, Needed, int_of, needs, opt_text_of, takes, text_of};
use crate::person::{self, NewPerson};
use crate::signature::Proof;
use crate::trail::WriteTx;
use crate::{authority, link, place, record, session};
use base::{Digest, Error, Result, hex};
use db::Read;
use serde_json::{Value as Json, json};

type Input = crate::command::InputField;

const PERSON: Input = needs("person", InputSort::Text, "user name or identifier");

pub(super) fn commands() -> Vec<CommandDef> {
    vec![
        CommandDef {
            name: "person.create",
            label: "Add a person",
            requirement: "FRS-PER-001",
            roles: &["administrator"],
            input: vec![
                needs("login", InputSort::Text, "user name; never given twice"),
                needs("name", InputSort::Text, "full name, as it stands beside signatures"),
                takes("email", InputSort::Text, "e-mail address"),
                takes("zone", InputSort::Text, "IANA time zone; UTC when empty"),
                takes("site", InputSort::Text, "number of the site where they work"),
                takes("password", InputSort::Text, "first password; must be changed at the first sign-in"),
                takes("identity_verified", InputSort::Text, "how their identity was verified; without it they cannot sign"),
                takes("departments", InputSort::List, "numbers of departments"),
                takes("job_functions", InputSort::List, "numbers of job functions"),
                takes("equipment", InputSort::List, "numbers of equipment"),
            ],
            needs: |tx, _, actor, input| at_site(tx, actor, "person.create", input),
            prepare: Some(hash_first_password),
            run: create,
            ..CommandDef::base()
        },
        CommandDef {
            name: "person.describe",
            label: "Change a person's name, address or zone",
            requirement: "FRS-PER-002",
            roles: &["administrator"],
            input: vec![
                PERSON,
                takes("name", InputSort::Text, "full name"),
                takes("email", InputSort::Text, "e-mail address"),
                takes("zone", InputSort::Text, "IANA time zone"),
                takes("identity_verified", InputSort::Text, "how their identity was verified"),
            ],
            needs: |tx, catalog, actor, input| to_keep(tx, catalog, actor, "person.describe", input),
            run: |tx, _, input, _| {
                let id = named(tx, input)?;
                let given = |name: &str| input.get(name).and_then(Json::as_str);
                person::describe(tx, &id, given("name"), given("email"), given("zone"), given("identity_verified"))?;
                Ok(json!({ "person": id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "person.set_password",
            label: "Set somebody's first or forgotten password",
            requirement: "FRS-PER-004",
            roles: &["administrator"],
            input: vec![PERSON, needs("password", InputSort::Text, "the password; they must change it before doing anything")],
            needs: |tx, catalog, actor, input| to_keep(tx, catalog, actor, "person.set_password", input),
            prepare: Some(hash_password_for_another),
            run: |tx, _, input, _| {
                let id = named(tx, input)?;
                person::set_password(tx, &id, text_of(input, "hash")?, true)?;
                person::end_sessions(tx, &id, None)?;
                Ok(json!({ "person": id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "password.change",
            label: "Change your own password",
            requirement: "FRS-PER-005",
            roles: &["everyone"],
            input: vec![needs("current_password", InputSort::Text, "the present one"), needs("password", InputSort::Text, "the new one")],
            needs: |_, _, _, _| Ok(Needed::of("password.change")),
            prepare: Some(hash_own_password),
            run: |tx, permit, input, _| {
                let id = permit.actor().person().to_owned();
                person::set_password(tx, &id, text_of(input, "hash")?, false)?;
                person::end_sessions(tx, &id, permit.actor().session())?;
                Ok(json!({ "person": id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "role.grant",
            label: "Grant a role",
            requirement: "FRS-AUT-002",
            roles: &["administrator"],
            input: vec![PERSON, needs("role", InputSort::Text, "name of the role"), takes("site", InputSort::Text, "number of the site; empty for everywhere")],
            needs: |tx, catalog, actor, input| {
                person::seen(tx, catalog, actor, "person", text_of(input, "person")?)?;
                at_site(tx, actor, "role.grant", input)
            },
            run: grant,
            ..CommandDef::base()
        },
        CommandDef {
            name: "role.revoke",
            label: "Take a role away",
            requirement: "FRS-AUT-003",
            roles: &["administrator"],
            input: vec![needs("grant", InputSort::Text, "identifier of the grant")],
            needs: |tx, _, actor, input| {
                let site = person::site_of_grant(tx, actor.tenant(), text_of(input, "grant")?)?;
                Ok(Needed::within("role.revoke", site.as_deref()))
            },
            run: |tx, _, input, _| {
                let grant = text_of(input, "grant")?;
                person::revoke(tx, grant)?;
                Ok(json!({ "grant": grant }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "token.create",
            label: "Make an API token for yourself",
            requirement: "FRS-API-002",
            roles: &["everyone"],
            input: vec![needs("name", InputSort::Text, "what the token is for"), needs("days", InputSort::Integer, "how long it is good")],
            needs: |_, _, _, _| Ok(Needed::of("token.create")),
            prepare: Some(make_token),
            run: |tx, permit, input, _| {
                let id = person::add_token(tx, permit.actor().person(), text_of(input, "name")?, text_of(input, "digest")?, int_of(input, "days")?)?;
                Ok(json!({ "token_id": id }))
            },
            ..CommandDef::base()
        },
        CommandDef {
            name: "token.revoke",
            label: "Revoke an API token",
            requirement: "FRS-API-003",
            roles: &["everyone"],
            input: vec![needs("token", InputSort::Text, "identifier of the token")],
            needs: |_, _, _, _| Ok(Needed::of("token.revoke")),
            run: revoke_token,
            ..CommandDef::base()
        },
    ]
}

fn named(tx: &mut WriteTx<'_>, input: &Json) -> Result<String> {
    let tenant = tx.tenant().to_owned();
    person::identify(tx, &tenant, "person", text_of(input, "person")?)
}

/// At the site that the input names; whoever is to count everywhere needs somebody who does.
fn at_site(tx: &mut dyn Read, actor: &Actor, permission: &str, input: &Json) -> Result<Needed> {
    let site = match opt_text_of(input, "site") {
        Some(named) => Some(place::site_named(tx, actor.tenant(), "site", named)?),
        None => None,
    };
    Ok(Needed::within(permission, site.as_deref()))
}

/// To keep somebody's account one must count wherever they do: otherwise the administrator of one
/// site could take over the account of somebody with a role for the whole company.
fn to_keep(tx: &mut dyn Read, catalog: &Catalog, actor: &Actor, permission: &str, input: &Json) -> Result<Needed> {
    let person = person::seen(tx, catalog, actor, "person", text_of(input, "person")?)?;
    let grants = authority::grants_of(tx, actor.tenant(), &person.id)?;
    let within = person.site.as_deref().filter(|site| grants.iter().all(|grant| grant.site.as_deref() == Some(*site)));
    Ok(Needed::within(permission, within))
}

fn with_hash(input: &Json, hash: String) -> Json {
    let mut prepared = input.clone();
    if let Some(object) = prepared.as_object_mut() {
        object.remove("password");
        object.remove("current_password");
        object.insert("hash".to_owned(), Json::String(hash));
    }
    prepared
}

fn hash_first_password(kernel: &Kernel, _: &Actor, input: &Json) -> Result<Json> {
    match opt_text_of(input, "password") {
        Some(secret) => Ok(with_hash(input, person::hash_password(kernel, text_of(input, "login")?, secret)?)),
        None => Ok(input.clone()),
    }
}

fn hash_password_for_another(kernel: &Kernel, actor: &Actor, input: &Json) -> Result<Json> {
    let (tenant, given) = (actor.tenant().to_owned(), text_of(input, "person")?.to_owned());
    let login = kernel.database().read(move |tx| {
        let id = person::identify(tx, &tenant, "person", &given)?;
        let person = person::find(tx, &tenant, &id)?.ok_or_else(|| Error::not_found("There is no such person."))?;
        Ok(person.login)
    })?;
    Ok(with_hash(input, person::hash_password(kernel, &login, text_of(input, "password")?)?))
}

fn hash_own_password(kernel: &Kernel, actor: &Actor, input: &Json) -> Result<Json> {
    session::check_password(kernel, actor.tenant(), actor.login(), text_of(input, "current_password")?, "password change")?;
    if text_of(input, "current_password")? == text_of(input, "password")? {
        return Err(Error::invalid("password", "same_password", "the new password is the old one"));
    }
    Ok(with_hash(input, person::hash_password(kernel, actor.login(), text_of(input, "password")?)?))
}

fn make_token(kernel: &Kernel, _: &Actor, input: &Json) -> Result<Json> {
    let token = format!("plumb_{}", hex::encode(&kernel.ids().random_bytes(32)));
    let mut prepared = input.clone();
    if let Some(object) = prepared.as_object_mut() {
        object.insert("digest".to_owned(), Json::String(Digest::of(token.as_bytes()).hex()));
        object.insert(crate::command::SHOWN_ONCE.to_owned(), json!({ "token": token }));
    }
    Ok(prepared)
}

fn create(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let site = match opt_text_of(input, "site") {
        Some(named) => Some(place::site_named(tx, &tenant, "site", named)?),
        None => None,
    };
    let text = |name: &str| opt_text_of(input, name).unwrap_or("").to_owned();
    let made = person::create(
        tx,
        NewPerson {
            login: text("login"),
            name: text("name"),
            email: text("email"),
            zone: opt_text_of(input, "zone").unwrap_or("UTC").to_owned(),
            site,
            identity_verified: text("identity_verified"),
            password_hash: opt_text_of(input, "hash").map(str::to_owned),
            must_change: true,
        },
    )?;
    for (list, name, kind) in [("departments", "works_in", "department"), ("job_functions", "has_function", "job_function"), ("equipment", "operates", "equipment")] {
        for (index, number) in input.get(list).and_then(Json::as_array).into_iter().flatten().enumerate() {
            let place = format!("{list}[{index}]");
            let number = number.as_str().ok_or_else(|| Error::invalid(place.as_str(), "wrong_type", "a number is text"))?;
            let target = record::find_named(tx, &tenant, kind, number)?
                .filter(|target| permit.viewer().sees(target))
                .ok_or_else(|| Error::invalid(place.as_str(), "unknown_place", format!("there is no {kind} “{number}”")))?;
            link::add(tx, &made, name, &target)?;
        }
    }
    Ok(json!({ "id": made.id, "number": made.number, "version": made.version }))
}

fn grant(tx: &mut WriteTx<'_>, _: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let id = person::identify(tx, &tenant, "person", text_of(input, "person")?)?;
    let site = match opt_text_of(input, "site") {
        Some(named) => Some(place::site_named(tx, &tenant, "site", named)?),
        None => None,
    };
    let grant = person::grant(tx, &id, text_of(input, "role")?, site)?;
    Ok(json!({ "grant": grant, "person": id }))
}

fn revoke_token(tx: &mut WriteTx<'_>, permit: &Permit, input: &Json, _: Option<&Proof>) -> Result<Json> {
    let tenant = tx.tenant().to_owned();
    let id = text_of(input, "token")?;
    let own = person::tokens_of(tx, &tenant, permit.actor().person())?.iter().any(|token| token.id == id);
    if !own && !permit.holds_everywhere("administrator") {
        return Err(Error::not_found("There is no such token."));
    }
    person::revoke_token(tx, id)?;
    Ok(json!({ "token_id": id }))
}
