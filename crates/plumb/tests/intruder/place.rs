//! A real server with one administrator, and raw connections to it.

use super::http::{self, Reply, send};
use super::run::plumb;
use super::server::Server;
use serde_json::{Value as Json, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

pub const ADMIN: &str = "a.conti";
pub const PASSWORD: &str = "three blue kettles sing";

/// A server on a folder of its own.
pub struct Place {
    pub server: Server,
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With further arguments of `plumb serve`.
    pub fn with(further: &[&str]) -> Self {
        Self::started(further, Server::start)
    }

    /// With everything in the log.
    pub fn talkative() -> Self {
        Self::started(&[], |arguments, folder| Server::start_with(arguments, folder, &[("PLUMB_LOG", "trace".to_owned())]))
    }

    fn started(further: &[&str], start: fn(&[String], &Path) -> Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        plumb(folder.path(), &format!("init --data data --login {ADMIN} --name Ada"), &[("PLUMB_PASSWORD", PASSWORD)]).with(0);
        let data = folder.path().join("data");
        let mut arguments = vec!["--data".to_owned(), data.to_str().unwrap().to_owned()];
        arguments.extend(further.iter().map(|&argument| argument.to_owned()));
        Self { server: start(&arguments, folder.path()), folder }
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap()
    }

    /// `127.0.0.1:40123`.
    pub fn address(&self) -> String {
        self.server.url("").trim_start_matches("http://").to_owned()
    }

    /// Sends bytes as they are and reads until the server closes or is silent for a while.
    pub fn raw(&self, bytes: &[u8]) -> String {
        raw(&self.address(), bytes)
    }

    pub fn post(&self, path: &str, headers: &[(&'static str, String)], body: &Json) -> Reply {
        let (headers, body) = http::json(headers.to_vec(), body);
        send("POST", &self.server.url(path), &headers, body).unwrap()
    }

    pub fn get(&self, path: &str, headers: &[(&'static str, String)]) -> Reply {
        send("GET", &self.server.url(path), headers, Vec::new()).unwrap()
    }

    pub fn sign_in(&self, login: &str, password: &str) -> Reply {
        self.post("/api/v1/session", &[], &json!({ "login": login, "password": password }))
    }

    /// The headers of a page of ours, for somebody signed in.
    pub fn session(&self, login: &str) -> Vec<(&'static str, String)> {
        let reply = self.sign_in(login, PASSWORD);
        assert_eq!(reply.status, 200, "{}", reply.body);
        vec![("cookie", reply.cookie()), ("sec-fetch-site", "same-origin".to_owned())]
    }
}

/// How long silence must last to be one, for a server on the same machine.
const SILENCE: Duration = Duration::from_millis(1_500);

pub fn raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    // The server may close before it has read everything; what it said before counts.
    let sent = stream.write_all(bytes);
    let mut said = Vec::new();
    let mut part = [0; 4096];
    while let Ok(count) = stream.read(&mut part) {
        if count == 0 {
            break;
        }
        said.extend_from_slice(&part[..count]);
    }
    assert!(sent.is_ok() || !said.is_empty() || bytes.len() > 60_000, "{sent:?}");
    String::from_utf8_lossy(&said).into_owned()
}
