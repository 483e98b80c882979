//! カードで登録: a card's own attributes say whose it is. The secret that opens them, and what comes of it.

use std::fmt;

use hinamori_model::PersonId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::FoundPerson;

/// What a holder says so that the card shows its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeSecret {
    /// 暗証番号, 4 digits.
    Pin(SecretDigits),
    /// 照合番号B, 14 digits put together from the printed face of the card.
    CheckNumberB(SecretDigits),
}

/// Digits of a secret: cannot be printed, cleared when dropped.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretDigits(String);

impl SecretDigits {
    /// The most digits that a secret has. One that grows has room from the start, or it would leave copies behind.
    pub const MOST: usize = 14;

    /// How many there are.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// The digits, for whoever presents them to the card.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Adds one; nothing after the fourteenth, and nothing that is no digit.
    pub fn push(&mut self, digit: char) {
        if digit.is_ascii_digit() && self.0.len() < Self::MOST {
            self.0.reserve_exact(Self::MOST.saturating_sub(self.0.len()));
            self.0.push(digit);
        }
    }

    /// Takes the last one back.
    pub fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Debug for SecretDigits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretDigits(hidden)")
    }
}

impl Drop for SecretDigits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Somebody of the roster whom the card may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub found: FoundPerson,
    /// What speaks for and against it.
    pub agreement: Agreement,
}

/// How the card's attributes stand to those of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// 名前
    pub name: Compared,
    /// 生年月日
    pub birth: Compared,
    /// 性別
    pub sex: Compared,
    /// 住所
    pub address: Compared,
}

/// How one attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// 同じ
    Agrees,
    /// ちがう
    Differs,
    /// The card or the roster does not say.
    NotKnown,
}

/// Who a card may belong to, as its attributes say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidates {
    /// The id that stands for the card until it is known whose it is; a name can be given to it.
    pub nameless: PersonId,
    /// At most three, the best first; empty when nobody fits.
    pub people: Vec<Candidate>,
    /// Whether the issuer of the card signed its attributes, by a key that this box knows.
    pub signed: bool,
}

/// Why a card's attributes were not read. The person is received all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeFault {
    /// The secret is wrong.
    Wrong {
        /// Tries that the card has left; `None` when it does not count.
        tries_left: Option<u8>,
    },
    /// The secret is blocked, or was never set: the town hall can open it again.
    Blocked,
    /// One try is left, or the card does not say how many: it stays the holder's, and nothing was presented.
    LastTry,
    /// The card carries no such attributes.
    NotThere,
    /// The card left too early, or its files are no use.
    NotRead,
    /// The signature over the attributes does not hold.
    NotSigned,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, FromKiosk, decode, encode};

    fn digits(text: &str) -> SecretDigits {
        let mut digits = SecretDigits::default();
        text.chars().for_each(|digit| digits.push(digit));
        digits
    }

    #[test]
    fn a_secret_travels_and_is_never_printed() {
        let secret = AttributeSecret::CheckNumberB(digits("35010120291234"));
        let said = FromKiosk::Command(Command::ReadAttributes { secret });
        assert!(!format!("{said:?} {said:#?}").contains(|sign: char| sign.is_ascii_digit()));
        let frame = encode(&said).unwrap();
        let heard: FromKiosk = decode(frame.get(4..).unwrap()).unwrap();
        assert_eq!(heard, said);
    }

    #[test]
    fn only_digits_are_taken_and_not_too_many() {
        assert_eq!(digits("0 4x１17").expose(), "0417");
        assert_eq!(digits("123456789012345").length(), SecretDigits::MOST);
        let mut some = digits("12");
        some.pop();
        some.pop();
        some.pop();
        assert_eq!(some.length(), 0);
    }
}
