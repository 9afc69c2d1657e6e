//! Backups and restore drills that the server makes by itself.

use super::{Made, Recipient, make_in, recipient, rehearse, scratch};
use crate::assembly::Place;
use base::limits::DAMAGE_NAMED;
use base::{Error, Result, Timestamp};
use clap::Args;
use kernel::jobs::{self, Turn};
use kernel::upkeep::{self, Fault};
use kernel::{Kernel, MAIN_TENANT};
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
/// Seconds before what failed is tried again.
const AGAIN_SECONDS: i64 = 3_600;

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

    /// Does what is due, on the node that holds the lease. What fails is a fault that somebody must
    /// look after, and is tried again after an hour.
    pub fn turn(&self, holder: &str) -> Result<()> {
        scratch::clear_data(&self.place.data);
        // A node whose clock differs does nothing by it.
        if kernel::present::out_of_step(&self.kernel).is_some() {
            return Ok(());
        }
        let turn = jobs::under_lease(&self.kernel, MAIN_TENANT, BACKUP, holder, &mut || {
            let backed_up = self.when_due(BACKUP, self.backup_every_seconds, Fault::FailedBackup, &|| self.back_up());
            let Some((key, every)) = &self.drill else { return backed_up };
            // A backup that fails is no reason to leave the rehearsal out: it takes the last one there is.
            let rehearsed = self.when_due(DRILL, *every, Fault::FailedDrill, &|| rehearse(&self.to, key, &self.place.data)?.record(&self.kernel, MAIN_TENANT));
            backed_up.and(rehearsed)
        })?;
        match turn {
            Turn::Elsewhere => Ok(()),
            Turn::Held(outcome) => outcome,
            Turn::Lost => Err(Error::internal("another node makes the backups meanwhile")),
        }
    }

    fn when_due(&self, name: &str, every_seconds: i64, fault: Fault, work: &dyn Fn() -> Result<()>) -> Result<()> {
        let now: Timestamp = self.kernel.now();
        let mut round = upkeep::round_of(&self.kernel, MAIN_TENANT, name)?;
        let tried_lately = round.began_at.is_some_and(|tried| now < tried.plus_seconds(AGAIN_SECONDS));
        if tried_lately || !round.is_due(now, every_seconds) {
            return Ok(());
        }
        round.began_at = Some(now);
        self.kernel.keep_round(MAIN_TENANT, name, &round)?;
        if let Err(error) = work() {
            upkeep::note(&self.kernel, MAIN_TENANT, fault, &self.to.display().to_string(), &error.to_string())?;
            return Err(error);
        }
        self.kernel.keep_round(MAIN_TENANT, name, &round.ended(self.kernel.now()))
    }

    fn back_up(&self) -> Result<()> {
        let made = make_in(&self.place, &self.to, &self.recipient)?;
        tracing::info!(backup = made.id, path = %made.path.display(), rows = made.rows, files = made.files, damaged = made.damage.len(), "a backup was made");
        self.tell_damage(&made)
    }

    /// Files that are not in the backup because they are damaged or missing: a fault for each, as the
    /// reading of files raises it, or one for all where there are many.
    fn tell_damage(&self, made: &Made) -> Result<()> {
        if made.damage.len() > DAMAGE_NAMED {
            let lines: Vec<_> = made.damage.iter().map(ToString::to_string).collect();
            let found = format!("{} files could not be taken into the backup {}:\n{}", lines.len(), made.path.display(), lines.join("\n"));
            return upkeep::note(&self.kernel, MAIN_TENANT, Fault::DamagedFile, &self.place.data.display().to_string(), &found);
        }
        for each in &made.damage {
            // A folder that cannot be listed has no digest.
            let subject = if each.file.is_empty() { "the store of the files" } else { &each.file };
            let found = format!("{each}. It is not in the backup {}. Put it back from an older backup: uploading the same content again repairs it.", made.path.display());
            upkeep::note(&self.kernel, MAIN_TENANT, Fault::DamagedFile, subject, &found)?;
        }
        Ok(())
    }
}
