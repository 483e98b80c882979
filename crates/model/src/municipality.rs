//! Codes of municipalities (全国地方公共団体コード).

use std::fmt;
use std::str::FromStr;

/// The code of a municipality: two digits of its prefecture (JIS X 0401), three of its own (JIS X 0402), a check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode([u8; 6]);

/// Not six digits, no prefecture, or another check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no code of a municipality: six digits whose last one checks the others")]
pub struct BadMunicipalityCode;

impl MunicipalityCode {
    /// The six digits, each from 0 to 9.
    pub const fn digits(self) -> [u8; 6] {
        self.0
    }

    /// Works out the check digit; `None` where the five digits are no municipality's and no prefecture's.
    pub fn without_check([a, b, c, d, e]: [u8; 5]) -> Option<Self> {
        if [a, b, c, d, e].iter().any(|digit| *digit > 9) {
            return None;
        }
        let sum: u32 = [a, b, c, d, e]
            .into_iter()
            .zip([6, 5, 4, 3, 2])
            .map(|(digit, weight)| u32::from(digit) * weight)
            .sum();
        let check = u8::try_from((11 - sum % 11) % 10).ok()?;
        // 000 is the prefecture itself; municipalities begin at 100.
        let is_own = c > 0 || (d, e) == (0, 0);
        (is_own && (1..=47).contains(&(a * 10 + b))).then_some(Self([a, b, c, d, e, check]))
    }

    /// Takes six digits if the last one checks the others.
    pub fn checked([a, b, c, d, e, check]: [u8; 6]) -> Option<Self> {
        Self::without_check([a, b, c, d, e]).filter(|code| code.0 == [a, b, c, d, e, check])
    }
}

impl FromStr for MunicipalityCode {
    type Err = BadMunicipalityCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: Option<[u8; 6]> = text.as_bytes().try_into().ok();
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_digit));
        digits.and_then(|digits| Self::checked(digits.map(|digit| digit - b'0'))).ok_or(BadMunicipalityCode)
    }
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(out, "{digit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_that_fit() {
        for text in ["363871", "011002", "131016", "360007"] {
            assert_eq!(text.parse::<MunicipalityCode>().map(|code| code.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "36387", "363872", "481009", "000000", "３６３８７１", "3638711", " 363871"] {
            assert_eq!(text.parse::<MunicipalityCode>(), Err(BadMunicipalityCode), "{text}");
        }
    }
}
