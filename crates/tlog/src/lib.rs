//! A transparency log in the public formats, as pure functions: the Merkle tree of RFC 6962, and
//! the tiles, checkpoints and signed notes of the C2SP (tlog-tiles, tlog-checkpoint, signed-note).
//!
//! Any program that knows these formats can check what Plumb publishes; nothing of Plumb is needed
//! for it. Where hashes are kept, who signs when, and where checkpoints are anchored is decided
//! elsewhere.

pub mod checkpoint;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
