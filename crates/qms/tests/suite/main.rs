//! The quality domain through the door, on both engines.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a story that cannot be told on fails there and then")]

mod capa;
mod capa_close;
mod company;
mod complaint;
mod document;
mod document_dates;
mod review;
mod risk;
mod supplier;
