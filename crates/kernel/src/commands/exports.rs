//! The command that stands before every file of data that is taken away.

use crate::command::{CommandDef, InputSort, Needed, int_of, needs, opt_text_of, takes, text_of};
use crate::export::{self, Export};
use base::limits::LINE_CHARS;
use serde_json::json;

pub(super) fn commands() -> Vec<CommandDef> {
    vec![CommandDef {
        name: "export.note",
        label: "Note an export",
        requirement: "FRS-GUARD-010",
        roles: &["everyone", "inspector"],
        input: vec![
            needs("kind", InputSort::Text, "the kind of the records"),
            takes("filter", InputSort::Text, "the filters of the list"),
            needs("rows", InputSort::Integer, "how many rows"),
            needs("digest", InputSort::Text, "SHA-256 of the file"),
        ],
        needs: |_, _, _, _| Ok(Needed::of("export.note")),
        run: |tx, permit, input, _| {
            super::reason_given(tx)?;
            let catalog = tx.catalog();
            let kind = catalog.known_kind(text_of(input, "kind")?)?.name.clone();
            let filter = base::text::clean_line("filter", opt_text_of(input, "filter").unwrap_or(""), LINE_CHARS)?;
            export::note(tx, permit, &Export { kind, filter, rows: int_of(input, "rows")?, digest: text_of(input, "digest")?.to_owned() })?;
            Ok(json!({ "noted": true }))
        },
        ..CommandDef::base()
    }]
}
