//! Requests as any program sends them. No answer is an outcome of its own: the server may have done
//! the work or not.

use serde_json::Value as Json;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// A client waits this long at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

/// A request that can be sent again as it is.
#[derive(Debug, Clone)]
pub struct Sending {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Sending {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn json(method: &'static str, path: impl Into<String>, body: &Json) -> Self {
        Self { method, path: path.into(), headers: vec![("content-type", "application/json".to_owned())], body: body.to_string().into_bytes() }
    }

    pub fn with(mut self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

/// Keeps connections open between requests.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    origin: String,
}

impl Client {
    pub fn new(origin: &str) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        Self { agent, origin: origin.to_owned() }
    }

    /// Sends it; nothing where no whole answer came.
    pub fn send(&self, sending: &Sending) -> Option<Answer> {
        let mut request = Request::builder().method(sending.method).uri(format!("{}{}", self.origin, sending.path));
        for (name, value) in &sending.headers {
            request = request.header(*name, value);
        }
        let mut answer = if sending.method == "GET" {
            self.agent.run(request.body(()).ok()?).ok()?
        } else {
            self.agent.run(request.body(sending.body.as_slice()).ok()?).ok()?
        };
        let bytes = answer.body_mut().with_config().limit(1 << 30).read_to_vec().ok()?;
        Some(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes })
    }
}
