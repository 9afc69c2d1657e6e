//! Figures against the budgets.
fn main() {}
