//! The product as it is put together, for the checks that walk it.

use kernel::catalog::Catalog;

pub use plumb::assembly::{migrations, modules};

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
