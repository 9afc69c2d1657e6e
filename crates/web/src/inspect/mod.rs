//! The inspector's pages: a story from one record through everything it led to, each claim with
//! its evidence one click away.

mod bundle;
mod checks;
mod claims;
mod evidence;
mod follow;
mod story;

use crate::router::{Route, changes, shows, takes};

pub(crate) fn routes() -> Vec<Route> {
    vec![shows("/story/{record}", story::show), shows("/evidence", evidence::show), changes("/evidence/check", evidence::check), shows("/evidence/check/{check}", evidence::check_progress), takes("/r/{kind}/{number}/evidence", bundle::show, bundle::take)]
}
