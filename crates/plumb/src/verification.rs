//! `plumb verify`: the trail and every row, checked against the documented format, and the stored files
//! against their digests and the rows that name them.

use crate::assembly::Place;
use crate::terminal;
use base::{Digest, Result};
use blob::Files;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// Checks every tenant; answers whether all is sound.
pub fn verify(place: &Place, anchors: &[PathBuf], keys: &[String]) -> Result<bool> {
    let trust = verify::brought(keys, anchors)?;
    let database = place.open_to_read()?;
    crate::assembly::require_schema(&database)?;
    let bar = terminal::bar();
    let files = place.open_files()?;
    let stored = Stored::check(&files)?;
    let mut sound = stored.wrong.is_empty() && stored.unlisted.is_empty();
    for tenant in verify::tenants(&database)? {
        let mut report = verify::verify_against(&database, &tenant, &trust, &mut |what, done, whole| {
            bar.set_message(what.to_owned());
            if let Some(whole) = whole {
                bar.set_length(whole);
            }
            bar.set_position(done);
        })?;
        bar.finish_and_clear();
        report.problems.extend(database.read(|tx| verify::check_named(tx, &tenant, &mut |digest| stored.fault(digest)))?);
        println!(
            "{tenant}: {} transactions, {} events, {} rows, {} signatures checked",
            report.transactions, report.events, report.rows, report.signatures
        );
        for problem in &report.problems {
            println!("  {problem}");
        }
        if report.is_sound() {
            println!("{tenant}: sound. {}", report.standing());
        } else {
            sound = false;
            let found = report.problems.len();
            println!("{tenant}: {found} {} found", if found == 1 { "problem" } else { "problems" });
        }
    }
    println!("files: {} checked", stored.checked.len());
    for (digest, fault) in &stored.wrong {
        println!("  file {digest} {fault}");
    }
    crate::portable::print_damage(&stored.unlisted);
    Ok(sound)
}

/// What the store of the files holds, each file hashed again.
struct Stored<'a> {
    files: &'a Files,
    checked: HashSet<Digest>,
    /// What is wrong with a file, in words that follow its name.
    wrong: BTreeMap<String, String>,
    /// What cannot be listed.
    unlisted: Vec<String>,
}

impl<'a> Stored<'a> {
    fn check(files: &'a Files) -> Result<Self> {
        let mut stored = Self { files, checked: HashSet::new(), wrong: BTreeMap::new(), unlisted: Vec::new() };
        let (listed, unlisted) = files.listing()?;
        for digest in listed {
            stored.checked.insert(digest);
            if let Some(fault) = files.fault(&digest)? {
                stored.wrong.insert(digest.hex(), fault);
            }
        }
        stored.unlisted = unlisted;
        Ok(stored)
    }

    /// What is wrong with the file that a row names. One that came after the listing is looked at now.
    fn fault(&self, named: &str) -> Result<Option<String>> {
        if let Some(fault) = self.wrong.get(named) {
            return Ok(Some(fault.clone()));
        }
        match Digest::from_hex(named) {
            None => Ok(Some("has no digest".to_owned())),
            Some(digest) if self.checked.contains(&digest) => Ok(None),
            Some(digest) => self.files.fault(&digest),
        }
    }
}
