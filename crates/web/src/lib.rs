//! Pages, rendered on the server.
//!
//! `ui` holds the components every page is made of, `assets` the style sheet and the modules,
//! `edge` turns a request into a [`edge::Visit`] and an answer into a response. A page is a plain
//! function from a visit to an answer; it reads through the kernel's read functions and changes
//! things only by commands.

pub mod assets;
mod content;
mod domain;
mod edge;
mod kernel_pages;
mod router;
mod shell;
mod text;
pub mod ui;

pub use content::content_router;
pub use edge::Settings;
pub use router::router;
