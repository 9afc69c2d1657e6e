//! Anchors beyond folders: a bucket, a receiver on the web, a mailbox. Each is the real part.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use kernel::MAIN_TENANT;
use kernel::evidence::{self, Published};
use plumb::evidence::{Anchor, Anchoring, Anchors, Checkpointer, Post, anchor, in_bucket};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use testkit::engines::sqlite_migrated;
use testkit::mail::MailServer;
use testkit::s3::S3Server;
use testkit::world::{World, signer};
use tlog::checkpoint::Checkpoint;

fn world() -> (testkit::engines::TestDatabase, World) {
    let test = sqlite_migrated(&plumb::assembly::migrations());
    let world = World::new(test.database.clone(), Vec::new());
    (test, world)
}

fn checkpointer(world: &World, anchors: Vec<Box<dyn Anchor>>) -> Checkpointer {
    Checkpointer::new(world.kernel.clone(), signer(), Anchors::from(anchors), 1)
}

fn latest(world: &World) -> Published {
    world.kernel.database().read(|tx| evidence::latest(tx, MAIN_TENANT)).unwrap().unwrap()
}

/// Name of the anchor and why it did not keep the last checkpoint.
fn faults(world: &World) -> Vec<(String, Option<String>)> {
    let receipts = world.kernel.database().read(|tx| evidence::last_receipts(tx, MAIN_TENANT)).unwrap();
    receipts.into_iter().map(|receipt| (receipt.anchor, receipt.fault)).collect()
}

#[test]
fn frs_evd_034_a_bucket_keeps_a_checkpoint_once_never_another_of_its_size_and_tells_of_a_roll_back() {
    let server = S3Server::start();
    server.make("anchors");
    let bucket = || in_bucket(server.bucket("s3://anchors/main"));
    let (_test, world) = world();
    let checkpointer = checkpointer(&world, vec![bucket()]);
    checkpointer.turn("node").unwrap();
    let kept = latest(&world);
    assert_eq!(faults(&world), [("Bucket s3://anchors/main".to_owned(), None)]);
    let held = || bucket().kept().unwrap();
    assert_eq!(held(), [(format!("s3://anchors/main/{:012}.checkpoint", kept.size), kept.note.clone())]);
    bucket().keep(kept.size, &kept.note).unwrap();
    let other = bucket().keep(kept.size, "another history").unwrap_err();
    assert_eq!(other.refusal().unwrap().code, "other_checkpoint");
    assert_eq!(held()[0].1, kept.note, "what was there first stays");
    checkpointer.compare_with_anchors().unwrap();
    assert!(world.kernel.closed_by().is_none());
    // The bucket holds a later checkpoint than the data: an old copy was put back.
    let later = Checkpoint { origin: signer().verifier().name().to_owned(), size: kept.size + 50, head: base::Digest::of(b"later"), extensions: Vec::new() };
    bucket().keep(later.size, &signer().sign(&later.text()).unwrap()).unwrap();
    checkpointer.compare_with_anchors().unwrap();
    assert!(world.kernel.closed_by().is_some());
}

/// A receiver on the web: answers each request with the status that is set, and keeps the bodies.
struct Receiver {
    port: u16,
    status: Arc<Mutex<u16>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self { port: listener.local_addr().unwrap().port(), status: Arc::new(Mutex::new(204)), taken: Arc::default() };
        let (status, taken) = (Arc::clone(&receiver.status), Arc::clone(&receiver.taken));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = String::new();
                let mut chunk = [0; 4_096];
                loop {
                    let read = stream.read(&mut chunk).unwrap();
                    request.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
                    let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
                    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap()));
                    if body.len() >= length.unwrap_or(0) {
                        break;
                    }
                }
                let status = *status.lock().unwrap();
                write!(stream, "HTTP/1.1 {status} Said\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
                taken.lock().unwrap().push(request);
            }
        });
        receiver
    }

    fn anchor(&self) -> Box<dyn Anchor> {
        self.anchor_with(&["127.0.0.1"])
    }

    /// Reached only where its address was named.
    fn anchor_with(&self, inside: &[&str]) -> Box<dyn Anchor> {
        let inside = inside.iter().map(|address| address.parse().unwrap()).collect();
        anchor(&format!("http://127.0.0.1:{}/take?token=secret", self.port), &Anchoring { inside, ..Anchoring::default() }).unwrap()
    }
}

