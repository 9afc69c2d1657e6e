//! A mail server for tests: `aiosmtpd`, which `scripts/setup` puts into `target/python`. It takes any
//! mail and keeps it in a folder.

use crate::s3::python;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to listen, and mail to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of its own, which ends with this value.
pub struct MailServer {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl MailServer {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let (python, folder) = (python(), tempfile::tempdir().expect("a folder for mail"));
        let mailbox = folder.path().join("mail");
        let process = Command::new(&python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(&mailbox)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}; run scripts/setup", python.display()));
        let server = Self { process, port, folder };
        let began = Instant::now();
        while !server.greets() {
            assert!(began.elapsed() < PATIENCE, "the mail server does not listen; is aiosmtpd in {}? run scripts/setup", python.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// `smtp://127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What has come in, once there are so many; each with its header, as it was sent.
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let mut paths: Vec<_> = std::fs::read_dir(self.folder.path().join("mail/new")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            paths.sort();
            if paths.len() >= count {
                return paths.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect();
            }
            assert!(began.elapsed() < PATIENCE, "{} of {count} mails have come in", paths.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn greets(&self) -> bool {
        let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("220")
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // Nothing to tidy but the process; one that is gone already is no fault.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
