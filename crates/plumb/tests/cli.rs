//! The command line: what each command does, how it refuses, and with which exit code.
//! 0 done, 1 a check found something, 2 refused, 3 failed.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "program/http.rs"]
#[expect(dead_code, reason = "signing in and cookies are for those who have sessions")]
mod http;
#[path = "program/run.rs"]
mod run;
#[path = "program/server.rs"]
mod server;

use db::{Config, Database};
use run::{Ended, plumb};
use server::Server;
use std::net::TcpListener;
use std::path::Path;

const ADMIN: &[(&str, &str)] = &[("PLUMB_PASSWORD", "correct horse battery")];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A company with its administrator in the folder `d`.
fn company() -> tempfile::TempDir {
    let folder = folder();
    plumb(folder.path(), "init --data d --name Ada", ADMIN).with(0);
    folder
}

/// What a refused run says: nothing on the output, its message on the error stream.
fn refused(folder: &Path, line: &str, variables: &[(&str, &str)]) -> String {
    let ended: Ended = plumb(folder, line, variables).with(2);
    assert_eq!(ended.out, "", "{line}");
    ended.err
}

fn tamper(folder: &Path, statement: &'static str) {
    let database = Database::open(&Config::Sqlite { folder: folder.join("d") }).unwrap();
    database.write(move |tx| tx.execute_text(statement, &[])).unwrap();
}

#[test]
fn frs_cli_001_an_unknown_command_or_option_is_refused_by_name() {
    let folder = folder();
    for (line, named) in [
        ("", "Usage: plumb"),
        ("frobnicate", "'frobnicate'"),
        ("serve --bogus", "'--bogus'"),
        ("serve --listen nonsense", "'nonsense' for '--listen"),
        ("init --data d", "--name"),
        ("token --login admin --name ci --days many", "'many' for '--days"),
        ("export --data d", "<TO>"),
    ] {
        let said = refused(folder.path(), line, ADMIN);
        assert!(said.contains(named), "{line}: {said}");
    }
    assert!(!folder.path().join("d").exists(), "nothing was made");
    assert!(plumb(folder.path(), "--version", &[]).with(0).out.starts_with("plumb "));
}

#[test]
fn frs_cli_002_init_makes_a_company_with_one_administrator_and_only_once() {
    let folder = company();
    let again = refused(folder.path(), "init --data d --name Bea --login bea", ADMIN);
    assert!(again.contains("There are people already"), "{again}");
    let said = refused(folder.path(), "token --data d --login bea --name ci", ADMIN);
    assert!(said.contains("User name or password is wrong"), "the second was not made: {said}");
    plumb(folder.path(), "token --data d --login admin --name ci", ADMIN).with(0);
}

#[test]
fn frs_net_001_a_server_refuses_to_start_where_pages_and_uploads_would_share_their_cookies() {
    let folder = company();
    for (line, named) in [
        ("serve --public-origin https://plumb.example.com", "--content-origin"),
        ("serve --public-origin plumb.example.com --content-origin https://content.example.com", "is no address such as"),
        ("serve --public-origin https://plumb.example.com/app --content-origin https://content.example.com", "is no address such as"),
        ("serve --data d --listen 127.0.0.1:0 --content-listen 127.0.0.1:0 --public-origin https://plumb.example.com --content-origin https://plumb.example.com:8443", "would share their cookies"),
    ] {
        let said = refused(folder.path(), line, &[]);
        assert!(said.contains(named), "{line}: {said}");
    }
}

#[test]
fn frs_cli_003_init_refuses_a_weak_password_a_zone_that_is_none_and_no_password() {
    let folder = folder();
    for (line, password, named) in [
        ("init --data d --name Ada", Some("short"), "at least 12"),
        ("init --data d --name Ada --zone Mars/One", Some("correct horse battery"), "“Mars/One” is not a time zone"),
        ("init --data d --name Ada", None, "a password is needed"),
    ] {
        let variables: Vec<_> = password.map(|password| ("PLUMB_PASSWORD", password)).into_iter().collect();
        let said = refused(folder.path(), line, &variables);
        assert!(said.contains(named), "{line}: {said}");
        assert!(!said.contains("correct horse"), "no secret is printed: {said}");
    }
    // Nothing was made that would stand in the way of a good one.
    plumb(folder.path(), "init --data d --name Ada", ADMIN).with(0);
}

