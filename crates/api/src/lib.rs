//! The JSON API: `/api/v1`, its OpenAPI document, health and counters.
//!
//! Every endpoint is declared once ([`endpoint::Endpoint`]); the router, the document, the
//! reference page and the tests that walk over all endpoints derive from that table. The record
//! endpoints serve whatever kinds and commands the catalog in force knows, so a new kind needs
//! nothing here. [`edge`] holds what the pages need too.

mod call;
mod dispatch;
pub mod edge;
pub mod endpoint;
mod extra;
mod handlers;
mod metrics;
pub mod openapi;
mod reference;
mod render;
mod state;

pub use dispatch::router;
pub use extra::{Params, ReadAnswer, ReadEndpoint, ReadFn};
pub use metrics::Metrics;
pub use reference::reference_page;
pub use state::{Bounds, Settings, State};
