//! The assembly: which domains are in, where the data is, what the commands of the binary do.
//! No rules live here.

pub mod assembly;
pub mod backup;
pub mod cli;
pub mod demo;
pub mod evidence;
mod people;
mod portable;
pub mod reads;
pub mod server;
mod terminal;
mod verification;

/// A release builds millions of small values; the system's allocator took a quarter of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
