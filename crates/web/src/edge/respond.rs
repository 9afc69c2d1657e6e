//! How an answer goes out: status, headers, cookies.

use super::{Answer, FLASH_COOKIE, FRAGMENT};
use api::edge as http;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;

/// Where a module goes that sent a form from a dialog: it cannot see where a redirect leads.
const GO: &str = "plumb-go";

/// How an answer goes out, besides what it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    pub secure: bool,
    pub had_flash: bool,
    pub in_dialog: bool,
}

pub(super) fn respond(answer: Answer, how: How) -> Response {
    let mut cookies = Vec::new();
    if how.had_flash && !matches!(answer, Answer::Go { .. } | Answer::Fragment(..)) {
        cookies.extend(http::cookie(FLASH_COOKIE, "", Some(0), how.secure));
    }
    let mut response = match answer {
        Answer::Page(page) => html(StatusCode::OK, maud::Render::render(&*page)),
        Answer::Refused(status, page) => html(status, maud::Render::render(&*page)),
        Answer::Fragment(status, markup) => html(status, markup),
        Answer::Json(value) => ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response(),
        Answer::Go { to, flash } => {
            if let Some(flash) = flash {
                cookies.extend(http::cookie(FLASH_COOKIE, &crate::text::encode(&flash), Some(60), how.secure));
            }
            if how.in_dialog { (StatusCode::NO_CONTENT, [(GO, own_address(&to).to_owned())]).into_response() } else { see_other(&to) }
        }
        Answer::SignedIn { token, to } => {
            cookies.extend(http::session_cookie(&token, how.secure));
            see_other(&to)
        }
        Answer::SignedOut => {
            cookies.extend(http::session_cookie_gone(how.secure));
            see_other("/sign-in")
        }
        Answer::Content { address } => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Answer::File { name, media_type, bytes } => {
            let disposition = format!("attachment; filename*=UTF-8''{}", crate::text::encode(&name));
            ([(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, disposition)], Body::from(bytes)).into_response()
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(FRAGMENT));
    for value in cookies {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn html(status: StatusCode, markup: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, own_address(to).to_owned())]).into_response()
}

/// Only addresses of our own: anything else would be an open redirect. Browsers take a backslash for
/// a slash and leave tabs and line ends out, so that `/<tab>/evil.example` would lead away.
fn own_address(to: &str) -> &str {
    let plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain && to.starts_with('/') && !to.starts_with("//") { to } else { "/" }
}
