//! `plumb init`, `plumb user`, `plumb token`: people from the command line.

use crate::assembly::Place;
use base::{Error, Result};
use kernel::command::Request;
use kernel::setup::{FirstAdministrator, first_administrator};
use kernel::{Kernel, MAIN_TENANT, session};
use serde_json::json;
use std::io::{BufRead, Write};

/// Makes the data folder or schema and the first administrator.
pub fn init(place: &Place, login: &str, name: &str, zone: &str, password: Option<String>) -> Result<()> {
    let kernel = place.open()?;
    let password = secret(password, "Password of the administrator")?;
    let first = FirstAdministrator { login: login.to_owned(), name: name.to_owned(), password, zone: zone.to_owned(), own_password: true };
    first_administrator(&kernel, MAIN_TENANT, &first)?;
    println!("Ready. Start with: plumb serve --data {}", place.data.display());
    println!("Sign in as {login}.");
    Ok(())
}

/// Adds a person as an administrator does on the page.
pub fn add(place: &Place, administrator: &str, administrator_password: Option<String>, login: &str, name: &str, roles: &[String], password: Option<String>) -> Result<()> {
    let kernel = place.open()?;
    let actor = signed_in(&kernel, administrator, administrator_password)?;
    // Every role is known before the person is made: a refused command leaves nothing.
    let catalog = kernel.catalog()?;
    if let Some(unknown) = roles.iter().find(|role| catalog.role(role).is_none() || *role == kernel::catalog::EVERYONE) {
        let known: Vec<_> = catalog.roles().map(|role| role.name.as_str()).filter(|name| *name != kernel::catalog::EVERYONE).collect();
        return Err(base::Refusal::new(base::RefusalKind::Invalid, "unknown_role", format!("there is no role “{unknown}”"))
            .at("--role")
            .advise(format!("Roles: {}.", known.join(", ")))
            .into());
    }
    let password = secret(password, &format!("First password of {login}"))?;
    let input = json!({ "login": login, "name": name, "password": password });
    kernel.execute(&actor, &Request::new("person.create", input, base::id::edge_id()))?;
    for role in roles {
        let input = json!({ "person": login, "role": role });
        kernel.execute(&actor, &Request::new("role.grant", input, base::id::edge_id()))?;
    }
    println!("Added {login}. The password must be changed at the first sign-in.");
    Ok(())
}

/// Makes an API token for the person who signs in, and prints it once.
pub fn token(place: &Place, login: &str, password: Option<String>, name: &str, days: i64) -> Result<()> {
    let kernel = place.open()?;
    let actor = signed_in(&kernel, login, password)?;
    let input = json!({ "name": name, "days": days });
    let outcome = kernel.execute(&actor, &Request::new("token.create", input, base::id::edge_id()))?;
    let token = outcome.result.get("token").and_then(serde_json::Value::as_str);
    println!("{}", token.ok_or_else(|| Error::internal("no token came back"))?);
    Ok(())
}

fn signed_in(kernel: &Kernel, login: &str, password: Option<String>) -> Result<kernel::authority::Actor> {
    let password = secret(password, &format!("Password of {login}"))?;
    Ok(session::sign_in(kernel, MAIN_TENANT, login, &password)?.actor)
}

/// The secret from the environment, or asked for on the terminal.
fn secret(given: Option<String>, prompt: &str) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    eprint!("{prompt}: ");
    std::io::stderr().flush().map_err(Error::internal)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    if line.is_empty() {
        return Err(Error::invalid("password", "missing_field", "a password is needed"));
    }
    Ok(line)
}
