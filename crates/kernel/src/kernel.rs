//! The kernel's handle: database, clock, identifiers, files and the catalog in force.

use crate::authority::Actor;
use crate::catalog::{Catalog, Module};
use crate::command::{self, Outcome, Request};
use crate::held::ChainHeld;
use crate::password::Hashing;
use crate::present::{self, Present};
use crate::trail::{Header, WriteTx};
use crate::{commands, configuration};
use base::{Clock, Digest, Error, IdSource, RecordRef, Result, Timestamp};
use db::{Database, Migration, Tx, sql};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What a kernel is made of; the binary and the tests put it together.
pub struct Setup {
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub files: blob::Files,
    pub modules: Vec<Module>,
    pub hashing: Hashing,
    /// Chains of a tenant's trail: 1, or more where many people sign at once.
    pub chains: i64,
}

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct Kernel {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    present: Present,
    ids: Arc<dyn IdSource>,
    files: Arc<blob::Files>,
    hashing: Hashing,
    chains: i64,
    delivered: Arc<Catalog>,
    catalogs: RwLock<BTreeMap<String, Arc<Catalog>>>,
    secrets: RwLock<BTreeMap<String, Vec<u8>>>,
    held: Arc<ChainHeld>,
    /// What keeps this node from writing ([`crate::evidence::close_for`]).
    closed_by: Arc<RwLock<Option<RecordRef>>>,
}

/// The migrations of the kernel's tables; domains append theirs in the binary.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "kernel", text: include_str!("../../../migrations/0001_kernel.sql") },
    Migration { number: 4, name: "evidence", text: include_str!("../../../migrations/0004_evidence.sql") },
    Migration { number: 5, name: "personal", text: include_str!("../../../migrations/0005_personal.sql") },
    Migration { number: 6, name: "checks", text: include_str!("../../../migrations/0006_checks.sql") },
    Migration { number: 7, name: "upkeep", text: include_str!("../../../migrations/0007_upkeep.sql") },
    Migration { number: 8, name: "times", text: include_str!("../../../migrations/0008_times.sql") },
];

impl Kernel {
    /// Puts the kernel together. The database must be migrated.
    pub fn new(setup: Setup) -> Result<Self> {
        let mut modules = vec![commands::module()];
        modules.extend(setup.modules);
        let delivered = Arc::new(Catalog::build(modules)?);
        Ok(Self {
            inner: Arc::new(Inner {
                database: setup.database,
                present: Present::new(setup.clock),
                ids: setup.ids,
                files: Arc::new(setup.files),
                hashing: setup.hashing,
                chains: setup.chains.clamp(1, 16),
                delivered,
                catalogs: RwLock::new(BTreeMap::new()),
                secrets: RwLock::new(BTreeMap::new()),
                held: Arc::default(),
                closed_by: Arc::new(RwLock::new(None)),
            }),
        })
    }

