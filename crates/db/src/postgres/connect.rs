//! How connections to PostgreSQL are made and watched.

use super::error;
use super::timeline::Timelines;
use crate::fault::Moment;
use base::{Error, Result};
use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// Waiting for one host to answer at all.
const CONNECT: Duration = Duration::from_secs(5);
/// Waiting for a connection, over all hosts or in the pool.
const OBTAIN: Duration = Duration::from_secs(15);
/// Sent bytes may stay unacknowledged this long before the connection counts as dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Every statement finds its rows by an index that the tenant leads. Plans are kept, also those of
/// foreign keys: one made while a table was small would read the whole of it for each row of an
/// import, and the import would take the square of its length. Compiling plans costs more than it
/// gives for statements this short.
const STEADY_PLANS: &str = "-c enable_seqscan=off -c jit=off";

/// Counts the server's warnings that a COMMIT did not wait for its standby. The count is shared by
/// all connections: a warning on one puts every COMMIT of that moment in doubt, which is harmless
/// (the idempotency key is looked up) and so rare that telling them apart is not worth it.
#[derive(Clone, Default)]
pub(crate) struct Warnings(Arc<AtomicU64>);

impl Warnings {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn note(&self, notice: &DbError) {
        if skipped_the_standby(notice.routine(), notice.message()) {
            self.0.fetch_add(1, Ordering::SeqCst);
            tracing::error!(message = notice.message(), "a commit did not reach the standby");
        } else {
            tracing::debug!(severity = notice.severity(), message = notice.message(), "notice of the database");
        }
    }
}

/// The message may be translated, the name of the function in the server is not.
fn skipped_the_standby(routine: Option<&str>, message: &str) -> bool {
    routine == Some("SyncRepWaitForLSN") || message.contains("wait for synchronous replication")
}

pub(crate) fn runtime(threads: usize) -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("db-net")
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("the network threads could not be started: {error}")))
}

fn configure(url: &str) -> Result<tokio_postgres::Config> {
    let mut config: tokio_postgres::Config = url
        .parse()
        .map_err(|error| Error::invalid("database", "bad_url", format!("The URL of the database cannot be read: {error}")))?;
    if config.get_application_name().is_none() {
        config.application_name("plumb");
    }
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{given} {STEADY_PLANS}").trim_start());
    config
        .connect_timeout(CONNECT)
        .tcp_user_timeout(UNACKNOWLEDGED)
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    Ok(config)
}

pub(crate) fn pool(url: &str, size: usize, warnings: &Warnings, timelines: &Timelines) -> Result<Pool> {
    let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(configure(url)?, Watched(warnings.clone()), settings);
    Pool::builder(manager)
        .max_size(size.max(1))
        .post_create(timelines.new_connections())
        .pre_recycle(timelines.kept_connections())
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(OBTAIN))
        .create_timeout(Some(OBTAIN))
        .recycle_timeout(Some(OBTAIN))
        .build()
        .map_err(|error| Error::internal(format!("the pool of connections could not be made: {error}")))
}

/// Makes connections whose notices are read.
struct Watched(Warnings);

type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + 'a>>;

impl Connect for Watched {
    fn connect(&self, config: &tokio_postgres::Config) -> Connecting<'_> {
        let config = config.clone();
        let warnings = self.0.clone();
        Box::pin(async move {
            let (client, mut connection) = config.connect(NoTls).await?;
            let watching = tokio::spawn(async move {
                while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                    match message {
                        Ok(AsyncMessage::Notice(notice)) => warnings.note(&notice),
                        Ok(_) => {}
                        Err(error) => {
                            tracing::debug!(%error, "a connection to the database ended");
                            break;
                        }
                    }
                }
            });
            Ok((client, watching))
        })
    }
}

/// Runs one statement by itself on a connection of its own, outside of any transaction: for making
/// and dropping databases (test harness, set-up), never for the product's data.
pub fn administer(url: &str, statement: &str) -> Result<()> {
    let config = configure(url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("the network could not be started: {error}")))?;
    let work = async {
        let (client, connection) = config.connect(NoTls).await?;
        let watching = tokio::spawn(connection);
        let outcome = client.batch_execute(statement).await;
        drop(client);
        watching.abort();
        outcome
    };
    runtime.block_on(work).map_err(|error| error::of(&error, Moment::Before, statement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_skipped_the_standby_is_known_in_any_language() {
        assert!(skipped_the_standby(Some("SyncRepWaitForLSN"), "warte nicht mehr"));
        assert!(skipped_the_standby(None, "canceling wait for synchronous replication due to user request"));
        assert!(!skipped_the_standby(Some("ExecDrop"), "table \"x\" does not exist, skipping"));
    }

    #[test]
    fn several_hosts_are_asked_for_the_one_that_writes() {
        let config = configure("postgres://plumb@one:5432,two:5433/plumb").unwrap();
        assert_eq!(config.get_hosts().len(), 2);
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert!(configure("postgres://[").is_err());
    }
}
