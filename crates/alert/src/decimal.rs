//! Decimal numbers as the XML has them (`xs:decimal`), without a detour over binary fractions.

use std::fmt;

/// Parts of one whole.
const WHOLE: i64 = 1_000_000_000;

/// A decimal number in billionths: degrees to a tenth of a millimetre, kilometres to a micrometre. Further digits are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

impl Decimal {
    /// Takes billionths.
    pub const fn from_billionths(billionths: i64) -> Self {
        Self(billionths)
    }

    /// A whole number, as far as it fits (±9.2 billions).
    pub const fn whole(number: i32) -> Self {
        Self(number as i64 * WHOLE)
    }

    /// The number in billionths.
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// Takes an optional sign, digits, and an optional fraction, of which either side may be empty, but not both.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (is_negative, size) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (before, after) = size.split_once('.').unwrap_or((size, ""));
        if before.len() + after.len() == 0 {
            return None;
        }
        let mut billionths = 0_i64;
        let digit_of = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        for byte in before.bytes() {
            billionths = billionths.checked_mul(10)?.checked_add(digit_of(byte)?)?;
        }
        billionths = billionths.checked_mul(WHOLE)?;
        let mut part = WHOLE;
        for byte in after.bytes() {
            part /= 10;
            billionths = billionths.checked_add(digit_of(byte)? * part)?;
        }
        Some(Self(if is_negative { -billionths } else { billionths }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let (whole, part) = (size / WHOLE.unsigned_abs(), size % WHOLE.unsigned_abs());
        let sign = if self.0 < 0 { "-" } else { "" };
        if part == 0 {
            return write!(out, "{sign}{whole}");
        }
        let digits = format!("{part:09}");
        write!(out, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_form_and_exact_values() {
        for (text, billionths, form) in [
            ("33.7412", 33_741_200_000, "33.7412"),
            ("-0.5", -500_000_000, "-0.5"),
            ("+134", 134_000_000_000, "134"),
            (".5", 500_000_000, "0.5"),
            ("5.", 5_000_000_000, "5"),
            ("0.1234567891234", 123_456_789, "0.123456789"),
            ("-0", 0, "0"),
            ("9223372036", 9_223_372_036_000_000_000, "9223372036"),
        ] {
            let decimal = Decimal::read(text).unwrap();
            assert_eq!((decimal.billionths(), decimal.to_string().as_str()), (billionths, form), "{text}");
        }
        for text in ["", "-", ".", "1e3", "NaN", "1,5", " 1", "1 ", "--1", "9223372037", "１", "0x1"] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
    }
}
