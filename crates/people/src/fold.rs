//! A name, however it is written, as one search key.

use std::fmt;
use std::iter::Peekable;

use crate::kana::{after_vu, is_kana, is_lengthened, levelled, next_marked, unvoiced, voiced, widened};
use crate::romaji;
use crate::variant::kept_form;

/// The most characters that a key has: longer than any name in a register.
pub const MOST_CHARACTERS: usize = 100;

/// The most characters of a text that are looked at. The rest of a longer one does not count.
pub(crate) const MOST_READ: usize = 4 * MOST_CHARACTERS;

/// What stands between family and given name in a key. It sorts before all that a name is made of.
pub(crate) const BETWEEN: char = ' ';

/// What a name is found by: large katakana, kanji in their kept form, digits, and one space between family and
/// given name. Keys sort in kana order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchKey(String);

impl SearchKey {
    /// Takes a text that is in its one form already.
    pub(crate) const fn of_folded(text: String) -> Self {
        Self(text)
    }

    /// The key's text. It is as personal as the name.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The weaker key, in which ハ, バ and パ are one.
    #[must_use]
    pub fn without_dakuten(&self) -> Self {
        Self(self.0.chars().map(unvoiced).collect())
    }
}

impl fmt::Debug for SearchKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SearchKey(hidden)")
    }
}

/// Makes the key of a name in hiragana, katakana of either width, romaji or kanji. Never fails: what belongs in no
/// name is left out. Folding a key gives the same key.
///
/// Long vowels do not count (ヨウスケ, ヨースケ, Yōsuke and YOSUKE are one), nor does the size of a kana, nor
/// whether ジ is written ヂ.
pub fn fold(name: &str) -> SearchKey {
    let mut folder = Folder::default();
    folder.read(name);
    SearchKey(folder.finished().into_iter().collect())
}

/// Reads text and keeps its key.
#[derive(Clone, Default)]
pub(crate) struct Folder {
    key: Vec<char>,
    /// Latin letters that are not read yet.
    letters: Vec<u8>,
    is_divided: bool,
}

impl Folder {
    /// Goes on with `text`.
    pub(crate) fn read(&mut self, text: &str) {
        let mut rest =
            text.chars().take(MOST_READ).map(|character| widened(unaccented(character))).peekable();
        while let Some(character) = next_marked(&mut rest) {
            match character {
                'a'..='z' => self.letters.extend(u8::try_from(character)),
                // Combining accents, as in ō: vowels are short here.
                '\u{300}'..='\u{36F}' => {}
                _ => {
                    self.end_letters();
                    self.take(character, &mut rest);
                }
            }
        }
    }

    fn take(&mut self, character: char, rest: &mut Peekable<impl Iterator<Item = char>>) {
        match character {
            // A voicing mark that voices nothing.
            'ー' | '\u{FF9E}' | '\u{FF9F}' => {}
            'ヴ' => {
                let joined = rest.peek().copied().and_then(after_vu);
                if joined.is_some() {
                    rest.next();
                }
                self.push(joined.unwrap_or(character));
            }
            'ヽ' | 'ゝ' => self.repeat(is_kana, unvoiced),
            'ヾ' | 'ゞ' => self.repeat(is_kana, |kana| voiced(unvoiced(kana))),
            '々' | '〻' => self.repeat(|_any| true, |last| last),
            '・' | '･' | ',' | '、' | '､' | '=' | '゠' => self.divide(),
            _ if character.is_whitespace() => self.divide(),
            _ if character.is_alphanumeric() => self.push(character),
            _ => {}
        }
    }

    /// An iteration mark, after a character that it can repeat.
    fn repeat(&mut self, repeats: impl Fn(char) -> bool, changed: impl Fn(char) -> char) {
        let last = self.key.last().copied().filter(|last| *last != BETWEEN && repeats(*last));
        last.into_iter().for_each(|last| self.push(changed(last)));
    }

    fn push(&mut self, character: char) {
        let character = kept_form(levelled(character));
        let is_long = self.key.last().is_some_and(|last| is_lengthened(*last, character));
        if !is_long && self.key.len() < MOST_CHARACTERS {
            self.key.push(character);
        }
    }

    /// Between two names. Only the first such place counts.
    pub(crate) fn divide(&mut self) {
        self.end_letters();
        if !self.is_divided && !self.key.is_empty() && self.key.len() < MOST_CHARACTERS {
            self.key.push(BETWEEN);
            self.is_divided = true;
        }
    }

    fn end_letters(&mut self) {
        let letters = std::mem::take(&mut self.letters);
        let read = romaji::read(&letters);
        let closed = romaji::closed(read.open);
        read.kana.into_iter().chain([closed]).flat_map(str::chars).for_each(|kana| self.push(kana));
    }

    /// The key.
    pub(crate) fn finished(mut self) -> Vec<char> {
        self.end_letters();
        while self.key.last() == Some(&BETWEEN) {
            self.key.pop();
        }
        self.key
    }

    /// The keys that the text may be the beginning of, while somebody types: the last Latin letters may be half a
    /// syllable. The first is the key of what is there.
    pub(crate) fn begun(mut self) -> Vec<Vec<char>> {
        let letters = std::mem::take(&mut self.letters);
        let read = romaji::read(&letters);
        read.kana.iter().flat_map(|kana| kana.chars()).for_each(|kana| self.push(kana));
        let with = |kana: &str| {
            let mut folder = self.clone();
            kana.chars().for_each(|kana| folder.push(kana));
            folder.finished()
        };
        let closed = romaji::closed(read.open);
        let open = Some(read.open).filter(|open| !open.is_empty());
        [closed].into_iter().chain(open.into_iter().flat_map(romaji::continued)).map(with).collect()
    }
}

