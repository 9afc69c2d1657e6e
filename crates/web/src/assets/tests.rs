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
        for forbidden in ["eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", ".style."] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", asset.name);
        }
    }
}

/// Red, green, blue of a token in the light (0) or dark (1) theme.
fn colour(name: &str, theme: usize) -> [f64; 3] {
    let line = CSS.lines().map(str::trim).find(|line| line.starts_with(&format!("--{name}:"))).unwrap_or_else(|| panic!("no token {name}"));
    let colours: Vec<&str> = line.split('#').skip(1).map(|part| &part[..6]).collect();
    let hex = colours.get(theme).or(colours.first()).unwrap_or_else(|| panic!("{name} holds no colour"));
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
}

/// Relative luminance after WCAG 2.2.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: &str, other: &str, theme: usize) -> f64 {
    let (one, other) = (luminance(colour(one, theme)), luminance(colour(other, theme)));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_reaches_the_contrast_of_wcag_aa_in_both_themes() {
    let pairs = [
        ("ink", "paper"), ("ink", "shade"), ("ink", "shade-2"), ("ink", "raised"), ("ink", "accent-weak"), ("ink", "bad-weak"), ("ink", "warn-weak"), ("ink", "good-weak"),
        ("ink-2", "paper"), ("ink-2", "shade"), ("ink-2", "shade-2"), ("ink-2", "accent-weak"), ("ink-2", "bad-weak"), ("ink-2", "warn-weak"), ("ink-2", "good-weak"),
        ("ink-3", "paper"), ("ink-3", "shade"), ("ink-3", "shade-2"), ("ink-3", "raised"), ("ink-3", "accent-weak"), ("ink-3", "good-weak"),
        ("accent", "paper"), ("accent", "shade"), ("accent", "shade-2"), ("accent", "raised"), ("accent", "accent-weak"),
        ("accent-ink", "accent"), ("accent-ink", "accent-hover"),
        ("good", "paper"), ("good", "shade"), ("good", "good-weak"), ("warn", "paper"), ("warn", "shade"), ("warn", "warn-weak"),
        ("bad", "paper"), ("bad", "shade"), ("bad", "bad-weak"), ("review", "review-weak"), ("idle", "idle-weak"), ("closed", "closed-weak"), ("void", "void-weak"),
        ("on-solid", "bad-solid"), ("inspect-ink", "inspect"), ("inspect-2", "inspect"), ("ink-2", "inspect-weak"), ("ink", "inspect-weak"),
    ];
    for (text, ground) in pairs {
        for theme in [0, 1] {
            let reached = contrast(text, ground, theme);
            assert!(reached >= 4.5, "{text} on {ground} reaches {reached:.2} in theme {theme}");
        }
    }
}

#[test]
fn frames_of_inputs_and_the_focus_ring_can_be_seen() {
    for (line, ground) in [("line-strong", "paper"), ("line-strong", "shade"), ("focus", "paper"), ("focus", "shade")] {
        for theme in [0, 1] {
            let reached = contrast(line, ground, theme);
            assert!(reached >= 3.0, "{line} on {ground} reaches {reached:.2} in theme {theme}");
        }
    }
}
