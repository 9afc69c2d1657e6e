//! The first revision of a table is what the product ships (`docs/decisions/0005`).

use super::{KIND, ReferenceTable, kind::ROWS};
use crate::Kernel;
use crate::record::{self, NewRecord};
use crate::sheet::Sheet;
use crate::trail::WriteTx;
use base::{Error, Result};
use serde_json::{Value as Json, json};

/// Makes the records of the declared tables that a company lacks, effective from today; for a
/// company that was set up before a release brought the table. Does nothing where there are no
/// people yet or all are there.
pub fn adopt(kernel: &Kernel, tenant: &str) -> Result<()> {
    if !kernel.has_people(tenant)? {
        return Ok(());
    }
    let done = kernel.inside(tenant, "system", "reference_table.adopt", |tx| adopt_inside(tx, None));
    match done {
        // Another node has started at the same time and was faster.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "number_taken") => Ok(()),
        done => done,
    }
}

/// As [`adopt`], inside a transaction; `owner` is whoever sets the company up.
pub(crate) fn adopt_inside(tx: &mut WriteTx<'_>, owner: Option<&str>) -> Result<()> {
    let (catalog, tenant) = (tx.catalog(), tx.tenant().to_owned());
    for table in catalog.reference_tables() {
        if record::item_by_number(tx, &tenant, KIND, &table.number())?.is_none() {
            create(tx, table, owner)?;
        }
    }
    Ok(())
}

fn create(tx: &mut WriteTx<'_>, table: &ReferenceTable, owner: Option<&str>) -> Result<()> {
    let sheet = Sheet::given(ROWS, &json!(table.shipped)).map_err(|error| Error::internal(format!("{}: {error}", table.name)))?;
    let source = format!("Shipped with {}, in force since the company took it over; not approved by a signature. {}", crate::SOFTWARE, table.source);
    let tenant = tx.tenant().to_owned();
    let zone = crate::place::zone_of(tx, &tenant, None)?;
    let new = NewRecord {
        kind: KIND.to_owned(),
        number: Some(table.number()),
        title: table.title.to_owned(),
        owner: owner.map(str::to_owned),
        effective_on: Some(tx.now().date_in(&zone)?.to_string()),
        fields: [("source".to_owned(), Json::from(source)), (ROWS.to_owned(), sheet.to_json())].into_iter().collect(),
        ..NewRecord::default()
    };
    record::create_in_state(tx, new, "effective").map(|_| ())
}
