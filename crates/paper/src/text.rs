//! One line of text that fits: first smaller, then cut.
//!
//! Japanese needs no shaping: a character is a glyph, left to right. Two things are done that names need: a
//! variation selector chooses the shape of its character, and kana whose sound mark came apart (as some systems
//! store it) are put together.

use std::ops::Range;

use crate::fonts::{Family, Found, Lookup, Source};

/// No field is longer: what is behind it could not be read on any paper.
const MOST_CHARACTERS: usize = 200;
/// What stands for the rest of a text that was cut.
const CUT: char = '…';

/// A line of text with its glyphs.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) letters: Vec<Letter>,
    /// How wide, as a multiple of the size.
    pub(crate) width: f32,
}

/// One glyph of a line.
pub(crate) struct Letter {
    pub(crate) found: Found,
    /// What it stands for in the line's text, in bytes.
    pub(crate) range: Range<usize>,
}

impl Line {
    /// The whole text.
    pub(crate) fn of(family: &Family, text: &str) -> Self {
        let mut line = Self::empty();
        let lookup = family.lookup();
        for (character, selector) in characters(text) {
            line.push(&lookup, character, selector);
        }
        line
    }

    /// The text as far as it and the sign of a cut are not wider than this.
    fn cut(family: &Family, text: &str, width: f32) -> Self {
        let mut line = Self::empty();
        let lookup = family.lookup();
        let sign = lookup.find(CUT, None).map_or(0.0, |found| found.advance);
        for (character, selector) in characters(text) {
            let advance = lookup.find(character, selector).map_or(0.0, |found| found.advance);
            if line.width + advance + sign > width {
                break;
            }
            line.push(&lookup, character, selector);
        }
        line.push(&lookup, CUT, None);
        line
    }

    /// The text in the greatest size from `least` to `size` in which it is not wider than `room`, and that size.
    /// Sizes and room are in one unit.
    pub(crate) fn fit(family: &Family, text: &str, room: f32, size: f32, least: f32) -> (Self, f32) {
        let whole = Self::of(family, text);
        if whole.width * size <= room {
            return (whole, size);
        }
        let fitting = room / whole.width;
        if fitting >= least { (whole, fitting) } else { (Self::cut(family, text, room / least), least) }
    }

    /// Neighbouring letters of one font.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Source, &[Letter])> {
        let runs = self.letters.chunk_by(|one, next| one.found.source == next.found.source);
        runs.filter_map(|run| Some((run.first()?.found.source, run)))
    }

    const fn empty() -> Self {
        Self { text: String::new(), letters: Vec::new(), width: 0.0 }
    }

    fn push(&mut self, lookup: &Lookup<'_>, character: char, selector: Option<char>) {
        let Some(found) = lookup.find(character, selector) else { return };
        let start = self.text.len();
        self.text.push(character);
        self.text.extend(selector);
        self.width += found.advance;
        self.letters.push(Letter { found, range: start..self.text.len() });
    }
}

/// The characters that are drawn, each with its selector.
fn characters(text: &str) -> Vec<(char, Option<char>)> {
    let mut out: Vec<(char, Option<char>)> = Vec::new();
    for character in text.chars().take(MOST_CHARACTERS) {
        let last = out.last_mut();
        match (character, last) {
            ('\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}', Some((_, selector))) => {
                *selector = Some(character);
            }
            ('\u{3099}' | '\u{309A}', Some((kana, _))) if joined(*kana, character).is_some() => {
                *kana = joined(*kana, character).unwrap_or(*kana);
            }
            ('\t' | '\n' | '\r', _) => out.push((' ', None)),
            // Signs that turn the direction would let a name be shown as another.
            (
                '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{E0100}'..='\u{E01EF}',
                _,
            ) => {}
            (character, _) if character.is_control() => {}
            (character, _) => out.push((character, None)),
        }
    }
    out
}

