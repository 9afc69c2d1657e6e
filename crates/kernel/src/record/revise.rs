//! New revisions: the content is copied, links and typed details follow, the old one stays as it
//! is until the new one becomes effective.

use crate::kind::Revisions;
use crate::record::{self, Record, create::write_rows};
use crate::table::ITEM;
use crate::trail::{Stored, WriteTx};
use crate::{attachment, link};
use base::{Blocker, Error, Refusal, RefusalKind, Result};
use db::{Read, sql};

/// Letters that are not used as revisions (ASME Y14.35 4.1): they read like digits or each other.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPRTUVWY";

/// The revision after this one: `A` → `B`, `H` → `J`, `Y` → `AA`, `9` → `10`.
pub fn next_revision(scheme: Revisions, current: &str) -> Result<String> {
    match scheme {
        Revisions::None => Err(Error::conflict("no_revisions", "This kind has no revisions.")),
        Revisions::Numbers => {
            let number: u32 = current.parse().map_err(|_| unreadable(current))?;
            Ok((number + 1).to_string())
        }
        Revisions::Letters => next_letters(current),
    }
}

fn next_letters(current: &str) -> Result<String> {
    // An imported numeric revision (a prototype) is followed by the first production letter.
    if !current.is_empty() && current.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok("A".to_owned());
    }
    let mut places: Vec<usize> = Vec::new();
    for byte in current.bytes() {
        places.push(LETTERS.iter().position(|letter| *letter == byte).ok_or_else(|| unreadable(current))?);
    }
    for place in places.iter_mut().rev() {
        if *place + 1 < LETTERS.len() {
            *place += 1;
            return Ok(spell(&places));
        }
        *place = 0;
    }
    places.insert(0, 0);
    Ok(spell(&places))
}

fn spell(places: &[usize]) -> String {
    places.iter().filter_map(|place| LETTERS.get(*place)).map(|letter| char::from(*letter)).collect()
}

fn unreadable(current: &str) -> Error {
    Error::conflict("bad_revision", format!("The revision “{current}” does not belong to the scheme; set the next one by hand."))
}

/// Makes the next revision of the item, in the first state, with the content of `from`.
pub fn revise(tx: &mut WriteTx<'_>, from: &Record) -> Result<Record> {
    let catalog = tx.catalog();
    let kind = catalog.known_kind(&from.kind)?;
    tx.lock(&ITEM, &from.item)?;
    let latest = record::latest_of_item(tx, &from.tenant, &from.item)?.ok_or_else(|| Error::internal("item without a record"))?;
    if !latest.phase.is_settled() {
        let text = format!("{} is being worked on; only one revision is at a time", latest.label());
        return Err(Refusal::new(RefusalKind::Conflict, "revision_open", format!("{} cannot be revised.", from.label()))
            .blocked_by(vec![Blocker {
                rule: "record.one_working_revision".to_owned(),
                requirement: "FRS-REC-020".to_owned(),
                text,
                records: vec![latest.reference()],
            }])
            .into());
    }
    let first = kind.first_state().ok_or_else(|| Error::internal("kind without states"))?;
    let now = tx.now();
    let mut revised = Record {
        id: tx.new_id(),
        revision: next_revision(kind.revisions, &latest.revision)?,
        state: first.name.clone(),
        phase: first.phase,
        effective_on: None,
        due_date: None,
        version: 1,
        created_at: now,
        created_by: tx.actor().to_owned(),
        changed_at: now,
        changed_by: tx.actor().to_owned(),
        stored: Stored::pending(),
        ..from.clone()
    };
    revised.digest = revised.content_digest().hex();
    let row = tx.query_one(
        sql("select * from item where tenant = $1 and id = $2"),
        &[from.tenant.as_str().into(), from.item.as_str().into()],
    )?;
    let item = Stored::from_row(&ITEM, &row)?;
    write_rows(tx, std::slice::from_ref(&revised), "record.revised")?;
    let pointed = item.with([("latest", revised.id.as_str().into())]);
    tx.update(&ITEM, Some(&revised.id), "item.revised", &item, pointed)?;
    link::copy_outgoing(tx, from, &revised)?;
    attachment::copy(tx, from, &revised)?;
    for copy in catalog.after_revise() {
        // Read again each time: a domain may have changed the record as its part of the copying.
        let revised = record::get(tx, &revised.tenant, &revised.id)?;
        copy(tx, from, &revised)?;
    }
    record::get(tx, &revised.tenant, &revised.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_rec_021_revision_letters_skip_those_that_read_like_others() {
        let cases = [("A", "B"), ("H", "J"), ("N", "P"), ("P", "R"), ("R", "T"), ("W", "Y"), ("Y", "AA"), ("AY", "BA"), ("YY", "AAA"), ("0", "A")];
        for (current, next) in cases {
            assert_eq!(next_revision(Revisions::Letters, current).unwrap(), next, "{current}");
        }
        assert!(next_revision(Revisions::Letters, "I").is_err());
        assert_eq!(next_revision(Revisions::Numbers, "9").unwrap(), "10");
    }
}
