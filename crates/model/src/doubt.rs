//! What speaks against a tap. A doubt changes the mark on the record, never whether somebody gets in.

use serde::{Deserialize, Serialize};

/// One thing that a leader should look at later. The number is stored and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Doubt {
    /// Nobody is bound to this card yet: a name is needed.
    UnknownCard = 0,
    /// The certificate's validity is over.
    Expired = 1,
    /// The certificate's validity has not begun: often the box's clock is wrong.
    NotYetValid = 2,
    /// The issuer's list carries this certificate.
    Revoked = 3,
    /// There are lists, but none that speaks for this certificate.
    RevocationUnknown = 4,
    /// No pinned issuer signed this certificate.
    UntrustedIssuer = 5,
    /// The certificate is from the test hierarchy and the box is in production.
    TestHierarchy = 6,
    /// The certificate does not parse.
    UnreadableCertificate = 7,
    /// The certificate is sound but not made for this purpose.
    WrongPurpose = 8,
    /// The chip did not answer with the key stored at registration: perhaps a copy.
    ChipMismatch = 9,
    /// The same card was on another reader at the same moment.
    TwoReaders = 10,
    /// The card can be used only with its PIN (a phone) and none was asked for.
    PinNeeded = 11,
    /// The card answers, but none of its applications is known here.
    UnsupportedCard = 12,
    /// The town reported that the issuer's next list carries this certificate; the list itself is not here yet.
    ReportedRevoked = 13,
    /// The card was reported to the town as lost or stolen.
    Stopped = 14,
}

impl Doubt {
    /// Every doubt, in the order of its number.
    pub const ALL: [Self; 15] = [
        Self::UnknownCard,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::RevocationUnknown,
        Self::UntrustedIssuer,
        Self::TestHierarchy,
        Self::UnreadableCertificate,
        Self::WrongPurpose,
        Self::ChipMismatch,
        Self::TwoReaders,
        Self::PinNeeded,
        Self::UnsupportedCard,
        Self::ReportedRevoked,
        Self::Stopped,
    ];
}

/// A set of [`Doubt`]s, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Doubts(u32);

impl Doubts {
    /// No doubt at all.
    pub const NONE: Self = Self(0);

    /// Takes the stored bits; bits that a newer version set are kept.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits to store.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The same set and `doubt`.
    #[must_use]
    pub const fn with(self, doubt: Doubt) -> Self {
        Self(self.0 | 1 << doubt as u8)
    }

    /// Whether `doubt` is in the set.
    pub const fn has(self, doubt: Doubt) -> bool {
        self.0 & 1 << doubt as u8 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The known doubts of the set.
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        Doubt::ALL.into_iter().filter(move |doubt| self.has(*doubt))
    }
}

impl From<Doubt> for Doubts {
    fn from(doubt: Doubt) -> Self {
        Self::NONE.with(doubt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_positions_and_sets_round_trip() {
        for (position, doubt) in Doubt::ALL.into_iter().enumerate() {
            assert_eq!(doubt as usize, position);
            assert_eq!(Doubts::from(doubt).iter().collect::<Vec<_>>(), [doubt]);
        }
        assert_eq!(Doubts::from_bits(1 << 31).bits(), 1 << 31);
    }
}
