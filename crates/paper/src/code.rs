//! QR codes (ISO/IEC 18004): what is in them, and how they are drawn.

use std::fmt;

use qrcode::{Color, EcLevel, QrCode};

use crate::area::Area;
use crate::sheet::Sheet;

/// Fits a code of 29 modules a side with error correction M.
pub const MOST_CODE_CHARACTERS: usize = 61;
/// What a scanner needs to be white around a code, in modules on each side.
const QUIET_ZONE: f32 = 4.0;
/// The widest code that is still made with the stronger error correction Q.
const WIDEST_STRONG: usize = 29;
/// A dot of a laser printer at 600 dpi in millimetres. Modules of whole dots come out alike.
const DOT: f32 = 25.4 / 600.0;

/// The text cannot stand in a QR code of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// There is no text.
    #[error("the text for a QR code is empty")]
    Empty,
    /// The code would be too fine for a small badge.
    #[error("the text for a QR code has {characters} characters, at most {MOST_CODE_CHARACTERS} fit")]
    TooLong {
        /// How many it has.
        characters: usize,
    },
    /// Only digits, capital letters, space and `$%*+-./:` keep the code coarse.
    #[error("the text for a QR code has a character other than 0-9, A-Z, space and $%*+-./:")]
    Character,
}

/// The QR code of a badge or a slip. Its text may be as good as a key: `Debug` hides it.
#[derive(Clone)]
pub struct BadgeCode {
    /// How many modules a side has.
    width: usize,
    /// Row by row, true for black.
    modules: Vec<bool>,
}

impl fmt::Debug for BadgeCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BadgeCode(hidden)")
    }
}

impl BadgeCode {
    /// Makes the code of a text.
    ///
    /// # Errors
    /// [`BadCode`] when the text is empty, too long or not of the alphanumeric characters of QR codes.
    pub fn new(text: &str) -> Result<Self, BadCode> {
        let characters = text.chars().count();
        if characters == 0 {
            return Err(BadCode::Empty);
        }
        if characters > MOST_CODE_CHARACTERS {
            return Err(BadCode::TooLong { characters });
        }
        if !text.chars().all(|one| matches!(one, '0'..='9' | 'A'..='Z') || " $%*+-./:".contains(one)) {
            return Err(BadCode::Character);
        }
        let made = |level| QrCode::with_error_correction_level(text, level).ok();
        let strong = made(EcLevel::Q).filter(|code| code.width() <= WIDEST_STRONG);
        let code = strong.or_else(|| made(EcLevel::M)).ok_or(BadCode::TooLong { characters })?;
        let width = code.width();
        Ok(Self { width, modules: code.into_colors().into_iter().map(|one| one == Color::Dark).collect() })
    }

    /// Modules of a side with the quiet zone.
    fn count(&self) -> f32 {
        f32::from(u16::try_from(self.width).unwrap_or(u16::MAX)) + 2.0 * QUIET_ZONE
    }

    /// How large a module is in a square of this side, in millimetres.
    fn module(&self, side: f32) -> f32 {
        ((side / self.count() / DOT).floor() * DOT).max(DOT)
    }

    /// Draws it into the middle of a square, its quiet zone inside the square, on white.
    pub(crate) fn draw(&self, sheet: &mut Sheet<'_, '_>, area: Area) {
        let square = area.square();
        let module = self.module(square.width);
        let edge = (square.width - self.count() * module) / 2.0 + QUIET_ZONE * module;
        sheet.white(square);
        // Bars in whole modules: short numbers in the file, and two hundred cards have a million of them.
        let mut bars = Vec::new();
        for (row, top) in self.modules.chunks(self.width).zip(0_u16..) {
            let mut left = 0.0;
            for run in row.chunk_by(|one, next| one == next) {
                let width = f32::from(u16::try_from(run.len()).unwrap_or(u16::MAX));
                if run.first() == Some(&true) {
                    bars.push(Area::new(left, f32::from(top), width, 1.0));
                }
                left += width;
            }
        }
        sheet.black_in_units(square.part(edge, edge, module, module), &bars);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::CODE_SIDE;

    #[test]
    fn the_longest_text_has_modules_of_half_a_millimetre_on_the_smallest_badge() {
        let code = BadgeCode::new(&"Z".repeat(MOST_CODE_CHARACTERS)).unwrap();
        assert!(code.module(CODE_SIDE) >= 0.5, "{}", code.module(CODE_SIDE));
        assert_eq!(format!("{code:?}"), "BadgeCode(hidden)");
    }

    #[test]
    fn what_would_not_be_read_is_refused() {
        assert_eq!(BadgeCode::new("").unwrap_err(), BadCode::Empty);
        assert_eq!(BadgeCode::new("abc").unwrap_err(), BadCode::Character);
        assert_eq!(BadgeCode::new(&"A".repeat(62)).unwrap_err(), BadCode::TooLong { characters: 62 });
    }
}
