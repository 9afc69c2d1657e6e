//! Administration: who may do what, the configuration and what it changes, the first steps of a
//! new company, the API.

mod api;
pub(crate) mod configuration;
pub(crate) mod first_steps;
mod roles;

use crate::router::{Route, shows};

pub(crate) fn routes() -> Vec<Route> {
    vec![shows("/admin/roles", roles::show), shows("/admin/configuration", configuration::show), shows("/api-reference", api::show)]
}
