//! Reading again what nobody has asked for: every file within a month, the database each week; and
//! sweeping what no row names.

use super::fault::{self, Fault};
use super::round::round_of;
use crate::Kernel;
use crate::authority::Actor;
use crate::jobs::JobDef;
use base::limits::{SCRUB_DATABASE_SECONDS, SCRUB_FILES_SECONDS, SCRUB_SLICE_BYTES, SCRUB_SLICE_FILES};
use base::{Digest, Error, Result};
use blob::{ORPHAN_AGE_SECONDS, Verdict};
use db::{Engine, sql};

const FILES: &str = "upkeep.files";
const DATABASE: &str = "upkeep.database";
const SWEEP: &str = "upkeep.sweep";
const DISK: &str = "upkeep.disk";
const DAY_SECONDS: i64 = 86_400;

pub fn jobs() -> Vec<JobDef> {
    vec![
        JobDef { name: FILES, label: "Read files again and compare them with their digests", run: scrub_files },
        JobDef { name: DATABASE, label: "Check the pages and indexes of the database", run: check_database },
        JobDef { name: SWEEP, label: "Remove uploads that no record names", run: sweep },
        JobDef { name: DISK, label: "Record that a disk was full", run: tell_of_full_disk },
    ]
}

/// A slice of the files that records name; the next turn goes on behind it.
fn scrub_files(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, now) = (actor.tenant(), kernel.now());
    let mut round = round_of(kernel, tenant, FILES)?;
    if round.began_at.is_none() {
        if !round.is_due(now, SCRUB_FILES_SECONDS) {
            return Ok(());
        }
        (round.began_at, round.done) = (Some(now), 0);
    }
    let named = kernel.database().query(
        sql(
            "select digest, min(name) as name, min(record) as record from attachment
             where tenant = $1 and digest > $2 group by digest order by digest limit $3",
        ),
        &[tenant.into(), round.place.as_str().into(), SCRUB_SLICE_FILES.into()],
    )?;
    let (mut bytes, mut looked_at) = (0, 0);
    for row in &named {
        if is_enough(bytes) {
            break;
        }
        let digest = row.text("digest")?.to_owned();
        match check_file(kernel, tenant, &digest, row.text("name")?, row.text("record")?) {
            Ok(read) => bytes += read,
            // The store does not answer: that says nothing of this file, and the next turn goes on here.
            Err(error) => {
                round.done += looked_at;
                kernel.keep_round(tenant, FILES, &round)?;
                return Err(error);
            }
        }
        round.place = digest;
        looked_at += 1;
    }
    round.done += looked_at;
    if looked_at == i64::try_from(named.len()).map_err(Error::internal)? && looked_at < SCRUB_SLICE_FILES {
        tracing::info!(files = round.done, "all files were read again");
        round = round.ended(now);
    }
    kernel.keep_round(tenant, FILES, &round)
}

/// Whether a turn has read so much that the rest waits for the next one.
fn is_enough(bytes: u64) -> bool {
    bytes >= SCRUB_SLICE_BYTES
}

/// Answers how many bytes were read.
fn check_file(kernel: &Kernel, tenant: &str, digest: &str, name: &str, record: &str) -> Result<u64> {
    let known = Digest::from_hex(digest).ok_or_else(|| Error::internal("a stored digest cannot be read"))?;
    let what = match kernel.files().verify(&known) {
        Ok(Verdict::Sound) => return Ok(kernel.files().size(&known)?.unwrap_or(0)),
        Ok(Verdict::Missing) => "is missing".to_owned(),
        Ok(Verdict::Damaged { found }) => format!("is damaged: its content is now {found}"),
        Err(error @ (Error::Refused(_) | Error::Transient(_))) => return Err(error),
        Err(error) => format!("cannot be read: {error}"),
    };
    let found = format!("The file “{name}” of the record {record} {what}. Put it back from a backup: uploading the same content again repairs it.");
    fault::note(kernel, tenant, Fault::DamagedFile, digest, &found)?;
    Ok(0)
}

/// PostgreSQL's pages are checked by its own programs (docs/RELIABILITY.md).
fn check_database(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, now) = (actor.tenant(), kernel.now());
    let round = round_of(kernel, tenant, DATABASE)?;
    if kernel.database().engine() == Engine::Postgres || !round.is_due(now, SCRUB_DATABASE_SECONDS) {
        return Ok(());
    }
    let problems = match kernel.database().integrity_check() {
        Ok(problems) => problems,
        // A page that cannot be read at all is what the check is for.
        Err(Error::Internal(text)) => vec![text],
        Err(error) => return Err(error),
    };
    if !problems.is_empty() {
        let found = format!("{}\nRestore a backup; until then every further change may be lost.", problems.join("\n"));
        fault::note(kernel, tenant, Fault::DamagedDatabase, "database", &found)?;
    }
    kernel.keep_round(tenant, DATABASE, &round.ended(now))
}

fn sweep(kernel: &Kernel, actor: &Actor) -> Result<()> {
    let (tenant, now) = (actor.tenant(), kernel.now());
    let round = round_of(kernel, tenant, SWEEP)?;
    if !round.is_due(now, DAY_SECONDS) {
        return Ok(());
    }
    // Rows of attachments are never deleted: what was ever on a record is named for good.
    let swept = kernel.files().sweep(now, ORPHAN_AGE_SECONDS, |digest| {
        let found = kernel.database().query_opt(
            sql("select digest from attachment where tenant = $1 and digest = $2 limit 1"),
            &[tenant.into(), digest.hex().into()],
        )?;
        Ok(found.is_some())
    })?;
    tracing::info!(orphans = swept.orphans, leftovers = swept.leftovers, bytes = swept.bytes, "swept the files");
    kernel.keep_round(tenant, SWEEP, &round.ended(now))
}

/// While the disk is full nothing can be recorded; afterwards it is.
fn tell_of_full_disk(kernel: &Kernel, actor: &Actor) -> Result<()> {
    if !kernel.database().was_full() && !kernel.files().was_full() {
        return Ok(());
    }
    let found = "A disk had no room left: changes or uploads were refused, and nothing of them was written. Make room before it happens again.";
    fault::note(kernel, actor.tenant(), Fault::FullDisk, "disk", found)?;
    kernel.database().forget_full();
    kernel.files().forget_full();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_upk_001_a_turn_goes_on_reading_until_it_has_read_so_many_bytes() {
        assert_eq!([0, SCRUB_SLICE_BYTES - 1, SCRUB_SLICE_BYTES, SCRUB_SLICE_BYTES + 1].map(is_enough), [false, false, true, true]);
    }
}
