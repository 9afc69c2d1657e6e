//! Checkpoints by the clock: who signs them, and where they are kept besides.

mod anchor;
mod checking;
mod key;
mod mail;
mod place;

pub use checking::Checker;
pub use key::signer;
pub use mail::Post;
pub use place::{Anchor, anchor, in_bucket};

use base::{Result, Timestamp};
use clap::Args;
use kernel::evidence::{self, Fit, Published, Receipt};
use kernel::{Kernel, MAIN_TENANT, jobs};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tlog::note::NoteSigner;

/// How checkpoints are signed and where they are kept.
#[derive(Debug, Clone, Args, Default)]
pub struct Anchoring {
    /// File of the secret key that signs checkpoints; made at the first start. Keep a copy where
    /// the database's administrators have no access. Default: checkpoint.key in the data folder.
    #[arg(long, value_name = "FILE", env = "PLUMB_CHECKPOINT_KEY")]
    pub checkpoint_key: Option<PathBuf>,
    /// Who keeps signed checkpoints outside the database; may be given several times: a folder on
    /// another disk or machine, a bucket (s3://bucket/folder), a receiver on the web (https://…), or
    /// a mailbox (mailto:address, with --smtp).
    #[arg(long = "anchor", value_name = "PLACE", env = "PLUMB_ANCHORS", hide_env_values = true, value_delimiter = ',')]
    pub anchors: Vec<String>,
    /// Address inside the company's network at which a receiver on the web may be; others must be on
    /// the public Internet. May be given several times.
    #[arg(long = "anchor-inside", value_name = "IP", env = "PLUMB_ANCHORS_INSIDE", value_delimiter = ',')]
    pub inside: Vec<IpAddr>,
    #[command(flatten)]
    pub post: Post,
    /// Minutes between two checkpoints that are kept at an anchor.
    #[arg(long, value_name = "MINUTES", env = "PLUMB_ANCHOR_EVERY", default_value_t = 10)]
    pub anchor_every_minutes: i64,
    /// Hours between two checks of the whole trail that the server makes by itself; 0 for none.
    #[arg(long, value_name = "HOURS", env = "PLUMB_VERIFY_EVERY", default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=8_760))]
    pub verify_every_hours: i64,
}

impl Anchoring {
    /// The places that keep checkpoints.
    ///
    /// Errors: 422 for what is none.
    pub fn open(&self) -> Result<Anchors> {
        self.anchors.iter().map(|named| anchor(named, self)).collect::<Result<Vec<_>>>().map(Arc::from)
    }
}

/// The places that keep checkpoints, shared by who signs and who checks.
pub type Anchors = Arc<[Box<dyn Anchor>]>;

/// The lease under which one node signs.
const LEASE: &str = "evidence";

/// Signs checkpoints and keeps them, one turn every few seconds.
pub struct Checkpointer {
    kernel: Kernel,
    signer: NoteSigner,
    anchors: Anchors,
    every_seconds: i64,
}

impl Checkpointer {
    pub fn new(kernel: Kernel, signer: NoteSigner, anchors: Anchors, every_minutes: i64) -> Self {
        Self { kernel, signer, anchors, every_seconds: every_minutes.max(1) * 60 }
    }

    /// The public key of this node's signer.
    pub fn public_key(&self) -> String {
        self.signer.verifier().text()
    }

    /// Before anything is served: compares the data with the newest checkpoint of every anchor that
    /// can be reached, and closes the server for writing where it does not fit.
    pub fn compare_with_anchors(&self) -> Result<()> {
        evidence::close_where_open(&self.kernel, MAIN_TENANT)?;
        for anchor in self.anchors.iter() {
            match anchor.kept() {
                Ok(notes) => self.compare_with(&anchor.name(), &notes)?,
                Err(error) => tracing::warn!(anchor = anchor.name(), %error, "the data was not compared with this anchor"),
            }
        }
        Ok(())
    }

    /// The newest checkpoint that is this log's decides. What somebody else has laid beside it is told
    /// and passed over: it must neither hide the newest nor keep the server from starting.
    fn compare_with(&self, anchor: &str, notes: &[(String, String)]) -> Result<()> {
        let verifier = self.signer.verifier();
        for (name, note) in notes {
            match self.kernel.database().read(|tx| evidence::compare(tx, MAIN_TENANT, &verifier, note)) {
                Ok(Fit::Fits) => return Ok(()),
                Ok(Fit::Explained(broken)) => {
                    tracing::warn!(anchor, how = broken.how, "does not fit, and was explained");
                    return Ok(());
                }
                Ok(Fit::Broken(broken)) => return evidence::close_for(&self.kernel, MAIN_TENANT, anchor, &broken).map(|_| ()),
                Err(error) if error.refusal().is_some() => tracing::warn!(anchor, name, %error, "is no checkpoint of this log"),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes up what was committed and keeps the newest checkpoint where it is due. Faults of an
    /// anchor are noted and tried again at the next turn it is due; the others go on.
    pub fn turn(&self, holder: &str) -> Result<()> {
        // A history that nobody has explained is not signed.
        if self.kernel.closed_by().is_some() || jobs::take_lease(&self.kernel, MAIN_TENANT, LEASE, holder)?.is_none() {
            return Ok(());
        }
        while evidence::checkpoint(&self.kernel, MAIN_TENANT, &self.signer)?.is_some() {}
        let Some(latest) = self.kernel.database().read(|tx| evidence::latest(tx, MAIN_TENANT))? else { return Ok(()) };
        for anchor in self.anchors.iter() {
            let name = anchor.name();
            let last = self.kernel.database().read(|tx| evidence::receipts_of(tx, MAIN_TENANT, &name, 1))?;
            if self.is_due(&latest, last.first(), self.kernel.now()) {
                self.keep(anchor.as_ref(), &latest)?;
            }
        }
        Ok(())
    }

    fn is_due(&self, latest: &Published, last: Option<&Receipt>, now: Timestamp) -> bool {
        match last {
            None => true,
            Some(last) if last.fault.is_none() && last.size >= latest.size => false,
            Some(last) => now >= last.tried_at.plus_seconds(self.every_seconds),
        }
    }

    fn keep(&self, anchor: &dyn Anchor, latest: &Published) -> Result<()> {
        let outcome = anchor.keep(latest.size, &latest.note);
        if let Err(error) = &outcome {
            tracing::error!(anchor = anchor.name(), %error, "a checkpoint was not kept");
        }
        let fault = outcome.err().map(|error| error.to_string());
        let receipt = Receipt { anchor: anchor.name(), size: latest.size, tried_at: self.kernel.now(), fault };
        evidence::note_receipt(&self.kernel, MAIN_TENANT, &receipt)
    }
}
