//! Recognises a My Number (個人番号) so that it is never taken.

/// Digits of a My Number.
const LENGTH: usize = 12;

/// What stands for a hyphen in numbers, beside the one of ASCII.
const HYPHENS: [char; 11] = ['‐', '‑', '‒', '–', '—', '―', '−', '-', 'ー', 'ｰ', '﹣'];

/// Whether this is a hyphen between digits, in any width.
pub fn is_hyphen(character: char) -> bool {
    character == '-' || HYPHENS.contains(&character)
}

/// Whether a text holds 12 digits whose last one is the check digit of a My Number: alone, as a part of a sentence, in
/// one piece, in groups of four, or divided by spaces and hyphens in any other way. One in eleven other numbers of 12
/// digits fits by chance.
pub fn holds_my_number(text: &str) -> bool {
    if text.len() < LENGTH {
        return false;
    }
    let mut digits = Digits::default();
    for character in text.chars().chain(['.']) {
        let found = match digit(character) {
            Some(digit) => digits.push(digit),
            None if is_hyphen(character) || character.is_whitespace() => digits.end_group(),
            None => digits.end_run(character),
        };
        if found {
            return true;
        }
    }
    false
}

fn digit(character: char) -> Option<u8> {
    match character {
        '0'..='9' => u8::try_from(u32::from(character) - u32::from('0')).ok(),
        '０'..='９' => u8::try_from(u32::from(character) - u32::from('０')).ok(),
        _ => None,
    }
}

/// A run of digits in groups.
#[derive(Default)]
struct Digits {
    last: [u8; LENGTH],
    /// Of the run, of the group, and of the three last groups.
    run: usize,
    group: usize,
    groups: [usize; 3],
    /// Behind a plus sign: a telephone number with its country.
    is_telephone: bool,
}

impl Digits {
    fn push(&mut self, digit: u8) -> bool {
        self.last.rotate_left(1);
        if let Some(last) = self.last.last_mut() {
            *last = digit;
        }
        self.run += 1;
        self.group += 1;
        false
    }

    fn end_group(&mut self) -> bool {
        if self.group == 0 {
            return false;
        }
        let [_, second, third] = self.groups;
        self.groups = [second, third, self.group];
        let is_one = self.group == LENGTH || self.groups == [4, 4, 4];
        self.group = 0;
        is_one && self.fits()
    }

    fn end_run(&mut self, by: char) -> bool {
        let is_one = self.end_group() || self.run == LENGTH && self.fits();
        *self = Self { last: self.last, is_telephone: by == '+' || by == '＋', ..Self::default() };
        is_one
    }

    /// The check digit of the ministerial order (平成26年総務省令第85号, art. 5).
    fn fits(&self) -> bool {
        let [numbers @ .., check] = &self.last;
        let weights = (1..=11).map(|place| if place <= 6 { place + 1 } else { place - 5 });
        let sum: u32 =
            numbers.iter().rev().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        let expected = match sum % 11 {
            0 | 1 => 0,
            remainder => 11 - remainder,
        };
        !self.is_telephone && u32::from(*check) == expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_fits_is_found_in_any_form() {
        for text in [
            "123456789018",
            "1234-5678-9018",
            "1234 5678 9018",
            "１２３４ー５６７８　９０１８",
            "番号は123456789018です",
            "電話 0884-77-1111 1234-5678-9018 まで",
            "12-345678-9018",
            "000000000000",
            "000000000060",
        ] {
            assert!(holds_my_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_not() {
        for last in (0..10).filter(|last| *last != 8) {
            assert!(!holds_my_number(&format!("12345678901{last}")), "{last}");
        }
        for text in ["12345678901", "1234567890182", "0884-77-1111", "+123456789018", "1234.5678.9018", ""] {
            assert!(!holds_my_number(text), "{text}");
        }
    }
}
