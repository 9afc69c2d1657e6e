//! Objects in an S3 bucket, for files that several nodes share and for anchors that nobody can
//! overwrite.
//!
//! Calls come from ordinary threads and wait there, as with the database; the runtime's own thread
//! only moves bytes. So nothing here may be called from async code. Faults of the network are tried
//! again for [`RETRY_SECONDS`]; what then still fails is refused with `storage_unreachable`, and
//! its cause is in the log: answers never name hosts or credentials.

use base::{Error, Refusal, RefusalKind, Result};
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum, S3ConditionalPut};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig};
use std::fmt;
use std::io::Write;
use std::sync::Once;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The scheme of a bucket's address.
pub const SCHEME: &str = "s3://";
/// How long a call that fails is tried again, in seconds: shorter than people wait for an answer.
pub const RETRY_SECONDS: u64 = 20;
/// How often, at most.
const RETRIES: usize = 6;
const CONNECT_SECONDS: u64 = 5;
/// For one whole answer.
const ANSWER_SECONDS: u64 = 120;
/// Most characters of a bucket's address.
pub const ADDRESS_CHARS: usize = 1_024;

/// A bucket, or a folder in one.
pub struct Bucket {
    store: AmazonS3,
    folder: Path,
    /// As it was given, for people: without credentials, which are never part of it.
    address: String,
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Bucket").field(&self.address).finish()
    }
}

/// How to reach the service, where it is not what the environment of the process says.
///
/// The environment is read as other programs of the field read it: `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP` and the roles of a
/// cloud's machines.
#[derive(Debug, Clone, Default)]
pub struct Service {
    pub endpoint: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
}

