//! Whether two addresses name one place, however their numbers are written.

use crate::fold::{MOST_READ, SearchKey};
use crate::kana::{levelled, next_marked, widened};
use crate::variant::kept_form;

/// What only says that a village's part follows.
const PART_WORDS: &[&str] = &["大字", "小字", "字"];

/// What stands behind a number, the longest first.
const NUMBER_WORDS: &[&str] =
    &["丁目", "番地ノ", "番地", "番", "号室", "号", "ノ", "-", "‐", "‑", "–", "—", "―", "−", "ー"];

/// What the part of an address ends with that people leave out at its beginning.
const AREA_ENDS: &[char] = &['都', '道', '府', '県', '郡', '市', '区', '町', '村'];

/// An address in the one form that is compared: 大字奈古二丁目十三番地の５ as 奈古2-13-5.
#[derive(PartialEq, Eq)]
pub(crate) struct AddressKey(Vec<char>);

impl AddressKey {
    pub(crate) fn read(address: &str) -> Self {
        let mut widened = address.chars().take(MOST_READ).map(widened).peekable();
        let characters: Vec<char> = std::iter::from_fn(|| next_marked(&mut widened))
            .map(|character| kept_form(levelled(character)))
            .filter(|character| character.is_alphanumeric() || is_number_word(*character))
            .collect();
        let mut key = Self(Vec::new());
        let mut rest = characters.as_slice();
        while let [first, after @ ..] = rest {
            rest = if let Some((number, behind)) = number(rest) {
                key.0.extend(number.to_string().chars());
                behind
            } else if let Some(behind) = after_word(PART_WORDS, rest) {
                behind
            } else if let Some(behind) = after_word(NUMBER_WORDS, rest).filter(|_| key.ends_in_number()) {
                key.end_number();
                behind
            } else {
                key.push(*first);
                after
            };
        }
        if key.0.last() == Some(&'-') {
            key.0.pop();
        }
        key
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both name one place. One may leave out the prefecture, or all up to the town.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        let leaves_out = |short: &Self, long: &Self| {
            let left_out = long.0.strip_suffix(short.0.as_slice());
            !short.is_empty() && left_out.and_then(<[char]>::last).is_some_and(|end| AREA_ENDS.contains(end))
        };
        self == other || leaves_out(self, other) || leaves_out(other, self)
    }

    /// The whole, and what is left of it when the prefecture, or all up to the town, is left out.
    fn forms(&self) -> impl Iterator<Item = String> {
        let ends =
            (1..).zip(&self.0).filter(|(_, letter)| AREA_ENDS.contains(letter)).map(|(place, _)| place);
        let begins = std::iter::once(0).chain(ends).filter(|begin| *begin < self.0.len());
        begins.map(|begin| self.0.iter().skip(begin).collect())
    }

    fn ends_in_number(&self) -> bool {
        self.0.last().is_some_and(|last| last.is_ascii_digit() || *last == '-')
    }

    fn end_number(&mut self) {
        if self.0.last() != Some(&'-') {
            self.0.push('-');
        }
    }

    fn push(&mut self, character: char) {
        if self.0.last() == Some(&'-') {
            self.0.pop();
        }
        self.0.push(character);
    }
}

/// How an address may be written, in the one form that is compared: whole first, then with its prefecture, its county, its town
/// left out, at most `limit` in all. Two addresses can name one place only when the whole form of one is a form of the other.
pub fn address_forms(address: &str, limit: usize) -> Vec<SearchKey> {
    AddressKey::read(address).forms().take(limit).map(SearchKey::of_folded).collect()
}

fn is_number_word(character: char) -> bool {
    NUMBER_WORDS.iter().any(|word| word.chars().eq([character]))
}

/// What stands behind one of `words`.
fn after_word<'a>(words: &[&str], text: &'a [char]) -> Option<&'a [char]> {
    words.iter().find_map(|word| {
        let (beginning, behind) = text.split_at_checked(word.chars().count())?;
        beginning.iter().copied().eq(word.chars()).then_some(behind)
    })
}

/// The number that a text begins with, in digits or in kanji, and what stands behind it. One that is too large for
/// any address becomes the largest.
fn number(text: &[char]) -> Option<(u32, &[char])> {
    let length_of =
        |is_part: fn(&char) -> bool| text.iter().take_while(|character| is_part(character)).count();
    let digits = length_of(char::is_ascii_digit);
    let length = if digits > 0 { digits } else { length_of(|character| kanji_number(*character).is_some()) };
    let (number, behind) = text.split_at_checked(length).filter(|_| length > 0)?;
    let (mut total, mut last) = (0_u32, 0_u32);
    for character in number {
        match kanji_number(*character).or(character.to_digit(10)) {
            Some(unit @ (10 | 100 | 1_000)) => {
                total = total.saturating_add(last.max(1).saturating_mul(unit));
                last = 0;
            }
            Some(digit) => last = last.saturating_mul(10).saturating_add(digit),
            None => {}
        }
    }
    Some((total.saturating_add(last), behind))
}

fn kanji_number(character: char) -> Option<u32> {
    Some(match character {
        '〇' | '零' => 0,
        '一' | '壱' => 1,
        '二' | '弐' => 2,
        '三' | '参' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn are_same(one: &str, other: &str) -> bool {
        let [one, other] = [one, other].map(AddressKey::read);
        assert_eq!(one.is_same_place(&other), other.is_same_place(&one));
        one.is_same_place(&other)
    }

    #[test]
    fn one_place_however_its_numbers_are_written() {
        for other in [
            "山口県阿武郡阿武町大字奈古2丁目13番地の5",
            "山口県阿武郡阿武町奈古２－１３－５",
            "山口県阿武郡阿武町 奈古 二丁目十三番五号",
            "阿武町奈古2丁目13-5",
            "奈古２ー１３ー５",
            "奈古字02‐13−5",
        ] {
            assert!(are_same("山口県阿武郡阿武町大字奈古二丁目１３番５号", other), "{other}");
        }
        assert!(are_same("緑ヶ丘百二十番地", "緑ケ丘120"));
        assert!(are_same("濵崎一〇五号室", "浜崎105"));
        assert!(are_same("ﾊﾟｰｸ通り１－２", "パーク通り1-2"));
    }

    #[test]
    fn another_place() {
        for other in
            ["阿武町奈古2-13-6", "阿武町奈古2-135", "阿武町奈古213-5", "阿武町福田2-13-5", "3-5", "", "奈古"]
        {
            assert!(!are_same("阿武町奈古2-13-5", other), "{other}");
        }
        // A number is no area that one may leave out.
        assert!(!are_same("奈古12-3", "2-3"));
    }

    proptest! {
        #[test]
        fn no_address_is_too_strange(one in ".{0,60}", other in "[大字一十百千0-9丁目番地号の町ー-]{0,500}") {
            prop_assert!(AddressKey::read(&one) == AddressKey::read(&one));
            prop_assert!(are_same(&other, &other));
            are_same(&one, &other);
        }
    }

    #[test]
    fn the_forms_of_an_address_leave_out_its_beginning() {
        let forms = |address| {
            let forms = address_forms(address, 4);
            forms.iter().map(|form| form.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(forms("徳島県汐見町浜１０３番地"), ["徳島県汐見町浜103", "汐見町浜103", "浜103"]);
        assert_eq!(forms("浜町"), ["浜町"], "nothing is no form");
        assert_eq!((forms(""), forms(&"町".repeat(300)).len()), (Vec::<String>::new(), 4));
    }
}
