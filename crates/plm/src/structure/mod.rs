//! Product structures as pure data: reading and writing them as spreadsheets, walking them,
//! comparing them.
//!
//! Nothing here knows a database. A structure is a directed graph without cycles: a part used in
//! many assemblies is one node, so no function ever enumerates paths where nodes are enough.
//! Levels are counted from the top assembly, which is level 0.
//!
//! * [`sheet`]: bytes of an XLSX or CSV file to cells, within limits checked before unpacking
//! * [`import`]: cells to an [`import::ImportedStructure`]
//! * [`graph`]: explosion, where-used, depth, cycles
//! * [`redline`]: what changed between two structures
//! * [`export`]: a structure to a level-indented XLSX that imports as itself

pub mod export;
pub mod graph;
pub mod import;
pub mod redline;
pub mod sheet;

#[cfg(test)]
mod tests;
