//! People of other sites.

use super::plant::on_both;
use serde_json::json;

#[test]
fn frs_trn_015_an_assignment_opens_the_document_of_another_site_to_its_reader() {
    on_both(|plant| {
        plant.world.create_with(&plant.world.admin, json!({"kind": "site", "number": "OSL", "title": "Oslo", "fields": {"zone": "Europe/Oslo"}})).unwrap();
        let function = plant.place("job_function", "ASSEMBLER");
        let input = json!({"kind": "procedure", "title": "Assembly in Rome", "site": "ROM", "fields": {"body": "Do it."}});
        let document = plant.world.create_with(&plant.writer, input).unwrap();
        plant.world.sign_step(&plant.controller, &document, "release").unwrap();
        let course = plant.course(&[&document]);
        plant.requirement(&[("requires", &course), ("for_function", &function)]);
        let olga = plant.world.person_at("olga", json!({"job_functions": ["ASSEMBLER"], "site": "OSL"}), &[]);
        assert!(!plant.world.viewer(&olga).sees(&plant.record(&document)));
        plant.read_and_sign(&olga, &document).unwrap();
        assert!(plant.open_for(&document).is_empty());
    });
}
