//! Writes the two workbooks of the demo from their readable source:
//! `cargo run -p plm --example write_demo_structure`.
//!
//! `demo/lung-ventilator.csv` is revision A; `demo/lung-ventilator-changes.csv` says which manufacturer
//! part numbers revision B replaces. The same source gives the same bytes, so that a difference in
//! the workbooks is a difference in the source.

use base::{Error, Result};
use plm::structure::export::{Repeats, export_xlsx};
use plm::structure::import::{ImportOptions, ImportedStructure, import_file};
use plm::structure::sheet::{ReadOptions, read_csv};
use std::path::{Path, PathBuf};

fn main() -> std::process::ExitCode {
    match write(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../demo")) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<()> {
    let read = |name: &str| std::fs::read(folder.join(name)).map_err(|error| Error::internal(format!("{name}: {error}")));
    let source = read("lung-ventilator.csv")?;
    let mut structure = import_file("lung-ventilator.csv", &source, &ReadOptions::default(), &ImportOptions::default())?;
    save(&folder.join("lung-ventilator-rev-a.xlsx"), &structure)?;
    change(&mut structure, &read("lung-ventilator-changes.csv")?)?;
    save(&folder.join("lung-ventilator-rev-b.xlsx"), &structure)
}

/// Replaces part numbers: columns Number, Name, Manufacturer, Before, After, Reason.
fn change(structure: &mut ImportedStructure, changes: &[u8]) -> Result<()> {
    let changes = read_csv(changes, &ReadOptions::default())?;
    for row in changes.rows.iter().skip(1) {
        let (number, before, after) = (row.cell(0).text(), row.cell(3).text(), row.cell(4).text());
        let item = structure.items.iter_mut().find(|item| item.number == number);
        let part = item.and_then(|item| item.manufacturer_parts.iter_mut().find(|part| part.part_number == before));
        let place = changes.row_place(row.number);
        let part = part.ok_or_else(|| Error::invalid(place, "no_such_part", format!("{number} has no part {before}")))?;
        after.clone_into(&mut part.part_number);
    }
    Ok(())
}

fn save(path: &Path, structure: &ImportedStructure) -> Result<()> {
    let bytes = export_xlsx(structure, Repeats::Expanded)?;
    std::fs::write(path, bytes).map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
    println!("{} rows, {} items, {} levels: {}", structure.line_count, structure.items.len(), structure.depth, path.display());
    Ok(())
}
