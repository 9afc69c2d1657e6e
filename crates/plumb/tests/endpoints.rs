//! The reads that the domains declare in the API: each walked over as everybody who might knock,
//! by the same walk as the API's own endpoints.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "../../api/tests/suite/client.rs"]
#[expect(dead_code, reason = "the API's own tests send more than these")]
mod client;
#[path = "../../api/tests/suite/schema.rs"]
mod schema;
#[path = "../../api/tests/suite/walk.rs"]
mod walk;

use api::endpoint::{Endpoint, Run, all};
use client::{Ask, Client};
use kernel::MAIN_TENANT;
use plumb::assembly::{migrations, modules};
use serde_json::json;
use testkit::engines::{TestDatabase, postgres, sqlite};
use testkit::world::{PASSWORD, World, text};
use walk::{Sample, Who, committed, walk};

struct Site {
    world: World,
    client: Client,
    part: String,
    order: String,
}

fn site(test: &TestDatabase) -> (Site, api::State) {
    test.database.migrate(&migrations()).unwrap();
    let world = World::new(test.database.clone(), modules());
    world.run(&world.admin, "record.create", json!({"kind": "site", "number": "OSL", "title": "Oslo works", "fields": {"zone": "Europe/Oslo"}})).unwrap();
    world.person_at("dora", json!({"site": "ROM"}), &[("design_engineer", None)]);
    world.person_at("olga", json!({"site": "ROM"}), &[]);
    world.person_at("finn", json!({"site": "OSL"}), &[("design_engineer", Some("OSL"))]);
    let dora = world.sign_in("dora");
    let part = json!({"kind": "part", "number": "LV-1", "title": "Ventilator", "site": "ROM", "fields": {"unit": "each"}});
    let part = text(&world.run(&dora, "record.create", part).unwrap(), "id");
    let order = text(&world.run(&dora, "record.create", json!({"kind": "change_order", "title": "Fittings", "site": "ROM"})).unwrap(), "id");
    let state = api::State::new(world.kernel.clone(), api::Settings::default()).with(plumb::reads::all());
    let client = Client::new(api::router(state.clone()));
    (Site { world, client, part, order }, state)
}

fn sample(site: &Site, endpoint: &Endpoint, who: Who) -> Sample {
    let path = endpoint.path.replace("{part}", &site.part).replace("{order}", &site.order);
    if path.contains('{') {
        return Sample::Missing;
    }
    let login = match who {
        Who::Nobody => return Sample::Ask(Ask::get(path)),
        // Everybody may see parts and change orders.
        Who::Blind => return Sample::NoSuchPerson,
        Who::Unprivileged => "olga",
        Who::Foreign => "finn",
        Who::Permitted => "dora",
    };
    let signed_in = site.client.send(Ask::post("/api/v1/session").json(json!({"login": login, "password": PASSWORD})));
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    Sample::Ask(Ask::get(path).cookie(&cookie))
}

fn matrix(test: &TestDatabase) {
    let (site, state) = site(test);
    let document = api::openapi::document(&site.world.kernel.catalog().unwrap(), &all(&state));
    let endpoints = all(&state);
    let reads = endpoints.iter().map(|endpoint| &**endpoint).filter(|endpoint| matches!(endpoint.run, Run::Read(_)));
    let events = || {
        let rows = site.world.kernel.database().query(db::sql("select count(*) as n from event where tenant = $1"), &[MAIN_TENANT.into()]).unwrap();
        rows[0].int("n").unwrap()
    };
    let text = walk(&site.client, &document, reads, |endpoint, who| sample(&site, endpoint, who), events);
    assert!(text.lines().count() > 1, "there are reads to walk over");
    committed(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/matrices/domain_reads.txt"), &text);
}

#[test]
fn frs_api_012_every_read_of_a_domain_answers_exactly_whom_it_declares_and_the_matrix_is_committed_sqlite() {
    matrix(&sqlite());
}

#[test]
fn frs_api_012_every_read_of_a_domain_answers_exactly_whom_it_declares_and_the_matrix_is_committed_postgres() {
    matrix(&postgres());
}
