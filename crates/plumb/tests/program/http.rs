//! Requests over real HTTP, as any program sends them.

use serde_json::Value as Json;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie that was set, as it is sent back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}

/// Sends one request; an error status is an answer like any other, no answer at all an error.
pub fn send(method: &str, url: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Reply, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(120))).build().into();
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut answer = if method == "GET" { agent.run(request.body(()).unwrap())? } else { agent.run(request.body(body).unwrap())? };
    let body = answer.body_mut().read_to_string()?;
    Ok(Reply { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
}

/// The headers of a JSON body, and the body.
pub fn json(mut headers: Vec<(&'static str, String)>, body: &Json) -> (Vec<(&'static str, String)>, Vec<u8>) {
    headers.push(("content-type", "application/json".to_owned()));
    (headers, body.to_string().into_bytes())
}
