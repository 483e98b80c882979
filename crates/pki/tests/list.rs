//! Revocation lists: what is taken, what is refused, and what they then say.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

mod support;

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;
use hinamori_pki::{
    Age, CardCertificate, CrlRefused, Purpose, Revocation, TestHierarchies, UnknownReason, Verifier,
};
use hinamori_sim::ca::{
    CrlSpec, DistributionPointName, Extension, Hierarchy, HierarchySpec, Holder, Municipality, NOW, Name,
    Profile, asn1, id,
};

use support::{jpki, verifier};

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
    assert_eq!(revocation(&verifier), Revocation::NotRevoked { as_of: NOW, age: Age::Fresh });
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
fn a_list_ages_and_what_it_names_stays_revoked_whatever_the_clock_says() {
    const DAY: u64 = 86_400_000;
    let long_lived = Holder {
        not_before: UnixMillis::new(NOW.get() - 3_660 * DAY),
        not_after: NOW.plus(3_660 * DAY),
        ..holder()
    };
    let authority = Hierarchy::new(HierarchySpec {
        not_before: UnixMillis::new(NOW.get() - 3_660 * DAY),
        not_after: NOW.plus(3_660 * DAY),
        ..HierarchySpec::new(Profile::JpkiAuth, 1)
    });
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(authority.anchor_der()).unwrap();
    let list = authority.crl(&holder().municipality, 1, NOW);
    verifier.add_crl(&list.issue(), &[], NOW).unwrap();
    let certificate = CardCertificate::parse(&authority.issue(&long_lived).certificate).unwrap();
    let says = |verifier: &Verifier, now| {
        verifier.check(&certificate, &[], Purpose::JpkiAuthentication, now).unwrap().revocation()
    };
    let next = list.next_update.unwrap();
    let aged = |age| Revocation::NotRevoked { as_of: NOW, age };
    let decade = 3_650 * DAY;
    for (now, age) in [
        (UnixMillis::new(NOW.get() - decade), Age::Fresh),
        (next, Age::Fresh),
        (next.plus(1), Age::Stale),
        (next.plus(3 * DAY), Age::Stale),
        (next.plus(3 * DAY + 1), Age::TooOld),
        (NOW.plus(decade), Age::TooOld),
    ] {
        assert_eq!(says(&verifier, now), aged(age), "{now:?}");
    }
    verifier.set_grace(0);
    assert_eq!(says(&verifier, next.plus(1)), aged(Age::TooOld));
    let naming = list.with(Extension::crl_number(2)).revoking(&holder().serial(), NOW, 1);
    verifier.add_crl(&naming.issue(), &[], NOW).unwrap();
    for now in [UnixMillis::new(NOW.get() - decade), NOW, next.plus(1), NOW.plus(decade)] {
        assert_eq!(says(&verifier, now), Revocation::Revoked { at: NOW, reason: 1 }, "{now:?}");
    }
}

/// One distribution point of these names, as certificates and lists write it.
fn point(names: &[Vec<u8>]) -> Vec<u8> {
    asn1::sequence(&[asn1::context(0, &asn1::context(0, &names.concat()))])
}

fn directory(name: &str) -> Vec<u8> {
    asn1::context(4, &Name::country().cn(name).der())
}

fn idp(names: &[Vec<u8>]) -> Extension {
    Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, point(names))
}

fn revocation_of(verifier: &Verifier, points: &[Vec<u8>]) -> Revocation {
    let points = Extension::new(id::CRL_DISTRIBUTION_POINTS, false, asn1::sequence(points));
    let spec = jpki().certificate(&holder()).with(points);
    let certificate = CardCertificate::parse(&spec.issue().certificate).unwrap();
    verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).unwrap().revocation()
}

