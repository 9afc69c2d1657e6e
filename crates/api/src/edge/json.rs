//! Reading JSON strictly: bounded nesting, no member twice, valid UTF-8 and whole characters.
//!
//! Two readers that disagree about a doubled member, or one that stops at a NUL, are how a signed
//! request comes to mean two things. So neither is read at all.

use base::limits::JSON_DEPTH;
use base::{Error, Refusal, RefusalKind, Result};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::cell::RefCell;
use std::fmt;

/// Reads one JSON value that fills the whole of `bytes`.
pub fn parse(bytes: &[u8]) -> Result<Json> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| malformed("bad_utf8", format!("byte {} of the body is not UTF-8", fault.valid_up_to()), format!("byte {}", fault.valid_up_to())))?;
    let fault = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let parsed = Strict { fault: &fault, place: &Place::Top, depth: 0 }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    parsed.map_err(|error| {
        fault.into_inner().unwrap_or_else(|| {
            let place = format!("line {}, column {}", error.line(), error.column());
            malformed("bad_json", format!("the body is not JSON: {error}"), place)
        })
    })
}

fn malformed(code: &str, text: String, place: String) -> Error {
    Refusal::new(RefusalKind::Malformed, code, text).at(place).into()
}

/// Where in the document a value stands; spelled out only when something is wrong there.
enum Place<'a> {
    Top,
    Member(&'a Place<'a>, &'a str),
    Entry(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Member(Self::Top, name) => write!(out, "{name}"),
            Self::Member(above, name) => write!(out, "{above}.{name}"),
            Self::Entry(above, index) => write!(out, "{above}[{index}]"),
        }
    }
}

/// Reads one value at a place. What our own checks find is left in `fault`, because the reader's
/// error type keeps only a text.
struct Strict<'a> {
    fault: &'a RefCell<Option<Error>>,
    place: &'a Place<'a>,
    depth: usize,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(&self, error: Error) -> E {
        *self.fault.borrow_mut() = Some(error);
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth < JSON_DEPTH {
            return Ok(self.depth + 1);
        }
        let text = format!("the JSON is nested more than {JSON_DEPTH} deep");
        Err(self.refuse(malformed("too_deep", text, self.place.to_string())))
    }

    fn text<E: serde::de::Error>(&self, text: &str) -> Result<String, E> {
        if text.contains('\0') {
            let error = Error::invalid(self.place.to_string(), "bad_character", "the character U+0000 is not allowed");
            return Err(self.refuse(error));
        }
        Ok(text.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Json, E> {
        self.text(value).map(Json::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let place = Place::Entry(self.place, list.len());
            match entries.next_element_seed(Strict { fault: self.fault, place: &place, depth })? {
                Some(value) => list.push(value),
                None => return Ok(Json::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let name: String = self.text(&name)?;
            let place = Place::Member(self.place, &name);
            if map.contains_key(&name) {
                let error = malformed("duplicate_member", format!("“{name}” is given twice"), place.to_string());
                return Err(self.refuse::<A::Error>(error));
            }
            let value = members.next_value_seed(Strict { fault: self.fault, place: &place, depth })?;
            map.insert(name, value);
        }
        Ok(Json::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(bytes: &[u8]) -> (String, u16, String) {
        let error = parse(bytes).unwrap_err();
        let refusal = error.refusal().unwrap();
        (refusal.code.clone(), refusal.kind.http_status(), refusal.place.clone().unwrap_or_default())
    }

    #[test]
    fn every_sort_of_value_is_read_as_it_stands() {
        let value = parse(br#" {"a": [1, -2, 2.5, true, null, "\u00e9\ud83d\ude00"], "b": {"c": 18446744073709551615}} "#).unwrap();
        assert_eq!(value, json!({"a": [1, -2, 2.5, true, null, "é😀"], "b": {"c": u64::MAX}}));
    }

    #[test]
    fn frs_api_008_nesting_is_read_to_its_limit_and_refused_one_past_it() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(JSON_DEPTH).as_bytes()).is_ok());
        let (code, status, place) = refused(nested(JSON_DEPTH + 1).as_bytes());
        assert_eq!((code.as_str(), status), ("too_deep", 400));
        assert_eq!(place, "[0]".repeat(JSON_DEPTH));
        assert_eq!(refused("[".repeat(1_000_000).as_bytes()).0, "too_deep");
    }

    #[test]
    fn frs_api_008_what_two_readers_could_read_differently_is_refused_by_name() {
        for (text, code, status, place) in [
            (&br#"{"a": 1, "a": 2}"#[..], "duplicate_member", 400, "a"),
            (br#"{"f": [{"a": 1, "b": 1, "\u0061": 2}]}"#, "duplicate_member", 400, "f[0].a"),
            (b"{\"a\": \"\xff\"}", "bad_utf8", 400, "byte 7"),
            (br#"{"a": "\ud800"}"#, "bad_json", 400, "line 1, column 14"),
            (br#"{"a": "x\u0000y"}"#, "bad_character", 422, "a"),
            (br#"{"a": 1} {"b": 2}"#, "bad_json", 400, "line 1, column 10"),
            (br#"{"a": 1e999}"#, "bad_json", 400, "line 1, column 11"),
            (br#"{"a": NaN}"#, "bad_json", 400, "line 1, column 7"),
            (b"", "bad_json", 400, "line 1, column 0"),
            (b"\xef\xbb\xbf{}", "bad_json", 400, "line 1, column 1"),
        ] {
            assert_eq!(refused(text), (code.to_owned(), status, place.to_owned()), "{}", String::from_utf8_lossy(text));
        }
    }
}