#[test]
fn frs_evd_035_a_receiver_takes_each_checkpoint_and_one_that_refuses_is_told_and_asked_again_and_nowhere_else() {
    let receiver = Receiver::start();
    let (_test, world) = world();
    // What is not on the public Internet and was not named is never called.
    let refused = receiver.anchor_with(&[]).keep(1, "a note").unwrap_err();
    assert!(refused.to_string().contains("not on the public Internet"), "{refused}");
    assert!(receiver.taken.lock().unwrap().is_empty());
    let checkpointer = checkpointer(&world, vec![receiver.anchor()]);
    let name = format!("Receiver http://127.0.0.1:{}/take", receiver.port);
    for (status, words) in [(500, "500"), (302, "302")] {
        *receiver.status.lock().unwrap() = status;
        checkpointer.turn("node").unwrap();
        let told = faults(&world);
        assert!(told[0].0 == name && told[0].1.as_ref().unwrap().contains(words) && !told[0].1.as_ref().unwrap().contains("secret"), "{told:?}");
        world.clock.advance_seconds(61);
    }
    *receiver.status.lock().unwrap() = 204;
    checkpointer.turn("node").unwrap();
    assert_eq!(faults(&world), [(name, None)]);
    let taken = receiver.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), 3, "a redirect is not followed");
    let kept = latest(&world);
    let (head, body) = taken[2].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /take?token=secret ") && head.contains(&format!("webhook-id: checkpoint-{}", kept.size)), "{head}");
    assert_eq!(body, kept.note);
}

#[test]
fn frs_evd_035_no_way_of_writing_an_address_of_this_machine_is_ever_called_unless_it_was_named() {
    // Of both families where the machine has both; nobody accepts, so whoever came is waiting.
    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let inside = |named: &[&str]| Anchoring { inside: named.iter().map(|address| address.parse().unwrap()).collect(), ..Anchoring::default() };
    // As the system itself reads them.
    for host in ["127.0.0.1", "localhost", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1."] {
        for scheme in ["http", "https"] {
            for named in [&[][..], &["10.0.0.1"]] {
                let refused = anchor(&format!("{scheme}://{host}:{port}/take"), &inside(named)).unwrap().keep(1, "a note").unwrap_err();
                assert!(["address_refused", "address_unknown"].contains(&refused.refusal().unwrap().code.as_str()), "{scheme}://{host}: {refused}");
            }
        }
    }
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody came");
    // Who is named is reached, and found by the same look.
    listener.set_nonblocking(false).unwrap();
    let visit = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // An answer before the request is whole would break it off.
        let mut asked = Vec::new();
        while !asked.ends_with(b"a note") {
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&asked));
            asked.extend_from_slice(&bytes[..read]);
        }
        write!(stream, "HTTP/1.1 204 Done\r\nconnection: close\r\n\r\n").unwrap();
    });
    anchor(&format!("http://0x7f.1:{port}/take"), &inside(&["127.0.0.1"])).unwrap().keep(1, "a note").unwrap();
    visit.join().unwrap();
}

#[test]
fn frs_evd_036_a_mailbox_takes_each_checkpoint_as_a_text_and_a_server_that_is_gone_is_told() {
    let server = MailServer::start();
    let post = Post { smtp: Some(server.url()), mail_from: "plumb@example.com".to_owned() };
    let how = Anchoring { post: post.clone(), ..Anchoring::default() };
    let mailbox = || anchor("mailto:audit@example.com", &how).unwrap();
    let (_test, world) = world();
    let checkpointer = checkpointer(&world, vec![mailbox()]);
    checkpointer.turn("node").unwrap();
    let kept = latest(&world);
    assert_eq!(faults(&world), [("Mail to audit@example.com".to_owned(), None)]);
    let mail = server.wait_for(1).remove(0);
    assert!(mail.contains("To: audit@example.com") && mail.contains(&format!("Checkpoint {} of", kept.size)), "{mail}");
    assert_eq!(body_of(&mail), kept.note.trim_end());
    drop(server);
    world.create_with(&world.admin, json!({"kind": "department", "number": "ASM", "title": "Assembly"})).unwrap();
    world.clock.advance_seconds(61);
    checkpointer.turn("node").unwrap();
    let told = faults(&world);
    assert!(told[0].1.as_ref().unwrap().contains("did not take the checkpoint"), "{told:?}");
    for wrong in ["mailto:", "mailto:no address", "mailto:a@b@c"] {
        assert!(anchor(wrong, &how).is_err(), "{wrong}");
    }
    let nowhere = Anchoring { post: Post { smtp: Some("no address".to_owned()), ..post.clone() }, ..Anchoring::default() };
    assert!(anchor("mailto:audit@example.com", &nowhere).is_err());
}

/// The text of a mail, however it was encoded.
fn body_of(mail: &str) -> String {
    let mail = mail.replace("\r\n", "\n");
    let (head, body) = mail.split_once("\n\n").unwrap();
    let head = head.to_lowercase();
    let plain = if head.contains("content-transfer-encoding: quoted-printable") {
        body.replace("=\n", "").replace("=E2=80=94", "\u{2014}").replace("=3D", "=")
    } else {
        assert!(head.contains("8bit") || head.contains("7bit"), "{head}");
        body.to_owned()
    };
    plain.trim_end().to_owned()
}