#[test]
fn listed_on_any_list_that_speaks_for_the_card_is_revoked() {
    let points = [point(&[directory("a")]), point(&[directory("b")])];
    let earlier = UnixMillis::new(NOW.get() - 86_400_000);
    let silent = CrlSpec { this_update: NOW, ..list(1) };
    let old = CrlSpec { this_update: earlier, ..list(1) };
    for (listing, quiet) in [("a", "b"), ("b", "a")] {
        let mut verifier = verifier();
        verifier.add_crl(&silent.clone().with(idp(&[directory(quiet)])).issue(), &[], NOW).unwrap();
        let empty = old.clone().with(idp(&[directory(listing)]));
        verifier.add_crl(&empty.issue(), &[], NOW).unwrap();
        assert_eq!(revocation_of(&verifier, &points), Revocation::NotRevoked { as_of: NOW, age: Age::Fresh });
        let next = CrlSpec { extensions: empty.extensions.clone(), ..old.clone() }
            .with(Extension::crl_number(2))
            .revoking(&holder().serial(), NOW, 1);
        verifier.add_crl(&next.issue(), &[], NOW).unwrap();
        assert!(matches!(revocation_of(&verifier, &points), Revocation::Revoked { reason: 1, .. }));
    }
}

#[test]
fn a_list_of_several_names_speaks_for_each_and_one_without_for_all() {
    let address = asn1::context_primitive(6, b"http://crl.example.jp/a.crl");
    let mut named = verifier();
    named.add_crl(&list(1).with(idp(&[directory("a"), address.clone()])).issue(), &[], NOW).unwrap();
    for names in [vec![directory("a")], vec![address.clone()], vec![directory("x"), address]] {
        assert_eq!(
            revocation_of(&named, &[point(&names)]),
            Revocation::NotRevoked { as_of: NOW, age: Age::Fresh }
        );
    }
    let why = UnknownReason::NoListForPartition;
    assert_eq!(revocation_of(&named, &[point(&[directory("x")])]), Revocation::Unknown { why });

    let pointless = jpki().certificate(&holder()).without(&id::CRL_DISTRIBUTION_POINTS).issue();
    let pointless = CardCertificate::parse(&pointless.certificate).unwrap();
    let check = |verifier: &Verifier| {
        verifier.check(&pointless, &[], Purpose::JpkiAuthentication, NOW).unwrap().revocation()
    };
    assert_eq!(check(&named), Revocation::Unknown { why: UnknownReason::NoDistributionPoint });
    let mut whole = verifier();
    let all = list(1).without(&id::ISSUING_DISTRIBUTION_POINT).revoking(&holder().serial(), NOW, 4);
    whole.add_crl(&all.issue(), &[], NOW).unwrap();
    assert!(matches!(check(&whole), Revocation::Revoked { reason: 4, .. }));
    assert!(matches!(revocation(&whole), Revocation::Revoked { .. }));
}

#[test]
fn a_higher_number_with_an_earlier_time_is_refused() {
    let mut verifier = verifier();
    verifier.add_crl(&list(5).issue(), &[], NOW).unwrap();
    let older = CrlSpec { this_update: UnixMillis::new(NOW.get() - 1_000), ..list(6) };
    assert_eq!(verifier.add_crl(&older.issue(), &[], NOW), Err(CrlRefused::OlderThanHeld));
    verifier.add_crl(&list(6).issue(), &[], NOW).unwrap();
}

#[test]
fn an_authority_signs_lists_while_it_is_valid_and_a_slow_clock_does_not_matter() {
    let authority =
        |not_after| Hierarchy::new(HierarchySpec { not_after, ..HierarchySpec::new(Profile::JpkiAuth, 1) });
    let take = |of: &Hierarchy, now| {
        let mut verifier = Verifier::new(TestHierarchies::Refuse);
        verifier.pin_anchor(of.anchor_der()).unwrap();
        verifier.add_crl(&of.crl(&holder().municipality, 1, NOW).issue(), &[], now).map(drop)
    };
    let ended = authority(UnixMillis::new(NOW.get() - 1_000));
    assert_eq!(take(&ended, NOW), Err(CrlRefused::SignerNotValid));
    assert_eq!(take(&ended, UnixMillis::new(0)), Err(CrlRefused::SignerNotValid));
    assert_eq!(take(&authority(NOW), NOW), Ok(()));
    assert_eq!(take(&authority(NOW), UnixMillis::new(0)), Ok(()));
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
    let unnamed = Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, vec![4, 0]);
    refused(&list(1).with(unnamed), CrlRefused::NoDistributionPoint);
    refused(&list(1).revoking(&[1, 2, 3], NOW, 8), CrlRefused::TakesBack);
    let mut twice = list(1);
    twice.extensions.push(Extension::crl_number(9));
    refused(&twice, CrlRefused::DuplicateExtension);
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
