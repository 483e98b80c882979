//! From the verifiers' words to what a record carries.

use hinamori_model::{Assurance, BindingAssurance, Doubt, Doubts};
use hinamori_pki::{
    Age, ChipAnswered, ChipMismatch, PathError, Revocation, UnknownReason, VerifiedCertificate,
};
use hinamori_record::{Proof, RevocationMark};

/// On what a tap rests, as the verifiers said it.
#[derive(Debug, Clone, Copy)]
pub enum Evidence<'a> {
    /// A certificate was read; the chip was asked to prove itself when a key for it is stored.
    Certificate {
        /// The path check.
        verdict: Result<&'a VerifiedCertificate, PathError>,
        /// The chip's answer, if it was asked.
        chip: Option<Result<ChipAnswered, ChipMismatch>>,
    },
    /// Bytes that are no certificate stood in its place; the contactless identifier is what is left.
    UnreadableCertificate,
    /// A phone that wants its PIN first; the contactless identifier, if stable, is what is left.
    PinNeeded,
    /// Only a contactless identifier of a card without a known application.
    ContactlessOnly,
}

/// What a record will carry for this evidence; `binding` is the directory's, `None` for an unknown card.
///
/// A certificate that did not pass is a token like another: it is known, it proves nothing. A chip that
/// answered with another key than the stored one is perhaps a copy: the certificate still counts, with a
/// doubt.
pub fn proof_of(evidence: &Evidence<'_>, binding: Option<BindingAssurance>) -> Proof {
    let (assurance, doubts, revocation) = match evidence {
        Evidence::Certificate { verdict: Ok(verified), chip } => of_verified(verified, *chip),
        Evidence::Certificate { verdict: Err(error), chip: _ } => {
            (Assurance::TokenOnly, error.doubt().into(), RevocationMark::NotChecked)
        }
        Evidence::UnreadableCertificate => {
            (Assurance::TokenOnly, Doubt::UnreadableCertificate.into(), RevocationMark::NotChecked)
        }
        Evidence::PinNeeded => (Assurance::TokenOnly, Doubt::PinNeeded.into(), RevocationMark::NotChecked),
        Evidence::ContactlessOnly => (Assurance::TokenOnly, Doubts::NONE, RevocationMark::NotChecked),
    };
    let doubts = if binding.is_none() { doubts.with(Doubt::UnknownCard) } else { doubts };
    Proof { assurance, binding: binding.unwrap_or(BindingAssurance::Declared), doubts, revocation }
}

fn of_verified(
    verified: &VerifiedCertificate,
    chip: Option<Result<ChipAnswered, ChipMismatch>>,
) -> (Assurance, Doubts, RevocationMark) {
    let (mut doubts, revocation) = of_revocation(verified.revocation());
    let assurance = match chip {
        Some(Ok(_answered)) => Assurance::ChipProven,
        Some(Err(ChipMismatch)) => {
            doubts = doubts.with(Doubt::ChipMismatch);
            Assurance::CertificateRead
        }
        None => Assurance::CertificateRead,
    };
    (assurance, doubts, revocation)
}

fn of_revocation(revocation: Revocation) -> (Doubts, RevocationMark) {
    match revocation {
        // A list too old to rely on: the record still says as of when it did not name the card.
        Revocation::NotRevoked { as_of, age: Age::TooOld } => {
            (Doubt::RevocationUnknown.into(), RevocationMark::NotRevoked { as_of })
        }
        Revocation::NotRevoked { as_of, age: Age::Fresh | Age::Stale } => {
            (Doubts::NONE, RevocationMark::NotRevoked { as_of })
        }
        Revocation::Revoked { at, reason: _ } => {
            (Doubt::Revoked.into(), RevocationMark::Revoked { since: at })
        }
        // The authority did not say it: the record says neither that the card was revoked nor that it was not.
        Revocation::Reported { since: _ } => (Doubt::ReportedRevoked.into(), RevocationMark::NotChecked),
        // Where there never was a list nothing can be said of anybody, which is no doubt about this card. Where
        // one was and is lost, the verifier says so by another reason.
        Revocation::Unknown { why: UnknownReason::NoData } => (Doubts::NONE, RevocationMark::NotChecked),
        Revocation::Unknown { why: _ } => (Doubt::RevocationUnknown.into(), RevocationMark::NotChecked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::UnixMillis;

    #[test]
    fn what_did_not_pass_is_a_token_with_its_doubt() {
        let time = UnixMillis::new(5);
        let expired = PathError::Expired { time, not_after: UnixMillis::new(1) };
        let evidence = Evidence::Certificate { verdict: Err(expired), chip: None };
        let proof = proof_of(&evidence, Some(BindingAssurance::AttributesSigned));
        assert_eq!((proof.assurance, proof.doubts), (Assurance::TokenOnly, Doubt::Expired.into()));
        assert_eq!(proof.revocation, RevocationMark::NotChecked);
        for (evidence, doubt) in [
            (Evidence::UnreadableCertificate, Doubt::UnreadableCertificate),
            (Evidence::PinNeeded, Doubt::PinNeeded),
        ] {
            assert_eq!(proof_of(&evidence, Some(BindingAssurance::Declared)).doubts, doubt.into());
        }
    }

    #[test]
    fn a_list_that_is_too_old_is_a_doubt_and_so_is_a_report() {
        let as_of = UnixMillis::new(5);
        let not_revoked = |age| of_revocation(Revocation::NotRevoked { as_of, age });
        let mark = RevocationMark::NotRevoked { as_of };
        assert_eq!(not_revoked(Age::Fresh), (Doubts::NONE, mark));
        assert_eq!(not_revoked(Age::Stale), (Doubts::NONE, mark));
        assert_eq!(not_revoked(Age::TooOld), (Doubt::RevocationUnknown.into(), mark));
        let reported = of_revocation(Revocation::Reported { since: as_of });
        assert_eq!(reported, (Doubt::ReportedRevoked.into(), RevocationMark::NotChecked));
    }

    #[test]
    fn only_a_town_without_lists_has_no_doubt_about_what_is_unknown() {
        let unknown = |why| of_revocation(Revocation::Unknown { why });
        assert_eq!(unknown(UnknownReason::NoData), (Doubts::NONE, RevocationMark::NotChecked));
        for why in
            [UnknownReason::NoListForPartition, UnknownReason::ListBehind, UnknownReason::NoDistributionPoint]
        {
            assert_eq!(
                unknown(why),
                (Doubt::RevocationUnknown.into(), RevocationMark::NotChecked),
                "{why:?}"
            );
        }
    }

    #[test]
    fn an_unknown_card_is_accepted_with_a_doubt() {
        let proof = proof_of(&Evidence::ContactlessOnly, None);
        assert_eq!((proof.doubts, proof.binding), (Doubt::UnknownCard.into(), BindingAssurance::Declared));
        assert!(
            proof_of(&Evidence::ContactlessOnly, Some(BindingAssurance::MatchedByStaff)).doubts.is_empty()
        );
    }
}
