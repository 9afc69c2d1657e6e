//! What shows outside the database that nothing was altered: the log of all transactions, and the
//! proof that a record is in it.

use super::OF_RECORD;
use crate::call::{Answer, Call, Content};
use crate::edge::Problem;
use crate::endpoint::{Access, Endpoint, Shape};
use base::Error;
use kernel::evidence::{self, Published, Receipt};
use serde_json::{Value as Json, json};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/evidence", "FRS-EVD-050", "The log of all transactions: newest checkpoint, public keys, anchors", state)
            .access(Access::SignedIn)
            .answers(200, Shape::Free),
        Endpoint::get("/api/v1/evidence/checkpoint", "FRS-EVD-050", "The newest checkpoint as a signed note, to be kept elsewhere", checkpoint)
            .access(Access::SignedIn)
            .answers(200, Shape::Text("text/plain; charset=utf-8")),
        Endpoint::get("/api/v1/records/{kind}/{record}/proof", "FRS-EVD-051", "The proof that what the record says is in the log, to be checked without Plumb", proof)
            .parameters(OF_RECORD)
            .answers(200, Shape::Free),
    ]
}

fn state(call: &Call) -> Result<Answer, Problem> {
    let (latest, keys, anchors) = call.read(|tx, scope| {
        let tenant = scope.viewer.tenant();
        Ok((evidence::latest(tx, tenant)?, evidence::verifiers(tx, tenant)?, evidence::last_receipts(tx, tenant)?))
    })?;
    let keys: Vec<_> = keys.iter().map(tlog::note::NoteVerifier::text).collect();
    let anchors: Vec<Json> = anchors.iter().map(anchor).collect();
    Ok(Answer::json(json!({ "checkpoint": latest.as_ref().map(published), "keys": keys, "anchors": anchors })))
}

fn published(latest: &Published) -> Json {
    json!({ "size": latest.size, "head": latest.head.hex(), "at": latest.at.to_rfc3339(), "note": latest.note })
}

fn anchor(receipt: &Receipt) -> Json {
    json!({ "anchor": receipt.anchor, "size": receipt.size, "tried_at": receipt.tried_at.to_rfc3339(), "fault": receipt.fault })
}

fn checkpoint(call: &Call) -> Result<Answer, Problem> {
    let latest = call.read(|tx, scope| evidence::latest(tx, scope.viewer.tenant()))?;
    let latest = latest.ok_or_else(|| Error::not_found("There is no checkpoint yet; the server signs one within seconds."))?;
    Ok(Answer::of(Content::Text("text/plain; charset=utf-8", latest.note)))
}

fn proof(call: &Call) -> Result<Answer, Problem> {
    let proof = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        evidence::record_proof(tx, scope.viewer.tenant(), &record.id)
    })?;
    Ok(Answer::json(proof))
}
