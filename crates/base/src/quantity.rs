//! Amounts as exact decimals, and the units they are counted in.
//!
//! A quantity on a parts list is part of the design: it may never drift through binary fractions.
//! It is therefore a whole number of millionths, and every operation says when it cannot be exact.

use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::limits;
use crate::text::fold;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Millionths in one: the resolution of every quantity.
const SCALE: i64 = 1_000_000;
/// Decimals behind the point that [`SCALE`] can hold.
const DECIMALS: usize = 6;

/// An exact decimal with six decimals, at most about ±9.2 × 10¹². In JSON it is text (`"1.5"`), so
/// that no reader turns it into a binary fraction; in the database it is [`Quantity::scaled`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity {
    scaled: i64,
}

/// Which character separates the decimals. Never guessed: `1.500` is one and a half to some
/// readers and fifteen hundred to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    #[default]
    Point,
    Comma,
}

/// Which signs the caller takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Any,
    NotNegative,
    /// Above zero.
    Positive,
}

impl Quantity {
    pub const ZERO: Self = Self { scaled: 0 };
    pub const ONE: Self = Self { scaled: SCALE };

    /// From millionths, as the database keeps it.
    pub const fn from_scaled(scaled: i64) -> Self {
        Self { scaled }
    }

    /// In millionths.
    pub const fn scaled(self) -> i64 {
        self.scaled
    }

    /// A whole number, or nothing when it is too large.
    pub fn whole(number: i64) -> Option<Self> {
        number.checked_mul(SCALE).map(Self::from_scaled)
    }

    /// Reads a plain decimal number typed or imported by somebody: digits, at most one decimal
    /// mark, a leading minus. Anything else (exponents, hexadecimal, `NaN`, thousands separators,
    /// more than six decimals) is refused at `place`, and so is a number beyond ±[`limits::QUANTITY_MAX`].
    pub fn parse(place: &str, text: &str, mark: DecimalMark, sign: Sign) -> Result<Self> {
        let quantity = Self::read(place, text.trim(), mark, limits::QUANTITY_MAX.saturating_mul(SCALE))?;
        match sign {
            Sign::Positive if quantity <= Self::ZERO => {
                Err(Error::invalid(place, "quantity_sign", format!("“{quantity}” must be above zero")))
            }
            Sign::NotNegative if quantity < Self::ZERO => {
                Err(Error::invalid(place, "quantity_sign", format!("“{quantity}” must not be negative")))
            }
            _ => Ok(quantity),
        }
    }

    /// The grammar of [`Quantity::parse`], for magnitudes up to `most` millionths.
    fn read(place: &str, text: &str, mark: DecimalMark, most: i64) -> Result<Self> {
        if text.chars().count() > limits::QUANTITY_CHARS {
            let message = format!("a number of more than {} characters", limits::QUANTITY_CHARS);
            return Err(Error::invalid(place, "bad_quantity", message));
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let separator = if mark == DecimalMark::Comma { ',' } else { '.' };
        let (whole, decimals) = digits.split_once(separator).unwrap_or((digits, "0"));
        let only_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !only_digits(whole) || !only_digits(decimals) || decimals.is_empty() || digits.is_empty() {
            return Err(not_a_number(place, text, mark));
        }
        let kept = decimals.trim_end_matches('0');
        if kept.len() > DECIMALS {
            let message = format!("“{text}” has more than {DECIMALS} decimals and would have to be rounded");
            return Err(Error::invalid(place, "quantity_precision", message));
        }
        let too_large = || {
            let message = format!("“{text}” is larger than {}", Self::from_scaled(most));
            Error::invalid(place, "quantity_too_large", message)
        };
        // Every digit is ASCII and the text is short, so that 128 bits hold all of them.
        let digits = format!("{whole}{kept:0<DECIMALS$}");
        let magnitude: i128 = digits.parse().map_err(|_| too_large())?;
        let scaled = i64::try_from(magnitude).ok().filter(|scaled| *scaled <= most).ok_or_else(too_large)?;
        Ok(Self { scaled: if negative { -scaled } else { scaled } })
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.scaled.checked_add(other.scaled).map(Self::from_scaled)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.scaled.checked_sub(other.scaled).map(Self::from_scaled)
    }

    /// The product; nothing when it is too large or needs more than six decimals.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        self.mul_rounded(other).and_then(|(product, exact)| exact.then_some(product))
    }

