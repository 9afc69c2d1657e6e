//! Against a real S3 server.

use bucket::{Bucket, Service};
use std::thread;
use testkit::s3::S3Server;

const LIMIT: u64 = 1_000;

#[test]
fn frs_buc_001_what_a_bucket_has_kept_reads_back_and_what_it_does_not_hold_is_not_there() {
    let server = S3Server::start();
    server.make("plumb-files");
    let bucket = server.bucket("s3://plumb-files/company one/files");
    assert_eq!((bucket.get("a/b", LIMIT).unwrap(), bucket.size("a/b").unwrap()), (None, None));
    bucket.put("a/b", b"first".to_vec()).unwrap();
    bucket.put("a/b", b"second".to_vec()).unwrap();
    bucket.put("c", Vec::new()).unwrap();
    assert_eq!(bucket.get("a/b", LIMIT).unwrap().unwrap(), b"second");
    assert_eq!((bucket.size("a/b").unwrap(), bucket.size("c").unwrap()), (Some(6), Some(0)));
    assert_eq!((bucket.keys("").unwrap(), bucket.keys("a").unwrap()), (vec!["a/b".to_owned(), "c".to_owned()], vec!["a/b".to_owned()]));
    // Another folder of the same bucket sees nothing of it.
    let other = server.bucket("s3://plumb-files/company two/files");
    assert_eq!((other.get("a/b", LIMIT).unwrap(), other.keys("").unwrap()), (None, Vec::new()));
    // At the limit and above it.
    bucket.put("long", vec![7; 1_000]).unwrap();
    assert_eq!(bucket.get("long", LIMIT).unwrap().unwrap().len(), 1_000);
    bucket.put("long", vec![7; 1_001]).unwrap();
    assert_eq!(bucket.get("long", LIMIT).unwrap_err().refusal().unwrap().code, "too_large");
}

#[test]
fn frs_buc_002_of_many_who_keep_something_new_under_one_key_only_one_does() {
    let server = S3Server::start();
    server.make("plumb-anchors");
    let kept = thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let server = &server;
                scope.spawn(move || server.bucket("s3://plumb-anchors").put_new("checkpoint", format!("number {number}").into_bytes()).unwrap())
            })
            .collect();
        tries.into_iter().map(|each| each.join().unwrap()).filter(|kept| *kept).count()
    });
    assert_eq!(kept, 1);
    let bucket = server.bucket("s3://plumb-anchors");
    let first = bucket.get("checkpoint", LIMIT).unwrap();
    assert!(!bucket.put_new("checkpoint", b"later".to_vec()).unwrap());
    assert_eq!(bucket.get("checkpoint", LIMIT).unwrap(), first);
}

#[test]
fn frs_buc_003_a_bucket_that_is_not_there_is_refused_without_naming_its_host() {
    let server = S3Server::start();
    let error = server.bucket("s3://nobody-made-this").put("a", Vec::new()).unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.code.as_str(), refusal.retry_after_seconds), ("storage_unreachable", Some(5)));
    assert!(!format!("{refusal:?}").contains("127.0.0.1"), "{refusal:?}");
    assert!(Bucket::open("s3://bad_name", &Service::default()).is_err());
}
