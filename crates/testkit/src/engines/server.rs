//! The one PostgreSQL server of a test run.
//!
//! Every test is a process of its own, so the server belongs to none of them: the first that needs
//! it starts it, and a small shell script stops it when no test has used it for a while. Each test
//! process holds `users.lock` shared; the script takes it exclusively before it stops the server.
//! A runner that brings its own server names it in `PLUMB_TEST_DATABASE_URL`.

use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The server without users is stopped after one to two of these.
const IDLE_SECONDS: &str = "30";

/// Takes seconds, the lock file and the command that stops the server; goes on in the background.
const WATCH: &str = r#"
pause=$1; users=$2; shift 2
(
  while sleep "$pause"; do
    flock -n -E 77 -x "$users" "$@"
    [ $? -eq 77 ] || exit 0
  done
) &"#;

struct Server {
    admin_url: String,
    folder: PathBuf,
    /// Held until this process ends.
    _user: Option<File>,
}

/// The URL of the database `postgres` on the server, for making and dropping others.
pub(super) fn admin_url() -> String {
    server().admin_url.clone()
}

/// The URL of a database on the same server.
pub(super) fn url_of(name: &str) -> String {
    let admin = &server().admin_url;
    let Some((scheme, rest)) = admin.split_once("://") else {
        panic!("PLUMB_TEST_DATABASE_URL must look like postgres://user@host:port/postgres");
    };
    let (rest, options) = rest.split_once('?').map_or((rest, String::new()), |(rest, options)| (rest, format!("?{options}")));
    let host = rest.split('/').next().unwrap_or(rest);
    format!("{scheme}://{host}/{name}{options}")
}

/// Keeps other test processes from making the same template.
pub(super) fn lock_templates() -> File {
    let file = open_lock(&server().folder.join("templates.lock"));
    file.lock().unwrap_or_else(|error| panic!("templates.lock: {error}"));
    file
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = folder();
        match std::env::var("PLUMB_TEST_DATABASE_URL") {
            Ok(admin_url) => Server { admin_url, folder, _user: None },
            Err(_) => shared(folder),
        }
    })
}

fn shared(folder: PathBuf) -> Server {
    let user = open_lock(&folder.join("users.lock"));
    user.lock_shared().unwrap_or_else(|error| panic!("users.lock: {error}"));
    let starting = open_lock(&folder.join("start.lock"));
    starting.lock().unwrap_or_else(|error| panic!("start.lock: {error}"));
    let port_file = folder.join("port");
    let running = fs::read_to_string(&port_file).ok().map(|port| url(port.trim())).filter(|url| answers(url));
    let admin_url = running.unwrap_or_else(|| {
        let port = start(&folder);
        fs::write(&port_file, port.to_string()).unwrap_or_else(|error| panic!("{}: {error}", port_file.display()));
        url(&port.to_string())
    });
    Server { admin_url, folder, _user: Some(user) }
}

fn url(port: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

fn answers(url: &str) -> bool {
    db::administer(url, "select 1").is_ok()
}

/// Makes a new cluster and starts it; nothing of an earlier run is kept.
fn start(folder: &Path) -> u16 {
    let cluster = folder.join("cluster");
    let data = cluster.join("data");
    if data.exists() {
        // One that hangs, or whose port file was lost.
        run(&program("pg_ctl"), &["-D", text(&data), "-m", "immediate", "stop"]).ok();
        fs::remove_dir_all(&cluster).unwrap_or_else(|error| panic!("{}: {error}", cluster.display()));
    }
    fs::create_dir_all(&cluster).unwrap_or_else(|error| panic!("{}: {error}", cluster.display()));
    if is_root() {
        let (user, group) = postgres_user();
        std::os::unix::fs::chown(&cluster, Some(user), Some(group)).unwrap_or_else(|error| panic!("chown: {error}"));
    }
    let made = run(
        &program("initdb"),
        &["-D", text(&data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    );
    made.unwrap_or_else(|error| panic!("initdb failed: {error}"));
    let log = cluster.join("log");
    let mut last = String::new();
    for _ in 0..3 {
        let port = free_port();
        // Test data need not survive a power cut.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c full_page_writes=off \
             -c synchronous_commit=off -c max_connections=200 -c shared_buffers=128MB -c autovacuum=off"
        );
        match run(&program("pg_ctl"), &["-D", text(&data), "-l", text(&log), "-o", &options, "-w", "-t", "60", "start"]) {
            Ok(()) => {
                watch(folder, &data);
                return port;
            }
            // The port may have been taken meanwhile.
            Err(error) => last = error,
        }
    }
    panic!("PostgreSQL does not start: {last}; its log is {}", log.display());
}

/// Leaves the script behind that stops the server when nobody uses it.
fn watch(folder: &Path, data: &Path) {
    let mut stop = as_server_user(&program("pg_ctl"));
    stop.extend(["-D", text(data), "-m", "immediate", "stop"].map(str::to_owned));
    let users = folder.join("users.lock");
    let started = Command::new("sh")
        .args(["-c", WATCH, "watch", IDLE_SECONDS, text(&users)])
        .args(stop)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .status();
    started.unwrap_or_else(|error| panic!("the watcher of PostgreSQL could not be started: {error}"));
}

fn run(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let words = as_server_user(program);
    let Some((first, rest)) = words.split_first() else {
        return Err("no program".to_owned());
    };
    // The server inherits these; a pipe would keep the test waiting for its end.
    let output = tempfile::tempfile().map_err(|error| error.to_string())?;
    let both = || output.try_clone().map(Stdio::from).map_err(|error| error.to_string());
    let status = Command::new(first)
        .args(rest)
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(both()?)
        .stderr(both()?)
        .status()
        .map_err(|error| format!("{first}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    let mut output = output;
    std::io::Seek::rewind(&mut output).and_then(|()| std::io::Read::read_to_string(&mut output, &mut said)).ok();
    Err(format!("{}: {said}", program.display()))
}

/// PostgreSQL does not run as root.
fn as_server_user(program: &Path) -> Vec<String> {
    let mut words = Vec::new();
    if is_root() {
        words.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
    }
    words.push(text(program).to_owned());
    words
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

pub(crate) fn postgres_user() -> (u32, u32) {
    let number = |option: &str| {
        let output = Command::new("id").args([option, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    match (number("-u"), number("-g")) {
        (Some(user), Some(group)) => (user, group),
        _ => panic!("there is no user `postgres` to run PostgreSQL as (it does not run as root); `make test` installs PostgreSQL"),
    }
}

/// A program of PostgreSQL: from Debian's folders (the newest version), or from PATH.
pub(crate) fn program(name: &str) -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        found.push((version, entry.path().join("bin").join(name)));
    }
    found.retain(|(_, path)| path.exists());
    found.sort();
    let in_path = || {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.exists())
    };
    found.pop().map(|(_, path)| path).or_else(in_path).unwrap_or_else(|| {
        panic!("PostgreSQL's `{name}` is not installed; `make test` installs it, or set PLUMB_TEST_DATABASE_URL to a server")
    })
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}

/// `testkit-postgres` below the target folder, or in the system's temporary folder when the
/// server's user could not get there (a checkout in a private home, run as root).
fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("the test program has no path: {error}"));
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let reachable = |folder: &&Path| {
        !is_root() || folder.ancestors().all(|part| fs::metadata(part).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0))
    };
    let parent = target.filter(reachable).map_or_else(std::env::temp_dir, Path::to_owned);
    let folder = parent.join("testkit-postgres");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

fn open_lock(path: &Path) -> File {
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
    opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{} is not UTF-8", path.display()))
}
