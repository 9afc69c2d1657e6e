//! Signing in and out, and who one is.

use crate::call::{Answer, Call, Content};
use crate::edge::{Credentials, Problem, authenticate, session_cookie, session_cookie_gone};
use crate::endpoint::{Access, Body, Endpoint, NOTHING, Shape, Verb};
use axum::http::{StatusCode, header};
use base::{Error, Result};
use kernel::authority::{Actor, Via, grants_of};
use kernel::{person, session};
use serde_json::{Value as Json, json};

const SESSION: &str = "/api/v1/session";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::change(Verb::Post, SESSION, "FRS-API-001", "Sign in with user name and password; answers who you are and sets the session's cookie", sign_in)
            .access(Access::Anybody)
            .demands(NOTHING)
            .body(Body::Json("sign_in"))
            .answers(200, Shape::One("person")),
        Endpoint::change(Verb::Delete, SESSION, "FRS-API-001", "Sign out", sign_out)
            .access(Access::SignedIn)
            .demands(NOTHING)
            .answers(204, Shape::Empty),
        Endpoint::get("/api/v1/me", "FRS-API-001", "Who you are, the roles you hold", |call| Ok(Answer::json(me(call, call.actor()?)?)))
            .access(Access::SignedIn)
            .answers(200, Shape::One("person")),
        Endpoint::get("/api/v1/me/tokens", "FRS-API-002", "Your API tokens, without the secrets", tokens)
            .access(Access::SignedIn)
            .answers(200, Shape::Rows("token")),
    ]
}

fn text_member<'a>(call: &'a Call, name: &str) -> Result<&'a str> {
    match call.body.get(name) {
        Some(Json::String(text)) => Ok(text),
        None | Some(Json::Null) => Err(Error::invalid(name, "missing_field", format!("“{name}” is missing"))),
        Some(_) => Err(Error::invalid(name, "wrong_type", format!("“{name}” must be text"))),
    }
}

fn sign_in(call: &Call) -> Result<Answer, Problem> {
    if let Some(unknown) = call.body.keys().find(|name| !["login", "password"].contains(&name.as_str())) {
        return Err(Error::invalid(unknown.as_str(), "unknown_field", format!("there is no field “{unknown}” here")).into());
    }
    let kernel = &call.state.kernel;
    let signed_in = session::sign_in(kernel, kernel::MAIN_TENANT, text_member(call, "login")?, text_member(call, "password")?)?;
    // The session that the browser had before ends: its cookie may be known to somebody.
    if let (Credentials::Session(_), Ok(Some(earlier))) = (&call.credentials, authenticate(kernel, &call.credentials)) {
        session::sign_out(kernel, &earlier)?;
    }
    let cookie = session_cookie(&signed_in.token, call.state.settings.secure_cookies)?;
    let mut answer = Answer::json(me(call, &signed_in.actor)?);
    answer.headers.push((header::SET_COOKIE, cookie));
    Ok(answer)
}

fn sign_out(call: &Call) -> Result<Answer, Problem> {
    let actor = call.actor()?;
    if actor.session().is_none() {
        return Err(Error::conflict("no_session", "A token has no session to end; revoke it with the command token.revoke.").into());
    }
    session::sign_out(&call.state.kernel, actor)?;
    let mut answer = Answer::of(Content::Empty).status(StatusCode::NO_CONTENT);
    answer.headers.push((header::SET_COOKIE, session_cookie_gone(call.state.settings.secure_cookies)?));
    Ok(answer)
}

fn me(call: &Call, actor: &Actor) -> Result<Json> {
    let kernel = &call.state.kernel;
    let catalog = kernel.catalog()?;
    kernel.database().read(|tx| {
        let grants = grants_of(tx, actor.tenant(), actor.person())?;
        let viewer = kernel::authority::viewer(tx, &catalog, actor)?;
        Ok(json!({
            "id": actor.person(),
            "login": actor.login(),
            "name": actor.name(),
            "zone": actor.zone(),
            "must_change_password": actor.must_change_password(),
            "signed_in_by": match actor.via() {
                Via::Session { .. } => "session",
                Via::Token { .. } => "token",
                Via::System => "system",
            },
            "roles": grants.iter().map(|grant| json!({ "role": grant.role, "site": grant.site })).collect::<Vec<_>>(),
            "kinds": viewer.kinds(),
            "sites": viewer.sites(),
        }))
    })
}

fn tokens(call: &Call) -> Result<Answer, Problem> {
    let rows = call.read(|tx, scope| {
        let tokens = person::tokens_of(tx, scope.viewer.tenant(), scope.actor.person())?;
        Ok(tokens
            .iter()
            .map(|token| {
                json!({
                    "id": token.id,
                    "name": token.name,
                    "made_at": token.made_at.to_rfc3339(),
                    "expires_at": token.expires_at.to_rfc3339(),
                })
            })
            .collect())
    })?;
    Ok(Answer::rows(rows, None))
}
