//! A structure as people read it: a tree, totals, where-used. What belongs to a foreign site is
//! left out with everything below it.

use super::{Line, Part, Structure, load, shared};
use base::limits::{EXPLODED_ROWS, STRUCTURE_LEVELS};
use base::quantity::Quantity;
use base::{Error, Result};
use db::{Query, Read, sql};
use kernel::authority::Viewer;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Every path below a part.
#[derive(Debug, Clone, Serialize)]
pub struct Tree {
    #[serde(serialize_with = "shared")]
    pub top: Arc<Part>,
    pub rows: Vec<TreeRow>,
    /// The deepest level below the top.
    pub levels: u32,
    /// There are more rows than were asked for.
    pub cut: bool,
    /// No total was rounded.
    pub exact: bool,
    /// Rows left out because they belong to a site that the viewer does not see.
    pub left_out: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct TreeRow {
    /// 1 directly below the top.
    pub level: u32,
    #[serde(serialize_with = "shared")]
    pub part: Arc<Part>,
    #[serde(serialize_with = "shared")]
    pub line: Arc<Line>,
    /// For one unit of the top, along this path, in the part's unit.
    pub total: Quantity,
    /// It has no lines of its own.
    pub leaf: bool,
}

/// How much of each part one unit of the top holds, over all paths.
#[derive(Debug, Clone, Serialize)]
pub struct Totals {
    #[serde(serialize_with = "shared")]
    pub top: Arc<Part>,
    /// By number.
    pub rows: Vec<TotalRow>,
    pub exact: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct TotalRow {
    #[serde(serialize_with = "shared")]
    pub part: Arc<Part>,
    pub total: Quantity,
    pub first_level: u32,
    pub last_level: u32,
    pub leaf: bool,
}

/// Every part that holds a part.
#[derive(Debug, Clone, Serialize)]
pub struct WhereUsed {
    /// Direct uses first, then by level and number.
    pub rows: Vec<UsedRow>,
    pub direct: usize,
    pub end_items: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct UsedRow {
    #[serde(serialize_with = "shared")]
    pub part: Arc<Part>,
    /// 1 for a direct use.
    pub levels_up: u32,
    /// How much one unit of `part` holds, over all paths.
    pub total: Quantity,
    /// Nothing holds `part` itself.
    pub end_item: bool,
}

impl Structure {
    /// The tree below a part, down to so many levels (all when `None`), of at most so many rows.
    pub fn tree(&self, tx: &mut dyn Read, viewer: &Viewer, item: &str, levels: Option<u32>, most: Option<usize>) -> Result<Tree> {
        let Some(top) = self.node(viewer, item)? else {
            return Ok(Tree { top: alone(tx, viewer, item)?, rows: Vec::new(), levels: 0, cut: false, exact: true, left_out: 0 });
        };
        let deepest = u32::try_from(STRUCTURE_LEVELS).unwrap_or(u32::MAX);
        let found = self.graph.explode(top, levels.unwrap_or(deepest), most.unwrap_or(EXPLODED_ROWS))?;
        let fresh = self.fresh(tx, viewer.tenant(), found.rows.iter().map(|row| row.node).chain([top]))?;
        let mut tree = Tree {
            top: self.part(&fresh, top)?,
            rows: Vec::with_capacity(found.rows.len()),
            levels: self.graph.depth(top),
            cut: found.cut,
            exact: found.exact,
            left_out: 0,
        };
        // The level of the part that hides what is below it.
        let mut hidden: Option<u32> = None;
        for row in found.rows {
            if hidden.is_some_and(|level| row.level > level) {
                tree.left_out += 1;
                continue;
            }
            let part = self.part(&fresh, row.node)?;
            let seen = viewer.sees_site(part.site.as_deref());
            hidden = (!seen).then_some(row.level);
            if !seen {
                tree.left_out += 1;
                continue;
            }
            let line = self.lines.get(row.line as usize).ok_or_else(|| Error::internal("a row without its line"))?;
            tree.rows.push(TreeRow { level: row.level, part, line: Arc::clone(line), total: row.total, leaf: self.is_leaf(row.node) });
        }
        Ok(tree)
    }

    /// How much of each part one unit of a part holds.
    pub fn totals(&self, tx: &mut dyn Read, viewer: &Viewer, item: &str) -> Result<Totals> {
        let Some(top) = self.node(viewer, item)? else {
            return Ok(Totals { top: alone(tx, viewer, item)?, rows: Vec::new(), exact: true });
        };
        let found = self.graph.totals(top)?;
        let fresh = self.fresh(tx, viewer.tenant(), found.nodes.iter().map(|total| total.node).chain([top]))?;
        let mut rows = Vec::with_capacity(found.nodes.len());
        for total in found.nodes {
            let part = self.part(&fresh, total.node)?;
            if viewer.sees_site(part.site.as_deref()) {
                rows.push(TotalRow {
                    part,
                    total: total.total,
                    first_level: total.first_level,
                    last_level: total.last_level,
                    leaf: self.is_leaf(total.node),
                });
            }
        }
        rows.sort_by(|left, right| left.part.number.cmp(&right.part.number));
        Ok(Totals { top: self.part(&fresh, top)?, rows, exact: found.exact })
    }

