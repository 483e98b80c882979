//! What speaks against a tap. A doubt changes the mark on the record, never whether somebody gets in.

use crate::code::{bit_set, code};

code! {
/// One thing that a leader should look at later.
Doubt {
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
    /// 別室で相談: the person asked to speak to somebody alone.
    AsksForRoom = 15,
}
}

bit_set! {
    /// A set of [`Doubt`]s, one bit each.
    Doubts of Doubt
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
        for (position, doubt) in Doubt::ALL.iter().copied().enumerate() {
            assert_eq!(doubt as usize, position);
            assert_eq!(Doubts::from(doubt).iter().collect::<Vec<_>>(), [doubt]);
        }
        assert_eq!(Doubts::from_bits(1 << 31).bits(), 1 << 31);
    }
}
