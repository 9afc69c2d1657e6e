//! Backups and restore drills that the server makes by itself.

use super::{Recipient, make, recipient, rehearse};
use crate::assembly::Place;
use base::{Error, Result, Timestamp};
use clap::Args;
use kernel::upkeep::{self, Fault};
use kernel::{Kernel, MAIN_TENANT, jobs};
use std::path::PathBuf;

/// Where the server puts backups, and how often it rehearses a restore.
#[derive(Debug, Clone, Args, Default)]
pub struct Keeping {
    /// Folder on another disk or machine for backups that the server makes by itself.
    #[arg(long, value_name = "DIR", env = "PLUMB_BACKUP_TO", requires = "backup_recipient")]
    pub backup_to: Option<PathBuf>,
    /// The public key (age1…), or a file with it, that backups are encrypted to.
    #[arg(long, value_name = "KEY", env = "PLUMB_BACKUP_RECIPIENT")]
    pub backup_recipient: Option<String>,
    /// Hours between two backups.
    #[arg(long, value_name = "HOURS", env = "PLUMB_BACKUP_EVERY", default_value_t = 24)]
    pub backup_every_hours: i64,
    /// Days between two rehearsals of a restore of the newest backup; none without it.
    #[arg(long, value_name = "DAYS", env = "PLUMB_DRILL_EVERY", requires = "backup_to", requires = "drill_identity")]
    pub drill_every_days: Option<i64>,
    /// File of the secret key for rehearsals. Whoever can read it and the backups can read everything.
    #[arg(long, value_name = "FILE", env = "PLUMB_DRILL_IDENTITY")]
    pub drill_identity: Option<PathBuf>,
}

const BACKUP: &str = "backup";
const DRILL: &str = "restore_drill";

/// Makes backups and rehearses restores when they are due.
pub struct Keeper {
    kernel: Kernel,
    place: Place,
    to: PathBuf,
    recipient: Recipient,
    backup_every_seconds: i64,
    drill: Option<(PathBuf, i64)>,
}

impl Keeper {
    /// `None` where no backups were asked for.
    pub fn new(kernel: &Kernel, place: &Place, keeping: &Keeping) -> Result<Option<Self>> {
        let (Some(to), Some(given)) = (&keeping.backup_to, &keeping.backup_recipient) else { return Ok(None) };
        if !to.is_dir() {
            return Err(Error::invalid("backup-to", "no_folder", format!("{} is no folder", to.display())));
        }
        let drill = keeping.drill_identity.clone().zip(keeping.drill_every_days).map(|(key, days)| (key, days.max(1) * 86_400));
        Ok(Some(Self {
            kernel: kernel.clone(),
            place: place.clone(),
            to: to.clone(),
            recipient: recipient(given)?,
            backup_every_seconds: keeping.backup_every_hours.max(1) * 3_600,
            drill,
        }))
    }

    /// Does what is due, on the node that holds the lease.
    pub fn turn(&self, holder: &str) -> Result<()> {
        if jobs::take_lease(&self.kernel, MAIN_TENANT, BACKUP, holder)?.is_none() {
            return Ok(());
        }
        if self.is_due(BACKUP, self.backup_every_seconds)? {
            self.back_up()?;
        }
        if let Some((key, every)) = &self.drill
            && self.is_due(DRILL, *every)?
        {
            rehearse(&self.to, key, &self.place.data.join("drill"))?.record(&self.kernel, MAIN_TENANT)?;
            self.done(DRILL)?;
        }
        Ok(())
    }

    fn is_due(&self, name: &str, every_seconds: i64) -> Result<bool> {
        Ok(upkeep::round_of(&self.kernel, MAIN_TENANT, name)?.is_due(self.kernel.now(), every_seconds))
    }

    fn done(&self, name: &str) -> Result<()> {
        let now: Timestamp = self.kernel.now();
        let round = upkeep::round_of(&self.kernel, MAIN_TENANT, name)?;
        self.kernel.keep_round(MAIN_TENANT, name, &round.ended(now))
    }

    fn back_up(&self) -> Result<()> {
        match make(&self.place, &self.to, &self.recipient) {
            Ok(made) => {
                tracing::info!(backup = made.id, path = %made.path.display(), rows = made.rows, files = made.files, "a backup was made");
                self.done(BACKUP)
            }
            Err(error) => {
                upkeep::note(&self.kernel, MAIN_TENANT, Fault::FailedBackup, &self.to.display().to_string(), &error.to_string())?;
                Err(error)
            }
        }
    }
}