#[test]
fn frs_cli_004_a_person_is_added_by_an_administrator_only() {
    let folder = company();
    let new = [ADMIN[0], ("PLUMB_NEW_PASSWORD", "first entry given")];
    let wrong = [("PLUMB_PASSWORD", "not the password at all"), new[1]];
    let said = refused(folder.path(), "user --data d --by admin --login bo --name Bo", &wrong);
    assert!(said.contains("User name or password is wrong"), "{said}");
    plumb(folder.path(), "user --data d --by admin --login bo --name Bo --role operator --role supervisor", &new).with(0);
    let twice = refused(folder.path(), "user --data d --by admin --login bo --name Bo", &new);
    assert!(twice.contains("bo"), "{twice}");
    // Somebody whose password an administrator chose does nothing with it before changing it.
    let first = [("PLUMB_PASSWORD", "first entry given"), ("PLUMB_NEW_PASSWORD", "another entry given")];
    let said = refused(folder.path(), "user --data d --by bo --login eve --name Eve", &first);
    assert!(said.contains("Choose your own password first"), "{said}");
    let unknown = refused(folder.path(), "user --data d --by admin --login cy --name Cy --role nonesuch", &new);
    assert!(unknown.contains("there is no role “nonesuch”") && unknown.contains("operator"), "{unknown}");
}

#[test]
fn frs_cli_005_a_token_is_printed_once_and_alone() {
    let folder = company();
    let printed = plumb(folder.path(), "token --data d --login admin --name ci --days 366", ADMIN).with(0);
    let token = printed.out.trim_end();
    assert!(token.starts_with("plumb_") && !token.contains(char::is_whitespace), "{token}");
    assert_eq!(printed.err, "");
    let other = plumb(folder.path(), "token --data d --login admin --name cd", ADMIN).with(0);
    assert_ne!(other.out, printed.out);
    for days in ["0", "367"] {
        let said = refused(folder.path(), &format!("token --data d --login admin --name ci --days {days}"), ADMIN);
        assert!(said.contains("1 to 366 days"), "{said}");
    }
}

#[test]
fn frs_cli_006_migrate_brings_the_schema_up_once() {
    let folder = folder();
    let count = plumb::assembly::migrations().len();
    assert_eq!(plumb(folder.path(), "migrate --data d", &[]).with(0).out, format!("{count} migrations applied.\n"));
    assert_eq!(plumb(folder.path(), "migrate --data d", &[]).with(0).out, "0 migrations applied.\n");
}

#[test]
fn frs_cli_007_verify_finds_sound_data_sound() {
    let folder = company();
    let said = plumb(folder.path(), "verify --data d", &[]).with(0).out;
    assert!(said.contains("main: sound"), "{said}");
}

#[test]
fn frs_cli_007_a_changed_row_is_not_found_sound_but_named_and_verify_ends_with_1() {
    let folder = company();
    tamper(folder.path(), "update record set title = 'Eve' where kind = 'person'");
    let said = plumb(folder.path(), "verify --data d", &[]).with(1).out;
    assert!(said.contains("title: is “Eve”, the trail says “admin”"), "{said}");
    assert!(said.contains("1 problem found"), "{said}");
}

#[test]
fn frs_cli_007_a_changed_file_is_not_found_sound_but_named_and_verify_ends_with_1() {
    let folder = company();
    let files = blob::BlobStore::open(&folder.path().join("d/files")).unwrap();
    let digest = files.put(b"certificate", 100).unwrap();
    plumb(folder.path(), "verify --data d", &[]).with(0);
    let path = find(&folder.path().join("d/files"), &digest.hex()).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    std::fs::set_permissions(&path, permissions).unwrap();
    std::fs::write(&path, b"CERTIFICATE").unwrap();
    let said = plumb(folder.path(), "verify --data d", &[]).with(1).out;
    assert!(said.contains(&digest.hex()) && said.contains("does not hold what its name says"), "{said}");
}

/// The file whose path, without separators, ends with the digest.
fn find(folder: &Path, digest: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().find_map(|entry| {
        let path = entry.path();
        let joined = path.to_str().unwrap().replace('/', "");
        if path.is_dir() { find(&path, digest) } else { joined.ends_with(digest).then_some(path) }
    })
}

#[test]
fn frs_cli_008_data_of_another_schema_or_without_a_company_is_not_judged() {
    let folder = folder();
    let said = refused(folder.path(), "verify --data none", &[]);
    assert!(said.contains("There is no data in none") && said.contains("plumb init"), "{said}");
    assert!(!folder.path().join("none").exists(), "a check makes nothing");
    std::fs::create_dir(folder.path().join("bare")).unwrap();
    let said = refused(folder.path(), "verify --data bare", &[]);
    assert!(said.contains("There is no data in bare"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path().join("bare")).unwrap().count(), 0, "a check makes nothing");
    drop(Database::open(&Config::Sqlite { folder: folder.path().join("bare") }).unwrap());
    let said = refused(folder.path(), "verify --data bare", &[]);
    assert!(said.contains("has schema 0") && said.contains("plumb migrate"), "{said}");
    plumb(folder.path(), "migrate --data empty", &[]).with(0);
    let said = refused(folder.path(), "verify --data empty", &[]);
    assert!(said.contains("holds no trail yet"), "{said}");
}

