//! The style sheet, the browser modules and the icon, embedded in the binary.
//!
//! All of them are served below one folder whose name is the digest of their content, so they may
//! be cached for ever, and modules find one another by relative paths.

use base::Digest;
use std::sync::LazyLock;

/// A file for the browser.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

const CSS: &str = concat!(
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/frame.css"),
    include_str!("../assets/css/parts.css"),
    include_str!("../assets/css/forms.css"),
    include_str!("../assets/css/record.css"),
    include_str!("../assets/css/tables.css"),
    include_str!("../assets/css/special.css"),
    include_str!("../assets/css/drawings.css"),
    include_str!("../assets/css/print.css"),
);

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! module {
    ($name:literal) => {
        Asset { name: $name, content_type: JAVASCRIPT, bytes: include_bytes!(concat!("../assets/js/", $name)) }
    };
}

/// Every file, by name.
pub const ALL: &[Asset] = &[
    Asset { name: "plumb.css", content_type: "text/css; charset=utf-8", bytes: CSS.as_bytes() },
    Asset { name: "icon.svg", content_type: "image/svg+xml", bytes: include_bytes!("../assets/icon.svg") },
    Asset { name: "arrow.svg", content_type: "image/svg+xml", bytes: include_bytes!("../assets/arrow.svg") },
    module!("boot.js"),
    module!("app.js"),
    module!("combobox.js"),
    module!("dialogs.js"),
    module!("dom.js"),
    module!("drafts.js"),
    module!("entry-grid.js"),
    module!("forms.js"),
    module!("matrix.js"),
    module!("palette.js"),
    module!("rows.js"),
    module!("shell.js"),
    module!("treegrid.js"),
    module!("typeahead.js"),
];

/// The folder's name: the first characters of the digest of all files.
pub static STAMP: LazyLock<String> = LazyLock::new(|| {
    let parts: Vec<&[u8]> = ALL.iter().flat_map(|asset| [asset.name.as_bytes(), asset.bytes]).collect();
    Digest::of_parts(&parts).hex().chars().take(16).collect()
});

/// The address of a file: `/assets/<stamp>/<name>`.
pub fn href(name: &str) -> String {
    format!("/assets/{}/{name}", *STAMP)
}

/// The file of that name below the current stamp; a page from before an update asks for another
/// stamp and gets the current file, since there is only one.
pub fn find(name: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests;
