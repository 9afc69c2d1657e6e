//! Reading what stands behind the `?` of an address, strictly: no bad UTF-8, nothing twice.

use base::{Error, Result};
use std::collections::BTreeMap;

/// The parameters of a query by name.
pub fn parse(query: &str) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode("query", name)?, decode("query", value)?);
        if found.insert(name.clone(), value).is_some() {
            return Err(base::Refusal::new(base::RefusalKind::Malformed, "duplicate_parameter", format!("“{name}” is given twice")).at(name).into());
        }
    }
    Ok(found)
}

/// One part, with `+` as a space and `%41` as `A`. Control characters are refused: no number, name
/// or word holds one.
pub fn decode(place: &str, text: &str) -> Result<String> {
    let malformed = |why: &str| Error::from(base::Refusal::new(base::RefusalKind::Malformed, "bad_encoding", format!("“{text}” {why}")).at(place));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
                let [Some(high), Some(low)] = digits else { return Err(malformed("ends within a percent code")) };
                bytes.push((high * 16 + low) as u8);
            }
            other => bytes.push(other),
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_| malformed("is not UTF-8"))?;
    refuse_controls(place, &decoded)?;
    Ok(decoded)
}

/// Refuses control characters in a part of an address.
pub fn refuse_controls(place: &str, text: &str) -> Result<()> {
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(base::Refusal::new(base::RefusalKind::Malformed, "bad_character", format!("the character U+{:04X} is not allowed here", u32::from(c)))
            .at(place)
            .into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let found = parse("q=a+b%2Fc&field.grade=3&empty=&flag").unwrap();
        let pairs: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("empty", ""), ("field.grade", "3"), ("flag", ""), ("q", "a b/c")]);
    }

    #[test]
    fn frs_api_009_bad_utf8_controls_and_doubles_in_an_address_are_refused() {
        for (query, code) in [("q=%FF", "bad_encoding"), ("q=%4", "bad_encoding"), ("q=%zz", "bad_encoding"), ("q=%00", "bad_character"), ("q=1&q=2", "duplicate_parameter")] {
            let error = parse(query).unwrap_err();
            assert_eq!((error.refusal().unwrap().code.as_str(), error.refusal().unwrap().kind.http_status()), (code, 400), "{query}");
        }
    }
}
