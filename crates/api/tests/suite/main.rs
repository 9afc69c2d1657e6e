//! The API through its router, in process, on both engines.

mod access;
mod document;
mod files;
mod input;
mod reading;
mod schema;
mod service;
mod session;
mod signing;
mod support;
mod walk;
