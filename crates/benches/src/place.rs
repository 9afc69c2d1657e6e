//! Where the measured companies live: folders for SQLite, and a PostgreSQL of its own that keeps
//! what it commits, unlike that of the tests.

use base::{IdSource as _, SystemIds};
use db::{Config, Database};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// As many connections as a node of Plumb opens.
const POOL: usize = 8;

/// A PostgreSQL server that ends with this value.
pub struct Postgres {
    admin: String,
    data: PathBuf,
    pub version: String,
}

impl Postgres {
    /// Makes a cluster in the folder and starts it with the settings it was installed with.
    pub fn start(folder: &Path) -> Self {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let home = folder.join("postgres");
        std::fs::create_dir(&home).unwrap();
        if is_root() {
            // The server does not run as root.
            assert!(Command::new("chown").arg("postgres").arg(&home).status().unwrap().success(), "chown failed");
        }
        let data = home.join("data");
        let path = data.to_str().unwrap();
        run("initdb", &["-D", path, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''");
        run("pg_ctl", &["-D", path, "-l", home.join("log").to_str().unwrap(), "-o", &options, "-w", "start"]);
        let admin = format!("postgres://postgres@127.0.0.1:{port}");
        let server = Database::open(&Config::Postgres { url: format!("{admin}/postgres"), pool_size: 1 }).unwrap();
        let rows = server.read(|tx| tx.query_text("select current_setting('server_version') as version", &[])).unwrap();
        let version = format!("PostgreSQL {}", rows[0].text("version").unwrap());
        Self { admin, data, version }
    }

    /// A new database on the server.
    pub fn database(&self) -> Place {
        let name = base::hex::encode(&SystemIds::default().random_bytes(6));
        let name = format!("bench_{name}");
        let create = format!("create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'");
        db::administer(&format!("{}/postgres", self.admin), &create).unwrap();
        Place { engine: "PostgreSQL", config: Config::Postgres { url: format!("{}/{name}", self.admin), pool_size: POOL } }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        run("pg_ctl", &["-D", self.data.to_str().unwrap(), "-m", "fast", "-w", "stop"]);
    }
}

/// An empty database on one engine.
pub struct Place {
    pub engine: &'static str,
    pub config: Config,
}

impl Place {
    pub fn sqlite(folder: &Path, name: &str) -> Self {
        Self { engine: "SQLite", config: Config::Sqlite { folder: folder.join(name) } }
    }

    /// Opens the database with the schema of the product.
    pub fn open(&self) -> Database {
        let database = Database::open(&self.config).unwrap();
        database.migrate(&plumb::assembly::migrations()).unwrap();
        database
    }

    /// Lets PostgreSQL look at its tables, as it does by itself within a minute of a large import:
    /// what is measured is the company at work, not the minute after it was loaded.
    pub fn settle(&self) {
        if let Config::Postgres { url, .. } = &self.config {
            db::administer(url, "analyze").unwrap();
        }
    }
}

/// One empty database on each engine.
pub fn both(folder: &Path, postgres: &Postgres, name: &str) -> [Place; 2] {
    [Place::sqlite(folder, name), postgres.database()]
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn run(program: &str, arguments: &[&str]) {
    let program = program_of_postgres(program);
    let mut command = if is_root() { Command::new("runuser") } else { Command::new(&program) };
    if is_root() {
        command.args(["-u", "postgres", "--"]).arg(&program);
    }
    let status = command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{} failed", program.display());
}

fn program_of_postgres(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|entry| entry.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}
