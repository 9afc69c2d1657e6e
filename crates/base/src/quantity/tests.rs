//! Tests of [`super`]: the grammar of quantities, their arithmetic, and the units.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Quantity> {
    Quantity::parse("row 2, column D", text, DecimalMark::Point, Sign::Any)
}

fn code(result: Result<Quantity>) -> String {
    result.unwrap_err().refusal().unwrap().code.clone()
}

#[test]
fn a_quantity_is_shown_without_trailing_zeros() {
    for (text, shown) in
        [("3", "3"), ("0.250", "0.25"), ("-1.5", "-1.5"), (".5", "0.5"), ("007", "7"), ("1.0000000", "1"), ("-0", "0")]
    {
        assert_eq!(parse(text).unwrap().to_string(), shown);
    }
    assert_eq!(Quantity::from_scaled(i64::MIN).to_string(), "-9223372036854.775808");
}

#[test]
fn what_is_not_a_plain_number_is_refused_at_its_place() {
    for text in [
        "", " ", "-", ".", "5.", "NaN", "inf", "1e3", "1E999", "0x10", "+1", "--1", "1 000", "1'000", "1,5", "1.2.3", "１", "½",
        "1_0", "2 m",
    ] {
        let error = parse(text).unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.code.as_str(), refusal.place.as_deref()), ("bad_quantity", Some("row 2, column D")), "{text:?}");
    }
}

#[test]
fn a_decimal_comma_is_read_only_when_asked_for() {
    let comma = |text| Quantity::parse("x", text, DecimalMark::Comma, Sign::Any);
    assert_eq!(comma("1,5").unwrap(), parse("1.5").unwrap());
    assert_eq!(code(comma("1.5")), "bad_quantity");
    let error = parse("1,5").unwrap_err();
    assert!(error.refusal().unwrap().advice.as_deref().unwrap().contains("comma"));
}

#[test]
fn signs_are_refused_where_the_caller_asks() {
    let with = |text, sign| Quantity::parse("x", text, DecimalMark::Point, sign);
    assert_eq!(code(with("-1", Sign::NotNegative)), "quantity_sign");
    assert_eq!(code(with("-1", Sign::Positive)), "quantity_sign");
    assert_eq!(code(with("0", Sign::Positive)), "quantity_sign");
    assert_eq!(with("0", Sign::NotNegative).unwrap(), Quantity::ZERO);
    assert_eq!(with("0.000001", Sign::Positive).unwrap().scaled(), 1);
}

#[test]
fn a_quantity_is_read_up_to_the_limit_and_not_past_it() {
    let limit = limits::QUANTITY_MAX;
    assert_eq!(parse(&limit.to_string()).unwrap(), Quantity::whole(limit).unwrap());
    assert_eq!(code(parse(&format!("{limit}.000001"))), "quantity_too_large");
    assert_eq!(code(parse(&(limit + 1).to_string())), "quantity_too_large");
    assert_eq!(code(parse(&format!("-{}", limit + 1))), "quantity_too_large");
    assert_eq!(code(parse("0.0000001")), "quantity_precision");
}

#[test]
fn the_text_of_a_quantity_is_read_up_to_the_limit_and_not_past_it() {
    let at = format!("{}1", "0".repeat(limits::QUANTITY_CHARS - 1));
    assert_eq!(parse(&at).unwrap(), Quantity::ONE);
    assert_eq!(code(parse(&format!("0{at}"))), "bad_quantity");
    assert_eq!(code(parse(&"9".repeat(limits::QUANTITY_CHARS))), "quantity_too_large");
}

#[test]
fn arithmetic_never_wraps_and_says_when_it_rounds() {
    let largest = Quantity::from_scaled(i64::MAX);
    assert_eq!(largest.checked_add(Quantity::from_scaled(1)), None);
    assert_eq!(Quantity::from_scaled(i64::MIN).checked_sub(Quantity::from_scaled(1)), None);
    assert_eq!(largest.mul_rounded(Quantity::whole(2).unwrap()), None);
    assert_eq!(Quantity::whole(i64::MAX), None);
    let small = parse("0.000001").unwrap();
    let half = parse("0.5").unwrap();
    assert_eq!(small.checked_mul(half), None);
    assert_eq!(small.mul_rounded(half), Some((small, false)));
    assert_eq!(parse("-0.000001").unwrap().mul_rounded(half), Some((parse("-0.000001").unwrap(), false)));
}

