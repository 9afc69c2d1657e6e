//! Suppliers and what they are approved for (ISO 13485 7.4.1).

mod kind;
mod lifecycle;

pub use kind::kind;
