//! Single kana: widths, sizes, dakuten and vowel columns.

use std::iter::Peekable;

/// The voicing marks as characters of their own: combining, spacing and half-width.
const DAKUTEN: [char; 3] = ['\u{3099}', '\u{309B}', '\u{FF9E}'];
const HANDAKUTEN: [char; 3] = ['\u{309A}', '\u{309C}', '\u{FF9F}'];

/// U+FF66 to U+FF9D in full width.
const HALF_WIDTH: [char; 56] = [
    'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ', 'エ', 'オ', 'カ',
    'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ',
    'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ',
    'ル', 'レ', 'ロ', 'ワ', 'ン',
];

/// The character `steps` after `from` (before it, if negative); `from` itself where there is none.
fn moved(from: char, steps: i32) -> char {
    u32::from(from).checked_add_signed(steps).and_then(char::from_u32).unwrap_or(from)
}

/// Full-width katakana and small ASCII letters for what is the same in another width, script or case.
pub(crate) fn widened(character: char) -> char {
    match character {
        '\u{FF66}'..='\u{FF9D}' => {
            let place = u32::from(character).saturating_sub(0xFF66);
            usize::try_from(place).ok().and_then(|place| HALF_WIDTH.get(place)).copied().unwrap_or(character)
        }
        'ぁ'..='ゖ' => moved(character, 0x60),
        '！'..='～' => moved(character, -0xFEE0).to_ascii_lowercase(),
        _ => character.to_ascii_lowercase(),
    }
}

/// The next character, joined with a voicing mark behind it.
pub(crate) fn next_marked(rest: &mut Peekable<impl Iterator<Item = char>>) -> Option<char> {
    let character = rest.next()?;
    let marked = rest.peek().and_then(|mark| with_mark(character, *mark));
    if marked.is_some() {
        rest.next();
    }
    marked.or(Some(character))
}

/// `kana` with the voicing mark that follows it; nothing when `mark` is no such mark.
fn with_mark(kana: char, mark: char) -> Option<char> {
    if DAKUTEN.contains(&mark) {
        Some(voiced(kana))
    } else if HANDAKUTEN.contains(&mark) {
        Some(if is_plain_h(kana) { moved(kana, 2) } else { kana })
    } else {
        None
    }
}

fn is_plain_h(kana: char) -> bool {
    matches!(kana, 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ')
}

/// With dakuten, where there is such a kana.
pub(crate) fn voiced(kana: char) -> char {
    match kana {
        'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ'
        | 'ト' => moved(kana, 1),
        'ウ' => 'ヴ',
        _ if is_plain_h(kana) => moved(kana, 1),
        _ => kana,
    }
}

/// Without dakuten and handakuten.
pub(crate) fn unvoiced(kana: char) -> char {
    match kana {
        'ガ' | 'ギ' | 'グ' | 'ゲ' | 'ゴ' | 'ザ' | 'ジ' | 'ズ' | 'ゼ' | 'ゾ' | 'ダ' | 'ヂ' | 'ヅ' | 'デ'
        | 'ド' => moved(kana, -1),
        'バ' | 'ビ' | 'ブ' | 'ベ' | 'ボ' => moved(kana, -1),
        'パ' | 'ピ' | 'プ' | 'ペ' | 'ポ' => moved(kana, -2),
        'ヴ' => 'ウ',
        _ => kana,
    }
}

/// The one kana for all that sound, or are taken, alike: large for small, modern for old.
pub(crate) fn levelled(kana: char) -> char {
    match kana {
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => moved(kana, 1),
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヴ' => 'ブ',
        'ヲ' => 'オ',
        'ヱ' => 'エ',
        'ヰ' => 'イ',
        _ => kana,
    }
}

/// ヴ and the small vowel after it: one sound, ヴァ as バ.
pub(crate) fn after_vu(small: char) -> Option<char> {
    match small {
        'ァ' => Some('バ'),
        'ィ' => Some('ビ'),
        'ェ' => Some('ベ'),
        'ォ' => Some('ボ'),
        _ => None,
    }
}

/// Whether this is one katakana.
pub(crate) fn is_kana(character: char) -> bool {
    matches!(character, 'ァ'..='ヺ')
}

/// Whether `next` only makes the vowel of `last` long, both levelled: オウ, オオ and ウウ.
pub(crate) fn is_lengthened(last: char, next: char) -> bool {
    match next {
        'オ' => ends_in_o(last),
        'ウ' => ends_in_o(last) || ends_in_u(last),
        _ => false,
    }
}

fn ends_in_o(kana: char) -> bool {
    matches!(
        kana,
        'オ' | 'コ' | 'ゴ' | 'ソ' | 'ゾ' | 'ト' | 'ド' | 'ノ' | 'ホ' | 'ボ' | 'ポ' | 'モ' | 'ヨ' | 'ロ'
    )
}

fn ends_in_u(kana: char) -> bool {
    matches!(kana, 'ウ' | 'ク' | 'グ' | 'ス' | 'ズ' | 'ツ' | 'ヌ' | 'フ' | 'ブ' | 'プ' | 'ム' | 'ユ' | 'ル')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_width_is_a_row_without_a_gap() {
        for (half, full) in [('ｦ', 'ヲ'), ('ｰ', 'ー'), ('ｱ', 'ア'), ('ﾀ', 'タ'), ('ﾊ', 'ハ'), ('ﾝ', 'ン')]
        {
            assert_eq!(widened(half), full, "{half}");
        }
        assert_eq!([widened('ぁ'), widened('ん'), widened('ゔ')], ['ァ', 'ン', 'ヴ']);
        assert_eq!([widened('Ａ'), widened('ｚ'), widened('７'), widened('Q')], ['a', 'z', '7', 'q']);
    }

    #[test]
    fn dakuten_come_and_go() {
        let (plain, marked) = ("カクコシソチツトハホウ", "ガグゴジゾヂヅドバボヴ");
        for (plain, marked) in plain.chars().zip(marked.chars()) {
            assert_eq!(with_mark(plain, 'ﾞ'), Some(marked), "{plain}");
            assert_eq!(unvoiced(marked), plain, "{marked}");
        }
        assert_eq!([with_mark('ヘ', '\u{309A}'), with_mark('ア', '゛')], [Some('ペ'), Some('ア')]);
        assert_eq!([unvoiced('ポ'), unvoiced('ナ'), unvoiced('浜')], ['ホ', 'ナ', '浜']);
    }
}