    /// Every part that holds this one, directly or through others.
    pub fn where_used(&self, tx: &mut dyn Read, viewer: &Viewer, item: &str) -> Result<WhereUsed> {
        let Some(node) = self.node(viewer, item)? else {
            return Ok(WhereUsed { rows: Vec::new(), direct: 0, end_items: 0 });
        };
        let found = self.graph.where_used(node)?;
        let fresh = self.fresh(tx, viewer.tenant(), found.iter().map(|used| used.node))?;
        let mut rows = Vec::with_capacity(found.len());
        for used in found {
            let part = self.part(&fresh, used.node)?;
            if viewer.sees_site(part.site.as_deref()) {
                rows.push(UsedRow { part, levels_up: used.first_level, total: used.total, end_item: used.end_item });
            }
        }
        rows.sort_by(|left, right| (left.levels_up, &left.part.number).cmp(&(right.levels_up, &right.part.number)));
        let direct = rows.iter().filter(|row| row.levels_up == 1).count();
        let end_items = rows.iter().filter(|row| row.end_item).count();
        Ok(WhereUsed { rows, direct, end_items })
    }

    /// The node of an item that the viewer may see; none for a part that no line names.
    fn node(&self, viewer: &Viewer, item: &str) -> Result<Option<u32>> {
        let Some(node) = self.by_item.get(item).copied() else { return Ok(None) };
        let part = self.parts.get(node as usize).ok_or_else(|| Error::internal("a node without its part"))?;
        if !viewer.sees_kind(crate::part::KIND) || !viewer.sees_site(part.site.as_deref()) {
            return Err(Error::not_found("There is no such part."));
        }
        Ok(Some(node))
    }

    fn is_leaf(&self, node: u32) -> bool {
        self.graph.lines_of(node).next().is_none()
    }

    fn part(&self, fresh: &HashMap<u32, Arc<Part>>, node: u32) -> Result<Arc<Part>> {
        let part = fresh.get(&node).or_else(|| self.parts.get(node as usize));
        part.map(Arc::clone).ok_or_else(|| Error::internal("a node without its part"))
    }

    /// Those of the nodes whose content is still open, as they are now: an edit of a title does not
    /// change the structure and so does not renew it.
    fn fresh(&self, tx: &mut dyn Read, tenant: &str, nodes: impl Iterator<Item = u32>) -> Result<HashMap<u32, Arc<Part>>> {
        let mut open: HashMap<&str, u32> = HashMap::new();
        if !self.past {
            for node in nodes {
                if let Some(part) = self.parts.get(node as usize).filter(|part| part.phase.is_open_for_edit()) {
                    open.insert(&part.record, node);
                }
            }
        }
        let mut records: Vec<_> = open.keys().copied().collect();
        records.sort_unstable();
        let mut fresh = HashMap::with_capacity(open.len());
        for chunk in records.chunks(db::LIST_VALUES) {
            let mut query = Query::with(sql("select * from record where tenant = $1"), vec![tenant.into()]);
            query.push_list(" and id in", chunk.iter().map(|id| (*id).into()).collect());
            for row in tx.run(&query)? {
                let now = load::part_from_row(&row)?;
                let known = open.get(now.record.as_str()).and_then(|node| Some((*node, self.parts.get(*node as usize)?)));
                if let Some((node, known)) = known {
                    let sources = known.manufacturer_parts.clone();
                    fresh.insert(node, Arc::new(Part { manufacturer_parts: sources, ..now }));
                }
            }
        }
        Ok(fresh)
    }
}

/// A part that no line names.
fn alone(tx: &mut dyn Read, viewer: &Viewer, item: &str) -> Result<Arc<Part>> {
    let row = tx.query_opt(
        sql(
            "select r.* from item i join record r on r.tenant = i.tenant and r.id = coalesce(i.effective, i.latest)
             where i.tenant = $1 and i.id = $2 and i.kind = 'part'",
        ),
        &[viewer.tenant().into(), item.into()],
    )?;
    let mut part = row.map(|row| load::part_from_row(&row)).transpose()?.ok_or_else(|| Error::not_found("There is no such part."))?;
    if !viewer.sees_kind(crate::part::KIND) || !viewer.sees_site(part.site.as_deref()) {
        return Err(Error::not_found("There is no such part."));
    }
    let sources = crate::part::sources_of(tx, viewer.tenant(), &part.record)?;
    part.manufacturer_parts =
        sources.into_iter().map(|source| super::Source { manufacturer: source.manufacturer, mpn: source.mpn, status: source.status }).collect();
    Ok(Arc::new(part))
}
