//! The committed matrices: who may do what, and which requirement is asked for and tested where.
//! `PLUMB_BLESS=1` writes them anew; otherwise a difference fails.

use crate::product::catalog;
use crate::requirements::{asked_by, requirements, tests};
use crate::sources::{root, shown};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Compares a matrix with the committed one, or writes it.
pub fn committed(name: &str, text: &str) {
    let path = root().join("docs/matrices").join(name);
    if std::env::var_os("PLUMB_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = present.lines().zip(text.lines()).enumerate().find(|(_, (old, new))| old != new);
    let first = difference.map_or_else(String::new, |(line, (old, new))| format!("\nline {}:\n- {old}\n+ {new}", line + 1));
    assert!(present == text, "{} is not what the product says now; run `make bless` and read the difference{first}", shown(&path));
}

#[test]
fn the_permissions_are_as_committed() {
    let catalog = catalog();
    let roles: Vec<_> = catalog.roles().collect();
    let mut text = String::from("Who may do what. Made by a test from the declarations; `make bless` writes it anew.\n\n");
    for (index, role) in roles.iter().enumerate() {
        writeln!(text, "{}  {:<20} {}", letter(index), role.name, role.text).unwrap();
    }
    let all: BTreeSet<&String> = catalog.permissions().values().flatten().collect();
    let width = all.iter().map(|permission| permission.len()).max().unwrap_or(0);
    writeln!(text, "\n{:width$}  {}", "", (0..roles.len()).map(letter).collect::<Vec<_>>().join(" ")).unwrap();
    for permission in all {
        let marks: Vec<&str> = roles.iter().map(|role| if catalog.role_has(&role.name, permission) { "x" } else { "." }).collect();
        writeln!(text, "{permission:width$}  {}", marks.join(" ")).unwrap();
    }
    let clock: Vec<_> = catalog.commands().filter(|command| command.roles.is_empty() && is_of_the_clock(command.name)).map(|command| command.name).collect();
    writeln!(text, "\nRun by the clock alone, whatever the role: {}", clock.join(", ")).unwrap();
    committed("permissions.txt", &text);
}

fn letter(index: usize) -> String {
    char::from(b'A' + u8::try_from(index).unwrap_or(25)).to_string()
}

/// Commands whose permission is their own name and that no role carries.
fn is_of_the_clock(name: &str) -> bool {
    crate::command_examples::examples().iter().any(|(known, example)| *known == name && matches!(example, crate::command_examples::Example::Clock(_)))
}

#[test]
fn the_trace_is_as_committed() {
    let (asked, tests) = (asked_by(), tests());
    let mut text = String::from(
        "Every requirement, its clauses, what asks for it in the product and what tests it. Made by a test; `make bless` writes it anew.\n",
    );
    for requirement in requirements() {
        writeln!(text, "\n{}  {} risk  by {}\n  {}", requirement.id, requirement.risk, requirement.verify, requirement.text).unwrap();
        if !requirement.regulations.is_empty() {
            writeln!(text, "  clauses: {}", requirement.regulations.join("; ")).unwrap();
        }
        for what in asked.get(&requirement.id).into_iter().flatten() {
            writeln!(text, "  asked by: {what}").unwrap();
        }
        for test in tests.get(&requirement.id).into_iter().flatten() {
            writeln!(text, "  tested by: {} ({})", test.name, test.file).unwrap();
        }
    }
    committed("trace.txt", &text);
}
