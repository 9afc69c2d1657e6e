//! What tests share: both engines, a company to work in, stories.
#![expect(clippy::expect_used, reason = "a test that cannot be set up fails there and then")]

pub mod cluster;
pub mod engines;
pub mod mail;
pub mod s3;
pub mod stop;
pub mod hostile;
pub mod world;
