//! The real server as a process of its own, for tests that end it without a warning.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers; a machine that compiles beside the tests is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Dropping it is SIGKILL: it gets no chance to finish anything.
pub struct Server {
    child: Child,
    origin: String,
}

impl Server {
    /// Starts `plumb serve` with these arguments on free ports and waits until it answers.
    /// `folder` takes what it logs.
    pub fn start(arguments: &[String], folder: &Path) -> Self {
        Self::start_with(arguments, folder, &[])
    }

    /// As [`Server::start`], with these variables in its environment.
    pub fn start_with(arguments: &[String], folder: &Path, variables: &[(&str, String)]) -> Self {
        let log = folder.join("server.log");
        // A port that was free may be taken a moment later by a test beside this one.
        for _ in 0..5 {
            let (pages, content) = (free_address(), free_address());
            let child = Command::new(env!("CARGO_BIN_EXE_plumb"))
                .arg("serve")
                .args(arguments)
                .args(["--listen", &pages, "--content-listen", &content])
                .env("PLUMB_LOG", "info")
                .envs(variables.iter().map(|(name, value)| (*name, value)))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(std::fs::File::create(&log).unwrap())
                .spawn()
                .unwrap();
            let mut server = Self { child, origin: format!("http://{pages}") };
            if server.answers() {
                return server;
            }
            let said = std::fs::read_to_string(&log).unwrap();
            assert!(said.contains("cannot be used"), "the server does not start: {said}");
        }
        panic!("no free port was found");
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Waits until the server answers; false when it has ended instead.
    fn answers(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if ureq::get(self.url("/healthz")).call().is_ok() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server did not answer within {} s", PATIENCE.as_secs());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
