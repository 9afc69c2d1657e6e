//! `plumb-verify`: checks a company's data, one record of it, or an evidence bundle. It knows
//! `docs/FORMATS.md` and no more, writes nothing, and needs neither the server nor its program.
//!
//! Exit codes: 0 sound, 1 something is wrong, 2 wrongly used, 3 could not be done.

use base::{Error, Result};
use clap::Parser;
use db::{Config, Database};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use verify::{BUNDLE_BYTES, Problem, Trust};

/// Something was found wrong.
const FOUND_WRONG: u8 = 1;
/// The command was refused or wrongly used.
const REFUSED: u8 = 2;
/// The machine failed.
const FAILED: u8 = 3;
/// Connections to PostgreSQL: one statement runs at a time.
const POOL_SIZE: usize = 2;

/// Check the evidence of Plumb without Plumb.
#[derive(Debug, Parser)]
#[command(name = "plumb-verify", version)]
struct Arguments {
    /// Evidence bundles, as a record's page or the API hands them out.
    #[arg(value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// A data folder: its embedded database and its files.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["bundles", "database"])]
    data: Option<PathBuf>,
    /// A PostgreSQL database: postgres://user:password@host/database.
    #[arg(long, value_name = "URL", conflicts_with = "bundles", env = "PLUMB_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Only this record (CAPA-2026-0001, PR-0012/C or its identifier); may be given several times.
    #[arg(long = "record", value_name = "NUMBER", conflicts_with = "bundles")]
    records: Vec<String>,
    /// A checkpoint that was kept elsewhere, or a folder of them; may be given several times.
    #[arg(long = "anchor", value_name = "PATH")]
    anchors: Vec<PathBuf>,
    /// The public key of the company's log (name+hash+key) or a file with it, from somewhere else
    /// than what is checked.
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FOUND_WRONG),
        Err(error) => {
            eprintln!("plumb-verify: {error}");
            ExitCode::from(if error.refusal().is_some() { REFUSED } else { FAILED })
        }
    }
}

fn run(given: &Arguments) -> Result<bool> {
    let trust = verify::brought(&given.keys, &given.anchors)?;
    if !given.bundles.is_empty() {
        let mut sound = true;
        for path in &given.bundles {
            sound &= bundle(path, &trust)?;
        }
        return Ok(sound);
    }
    let config = match (&given.database, &given.data) {
        (_, Some(folder)) => Config::Sqlite { folder: folder.clone() },
        (Some(url), None) => Config::Postgres { url: url.clone(), pool_size: POOL_SIZE },
        (None, None) => return Err(Error::invalid("data", "nothing_to_check", "Name a bundle, a data folder (--data) or a database (--database).")),
    };
    let database = Database::open_to_read(&config)?;
    let mut sound = true;
    let stored = given.data.as_ref().filter(|_| given.records.is_empty()).map(|folder| Stored::check(&folder.join("files")));
    for tenant in verify::tenants(&database)? {
        if given.records.is_empty() {
            sound &= whole(&database, &tenant, &trust, stored.as_ref())?;
        }
        for record in &given.records {
            let report = verify::verify_record(&database, &tenant, record, &trust, &mut |_, _, _| {})?;
            let what = format!("{record}: {} transactions, {} events, {} rows, {} signatures checked", report.transactions, report.events, report.rows, report.signatures);
            sound &= say(record, &what, &report.problems, &report.standing());
        }
    }
    Ok(sound && stored.is_none_or(|stored| stored.say()))
}

fn whole(database: &Database, tenant: &str, trust: &Trust, stored: Option<&Stored>) -> Result<bool> {
    let mut doing = String::new();
    let mut report = verify::verify_against(database, tenant, trust, &mut |what, _, _| {
        if doing != what {
            eprintln!("{what} …");
            what.clone_into(&mut doing);
        }
    })?;
    if let Some(stored) = stored {
        report.problems.extend(database.read(|tx| verify::check_named(tx, tenant, &mut |digest| Ok(stored.fault(digest))))?);
    }
    let what = format!("{tenant}: {} transactions, {} events, {} rows, {} signatures checked", report.transactions, report.events, report.rows, report.signatures);
    Ok(say(tenant, &what, &report.problems, &report.standing()))
}

fn bundle(path: &Path, trust: &Trust) -> Result<bool> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > BUNDLE_BYTES as u64 {
        return Err(Error::too_large("bundle", format!("{} has {size} bytes; a bundle has at most {BUNDLE_BYTES}", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let report = verify::verify_bundle(&text, trust)?;
    let (about, name) = (&report.record, path.display());
    let what = format!(
        "{name}: {} {} {} “{}”: {} transactions, {} events, {} rows, {} signatures checked",
        about.kind, about.number, about.revision, about.title, report.transactions, report.events, report.rows, report.signatures
    );
    Ok(say(&name.to_string(), &what, &report.problems, &report.standing()))
}

fn say(name: &str, what: &str, problems: &[Problem], standing: &str) -> bool {
    println!("{what}");
    for problem in problems {
        println!("  {problem}");
    }
    match problems.len() {
        0 => println!("{name}: sound. {standing}"),
        1 => println!("{name}: 1 problem found"),
        many => println!("{name}: {many} problems found"),
    }
    problems.is_empty()
}

/// The stored files, each hashed again (`docs/FORMATS.md`, "Files").
struct Stored {
    folder: PathBuf,
    checked: u64,
    wrong: Vec<Problem>,
}

impl Stored {
    fn check(folder: &Path) -> Self {
        let (checked, wrong) = verify::check_files(folder);
        Self { folder: folder.to_owned(), checked, wrong }
    }

    /// What is wrong with the file of a digest.
    fn fault(&self, digest: &str) -> Option<String> {
        if let Some(wrong) = self.wrong.iter().find(|wrong| wrong.key == digest) {
            return Some(wrong.text.clone());
        }
        let (first, second) = (digest.get(..2).unwrap_or_default(), digest.get(2..4).unwrap_or_default());
        let path = self.folder.join("objects").join(first).join(second).join(digest);
        (!path.is_file()).then(|| "is missing".to_owned())
    }

    fn say(&self) -> bool {
        println!("files: {} checked", self.checked);
        for problem in &self.wrong {
            println!("  {problem}");
        }
        self.wrong.is_empty()
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("path", "unreadable", format!("{} cannot be read: {error}", path.display()))
}
