//! `plumb serve` as a process that is ended without a warning.

use crate::violation;
use base::{Error, Result};
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Until it answers; a machine that compiles beside is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program and where its data is.
#[derive(Debug, Clone)]
pub struct Program {
    pub binary: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// PostgreSQL, where the data is not in the folder.
    pub database: Option<String>,
    /// What else it finds in its environment.
    pub variables: Vec<(&'static str, String)>,
}

impl Program {
    /// The same program on another folder.
    pub fn on(&self, data: &Path) -> Self {
        Self { data: data.to_owned(), ..self.clone() }
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(name).arg("--data").arg(&self.data).stdin(Stdio::null()).env_remove("PLUMB_PASSWORD");
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        command
    }

    /// Runs `plumb NAME` to its end; what it said where it did not end well.
    pub fn run(&self, name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<String> {
        let output = self.command(name).args(arguments).envs(variables.iter().copied()).output().map_err(Error::internal)?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said) } else { Err(violation(format!("plumb {name} ended with {}: {said}", output.status))) }
    }

    /// Starts the server and waits until it answers. Its log grows in `log`.
    pub fn serve(&self, log: &Path, variables: &[(&str, String)]) -> Result<Server> {
        // A port that was free may be taken a moment later by somebody else.
        for _ in 0..5 {
            if let Some(server) = self.try_to_serve(&free_address()?, log, variables)? {
                return Ok(server);
            }
            if !last_lines(log).contains("cannot be used") {
                break;
            }
        }
        Err(violation(format!("the server does not start: {}", last_lines(log))))
    }

    /// As [`Program::serve`], at an address that others know.
    pub fn serve_at(&self, address: &str, log: &Path) -> Result<Server> {
        self.try_to_serve(address, log, &[])?.ok_or_else(|| violation(format!("the server does not start: {}", last_lines(log))))
    }

    fn try_to_serve(&self, address: &str, log: &Path, variables: &[(&str, String)]) -> Result<Option<Server>> {
        let file = OpenOptions::new().create(true).append(true).open(log).map_err(Error::internal)?;
        let began = Instant::now();
        let child = self
            .command("serve")
            .args(["--listen", address, "--content-listen", &free_address()?])
            .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
            .env("PLUMB_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(Error::internal)?;
        let mut server = Server { child, origin: format!("http://{address}"), took: Duration::ZERO };
        let answers = server.answers()?;
        server.took = began.elapsed();
        Ok(answers.then_some(server))
    }
}

/// A running server; it is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub origin: String,
    /// From the start to the first answer.
    pub took: Duration,
}

impl Server {
    pub fn kill(mut self) {
        self.end();
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn end(&mut self) {
        // A process that has ended already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn answers(&mut self) -> Result<bool> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if ureq::get(format!("{}/healthz", self.origin)).call().is_ok() {
                return Ok(true);
            }
            if !self.is_running() {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(violation(format!("the server did not answer within {} s", PATIENCE.as_secs())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::internal)?;
    Ok(listener.local_addr().map_err(Error::internal)?.to_string())
}

/// The end of a log.
pub fn last_lines(log: &Path) -> String {
    let text = File::open(log).and_then(std::io::read_to_string).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(8)).copied().collect::<Vec<_>>().join("\n")
}
