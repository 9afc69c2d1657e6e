//! A highly available PostgreSQL on this machine: three nodes under Patroni, one etcd, HAProxy in
//! front of the primary. For the long tests of failover; `scripts/soak` installs the programs.
//!
//! Settings are those that docs/DEPLOY.md advises, with one difference: one etcd, as the machine
//! that would take a second one away takes all of them.

use crate::engines::server::{free_port, is_root, postgres_user, program};
use base::{Error, Result};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const NODES: usize = 3;
/// Until all nodes follow one primary.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a primary may be silent before another takes over, in seconds; Patroni's least.
const TTL_SECONDS: u64 = 20;

/// A cluster with an empty database `plumb`; it ends with this value.
pub struct Cluster {
    folder: tempfile::TempDir,
    nodes: Vec<Node>,
    etcd: Child,
    proxy: Child,
    /// Where the primary is reached.
    port: u16,
}

struct Node {
    name: String,
    postgres: u16,
    rest: u16,
    patroni: Option<Child>,
    is_frozen: bool,
}

impl Cluster {
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("plumb-cluster").tempdir().map_err(Error::internal)?;
        give_away(folder.path())?;
        let (client, peer, port) = (free_port(), free_port(), free_port());
        let nodes: Vec<Node> = (1..=NODES)
            .map(|number| Node { name: format!("node{number}"), postgres: free_port(), rest: free_port(), patroni: None, is_frozen: false })
            .collect();
        let address = |port: u16| format!("http://127.0.0.1:{port}");
        let etcd = run_as_server_user(
            folder.path(),
            "etcd",
            Path::new("etcd"),
            &[
                "--data-dir",
                "etcd-data",
                "--listen-client-urls",
                &address(client),
                "--advertise-client-urls",
                &address(client),
                "--listen-peer-urls",
                &address(peer),
                "--initial-advertise-peer-urls",
                &address(peer),
                "--initial-cluster",
                &format!("default={}", address(peer)),
            ],
        )?;
        write(folder.path(), "haproxy.cfg", &proxy_settings(&nodes, port))?;
        for node in &nodes {
            write(folder.path(), &format!("{}.yml", node.name), &format!("{:#}\n", node_settings(folder.path(), node, client)))?;
        }
        let proxy = run_as_server_user(folder.path(), "haproxy", Path::new("haproxy"), &["-db", "-f", "haproxy.cfg"])?;
        let mut cluster = Self { folder, nodes, etcd, proxy, port };
        cluster.revive()?;
        cluster.wait_until_whole()?;
        db::administer(&cluster.url_of("postgres"), "create database plumb")?;
        Ok(cluster)
    }

    /// The database, through the proxy.
    pub fn url(&self) -> String {
        self.url_of("plumb")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:super@127.0.0.1:{}/{database}", self.port)
    }

    /// Takes the primary away as a power cut does: Patroni and every process of the database.
    pub fn kill_primary(&mut self) -> Result<String> {
        let primary = self.primary()?;
        self.signal(primary, "KILL")?;
        let Some(node) = self.nodes.get_mut(primary) else { return Err(Error::internal("no such node")) };
        if let Some(mut patroni) = node.patroni.take() {
            patroni.wait().map_err(Error::internal)?;
        }
        Ok(node.name.clone())
    }

    /// The primary's machine hangs: it keeps its connections and answers nothing.
    pub fn freeze_primary(&mut self) -> Result<String> {
        let primary = self.primary()?;
        self.signal(primary, "STOP")?;
        let Some(node) = self.nodes.get_mut(primary) else { return Err(Error::internal("no such node")) };
        node.is_frozen = true;
        Ok(node.name.clone())
    }

    /// A planned change of the primary.
    pub fn switch_over(&mut self) -> Result<String> {
        let primary = self.primary()?;
        let Some(node) = self.nodes.get(primary) else { return Err(Error::internal("no such node")) };
        let settings = self.folder.path().join(format!("{}.yml", node.name));
        let done = Command::new(installed(Path::new("patronictl"))?)
            .args(["-c", &settings.display().to_string(), "switchover", "plumb", "--leader", &node.name, "--force"])
            .stdin(Stdio::null())
            .output()
            .map_err(Error::internal)?;
        if !done.status.success() {
            return Err(Error::internal(format!("patronictl: {}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))));
        }
        Ok(node.name.clone())
    }

    /// Wakes what hangs and starts what is gone.
    pub fn revive(&mut self) -> Result<()> {
        for number in 0..self.nodes.len() {
            if self.nodes.get(number).is_some_and(|node| node.is_frozen) {
                self.signal(number, "CONT")?;
            }
            let Some(node) = self.nodes.get_mut(number) else { continue };
            node.is_frozen = false;
            if node.patroni.is_none() {
                let settings = format!("{}.yml", node.name);
                node.patroni = Some(run_as_server_user(self.folder.path(), &node.name, Path::new("patroni"), &[&settings])?);
            }
        }
        Ok(())
    }

    /// Until there is one primary, everybody else follows it, and one follows synchronously.
    pub fn wait_until_whole(&self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let is = |what: &str| self.nodes.iter().filter(|node| says(node.rest, what)).count();
            if is("primary") == 1 && is("replica") == NODES - 1 && is("synchronous") >= 1 {
                return Ok(());
            }
            sleep(Duration::from_millis(200));
        }
        Err(Error::internal(format!("the cluster is not whole after {} s; its logs:\n{}", PATIENCE.as_secs(), self.said())))
    }

    fn primary(&self) -> Result<usize> {
        self.nodes.iter().position(|node| says(node.rest, "primary")).ok_or_else(|| Error::internal("the cluster has no primary"))
    }

    /// To Patroni and to every process of its database: what is left of a database whose first
    /// process alone is stopped would go on answering.
    fn signal(&self, number: usize, signal: &str) -> Result<()> {
        let Some(node) = self.nodes.get(number) else { return Err(Error::internal("no such node")) };
        let mut processes: Vec<String> = node.patroni.iter().map(|patroni| patroni.id().to_string()).collect();
        let lines = fs::read_to_string(self.folder.path().join(&node.name).join("postmaster.pid")).map_err(Error::internal)?;
        let first = lines.lines().next().unwrap_or_default().to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &first]).output().map_err(Error::internal)?;
        processes.push(first);
        processes.extend(String::from_utf8_lossy(&children.stdout).split_whitespace().map(str::to_owned));
        // A child that has ended meanwhile is no fault.
        Command::new("kill").arg(format!("-{signal}")).args(&processes).stderr(Stdio::null()).status().map_err(Error::internal)?;
        Ok(())
    }

    /// The last lines of every log.
    pub fn said(&self) -> String {
        let names = self.nodes.iter().map(|node| node.name.as_str()).chain(["etcd", "haproxy"]);
        let last = |name: &str| {
            let text = fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            format!("{name}:\n{}\n", lines.iter().skip(lines.len().saturating_sub(6)).copied().collect::<Vec<_>>().join("\n"))
        };
        names.map(last).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for number in 0..self.nodes.len() {
            // Nothing more than the temporary folder is left, whatever fails here.
            let _ = self.signal(number, "KILL");
        }
        let all = self.nodes.iter_mut().filter_map(|node| node.patroni.as_mut()).chain([&mut self.etcd, &mut self.proxy]);
        for process in all {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// One address in front of several nodes of the product; it ends with this value.
pub struct Front {
    _folder: tempfile::TempDir,
    proxy: Child,
    address: String,
}

impl Front {
    /// Sends requests to whichever of these is ready, by turns.
    pub fn start(nodes: &[String]) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        give_away(folder.path())?;
        let address = free_address();
        let mut text = format!(
            "global\n  maxconn 400\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  \
             timeout check 2s\n  retries 3\n  option redispatch\nlisten plumb\n  bind {address}\n  balance roundrobin\n  \
             option httpchk GET /readyz\n  http-check expect status 200\n  default-server inter 500ms fall 2 rise 1\n"
        );
        for (number, node) in nodes.iter().enumerate() {
            text.push_str(&format!("  server node{number} {node} check\n"));
        }
        write(folder.path(), "haproxy.cfg", &text)?;
        let proxy = run_as_server_user(folder.path(), "haproxy", Path::new("haproxy"), &["-db", "-f", "haproxy.cfg"])?;
        Ok(Self { _folder: folder, proxy, address })
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // A proxy that has ended already is what is wanted.
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

/// An address of this machine at which nobody listens.
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// Patroni reads YAML, of which JSON is a part.
fn node_settings(folder: &Path, node: &Node, etcd: u16) -> Json {
    let rest = format!("127.0.0.1:{}", node.rest);
    let postgres = format!("127.0.0.1:{}", node.postgres);
    let binaries = program("postgres");
    json!({
        "scope": "plumb",
        "name": node.name,
        "restapi": { "listen": rest, "connect_address": rest },
        "etcd3": { "hosts": [format!("127.0.0.1:{etcd}")] },
        "bootstrap": {
            "dcs": {
                "ttl": TTL_SECONDS,
                "loop_wait": 2,
                "retry_timeout": 3,
                "maximum_lag_on_failover": 1_048_576,
                // A primary that crashed is replaced, not waited for.
                "primary_start_timeout": 0,
                "synchronous_mode": true,
                "postgresql": {
                    "use_pg_rewind": true,
                    "use_slots": true,
                    "parameters": { "max_connections": 200, "wal_log_hints": "on", "shared_buffers": "128MB" },
                },
            },
            // Binary order everywhere, as on SQLite.
            "initdb": [{ "encoding": "UTF8" }, { "locale": "C.UTF-8" }, "data-checksums"],
            "pg_hba": ["host replication replicator 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256", "local all all trust"],
        },
        "postgresql": {
            "listen": postgres,
            "connect_address": postgres,
            "data_dir": folder.join(&node.name),
            "bin_dir": binaries.parent().unwrap_or(Path::new("/usr/bin")),
            "pgpass": folder.join(format!("{}.pgpass", node.name)),
            "authentication": {
                "superuser": { "username": "postgres", "password": "super" },
                "replication": { "username": "replicator", "password": "replicates" },
                "rewind": { "username": "rewinder", "password": "rewinds" },
            },
            "parameters": { "unix_socket_directories": folder },
        },
    })
}

fn proxy_settings(nodes: &[Node], port: u16) -> String {
    let mut text = format!(
        "global\n  maxconn 400\ndefaults\n  mode tcp\n  timeout connect 2s\n  timeout client 30m\n  timeout server 30m\n  timeout check 2s\n\
         listen primary\n  bind 127.0.0.1:{port}\n  option httpchk OPTIONS /primary\n  http-check expect status 200\n  \
         default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions\n"
    );
    for node in nodes {
        text.push_str(&format!("  server {} 127.0.0.1:{} check port {}\n", node.name, node.postgres, node.rest));
    }
    text
}

/// Whether Patroni says that its node is this.
fn says(rest: u16, what: &str) -> bool {
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", rest)) else { return false };
    let waits = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let asked = std::io::Write::write_all(&mut stream, format!("GET /{what} HTTP/1.0\r\n\r\n").as_bytes());
    let mut answer = Vec::new();
    let read = std::io::Read::read_to_end(&mut stream, &mut answer);
    waits.is_ok() && asked.is_ok() && read.is_ok() && answer.get(..12).is_some_and(|status| status.ends_with(b"200"))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(Error::internal)?;
    give_away(&path)
}

/// To the user that PostgreSQL runs as, where this is root.
fn give_away(path: &Path) -> Result<()> {
    if !is_root() {
        return Ok(());
    }
    let (user, group) = postgres_user();
    chown(path, Some(user), Some(group)).map_err(Error::internal)
}

/// Starts a program that goes on, in the folder and with a log there.
fn run_as_server_user(folder: &Path, name: &str, program: &Path, arguments: &[&str]) -> Result<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log"))).map_err(Error::internal)?;
    let mut command = Command::new(installed(program)?);
    if is_root() {
        let (user, group) = postgres_user();
        command.uid(user).gid(group);
    }
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(Error::internal)?)
        .stderr(log)
        .spawn()
        .map_err(|error| Error::internal(format!("{}: {error}", program.display())))
}

fn installed(program: &Path) -> Result<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    // A system's Patroni may be older than the one that is advised.
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/patroni/bin");
    let folders = std::iter::once(own).chain(std::env::split_paths(&paths)).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(program)).find(|path| path.exists());
    found.ok_or_else(|| Error::internal(format!("`{}` is not installed; scripts/soak installs it", program.display())))
}
