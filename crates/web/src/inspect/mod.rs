//! The inspector's pages: a story from one record through everything it led to, each claim with
//! its evidence one click away.

mod claims;
mod evidence;
mod follow;
mod story;

use crate::router::{Route, shows};

pub(crate) fn routes() -> Vec<Route> {
    vec![shows("/story/{record}", story::show), shows("/evidence", evidence::show)]
}
