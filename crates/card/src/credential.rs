//! PINs, passwords and check numbers: checked before they cost a try, cleared on drop, never printed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroizing;

/// Why a text is no PIN of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// Too short or too long.
    #[error("{length} characters, but {minimum} to {maximum} are needed")]
    Length {
        /// Characters given.
        length: usize,
        /// At least.
        minimum: usize,
        /// At most.
        maximum: usize,
    },
    /// A character that this kind does not have.
    #[error("a character that is not allowed here")]
    Character,
}

/// The bytes for VERIFY.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Checks `text` and turns each of its characters into the byte that the card compares.
    fn new(
        text: &str,
        minimum: usize,
        maximum: usize,
        byte: fn(char) -> Option<u8>,
    ) -> Result<Self, CredentialError> {
        let length = text.chars().count();
        if !(minimum..=maximum).contains(&length) {
            return Err(CredentialError::Length { length, minimum, maximum });
        }
        // Room for everything at once: a growing buffer would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(maximum));
        for character in text.chars() {
            bytes.push(byte(character).ok_or(CredentialError::Character)?);
        }
        Ok(Self(bytes))
    }
}

/// Generates a credential: its text's length and the way from a character to the card's byte.
macro_rules! credential {
    ($(#[$doc:meta])* $name:ident, $length:expr, $byte:expr) => {
        $(#[$doc])*
        pub struct $name(Secret);

        impl $name {
            pub(crate) const fn secret(&self) -> &Secret {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = CredentialError;

            fn from_str(text: &str) -> Result<Self, CredentialError> {
                let length: std::ops::RangeInclusive<usize> = $length;
                Ok(Self(Secret::new(text, *length.start(), *length.end(), $byte)?))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    };
}

credential! {
    /// The four digits for the authentication key, or those for the attributes: a My Number card has both,
    /// and they may differ.
    Pin, 4..=4, digit
}
credential! {
    /// The password of the signature certificate: 6 to 16 letters and digits. The card knows capital letters
    /// only, so that small ones are made capital.
    Password, 6..=16, capital_or_digit
}
credential! {
    /// 照合番号B: the 14 digits that can be put together from the printed face of a My Number card, which are
    /// the birth date with the year of the Japanese era (YYMMDD), the year of expiry (YYYY) and the security
    /// code (4 digits).
    CheckNumberB, 14..=14, digit
}
credential! {
    /// The PIN of a health professional's card: 4 to 16 printable ASCII characters.
    HealthPin, 4..=16, printable
}

fn digit(character: char) -> Option<u8> {
    character.is_ascii_digit().then(|| u8::try_from(character).ok()).flatten()
}

fn capital_or_digit(character: char) -> Option<u8> {
    let capital = character.to_ascii_uppercase();
    capital.is_ascii_alphanumeric().then(|| u8::try_from(capital).ok()).flatten()
}

fn printable(character: char) -> Option<u8> {
    character.is_ascii_graphic().then(|| u8::try_from(character).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_the_kind_are_taken() {
        let length = |length, minimum, maximum| Err(CredentialError::Length { length, minimum, maximum });
        let pin = |text: &str| text.parse::<Pin>().map(|pin| pin.secret().bytes().to_vec());
        assert_eq!(pin("0417"), Ok(b"0417".to_vec()));
        assert_eq!(pin("041"), length(3, 4, 4));
        assert_eq!(pin("04171"), length(5, 4, 4));
        assert_eq!(pin("041x"), Err(CredentialError::Character));
        assert_eq!(pin("０４１７"), Err(CredentialError::Character));
        assert!("35010120291234".parse::<CheckNumberB>().is_ok());
        assert!("3501012029123".parse::<CheckNumberB>().is_err());
        assert!("a b4".parse::<HealthPin>().is_err());
        assert!("a-b4".parse::<HealthPin>().is_ok());
    }

    #[test]
    fn a_password_is_made_capital() {
        let password = "umi2kaze".parse::<Password>().unwrap();
        assert_eq!(password.secret().bytes(), b"UMI2KAZE");
        assert_eq!("umi-kaze".parse::<Password>().unwrap_err(), CredentialError::Character);
        assert!("umi2k".parse::<Password>().is_err());
    }

    #[test]
    fn nothing_of_it_can_be_printed() {
        let pin = "0417".parse::<Pin>().unwrap();
        let password = "UMI2KAZE".parse::<Password>().unwrap();
        assert_eq!(format!("{pin:?} {pin:#?} {password:?}"), "Pin(hidden) Pin(hidden) Password(hidden)");
    }
}
