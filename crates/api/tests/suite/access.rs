//! Who gets an answer from which endpoint: all of them, walked over.

use super::support::{Ask, Company};
use super::walk::{Sample, Who, committed, walk};
use api::endpoint::{Access, Endpoint, all};
use serde_json::{Value as Json, json};
use testkit::engines::{TestDatabase, both_migrated};
use testkit::world::text;

/// A record with everything on it that an address can name.
struct Furnished {
    kind: &'static str,
    id: String,
    version: i64,
    link: String,
    hold: String,
    file: String,
    dossier: String,
    digest: String,
    size: i64,
}

fn furnished(company: &Company, kind: &'static str) -> Furnished {
    let world = &company.world;
    let (dora, quinn) = (world.sign_in("dora"), world.sign_in("quinn"));
    let other = company.record(kind, json!({"body": "the other one"}));
    let id = company.record(kind, json!({"body": "some words", "grade": 2, "aware_on": "2026-11-01"}));
    let link = text(&world.link(&dora, &id, "about", &other).unwrap(), "link");
    let hold = text(&world.run(&quinn, "hold.place", json!({"record": id, "why": "wait"})).unwrap(), "hold");
    world.run(&dora, "decision.take", json!({"record": id, "tree": "matters", "answers": {"big": "yes"}})).unwrap();
    let content = b"the content of a file";
    let digest = world.kernel.files().put(content, 1_000).unwrap().hex();
    let size = content.len() as i64;
    let attach = json!({"record": id, "version": 1, "name": "a.txt", "media_type": "text/plain", "digest": digest, "size_bytes": size});
    let file = text(&world.run(&dora, "file.attach", attach).unwrap(), "file");
    let dossier = text(&world.run(&dora, "dossier.freeze", json!({"record": id})).unwrap(), "dossier");
    world.run(&dora, "personal.edit", json!({"record": id, "personal": {"told_by": "Nora Nemo"}})).unwrap();
    let version = world.record(&id).version;
    Furnished { kind, id, version, link, hold, file, dossier, digest, size }
}

/// Makes the link of a furnished record suspect, as a new effective revision of its target does.
fn made_suspect(company: &Company, record: &Furnished) {
    let world = &company.world;
    let (dora, quinn) = (world.sign_in("dora"), world.sign_in("quinn"));
    let link = record.link.clone();
    let item = world.kernel.database().read(move |tx| Ok(kernel::link::find(tx, kernel::MAIN_TENANT, &link)?.target_item)).unwrap();
    for _ in 0..2 {
        let item = item.clone();
        let mut target = world.kernel.database().read(move |tx| Ok(kernel::record::latest_of_item(tx, kernel::MAIN_TENANT, &item)?.unwrap().id)).unwrap();
        if world.record(&target).state == "effective" {
            target = text(&world.run(&dora, "record.revise", json!({"record": target})).unwrap(), "id");
        }
        world.edit(&dora, &target, json!({"grade": 3})).ok();
        world.step(&dora, &target, "submit").unwrap();
        world.sign_step(&quinn, &target, "approve").unwrap();
    }
}

/// The addresses whose sample needs a record brought into a certain state first.
const PREPARED: [&str; 2] = ["/api/v1/records/{kind}/{record}/revisions", "/api/v1/records/{kind}/{record}/links/{link}/clear"];