#[test]
fn in_json_a_quantity_is_text() {
    let quantity = parse("0.1").unwrap();
    assert_eq!(serde_json::to_string(&quantity).unwrap(), "\"0.1\"");
    assert_eq!(serde_json::from_str::<Quantity>("\"0.1\"").unwrap(), quantity);
    let total = Quantity::from_scaled(i64::MAX);
    assert_eq!(serde_json::from_str::<Quantity>(&serde_json::to_string(&total).unwrap()).unwrap(), total);
    assert!(serde_json::from_str::<Quantity>("\"9223372036854.775808\"").is_err());
    assert!(serde_json::from_str::<Quantity>("0.1").is_err());
    assert!(serde_json::from_str::<Quantity>("\"1e3\"").is_err());
}

#[test]
fn the_reference_list_is_in_the_order_of_the_units_and_names_each_once() {
    let mut spellings = std::collections::BTreeSet::new();
    for (index, (unit, code, _, _, others)) in UNITS.iter().enumerate() {
        assert_eq!(*unit as usize, index);
        for spelling in others.iter().chain([code]) {
            assert!(spellings.insert(*spelling), "{spelling} names two units");
            assert_eq!(Unit::parse("x", spelling).unwrap(), *unit);
        }
        assert_eq!(serde_json::to_string(unit).unwrap(), format!("\"{code}\""));
    }
}

#[test]
fn units_are_read_as_people_write_them() {
    assert_eq!(Unit::parse("x", " PCS. ").unwrap(), Unit::Each);
    assert_eq!(Unit::parse("x", "m²").unwrap(), Unit::M2);
    let error = Unit::parse("row 3, column I", "furlong").unwrap_err();
    assert_eq!(error.refusal().unwrap().code, "unknown_unit");
    assert!(error.to_string().contains("row 3, column I") && error.to_string().contains("kg"));
}

#[test]
fn units_convert_exactly_or_not_at_all() {
    let convert = |text: &str, from, to| parse(text).unwrap().convert(from, to).map(|q| q.to_string());
    assert_eq!(convert("1", Unit::In, Unit::Mm).unwrap(), "25.4");
    assert_eq!(convert("1203", Unit::Mm, Unit::M).unwrap(), "1.203");
    assert_eq!(convert("1", Unit::Lb, Unit::G).unwrap(), "453.59237");
    assert_eq!(convert("16", Unit::Oz, Unit::Lb).unwrap(), "1");
    assert_eq!(convert("3", Unit::Each, Unit::Pair).unwrap(), "1.5");
    assert_eq!(convert("2", Unit::Roll, Unit::Roll).unwrap(), "2");
    let refused = |text: &str, from, to| convert(text, from, to).unwrap_err().refusal().unwrap().code.clone();
    assert_eq!(refused("1", Unit::Mm, Unit::In), "unit_inexact");
    assert_eq!(refused("1", Unit::Mm, Unit::Kg), "unit_mismatch");
    assert_eq!(refused("1", Unit::Set, Unit::Kit), "unit_mismatch");
    assert_eq!(refused("1", Unit::Each, Unit::Set), "unit_mismatch");
    let huge = Quantity::from_scaled(i64::MAX).convert(Unit::Kg, Unit::Mg);
    assert_eq!(code(huge), "unit_inexact");
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_as_itself(scaled in -limits::QUANTITY_MAX * SCALE..=limits::QUANTITY_MAX * SCALE) {
        let quantity = Quantity::from_scaled(scaled);
        prop_assert_eq!(parse(&quantity.to_string()).unwrap(), quantity);
        let comma = quantity.to_string().replace('.', ",");
        prop_assert_eq!(Quantity::parse("x", &comma, DecimalMark::Comma, Sign::Any).unwrap(), quantity);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,60}") {
        let _ = parse(&text);
        let _ = Unit::parse("x", &text);
    }

    #[test]
    fn a_product_is_within_half_a_millionth_of_the_true_one(a in any::<i32>(), b in any::<i32>()) {
        let (left, right) = (Quantity::from_scaled(a.into()), Quantity::from_scaled(b.into()));
        let (product, exact) = left.mul_rounded(right).unwrap();
        let error = i128::from(product.scaled()) * 1_000_000 - i128::from(a) * i128::from(b);
        prop_assert!(error.abs() <= 500_000);
        prop_assert_eq!(exact, error == 0);
        prop_assert_eq!(left.checked_mul(right).is_some(), exact);
        prop_assert_eq!(left.mul_rounded(right), right.mul_rounded(left));
    }

    #[test]
    fn converting_there_and_back_changes_nothing(scaled in any::<i32>(), from in 0..UNITS.len(), to in 0..UNITS.len()) {
        let (quantity, from, to) = (Quantity::from_scaled(scaled.into()), UNITS[from].0, UNITS[to].0);
        if let Ok(there) = quantity.convert(from, to) {
            prop_assert_eq!(there.convert(to, from).unwrap(), quantity);
        }
    }
}
