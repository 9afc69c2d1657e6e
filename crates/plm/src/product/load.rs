//! Reading structures from the rows.

use super::{Line, Part, Source, Structure};
use crate::part::{SourceStatus, split_designators};
use crate::structure::graph::{Edge, Graph};
use base::quantity::{Quantity, Unit};
use base::{Error, Result, Timestamp};
use db::{Query, Read, Row, sql};
use kernel::kind::Phase;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What counts now.
pub(super) fn now(tx: &mut dyn Read, tenant: &str) -> Result<Structure> {
    let lines = tx.query(
        sql(
            "select l.line_uid, l.parent, l.parent_item, l.child_item, l.find_number, l.quantity, l.unit, l.designators, l.note
             from bom_line l join item i on i.tenant = l.tenant and i.id = l.parent_item
             join record p on p.tenant = l.tenant and p.id = l.parent
             where l.tenant = $1 and l.to_at is null and l.parent = coalesce(i.effective, i.latest) and p.phase <> 'void'
             order by l.parent_item, l.find_number",
        ),
        &[tenant.into()],
    )?;
    let mut items: Vec<String> = Vec::with_capacity(lines.len() * 2);
    for line in &lines {
        items.push(line.text("parent_item")?.to_owned());
        items.push(line.text("child_item")?.to_owned());
    }
    items.sort_unstable();
    items.dedup();
    let mut parts = Vec::with_capacity(items.len());
    for chunk in items.chunks(db::LIST_VALUES) {
        let mut query = Query::with(
            sql(
                "select r.* from item i
                 join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest) where i.tenant = $1",
            ),
            vec![tenant.into()],
        );
        query.push_list(" and i.id in", chunk.iter().map(|item| item.as_str().into()).collect());
        for row in tx.run(&query)? {
            parts.push(part_from_row(&row)?);
        }
    }
    let sources = tx.query(
        sql(
            "select m.part, m.manufacturer, m.mpn, m.status from manufacturer_part m
             join item i on i.tenant = m.tenant and i.id = m.part_item
             where m.tenant = $1 and m.to_at is null and m.part = coalesce(i.effective, i.latest)
             order by m.part, m.position, m.id",
        ),
        &[tenant.into()],
    )?;
    assemble(parts, &sources, &lines, false)
}

/// What counted at a moment: of each part the revision that was effective, else the newest.
pub(super) fn as_of(tx: &mut dyn Read, tenant: &str, at: Timestamp) -> Result<Structure> {
    let params = [tenant.into(), at.0.into()];
    let versions = tx.query(
        sql(
            "select v.* from record_version v where v.tenant = $1 and v.kind = 'part' and v.changed_at <= $2
             and not exists (select 1 from record_version n
               where n.tenant = v.tenant and n.id = v.id and n.version = v.version + 1 and n.changed_at <= $2)
             order by v.created_at, v.id",
        ),
        &params,
    )?;
    let mut chosen: BTreeMap<String, Part> = BTreeMap::new();
    for row in &versions {
        let part = part_from_row(row)?;
        let keep = chosen.get(&part.item).is_some_and(|known| known.phase == Phase::Effective && part.phase != Phase::Effective);
        if !keep {
            chosen.insert(part.item.clone(), part);
        }
    }
    let lines = tx.query(
        sql(
            "select line_uid, parent, parent_item, child_item, find_number, quantity, unit, designators, note
             from bom_line where tenant = $1 and from_at <= $2 and (to_at is null or to_at > $2)
             order by parent_item, find_number",
        ),
        &params,
    )?;
    let counts = |row: &Row| -> Result<bool> {
        let (item, parent) = (row.text("parent_item")?, row.text("parent")?);
        Ok(chosen.get(item).is_some_and(|part| part.record == parent && part.phase != Phase::Void))
    };
    let lines = lines.into_iter().filter_map(|row| counts(&row).map(|counts| counts.then_some(row)).transpose()).collect::<Result<Vec<_>>>()?;
    let sources = tx.query(
        sql(
            "select part, manufacturer, mpn, status from manufacturer_part
             where tenant = $1 and from_at <= $2 and (to_at is null or to_at > $2) order by part, position, id",
        ),
        &params,
    )?;
    assemble(chosen.into_values().collect(), &sources, &lines, true)
}

fn assemble(mut parts: Vec<Part>, sources: &[Row], lines: &[Row], past: bool) -> Result<Structure> {
    let by_record: HashMap<String, usize> = parts.iter().enumerate().map(|(index, part)| (part.record.clone(), index)).collect();
    for row in sources {
        if let Some(part) = by_record.get(row.text("part")?).and_then(|index| parts.get_mut(*index)) {
            part.manufacturer_parts.push(Source {
                manufacturer: row.text("manufacturer")?.to_owned(),
                mpn: row.text("mpn")?.to_owned(),
                status: SourceStatus::parse("status", row.text("status")?)?,
            });
        }
    }
    let by_item: HashMap<String, u32> = parts.iter().map(|part| part.item.clone()).zip(0_u32..).collect();
    let node = |item: &str| by_item.get(item).copied().ok_or_else(|| Error::internal(format!("item {item} of a line has no record")));
    let mut shown = Vec::with_capacity(lines.len());
    let mut edges = Vec::with_capacity(lines.len());
    for row in lines {
        let line = Line {
            line_uid: row.text("line_uid")?.to_owned(),
            find_number: row.int("find_number")?,
            quantity: Quantity::from_scaled(row.int("quantity")?),
            unit: Unit::parse("unit", row.text("unit")?)?,
            designators: split_designators(row.text("designators")?),
            note: row.text("note")?.to_owned(),
        };
        let (parent, child) = (node(row.text("parent_item")?)?, node(row.text("child_item")?)?);
        let unit = parts.get(child as usize).map(|part| part.unit).unwrap_or_default();
        // The units fitted when the line was written; should the child's have changed since, the
        // line still shows, with its quantity as it stands.
        let quantity = line.quantity.convert(line.unit, unit).unwrap_or(line.quantity);
        edges.push(Edge { parent, child, quantity });
        shown.push(Arc::new(line));
    }
    let graph = Graph::new(parts.len(), edges).map_err(Error::internal)?;
    Ok(Structure { parts: parts.into_iter().map(Arc::new).collect(), lines: shown, graph, by_item, past })
}

/// A part from a row of `record` or `record_version`.
pub(super) fn part_from_row(row: &Row) -> Result<Part> {
    let phase = row.text("phase")?;
    let fields: Map<String, Json> = serde_json::from_str(row.text("fields")?).map_err(Error::internal)?;
    let text = |name: &str| fields.get(name).and_then(Json::as_str).unwrap_or("");
    Ok(Part {
        record: row.text("id")?.to_owned(),
        item: row.text("item")?.to_owned(),
        number: row.text("number")?.to_owned(),
        revision: row.text("revision")?.to_owned(),
        title: row.text("title")?.to_owned(),
        state: row.text("state")?.to_owned(),
        phase: Phase::parse(phase).ok_or_else(|| Error::internal(format!("unknown phase {phase}")))?,
        unit: if text("unit").is_empty() { Unit::default() } else { Unit::parse("unit", text("unit"))? },
        category: text("category").to_owned(),
        manufacturer_parts: Vec::new(),
        site: row.opt_text("site")?.map(str::to_owned),
    })
}
