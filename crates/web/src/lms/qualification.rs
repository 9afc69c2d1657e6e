//! A qualification: whether the person may do the task now, and what is missing.

use super::person::standing;
use crate::edge::Visit;
use crate::kernel_pages::record::Known;
use crate::text::link;
use crate::ui::record::blocks;
use crate::ui::{BlockLine, Section};
use base::Result;
use lms::qualification::status;
use maud::html;

pub(crate) fn sections(visit: &Visit, known: &Known) -> Result<Vec<Section>> {
    let at = known.past.as_ref().map_or_else(|| visit.kernel.now(), |past| past.at);
    let (catalog, record) = (std::sync::Arc::clone(&visit.catalog), known.record.clone());
    let found = visit.read(move |tx| status(tx, &catalog, &record, at))?;
    let missing: Vec<BlockLine> = found.missing.iter().map(|missing| BlockLine { text: missing.why.clone(), links: vec![link(&missing.document)], rule: String::new() }).collect();
    let body = html! {
        p { (standing(found.standing)) " " @match found.standing {
            lms::qualification::Standing::Current => "The person may perform the task.",
            lms::qualification::Standing::NotCurrent => "The person may not perform the task until this is cleared:",
            lms::qualification::Standing::NotSignedOff => "A supervisor observes the work, writes down what was seen and signs.",
            lms::qualification::Standing::Withdrawn => "The person may not perform the task.",
        } }
        @if !missing.is_empty() { (blocks(&missing)) }
        @if !found.coming.is_empty() {
            h3 { "Will be needed" }
            ul.rows { @for document in &found.coming { li { span.grow { (link(document)) } span.end { "not signed yet" } } } }
        }
    };
    Ok(vec![Section { id: "standing".into(), title: "May the person do this?".into(), body, ..Section::default() }])
}