#[test]
fn frs_cli_009_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let folder = company();
    let data = folder.path().join("d").to_str().unwrap().to_owned();
    let first = Server::start(&["--data".to_owned(), data], folder.path());
    plumb(folder.path(), "export --data d out", &[]).with(0);
    let holder = std::fs::read_to_string(folder.path().join("d/plumb.lock")).unwrap();
    for (line, instead) in [
        ("serve --data d --listen 127.0.0.1:0 --content-listen 127.0.0.1:0", "give this one a folder of its own"),
        ("migrate --data d", "Stop it first"),
        ("import --data d out", "Stop it first"),
        ("user --data d --by admin --login bo --name Bo", "over its API"),
        ("token --data d --login admin --name ci", "over its API"),
    ] {
        let said = refused(folder.path(), line, ADMIN);
        let named = format!("Another Plumb server (process {holder}) is using the folder d: it holds d/plumb.lock.");
        assert!(said.contains(&named) && said.contains(instead), "{line}: {said}");
    }
    assert_eq!(ureq::get(first.url("/healthz")).call().unwrap().status(), 200);
    drop(first);
    // Whoever is killed leaves no lock behind.
    plumb(folder.path(), "verify --data d", &[]).with(0);
}

#[test]
fn frs_cli_012_a_server_that_writes_meanwhile_is_not_found_unsound_and_an_export_beside_it_is_whole() {
    let folder = company();
    let token = plumb(folder.path(), "token --data d --login admin --name load", ADMIN).with(0).out;
    let data = folder.path().join("d").to_str().unwrap().to_owned();
    let server = Server::start(&["--data".to_owned(), data], folder.path());
    let done = std::sync::atomic::AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0_u32;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                let headers = vec![("authorization", format!("Bearer {}", token.trim_end())), ("idempotency-key", format!("load-{written}"))];
                let (headers, body) = http::json(headers, &serde_json::json!({"title": "Assembly", "number": format!("D-{written}")}));
                let answer = http::send("POST", &server.url("/api/v1/records/department"), &headers, body).unwrap();
                assert_eq!(answer.status, 201, "{}", answer.body);
                written += 1;
            }
            written
        });
        for turn in 0..5 {
            let said = plumb(folder.path(), "verify --data d", &[]);
            let exported = plumb(folder.path(), &format!("export --data d out-{turn}"), &[]);
            done.store(said.code != 0 || exported.code != 0 || turn == 4, std::sync::atomic::Ordering::SeqCst);
            said.with(0);
            exported.with(0);
        }
        writer.join().unwrap()
    });
    assert!(written > 20, "the server wrote {written} records meanwhile");
    let arrived = plumb(folder.path(), "import --data copy out-4", &[]).with(0).out;
    assert!(arrived.contains("all verified"), "{arrived}");
}

#[test]
fn frs_cli_010_serve_says_which_address_is_taken() {
    let folder = company();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ended = plumb(folder.path(), &format!("serve --data d --listen {address} --content-listen 127.0.0.1:0"), &[]).with(2);
    assert!(ended.err.contains(&format!("The address {address} cannot be used")) && ended.err.contains("--listen"), "{ended:?}");
}

#[test]
fn frs_cli_011_a_fault_of_the_machine_ends_with_3_and_a_place_that_cannot_be_with_2() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("broken")).unwrap();
    std::fs::write(folder.path().join("broken/plumb.sqlite"), "this is a letter and no database, whatever its name says").unwrap();
    for line in ["migrate --data broken", "verify --data broken", "serve --data broken", "init --data broken --name Ada"] {
        let said = refused(folder.path(), line, ADMIN);
        assert!(said.contains("The file broken/plumb.sqlite is not a database of Plumb"), "{line}: {said}");
    }
    std::fs::create_dir_all(folder.path().join("odd/plumb.sqlite")).unwrap();
    let said = refused(folder.path(), "migrate --data odd", &[]);
    assert!(said.contains("The file odd/plumb.sqlite cannot be opened"), "{said}");
    // A database whose pages went bad is no place but a fault.
    let damaged = company();
    let path = damaged.path().join("d/plumb.sqlite");
    let mut content = std::fs::read(&path).unwrap();
    content[4_096..].fill(0xff);
    std::fs::write(&path, content).unwrap();
    let failed = plumb(damaged.path(), "migrate --data d", &[]).with(3);
    assert!(failed.err.contains("malformed"), "{failed:?}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let said = refused(folder.path(), "migrate --data file/data", &[]);
    assert!(said.contains("The folder file/data cannot be made"), "{said}");
}

