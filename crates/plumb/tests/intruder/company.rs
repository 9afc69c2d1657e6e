//! A company of two sites with the product's own domains, behind the API and the pages in process:
//! one record of every kind at the first site, all of its text being a word that occurs nowhere
//! else, and somebody who holds every role at the second site only.

use super::client::{Ask, Client, Reply};
use kernel::MAIN_TENANT;
use kernel::authority::Actor;
use kernel::catalog::Catalog;
use kernel::kind::{Field, FieldSort, Kind, Numbering};
use plumb::assembly::{migrations, modules};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use testkit::engines::{TestDatabase, postgres_migrated, sqlite_migrated};
use testkit::world::{PASSWORD, World, text};

/// The word in everything that belongs to the first site.
pub const CANARY: &str = "Zyxrom";

/// What belongs to the first site: every name by which an address or a body could point to it.
#[derive(Debug, Default)]
pub struct Hidden {
    /// Kind, identifier, number.
    pub records: Vec<(String, String, String)>,
    /// What hangs on records: the parameter's name and the identifier.
    pub parts: Vec<(&'static str, String)>,
}

pub struct Company {
    pub world: World,
    pub client: Client,
    pub state: api::State,
    pub hidden: Hidden,
}

pub fn on_both(test: fn(&Company)) {
    eprintln!("on SQLite");
    test(&Company::new(&sqlite_migrated(&migrations())));
    eprintln!("on PostgreSQL");
    test(&Company::new(&postgres_migrated(&migrations())));
}

impl Company {
    pub fn new(test: &TestDatabase) -> Self {
        let world = World::new(test.database.clone(), modules());
        world.run(&world.admin, "record.create", json!({"kind": "site", "number": "OSL", "title": "Oslo works", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let catalog = world.kernel.catalog().unwrap();
        let roles: Vec<String> = catalog.roles().map(|role| role.name.clone()).filter(|role| role != "everyone").collect();
        let everywhere: Vec<(&str, Option<&str>)> = roles.iter().map(|role| (role.as_str(), None)).collect();
        let at_oslo: Vec<(&str, Option<&str>)> = roles.iter().map(|role| (role.as_str(), Some("OSL"))).collect();
        world.person_at("dora", json!({}), &everywhere);
        world.person_at("finn", json!({"site": "OSL"}), &at_oslo);
        let state = api::State::new(world.kernel.clone(), api::Settings { reference_page: false, ..api::Settings::default() }).with(plumb::reads::all());
        let settings = web::Settings { content_origin: "http://files.example".to_owned(), gate: state.gate.clone(), ..web::Settings::default() };
        let router = api::router(state.clone()).merge(web::router(world.kernel.clone(), settings));
        let mut company = Self { world, client: Client::new(router), state, hidden: Hidden::default() };
        company.hide(&catalog);
        company
    }

    fn hide(&mut self, catalog: &Arc<Catalog>) {
        let world = &self.world;
        let dora = world.sign_in("dora");
        let mut hidden = Hidden::default();
        for (index, kind) in catalog.kinds().enumerate() {
            let input = match kind.name.as_str() {
                // A site is the border itself, and everybody's.
                "site" => continue,
                "person" => {
                    let login = format!("{}p", CANARY.to_lowercase());
                    let input = json!({"login": login, "name": format!("{CANARY} Person"), "site": "ROM", "email": "zyxrom@example.com", "identity_verified": format!("{CANARY} card")});
                    let made = world.run(&world.admin, "person.create", input).unwrap();
                    hidden.records.push((kind.name.clone(), text(&made, "id"), login));
                    continue;
                }
                // What nobody makes by hand is the whole company's.
                name if !catalog.roles().any(|role| catalog.role_has(&role.name, &format!("{name}.create"))) => continue,
                _ => filled(kind, index),
            };
            let id = world.create_with(&dora, input).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            let number = world.record(&id).number;
            furnish(world, &dora, kind, &id, &mut hidden);
            hidden.records.push((kind.name.clone(), id, number));
        }
        let part = hidden.records.iter().find(|(kind, ..)| kind == "part").unwrap();
        let line = json!({"record": part.1, "version": world.record(&part.1).version, "child": child(world, &dora), "quantity": "2"});
        let line = world.run(&dora, "part.add_line", line).unwrap();
        hidden.parts.push(("line", text(&line, "line")));
        let token = world.run(&dora, "token.create", json!({"name": CANARY, "days": 3})).unwrap();
        hidden.parts.push(("token", text(&token, "token_id")));
        assert!(hidden.records.len() > 12 && hidden.parts.len() > 12, "{hidden:?}");
        self.hidden = hidden;
    }

    pub fn cookie(&self, login: &str) -> String {
        let signed_in = self.client.send(Ask::post("/api/v1/session").json(json!({"login": login, "password": PASSWORD})));
        assert_eq!(signed_in.status, 200, "{}", signed_in.text());
        signed_in.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    pub fn get(&self, path: impl Into<String>, cookie: &str) -> Reply {
        self.client.send(Ask::get(path).cookie(cookie))
    }

    /// Asks for the list of a kind as CSV, as somebody takes it away.
    pub fn export(&self, kind: &str, cookie: &str, key: &str, reason: &str) -> Reply {
        let form = format!("key={key}&reason={}", reason.replace(' ', "+"));
        self.client.send(Ask::post(format!("/list/{kind}/export")).cookie(cookie).bytes("application/x-www-form-urlencoded", form))
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.world.kernel.catalog().unwrap()
    }

    /// How many lines the trail holds, sessions and refused attempts aside.
    pub fn events(&self) -> i64 {
        let counted = db::sql("select count(*) as n from event where tenant = $1 and action not in ('session.opened', 'session.closed', 'security.noticed')");
        self.world.kernel.database().query_one(counted, &[MAIN_TENANT.into()]).unwrap().int("n").unwrap()
    }
}

/// A part below the hidden one.
fn child(world: &World, dora: &Actor) -> String {
    let input = json!({"kind": "part", "number": format!("{CANARY}-CHILD"), "title": CANARY, "site": "ROM", "fields": {"unit": "each"}});
    world.create_with(dora, input).unwrap()
}

/// The input that makes a record of a kind with every field filled.
fn filled(kind: &Kind, index: usize) -> Json {
    let fields: Map<String, Json> = kind.fields.iter().filter_map(|field| Some((field.name.clone(), value(field)?))).collect();
    let mut input = json!({"kind": kind.name, "title": format!("{CANARY} {}", kind.name), "site": "ROM", "fields": fields});
    if kind.numbering == Numbering::Given {
        input["number"] = json!(format!("{CANARY}-{index}"));
    }
    input
}

fn value(field: &Field) -> Option<Json> {
    Some(match &field.sort {
        FieldSort::Line(_) | FieldSort::Block(_) => json!(CANARY),
        FieldSort::Integer { min, .. } => json!(min),
        FieldSort::Decimal => json!("1"),
        FieldSort::Date => json!("2026-11-01"),
        FieldSort::YesNo => json!(true),
        FieldSort::Choice(values) => json!(values[0].0),
        FieldSort::Person => json!("dora"),
        FieldSort::Zone => json!("Europe/Rome"),
        FieldSort::Sheet | FieldSort::TableRevision(_) => return None,
    })
}

/// Hangs on a record whatever its kind allows.
fn furnish(world: &World, dora: &Actor, kind: &Kind, id: &str, hidden: &mut Hidden) {
    let digest = world.kernel.files().put(CANARY.as_bytes(), 1_000).unwrap().hex();
    let version = world.record(id).version;
    let attach = json!({"record": id, "version": version, "name": format!("{CANARY}.txt"), "media_type": "text/plain", "digest": digest, "size_bytes": CANARY.len()});
    let mut add = |name: &'static str, member: &str, made: base::Result<Json>| {
        if let Ok(made) = made {
            hidden.parts.push((name, text(&made, member)));
        }
    };
    add("file", "file", world.run(dora, "file.attach", attach));
    add("hold", "hold", world.run(dora, "hold.place", json!({"record": id, "why": CANARY})));
    add("dossier", "dossier", world.run(dora, "dossier.freeze", json!({"record": id})));
    for link in &kind.links {
        for target in ["OSL", "ROM"] {
            let target = world.named("site", target).id;
            add("link", "link", world.run(dora, "link.add", json!({"record": id, "link": link.name, "target": target})));
        }
        let earlier = hidden_of(world, &link.targets);
        for target in earlier.iter().filter(|target| *target != id) {
            add("link", "link", world.run(dora, "link.add", json!({"record": id, "link": link.name, "target": target})));
        }
    }
}

/// The records at the first site of these kinds, as far as they are there.
fn hidden_of(world: &World, kinds: &[String]) -> Vec<String> {
    let all = db::sql("select id, kind from record where tenant = $1 and title like 'Zyxrom%' order by id");
    let rows = world.kernel.database().query(all, &[MAIN_TENANT.into()]).unwrap();
    let fits = |kind: &str| kinds.is_empty() || kinds.iter().any(|known| known == kind);
    rows.iter().filter(|row| fits(row.text("kind").unwrap())).map(|row| row.text("id").unwrap().to_owned()).collect()
}
