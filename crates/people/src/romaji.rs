//! Latin letters as kana: Hepburn, Kunrei and what lies between them, and what is half typed.
//!
//! A letter that belongs to no syllable is read as Japanese does it with foreign names, with a vowel (スミトフ for
//! Smith): no Latin letter is left, so that folding twice is folding once.

/// An onset and its syllables with a, i, u, e, o: in large kana, as a search key has them.
type Row = (&'static str, [&'static str; 5]);

const VOWELS: &[u8] = b"aiueo";

const ROWS: &[Row] = &[
    ("", ["ア", "イ", "ウ", "エ", "オ"]),
    ("k", ["カ", "キ", "ク", "ケ", "コ"]),
    ("s", ["サ", "シ", "ス", "セ", "ソ"]),
    ("t", ["タ", "チ", "ツ", "テ", "ト"]),
    ("n", ["ナ", "ニ", "ヌ", "ネ", "ノ"]),
    ("h", ["ハ", "ヒ", "フ", "ヘ", "ホ"]),
    ("m", ["マ", "ミ", "ム", "メ", "モ"]),
    ("y", ["ヤ", "イ", "ユ", "イエ", "ヨ"]),
    ("r", ["ラ", "リ", "ル", "レ", "ロ"]),
    ("l", ["ラ", "リ", "ル", "レ", "ロ"]),
    ("w", ["ワ", "ウイ", "ウ", "ウエ", "オ"]),
    ("g", ["ガ", "ギ", "グ", "ゲ", "ゴ"]),
    ("z", ["ザ", "ジ", "ズ", "ゼ", "ゾ"]),
    ("d", ["ダ", "ジ", "ズ", "デ", "ド"]),
    ("b", ["バ", "ビ", "ブ", "ベ", "ボ"]),
    ("p", ["パ", "ピ", "プ", "ペ", "ポ"]),
    ("v", ["バ", "ビ", "ブ", "ベ", "ボ"]),
    ("f", ["フア", "フイ", "フ", "フエ", "フオ"]),
    ("j", ["ジヤ", "ジ", "ジユ", "ジエ", "ジヨ"]),
    ("c", ["カ", "シ", "ク", "セ", "コ"]),
    ("q", ["クア", "クイ", "ク", "クエ", "クオ"]),
    ("sh", ["シヤ", "シ", "シユ", "シエ", "シヨ"]),
    ("ch", ["チヤ", "チ", "チユ", "チエ", "チヨ"]),
    ("ts", ["ツア", "ツイ", "ツ", "ツエ", "ツオ"]),
    ("dz", ["ザ", "ジ", "ズ", "ゼ", "ゾ"]),
    ("ky", ["キヤ", "キイ", "キユ", "キエ", "キヨ"]),
    ("gy", ["ギヤ", "ギイ", "ギユ", "ギエ", "ギヨ"]),
    ("sy", ["シヤ", "シイ", "シユ", "シエ", "シヨ"]),
    ("zy", ["ジヤ", "ジイ", "ジユ", "ジエ", "ジヨ"]),
    ("jy", ["ジヤ", "ジイ", "ジユ", "ジエ", "ジヨ"]),
    ("ty", ["チヤ", "チイ", "チユ", "チエ", "チヨ"]),
    ("cy", ["チヤ", "チイ", "チユ", "チエ", "チヨ"]),
    ("dy", ["ジヤ", "ジイ", "ジユ", "ジエ", "ジヨ"]),
    ("ny", ["ニヤ", "ニイ", "ニユ", "ニエ", "ニヨ"]),
    ("hy", ["ヒヤ", "ヒイ", "ヒユ", "ヒエ", "ヒヨ"]),
    ("by", ["ビヤ", "ビイ", "ビユ", "ビエ", "ビヨ"]),
    ("py", ["ピヤ", "ピイ", "ピユ", "ピエ", "ピヨ"]),
    ("my", ["ミヤ", "ミイ", "ミユ", "ミエ", "ミヨ"]),
    ("ry", ["リヤ", "リイ", "リユ", "リエ", "リヨ"]),
    ("ly", ["リヤ", "リイ", "リユ", "リエ", "リヨ"]),
];

fn row(onset: &[u8]) -> Option<&'static [&'static str; 5]> {
    ROWS.iter().find(|(known, _)| known.as_bytes() == onset).map(|(_, syllables)| syllables)
}

fn column(letter: u8) -> Option<usize> {
    VOWELS.iter().position(|vowel| *vowel == letter)
}

