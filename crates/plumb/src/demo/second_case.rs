//! A second case, left half way.

use super::company::{Company, text};
use base::Result;
use serde_json::json;

/// A second case half way, so that a newcomer has something to do.
pub fn tell(company: &Company, part: &str) -> Result<()> {
    let fields = json!({
        "aware_on": company.date_in(-1)?,
        "reporter": "service",
        "reporter_country": "United States",
        "product_number": part,
        "lot_or_serial": "LV-2026-0127",
        "event_date": company.date_in(-3)?,
        "description": "The intake filter was mounted the wrong way round after service; the flow alarm came on at the first test.",
        "harm": "none",
    });
    let complaint = company.create("g.bianchi", "complaint", "Intake filter mounted the wrong way round", fields, json!({ "site": "BLQ" }))?;
    company.link("g.bianchi", &complaint, "concerns", &company.named("part", part)?.id)?;
    company.step("g.bianchi", &complaint, "evaluate")?;
    let fields = json!({
        "source": "complaint",
        "nature": "corrective",
        "problem": "The intake filter can be mounted the wrong way round.",
        "containment": "Service is told to check the arrow on the frame.",
    });
    let links = json!([{ "link": "addresses", "target": complaint }]);
    let capa = company.create("g.bianchi", "capa", "Intake filter that fits one way only", fields, json!({ "links": links, "site": "BLQ" }))?;
    company.run("g.bianchi", "decision.take", json!({ "record": capa, "tree": "capa_needed", "answers": { "harm": "yes" } }))?;
    company.step("g.bianchi", &capa, "investigate")?;
    company.edit(
        "g.bianchi",
        &capa,
        json!({
            "root_cause_method": "is_is_not",
            "root_cause": "The frame of the filter is symmetrical; only a printed arrow shows the direction.",
            "action_plan": "Change to a keyed frame (change order); revise the incoming inspection.",
            "effectiveness_metric": "Filters found mounted the wrong way round",
            "effectiveness_threshold": "0 in 60 days",
            "effectiveness_window_days": 60,
        }),
    )?;
    company.step("g.bianchi", &capa, "submit_plan")?;
    company.sign_step("m.ortiz", &capa, "approve_plan")?;
    let fields = json!({ "reason": "The intake filter can be mounted the wrong way round.", "description": "Keyed filter frame; incoming inspection checks the key.", "change_class": "minor" });
    let order = company.create("l.ferri", "change_order", "Keyed intake filter", fields, json!({}))?;
    company.link("g.bianchi", &capa, "implemented_by", &order)?;
    for (kind, number) in [("part", part), ("procedure", "PR-0002")] {
        let effective = company.named(kind, number)?;
        company.run("l.ferri", "change_order.add_affected", json!({ "order": order, "record": effective.id }))?;
        let revised = company.latest(&effective)?;
        let fields = if kind == "part" { json!({ "description": "Frame with a key: fits one way only." }) } else { json!({ "summary_of_changes": "The key of the filter frame is checked." }) };
        company.edit("l.ferri", &revised.id, fields)?;
    }
    company.step("l.ferri", &order, "submit")?;
    text(&company.sign_step("m.rossi", &order, "approve")?, "id").map(|_| ())
}
