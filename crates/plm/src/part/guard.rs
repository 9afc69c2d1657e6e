//! What no structure may do: contain itself, or be too deep. Checked over all structures that a
//! write touches, after the write and inside its transaction.

use crate::structure::graph::{BadGraph, Edge, Graph};
use base::limits::STRUCTURE_LEVELS;
use base::quantity::Quantity;
use base::{Blocker, Error, Refusal, RefusalKind, Result};
use db::{Query, Read, Row, sql};
use kernel::record::{self, Record};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which revision of each part a structure is read with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Configuration<'a> {
    /// The one being worked on, else the effective one: what the next release may lead to.
    Working,
    /// The effective one, and these records (item → record) as if they were released.
    Releasing(&'a BTreeMap<String, String>),
}

/// One line between items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    parent_item: String,
    child_item: String,
    find_number: i64,
}

impl Configuration<'_> {
    fn keeps(&self, row: &Row) -> Result<bool> {
        let (parent, effective, latest) = (row.text("parent")?, row.opt_text("effective")?, row.text("latest")?);
        let chosen = match self {
            Self::Working => {
                let open = matches!(row.text("latest_phase")?, "draft" | "in_work" | "in_review");
                if open { Some(latest) } else { effective }
            }
            Self::Releasing(released) => released.get(row.text("parent_item")?).map(String::as_str).or(effective),
        };
        Ok(chosen == Some(parent))
    }
}

/// Every line below (or above) these items, all levels.
fn walk(tx: &mut dyn Read, tenant: &str, items: &[String], configuration: Configuration<'_>, down: bool) -> Result<Vec<Use>> {
    let mut seen: BTreeSet<String> = items.iter().cloned().collect();
    let mut level: Vec<String> = seen.iter().cloned().collect();
    let mut found = Vec::new();
    while !level.is_empty() {
        let mut next = Vec::new();
        for chunk in level.chunks(db::LIST_VALUES) {
            let mut query = Query::with(
                sql(
                    "select l.parent_item, l.child_item, l.find_number, l.parent, i.effective, i.latest, n.phase as latest_phase
                     from bom_line l
                     join item i on i.tenant = l.tenant and i.id = l.parent_item
                     join record n on n.tenant = i.tenant and n.id = i.latest
                     where l.tenant = $1 and l.to_at is null and (l.parent = i.latest or l.parent = i.effective)",
                ),
                vec![tenant.into()],
            );
            let list = chunk.iter().map(|item| item.as_str().into()).collect();
            query.push_list(if down { " and l.parent_item in" } else { " and l.child_item in" }, list);
            for row in tx.run(&query)? {
                if !configuration.keeps(&row)? {
                    continue;
                }
                let line = Use {
                    parent_item: row.text("parent_item")?.to_owned(),
                    child_item: row.text("child_item")?.to_owned(),
                    find_number: row.int("find_number")?,
                };
                let other = if down { &line.child_item } else { &line.parent_item };
                if seen.insert(other.clone()) {
                    next.push(other.clone());
                }
                found.push(line);
            }
        }
        level = next;
    }
    Ok(found)
}

/// Refuses when a structure that holds or is held by one of these items contains itself or has too
/// many levels, naming the parts.
pub(crate) fn check_structures(tx: &mut dyn Read, tenant: &str, items: &[String], configuration: Configuration<'_>) -> Result<()> {
    let mut uses = walk(tx, tenant, items, configuration, true)?;
    uses.extend(walk(tx, tenant, items, configuration, false)?);
    uses.sort();
    uses.dedup();
    let mut nodes: Vec<&str> = uses.iter().flat_map(|line| [line.parent_item.as_str(), line.child_item.as_str()]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let place: HashMap<&str, u32> = nodes.iter().copied().zip(0_u32..).collect();
    // A node above all others, so that one depth is the deepest of all.
    let above = u32::try_from(nodes.len()).map_err(Error::internal)?;
    let held: BTreeSet<&str> = uses.iter().map(|line| line.child_item.as_str()).collect();
    let at = |item: &str| place.get(item).copied().ok_or_else(|| Error::internal("an item without a node"));
    let mut edges = Vec::with_capacity(uses.len());
    for line in &uses {
        edges.push(Edge { parent: at(&line.parent_item)?, child: at(&line.child_item)?, quantity: Quantity::ONE });
    }
    for top in nodes.iter().filter(|node| !held.contains(*node)) {
        edges.push(Edge { parent: above, child: at(top)?, quantity: Quantity::ONE });
    }
    let graph = match Graph::new(nodes.len() + 1, edges) {
        Ok(graph) => graph,
        Err(BadGraph::Cycle(lines)) => {
            let items: Vec<_> = lines.iter().filter_map(|line| uses.get(*line)).map(|line| line.parent_item.clone()).collect();
            return Err(contains_itself(&parts(tx, tenant, &items)?));
        }
        Err(bad) => return Err(Error::internal(bad)),
    };
    let levels = graph.depth(above).saturating_sub(1) as usize;
    if levels > STRUCTURE_LEVELS {
        return Err(Error::too_large("child", format!("a structure would have {levels} levels, at most {STRUCTURE_LEVELS} are allowed")));
    }
    Ok(())
}

fn parts(tx: &mut dyn Read, tenant: &str, items: &[String]) -> Result<Vec<Record>> {
    let mut found = Vec::new();
    for item in items {
        found.extend(record::current_of_item(tx, tenant, item)?);
    }
    Ok(found)
}

fn contains_itself(cycle: &[Record]) -> Error {
    let mut numbers: Vec<_> = cycle.iter().map(|part| part.number.as_str()).collect();
    numbers.extend(cycle.first().map(|part| part.number.as_str()));
    let text = numbers.join(" contains ");
    Refusal::new(RefusalKind::Conflict, "cycle", "A part cannot contain itself, directly or through others.")
        .at("child")
        .blocked_by(vec![Blocker {
            rule: "part.no_cycle".to_owned(),
            requirement: "FRS-PRT-012".to_owned(),
            text,
            records: cycle.iter().map(Record::reference).collect(),
        }])
        .into()
}

/// The revisions, effective or being worked on, that hold this item directly.
pub(super) fn parents_of(tx: &mut dyn Read, tenant: &str, item: &str) -> Result<Vec<Record>> {
    let rows = tx.query(
        sql(
            "select distinct l.parent from bom_line l
             join item i on i.tenant = l.tenant and i.id = l.parent_item
             join record r on r.tenant = l.tenant and r.id = l.parent
             where l.tenant = $1 and l.child_item = $2 and l.to_at is null
             and (l.parent = i.latest or l.parent = i.effective) and r.phase not in ('closed', 'void')
             order by l.parent",
        ),
        &[tenant.into(), item.into()],
    )?;
    let ids = rows.iter().map(|row| Ok(row.text("parent")?.to_owned())).collect::<Result<Vec<_>>>()?;
    let mut found = record::find_all(tx, tenant, &ids)?;
    found.sort_by(|left, right| (&left.number, &left.revision).cmp(&(&right.number, &right.revision)));
    Ok(found)
}