/// A kana and its sound mark as one character. In Unicode か is followed by が, は by ば and ぱ.
fn joined(kana: char, mark: char) -> Option<char> {
    let hiragana = match kana {
        'ァ'..='ヶ' => char::from_u32(u32::from(kana) - 0x60)?,
        other => other,
    };
    let is_voiced = "かきくけこさしすせそたちつてとはひふへほ".contains(hiragana);
    let step = match (mark, hiragana) {
        ('\u{3099}', 'う') => 0x4E,
        ('\u{3099}', _) if is_voiced => 1,
        ('\u{309A}', 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ') => 2,
        _ => return None,
    };
    char::from_u32(u32::from(kana) + step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fonts::tests::fonts;
    use crate::fonts::{Fonts, Weight};

    fn fit(fonts: &Fonts, text: &str, room: f32) -> (Line, f32) {
        Line::fit(fonts.family(Weight::Regular), text, room, 20.0, 10.0)
    }

    #[test]
    fn a_text_shrinks_before_it_is_cut() {
        let fonts = fonts();
        let name = "長谷川 花子";
        let (whole, size) = fit(&fonts, name, 200.0);
        assert_eq!((whole.text.as_str(), size), (name, 20.0));
        let (smaller, size) = fit(&fonts, name, 80.0);
        assert_eq!(smaller.text, name);
        assert!(size > 10.0 && size < 20.0, "{size}");
        let (cut, size) = fit(&fonts, name, 40.0);
        assert_eq!((cut.text.as_str(), size), ("長谷川…", 10.0));
    }

    #[test]
    fn characters_come_from_the_font_that_has_them_or_as_a_mark() {
        let fonts = fonts();
        let (line, _) = fit(&fonts, "吉𠮷﨑髙\u{10FFFD}", 500.0);
        let sources: Vec<Source> = line.letters.iter().map(|letter| letter.found.source).collect();
        assert_eq!(sources.get(..2), Some(&[Source::Main, Source::Fallback][..]));
        let mark = Line::of(fonts.family(Weight::Regular), "〓");
        let glyph = |line: &Line| line.letters.last().map(|letter| letter.found.glyph);
        assert_eq!(glyph(&line), glyph(&mark));
    }

    #[test]
    fn a_selector_chooses_another_shape() {
        let fonts = fonts();
        let glyphs = |text| {
            let line = Line::of(fonts.family(Weight::Regular), text);
            line.letters.iter().map(|letter| letter.found.glyph).collect::<Vec<_>>()
        };
        assert_ne!(glyphs("葛\u{E0100}"), glyphs("葛"));
        assert_eq!(glyphs("葛\u{E01EF}"), glyphs("葛"));
    }

    #[test]
    fn no_text_is_wider_than_its_room() {
        let fonts = fonts();
        proptest!(ProptestConfig::with_cases(200), |(text in ".{0,300}", room in 20.0_f32..600.0)| {
            let (line, size) = fit(&fonts, &text, room);
            prop_assert!(line.width * size <= room + 0.01, "{} > {room}", line.width * size);
            prop_assert!((10.0..=20.0).contains(&size));
            prop_assert!(line.letters.iter().all(|letter| line.text.get(letter.range.clone()).is_some()));
        });
    }

    fn drawn(text: &str) -> String {
        characters(text).into_iter().map(|(character, _)| character).collect()
    }

    #[test]
    fn kana_that_came_apart_are_joined() {
        assert_eq!(drawn("か\u{3099}ハ\u{309A}ウ\u{3099}う\u{3099}"), "がパヴゔ");
        assert_eq!(drawn("あ\u{3099}"), "あ\u{3099}");
    }

    #[test]
    fn a_selector_belongs_to_its_character() {
        assert_eq!(characters("葛\u{E0100}城"), [('葛', Some('\u{E0100}')), ('城', None)]);
        assert_eq!(drawn("\u{E0100}城"), "城");
    }

    #[test]
    fn signs_without_a_shape_are_left_out() {
        assert_eq!(drawn("浜\u{202E}田\n花\u{0}子"), "浜田 花子");
    }
}
