//! Training through the door, on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails there and then")]

mod assign;
mod follow;
mod look;
mod matrix;
mod people;
mod plant;
mod qualify;
mod release;
mod sign;
mod time;
