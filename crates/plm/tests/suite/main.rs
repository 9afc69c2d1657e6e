//! The plm domain in a test company, on both engines.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails says where")]

mod applying;
mod company;
mod design;
mod importing;
mod lines;
mod orders;
mod reading;
mod releasing;
mod requests;
