//! The pages as a browser without scripts sees them: every page answers, every form on it works,
//! and what a person must find in few clicks is there.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails there and then")]

mod administration;
mod browser;
mod company;
mod damage;
mod dialogs;
mod personal;
mod reading;
mod reference;
mod signed;
mod signing;
mod story;
