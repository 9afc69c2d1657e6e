//! A disk that remembers: what a server wrote below a folder, in its order, with the moments at
//! which something was made durable.

mod recording;
mod state;

pub use recording::{Entry, Recorder, Recording};
pub use state::{Disk, Loss, Names};
