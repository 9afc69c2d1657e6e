//! Tests of this folder, by module.

mod cells;
mod demo;
mod designators;
mod export;
mod graph;
mod hostile;
mod import;
mod layouts;
mod redline;
mod samples;
mod sheet;
mod support;
