//! What holds for every file that a browser gets.

use super::*;

#[test]
fn a_file_has_an_address_with_the_digest_of_all_content() {
    let address = href("plumb.css");
    assert!(address.starts_with("/assets/") && address.ends_with("/plumb.css"));
    assert_eq!(STAMP.len(), 16);
}

#[test]
fn no_style_sheet_or_module_reaches_outside_the_server() {
    for asset in ALL {
        let text = String::from_utf8_lossy(asset.bytes);
        let outside = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http://") && !outside.contains("https://"), "{} names another host", asset.name);
        assert!(!text.contains("@import"), "{} imports a sheet", asset.name);
    }
}

#[test]
fn no_module_builds_code_or_styles_from_text() {
    for asset in ALL.iter().filter(|asset| asset.name.ends_with(".js")) {
        let text = String::from_utf8_lossy(asset.bytes);
        for forbidden in ["eval(", "new Function", ".innerHTML =", "outerHTML =", "insertAdjacentHTML", "document.write", ".style."] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", asset.name);
        }
    }
}
