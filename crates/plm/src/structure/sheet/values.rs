//! What stands in a cell of a workbook, as the format has it: nothing that a kind reader would also take.

/// Digits and nothing else.
pub fn is_index(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `-12.5E-3`: no blanks, no name of a number, and not past the largest one.
pub fn is_number(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let mantissa = unsigned(mantissa);
    let (whole, part) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|exponent| is_index(&unsigned(exponent)))
        && text.parse().is_ok_and(f64::is_finite)
}

/// `#REF!` and its like.
pub fn is_error(text: &str) -> bool {
    text.len() > 1 && text.starts_with('#')
}

/// Whether a text holds `_xD83D_` without the `_xDE00_` that makes a letter of it, or the other way.
pub fn holds_half_a_letter(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let Some(unit) = unit_at(rest, at) else {
            rest = rest.get(at + 1..).unwrap_or("");
            continue;
        };
        rest = rest.get(at + 7..).unwrap_or("");
        match unit {
            0xD800..=0xDBFF if unit_at(rest, 0).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) => {
                rest = rest.get(7..).unwrap_or("");
            }
            0xD800..=0xDFFF => return true,
            _ => {}
        }
    }
    false
}

/// The number in the `_xHHHH_` that stands at `at`.
fn unit_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 7)?.strip_prefix("_x")?.strip_suffix('_')?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
