//! Codes of municipalities (全国地方公共団体コード) as files carry them, often in part.

use hinamori_model::MunicipalityCode;

use crate::fold::narrow_text;

/// Takes a code of any width with or without its check digit, also where a spreadsheet took away the zero that it
/// begins with. `None` also for five digits that may be meant in both ways.
pub(crate) fn municipality_code(text: &str) -> Option<MunicipalityCode> {
    let text = narrow_text(text);
    let digits: Vec<u8> = text.chars().map(|one| one.to_digit(10)?.try_into().ok()).collect::<Option<_>>()?;
    match *digits.as_slice() {
        [a, b, c, d, e, check] => MunicipalityCode::checked([a, b, c, d, e, check]),
        [a, b, c, d, e] => {
            let as_whole = MunicipalityCode::checked([0, a, b, c, d, e]);
            let as_part = MunicipalityCode::without_check([a, b, c, d, e]);
            as_whole.xor(as_part)
        }
        [a, b, c, d] => MunicipalityCode::without_check([0, a, b, c, d]),
        _ => None,
    }
}

/// The code in a common id (共通ID) of the Geospatial Information Authority: a letter, five digits of the
/// municipality, eight of the place.
pub(crate) fn code_of_common_id(id: &str) -> Option<MunicipalityCode> {
    let (letter, digits) = id.split_at_checked(1)?;
    let is_id = letter == "E" && digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.get(..5).filter(|_| is_id).and_then(|code| {
        let code: Vec<u8> = code.bytes().map(|byte| byte - b'0').collect();
        MunicipalityCode::without_check(code.try_into().ok()?)
    })
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
            assert_eq!(municipality_code(text).map(|code| code.to_string()).as_deref(), Some(code), "{text}");
        }
        assert_eq!(code_of_common_id("E3638700058111").unwrap().to_string(), "363871");
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "363872", "481009", "11001", "000000", "美波町", "3638711", "110"] {
            assert_eq!(municipality_code(text), None, "{text}");
        }
        for id in ["", "E36387", "1234567", "E36387000581１"] {
            assert_eq!(code_of_common_id(id), None, "{id}");
        }
    }
}
