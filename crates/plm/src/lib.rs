//! What the product is: items, their structures and the changes to both.

pub mod structure;
