//! What shows outside the database that nothing was altered: the log of all transactions, and the
//! proof that a record is in it.

use super::OF_RECORD;
use crate::call::{Answer, Call, Content};
use crate::edge::Problem;
use crate::endpoint::{Access, Body, Endpoint, Parameter, Shape, Verb, path};
use base::Error;
use kernel::evidence::{self, Published, Receipt};
use serde_json::{Value as Json, json};
use tlog::tile::Tile;

const TILE: Parameter = path("tile", "level and place, such as 0/x001/234.p/17; “entries” for the level gives the entries", "0/000.p/1");

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/evidence", "FRS-EVD-050", "The log of all transactions: newest checkpoint, public keys, anchors", state)
            .access(Access::SignedIn)
            .answers(200, Shape::Free),
        Endpoint::get("/api/v1/evidence/checkpoint", "FRS-EVD-050", "The newest checkpoint as a signed note, to be kept elsewhere", checkpoint)
            .access(Access::SignedIn)
            .answers(200, Shape::Text("text/plain; charset=utf-8")),
        Endpoint::get(
            "/api/v1/evidence/tile/{*tile}",
            "FRS-EVD-052",
            "A tile of the log, or the entries below one, as C2SP tlog-tiles lays them out under the prefix /api/v1/evidence",
            tile,
        )
        .access(Access::SignedIn)
        .parameters(&[TILE])
        .answers(200, Shape::File),
        Endpoint::get("/api/v1/records/{kind}/{record}/proof", "FRS-EVD-051", "The proof that what the record says is in the log, to be checked without Plumb", proof)
            .parameters(OF_RECORD)
            .answers(200, Shape::Free),
        Endpoint::change(Verb::Post, "/api/v1/records/{kind}/{record}/evidence", "FRS-EVD-083", "Hand out the record's evidence as a bundle that plumb-verify checks without a server", bundle)
            .access(Access::Permitted("evidence.export"))
            .parameters(OF_RECORD)
            .body(Body::JsonOrNone("reason"))
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

/// A tile is its hashes one behind the other; entries are each two bytes of length and the entry.
fn tile(call: &Call) -> Result<Answer, Problem> {
    let path = call.params.path("tile")?;
    let tile = Tile::parse(path)?;
    let of_entries = path.starts_with("entries/");
    let hashes = call.read(|tx, scope| {
        let tenant = scope.viewer.tenant();
        if of_entries { evidence::entries(tx, tenant, &tile) } else { evidence::tile(tx, tenant, &tile) }
    })?;
    const ENTRY_BYTES: [u8; 2] = 32u16.to_be_bytes();
    let length: &[u8] = if of_entries { &ENTRY_BYTES } else { &[] };
    Ok(Answer::of(Content::Bytes(hashes.iter().flat_map(|hash| length.iter().chain(&hash.0).copied()).collect())))
}

fn proof(call: &Call) -> Result<Answer, Problem> {
    let proof = call.read(|tx, scope| {
        let record = call.record(tx, scope)?;
        evidence::record_proof(tx, scope.viewer.tenant(), &record.id)
    })?;
    Ok(Answer::json(proof))
}

fn bundle(call: &Call) -> Result<Answer, Problem> {
    let outcome = call.command("evidence.export", json!({ "record": call.record_id()? }))?;
    let bundle = outcome.result.get("bundle").and_then(Json::as_str).map(str::to_owned);
    let again = || Error::conflict("handed_out", "This copy was handed out already, and nothing keeps it. Ask with another idempotency key.");
    Ok(Answer::of(Content::Text("application/json", bundle.ok_or_else(again)?)))
}