#[test]
fn frs_ses_007_an_address_that_guesses_on_the_page_and_in_the_api_is_refused_and_no_header_gets_around_it() {
    let folder = company();
    let data = folder.path().join("d").to_str().unwrap().to_owned();
    let server = Server::start(&["--data".to_owned(), data], folder.path());
    let by_api = |login: &str, headers: Vec<(&'static str, String)>| {
        let (headers, body) = http::json(headers, &serde_json::json!({"login": login, "password": "not the password at all"}));
        http::send("POST", &server.url("/api/v1/session"), &headers, body).unwrap()
    };
    let on_page = |login: &str| {
        let of_browser = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), ("accept", "text/html,*/*")];
        let headers = of_browser.map(|(name, value)| (name, value.to_owned()));
        http::send("POST", &server.url("/sign-in"), &headers, format!("login={login}&secret=not+the+password").into_bytes()).unwrap()
    };
    for number in 0..base::limits::ADDRESS_FAILURES {
        let login = format!("somebody-{number}");
        let status = if number % 2 == 0 { by_api(&login, Vec::new()).status } else { on_page(&login).status };
        assert_eq!(status, 401, "attempt {number}");
    }
    for (refused, media_type) in [
        (by_api("another", Vec::new()), "application/problem+json"),
        (by_api("another", vec![("x-forwarded-for", "203.0.113.9".to_owned())]), "application/problem+json"),
        (on_page("another"), "text/plain; charset=utf-8"),
    ] {
        assert_eq!((refused.status, refused.header("content-type")), (429, media_type), "{}", refused.body);
        assert!(refused.body.contains("Too many wrong sign-ins came from your address."), "{}", refused.body);
        let seconds: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=base::limits::SIGN_IN_WAIT_SECONDS).contains(&seconds), "{seconds}");
    }
    assert_eq!(http::send("GET", &server.url("/healthz"), &[], Vec::new()).unwrap().status, 200, "only signing in waits");
}

/// What an argument's variable is called, or its value, where it may hold a secret: a password, a key, an
/// address with a user name or a token in it. Files of keys and public keys are none.
fn may_hold_a_secret(argument: &clap::Arg) -> bool {
    let variable = argument.get_env().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let shown: Vec<&str> = argument.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
    if shown == ["FILE"] || variable.ends_with("_RECIPIENT") || variable.ends_with("_ORIGIN") {
        return false;
    }
    let words = ["PASSWORD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "URL", "DATABASE", "SMTP"];
    words.iter().any(|word| variable.contains(word)) || shown.iter().any(|name| ["URL", "PLACE", "KEY"].contains(name))
}

#[test]
fn frs_guard_006_no_help_shows_the_value_of_a_variable_that_may_hold_a_secret() {
    use clap::CommandFactory as _;
    let folder = folder();
    let mut command = plumb::cli::Arguments::command();
    command.build();
    let mut secrets = std::collections::BTreeSet::new();
    for sub in command.get_subcommands() {
        for argument in sub.get_arguments().filter(|argument| argument.get_env().is_some() && may_hold_a_secret(argument)) {
            let variable = argument.get_env().unwrap().to_str().unwrap().to_owned();
            assert!(argument.is_hide_env_values_set(), "plumb {}: {variable} shows its value", sub.get_name());
            secrets.insert(variable);
        }
    }
    let expected = ["PLUMB_ANCHORS", "PLUMB_DATABASE_URL", "PLUMB_FILES", "PLUMB_NEW_PASSWORD", "PLUMB_PASSWORD", "PLUMB_SMTP"];
    assert!(expected.iter().all(|known| secrets.contains(*known)), "{secrets:?}");
    // And as people see it.
    let variables: Vec<(&str, &str)> = secrets.iter().map(|name| (name.as_str(), "postgres://plumb:canary9@127.0.0.1/none")).collect();
    for sub in command.get_subcommands().map(|sub| sub.get_name().to_owned()).filter(|name| name != "help") {
        for help in ["--help", "-h"] {
            let said = run::plumb(folder.path(), &format!("{sub} {help}"), &variables).with(0);
            assert!(!format!("{}{}", said.out, said.err).contains("canary9"), "plumb {sub} {help}: {}", said.out);
        }
    }
}
