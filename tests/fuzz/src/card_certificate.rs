//! A card's certificate, and as much of its path as is looked at before any signature.

use hinamori_pki::{CardCertificate, Purpose, TestHierarchies, Verifier};
use hinamori_sim::ca::{Hierarchy, Holder, NOW};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(certificate) = CardCertificate::parse(bytes) else { return };
    let verifier = Verifier::new(TestHierarchies::Refuse);
    for purpose in [Purpose::JpkiAuthentication, Purpose::HpkiSignature] {
        let checked = verifier.check(&certificate, &[bytes], purpose, NOW);
        assert!(checked.is_err(), "believed without an anchor");
    }
    drop(certificate.stated_health_roles());
}

pub(crate) fn seeds() -> crate::Seeds {
    let (card, health) = (Hierarchy::jpki_auth(1), Hierarchy::hpki_auth(1));
    vec![
        ("seed-card", card.issue(&Holder::numbered(7)).certificate),
        ("seed-health", health.issue(&Holder::numbered(9)).certificate),
        ("seed-anchor", card.anchor_der().to_vec()),
    ]
}