impl Bucket {
    /// `address` is `s3://bucket` or `s3://bucket/folder`. Nothing is asked of the service yet.
    /// Refused with `bad_bucket` when the address is none or the settings contradict each other.
    pub fn open(address: &str, service: &Service) -> Result<Self> {
        let (name, folder) = parts(address)?;
        use_ring();
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_checksum_algorithm(Checksum::SHA256)
            .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: Duration::from_secs(RETRY_SECONDS), ..RetryConfig::default() });
        if let Some(endpoint) = &service.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(key) = &service.access_key {
            builder = builder.with_access_key_id(key);
        }
        if let Some(secret) = &service.secret_key {
            builder = builder.with_secret_access_key(secret);
        }
        let plain = builder.get_config_value(&AmazonS3ConfigKey::Endpoint).is_some_and(|endpoint| endpoint.starts_with("http://"));
        let options = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .with_timeout(Duration::from_secs(ANSWER_SECONDS))
            .with_allow_http(plain);
        let store = builder.with_client_options(options).build().map_err(|cause| bad_bucket(&cause.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build().map_err(Error::internal)?;
        Ok(Self { store, folder, address: address.to_owned(), runtime: Some(runtime) })
    }

    /// As it was given.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Keeps the bytes under the key, whatever was there.
    pub fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.wait("an object cannot be kept", self.store.put(&self.path(key), PutPayload::from(bytes))).map(|_| ())
    }

    /// Keeps the bytes unless there is something under the key already; answers whether it did.
    /// The service decides, so of two who try at once one is told no.
    pub fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.runtime()?.block_on(self.store.put_opts(&self.path(key), PutPayload::from(bytes), options)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(cause) => Err(unreachable("an object cannot be kept", &cause)),
        }
    }

    /// The bytes under the key, at most `limit`; nothing when there are none.
    pub fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let size = self.read(key, limit, &mut bytes)?;
        Ok(size.map(|_| bytes))
    }

    /// Writes the bytes under the key to `to` as they arrive; answers their number, and nothing
    /// when there is no such object. Refused with `too_large` above `limit`.
    pub fn read(&self, key: &str, limit: u64, to: &mut dyn Write) -> Result<Option<u64>> {
        let path = self.path(key);
        let Some(found) = self.optional("an object cannot be read", self.store.get(&path))? else { return Ok(None) };
        if found.meta.size > limit {
            return Err(Error::too_large("file", format!("The file is larger than {limit} bytes.")));
        }
        let mut stream = found.into_stream();
        let mut size = 0u64;
        while let Some(bytes) = self.wait("an object cannot be read", stream.try_next())? {
            size += bytes.len() as u64;
            to.write_all(&bytes).map_err(|cause| Error::internal(format!("an object cannot be written down: {cause}")))?;
        }
        Ok(Some(size))
    }

    /// In bytes; nothing when there is no such object.
    pub fn size(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.optional("an object cannot be looked at", self.store.head(&self.path(key)))?.map(|meta| meta.size))
    }

    /// The keys that begin with this folder, in order.
    pub fn keys(&self, folder: &str) -> Result<Vec<String>> {
        let under = self.path(folder);
        let found: Vec<_> = self.wait("the bucket cannot be listed", self.store.list(Some(&under)).map_ok(|meta| meta.location).try_collect())?;
        let own = self.folder.as_ref();
        let mut keys: Vec<String> = found
            .iter()
            .filter_map(|path| path.as_ref().strip_prefix(own))
            .map(|key| key.trim_start_matches('/').to_owned())
            .collect();
        keys.sort_unstable();
        Ok(keys)
    }

    fn path(&self, key: &str) -> Path {
        key.split('/').filter(|part| !part.is_empty()).fold(self.folder.clone(), |path, part| path.join(part))
    }

    fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| Error::internal("the bucket is closed"))
    }

    fn wait<T>(&self, what: &str, work: impl Future<Output = object_store::Result<T>>) -> Result<T> {
        self.runtime()?.block_on(work).map_err(|cause| unreachable(what, &cause))
    }

    fn optional<T>(&self, what: &str, work: impl Future<Output = object_store::Result<T>>) -> Result<Option<T>> {
        match self.runtime()?.block_on(work) {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(unreachable(what, &cause)),
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // A runtime that waits for its threads must not be dropped on a thread of another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Bucket and folder of an address.
fn parts(address: &str) -> Result<(&str, Path)> {
    if address.len() > ADDRESS_CHARS {
        return Err(bad_bucket(&format!("it is longer than {ADDRESS_CHARS} characters")));
    }
    let rest = address.strip_prefix(SCHEME).ok_or_else(|| bad_bucket("it does not begin with s3://"))?;
    let (name, folder) = rest.split_once('/').unwrap_or((rest, ""));
    // Names of general purpose buckets (Amazon S3 User Guide, "General purpose bucket naming rules").
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if !(3..=63).contains(&name.len()) || !name.bytes().all(known) {
        return Err(bad_bucket("a bucket's name is 3 to 63 small letters, digits, dots and hyphens"));
    }
    let folder = Path::parse(folder.trim_end_matches('/')).map_err(|cause| bad_bucket(&cause.to_string()))?;
    Ok((name, folder))
}

fn bad_bucket(why: &str) -> Error {
    Refusal::new(RefusalKind::Invalid, "bad_bucket", format!("This is no address of a bucket: {why}."))
        .advise("Write s3://bucket or s3://bucket/folder; credentials and endpoint come from the environment (AWS_…).")
        .into()
}

/// The cause is for the log, as it names hosts; people are told to try again.
fn unreachable(what: &str, cause: &object_store::Error) -> Error {
    tracing::error!(%cause, "{what}");
    Refusal::new(RefusalKind::Unavailable, "storage_unreachable", "The store of the files does not answer.")
        .advise("Nothing was lost. Try again in a moment; if it stays so, tell the administrator.")
        .retry_after(5)
        .into()
}

/// TLS by ring, chosen once for the process; whoever chose before stays.
fn use_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_perhaps_a_folder() {
        let read = |address: &str| parts(address).map(|(name, folder)| (name.to_owned(), folder.to_string()));
        assert_eq!(read("s3://plumb").unwrap(), ("plumb".to_owned(), String::new()));
        assert_eq!(read("s3://plumb/").unwrap(), ("plumb".to_owned(), String::new()));
        assert_eq!(read("s3://plumb.files-1/a/b/").unwrap(), ("plumb.files-1".to_owned(), "a/b".to_owned()));
        for wrong in ["", "plumb", "s3:/plumb", "s3://", "s3://ab", "s3://Plumb", "s3://user:secret@plumb", "s3://plumb/../other"] {
            assert_eq!(read(wrong).unwrap_err().refusal().unwrap().code, "bad_bucket", "{wrong}");
        }
        let long = |chars: usize| format!("s3://plumb/{}", "a".repeat(chars - "s3://plumb/".len()));
        assert!(read(&long(ADDRESS_CHARS)).is_ok());
        assert_eq!(read(&long(ADDRESS_CHARS + 1)).unwrap_err().refusal().unwrap().code, "bad_bucket");
    }
}
