//! Codes of municipalities (全国地方公共団体コード), which files often carry in part.

use std::fmt;

use crate::fold::narrow_text;

/// The code of a municipality: two digits of its prefecture, three of its own, a check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode([u8; 6]);

impl MunicipalityCode {
    /// The six digits, each from 0 to 9.
    pub const fn digits(self) -> [u8; 6] {
        self.0
    }

    /// Takes a code of any width with or without its check digit, also where a spreadsheet took away the zero that it
    /// begins with. `None` also for five digits that may be meant in both ways.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = narrow_text(text);
        let digits: Vec<u8> =
            text.chars().map(|one| one.to_digit(10)?.try_into().ok()).collect::<Option<_>>()?;
        match *digits.as_slice() {
            [a, b, c, d, e, check] => Self::checked([a, b, c, d, e, check]),
            [a, b, c, d, e] => {
                let as_whole = Self::checked([0, a, b, c, d, e]);
                let as_part = Self::without_check([a, b, c, d, e]);
                as_whole.xor(as_part)
            }
            [a, b, c, d] => Self::without_check([0, a, b, c, d]),
            _ => None,
        }
    }

    /// The code in a common id (共通ID) of the Geospatial Information Authority: a letter, five digits of the
    /// municipality, eight of the place.
    pub(crate) fn of_common_id(id: &str) -> Option<Self> {
        let (letter, digits) = id.split_at_checked(1)?;
        let is_id = letter == "E" && digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.get(..5).filter(|_| is_id).and_then(|code| {
            let code: Vec<u8> = code.bytes().map(|byte| byte - b'0').collect();
            Self::without_check(code.try_into().ok()?)
        })
    }

    fn without_check([a, b, c, d, e]: [u8; 5]) -> Option<Self> {
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

    fn checked([a, b, c, d, e, check]: [u8; 6]) -> Option<Self> {
        Self::without_check([a, b, c, d, e]).filter(|code| code.0 == [a, b, c, d, e, check])
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
    fn a_code_is_completed() {
        for (text, code) in [
            ("363871", "363871"),
            ("３６３８７１", "363871"),
            ("36387", "363871"),
            ("011002", "011002"),
            ("11002", "011002"),
            ("1100", "011002"),
            ("01100", "011002"),
            ("131016", "131016"),
        ] {
            assert_eq!(
                MunicipalityCode::read(text).map(|code| code.to_string()).as_deref(),
                Some(code),
                "{text}"
            );
        }
        assert_eq!(MunicipalityCode::of_common_id("E3638700058111").unwrap().to_string(), "363871");
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "363872", "481009", "11001", "000000", "美波町", "3638711", "110"] {
            assert_eq!(MunicipalityCode::read(text), None, "{text}");
        }
        for id in ["", "E36387", "1234567", "E36387000581１"] {
            assert_eq!(MunicipalityCode::of_common_id(id), None, "{id}");
        }
    }
}