/// The syllable that `letters` begin with, and how many letters it takes.
fn syllable(letters: &[u8]) -> Option<(&'static str, usize)> {
    (0..=2).rev().find_map(|onset| {
        let syllables = row(letters.get(..onset)?)?;
        let kana = syllables.get(column(*letters.get(onset)?)?)?;
        Some((*kana, onset + 1))
    })
}

/// How an onset is read that no vowel follows.
fn alone(onset: &[u8]) -> &'static str {
    match onset {
        b"n" => "ン",
        b"t" => "ト",
        b"d" => "ド",
        b"y" => "イ",
        b"x" => "クス",
        _ => row(onset).map_or("", |[_, _, with_u, _, _]| *with_u),
    }
}

/// Some small letters as kana, and the onset at their end to which no vowel has been typed yet.
pub(crate) struct Read<'a> {
    pub(crate) kana: Vec<&'static str>,
    pub(crate) open: &'a [u8],
}

/// Reads small ASCII letters.
pub(crate) fn read(letters: &[u8]) -> Read<'_> {
    let mut kana = Vec::new();
    let mut rest = letters;
    let mut is_after_vowel = false;
    while let Some((&letter, after)) = rest.split_first() {
        if is_open(rest) && !(is_after_vowel && rest == b"h") {
            return Read { kana, open: rest };
        }
        let next = after.first().copied();
        let (read, length) = match syllable(rest) {
            Some(found) => found,
            // Ohno: a long vowel.
            None if letter == b'h' && is_after_vowel => ("", 1),
            None if letter == b'm' && matches!(next, Some(b'b' | b'p' | b'm')) => ("ン", 1),
            None if letter != b'n' && (next == Some(letter) || (letter, next) == (b't', Some(b'c'))) => {
                ("ツ", 1)
            }
            None => (alone(&[letter]), 1),
        };
        kana.push(read);
        is_after_vowel = length > 1 || column(letter).is_some();
        rest = rest.get(length..).unwrap_or_default();
    }
    Read { kana, open: &[] }
}

/// Whether all that is left is an onset, or the beginning of one.
fn is_open(rest: &[u8]) -> bool {
    rest.len() <= 2 && ROWS.iter().any(|(onset, _)| onset.as_bytes().starts_with(rest))
}

/// How an open onset is read if nothing more is typed.
pub(crate) fn closed(open: &[u8]) -> &'static str {
    if open.is_empty() { "" } else { alone(open) }
}

/// All that an open onset may still become, doubled or as a nasal too.
pub(crate) fn continued(open: &[u8]) -> impl Iterator<Item = &'static str> {
    let rows = ROWS.iter().filter(move |(onset, _)| onset.as_bytes().starts_with(open));
    let doubled = (open != b"n").then_some("ツ");
    let nasal = (open == b"m").then_some("ン");
    rows.flat_map(|(_, kana)| kana.iter().copied()).chain(doubled).chain(nasal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(letters: &str, kana: &str, open: &str) {
        let read = read(letters.as_bytes());
        assert_eq!((read.kana.concat().as_str(), read.open), (kana, open.as_bytes()), "{letters}");
    }

    #[test]
    fn hepburn_and_kunrei_are_the_same() {
        for (letters, kana) in [
            ("shi", "シ"),
            ("si", "シ"),
            ("tsuchi", "ツチ"),
            ("tuti", "ツチ"),
            ("fuji", "フジ"),
            ("huzi", "フジ"),
            ("sha", "シヤ"),
            ("sya", "シヤ"),
            ("jun", "ジユ"),
            ("zyun", "ジユ"),
            ("kyan", "キヤ"),
        ] {
            check(letters, kana, if letters.ends_with('n') { "n" } else { "" });
        }
    }

    #[test]
    fn consonants_without_a_vowel() {
        check("hattori", "ハツトリ", "");
        check("matchi", "マツチ", "");
        check("macchi", "マツチ", "");
        check("homma", "ホンマ", "");
        check("namba", "ナンバ", "");
        check("anna", "アンナ", "");
        check("kondo", "コンド", "");
        check("ohno", "オノ", "");
        check("ohara", "オハラ", "");
        check("smith", "スミト", "h");
        check("john", "ジヨ", "n");
    }

    #[test]
    fn what_is_half_typed_stays_open() {
        check("hamad", "ハマ", "d");
        check("kensh", "ケン", "sh");
        check("hatt", "ハツ", "t");
        check("oh", "オ", "");
        check("", "", "");
        let all: Vec<&str> = continued(b"sh").collect();
        assert_eq!(all, ["シヤ", "シ", "シユ", "シエ", "シヨ", "ツ"]);
        assert!(continued(b"n").any(|kana| kana == "ニヤ"));
    }
}
