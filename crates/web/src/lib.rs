//! Pages, rendered on the server.
//!
//! `ui` holds the components every page is made of, `assets` the style sheet and the modules,
//! `edge` turns a request into a [`edge::Visit`] and an answer into a response. A page is a plain
//! function from a visit to an answer; it reads through the kernel's read functions and changes
//! things only by commands. `kernel_pages` are the same for every kind; `plm`, `lms`, `qms`,
//! `inspect` and `admin` hold the pages that are made for one thing.

mod admin;
pub mod assets;
mod content;
mod domain;
mod edge;
mod inspect;
mod kernel_pages;
mod lms;
mod plm;
mod qms;
mod router;
mod shell;
mod text;
pub mod ui;

pub use content::content_router;
pub use edge::Settings;
pub use router::{addresses, router};
