//! Data that does not fit a checkpoint kept outside: an old copy was put back, or the history was
//! rewritten. Nothing is written any more until somebody has signed why.

use super::log::latest;
use super::tiles::KeptTiles;
use crate::Kernel;
use crate::command::Request;
use crate::kind::{Area, Field, Kind, Phase, Step};
use crate::record::{self, NewRecord, Record};
use base::{Blocker, Digest, Error, RecordRef, Refusal, RefusalKind, Result};
use db::{Read, sql};
use serde_json::Value as Json;
use tlog::checkpoint::Checkpoint;
use tlog::note::NoteVerifier;
use tlog::tile::Tiled;
use tlog::tree;

/// The name of the kind.
pub const RESTORATION: &str = "restoration";
/// The requirement behind it.
const REQUIREMENT: &str = "FRS-EVD-060";

/// How the data stands to a checkpoint that was kept outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// The log continues it.
    Fits,
    /// It does not; somebody has signed why already.
    Explained(Break),
    /// It does not.
    Broken(Break),
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// How the data and the kept checkpoint differ, for people.
    pub how: String,
    /// The head that the kept checkpoint names.
    pub head: Digest,
}

/// Nobody makes one: the server does when it finds what does not fit.
pub fn kind() -> Kind {
    Kind::new(RESTORATION, "Restoration", "Restorations", Area::Administration)
        .text("The data did not fit a checkpoint that was kept outside the database: an old copy was put back, or the history was rewritten.")
        .counted_by_year("RST", 4)
        .field(Field::block("found", "What was found").required())
        .field(Field::line("head", "Head of the kept checkpoint").required())
        .state("open", "Open", Phase::InReview)
        .state("explained", "Explained", Phase::Closed)
        .step(Step::new("explain", "Explain", &["open"], "explained").signed("quality_manager", "explains why the data was restored").with_reason())
        .allow("everyone", &["view"])
}

/// Compares the log with a kept checkpoint that `verifier` has signed.
///
/// Errors: 422 when it is none, or of another log.
pub fn compare(tx: &mut dyn Read, tenant: &str, verifier: &NoteVerifier, note: &str) -> Result<Fit> {
    let kept = Checkpoint::parse(verifier.open(note)?)?;
    if kept.origin != verifier.name() {
        return Err(Error::invalid("note", "other_log", format!("the checkpoint is of another log, {}", kept.origin)));
    }
    let size = latest(tx, tenant)?.map_or(0, |latest| latest.size);
    let how = if kept.size > size {
        format!("A kept checkpoint names {} transactions, the data has {size}: the newest are missing, or an old copy was put back.", kept.size)
    } else {
        let head = tree::root_of_size(kept.size, &mut Tiled { size, tiles: &mut KeptTiles::new(tx, tenant) })?;
        if head == kept.head {
            return Ok(Fit::Fits);
        }
        format!("The first {} transactions are not those of a kept checkpoint: the history was rewritten.", kept.size)
    };
    let broken = Break { how, head: kept.head };
    let known = tx.query(sql("select fields from record where tenant = $1 and kind = $2 and phase = $3"), &[tenant.into(), RESTORATION.into(), Phase::Closed.name().into()])?;
    let head = kept.head.hex();
    for row in &known {
        let fields: Json = serde_json::from_str(row.text("fields")?).map_err(Error::internal)?;
        if fields["head"] == head.as_str() {
            return Ok(Fit::Explained(broken));
        }
    }
    Ok(Fit::Broken(broken))
}

/// Records what does not fit, and closes this node for writing until somebody has signed why.
/// `anchor` names who keeps the checkpoint.
pub fn close_for(kernel: &Kernel, tenant: &str, anchor: &str, broken: &Break) -> Result<RecordRef> {
    let open = match open_restoration(kernel, tenant)? {
        Some(open) => open,
        None => {
            let (found, head) = (format!("{anchor}: {}", broken.how), broken.head.hex());
            kernel.inside(tenant, "system", "evidence.found", move |tx| {
                // Nodes that start together find the same together.
                tx.take_turn(RESTORATION)?;
                let tenant = tx.tenant().to_owned();
                if find_open(tx, &tenant)?.is_some() {
                    return Ok(());
                }
                let fields = [("found".to_owned(), Json::from(found.clone())), ("head".to_owned(), Json::from(head.clone()))].into_iter().collect();
                let new = NewRecord { kind: RESTORATION.to_owned(), title: "The data does not fit a kept checkpoint".to_owned(), fields, ..NewRecord::default() };
                record::create_in_state(tx, new, "open").map(|_| ())
            })?;
            open_restoration(kernel, tenant)?.ok_or_else(|| Error::internal("the restoration was not recorded"))?
        }
    };
    tracing::error!(restoration = %open.number, anchor, how = broken.how, "closed for writing");
    kernel.close_for_writing(Some(open.reference()));
    Ok(open.reference())
}

fn open_restoration(kernel: &Kernel, tenant: &str) -> Result<Option<Record>> {
    kernel.database().read(|tx| find_open(tx, tenant))
}

fn find_open(tx: &mut dyn Read, tenant: &str) -> Result<Option<Record>> {
    let row = tx.query_opt(
        sql("select id from record where tenant = $1 and kind = $2 and phase = $3 order by id limit 1"),
        &[tenant.into(), RESTORATION.into(), Phase::InReview.name().into()],
    )?;
    row.map(|row| record::get(tx, tenant, row.text("id")?)).transpose()
}

/// Closes this node where a restoration waits for its explanation, found by whatever node.
pub fn close_where_open(kernel: &Kernel, tenant: &str) -> Result<()> {
    if let Some(open) = open_restoration(kernel, tenant)? {
        kernel.close_for_writing(Some(open.reference()));
    }
    Ok(())
}

/// Refuses every command but the one that explains, while the restoration is open.
pub(crate) fn check_open_for_writing(kernel: &Kernel, tenant: &str, request: &Request) -> Result<()> {
    let Some(by) = kernel.closed_by() else { return Ok(()) };
    let explains = request.command == "record.step" && request.input.get("record").and_then(Json::as_str) == Some(by.id.as_str());
    if explains {
        return Ok(());
    }
    if open_restoration(kernel, tenant)?.is_none() {
        kernel.close_for_writing(None);
        return Ok(());
    }
    let text = format!("{} is open: the data does not fit a checkpoint that was kept outside the database", by.number);
    Err(Refusal::new(RefusalKind::Unavailable, "closed_for_writing", "Nothing can be changed now.")
        .blocked_by(vec![Blocker { rule: "evidence.restoration_explained".to_owned(), requirement: REQUIREMENT.to_owned(), text, records: vec![by] }])
        .advise("A quality manager opens the restoration and signs why the data is as it is.")
        .into())
}
