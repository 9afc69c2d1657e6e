//! Pages, rendered on the server.
//!
//! `ui` holds the components every page is made of, `assets` the style sheet, the modules and
//! their addresses.

pub mod assets;
pub mod ui;