/// A valid request for an endpoint, without anybody's credentials.
fn request(company: &Company, endpoint: &Endpoint, full: &Furnished) -> Option<Ask> {
    let (world, kind) = (&company.world, full.kind);
    let of_record = format!("/api/v1/records/{kind}/{}", full.id);
    let (key, version) = (world.key(), full.version);
    let below = endpoint.path.strip_prefix("/api/v1/records/{kind}/{record}");
    let ask = match (endpoint.verb.name(), below.unwrap_or(endpoint.path)) {
        ("GET", "") => Ask::get(of_record),
        ("PATCH", "") => Ask::patch(of_record).key(&key).version(version).json(json!({"title": "Another", "reason": "as agreed", "fields": {"grade": 4, "colour": "red"}})),
        ("GET", "/revisions" | "/steps" | "/links" | "/holds" | "/files" | "/signatures" | "/obligations" | "/clocks" | "/decisions" | "/personal") => {
            Ask::get(format!("{of_record}{}", below?))
        }
        ("GET", "/timeline" | "/walk" | "/impact" | "/proof" | "/dossier" | "/dossier/frozen") => Ask::get(format!("{of_record}{}", below?)),
        ("GET", "/dossier/frozen/{dossier}") => Ask::get(format!("{of_record}/dossier/frozen/{}", full.dossier)),
        ("GET", "/files/{file}/content") => Ask::get(format!("{of_record}/files/{}/content", full.file)),
        ("POST", "/revisions") => {
            let (dora, quinn) = (world.sign_in("dora"), world.sign_in("quinn"));
            world.run(&quinn, "hold.lift", json!({"hold": full.hold, "why": "done"})).unwrap();
            world.step(&dora, &full.id, "submit").unwrap();
            world.sign_step(&quinn, &full.id, "approve").unwrap();
            Ask::post(format!("{of_record}/revisions")).key(&key)
        }
        ("POST", "/steps/{step}") => Ask::post(format!("{of_record}/steps/submit")).key(&key).version(version),
        ("POST", "/links") => Ask::post(format!("{of_record}/links")).key(&key).json(json!({"link": "about", "target": company.record(kind, json!({"body": "third"}))})),
        ("DELETE", "/links/{link}") => Ask::delete(format!("{of_record}/links/{}", full.link)).key(&key),
        ("POST", "/links/{link}/clear") => {
            made_suspect(company, full);
            Ask::post(format!("{of_record}/links/{}/clear", full.link)).key(&key).json(json!({"reason": "looked at it"}))
        }
        ("POST", "/holds") => Ask::post(format!("{of_record}/holds")).key(&key).json(json!({"why": "wait again"})),
        ("POST", "/holds/{hold}/lift") => Ask::post(format!("{of_record}/holds/{}/lift", full.hold)).key(&key).json(json!({"why": "it is well"})),
        ("POST", "/files") => Ask::post(format!("{of_record}/files"))
            .key(&key)
            .version(version)
            .json(json!({"name": "b.txt", "media_type": "text/plain", "digest": full.digest, "size_bytes": full.size})),
        ("DELETE", "/files/{file}") => Ask::delete(format!("{of_record}/files/{}", full.file)).key(&key).version(version),
        ("PATCH", "/personal") => Ask::patch(format!("{of_record}/personal")).key(&key).json(json!({"personal": {"told_by": "Somebody Else"}})),
        ("POST", "/personal/erase") => Ask::post(format!("{of_record}/personal/erase")).key(&key).json(json!({"reason": "asked for by them"})),
        ("POST", "/evidence") => Ask::post(format!("{of_record}/evidence")).key(&key).json(json!({"reason": "asked for by an inspector"})),
        ("POST", "/dossier") => Ask::post(format!("{of_record}/dossier")).key(&key),
        _ => return elsewhere(endpoint, full, &key),
    };
    Some(ask)
}

/// The addresses that are not below a record.
fn elsewhere(endpoint: &Endpoint, full: &Furnished, key: &str) -> Option<Ask> {
    let step = json!({"record": full.id, "version": full.version, "step": "submit"});
    let ask = match (endpoint.verb.name(), endpoint.path) {
        ("GET", "/api/v1/records/{kind}") => Ask::get(format!("/api/v1/records/{}", full.kind)),
        ("POST", "/api/v1/records/{kind}") => {
            Ask::post(format!("/api/v1/records/{}", full.kind)).key(key).json(json!({"title": "New", "site": "ROM", "fields": {"body": "words", "weight": "1.50", "aware_on": "2026-11-02"}}))
        }
        ("GET", "/api/v1/kinds/{kind}") => Ask::get(format!("/api/v1/kinds/{}", full.kind)),
        ("GET", "/api/v1/people/{person}/roles") => Ask::get("/api/v1/people/quinn/roles"),
        ("GET", "/api/v1/evidence/tile/{*tile}") => Ask::get("/api/v1/evidence/tile/0/000.p/1"),
        ("GET", "/api/v1/search") => Ask::get("/api/v1/search?q=hose"),
        ("GET", "/api/v1/papers/{paper}/words") => Ask::get(format!("/api/v1/papers/{}/words?most=1", full.id)),
        ("POST", "/api/v1/session") => Ask::post("/api/v1/session").json(json!({"login": "olga", "password": testkit::world::PASSWORD})),
        ("DELETE", "/api/v1/session") => Ask::delete("/api/v1/session"),
        ("POST", "/api/v1/challenges") => Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": step})),
        ("POST", "/api/v1/commands/{name}") => Ask::post("/api/v1/commands/record.step").key(key).json(json!({"input": step})),
        ("POST", "/api/v1/files") => Ask::post("/api/v1/files").bytes("application/octet-stream", "some bytes"),
        ("GET", path) if !path.contains('{') => Ask::get(path),
        _ => return None,
    };
    Some(ask)
}

/// Who plays whom for an endpoint; signing off is for another role than writing.
fn login(endpoint: &Endpoint, who: Who) -> Option<&'static str> {
    let by_manager = endpoint.access == Access::Permitted("hold.lift") || endpoint.path == "/api/v1/challenges";
    match who {
        Who::Nobody => None,
        Who::Unprivileged | Who::Blind => Some("olga"),
        Who::Foreign => Some("finn"),
        Who::Permitted if by_manager => Some("quinn"),
        Who::Permitted => Some("dora"),
    }
}

