//! `plumb verify`: the trail and every row, checked against the documented format.

use crate::assembly::Place;
use crate::evidence::{notes_below, trusted_key};
use crate::terminal;
use base::Result;
use std::path::PathBuf;
use verify::{Anchor, Trust};

/// Checks every tenant; answers whether all is sound.
pub fn verify(place: &Place, anchors: &[PathBuf], keys: &[String]) -> Result<bool> {
    let trust = trust(anchors, keys)?;
    let database = place.open_to_read()?;
    crate::assembly::require_schema(&database)?;
    let bar = terminal::bar();
    let mut sound = true;
    for tenant in verify::tenants(&database)? {
        let report = verify::verify_against(&database, &tenant, &trust, &mut |what, done, whole| {
            bar.set_message(what.to_owned());
            if let Some(whole) = whole {
                bar.set_length(whole);
            }
            bar.set_position(done);
        })?;
        bar.finish_and_clear();
        println!(
            "{tenant}: {} transactions, {} events, {} rows, {} signatures checked",
            report.transactions, report.events, report.rows, report.signatures
        );
        for problem in &report.problems {
            println!("  {problem}");
        }
        let files = verify_files(place)?;
        if report.is_sound() && files == 0 {
            println!("{tenant}: sound. {}", report.standing());
        } else {
            sound = false;
            let found = report.problems.len() + files;
            println!("{tenant}: {found} {} found", if found == 1 { "problem" } else { "problems" });
        }
    }
    Ok(sound)
}

/// What was brought to the check from outside.
fn trust(anchors: &[PathBuf], keys: &[String]) -> Result<Trust> {
    let mut trust = Trust::default();
    for key in keys {
        trust.keys.push(trusted_key(key)?);
    }
    for path in anchors {
        trust.anchors.extend(notes_below(path)?.into_iter().map(|(name, note)| Anchor { name, note }));
    }
    Ok(trust)
}

/// Hashes every stored file again; answers how many do not hold what their name says.
fn verify_files(place: &Place) -> Result<usize> {
    let files = place.open_files()?;
    let mut wrong = 0;
    for digest in files.digests() {
        let digest = digest?;
        if files.verify(&digest)? != blob::Verdict::Sound {
            wrong += 1;
            println!("  file {digest} does not hold what its name says");
        }
    }
    Ok(wrong)
}
