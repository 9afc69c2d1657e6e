//! Text in drawings: how wide it will be, where to cut it, and what may not stand in XML.

/// Width of a text in hundredths of a pixel at one pixel of type size, after the metrics of the
/// Helvetica family. An estimate is enough: it decides where to cut, never where to click.
fn advance(c: char) -> u32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' | '!' | ',' | '.' | ':' | ';' | 'I' | '·' => 28,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '"' | '`' => 34,
        'm' | 'M' | 'W' | '%' | '@' | '…' | '—' => 90,
        'w' | 'C' | 'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'R' | 'U' | '&' => 74,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | 'Z' => 67,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 50,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' => 100,
        c if u32::from(c) >= 0x1_0000 => 110,
        _ => 57,
    }
}

/// Width in pixels at a type size, a little generous.
pub(crate) fn width(text: &str, size: u32) -> i32 {
    let hundredths: u64 = text.chars().map(|c| u64::from(advance(c))).sum::<u64>() * u64::from(size);
    i32::try_from(hundredths.div_ceil(97)).unwrap_or(i32::MAX)
}

/// The text, or its beginning with an ellipsis, so that it fits.
pub(crate) fn fit(text: &str, size: u32, room: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if width(&cut, size) > room {
            cut.pop();
            break;
        }
    }
    // A joiner or a lone mark at the end would attach itself to the ellipsis.
    let kept = cut.trim_end_matches(|c: char| c.is_whitespace() || advance(c) == 0);
    format!("{kept}…")
}

/// At most `lines` lines that fit, broken at spaces.
pub(crate) fn wrap(text: &str, size: u32, room: i32, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        let last = done.len() + 1 == lines;
        if last || line.is_empty() || width(&longer, size) <= room {
            line = longer;
        } else {
            done.push(std::mem::replace(&mut line, word.to_owned()));
        }
        if words.peek().is_none() && !line.is_empty() {
            done.push(std::mem::take(&mut line));
        }
    }
    done.iter().map(|line| fit(line, size, room)).collect()
}

/// The text with what XML 1.0 forbids, and controls that turn the reading order, made visible.
pub(crate) fn safe(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_so_that_it_fits() {
        let cut = fit("Exhalation valve seat leaks above 60 cmH₂O", 12, 120);
        assert!(cut.ends_with('…') && width(&cut, 12) <= 120, "{cut}");
        assert_eq!(fit("short", 12, 120), "short");
    }

    #[test]
    fn a_text_without_room_is_an_ellipsis() {
        assert_eq!(fit("anything", 12, 0), "…");
    }

    #[test]
    fn words_are_wrapped_and_the_last_line_is_cut() {
        assert_eq!(wrap("Submit for review", 11, 60, 2), ["Submit for", "review"]);
        let lines = wrap("Submit the complete action plan for approval", 11, 60, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        assert!(wrap("", 11, 60, 2).is_empty());
    }

    #[test]
    fn controls_become_visible() {
        assert_eq!(safe("a\u{0}b\u{202e}c\nd"), "a\u{fffd}b\u{fffd}c d");
    }
}
