//! Signing in and out.

use crate::edge::{Answer, Incoming, Shared, Visit};
use crate::ui::{FormError, Frame, Page, SignIn};
use axum::http::StatusCode;
use base::Result;
use kernel::{MAIN_TENANT, session};
use maud::Render;

pub(crate) fn show(shared: &Shared, request: &Incoming) -> Result<Answer> {
    Ok(Answer::Page(Box::new(page(shared, request, String::new(), Vec::new()))))
}

pub(crate) fn sign_in(shared: &Shared, request: &Incoming) -> Result<Answer> {
    let login = request.field("login").unwrap_or("").to_owned();
    match session::sign_in(&shared.kernel, MAIN_TENANT, &login, request.field("secret").unwrap_or("")) {
        Ok(signed_in) => {
            // The session that the browser had before ends: its cookie may be known to somebody.
            let earlier = request.session_token.as_deref().map(|token| session::actor_of_session(&shared.kernel, MAIN_TENANT, token)).transpose()?.flatten();
            if let Some(earlier) = earlier {
                session::sign_out(&shared.kernel, &earlier)?;
            }
            Ok(Answer::SignedIn { token: signed_in.token, to: request.field("next").unwrap_or("/").to_owned() })
        }
        Err(error) => match error.refusal() {
            Some(refusal) => {
                let text = [Some(refusal.message.clone()), refusal.advice.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let status = StatusCode::from_u16(refusal.kind.http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
                let errors = vec![FormError { target: "secret".into(), text }];
                Ok(Answer::Refused(status, Box::new(page(shared, request, login, errors))))
            }
            None => Err(error),
        },
    }
}

pub(crate) fn sign_out(visit: &Visit) -> Result<Answer> {
    session::sign_out(&visit.kernel, &visit.actor)?;
    Ok(Answer::SignedOut)
}

fn page(shared: &Shared, request: &Incoming, login: String, errors: Vec<FormError>) -> Page {
    let next = request.query("next").or_else(|| request.field("next")).unwrap_or("/").to_owned();
    let form = SignIn {
        action: "/sign-in".into(),
        hidden: vec![("next".into(), next)],
        login,
        errors,
        organisation: shared.settings.organisation.clone(),
        notice: shared.settings.notice.clone(),
        ..SignIn::default()
    };
    Page { title: "Sign in".into(), frame: Frame::Bare, body: form.render(), ..Page::default() }
}
