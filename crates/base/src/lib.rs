//! What every room needs and none owns: time, identifiers, digests, errors, limits, text folding.
//!
//! Nothing here touches a database, the network or a file. Clock and randomness are traits, so
//! that every rule above can be decided with a fixed time and fixed identifiers.

pub mod digest;
pub mod error;
pub mod hex;
pub mod id;
pub mod limits;
pub mod outbound;
pub mod quantity;
pub mod text;
pub mod time;

pub use digest::Digest;
pub use error::{Blocker, Error, RecordRef, Refusal, RefusalKind, Result};
pub use id::{IdSource, SeededIds, SystemIds};
pub use time::{Clock, Date, FixedClock, SystemClock, Timestamp};
