//! The API's reference in the frame of the pages.

use crate::edge::{Answer, Visit};
use crate::shell;
use crate::ui::page::Area;
use base::Result;
use maud::html;

pub(super) fn show(visit: &Visit) -> Result<Answer> {
    let state = api::State::new(visit.kernel.clone(), api::Settings::default());
    let reference = api::reference_page(&state)?;
    Ok(shell::page(visit, "API", Some(Area::Administration), html! { div.api-reference { (reference) } }))
}
