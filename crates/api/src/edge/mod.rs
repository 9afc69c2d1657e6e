//! The edge: what stands between HTTP and the synchronous core, for the API and for the pages.
//!
//! [`listener`] takes the connections. Everything else is about one request: who asks ([`credentials`]), whether the page that asks is
//! ours ([`origin`]) and its address too ([`host`]), the body and its limits ([`body`], [`json`], [`query`]), handing over to a
//! thread that may block ([`gate`]), and how refusals ([`problem`]) and headers ([`headers`]) look.

pub mod address;
pub mod body;
pub mod credentials;
pub mod file;
pub mod gate;
pub mod guesses;
pub mod headers;
pub mod host;
pub mod json;
pub mod listener;
pub mod origin;
pub mod problem;
pub mod query;
mod shares;

pub use address::Address;
pub use credentials::{Credentials, SESSION_COOKIE, authenticate, cookie, cookies, session_cookie, session_cookie_gone, session_token};
pub use gate::{Gate, run_blocking, run_blocking_for};
pub use guesses::limit_sign_ins;
pub use headers::{Policy, secure};
pub use host::only_for_us;
pub use listener::{Connections, serve};
pub use origin::check_same_origin;
pub use problem::Problem;

/// The identifier of one request: in the log, in every problem and in the header `Plumb-Request-Id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new one. An identifier from outside is not taken over: it could be anybody's.
    pub fn make() -> Self {
        Self(base::id::edge_id())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
