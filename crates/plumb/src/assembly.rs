//! Puts kernel, domains, database and files together.

use crate::evidence::{self, Anchoring, Anchors, Checkpointer};
use base::{Error, Result, SystemClock, SystemIds};
use blob::{BlobStore, Files};
use clap::Args;
use db::{Config, Database, Engine, Migration};
use kernel::catalog::Module;
use kernel::password::Hashing;
use kernel::{Kernel, MAIN_TENANT, Setup};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Folder of the embedded database and the files.
    #[arg(long, value_name = "DIR", env = "PLUMB_DATA", default_value = "data")]
    pub data: PathBuf,
    /// PostgreSQL instead of the embedded database: postgres://user:password@host/database.
    #[arg(long, value_name = "URL", env = "PLUMB_DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Where files are, when it is not `files` in the data folder: another folder, or a bucket,
    /// s3://bucket/folder, with endpoint and credentials from the environment (AWS_…).
    #[arg(long, value_name = "PLACE", env = "PLUMB_FILES", hide_env_values = true)]
    pub files: Option<String>,
}

/// Connections to PostgreSQL per node: two to four for each core serve best.
const POOL_SIZE: usize = 8;

impl Place {
    fn config(&self) -> Config {
        match &self.database {
            Some(url) => Config::Postgres { url: url.clone(), pool_size: POOL_SIZE },
            None => Config::Sqlite { folder: self.data.clone() },
        }
    }

    pub fn open_database(&self) -> Result<Database> {
        if self.database.is_none() {
            make_folder(&self.data)?;
        }
        Database::open(&self.config())
    }

    /// For work that only reads: beside a running server, and nothing is made where nothing is.
    pub fn open_to_read(&self) -> Result<Database> {
        Database::open_to_read(&self.config()).map_err(|error| {
            advise_on(error, "no_data", "Name the folder with --data, or make a company with `plumb init`.")
        })
    }

    /// Who signs checkpoints on this node and keeps them; `None` where the key is not here.
    pub fn checkpointer(&self, kernel: &Kernel, anchoring: &Anchoring, anchors: &Anchors) -> Result<Option<Checkpointer>> {
        make_folder(&self.data)?;
        let key = anchoring.checkpoint_key.clone().unwrap_or_else(|| self.data.join("checkpoint.key"));
        let signer = evidence::signer(&key, kernel.database(), kernel.ids().as_ref())?;
        let checkpointer = signer.map(|signer| Checkpointer::new(kernel.clone(), signer, Arc::clone(anchors), anchoring.anchor_every_minutes));
        if let Some(checkpointer) = &checkpointer {
            checkpointer.compare_with_anchors()?;
        }
        Ok(checkpointer)
    }

    /// Brings the schema up to date. An embedded database is copied first, beside itself, so that an
    /// update can be taken back together with its program; PostgreSQL has its own backups.
    pub fn migrate(&self, database: &Database) -> Result<Vec<u32>> {
        let all = migrations();
        let (has, wanted) = (database.schema_version()?, all.last().map_or(0, |migration| migration.number));
        if database.engine() == Engine::Sqlite && has > 0 && has < wanted {
            self.copy_before(database, has, wanted)?;
        }
        database.migrate(&all)
    }

    fn copy_before(&self, database: &Database, has: u32, wanted: u32) -> Result<()> {
        let path = self.data.join(format!("schema-{has}-before-{wanted}.sqlite"));
        if path.exists() {
            return Ok(());
        }
        // Whatever bears its name is a whole copy, also when the update is killed meanwhile.
        let unfinished = path.with_extension("unfinished");
        let unusable = |error: std::io::Error| Error::internal(format!("{}: {error}", path.display()));
        if unfinished.exists() {
            std::fs::remove_file(&unfinished).map_err(unusable)?;
        }
        database.backup_to(&unfinished)?;
        std::fs::rename(&unfinished, &path).map_err(unusable)?;
        tracing::info!(copy = %path.display(), "the database was copied before its update");
        Ok(())
    }

    pub fn open_files(&self) -> Result<Files> {
        let Some(place) = &self.files else {
            let folder = self.data.join("files");
            make_folder(&folder)?;
            return Ok(BlobStore::open(&folder)?.into());
        };
        Files::open(place)
    }

    /// Opens database and files, brings the schema up to date, puts the kernel together and lays
    /// down what this release ships.
    pub fn open(&self) -> Result<Kernel> {
        let database = self.open_database()?;
        self.migrate(&database)?;
        let kernel = Kernel::new(Setup {
            database,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds::default()),
            files: self.open_files()?,
            modules: modules(),
            hashing: Hashing::standard(),
            chains: 1,
        })?;
        kernel.prepare_tenant(MAIN_TENANT)?;
        kernel::present::watch(&kernel, MAIN_TENANT)?;
        kernel::reference::adopt(&kernel, MAIN_TENANT)?;
        Ok(kernel)
    }
}

/// Gives a refusal of this code the advice that fits the command line.
pub fn advise_on(error: Error, code: &str, advice: &str) -> Error {
    match error {
        Error::Refused(refusal) if refusal.code == code => refusal.advise(advice).into(),
        other => other,
    }
}

fn make_folder(folder: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        base::Refusal::new(base::RefusalKind::Unavailable, "no_folder", format!("The folder {} cannot be made: {error}.", folder.display())).into()
    })
}

/// The domains of the product.
pub fn modules() -> Vec<Module> {
    vec![plm::module(), qms::module(), lms::module()]
}

/// All migrations, in their order.
pub fn migrations() -> Vec<Migration> {
    let mut all = kernel::MIGRATIONS.to_vec();
    all.extend_from_slice(plm::MIGRATIONS);
    all.sort_by_key(|migration| migration.number);
    all
}

/// Refuses a database whose schema is not this program's; for work that must not change it.
pub fn require_schema(database: &Database) -> Result<()> {
    let (has, wanted) = (database.schema_version()?, migrations().last().map_or(0, |migration| migration.number));
    if has == wanted {
        return Ok(());
    }
    Err(base::Refusal::new(
        base::RefusalKind::Conflict,
        "other_schema",
        format!("The data has schema {has}, this program works with schema {wanted}."),
    )
    .advise("Run `plumb migrate` with the program that shall work with it.")
    .into())
}

/// What the API works with, the reads that the domains declare among it.
pub fn api(kernel: Kernel, secure_cookies: bool, public_origin: Option<String>) -> api::State {
    let settings = api::Settings { secure_cookies, public_origin, reference_page: false };
    api::State::new(kernel, settings).with(crate::reads::all())
}
