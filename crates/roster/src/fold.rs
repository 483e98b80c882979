//! Widths and spaces: what a person may write in two ways and means the same by.

use std::borrow::Cow;

use hinamori_model::is_hyphen;

/// Half-width katakana from U+FF61, in full width.
const HALF_WIDTH: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

/// One character in half width: letters, digits and signs of ASCII, and the space.
pub(crate) fn narrow(character: char) -> char {
    match character {
        '！'..='～' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{3000}' | '\u{A0}' => ' ',
        other => other,
    }
}

/// A number, date, postcode or telephone number in half width, without white space around it.
pub(crate) fn narrow_text(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|one| if is_hyphen(one) { '-' } else { narrow(one) }).collect())
}

/// A name as the town wrote it; only the white space around it goes, and within it becomes one full-width space.
pub(crate) fn name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_whitespace() {
        if !out.is_empty() {
            out.push('\u{3000}');
        }
        out.push_str(part);
    }
    out
}

/// A reading in full-width katakana, with the spaces of a [`name`].
pub(crate) fn kana(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().map(full_width_katakana) {
        match (character, out.pop()) {
            (_, None) => out.push(character),
            (mark, Some(last)) => {
                if let Some(voiced) = voiced(last, mark) {
                    out.push(voiced);
                } else {
                    out.push(last);
                    out.push(mark);
                }
            }
        }
    }
    name(&out)
}

fn full_width_katakana(character: char) -> char {
    match character {
        '｡'..='ﾟ' => {
            let place = u32::from(character) - u32::from('｡');
            HALF_WIDTH.chars().nth(usize::try_from(place).unwrap_or(usize::MAX)).unwrap_or(character)
        }
        'ぁ'..='ゖ' => char::from_u32(u32::from(character) + 0x60).unwrap_or(character),
        '\u{3099}' => '゛',
        '\u{309A}' => '゜',
        other => other,
    }
}

/// A katakana and a mark behind it as one character.
fn voiced(base: char, mark: char) -> Option<char> {
    let further = match (base, mark) {
        ('ウ', '゛') => return Some('ヴ'),
        ('カ'..='ト', '゛') => {
            // Every second one, but for the small ッ between: what is voiced already does not become so again.
            let is_plain = "カキクケコサシスセソタチツテト".contains(base);
            u32::from(is_plain)
        }
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', '゛') => 1,
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', '゜') => 2,
        _ => 0,
    };
    (further > 0).then(|| char::from_u32(u32::from(base) + further)).flatten()
}

/// The words of a header or of a yes, made equal: width, case, white space and the marks that some write and some do
/// not.
pub(crate) fn word(text: &str) -> String {
    let folded = text.chars().map(full_width_katakana).map(narrow);
    let kept = folded.filter(|one| !one.is_whitespace() && !"、,・･_\"'".contains(*one));
    let mut out = String::with_capacity(text.len());
    for character in kept {
        // ﾌﾘｶﾞﾅ is フリガナ.
        match out.chars().next_back().and_then(|last| voiced(last, character)) {
            Some(voiced) => {
                out.pop();
                out.push(voiced);
            }
            None => out.extend(character.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_half_width_and_keep_their_zeros() {
        assert_eq!(narrow_text("　００１２ー３４５−６ "), "0012-345-6");
        assert_eq!(narrow_text("Ｔ１５.１．２"), "T15.1.2");
    }

    #[test]
    fn names_keep_every_character_and_one_space() {
        assert_eq!(name("  髙橋  花子 "), "髙橋　花子");
        assert_eq!(name("葛\u{E0100}城　　太郎"), "葛\u{E0100}城　太郎");
        assert_eq!(name("Ａｎｎａ ①㍻"), "Ａｎｎａ　①㍻");
        assert_eq!(name("か\u{3099}"), "か\u{3099}");
    }

    #[test]
    fn readings_become_full_width_katakana() {
        assert_eq!(kana("ﾌｼﾞﾊｼ ｳﾞｪﾙﾊﾟｼﾞｪ"), "フジハシ　ヴェルパジェ");
        assert_eq!(kana("やまだ　がっぽん"), "ヤマダ　ガッポン");
        assert_eq!(kana("ｱﾞｶﾟﾅﾞ"), "ア゛カ゜ナ゛");
        assert_eq!(kana("カ\u{3099}゛"), "ガ゛");
        assert_eq!(kana("ッ゛"), "ッ゛");
    }

    #[test]
    fn headers_are_equal_in_any_width() {
        assert_eq!(word("ﾌﾘｶﾞﾅ"), word("フリガナ"));
        assert_eq!(word(" 災害種別＿崖崩れ、 土石流及び地滑り"), word("災害種別_崖崩れ土石流及び地滑り"));
        assert_eq!(word("ＩＤ"), "id");
    }
}
