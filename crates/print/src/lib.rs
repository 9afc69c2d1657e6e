//! What leaves the record for human eyes besides pages: drawings as SVG, the same picture on the
//! page and in print.

pub mod draw;
