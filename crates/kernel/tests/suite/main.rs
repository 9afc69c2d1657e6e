//! The kernel's own behaviour, on both engines where there is a database in it.

mod catalog;
mod decisions;
mod hooks;
mod sign_in;
mod steps;
mod packages;
