//! The second origin: what people uploaded, shown by the browser where it can do no harm.
//!
//! No cookie is sent to it and none is set. A file is had only with a token that the first origin
//! made for one person and one file, good for a few minutes; whatever the file tries to run runs in
//! a sandbox without an origin.

use api::edge::{Gate, run_blocking};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kernel::Kernel;
use kernel::attachment;

/// Media types that a browser shows by itself; everything else is downloaded.
pub(crate) const SHOWN: [&str; 6] = ["application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"];

/// The routes of the content origin; `gate` is the one of the pages and the API.
pub fn content_router(kernel: Kernel, gate: Gate) -> Router {
    Router::new().route("/file/{token}", get(file)).with_state((kernel, gate))
}

async fn file(State((kernel, gate)): State<(Kernel, Gate)>, Path(token): Path<String>) -> Response {
    let found = match run_blocking(&gate, move || Ok(attachment::open_token(&kernel, &token))).await {
        Ok(found) => found,
        Err(problem) => return (problem.status(), problem.detail().to_owned()).into_response(),
    };
    let Ok(file) = found else {
        return (StatusCode::NOT_FOUND, "This address is not good any more. Open the file again from its record.").into_response();
    };
    let shown = SHOWN.contains(&file.media_type.as_str());
    let media_type = if shown { file.media_type.as_str() } else { "application/octet-stream" };
    let kind = if shown { "inline" } else { "attachment" };
    let disposition = format!("{kind}; filename*=UTF-8''{}", crate::text::encode(&file.name));
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], file.bytes).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
