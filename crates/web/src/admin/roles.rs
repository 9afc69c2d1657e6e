//! Roles: what each is for, who holds it, and the whole matrix of roles and permissions as the
//! catalog in force has it.

use crate::edge::{Answer, Visit};
use crate::shell;
use crate::ui::list::{Filter as UiFilter, FilterKind, filter_form};
use crate::ui::page::Area;
use crate::ui::{Cell, DataTable, Link, MatrixCell, MatrixColumn, MatrixRow, MatrixState, MatrixView, Offer, PageHead};
use base::Result;
use kernel::catalog::{EVERYONE, Role};
use kernel::person::{self, Person};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Holders named before the rest is only counted.
const NAMED: usize = 30;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let roles: Vec<Role> = visit.catalog.roles().cloned().collect();
    let (tenant, names) = (visit.tenant().to_owned(), roles.iter().map(|role| role.name.clone()).collect::<Vec<_>>());
    let sees_people = visit.viewer.sees_kind("person");
    let holders = visit.read(move |tx| {
        names
            .iter()
            .map(|role| {
                if role == EVERYONE || !sees_people {
                    return Ok(Vec::new());
                }
                let mut holders = person::holders(tx, &tenant, role, None)?;
                holders.dedup_by(|one, next| one.id == next.id);
                Ok(holders)
            })
            .collect::<Result<Vec<Vec<Person>>>>()
    })?;
    let rows: Vec<Vec<Cell>> = roles.iter().zip(&holders).map(|(role, holders)| role_row(visit, role, holders)).collect();
    let columns = vec![("Role".into(), false), ("Permissions".into(), true), ("Held by".into(), false)];
    let about = visit.request.query("about").unwrap_or("");
    let body = html! {
        (PageHead {
            crumbs: vec![Link::new("/list/person", "People")],
            title: "Roles and permissions".into(),
            lead: "What a role may do comes from kinds, steps and commands. A person has roles everywhere or at one site.".into(),
            ..PageHead::default()
        })
        p.spaced { "To give somebody a role, open the person and choose “Grant a role”." }
        (DataTable { label: "Roles".into(), columns, rows, totals: Vec::new() })
        h2 #matrix { "Role by permission" }
        (filter_form("/admin/roles", &[subject_filter(visit, about), role_filter(visit, &roles)], &[], "Show"))
        (matrix(visit, &roles, about))
    };
    Ok(shell::page(visit, "Roles and permissions", Some(Area::Administration), body))
}

fn role_row(visit: &Visit, role: &Role, holders: &[Person]) -> Vec<Cell> {
    let count = visit.catalog.permissions().get(&role.name).map_or(0, BTreeSet::len);
    let held: Markup = if role.name == EVERYONE {
        html! { span.muted { "Every active person" } }
    } else {
        html! {
            @if holders.is_empty() { span.none { "Nobody" } }
            @for (index, person) in holders.iter().take(NAMED).enumerate() {
                @if index > 0 { ", " }
                a href=(format!("/r/person/{}", crate::text::encode(&person.login))) { (person.display()) }
            }
            @if holders.len() > NAMED { " and " (holders.len() - NAMED) " more" }
        }
    };
    vec![Cell::Markup(html! { b { (role.label) } p.muted { (role.text) } }), Cell::number(count.to_string()), Cell::Markup(held)]
}

fn subject_filter(visit: &Visit, about: &str) -> UiFilter {
    let offers = visit.catalog.kinds().map(|kind| Offer::new(&kind.name, &kind.plural)).collect();
    UiFilter { name: "about".into(), label: "Permissions on".into(), kind: FilterKind::Choice(offers), value: about.to_owned() }
}

fn role_filter(visit: &Visit, roles: &[Role]) -> UiFilter {
    let offers = roles.iter().map(|role| Offer::new(&role.name, &role.label)).collect();
    UiFilter { name: "role".into(), label: "Carried by".into(), kind: FilterKind::Choice(offers), value: visit.request.query("role").unwrap_or("").to_owned() }
}

/// Permissions down, roles across; narrowed to one kind, or to what one role carries.
fn matrix(visit: &Visit, roles: &[Role], about: &str) -> MatrixView {
    let all: BTreeSet<&str> = visit.catalog.permissions().values().flatten().map(String::as_str).collect();
    let of_kind = |permission: &str, kind: &str| permission.split_once('.').is_some_and(|(first, _)| first == kind);
    let role = visit.request.query("role").unwrap_or("");
    let carried = |permission: &str| role.is_empty() || visit.catalog.role_has(role, permission);
    let wanted: Vec<&str> = all.into_iter().filter(|permission| (about.is_empty() || of_kind(permission, about)) && carried(permission)).collect();
    let columns = roles.iter().map(|role| MatrixColumn { head: Link::new(format!("/admin/roles?role={}#matrix", role.name), role.label.clone()) }).collect();
    let rows = wanted
        .iter()
        .map(|permission| {
            let (name, detail) = words(visit, permission);
            let cells = roles.iter().map(|role| {
                if visit.catalog.role_has(&role.name, permission) {
                    MatrixCell { state: MatrixState::Good, text: "May".into(), title: format!("{}: {name}", role.label), href: None }
                } else {
                    MatrixCell { title: format!("{}: not {name}", role.label), ..MatrixCell::default() }
                }
            });
            let first = permission.split_once('.').map_or("", |(first, _)| first);
            let href = if visit.catalog.kind(first).is_some() { format!("/admin/roles?about={first}#matrix") } else { "/api-reference".to_owned() };
            MatrixRow { head: Link::new(href, name.clone()).detail(detail), cells: cells.collect(), summary: String::new() }
        })
        .collect();
    MatrixView {
        label: "Roles and permissions".into(),
        corner: "Permission".into(),
        columns,
        rows,
        summary_label: String::new(),
        legend: vec![(MatrixState::Good, "The role carries it".into()), (MatrixState::None, "It does not".into())],
        note: format!("{} permissions", wanted.len()),
    }
}

/// A permission in words, with its name as it stands in the trail.
fn words(visit: &Visit, permission: &str) -> (String, String) {
    let (first, verb) = permission.split_once('.').unwrap_or((permission, ""));
    let text = match (visit.catalog.command(permission), visit.catalog.kind(first), verb.strip_prefix("step.")) {
        (Some(command), _, _) => command.label.to_owned(),
        (None, Some(kind), Some(step)) => format!("{}: {}", kind.label, crate::text::in_sentence(kind.find_step(step).map_or(step, |step| step.label.as_str()))),
        (None, Some(kind), None) => format!("{}: {verb}", kind.label),
        (None, None, _) => permission.replace(['.', '_'], " "),
    };
    (text, permission.to_owned())
}
