//! What the domains add to the pages: sections and actions of their kinds, pages of their own.

use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::router::Route;
use crate::ui::{MenuItem, Section};
use base::Result;

/// Sections between a record's content and its links.
pub(crate) fn sections(_visit: &Visit, _known: &Known) -> Result<Vec<Section>> {
    Ok(Vec::new())
}

/// Entries of the "More" menu.
pub(crate) fn actions(_known: &Known) -> Vec<MenuItem> {
    Vec::new()
}

/// Pages of the domains.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
