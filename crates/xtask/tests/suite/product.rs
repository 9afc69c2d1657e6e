//! The product as it is put together, for the checks that walk it.

use db::Migration;
use kernel::catalog::{Catalog, Module};

/// The domains of the product.
pub fn modules() -> Vec<Module> {
    vec![plm::module(), qms::module(), lms::module()]
}

/// Every migration, in order.
pub fn migrations() -> Vec<Migration> {
    let mut all = kernel::MIGRATIONS.to_vec();
    all.extend_from_slice(plm::MIGRATIONS);
    all.sort_by_key(|migration| migration.number);
    all
}

/// Everything that is declared.
pub fn catalog() -> Catalog {
    let mut all = vec![kernel::commands::module()];
    all.extend(modules());
    Catalog::build(all).unwrap()
}

#[test]
fn frs_cat_006_the_product_as_delivered_is_declared_soundly() {
    assert!(catalog().kinds().count() > 10);
    assert!(!migrations().is_empty());
}
