//! A restore or an import whose last question to the database is not answered: what became of it is
//! found out, and where nobody can say, what to do.

use super::run::{Ended, plumb};
use db::{Config, Database, administer};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use testkit::engines::{TestDatabase, postgres};

const ADMIN: &[(&str, &str)] = &[("PLUMB_PASSWORD", "correct horse battery")];
/// COMMIT as it goes over the wire.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";
/// What only a load writes.
const LOADING: &[u8] = b"insert into audit_tx";
const LONG: usize = 1 << 16;

/// What happens where COMMIT comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtCommit {
    /// It is passed on, and the line is cut before the answer.
    Answered,
    /// The line is cut before it.
    Lost,
}

/// The way to the database, which is cut where the first load asks for COMMIT: no answer comes back,
/// and no connection lives on.
struct Line {
    url: String,
    cut: Arc<Cut>,
}

struct Cut {
    at_commit: AtCommit,
    /// Whoever calls afterwards is turned away.
    stays: bool,
    done: AtomicBool,
    clients: Mutex<Vec<TcpStream>>,
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Line {
    fn to(database: &TestDatabase, at_commit: AtCommit, stays: bool) -> Self {
        let url = database.postgres_url().unwrap();
        let (start, name) = url.rsplit_once('/').unwrap();
        let server = start.rsplit_once(['@', '/']).unwrap().1.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{}{}/{name}", start.strip_suffix(&server).unwrap(), listener.local_addr().unwrap());
        let cut = Arc::new(Cut { at_commit, stays, done: AtomicBool::new(false), clients: Mutex::default() });
        let shared = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.stays && shared.done.load(Ordering::SeqCst) {
                    turn_away(client);
                    continue;
                }
                let (server, cut) = (TcpStream::connect(&server).unwrap(), Arc::clone(&shared));
                let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                cut.clients.lock().unwrap().push(client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
                std::thread::spawn(move || pass_on(client, server, &cut));
            }
        });
        Self { url, cut }
    }

    /// Whether COMMIT has come.
    fn is_cut(&self) -> bool {
        self.cut.done.load(Ordering::SeqCst)
    }
}

