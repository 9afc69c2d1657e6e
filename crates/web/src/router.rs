//! Every address of the pages, in one table.

use crate::edge::{self, OpenPageFn, PageFn, Settings, Shared};
use crate::{assets, kernel_pages};
use axum::Router;
use axum::extract::{Path, RawPathParams, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use base::limits::UPLOAD_BYTES;
use kernel::Kernel;
use std::sync::Arc;

/// One address: who may ask for it is decided by the page through the kernel.
pub(crate) struct Route {
    pub path: &'static str,
    pub get: Option<PageFn>,
    pub post: Option<PageFn>,
}

pub(crate) const fn shows(path: &'static str, page: PageFn) -> Route {
    Route { path, get: Some(page), post: None }
}

pub(crate) const fn takes(path: &'static str, page: PageFn, change: PageFn) -> Route {
    Route { path, get: Some(page), post: Some(change) }
}

pub(crate) const fn changes(path: &'static str, change: PageFn) -> Route {
    Route { path, get: None, post: Some(change) }
}

/// The pages as a router.
pub fn router(kernel: Kernel, settings: Settings) -> Router {
    let shared = Shared { kernel, settings: Arc::new(settings) };
    let mut router = Router::new()
        .route("/sign-in", open(kernel_pages::sign_in::show).merge(open_post(kernel_pages::sign_in::sign_in)))
        .route("/assets/{stamp}/{name}", get(asset));
    for route in kernel_pages::routes() {
        let mut methods = MethodRouter::new();
        if let Some(page) = route.get {
            methods = methods.get(move |shared: State<Shared>, params: RawPathParams, request: Request| edge::signed_in(page, shared, params, request));
        }
        if let Some(change) = route.post {
            methods = methods.post(move |shared: State<Shared>, params: RawPathParams, request: Request| edge::signed_in(change, shared, params, request));
        }
        router = router.route(route.path, methods);
    }
    router
        .fallback(|shared: State<Shared>, params: RawPathParams, request: Request| edge::signed_in(kernel_pages::nothing_here, shared, params, request))
        .layer(axum::extract::DefaultBodyLimit::max(UPLOAD_BYTES + (1 << 20)))
        .layer(middleware::from_fn(guard))
        .with_state(shared)
}

fn open(page: OpenPageFn) -> MethodRouter<Shared> {
    get(move |shared: State<Shared>, params: RawPathParams, request: Request| edge::open_to_all(page, shared, params, request))
}

fn open_post(page: OpenPageFn) -> MethodRouter<Shared> {
    post(move |shared: State<Shared>, params: RawPathParams, request: Request| edge::open_to_all(page, shared, params, request))
}

/// Every address of the pages: whether it shows something, whether it changes something. For walking
/// over all of them.
pub fn addresses() -> Vec<(&'static str, bool, bool)> {
    let open = [("/sign-in", true, true), ("/assets/{stamp}/{name}", true, false)];
    open.into_iter().chain(kernel_pages::routes().into_iter().map(|route| (route.path, route.get.is_some(), route.post.is_some()))).collect()
}

async fn asset(Path((_stamp, name)): Path<(String, String)>) -> Response {
    match assets::find(&name) {
        Some(asset) => (
            [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What every answer says to the browser: nothing from elsewhere, nothing inline, no frames.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                  form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
