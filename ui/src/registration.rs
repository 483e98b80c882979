//! カードで 登録: what a leader has typed of a holder's secret, and whether the card is waited for.

use std::fmt;

use hinamori_ipc::{AttributeSecret, SecretDigits};

/// What opens the attributes of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretKind {
    /// 暗証番号, 4 digits.
    Pin,
    /// 照合番号B, 14 digits.
    CheckNumberB,
}

impl SecretKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pin, Self::CheckNumberB];

    /// How many digits it has.
    pub const fn length(self) -> usize {
        match self {
            Self::Pin => 4,
            Self::CheckNumberB => SecretDigits::MOST,
        }
    }
}

/// How far a registration is. Nothing of the digits can be printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Registration {
    /// What does the holder know?
    #[default]
    Choosing,
    /// Its digits are typed.
    Typing {
        /// What it is.
        kind: SecretKind,
        /// So far.
        digits: SecretDigits,
    },
    /// The daemon has it and waits for the card.
    AwaitingCard,
}

/// What is touched on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationKey {
    /// What the holder knows.
    Choose(SecretKind),
    /// A digit of it.
    Digit(Digit),
    /// The last digit was wrong.
    Delete,
    /// All of it is typed.
    Read,
}

/// One digit of a secret: cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digit(pub char);

impl fmt::Debug for Digit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Digit(hidden)")
    }
}

impl Registration {
    /// Takes a touch; gives the secret that is to be handed to the daemon, which leaves nothing of it here.
    pub(crate) fn press(&mut self, key: &RegistrationKey) -> Option<AttributeSecret> {
        match (key, &mut *self) {
            (RegistrationKey::Choose(kind), Self::Choosing) => {
                *self = Self::Typing { kind: *kind, digits: SecretDigits::default() };
            }
            (RegistrationKey::Digit(Digit(digit)), Self::Typing { kind, digits })
                if digits.length() < kind.length() =>
            {
                digits.push(*digit);
            }
            (RegistrationKey::Delete, Self::Typing { digits, .. }) => digits.pop(),
            (RegistrationKey::Read, Self::Typing { kind, digits }) if digits.length() == kind.length() => {
                let digits = std::mem::take(digits);
                let secret = match kind {
                    SecretKind::Pin => AttributeSecret::Pin(digits),
                    SecretKind::CheckNumberB => AttributeSecret::CheckNumberB(digits),
                };
                *self = Self::AwaitingCard;
                return Some(secret);
            }
            _ => {}
        }
        None
    }

    /// One step back; `false` when there is none, also while the card is awaited: whoever goes back then wants no card
    /// read, and the page before it asks the daemon for its list, which takes the secret back.
    pub(crate) fn back(&mut self) -> bool {
        matches!(std::mem::take(self), Self::Typing { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(kind: SecretKind, text: &str) -> Registration {
        let mut registration = Registration::default();
        assert_eq!(registration.press(&RegistrationKey::Choose(kind)), None);
        for digit in text.chars() {
            assert_eq!(registration.press(&RegistrationKey::Digit(Digit(digit))), None);
        }
        registration
    }

    #[test]
    fn only_a_whole_secret_is_handed_over_and_nothing_of_it_stays() {
        let mut short = typed(SecretKind::Pin, "123");
        assert_eq!(short.press(&RegistrationKey::Read), None);
        let mut whole = typed(SecretKind::Pin, "12345");
        let Some(AttributeSecret::Pin(digits)) = whole.press(&RegistrationKey::Read) else { panic!() };
        assert_eq!((digits.expose(), whole.clone()), ("1234", Registration::AwaitingCard));
        assert_eq!(whole.press(&RegistrationKey::Read), None, "once");
        let mut number = typed(SecretKind::CheckNumberB, "35010120291239");
        number.press(&RegistrationKey::Delete);
        number.press(&RegistrationKey::Digit(Digit('4')));
        let Some(AttributeSecret::CheckNumberB(digits)) = number.press(&RegistrationKey::Read) else {
            panic!()
        };
        assert_eq!(digits.expose(), "35010120291234");
    }

    #[test]
    fn digits_are_never_printed() {
        let typing = typed(SecretKind::Pin, "12");
        let printed = format!("{typing:?} {:?}", RegistrationKey::Digit(Digit('7')));
        assert!(!printed.contains(|sign: char| sign.is_ascii_digit()), "{printed}");
    }

    #[test]
    fn back_leads_to_the_choice_and_then_out() {
        let mut typing = typed(SecretKind::Pin, "12");
        assert!(typing.back() && typing == Registration::Choosing);
        assert!(!typing.back());
    }
}
