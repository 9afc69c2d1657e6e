//! What the company has: kinds, roles, people's roles; search; what one must do.

use crate::call::{Answer, Call};
use crate::edge::Problem;
use crate::endpoint::{Access, Endpoint, Parameter, Shape, Sort, path, query};
use crate::render::{self, Names};
use base::{Error, Result};
use kernel::authority::grants_of;
use kernel::{obligation, record, search};
use serde_json::json;
use std::collections::BTreeMap;

const SEARCH: &[Parameter] = &[
    query("q", Sort::Text(base::limits::SEARCH_CHARS), "words that must all occur; the beginning of a word is enough", "fitting"),
    query("kind", Sort::Text(base::limits::LINE_CHARS), "names of kinds, with commas; all when absent", "part,procedure"),
];

const PERSON: &[Parameter] = &[path("person", "user name or identifier", "dora")];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/kinds", "FRS-API-005", "The kinds of record you may see: fields, states, steps, links", kinds)
            .access(Access::SignedIn)
            .answers(200, Shape::Rows("kind")),
        Endpoint::get("/api/v1/kinds/{kind}", "FRS-API-005", "One kind", kind)
            .access(Access::Kind)
            .parameters(&[super::KIND])
            .answers(200, Shape::One("kind")),
        Endpoint::get("/api/v1/roles", "FRS-API-005", "The roles and what each may do", roles)
            .access(Access::SignedIn)
            .answers(200, Shape::Rows("role")),
        Endpoint::get("/api/v1/people/{person}/roles", "FRS-API-005", "The roles a person holds", roles_of)
            .parameters(PERSON)
            .answers(200, Shape::Rows("grant")),
        Endpoint::get("/api/v1/search", "FRS-API-005", "The first 50 records in which all words occur, best first", find)
            .access(Access::SignedIn)
            .parameters(SEARCH)
            .answers(200, Shape::Rows("record_stub")),
        Endpoint::get("/api/v1/my-work", "FRS-API-005", "What you must do, soonest due first", my_work)
            .access(Access::SignedIn)
            .answers(200, Shape::Rows("obligation")),
    ]
}

fn kinds(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|_, scope| Ok(scope.catalog.kinds().filter(|kind| scope.viewer.sees_kind(&kind.name)).map(render::kind).collect()))?;
    Ok(Answer::rows(rows, None))
}

fn kind(call: &Call) -> Result<Answer, Problem> {
    let found = call.read(|_, scope| {
        let name = call.params.path("kind")?;
        let seen = scope.catalog.kind(name).filter(|kind| scope.viewer.sees_kind(&kind.name));
        seen.map(render::kind).ok_or_else(|| Error::not_found(format!("There is no kind “{name}”.")))
    })?;
    Ok(Answer::json(found))
}

fn roles(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|_, scope| {
        let permissions = scope.catalog.permissions();
        Ok(scope
            .catalog
            .roles()
            .map(|role| {
                json!({
                    "name": role.name,
                    "label": role.label,
                    "text": role.text,
                    "permissions": permissions.get(&role.name).cloned().unwrap_or_default(),
                })
            })
            .collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn roles_of(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let name = call.params.path("person")?;
        let person = record::find_named(tx, scope.viewer.tenant(), "person", name)?
            .filter(|person| scope.viewer.sees(person))
            .ok_or_else(|| Error::not_found(format!("There is no person “{name}”.")))?;
        let grants = grants_of(tx, scope.viewer.tenant(), &person.id)?;
        Ok(grants.iter().map(|grant| json!({ "id": grant.id, "role": grant.role, "site": grant.site })).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn find(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let text = call.params.text("q").ok_or_else(|| Error::invalid("q", "missing_field", "give the words to search for in “q”"))?;
        let kinds: Vec<String> = call.params.text("kind").into_iter().flat_map(|kinds| kinds.split(',')).map(|kind| kind.trim().to_owned()).collect();
        let found = search::find(tx, scope.viewer, text, &kinds)?;
        Ok(found.records.iter().map(|record| render::stub(scope.catalog, record)).collect())
    })?;
    Ok(Answer::rows(rows, None))
}

fn my_work(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let (tenant, person) = (scope.viewer.tenant(), scope.actor.person());
        let roles: Vec<_> = grants_of(tx, tenant, person)?.into_iter().map(|grant| (grant.role, grant.site)).collect();
        let work = obligation::of_person(tx, scope.viewer, person, &roles)?;
        let mut ids: Vec<String> = work.iter().map(|todo| todo.record.clone()).collect();
        ids.sort();
        ids.dedup();
        let about: BTreeMap<_, _> = record::find_all(tx, tenant, &ids)?.into_iter().map(|record| (record.id.clone(), record)).collect();
        let names = Names::people(tx, tenant, work.iter().filter_map(|todo| todo.person.clone()))?;
        let seen = work.iter().filter_map(|todo| {
            let record = about.get(&todo.record).filter(|record| scope.viewer.sees(record));
            // What was handed to the person themselves stays visible, whatever it is about.
            (record.is_some() || todo.person.as_deref() == Some(person)).then(|| render::obligation(scope.catalog, &names, todo, record))
        });
        Ok(seen.collect())
    })?;
    Ok(Answer::rows(rows, None))
}
