//! The places that keep checkpoints, by what the command line calls them: a folder, a bucket, a
//! receiver on the web, a mailbox.

use super::anchor::Folder;
use super::Anchoring;
use super::mail::Mailbox;
use base::{Error, Refusal, RefusalKind, Result, outbound};
use bucket::{Bucket, SCHEME, Service};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// How long a receiver on the web may take, in seconds.
const ANSWER_SECONDS: u64 = 20;
/// Addresses of a receiver that are tried; the client holds no more.
const ADDRESSES: usize = 16;
/// Bytes of a kept checkpoint that are read.
const NOTE_BYTES: u64 = 64 * 1024;
/// Kept checkpoints of a bucket that are read, the newest: the newest of this log decides, and a few
/// that are none are passed over.
const NEWEST: usize = 20;
/// How the name of a kept checkpoint ends.
const ENDING: &str = ".checkpoint";

/// A place outside the database that keeps signed checkpoints.
pub trait Anchor: Send + Sync {
    /// As people know it; without credentials.
    fn name(&self) -> String;

    /// What it keeps, by name, the newest first; nothing where it only takes.
    fn kept(&self) -> Result<Vec<(String, String)>>;

    /// Keeps a checkpoint under its size; the same again is no fault.
    fn keep(&self, size: u64, note: &str) -> Result<()>;
}

/// The anchor that somebody names: `s3://bucket/folder`, `https://receiver`, `mailto:address`, or a
/// folder.
///
/// Errors: 422 for an address that is none, or mail without a server to send it.
pub fn anchor(named: &str, how: &Anchoring) -> Result<Box<dyn Anchor>> {
    if named.starts_with(SCHEME) {
        return Ok(in_bucket(Bucket::open(named, &Service::default())?));
    }
    if named.starts_with("https://") || named.starts_with("http://") {
        return Ok(Box::new(Webhook { address: named.to_owned(), inside: how.inside.clone() }));
    }
    match named.strip_prefix("mailto:") {
        Some(address) => Ok(Box::new(Mailbox::new(address, &how.post)?)),
        None => Ok(Box::new(Folder::new(PathBuf::from(named)))),
    }
}

/// A bucket as an anchor.
pub fn in_bucket(bucket: Bucket) -> Box<dyn Anchor> {
    Box::new(InBucket { bucket })
}

/// A bucket whose objects nobody overwrites: the service keeps what was there first.
struct InBucket {
    bucket: Bucket,
}

impl Anchor for InBucket {
    fn name(&self) -> String {
        format!("Bucket {}", self.bucket.address())
    }

    fn kept(&self) -> Result<Vec<(String, String)>> {
        let mut keys = self.bucket.keys("")?;
        keys.retain(|key| key.ends_with(ENDING));
        keys.sort_unstable();
        let mut found = Vec::new();
        for key in keys.iter().rev().take(NEWEST) {
            let Some(bytes) = self.bucket.get(key, NOTE_BYTES)? else { continue };
            found.push((format!("{}/{key}", self.bucket.address()), String::from_utf8_lossy(&bytes).into_owned()));
        }
        Ok(found)
    }

    fn keep(&self, size: u64, note: &str) -> Result<()> {
        let key = format!("{size:012}{ENDING}");
        if self.bucket.put_new(&key, note.as_bytes().to_vec())? || self.bucket.get(&key, NOTE_BYTES)?.as_deref() == Some(note.as_bytes()) {
            return Ok(());
        }
        Err(Error::conflict("other_checkpoint", format!("{}/{key} is another checkpoint of the same size.", self.bucket.address())))
    }
}

/// Somebody's server that takes each checkpoint as the body of a POST and answers with success.
struct Webhook {
    address: String,
    /// Addresses that are not of the public Internet and may be called all the same.
    inside: Vec<IpAddr>,
}

impl Webhook {
    /// A client that reaches the addresses that were looked at, and no other.
    fn client(&self) -> Result<ureq::Agent> {
        let to = outbound::check(&self.address, &self.inside, &|host, port| (host, port).to_socket_addrs().map(Iterator::collect))?;
        // A redirect or a proxy would lead the note to where nobody said it should go.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(ANSWER_SECONDS)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .build();
        Ok(ureq::Agent::with_parts(config, DefaultConnector::default(), Pinned(to.addresses)))
    }
}

/// Answers with the addresses that were looked at.
#[derive(Debug)]
struct Pinned(Vec<SocketAddr>);

impl Resolver for Pinned {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        self.0.iter().take(ADDRESSES).for_each(|address| found.push(*address));
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

impl Anchor for Webhook {
    /// Without user and password, and without what stands behind the path.
    fn name(&self) -> String {
        let (scheme, rest) = self.address.split_once("://").unwrap_or(("", &self.address));
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let rest = match rest.split_once('/') {
            Some((host, path)) => format!("{}/{path}", host.rsplit('@').next().unwrap_or(host)),
            None => rest.rsplit('@').next().unwrap_or(rest).to_owned(),
        };
        format!("Receiver {scheme}://{rest}")
    }

    fn kept(&self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn keep(&self, size: u64, note: &str) -> Result<()> {
        let sent = self.client()?.post(&self.address).header("content-type", "text/plain; charset=utf-8").header("webhook-id", format!("checkpoint-{size}")).send(note);
        let answer = sent.map_err(|error| unreachable(&self.name(), &error.to_string()))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(unreachable(&self.name(), &format!("it answers with {status}"))),
        }
    }
}

pub(super) fn unreachable(name: &str, why: &str) -> Error {
    Refusal::new(RefusalKind::Unavailable, "anchor_unusable", format!("{name} did not take the checkpoint: {why}.")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_evd_035_an_anchors_name_never_shows_a_secret() {
        let named = |address: &str| anchor(address, &Anchoring::default()).unwrap().name();
        assert_eq!(named("https://user:secret@audit.example/take?token=secret"), "Receiver https://audit.example/take");
        assert_eq!(named("https://user:secret@audit.example"), "Receiver https://audit.example");
        assert_eq!(named("/mnt/anchor"), "Folder /mnt/anchor");
        assert_eq!(named("s3://anchors/main"), "Bucket s3://anchors/main");
        assert!(anchor("mailto:audit@example.com", &Anchoring::default()).map(|_| ()).unwrap_err().to_string().contains("--smtp"));
    }
}
