//! Bytes as hexadecimal characters.

/// Two small letters or digits for each byte.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes, if the text is nothing but pairs of hexadecimal characters and no longer than the limit.
pub fn decode(text: &str, max_chars: usize) -> Option<Vec<u8>> {
    if text.len() > max_chars || !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back_and_anything_else_is_refused() {
        assert_eq!(encode(&[0, 10, 255]), "000aff");
        for (text, expected) in [("000aff", Some(vec![0, 10, 255])), ("00FF", Some(vec![0, 255])), ("", Some(Vec::new())), ("0", None), ("zz", None), ("+1", None), ("éé", None), ("00000000", None)] {
            assert_eq!(decode(text, 6), expected, "{text}");
        }
    }
}
