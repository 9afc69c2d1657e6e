//! Refusals as the API says them: RFC 9457 problems.

use super::RequestId;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base::limits::SIGN_IN_WAIT_SECONDS;
use base::{Blocker, Error};
use serde_json::{Map, Value as Json, json};

/// The media type of a problem (RFC 9457).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client waits before it asks again after a 503, in seconds.
const RETRY_AFTER_SECONDS: u64 = 1;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: String,
    detail: String,
    place: Option<String>,
    blockers: Vec<Blocker>,
    advice: Option<String>,
    /// The methods of an address, for a 405.
    allow: Option<String>,
    /// For a 429.
    retry_after_seconds: Option<u64>,
    /// For the log only.
    hidden: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            place: None,
            blockers: Vec::new(),
            advice: None,
            allow: None,
            retry_after_seconds: None,
            hidden: None,
        }))
    }

    /// A fault of ours: the text goes to the log, the client is told nothing of it.
    pub fn internal(text: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.");
        problem.0.advice = Some("Nothing was changed. Try again; if it stays, tell your administrator the request id.".to_owned());
        problem.0.hidden = Some(text.to_string());
        problem
    }

    /// Too much at once: the same request may succeed in a moment.
    pub fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).advise("Send the same request again in a moment.")
    }

    /// An address that knows other methods.
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("This address answers to {allow} only."));
        problem.0.allow = Some(allow.to_owned());
        problem
    }

    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.place = Some(place.into());
        self
    }

    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    pub fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    pub fn blockers(&self) -> &[Blocker] {
        &self.0.blockers
    }

    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// Writes what must not be shown to the log, once, where the request is answered.
    pub fn log(&self, request: &RequestId) {
        if let Some(hidden) = &self.0.hidden {
            tracing::error!(request_id = request.as_str(), code = %self.0.code, "{hidden}");
        }
    }

    /// The members of the problem.
    pub fn to_json(&self, request: &RequestId) -> Json {
        let parts = &self.0;
        let mut members = Map::new();
        let mut set = |name: &str, value: Json| members.insert(name.to_owned(), value);
        set("type", json!(format!("urn:plumb:problem:{}", parts.code)));
        set("title", json!(title(parts.status)));
        set("status", json!(parts.status.as_u16()));
        set("detail", json!(parts.detail));
        set("code", json!(parts.code));
        set("request_id", json!(request.as_str()));
        if let Some(place) = &parts.place {
            set("place", json!(place));
        }
        if !parts.blockers.is_empty() {
            set("blockers", json!(parts.blockers));
        }
        if let Some(advice) = &parts.advice {
            set("advice", json!(advice));
        }
        Json::Object(members)
    }

    /// The whole answer.
    pub fn into_response(self, request: &RequestId) -> Response {
        self.log(request);
        let mut response = Response::new(Body::from(self.to_json(request).to_string()));
        *response.status_mut() = self.0.status;
        self.set_headers(&mut response);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }

    /// The headers that belong to the status, for an answer that is shown another way (a page).
    pub fn set_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        match self.0.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Plumb\""));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.0.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS)));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = self.0.retry_after_seconds.unwrap_or(SIGN_IN_WAIT_SECONDS.unsigned_abs());
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        if let Some(allow) = self.0.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
    }
}

/// What the status means, for people.
fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request cannot be read",
        401 => "Not signed in",
        403 => "Not permitted",
        404 => "Not found",
        405 => "Method not allowed",
        408 => "The request did not arrive in time",
        409 => "Refused",
        412 => "Changed meanwhile",
        413 => "Too large",
        414 => "Address too long",
        415 => "Wrong content type",
        422 => "A value is wrong",
        428 => "A version is needed",
        429 => "Too many attempts",
        503 => "Not now",
        507 => "No room left",
        _ => "Internal error",
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let status = StatusCode::from_u16(refusal.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut problem = Self::new(status, &refusal.code, refusal.message);
                problem.0.place = refusal.place;
                problem.0.blockers = refusal.blockers;
                problem.0.advice = refusal.advice;
                problem.0.retry_after_seconds = refusal.retry_after_seconds;
                problem
            }
            Error::Transient(text) | Error::InDoubt(text) => {
                let mut problem = Self::busy("The database is busy or changing over.");
                problem.0.hidden = Some(text);
                problem.advise("Send the same request again, with the same idempotency key.")
            }
            Error::Internal(text) => Self::internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_api_006_an_internal_error_tells_the_client_nothing_of_its_text() {
        let secret = "select sec_hash from credential";
        let problem = Problem::from(Error::internal(secret));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let shown = problem.to_json(&RequestId::make()).to_string();
        assert!(!shown.contains(secret), "{shown}");
        assert!(shown.contains("request_id"));
    }

    #[test]
    fn frs_api_006_a_passing_fault_asks_to_come_again_and_hides_its_text() {
        let problem = Problem::from(Error::Transient("deadlock on row 7".to_owned()));
        let request = RequestId::make();
        assert!(!problem.to_json(&request).to_string().contains("row 7"));
        let response = problem.into_response(&request);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
    }
}
