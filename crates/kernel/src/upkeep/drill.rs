//! Restore drills: a backup was restored elsewhere and checked, and what came of it. Each is a
//! record that an inspector can read and a quality manager signs.

use super::fault::{self, Fault};
use crate::Kernel;
use crate::kind::{Area, Field, Kind, Phase, Step};
use crate::record::{self, NewRecord};
use base::{Result, Timestamp};
use serde_json::{Value as Json, json};

/// The name of the kind.
pub const DRILL: &str = "restore_drill";

/// One rehearsed restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// The backup's identifier, or the name of the file where it could not be read.
    pub backup: String,
    /// When the backup was made; empty where it could not be read.
    pub made_at: String,
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    /// What was found; or why the restore failed.
    pub outcome: Result<Restored, String>,
}

/// What a restored copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub transactions: u64,
    pub rows: u64,
    pub files: u64,
    /// What does not verify or is not there, in lines for people; empty where all is sound.
    pub damage: Vec<String>,
}

/// Nobody makes one: the server does when it has rehearsed a restore.
pub fn kind() -> Kind {
    Kind::new(DRILL, "Restore drill", "Restore drills", Area::Administration)
        .text("A backup was restored into an empty place and checked there: trail, rows and files.")
        .counted_by_year("DRL", 4)
        .field(Field::choice("outcome", "Outcome", &[("passed", "Passed"), ("failed", "Failed")]).required().filter())
        .field(Field::line("backup", "Backup").required())
        .field(Field::line("made_at", "Backup made at"))
        .field(Field::line("began_at", "Restore began").required())
        .field(Field::line("ended_at", "Restore ended").required())
        .field(Field::integer("transactions", "Transactions verified", 0, i64::MAX))
        .field(Field::integer("rows", "Rows verified", 0, i64::MAX))
        .field(Field::integer("files", "Files verified", 0, i64::MAX))
        .field(Field::block("report", "Report").required())
        .state("recorded", "Recorded", Phase::InReview)
        .state("reviewed", "Reviewed", Phase::Closed)
        .step(Step::new("review", "Review", &["recorded"], "reviewed").signed("quality_manager", "reviewed the restore drill"))
        .allow("everyone", &["view"])
}

impl Drill {
    /// Keeps the drill as a record; a failed one is a fault besides.
    pub fn record(&self, kernel: &Kernel, tenant: &str) -> Result<()> {
        let mut fields = vec![
            ("backup", json!(self.backup)),
            ("made_at", json!(self.made_at)),
            ("began_at", json!(self.began_at.to_rfc3339())),
            ("ended_at", json!(self.ended_at.to_rfc3339())),
        ];
        let failure = self.failure();
        fields.push(("outcome", json!(if failure.is_some() { "failed" } else { "passed" })));
        if let Ok(found) = &self.outcome {
            fields.extend([("transactions", json!(found.transactions)), ("rows", json!(found.rows)), ("files", json!(found.files))]);
        }
        let title = match (&self.outcome, &failure) {
            (Ok(_), None) => "A backup was restored and verified",
            (Ok(_), Some(_)) => "A backup was restored and holds damage",
            (Err(_), _) => "A backup could not be restored",
        };
        let report = failure.clone().unwrap_or_else(|| "The trail verifies, every file that a record names is there, and every file holds what its name says.".to_owned());
        fields.push(("report", Json::from(base::text::shortened(&report, base::limits::BLOCK_CHARS))));
        kernel.inside(tenant, "system", "restore_drill.record", move |tx| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let new = NewRecord { kind: DRILL.to_owned(), title: title.to_owned(), fields, ..NewRecord::default() };
            record::create_in_state(tx, new, "recorded").map(|_| ())
        })?;
        match failure {
            None => Ok(()),
            Some(why) => fault::note(kernel, tenant, Fault::FailedDrill, &self.backup, &why),
        }
    }

    /// Why the drill counts as failed; nothing when it passed.
    pub fn failure(&self) -> Option<String> {
        match &self.outcome {
            Ok(found) if found.damage.is_empty() => None,
            Ok(found) => Some(format!("The backup was restored and holds damage:\n{}", found.damage.join("\n"))),
            Err(why) => Some(why.clone()),
        }
    }
}
