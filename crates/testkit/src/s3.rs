//! An S3 server for tests: `moto`, which `scripts/setup` puts into `target/python`.

use bucket::{Bucket, Service};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to listen.
const START: Duration = Duration::from_secs(60);
const KEY: &str = "plumb-test";

/// A server of its own, which ends with this value. What it holds is in its memory.
pub struct S3Server {
    process: Child,
    port: u16,
}

impl S3Server {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let python = python();
        let process = Command::new(&python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}; run scripts/setup", python.display()));
        let server = Self { process, port };
        let began = Instant::now();
        while server.ask("GET", "/moto-api/").is_none() {
            assert!(began.elapsed() < START, "the S3 server does not listen; is moto in {}? run scripts/setup", python.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a bucket.
    pub fn make(&self, name: &str) {
        let answer = self.ask("PUT", &format!("/{name}")).unwrap_or_default();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// A folder of a bucket that is there, `s3://name/folder`.
    pub fn bucket(&self, address: &str) -> Bucket {
        let service = Service { endpoint: Some(self.endpoint()), access_key: Some(KEY.to_owned()), secret_key: Some(KEY.to_owned()) };
        Bucket::open(address, &service).expect("a bucket")
    }

    /// What a program needs in its environment to reach the server.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ]
    }

    /// The whole answer to a request without a body; nothing while nobody listens.
    fn ask(&self, method: &str, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // Nothing to tidy but the process; one that is gone already is no fault.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The Python of the tests, with what `scripts/setup` has put there.
pub(crate) fn python() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python")
}
