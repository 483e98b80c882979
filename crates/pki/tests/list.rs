//! Revocation lists: what is taken, what is refused, and what they then say.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;
use hinamori_pki::{
    CardCertificate, CrlRefused, Purpose, Revocation, TestHierarchies, UnknownReason, Verifier,
};
use hinamori_sim::ca::{CrlSpec, DistributionPointName, Extension, Hierarchy, Holder, Municipality, NOW, id};

fn jpki() -> Hierarchy {
    Hierarchy::jpki_auth(1)
}

fn verifier() -> Verifier {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(jpki().anchor_der()).unwrap();
    verifier
}

fn holder() -> Holder {
    Holder::numbered(7)
}

fn list(number: u64) -> CrlSpec {
    jpki().crl(&holder().municipality, number, NOW)
}

fn revocation(verifier: &Verifier) -> Revocation {
    let certificate = CardCertificate::parse(&jpki().issue(&holder()).certificate).unwrap();
    verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).unwrap().revocation()
}

#[track_caller]
fn refused(list: &CrlSpec, error: CrlRefused) {
    let mut verifier = verifier();
    assert_eq!(verifier.add_crl(&list.issue(), &[], NOW), Err(error));
    assert_eq!(verifier.card_data_as_of(), None);
}

#[test]
fn a_list_says_listed_or_not_listed_as_of_its_time() {
    let mut verifier = verifier();
    let taken = verifier.add_crl(&list(1).issue(), &[], NOW).unwrap();
    assert_eq!((taken.this_update, taken.entries), (NOW, 0));
    assert_eq!(revocation(&verifier), Revocation::NotRevoked { as_of: NOW });
    let at = UnixMillis::new(NOW.get() - 86_400_000);
    let serial = jpki().issue(&holder()).serial;
    let next = list(2).revoking(&Holder::numbered(8).serial(), NOW, 4).revoking(&serial, at, 1);
    assert_eq!(verifier.add_crl(&next.issue(), &[], NOW).unwrap().entries, 2);
    assert_eq!(revocation(&verifier), Revocation::Revoked { at, reason: 1 });
}

#[test]
fn a_list_never_goes_backwards() {
    let mut verifier = verifier();
    let serial = jpki().issue(&holder()).serial;
    let revoking = list(300).revoking(&serial, NOW, 1);
    verifier.add_crl(&revoking.issue(), &[], NOW).unwrap();
    // An older list is no error and changes nothing; 255 and 300 differ in length.
    verifier.add_crl(&list(255).issue(), &[], NOW).unwrap();
    assert!(matches!(revocation(&verifier), Revocation::Revoked { .. }));
    verifier.add_crl(&revoking.issue(), &[], NOW).unwrap();
    assert_eq!(verifier.add_crl(&list(300).issue(), &[], NOW), Err(CrlRefused::SameNumber));
    assert!(matches!(revocation(&verifier), Revocation::Revoked { .. }));
}

#[test]
fn another_partition_says_nothing_of_this_card() {
    let mut verifier = verifier();
    let elsewhere = Municipality {
        code: "36202".to_owned(),
        prefecture: "Tokushima-ken".to_owned(),
        city: "Elsewhere".to_owned(),
    };
    verifier.add_crl(&jpki().crl(&elsewhere, 1, NOW).issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier), Revocation::Unknown { why: UnknownReason::NoListForPartition });
}

#[test]
fn each_rule_of_a_list_refuses_the_nearest_wrong_one() {
    let number = |spec: CrlSpec, kind| spec.without(kind);
    refused(
        &CrlSpec { signer: Hierarchy::jpki_auth(2).issuing_key().clone(), ..list(1) },
        CrlRefused::WrongSigner,
    );
    refused(&CrlSpec { version: None, ..list(1) }, CrlRefused::Malformed);
    refused(&CrlSpec { next_update: None, ..list(1) }, CrlRefused::NoNextUpdate);
    refused(&number(list(1), &id::CRL_NUMBER), CrlRefused::NoNumber);
    refused(&number(list(1), &id::ISSUING_DISTRIBUTION_POINT), CrlRefused::NoDistributionPoint);
    let delta = Extension::new(id::DELTA_CRL_INDICATOR, true, vec![2, 1, 1]);
    refused(&list(1).with(delta), CrlRefused::Delta);
    let unknown = Extension::new(ObjectIdentifier::new_unwrap("1.2.3.4"), true, vec![5, 0]);
    refused(&list(1).with(unknown), CrlRefused::UnknownCriticalExtension);
    let mut indirect = Extension::issuing_distribution_point(&DistributionPointName::Address(
        "http://crl.example.jp/a.crl".to_owned(),
    ));
    // [4] indirectCRL TRUE behind the name.
    indirect.value.extend([0x84, 1, 0xFF]);
    *indirect.value.get_mut(1).unwrap() += 3;
    refused(&list(1).with(indirect), CrlRefused::OtherKind);
}

#[test]
fn cut_longer_and_bent_lists_are_refused() {
    let der = list(1).revoking(&[1, 2, 3, 4], NOW, 1).issue();
    let mut verifier = verifier();
    for length in 0..der.len() {
        assert!(verifier.add_crl(&der[..length], &[], NOW).is_err(), "{length}");
    }
    assert_eq!(verifier.add_crl(&[der.as_slice(), &[0]].concat(), &[], NOW), Err(CrlRefused::Malformed));
    for position in 0..der.len() {
        let mut bent = der.clone();
        bent[position] ^= 1;
        assert!(verifier.add_crl(&bent, &[], NOW).is_err(), "{position}");
    }
    assert_eq!(verifier.card_data_as_of(), None);
}