    /// The same installation at another time: simulations and the demo tell weeks in seconds.
    pub fn with_clock(&self, clock: Arc<dyn Clock>) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(Inner {
                database: inner.database.clone(),
                present: Present::new(clock),
                ids: Arc::clone(&inner.ids),
                files: Arc::clone(&inner.files),
                hashing: inner.hashing,
                chains: inner.chains,
                delivered: Arc::clone(&inner.delivered),
                catalogs: RwLock::new(BTreeMap::new()),
                secrets: RwLock::new(BTreeMap::new()),
                held: Arc::clone(&inner.held),
                closed_by: Arc::clone(&inner.closed_by),
            }),
        }
    }

    pub(crate) fn close_for_writing(&self, by: Option<RecordRef>) {
        *self.inner.closed_by.write().unwrap_or_else(PoisonError::into_inner) = by;
    }

    /// The restoration that keeps this node from writing.
    pub fn closed_by(&self) -> Option<RecordRef> {
        self.inner.closed_by.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the rows a tenant needs before its first command: chain heads and secrets. Does
    /// nothing where they are there.
    pub fn prepare_tenant(&self, tenant: &str) -> Result<()> {
        let (tenant, chains) = (tenant.to_owned(), self.inner.chains);
        let secret = self.inner.ids.random_bytes(32);
        self.housekeeping(move |tx| {
            for chain in 0..chains {
                tx.execute(
                    sql("insert into chain_head (tenant, chain, seq, hash) values ($1, $2, 0, $3) on conflict (tenant, chain) do nothing"),
                    &[tenant.as_str().into(), chain.into(), Digest::ZERO.0.to_vec().into()],
                )?;
            }
            tx.execute(
                sql("insert into secret (tenant, name, value) values ($1, 'signing', $2) on conflict (tenant, name) do nothing"),
                &[tenant.as_str().into(), secret.clone().into()],
            )
        })?;
        Ok(())
    }

    /// Runs a command. See [`command::execute`].
    pub fn execute(&self, actor: &Actor, request: &Request) -> Result<Outcome> {
        command::execute(self, actor, request)
    }

    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    pub fn files(&self) -> &blob::Files {
        &self.inner.files
    }

    /// The present: what the clock says, and never before the newest event ([`present`]).
    pub fn now(&self) -> Timestamp {
        self.inner.present.now()
    }

    pub(crate) fn present(&self) -> &Present {
        &self.inner.present
    }

    /// How long this node's transactions hold their chains.
    pub fn chain_held(&self) -> &ChainHeld {
        &self.inner.held
    }

    pub fn ids(&self) -> Arc<dyn IdSource> {
        Arc::clone(&self.inner.ids)
    }

    pub fn hashing(&self) -> Hashing {
        self.inner.hashing
    }

    /// The product as delivered.
    pub fn delivered(&self) -> Arc<Catalog> {
        Arc::clone(&self.inner.delivered)
    }

    /// The catalog in force for the main tenant, from the cache where it is fresh.
    pub fn catalog(&self) -> Result<Arc<Catalog>> {
        let kernel = self.clone();
        self.inner.database.read(move |tx| configuration::current(&kernel, tx, crate::MAIN_TENANT))
    }

    pub(crate) fn cached_catalog(&self, tenant: &str) -> Option<Arc<Catalog>> {
        self.inner.catalogs.read().ok()?.get(tenant).cloned()
    }

    pub(crate) fn cache_catalog(&self, tenant: &str, catalog: Arc<Catalog>) {
        if let Ok(mut catalogs) = self.inner.catalogs.write() {
            catalogs.insert(tenant.to_owned(), catalog);
        }
    }

    /// A secret of the installation, made once and kept in the database.
    pub(crate) fn secret(&self, tenant: &str, name: &str) -> Result<Vec<u8>> {
        let key = format!("{tenant}/{name}");
        if let Some(known) = self.inner.secrets.read().ok().and_then(|secrets| secrets.get(&key).cloned()) {
            return Ok(known);
        }
        let rows = self.inner.database.query(sql("select value from secret where tenant = $1 and name = $2"), &[tenant.into(), name.into()])?;
        let value = rows.first().ok_or_else(|| Error::internal(format!("secret {name} is missing")))?.bytes("value")?.to_vec();
        if let Ok(mut secrets) = self.inner.secrets.write() {
            secrets.insert(key, value.clone());
        }
        Ok(value)
    }

    /// The chain a transaction is sealed into: spread by its idempotency key.
    pub(crate) fn chain_for(&self, key: &str) -> i64 {
        let spread = Digest::of(key.as_bytes()).0.first().copied().unwrap_or(0);
        i64::from(spread) % self.inner.chains
    }

    /// Writes rows that are no record: activity of sessions, leases, counters of failures.
    pub(crate) fn housekeeping(&self, body: impl FnMut(&mut Tx) -> Result<u64> + Send + 'static) -> Result<u64> {
        self.inner.database.write(body)
    }

    pub(crate) fn housekeeping_with<T: Send + 'static>(&self, body: impl FnMut(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        self.inner.database.write(body)
    }

    /// A regulated write that is no command of a person's: sessions, security notes, set-up. It
    /// goes through the same trail.
    pub(crate) fn inside(&self, tenant: &str, actor: &str, name: &str, body: impl Fn(&mut WriteTx<'_>) -> Result<()> + Send + 'static) -> Result<()> {
        let (kernel, tenant, actor, name) = (self.clone(), tenant.to_owned(), actor.to_owned(), name.to_owned());
        let taken = self.inner.database.write(move |tx| {
            let catalog = configuration::current(&kernel, tx, &tenant)?;
            let now = kernel.now();
            let id = kernel.inner.ids.next_id(now);
            let header = Header {
                tenant: tenant.clone(),
                chain: kernel.chain_for(&id),
                tx: id,
                at: now,
                actor: actor.clone(),
                command: name.clone(),
                reason: None,
                software: crate::SOFTWARE.to_owned(),
                configuration: catalog.revision,
            };
            let mut write = WriteTx::new(tx, header, catalog, Arc::clone(&kernel.inner.ids));
            body(&mut write)?;
            // Nothing was changed after all: no transaction for the trail.
            if !write.has_events() {
                return Ok(None);
            }
            present::check_in_step(&kernel)?;
            let taken = write.seal()?;
            kernel.present().written(now);
            Ok(Some(taken))
        })?;
        if let Some(taken) = taken {
            self.inner.held.ended(taken);
        }
        Ok(())
    }

    /// Whether the tenant has people already.
    pub fn has_people(&self, tenant: &str) -> Result<bool> {
        let tenant = tenant.to_owned();
        self.inner.database.read(move |tx| Ok(tx.query_opt(sql("select id from person where tenant = $1 limit 1"), &[tenant.as_str().into()])?.is_some()))
    }
}
