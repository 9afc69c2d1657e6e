//! Checking a record's fields against its kind.

use crate::kind::{Field, FieldSort, Kind};
use crate::reference::Used;
use crate::sheet::Sheet;
use base::{Error, Refusal, RefusalKind, Result};
use db::{Read, sql};
use serde_json::{Map, Value as Json};

/// Checks given fields against the kind and cleans their text. Unknown fields are refused by
/// name; null or empty text clears a field. With `all_required`, required fields must be there.
pub fn check_fields(tx: &mut dyn Read, tenant: &str, kind: &Kind, given: &Map<String, Json>, all_required: bool) -> Result<Map<String, Json>> {
    let cleaned = check_declared(tx, tenant, kind, &kind.fields, "fields", given)?;
    if all_required {
        for field in kind.fields.iter().filter(|field| field.required) {
            if cleaned.get(&field.name).is_none_or(Json::is_null) {
                let place = format!("fields.{}", field.name);
                return Err(Error::invalid(place, "missing_field", format!("“{}” is needed", field.label)));
            }
        }
    }
    Ok(cleaned)
}

/// Checks what is given for some of the kind's declared fields; `part` is their place in the input.
pub(crate) fn check_declared(tx: &mut dyn Read, tenant: &str, kind: &Kind, fields: &[Field], part: &str, given: &Map<String, Json>) -> Result<Map<String, Json>> {
    let mut cleaned = Map::new();
    for (name, value) in given {
        let place = format!("{part}.{name}");
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            return Err(Refusal::new(RefusalKind::Invalid, "unknown_field", format!("{} has no field “{name}”", kind.label))
                .at(place)
                .advise(format!("Known fields: {}.", known.join(", ")))
                .into());
        };
        if let Some(value) = check_field(tx, tenant, field, &place, value)? {
            cleaned.insert(name.clone(), value);
        } else {
            cleaned.insert(name.clone(), Json::Null);
        }
    }
    Ok(cleaned)
}

fn check_field(tx: &mut dyn Read, tenant: &str, field: &Field, place: &str, value: &Json) -> Result<Option<Json>> {
    if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let wrong = |wanted: &str| Error::invalid(place, "wrong_type", format!("“{}” must be {wanted}", field.label));
    let text = || value.as_str().ok_or_else(|| wrong("text"));
    let checked = match &field.sort {
        FieldSort::Line(max) => Json::String(base::text::clean_line(place, text()?, *max)?),
        FieldSort::Block(max) => Json::String(base::text::clean_block(place, text()?, *max)?),
        FieldSort::Integer { min, max } => {
            let number = value.as_i64().ok_or_else(|| wrong("a whole number"))?;
            if number < *min || number > *max {
                return Err(Error::invalid(place, "out_of_range", format!("“{}” must be from {min} to {max}, not {number}", field.label)));
            }
            Json::from(number)
        }
        FieldSort::Decimal => {
            let typed = text()?.trim();
            check_decimal(typed).map_err(|why| Error::invalid(place, "bad_number", format!("“{}”: {why}", field.label)))?;
            Json::String(typed.to_owned())
        }
        FieldSort::Date => Json::String(base::time::parse_date(place, text()?)?.to_string()),
        FieldSort::YesNo => Json::Bool(value.as_bool().ok_or_else(|| wrong("true or false"))?),
        FieldSort::Choice(values) => {
            let chosen = text()?;
            if !values.iter().any(|(value, _)| value == chosen) {
                let known: Vec<_> = values.iter().map(|(value, _)| value.as_str()).collect();
                return Err(Refusal::new(RefusalKind::Invalid, "unknown_choice", format!("“{chosen}” is no choice of “{}”", field.label))
                    .at(place)
                    .advise(format!("Choices: {}.", known.join(", ")))
                    .into());
            }
            Json::String(chosen.to_owned())
        }
        FieldSort::Zone => {
            let zone = base::text::clean_line(place, text()?, base::limits::LINE_CHARS)?;
            base::time::time_zone_at(place, &zone)?;
            Json::String(zone)
        }
        FieldSort::Person => Json::String(known_login(tx, tenant, place, text()?)?),
        FieldSort::Sheet => Sheet::given(place, value)?.to_json(),
        FieldSort::TableRevision(table) => Used::check(tx, tenant, place, table, value)?,
    };
    Ok(Some(checked))
}

/// An exact decimal as people type it: digits, at most one point, at most 18 digits in all.
fn check_decimal(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) {
        return Err("not a number such as 12.5");
    }
    if whole.len() + part.len() > 18 {
        return Err("more than 18 digits");
    }
    Ok(())
}

fn known_login(tx: &mut dyn Read, tenant: &str, place: &str, login: &str) -> Result<String> {
    let row = tx.query_opt(
        sql("select login from person where tenant = $1 and login_fold = $2 and active"),
        &[tenant.into(), base::text::fold(login.trim()).into()],
    )?;
    match row {
        Some(row) => Ok(row.text("login")?.to_owned()),
        None => Err(Error::invalid(place, "unknown_person", format!("there is no active person “{login}”"))),
    }
}

/// A field's value for people: choices by label, dates written out, yes and no.
pub fn field_display(field: &Field, value: &Json) -> String {
    match (&field.sort, value) {
        (_, Json::Null) => String::new(),
        (FieldSort::Choice(values), Json::String(chosen)) => {
            values.iter().find(|(value, _)| value == chosen).map_or_else(|| chosen.clone(), |(_, label)| label.clone())
        }
        (FieldSort::Date, Json::String(text)) => match text.parse::<base::Date>() {
            Ok(date) => base::time::display_date(date),
            Err(_) => text.clone(),
        },
        (FieldSort::Sheet, value) => match Sheet::stored(value).rows.len() {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        },
        (FieldSort::TableRevision(_), value) => Used::read(value).map_or_else(|| value.as_str().unwrap_or_default().to_owned(), |used| used.label),
        (_, Json::Bool(true)) => "Yes".to_owned(),
        (_, Json::Bool(false)) => "No".to_owned(),
        (_, Json::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_plain() {
        for good in ["0", "12.5", "-3", "123456789012345678", "0.000001"] {
            let plain = if good == "123456789012345678" { "12345678901234567" } else { good };
            assert!(check_decimal(plain).is_ok(), "{good}");
        }
        for bad in ["", "1e9", "NaN", "0x10", "1,5", "1.2.3", ".5", "1234567890123456789"] {
            assert!(check_decimal(bad).is_err(), "{bad}");
        }
    }
}