    /// The product rounded to six decimals (halves away from zero) and whether it is exact;
    /// nothing when it is too large.
    pub fn mul_rounded(self, other: Self) -> Option<(Self, bool)> {
        let product = i128::from(self.scaled) * i128::from(other.scaled);
        let scale = i128::from(SCALE);
        let half = if product < 0 { -scale / 2 } else { scale / 2 };
        let rounded = i64::try_from((product + half) / scale).ok()?;
        Some((Self::from_scaled(rounded), product % scale == 0))
    }

    /// The same amount in another unit of the same dimension; nothing is rounded. Refused with
    /// `unit_mismatch` across dimensions and `unit_inexact` when six decimals do not hold it.
    pub fn convert(self, from: Unit, to: Unit) -> Result<Self> {
        if from == to {
            return Ok(self);
        }
        let refuse = |code: &str, why: &str| {
            let message = format!("{self} {} {why} {}", from.code(), to.code());
            Error::from(Refusal::new(RefusalKind::Invalid, code, message))
        };
        let (Some(from_factor), Some(to_factor)) = (from.factor(), to.factor()) else {
            return Err(refuse("unit_mismatch", "cannot be counted in"));
        };
        if from.dimension() != to.dimension() {
            return Err(refuse("unit_mismatch", "cannot be counted in"));
        }
        let amount = i128::from(self.scaled) * i128::from(from_factor);
        let scaled = amount / i128::from(to_factor);
        match i64::try_from(scaled) {
            Ok(scaled) if amount % i128::from(to_factor) == 0 => Ok(Self { scaled }),
            _ => Err(refuse("unit_inexact", "is not an exact number of")),
        }
    }
}

fn not_a_number(place: &str, text: &str, mark: DecimalMark) -> Error {
    let refusal = Refusal::new(RefusalKind::Invalid, "bad_quantity", format!("“{text}” is not a plain decimal number")).at(place);
    let other = if mark == DecimalMark::Comma { ('.', "point") } else { (',', "comma") };
    let advice = if text.contains(other.0) {
        format!("If the file writes decimals with a {}, say so when importing; thousands separators are not read.", other.1)
    } else {
        "Write it with digits only, such as 3 or 0.25.".to_owned()
    };
    refusal.advise(advice).into()
}

/// Without trailing zeros: `3`, `0.25`, `-1.5`.
impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.scaled.unsigned_abs();
        let (whole, rest) = (magnitude / SCALE.unsigned_abs(), magnitude % SCALE.unsigned_abs());
        let sign = if self.scaled < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(out, "{sign}{whole}");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(out, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Totals of an explosion may pass the limit of typed numbers and must still read back.
        Self::read("quantity", &text, DecimalMark::Point, i64::MAX).map_err(serde::de::Error::custom)
    }
}

/// What a unit measures. Only units of one dimension convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    Count,
    Length,
    Mass,
    Volume,
    Area,
    Time,
    /// A package of unstated content (a roll, a set): converts into nothing else.
    Package,
}

/// A unit of measure from the reference list [`UNITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Each,
    Pair,
    Set,
    Kit,
    Pack,
    Roll,
    Sheet,
    Mm,
    Cm,
    M,
    In,
    Ft,
    Mg,
    G,
    Kg,
    Oz,
    Lb,
    Ml,
    L,
    Mm2,
    Cm2,
    M2,
    S,
    Min,
    H,
}

