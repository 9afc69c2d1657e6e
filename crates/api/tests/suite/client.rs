//! A client that talks to a router in process.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Method, Request};
use serde_json::Value as Json;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::ServiceExt;

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Ask {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn json(self, body: Json) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub fn bytes(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with("content-type", media_type)
    }

    pub fn key(self, key: &str) -> Self {
        self.with("idempotency-key", key)
    }

    pub fn version(self, version: i64) -> Self {
        self.with("if-match", format!("\"{version}\""))
    }

    pub fn token(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    /// As our own pages send it.
    pub fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie).with("sec-fetch-site", "same-origin")
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Code and place of a problem.
    pub fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        let text = |name: &str| problem[name].as_str().unwrap_or("").to_owned();
        assert_eq!(problem["status"], self.status);
        (self.status, text("code"), text("place"))
    }

    pub fn rows(&self) -> Vec<Json> {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()["rows"].as_array().unwrap().clone()
    }
}

/// Talks to a router in process.
pub struct Client {
    router: Router,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    pub fn new(router: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { router, runtime }
    }

    pub fn send(&self, ask: Ask) -> Reply {
        let body = Body::from(ask.body.clone());
        self.send_with(ask, body)
    }

    /// Sends everything but the end of the body, which never comes.
    pub fn send_stalled(&self, ask: Ask) -> Reply {
        self.send_with(ask, Body::new(Stalled))
    }

    fn send_with(&self, ask: Ask, body: Body) -> Reply {
        let mut request = Request::builder().method(ask.method).uri(ask.path).header("host", "plumb.test");
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let request = request.body(body).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }
}

/// A body that never comes to its end.
struct Stalled;

impl HttpBody for Stalled {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<http_body::Frame<Bytes>>>> {
        Poll::Pending
    }
}
