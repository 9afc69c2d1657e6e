//! What the router works with.

use crate::edge::Gate;
use crate::extra::ReadEndpoint;
use crate::metrics::Metrics;
use base::limits::{BLOCKING_WAIT_SECONDS, BODY_SECONDS, NDJSON_ROWS, UPLOAD_SECONDS, UPLOADS_AT_ONCE};
use kernel::Kernel;
use std::sync::Arc;
use std::time::Duration;

/// How this server is reached and what it shows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cookies are sent over HTTPS only.
    pub secure_cookies: bool,
    /// The address under which people reach this server, such as `https://plumb.example.com`;
    /// `None`: whatever host the request names.
    pub public_origin: Option<String>,
    /// Whether this router answers `/api` with a plain page of its own; off where the pages wrap
    /// [`crate::reference_page`] themselves.
    pub reference_page: bool,
}

/// How much one request may take; tests set them low to stand at the limit.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Rows of one NDJSON answer.
    pub line_rows: usize,
    /// The body of a request arrives within so many seconds.
    pub body_seconds: u64,
    /// An uploaded file arrives within so many seconds.
    pub upload_seconds: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { line_rows: NDJSON_ROWS, body_seconds: BODY_SECONDS, upload_seconds: UPLOAD_SECONDS }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { secure_cookies: false, public_origin: None, reference_page: true }
    }
}

/// Turns for what lasts as long as the client's line is slow; as many wait as are worked on.
fn transfers() -> Gate {
    Gate::of(UPLOADS_AT_ONCE, UPLOADS_AT_ONCE, Duration::from_secs(BLOCKING_WAIT_SECONDS))
}

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct State {
    pub kernel: Kernel,
    pub settings: Arc<Settings>,
    pub bounds: Bounds,
    /// Turns for blocking work; shared with the pages, which work on the same database.
    pub gate: Gate,
    /// Turns for uploads and downloads, which last as long as the client's line is slow.
    pub transfers: Gate,
    pub metrics: Arc<Metrics>,
    /// Reads that the domains declare.
    pub extra: Arc<Vec<ReadEndpoint>>,
}

impl State {
    pub fn new(kernel: Kernel, settings: Settings) -> Self {
        Self {
            kernel,
            settings: Arc::new(settings),
            bounds: Bounds::default(),
            gate: Gate::default(),
            transfers: transfers(),
            metrics: Arc::default(),
            extra: Arc::default(),
        }
    }

    /// With the reads of the domains.
    pub fn with(mut self, extra: Vec<ReadEndpoint>) -> Self {
        self.extra = Arc::new(extra);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_api_013_so_many_uploads_run_and_wait_and_one_past_them_is_refused() {
        crate::edge::gate::tests::stands_at(&transfers(), UPLOADS_AT_ONCE, UPLOADS_AT_ONCE, BLOCKING_WAIT_SECONDS);
    }

    /// What happens at a bound and past it is shown with small ones (`tests/suite`); these are the ones
    /// that a server has.
    #[test]
    fn frs_api_008_frs_api_017_a_server_waits_and_lists_until_the_named_limits() {
        let bounds = Bounds::default();
        assert_eq!((bounds.line_rows, bounds.body_seconds, bounds.upload_seconds), (NDJSON_ROWS, BODY_SECONDS, UPLOAD_SECONDS));
    }
}