/// As a server does that has no such database: it is told at once, and not waited for.
fn turn_away(mut client: TcpStream) {
    let mut asked = [0; LONG];
    let read = client.read(&mut asked).unwrap();
    // Encryption is asked for first.
    if asked[..read].starts_with(&[0, 0, 0, 8]) {
        client.write_all(b"N").unwrap();
        let _ = client.read(&mut asked).unwrap();
    }
    let told = b"SFATAL\0VFATAL\0C3D000\0Mthe database is away\0\0";
    let size = u32::try_from(told.len() + 4).unwrap().to_be_bytes();
    client.write_all(&[b"E", size.as_slice(), told].concat()).unwrap();
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, cut: &Cut) {
    let (mut bytes, mut loading) = (vec![0; LONG], false);
    while let Some(read) = client.read(&mut bytes).ok().filter(|read| *read > 0) {
        loading |= holds(&bytes[..read], LOADING);
        if loading && holds(&bytes[..read], COMMIT) && !cut.done.swap(true, Ordering::SeqCst) {
            // The program hears nothing more; the server learns of that when it answers.
            for client in cut.clients.lock().unwrap().drain(..) {
                let _ = client.shutdown(Shutdown::Both);
            }
            if cut.at_commit == AtCommit::Answered {
                server.write_all(&bytes[..read]).unwrap();
            } else {
                server.shutdown(Shutdown::Both).unwrap();
            }
            return;
        }
        if server.write_all(&bytes[..read]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// A small company: its backup with the key, and its export.
fn copies() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    plumb(here, "init --data d --name Ada", ADMIN).with(0);
    blob::BlobStore::open(&here.join("d/files")).unwrap().put(b"certificate of a supplier", 100).unwrap();
    let recipient = plumb(here, "backup-key key", &[]).with(0).out;
    plumb(here, &format!("backup --data d --to b.age --recipient {}", recipient.trim()), &[]).with(0);
    plumb(here, "export --data d out", &[]).with(0);
    folder
}

/// Both ways in, as they are typed.
const WAYS: [&str; 2] = ["restore --data new --from b.age --identity key", "import --data new out"];

fn given(folder: &tempfile::TempDir, way: &str, url: &str) -> Ended {
    plumb(folder.path(), &format!("{way} --database {url}"), &[])
}

/// Makes COMMIT of the trail take a while, as where a standby is slow.
fn slow_commit(database: &TestDatabase) {
    plumb_schema(database);
    for statement in [
        "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return null; end $$",
        "create constraint trigger slow after insert on audit_tx deferrable initially deferred for each row when (new.seq = 1) execute function slow()",
    ] {
        administer(database.postgres_url().unwrap(), statement).unwrap();
    }
}

fn plumb_schema(database: &TestDatabase) {
    database.database.migrate(&plumb::assembly::migrations()).unwrap();
}

fn transactions(database: &TestDatabase) -> i64 {
    database.database.read(|tx| tx.query_text("select count(*) as n from audit_tx", &[])).unwrap()[0].int("n").unwrap()
}

#[test]
fn frs_bak_011_a_commit_that_is_not_answered_and_happens_later_is_waited_for_and_kept_once() {
    let folder = copies();
    for way in WAYS {
        let database = postgres();
        slow_commit(&database);
        let line = Line::to(&database, AtCommit::Answered, false);
        let said = given(&folder, way, &line.url).with(0).out;
        assert!(line.is_cut() && said.contains("all verified"), "{way}: {said}");
        let there = transactions(&database);
        assert!(there > 0, "{way}");
        plumb(folder.path(), &format!("verify --data new --database {}", database.postgres_url().unwrap()), &[]).with(0);
        // Given again it is refused, and the company stays as it is.
        let again = given(&folder, "import --data new out", &line.url).with(2).err;
        assert!(again.contains("There is a company in this database already"), "{again}");
        assert_eq!(transactions(&database), there, "{way}");
        assert!(fs::read_dir(folder.path().join("new/files")).unwrap().count() > 0, "{way}: its files are there");
        fs::remove_dir_all(folder.path().join("new")).unwrap();
    }
}

#[test]
fn frs_bak_011_a_commit_that_never_happened_keeps_nothing_and_the_same_command_does_it() {
    let folder = copies();
    for way in WAYS {
        let database = postgres();
        let line = Line::to(&database, AtCommit::Lost, false);
        let said = given(&folder, way, &line.url).with(2).err;
        assert!(line.is_cut() && said.contains("has kept nothing of the copy") && said.contains("Give the same command again"), "{way}: {said}");
        assert_eq!(transactions(&database), 0, "{way}");
        given(&folder, way, &line.url).with(0);
        plumb(folder.path(), &format!("verify --data new --database {}", database.postgres_url().unwrap()), &[]).with(0);
        fs::remove_dir_all(folder.path().join("new")).unwrap();
    }
}

#[test]
fn frs_bak_011_where_nobody_can_say_what_became_of_it_the_files_stay_and_people_are_told_what_to_do() {
    let folder = copies();
    for (way, advice) in WAYS.into_iter().zip(["remove new and restore again", "give the same command again"]) {
        for at_commit in [AtCommit::Answered, AtCommit::Lost] {
            let database = postgres();
            let url = database.postgres_url().unwrap();
            let line = Line::to(&database, at_commit, true);
            let said = given(&folder, way, &line.url).with(3).err;
            assert!(line.is_cut() && said.contains("commit in doubt") && said.contains("as a whole or not at all") && said.contains(advice), "{way}: {said}");
            assert!(fs::read_dir(folder.path().join("new/files")).unwrap().count() > 0, "{way}: the files of what may be there are not taken away");
            assert!(!folder.path().join("new/restoring").exists(), "nothing unencrypted is left beside them");
            // As it is told: look, then go on.
            if at_commit == AtCommit::Answered {
                super::until("the company", || Some(transactions(&database)).filter(|there| *there > 0));
            }
            let looked = plumb(folder.path(), &format!("verify --data new --database {url}"), &[]);
            if at_commit == AtCommit::Answered {
                looked.with(0);
                given(&folder, "import --data new out", url).with(2);
            } else {
                let looked = looked.with(2).err;
                assert!(looked.contains("no trail"), "{looked}");
                if way == WAYS[0] {
                    fs::remove_dir_all(folder.path().join("new")).unwrap();
                }
                given(&folder, way, url).with(0);
            }
            assert!(transactions(&database) > 0, "{way}");
            fs::remove_dir_all(folder.path().join("new")).unwrap();
        }
    }
}

#[test]
fn frs_bak_011_a_copy_is_never_mixed_with_a_company_that_somebody_begins_meanwhile() {
    let folder = copies();
    for way in WAYS {
        let database = postgres();
        plumb_schema(&database);
        let url = database.postgres_url().unwrap().to_owned();
        let other = Database::open(&Config::Postgres { url: url.clone(), pool_size: 1 }).unwrap();
        let begun = db::sql("insert into audit_tx (tenant, tx, chain, seq, at, actor, command, software, configuration, n, root, prev, hash) values ($1, 'other', 0, 1, 1, 'init', 'init', 'plumb', 0, 1, $2, $2, $2)");
        let ended = std::thread::scope(|scope| {
            let (send, came) = std::sync::mpsc::channel();
            let (folder, url) = (&folder, &url);
            let loading = scope.spawn(move || {
                came.recv().unwrap();
                given(folder, &format!("{way} --with-damage"), url)
            });
            let watch = database.database.clone();
            other
                .write(move |tx| {
                    tx.execute(begun, &["main".into(), vec![0_u8; 32].into()])?;
                    send.send(()).unwrap();
                    // The load has found the database empty, and waits for a key.
                    let waiting = "select 1 as one from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
                    let began = std::time::Instant::now();
                    while watch.read(|tx| tx.query_text(waiting, &[]))?.is_empty() {
                        assert!(began.elapsed().as_secs() < 60);
                    }
                    Ok(())
                })
                .unwrap();
            loading.join().unwrap()
        });
        let said = ended.with(2).err;
        assert!(said.contains("Another program has begun a company in this database meanwhile"), "{way}: {said}");
        assert_eq!(transactions(&database), 1, "{way}: theirs alone");
        assert!(!folder.path().join("new/files").exists() || way == WAYS[1], "{way}");
    }
}
