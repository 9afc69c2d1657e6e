//! The command line.

use crate::assembly::{Place, advise_on};
use crate::backup::{self, Keeper, Keeping};
use crate::evidence::{Anchoring, Checker, Checkpointer};
use crate::portable::{Arrived, Damage, Damaged};
use crate::{demo, people, portable, server, terminal, verification};
use base::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What the product is, what the quality was, and who was trained: on one signed record.
#[derive(Debug, Parser)]
#[command(name = "plumb", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data and the first administrator.
    Init {
        #[command(flatten)]
        place: Place,
        /// User name of the administrator.
        #[arg(long, default_value = "admin")]
        login: String,
        /// Full name of the administrator, as it stands beside signatures.
        #[arg(long)]
        name: String,
        /// IANA time zone of the administrator.
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// Asked for on the terminal when it is not in the environment.
        #[arg(long, env = "PLUMB_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// Serve pages and API.
    Serve {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        listen: server::Listen,
        #[command(flatten)]
        anchoring: Anchoring,
        #[command(flatten)]
        keeping: Keeping,
    },
    /// Make the demo company (when the data is empty) and serve it.
    Demo {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        listen: server::Listen,
        #[command(flatten)]
        anchoring: Anchoring,
        /// Only make the data.
        #[arg(long)]
        no_serve: bool,
    },
    /// Bring the schema up to date.
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Check the whole trail and every row. Exit code 1 when something is wrong.
    Verify {
        #[command(flatten)]
        place: Place,
        /// A checkpoint that was kept elsewhere, or a folder of them; may be given several times.
        /// Up to it nothing can have been rewritten or put back.
        #[arg(long = "anchor", value_name = "PATH")]
        anchors: Vec<PathBuf>,
        /// The public key of the company's log (name+hash+key) or a file with it, from somewhere
        /// else than the database.
        #[arg(long = "key", value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Add a person.
    User {
        #[command(flatten)]
        place: Place,
        /// User name of the administrator who adds.
        #[arg(long)]
        by: String,
        #[arg(long, env = "PLUMB_PASSWORD", hide_env_values = true)]
        by_password: Option<String>,
        /// User name of the new person.
        #[arg(long)]
        login: String,
        #[arg(long)]
        name: String,
        /// A role to grant; may be given several times.
        #[arg(long = "role")]
        roles: Vec<String>,
        #[arg(long, env = "PLUMB_NEW_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// Make an API token and print it once.
    Token {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        login: String,
        #[arg(long, env = "PLUMB_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// What the token is for.
        #[arg(long)]
        name: String,
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// Make the pair of keys for backups: the secret key into a new file, to be kept where the backups
    /// are not; the public one is printed.
    BackupKey {
        /// The new file.
        to: PathBuf,
    },
    /// Write a backup of everything, encrypted, also beside a running server. Exit code 1 when files
    /// are damaged or missing: the backup is there without them.
    Backup {
        #[command(flatten)]
        place: Place,
        /// A folder that is there, in which it gets a name of its own, or a new file whose name ends in
        /// .age.
        #[arg(long, value_name = "PATH")]
        to: PathBuf,
        /// The public key (age1…), or a file with it, that the backup is encrypted to.
        #[arg(long, value_name = "KEY", env = "PLUMB_BACKUP_RECIPIENT")]
        recipient: String,
    },
    /// Restore a backup where nothing is, on either engine; trail and files are verified, and one that
    /// does not verify is refused.
    Restore {
        #[command(flatten)]
        place: Place,
        /// The backup.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// File of the secret key.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// Restore also what does not verify, and say what that is. Exit code 1 when there is some.
        #[arg(long)]
        with_damage: bool,
    },
    /// Restore a backup into a scratch folder, verify it there, and record what was found. Exit code
    /// 1 when the backup cannot be restored or holds damage.
    RestoreDrill {
        #[command(flatten)]
        place: Place,
        /// The backup, or a folder of them whose newest is taken.
        #[arg(long, value_name = "PATH")]
        from: PathBuf,
        /// File of the secret key.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
    },
    /// Write everything into a new folder of plain files. Exit code 1 when files are damaged or
    /// missing: the export is there without them.
    Export {
        #[command(flatten)]
        place: Place,
        /// The new folder.
        to: PathBuf,
    },
    /// Read an export into an empty database, on either engine, and verify the trail.
    Import {
        #[command(flatten)]
        place: Place,
        /// The folder of the export.
        from: PathBuf,
        /// Take also what does not verify, and say what that is. Exit code 1 when there is some.
        #[arg(long)]
        with_damage: bool,
    },
}

/// Runs one command and answers the exit code: 0 done, 1 a check found something, 2 refused,
/// 3 failed.
pub fn run(arguments: Arguments) -> ExitCode {
    let instead = arguments.command.instead();
    match dispatch(arguments.command) {
        Ok(code) => code,
        Err(error) => terminal::fail(&advise_on(error, "folder_in_use", instead)),
    }
}

impl Command {
    /// What to do where a server holds the folder that the command would write to.
    fn instead(&self) -> &'static str {
        match self {
            Self::User { .. } => "Add the person on the running server's pages (Administration) or over its API, or stop it first.",
            Self::Token { .. } => "Make the token on the running server's pages (your account) or over its API, or stop it first.",
            Self::RestoreDrill { .. } => "Let the running server rehearse by itself (--drill-every-days), or stop it first.",
            Self::Serve { .. } | Self::Demo { .. } => "Stop it first, or give this one a folder of its own. Several servers need PostgreSQL.",
            _ => "Stop it first, or name another folder with --data. `plumb verify`, `plumb backup` and `plumb export` work beside a running server.",
        }
    }
}

fn serve(place: &Place, kernel: kernel::Kernel, listen: &server::Listen, anchoring: &Anchoring, keeper: Option<Keeper>) -> Result<()> {
    let anchors = anchoring.open()?;
    let checkpointer = place.checkpointer(&kernel, anchoring, &anchors)?;
    let key = checkpointer.as_ref().map(Checkpointer::public_key);
    let checker = Checker::new(kernel.clone(), key, anchors, anchoring.verify_every_hours);
    server::serve(kernel, listen, checkpointer, checker, keeper)
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Init { place, login, name, zone, password } => people::init(&place, &login, &name, &zone, password)?,
        Command::Serve { place, listen, anchoring, keeping } => {
            let kernel = place.open()?;
            backup::clear_left(&place.data);
            let keeper = Keeper::new(&kernel, &place, &keeping)?;
            serve(&place, kernel, &listen, &anchoring, keeper)?;
        }
        Command::Demo { place, listen, anchoring, no_serve } => {
            let kernel = place.open()?;
            demo::make(&kernel)?;
            if !no_serve {
                demo::announce(&listen);
                serve(&place, kernel, &listen, &anchoring, None)?;
            }
        }
        Command::Migrate { place } => {
            let applied = place.migrate(&place.open_database()?)?;
            println!("{} migrations applied.", applied.len());
        }
        Command::Verify { place, anchors, keys } => {
            if !verification::verify(&place, &anchors, &keys)? {
                return Ok(ExitCode::from(terminal::FOUND_WRONG));
            }
        }
        Command::User { place, by, by_password, login, name, roles, password } => people::add(&place, &by, by_password, &login, &name, &roles, password)?,
        Command::Token { place, login, password, name, days } => people::token(&place, &login, password, &name, days)?,
        Command::BackupKey { to } => backup::make_key(&to)?,
        Command::Backup { place, to, recipient } => {
            let made = backup::make(&place, &to, &backup::recipient(&recipient)?)?;
            println!("{}: backup {} with {} rows and {} files.", made.path.display(), made.id, made.rows, made.files);
            return Ok(left_out(&made.damage));
        }
        Command::Restore { place, from, identity, with_damage } => {
            let arrived = backup::restore(&from, &identity, &place, damage(with_damage))?;
            return Ok(arrival(&format!("Restored backup {}", arrived.backup.as_deref().unwrap_or_default()), &arrived));
        }
        Command::RestoreDrill { place, from, identity } => {
            let kernel = place.open()?;
            let drill = backup::rehearse(&from, &identity, &place.data)?;
            drill.record(&kernel, kernel::MAIN_TENANT)?;
            if let Some(why) = drill.failure() {
                println!("The drill of backup {} failed: {why}", drill.backup);
                return Ok(ExitCode::from(terminal::FOUND_WRONG));
            }
            println!("Backup {} was restored and verified; the drill is recorded.", drill.backup);
        }
        Command::Export { place, to } => {
            let written = portable::export(&place, &to)?;
            println!("Exported to {}.", to.display());
            return Ok(left_out(&written.damage));
        }
        Command::Import { place, from, with_damage } => {
            let arrived = portable::read_all(&place, &from, damage(with_damage)).map_err(|error| portable::advise_in_doubt(error, IMPORT_IN_DOUBT))?;
            return Ok(arrival("Imported", &arrived));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What to do about an import when the database went away over it.
const IMPORT_IN_DOUBT: &str = "The company is in the database as a whole or not at all, and nobody can say yet which. When the database answers again, give the same command again: it imports the company, or is refused because it is there already.";

fn damage(is_taken: bool) -> Damage {
    if is_taken { Damage::Told } else { Damage::Refused }
}

/// Says what an export or a backup lacks.
fn left_out(damage: &[Damaged]) -> ExitCode {
    if damage.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("It holds all but what is damaged or missing here:");
    portable::print_damage(damage);
    ExitCode::from(terminal::FOUND_WRONG)
}

/// Says what arrived, and what is wrong with it.
fn arrival(what: &str, arrived: &Arrived) -> ExitCode {
    let counted = format!("{what}: {} transactions, {} rows and {} files", arrived.transactions, arrived.rows, arrived.files);
    if arrived.damage.is_empty() {
        println!("{counted}, all verified.");
        return ExitCode::SUCCESS;
    }
    println!("{counted}, with damage, which `plumb verify` tells again:");
    portable::print_damage(&arrived.damage);
    ExitCode::from(terminal::FOUND_WRONG)
}
