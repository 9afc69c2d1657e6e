//! Reference tables on pages: rows as a table, changed in a text area, refused by row and column.

use super::browser::Browser;
use super::company::{Company, on_both};
use axum::http::StatusCode;

const EDIT: &str = "/r/reference_table/RT-RISK-MATRIX/edit";

#[test]
fn frs_ref_006_the_matrix_is_read_changed_and_approved_by_pages_and_a_risk_says_which_one_it_used() {
    on_both(|world| {
        let company = Company::open(world);
        let mut quentin = Browser::signed_in(&company.world.kernel, "quentin");
        let table = quentin.open("/r/reference_table/RT-RISK-MATRIX");
        table.says("Row Severity Probability Acceptability 1 1 1 acceptable").says("not approved by a signature").says("RT-RISK-MATRIX");
        quentin.open("/r/risk/RSK-0001").says("Evaluated by RT-RISK-MATRIX rev 1").says_not("earlier");
        let revise = quentin.open("/r/reference_table/RT-RISK-MATRIX/do/record.revise");
        quentin.submit(&revise, "/r/reference_table/RT-RISK-MATRIX/do/record.revise", &[]);
        let address = format!("{EDIT}?rev=2");
        let edit = quentin.open(&address);
        let shown = company.world.kernel.database().read(|tx| {
            let first = kernel::record::find_named(tx, "main", "reference_table", "RT-RISK-MATRIX/1")?.unwrap();
            Ok(kernel::sheet::Sheet::stored(&first.fields["rows"]).to_csv())
        });
        let rows = shown.unwrap();
        assert!(edit.says("5,5,unacceptable").text().contains("severity,probability,acceptability"));
        let uneven = quentin.submit(&edit, EDIT, &[("fields.rows", &rows.replace("2,1,acceptable", "2,1"))]);
        assert_eq!(uneven.status, StatusCode::UNPROCESSABLE_ENTITY);
        uneven.says("row 2 has 2 cells, the titles are 3");
        // A draft may be unfinished; its page says where, and it cannot be submitted.
        quentin.submit(&edit, EDIT, &[("fields.rows", &rows.replace("5,5,unacceptable", "5,5,fine"))]);
        let draft = quentin.open("/r/reference_table/RT-RISK-MATRIX?rev=2");
        draft.says("Row 25, “Acceptability”: “fine” is not one of: acceptable, reduce, unacceptable");
        draft.says("5, 5, unacceptable").says("5, 5, fine");
        let edit = quentin.open(&address);
        let stricter = rows.replace("5,1,reduce", "5,1,unacceptable").replace("5,2,reduce", "5,2,unacceptable");
        quentin.submit(&edit, EDIT, &[("fields.rows", &stricter)]);
        let draft = company.world.record(&latest(&company));
        company.world.step(company.who("quentin"), &draft.id, "submit").unwrap();
        company.world.sign_step(company.who("quinn"), &draft.id, "approve").unwrap();
        quentin
            .open("/r/risk/RSK-0001")
            .says("Evaluated by RT-RISK-MATRIX rev 1")
            .says("Evaluated by an earlier matrix")
            .says("RT-RISK-MATRIX rev 2 is in force now")
            .says("An earlier revision: another is in force now");
        quentin.open("/quality/risk-matrix").says("1 risk, on RT-RISK-MATRIX rev 2").says("1 of 1 evaluated by an earlier matrix");
    });
}

fn latest(company: &Company) -> String {
    let item = company.world.named("reference_table", "RT-RISK-MATRIX").item;
    company.world.kernel.database().read(move |tx| kernel::record::latest_of_item(tx, "main", &item)).unwrap().unwrap().id
}