/// One line of the reference list: the unit, its code, its dimension, its size in the dimension's
/// smallest step (0 for packages), and other spellings that are read as it.
type UnitRow = (Unit, &'static str, Dimension, i64, &'static [&'static str]);

/// The reference list. Steps: one piece, 1 µm, 1 ng, 1 µl, 1 mm², 1 s. Inch, foot, pound and ounce
/// are exact by the international yard and pound agreement of 1959 (25.4 mm, 453.59237 g).
const UNITS: [UnitRow; 25] = [
    (Unit::Each, "each", Dimension::Count, 1, &["ea", "pc", "pcs", "pce", "piece", "pieces", "unit", "units", "no", "nos"]),
    (Unit::Pair, "pair", Dimension::Count, 2, &["pairs", "pr"]),
    (Unit::Set, "set", Dimension::Package, 0, &["sets"]),
    (Unit::Kit, "kit", Dimension::Package, 0, &["kits"]),
    (Unit::Pack, "pack", Dimension::Package, 0, &["packs", "pk", "pkg", "package"]),
    (Unit::Roll, "roll", Dimension::Package, 0, &["rolls", "reel", "reels"]),
    (Unit::Sheet, "sheet", Dimension::Package, 0, &["sheets"]),
    (Unit::Mm, "mm", Dimension::Length, 1_000, &["millimetre", "millimetres", "millimeter", "millimeters"]),
    (Unit::Cm, "cm", Dimension::Length, 10_000, &["centimetre", "centimetres", "centimeter", "centimeters"]),
    (Unit::M, "m", Dimension::Length, 1_000_000, &["metre", "metres", "meter", "meters", "mtr"]),
    (Unit::In, "in", Dimension::Length, 25_400, &["inch", "inches"]),
    (Unit::Ft, "ft", Dimension::Length, 304_800, &["foot", "feet"]),
    (Unit::Mg, "mg", Dimension::Mass, 1_000_000, &["milligram", "milligrams"]),
    (Unit::G, "g", Dimension::Mass, 1_000_000_000, &["gram", "grams", "gr"]),
    (Unit::Kg, "kg", Dimension::Mass, 1_000_000_000_000, &["kilogram", "kilograms"]),
    (Unit::Oz, "oz", Dimension::Mass, 28_349_523_125, &["ounce", "ounces"]),
    (Unit::Lb, "lb", Dimension::Mass, 453_592_370_000, &["lbs", "pound", "pounds"]),
    (Unit::Ml, "ml", Dimension::Volume, 1_000, &["millilitre", "millilitres", "milliliter", "milliliters"]),
    (Unit::L, "l", Dimension::Volume, 1_000_000, &["litre", "litres", "liter", "liters", "ltr"]),
    (Unit::Mm2, "mm2", Dimension::Area, 1, &["sq mm"]),
    (Unit::Cm2, "cm2", Dimension::Area, 100, &["sq cm"]),
    (Unit::M2, "m2", Dimension::Area, 1_000_000, &["sq m", "sqm"]),
    (Unit::S, "s", Dimension::Time, 1, &["sec", "second", "seconds"]),
    (Unit::Min, "min", Dimension::Time, 60, &["minute", "minutes"]),
    (Unit::H, "h", Dimension::Time, 3_600, &["hr", "hour", "hours"]),
];

impl Unit {
    /// Every unit, in the order of the reference list.
    pub fn all() -> impl Iterator<Item = Self> {
        UNITS.iter().map(|row| row.0)
    }

    /// Reads a code or one of its other spellings, whatever the case (`PCS`, `m²`).
    pub fn parse(place: &str, text: &str) -> Result<Self> {
        let wanted = fold(text.trim().trim_end_matches('.'));
        let found = UNITS.iter().find(|row| row.1 == wanted || row.4.contains(&wanted.as_str()));
        found.map(|row| row.0).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(Self::code).collect();
            let text: String = text.trim().chars().take(limits::QUANTITY_CHARS).collect();
            Refusal::new(RefusalKind::Invalid, "unknown_unit", format!("“{text}” is not a unit of measure"))
                .at(place)
                .advise(format!("Known units: {}.", known.join(", ")))
                .into()
        })
    }

    /// The code that is stored and shown: `each`, `mm`, `m2`.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    pub fn dimension(self) -> Dimension {
        self.row().2
    }

    /// Size in the dimension's smallest step; nothing for a package.
    fn factor(self) -> Option<i64> {
        Some(self.row().3).filter(|factor| *factor > 0)
    }

    fn row(self) -> &'static UnitRow {
        // The list is in the order of the enumeration; a test holds it so.
        &UNITS[self as usize]
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

#[cfg(test)]
mod tests;
