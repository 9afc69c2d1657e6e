//! Whether the record holds: a real server is killed, loses its power, and is asked for the same
//! thing from many sides at once, and afterwards everything that it acknowledged must be there.
//!
//! The server is a black box (`plumb` as a process, HTTP, files); nothing of its code is used.
//!
//! * [`crash`]: `kill -9` at random moments under several writers
//! * [`power`]: the disk as it may look after the power went, for many moments of a recorded run
//! * [`races`]: lost update, approve and edit, double signature: exactly one wins
//! * [`failover`]: several nodes and a cluster of PostgreSQL, parts of which go away under load
//!
//! Short forms run with the tests (`crates/plumb/tests/durability.rs`), long ones with `make soak`.
//! All randomness comes from a seed that is printed.

pub mod chance;
pub mod company;
pub mod crash;
pub mod disk;
pub mod failover;
pub mod ground;
pub mod http;
pub mod power;
pub mod races;
pub mod server;
pub mod work;

use base::Error;

/// Something that must not be: the run ends with it and names it.
pub fn violation(text: impl Into<String>) -> Error {
    Error::Internal(text.into())
}