fn sample(company: &Company, shelf: &[Furnished; 2], endpoint: &Endpoint, who: Who) -> Sample {
    if who == Who::Blind && endpoint.path == "/api/v1/people/{person}/roles" {
        return Sample::NoSuchPerson;
    }
    let ready = if who == Who::Blind { &shelf[1] } else { &shelf[0] };
    let kind = ready.kind;
    // What is read or refused leaves a record as it is; what is done takes one of its own.
    let own = (who == Who::Permitted && endpoint.verb.changes() || PREPARED.contains(&endpoint.path)).then(|| furnished(company, kind));
    let Some(mut ask) = request(company, endpoint, own.as_ref().unwrap_or(ready)) else { return Sample::Missing };
    if endpoint.path.ends_with("/proof") || endpoint.path.contains("/evidence") {
        company.seal();
    }
    if endpoint.path == "/api/v1/challenges" {
        ask = approval(company, kind);
    }
    if let Some(login) = login(endpoint, who) {
        ask = ask.cookie(&company.cookie(login));
    }
    Sample::Ask(ask)
}

/// Asks for the challenge of a step that is signed.
fn approval(company: &Company, kind: &'static str) -> Ask {
    let world = &company.world;
    let id = company.record(kind, json!({"body": "words", "grade": 1}));
    world.step(&world.sign_in("dora"), &id, "submit").unwrap();
    let input = json!({"record": id, "version": world.record(&id).version, "step": "approve"});
    Ask::post("/api/v1/challenges").json(json!({"command": "record.step", "input": input}))
}

fn matrix(test: &TestDatabase) {
    let company = Company::new(test);
    let shelf = ["paper", "secret"].map(|kind| furnished(&company, kind));
    let document = company.document();
    let endpoints = all(&company.state);
    let text = walk(&company.client, &document, endpoints.iter().map(|endpoint| &**endpoint), |endpoint, who| sample(&company, &shelf, endpoint, who), || company.events());
    // The read of the test's own domain is walked over like the others and is no part of the product.
    let text: String = text.lines().filter(|line| !line.contains("/api/v1/papers/")).map(|line| format!("{line}\n")).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/matrices/endpoints.txt");
    committed(&path, &text);
}

#[test]
fn frs_api_012_every_endpoint_answers_exactly_whom_it_declares_and_the_matrix_is_committed() {
    both_migrated(kernel::MIGRATIONS, matrix);
}

#[test]
fn frs_api_012_every_command_is_refused_to_nobody() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let catalog = company.world.kernel.catalog().unwrap();
        let names: Vec<_> = catalog.commands().map(|command| command.name).collect();
        assert!(names.len() > 20, "{names:?}");
        let before = company.events();
        for name in names {
            let reply = company.client.send(Ask::post(format!("/api/v1/commands/{name}")).key("k").json(json!({"input": {}})));
            assert_eq!(reply.problem().0, 401, "{name}");
        }
        assert_eq!(company.events(), before);
    });
}

#[test]
fn frs_api_012_what_belongs_to_another_site_is_in_no_list_search_or_dossier() {
    both_migrated(kernel::MIGRATIONS, |test| {
        let company = Company::new(test);
        let hidden = furnished(&company, "paper");
        let finn = company.world.sign_in("finn");
        let own = company.world.create_with(&finn, json!({"kind": "paper", "title": "A hose in Oslo", "site": "OSL", "fields": {"body": "x"}})).unwrap();
        let ids = |path: &str, login: &str| -> Vec<String> {
            let reply = company.client.send(Ask::get(path).cookie(&company.cookie(login)));
            reply.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
        };
        for path in ["/api/v1/records/paper", "/api/v1/search?q=hose", "/api/v1/records/paper?site=ROM", "/api/v1/records/paper?as_of=2027-01-01T00:00:00Z"] {
            assert!(!ids(path, "finn").contains(&hidden.id), "{path}");
            assert!(ids(path, "dora").contains(&hidden.id), "{path}");
        }
        assert!(ids("/api/v1/records/paper", "finn").contains(&own));
        // A record for the whole company that is about one of a site: the other end stays unseen.
        let dora = company.world.sign_in("dora");
        let open = company.world.create_with(&dora, json!({"kind": "paper", "title": "For all", "fields": {"body": "x"}})).unwrap();
        company.world.link(&dora, &open, "about", &hidden.id).unwrap();
        let cookie = company.cookie("finn");
        let rows = |below: &str| company.client.send(Ask::get(format!("/api/v1/records/paper/{open}{below}")).cookie(&cookie)).rows();
        assert_eq!(rows("/links"), Vec::<Json>::new());
        assert_eq!(rows("/dossier")[0]["entries"], json!([]));
        assert_eq!(rows("/dossier")[0]["hidden"], 1);
        assert_eq!(rows("/walk").len(), 1);
        assert_eq!(rows("/impact?through=about"), Vec::<Json>::new());
    });
}
