//! One's own password and API tokens.

use crate::edge::{Answer, Visit, status_of};
use crate::shell;
use crate::text::when;
use crate::ui::{Banner, BannerKind, Cell, DataTable, EmptyState, Form, FormError, FormGroup, Icon, Input, InputKind, Link, Menu, MenuItem, PageHead, Submit};
use base::limits::PASSWORD_CHARS_MIN;
use base::{Error, Result};
use maud::{Markup, html};
use serde_json::json;

pub(crate) fn show_password(visit: &Visit) -> Result<Answer> {
    Ok(shell::page(visit, "Change password", None, password_body(visit, Vec::new())))
}

pub(crate) fn change_password(visit: &Visit) -> Result<Answer> {
    let request = &visit.request;
    let input = json!({ "current_password": request.field("current_password").unwrap_or(""), "password": request.field("password").unwrap_or("") });
    let done = if request.field("password") == request.field("again") {
        visit.run("password.change", input)
    } else {
        Err(Error::invalid("again", "not_the_same", "the two new passwords differ"))
    };
    match done {
        Ok(_) => Ok(Answer::Go { to: "/".into(), flash: Some("Your password is changed.".into()) }),
        Err(error) => match error.refusal() {
            Some(refusal) => {
                let target = match refusal.place.as_deref() {
                    Some(place) => format!("f-{place}"),
                    None => "f-current_password".into(),
                };
                let errors = vec![FormError { target, text: crate::text::capital(&refusal.message) }];
                let page = shell::framed(visit, "Change password", None, password_body(visit, errors));
                Ok(Answer::Refused(status_of(&error), Box::new(page)))
            }
            None => Err(error),
        },
    }
}

fn password_body(visit: &Visit, errors: Vec<FormError>) -> Markup {
    let secret = |name: &str, label: &str, autocomplete: &'static str, help: String| Input {
        required: true,
        help,
        ..Input::new(name, label, InputKind::Secret { autocomplete })
    };
    let form = Form {
        id: "password".into(),
        action: "/password".into(),
        hidden: vec![("key".into(), base::id::edge_id())],
        errors,
        groups: vec![FormGroup {
            inputs: vec![
                secret("current_password", "Present password", "current-password", String::new()),
                secret("password", "New password", "new-password", format!("At least {PASSWORD_CHARS_MIN} characters; a short sentence works well.")),
                secret("again", "New password once more", "new-password", String::new()),
            ],
            ..FormGroup::default()
        }],
        submit: Submit::new("Change password"),
        cancel: (!visit.actor.must_change_password()).then(|| Link::new("/", "Cancel")),
        ..Form::default()
    };
    html! {
        (PageHead { title: "Change password".into(), ..PageHead::default() })
        @if visit.actor.must_change_password() {
            div.banners {
                (Banner { kind: BannerKind::Info, title: "Choose your own password first".into(), text: "The present one was set by somebody else. Only you may know the secret you sign with.".into(), ..Banner::default() })
            }
        }
        (form)
    }
}

pub(crate) fn show_tokens(visit: &Visit) -> Result<Answer> {
    Ok(shell::page(visit, "My API tokens", None, token_body(visit, None)?))
}

pub(crate) fn make_token(visit: &Visit) -> Result<Answer> {
    let days: i64 = visit.request.need("days")?.trim().parse().map_err(|_| Error::invalid("days", "wrong_type", "the number of days is a whole number"))?;
    let outcome = visit.run("token.create", json!({ "name": visit.request.need("name")?, "days": days }))?;
    let token = outcome.result.get("token").and_then(serde_json::Value::as_str).map(str::to_owned);
    Ok(shell::page(visit, "My API tokens", None, token_body(visit, token)?))
}

pub(crate) fn revoke_token(visit: &Visit) -> Result<Answer> {
    visit.run("token.revoke", json!({ "token": visit.request.param("token") }))?;
    Ok(Answer::Go { to: "/tokens".into(), flash: Some("The token is revoked.".into()) })
}

fn token_body(visit: &Visit, made: Option<String>) -> Result<Markup> {
    let (tenant, person, zone) = (visit.tenant().to_owned(), visit.actor.person().to_owned(), visit.actor.zone().to_owned());
    let tokens = visit.read(move |tx| kernel::person::tokens_of(tx, &tenant, &person))?;
    let rows: Vec<Vec<Cell>> = tokens
        .iter()
        .map(|token| {
            let revoke = MenuItem::Post {
                label: "Revoke".into(),
                action: format!("/tokens/{}/revoke", token.id),
                hidden: vec![("key".into(), base::id::edge_id())],
                icon: Some(Icon::Close),
                danger: true,
            };
            let menu = Menu { label: format!("Actions for {}", token.name), icon_only: true, icon: Some(Icon::More), small: true, quiet: true, items: vec![revoke], ..Menu::default() };
            vec![
                Cell::text(token.name.clone()),
                Cell::When(when(token.made_at, &zone)),
                Cell::When(when(token.expires_at, &zone)),
                Cell::Markup(html! { (menu) }),
            ]
        })
        .collect();
    let form = Form {
        id: "token".into(),
        action: "/tokens".into(),
        hidden: vec![("key".into(), base::id::edge_id())],
        groups: vec![FormGroup {
            title: "New token".into(),
            help: "A token acts for you in programs. It can never sign.".into(),
            inputs: vec![
                Input { required: true, help: "What it is for.".into(), ..Input::new("name", "Name", InputKind::Line) },
                Input { required: true, value: "90".into(), ..Input::new("days", "Good for", InputKind::Integer { min: Some(1), max: Some(366), unit: "days".into() }) },
            ],
            ..FormGroup::default()
        }],
        submit: Submit::new("Make the token"),
        ..Form::default()
    };
    let columns = ["Name", "Made", "Good until", ""].map(|label| (label.to_owned(), false)).into();
    Ok(html! {
        (PageHead { title: "My API tokens".into(), ..PageHead::default() })
        @if let Some(token) = made {
            div.banners { div.banner.good role="status" { (Icon::Key) p.banner-title { "Your new token, shown only now" } p.banner-body { code.token { (token) } } } }
        }
        @if rows.is_empty() {
            (EmptyState { title: "No token yet".into(), text: "Make one for a script or another system.".into(), ..EmptyState::default() })
        } @else {
            (DataTable { label: "API tokens".into(), columns, rows, totals: Vec::new() })
        }
        (form)
    })
}