/// The Latin letter under an accent of the usual ones, a macron among them.
fn unaccented(character: char) -> char {
    match character {
        'À'..='Å' | 'à'..='å' | 'Ā' | 'ā' => 'a',
        'È'..='Ë' | 'è'..='ë' | 'Ē' | 'ē' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' | 'Ī' | 'ī' => 'i',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ō' | 'ō' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' | 'Ū' | 'ū' => 'u',
        'Ç' | 'ç' => 'c',
        'Ñ' | 'ñ' => 'n',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(key: &str, names: &[&str]) {
        for name in names {
            assert_eq!(fold(name).expose(), key, "{name}");
        }
    }

    #[test]
    fn one_name_in_every_script() {
        check(
            "ハマダ ハナコ",
            &[
                "はまだ　はなこ",
                "ハマダ・ハナコ",
                "ﾊﾏﾀﾞ ﾊﾅｺ",
                "ﾊﾏﾀ\u{3099} ﾊﾅｺ",
                "HAMADA, Hanako",
                "ｈａｍａｄａ hanako",
            ],
        );
        check("シヨジ", &["しょうじ", "ショージ", "Shōji", "syouji", "SHOHJI", "shooji", "Sho\u{304}ji"]);
        check("ジユンイチ", &["じゅんいち", "Jun'ichi", "JUN-ICHI", "zyun'iti"]);
        check("シンペイ", &["しんぺい", "Shimpei", "sinpei", "ｼﾝﾍﾟｲ"]);
        check("ハツトリ", &["はっとり", "HATTORI", "ﾊｯﾄﾘ"]);
    }

    #[test]
    fn long_vowels_and_old_kana() {
        check("ヨスケ", &["ヨウスケ", "ヨースケ", "ようすけ", "YOSUKE", "Yohsuke", "yousuke"]);
        check("コリ", &["コオリ", "コウリ", "コーリ", "ｺｵﾘ"]);
        check("ユキ", &["ユウキ", "YUKI", "Yūki", "ゆき"]);
        check("ジズブオエイ", &["ヂヅヴヲヱヰ", "ぢづゔをゑゐ"]);
        check("バイオリ", &["ヴァイヲリ", "ウ\u{3099}ァイオリ", "ｳﾞｧｲｵﾘ"]);
        check("イスズ", &["いすゞ", "イスヾ", "いすず"]);
        check("ミスス", &["みすゝ"]);
    }

    #[test]
    fn kanji_are_kept_in_one_form() {
        check("高崎 佐佐木", &["髙﨑　佐々木", "高崎 佐佐木"]);
        check("辺", &["邉", "邊\u{E0101}", "々辺"]);
    }

    #[test]
    fn one_space_and_nothing_that_is_no_name() {
        check("ジヨン スミスポル", &["ジョン・スミス・ポール", "  ジョン　=スミス ポール  "]);
        check("", &["", " ・ ", "!?🙂", "ー", "ゞ", "ﾞ"]);
        check("スミトフ", &["Smith", "ＳＭＩＴＨ"]);
    }

    #[test]
    fn a_key_cannot_be_printed() {
        assert_eq!(format!("{:?}", fold("浜田")), "SearchKey(hidden)");
        assert_eq!(fold("パバハ").without_dakuten().expose(), "ハハハ");
    }

    #[test]
    fn a_book_is_read_no_further_than_a_name() {
        assert_eq!(fold(&"カ".repeat(1_000_000)).expose().chars().count(), MOST_CHARACTERS);
    }

    /// Names, and whatever else a keyboard or an enemy may send.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,40}",
            "[a-zA-Z' ōū-]{0,20}",
            "[ぁ-ゖァ-ヺー゛゜ゝゞヽヾ々 ・\u{3099}\u{309A}ｦ-ﾟ髙﨑]{0,30}",
            "[ \u{3000}カオウxqnーa]{0,450}",
        ]
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in texts()) {
            let key = fold(&text);
            prop_assert_eq!(&fold(key.expose()), &key);
            let weak = key.without_dakuten();
            prop_assert_eq!(&fold(weak.expose()), &weak);
        }

        #[test]
        fn a_key_has_no_letters_and_no_end_of_space(text in texts()) {
            let key = fold(&text);
            prop_assert!(!key.expose().bytes().any(|byte| byte.is_ascii_alphabetic()));
            prop_assert_eq!(key.expose().trim(), key.expose());
            prop_assert!(key.expose().chars().filter(|character| *character == BETWEEN).count() <= 1);
        }

        #[test]
        fn every_keystroke_leads_on(
            name in "(((|[kstnhmyrgzdbpjfw]|ky|sh|ch|ts|ry|kk|tt|tch|ssh|mb|mp)[aiueo])|n|oh|'){1,6}",
        ) {
            let whole = fold(&name);
            for typed in 1..=name.len() {
                let mut folder = Folder::default();
                folder.read(name.get(..typed).unwrap());
                let begun: Vec<String> = folder.begun().into_iter().map(String::from_iter).collect();
                prop_assert!(begun.iter().any(|key| whole.expose().starts_with(key)), "{}", typed);
            }
        }
    }
}
