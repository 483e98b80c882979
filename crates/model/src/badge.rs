//! Numbered badges (名札): printed before anybody needs them, given out now, named later.
//!
//! | Text | What |
//! |---|---|
//! | `HM1-0012-0042-C-K7Q2MZ4PXN` | what the printed code says: series, number, letter, and 50 bits by the town's key |
//! | `12-42-C-K7` | the same, typed from paper: without leading zeros, and two characters of the ten |
//!
//! A series is one bundle of paper and belongs to one box, so that two boxes never give out the same number. The letter tells
//! the badges of one intake form apart. The characters at the end keep foreign codes out, and two of them keep out most
//! slips of a finger.

use crate::{CardKey, PersonId, TokenKind, TownKey};

/// Characters of the town's mark in a printed code: 5 bits each.
const MARK: usize = 10;
/// Of those, typed from paper.
const TYPED_MARK: usize = 2;
/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "HM1";

/// One badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Badge {
    /// The bundle of paper, from 1.
    pub series: u16,
    /// The intake form in it, from 1.
    pub number: u16,
    /// The badge of the form, from 0 for A.
    pub letter: u8,
}

/// How the code of a badge came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeCode {
    /// A scanner read it.
    Scanned(Badge),
    /// Somebody typed it from paper.
    Typed(Badge),
}

impl BadgeCode {
    /// The badge.
    pub const fn badge(self) -> Badge {
        match self {
            Self::Scanned(badge) | Self::Typed(badge) => badge,
        }
    }
}

impl Badge {
    /// The number for people's eyes: `12-42-C`.
    pub fn printed_number(&self) -> String {
        format!("{}-{}-{}", self.series, self.number, self.letter_char())
    }

    fn letter_char(self) -> char {
        char::from(b'A'.saturating_add(self.letter.min(25)))
    }

    /// What names it as a token of the kind [`TokenKind::Badge`]: the code without the town's mark.
    pub fn identity(self) -> String {
        format!("{PREFIX}-{:04}-{:04}-{}", self.series, self.number, self.letter_char())
    }

    /// What is printed as the code.
    pub fn code(&self, town: &TownKey) -> String {
        format!("{}-{}", self.identity(), self.mark(town))
    }

    /// What is printed beside the code, for whoever has to type it.
    pub fn typed_code(&self, town: &TownKey) -> String {
        let mark: String = self.mark(town).chars().take(TYPED_MARK).collect();
        format!("{}-{mark}", self.printed_number())
    }

    /// Which token it is.
    pub fn card_key(&self, town: &TownKey) -> CardKey {
        town.card_key(TokenKind::Badge, self.identity().as_bytes())
    }

    /// Whom it stands for until somebody names them.
    pub fn person(&self, town: &TownKey) -> PersonId {
        town.person_of_unknown_card(self.card_key(town))
    }

    fn mark(self, town: &TownKey) -> String {
        let bits = u128::from_be_bytes(town.mac16(b"badge", self.identity().as_bytes()));
        let digit = |place: usize| {
            let index = usize::try_from(bits >> (123 - 5 * place) & 31).unwrap_or_default();
            char::from(DIGITS.get(index).copied().unwrap_or(b'0'))
        };
        (0..MARK).map(digit).collect()
    }

    /// The badge of this town that a text names; `None` for any other text. Small letters, spaces around and the letters
    /// that look like digits (I, L, O) are forgiven.
    pub fn read(text: &str, town: &TownKey) -> Option<BadgeCode> {
        let text = text.trim();
        if text.len() > 40 {
            return None;
        }
        let text = text.to_ascii_uppercase();
        let (rest, mark) = text.rsplit_once('-')?;
        let (is_scanned, rest) = match rest.strip_prefix(PREFIX) {
            Some(rest) => (true, rest.strip_prefix('-')?),
            None => (false, rest),
        };
        let mut parts = rest.split('-');
        let mut number = || parts.next()?.parse::<u16>().ok().filter(|number| *number > 0);
        let (series, number) = (number()?, number()?);
        let [letter @ b'A'..=b'Z'] = parts.next()?.as_bytes() else { return None };
        if parts.next().is_some() {
            return None;
        }
        let badge = Self { series, number, letter: letter.saturating_sub(b'A') };
        let wanted = badge.mark(town);
        let said: String = mark.chars().map(as_digit).collect();
        match is_scanned {
            true => (said == wanted).then_some(BadgeCode::Scanned(badge)),
            false => {
                let is_long = said.len() >= TYPED_MARK;
                (is_long && wanted.starts_with(&said)).then_some(BadgeCode::Typed(badge))
            }
        }
    }
}

const fn as_digit(character: char) -> char {
    match character {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWN: TownKey = TownKey::new([7; 32]);
    const BADGE: Badge = Badge { series: 12, number: 42, letter: 2 };

    #[test]
    fn what_is_printed_is_read_again_and_only_in_its_town() {
        let code = BADGE.code(&TOWN);
        assert!(code.starts_with("HM1-0012-0042-C-") && code.len() == 26, "{code}");
        assert_eq!(Badge::read(&code, &TOWN), Some(BadgeCode::Scanned(BADGE)));
        assert_eq!(
            Badge::read(&format!(" {}\n", code.to_lowercase()), &TOWN),
            Some(BadgeCode::Scanned(BADGE))
        );
        assert_eq!(Badge::read(&code, &TownKey::new([8; 32])), None);
        let typed = BADGE.typed_code(&TOWN);
        assert!(typed.starts_with("12-42-C-") && typed.len() == 10, "{typed}");
        assert_eq!(Badge::read(&typed, &TOWN), Some(BadgeCode::Typed(BADGE)));
        assert_eq!(BadgeCode::Typed(BADGE).badge().person(&TOWN), BADGE.person(&TOWN));
    }

    #[test]
    fn a_slip_of_the_finger_and_foreign_texts_are_no_badge() {
        let code = BADGE.code(&TOWN);
        let typed = BADGE.typed_code(&TOWN);
        let without = |text: &str| text.rsplit_once('-').unwrap().0.to_owned();
        for wrong in [
            code.replace("0042", "0043"),
            code.replace("-C-", "-D-"),
            typed.replace("42", "43"),
            without(&code),
            without(&typed),
            format!("{typed}-A"),
            typed.split_at(typed.len() - 1).0.to_owned(),
            "HM1-0000-0042-C-0000000000".to_owned(),
            "0-1-A-00".to_owned(),
            "https://example.jp/1-2-A-00".to_owned(),
            "名札".to_owned(),
            "-".repeat(500),
            String::new(),
        ] {
            assert_eq!(Badge::read(&wrong, &TOWN), None, "{wrong}");
        }
    }

    #[test]
    fn every_badge_has_a_mark_of_its_own() {
        let marks = (1..200).flat_map(|number| (0..6).map(move |letter| Badge { series: 1, number, letter }));
        let codes: std::collections::BTreeSet<_> = marks.map(|badge| badge.mark(&TOWN)).collect();
        assert_eq!(codes.len(), 199 * 6);
    }
}
