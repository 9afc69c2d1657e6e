//! The plm domain in a test company, on both engines.

mod applying;
mod company;
mod design;
mod importing;
mod lines;
mod orders;
mod reading;
mod releasing;
mod requests;
