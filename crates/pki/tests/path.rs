//! One refused certificate for each rule of the path check, beside the accepted one it was bent from.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use der::asn1::ObjectIdentifier;
use hinamori_model::{Doubt, UnixMillis};
use hinamori_pki::{
    AnchorError, CardCertificate, PathError, Purpose, Revocation, TestHierarchies, UnknownReason, Verifier,
};
use hinamori_sim::ca::{
    CertificateSpec, Extension, Hierarchy, HierarchySpec, Holder, NOW, Name, Profile, Realm, id,
};
use proptest::prelude::*;

fn verifier(of: &Hierarchy) -> Verifier {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(of.anchor_der()).unwrap();
    verifier
}

fn check_at(
    spec: &CertificateSpec,
    of: &Hierarchy,
    purpose: Purpose,
    now: UnixMillis,
) -> Result<(), PathError> {
    let certificate = CardCertificate::parse(&spec.issue().certificate).unwrap();
    let intermediates: Vec<_> = of.intermediates().collect();
    verifier(of).check(&certificate, &intermediates, purpose, now).map(|_verified| ())
}

#[track_caller]
fn refused(spec: &CertificateSpec, error: PathError) {
    assert_eq!(check_at(spec, &jpki(), Purpose::JpkiAuthentication, NOW), Err(error));
}

fn jpki() -> Hierarchy {
    Hierarchy::jpki_auth(1)
}

fn sound() -> CertificateSpec {
    jpki().certificate(&Holder::numbered(7))
}

#[test]
fn sound_certificates_pass_for_their_purpose_and_no_other() {
    let profiles = [
        (Hierarchy::jpki_auth(1), Purpose::JpkiAuthentication),
        (Hierarchy::jpki_sign(1), Purpose::JpkiSignature),
        (Hierarchy::hpki_auth(1), Purpose::HpkiAuthentication),
        (Hierarchy::hpki_sign(1), Purpose::HpkiSignature),
    ];
    for (hierarchy, own) in &profiles {
        let spec = hierarchy.certificate(&Holder::numbered(7));
        for (_, purpose) in &profiles {
            let outcome = check_at(&spec, hierarchy, *purpose, NOW);
            assert_eq!(outcome.is_ok(), purpose == own, "{own:?} as {purpose:?}: {outcome:?}");
        }
    }
}

#[test]
fn without_any_list_the_answer_is_unknown_and_never_fine() {
    let certificate = CardCertificate::parse(&sound().issue().certificate).unwrap();
    let verified = verifier(&jpki()).check(&certificate, &[], Purpose::JpkiAuthentication, NOW).unwrap();
    assert_eq!(verified.revocation(), Revocation::Unknown { why: UnknownReason::NoData });
}

#[test]
fn validity_counts_to_the_last_second() {
    let spec = sound();
    let at = |now| check_at(&spec, &jpki(), Purpose::JpkiAuthentication, now);
    let (first, last) = (spec.not_before, spec.not_after);
    assert_eq!(at(first), Ok(()));
    assert_eq!(at(last.plus(999)), Ok(()));
    let late = last.plus(1_000);
    assert_eq!(at(late), Err(PathError::Expired { time: late, not_after: last }));
    let early = UnixMillis::new(first.get() - 1);
    assert_eq!(at(early), Err(PathError::NotYetValid { time: early, not_before: first }));
}

#[test]
fn an_authority_that_ended_vouches_for_nobody() {
    let ended = HierarchySpec {
        not_after: UnixMillis::new(NOW.get() - 1_000),
        ..HierarchySpec::new(Profile::JpkiAuth, 1)
    };
    let hierarchy = Hierarchy::new(ended);
    let outcome =
        check_at(&hierarchy.certificate(&Holder::numbered(7)), &hierarchy, Purpose::JpkiAuthentication, NOW);
    assert!(matches!(outcome, Err(PathError::Expired { .. })), "{outcome:?}");
}

#[test]
fn the_generation_is_chosen_by_key_and_not_by_name() {
    let generations: Vec<_> = [1, 2, 3]
        .map(|generation| {
            Hierarchy::new(HierarchySpec { generation, ..HierarchySpec::new(Profile::JpkiAuth, 1) })
        })
        .to_vec();
    let mut all = Verifier::new(TestHierarchies::Refuse);
    for hierarchy in &generations {
        all.pin_anchor(hierarchy.anchor_der()).unwrap();
    }
    for (position, hierarchy) in generations.iter().enumerate() {
        let certificate = CardCertificate::parse(&hierarchy.issue(&Holder::numbered(7)).certificate).unwrap();
        assert!(all.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).is_ok());
        let other = verifier(&generations[(position + 1) % 3]);
        assert_eq!(
            other.check(&certificate, &[], Purpose::JpkiAuthentication, NOW),
            Err(PathError::UntrustedIssuer)
        );
    }
}

#[test]
fn without_a_key_identifier_the_signature_alone_decides() {
    let spec = sound().without(&id::AUTHORITY_KEY_IDENTIFIER);
    assert_eq!(check_at(&spec, &jpki(), Purpose::JpkiAuthentication, NOW), Ok(()));
    let forged = CertificateSpec { signer: spec.key.clone(), ..spec };
    refused(&forged, PathError::UntrustedIssuer);
}

#[test]
fn each_rule_of_the_profile_refuses_the_nearest_wrong_certificate() {
    refused(&CertificateSpec { signer: sound().key, ..sound() }, PathError::UntrustedIssuer);
    refused(&sound().with(Extension::key_usage(&[0, 1])), PathError::KeyUsage);
    refused(&sound().with(Extension::key_usage(&[2])), PathError::KeyUsage);
    refused(&sound().without(&id::KEY_USAGE), PathError::KeyUsage);
    refused(&uncritical(&id::KEY_USAGE), PathError::KeyUsage);
    refused(&sound().without(&id::EXTENDED_KEY_USAGE), PathError::ExtendedKeyUsage);
    let server = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
    refused(&sound().with(Extension::extended_key_usage(&server)), PathError::ExtendedKeyUsage);
    refused(&sound().without(&id::CERTIFICATE_POLICIES), PathError::Policy);
    refused(&uncritical(&id::CERTIFICATE_POLICIES), PathError::Policy);
    let other = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.1.20");
    refused(&sound().with(Extension::policy(&other, None)), PathError::Policy);
    refused(&sound().with(Extension::authority(None)), PathError::IsAuthority);
    let unknown = ObjectIdentifier::new_unwrap("1.2.3.4");
    refused(&sound().with(Extension::new(unknown, true, vec![5, 0])), PathError::UnknownCriticalExtension);
    let harmless = sound().with(Extension::new(unknown, false, vec![5, 0]));
    assert_eq!(check_at(&harmless, &jpki(), Purpose::JpkiAuthentication, NOW), Ok(()));
    let mut twice = sound();
    twice.extensions.push(Extension::key_usage(&[0]));
    refused(&twice, PathError::DuplicateExtension);
    refused(&sound().with(Extension::new(id::KEY_USAGE, true, vec![4, 1, 1])), PathError::MalformedExtension);
}

fn uncritical(kind: &ObjectIdentifier) -> CertificateSpec {
    let mut spec = sound();
    for extension in spec.extensions.iter_mut().filter(|extension| extension.oid == *kind) {
        extension.critical = false;
    }
    spec
}

#[test]
fn the_test_hierarchy_is_refused_in_production_even_when_pinned() {
    let rehearsal =
        Hierarchy::new(HierarchySpec { realm: Realm::Test, ..HierarchySpec::new(Profile::JpkiAuth, 1) });
    let spec = rehearsal.certificate(&Holder::numbered(7));
    let outcome = check_at(&spec, &rehearsal, Purpose::JpkiAuthentication, NOW);
    assert_eq!(outcome, Err(PathError::TestHierarchy));
    // Nor with the policy of production and the same name in other letters: it is still that anchor's.
    for organization in ["JPKI-TEST", "jpki-test", "Jpki-Test", " JPKI-test "] {
        let name = Name::japan(organization).ou("JPKI for user  Authentication");
        let name = name.ou("Japan Agency for Local Authority Information Systems");
        let bent = CertificateSpec { issuer: name, ..spec.clone() };
        let bent = bent.with(Extension::policy(&jpki().policy(), None));
        let outcome = check_at(&bent, &rehearsal, Purpose::JpkiAuthentication, NOW);
        assert_eq!(outcome, Err(PathError::TestHierarchy), "{organization}");
    }
    let mut accepting = Verifier::new(TestHierarchies::Accept);
    accepting.pin_anchor(rehearsal.anchor_der()).unwrap();
    let certificate = CardCertificate::parse(&spec.issue().certificate).unwrap();
    assert!(accepting.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).is_ok());
}

#[test]
fn an_authority_in_the_middle_is_checked_itself() {
    let medis = Hierarchy::hpki_auth(1);
    let name = Name::japan("MEDIS").ou("MEDIS HPKI CA").cn("below");
    let sound = medis.authority_certificate(name);
    let check = |middle: &CertificateSpec| {
        let below = medis.subordinate(middle);
        check_at(&below.certificate(&Holder::numbered(7)), &below, Purpose::HpkiAuthentication, NOW)
    };
    // The authority above allows none below it.
    assert_eq!(check(&sound), Err(PathError::PathTooLong));
    let orphan = CardCertificate::parse(&medis.issue(&Holder::numbered(7)).certificate).unwrap();
    let alone = verifier(&medis).check(&orphan, &[], Purpose::HpkiAuthentication, NOW);
    assert_eq!(alone, Err(PathError::UntrustedIssuer));
    // A holder of a sound certificate issues another one.
    let holder = medis.certificate(&Holder::numbered(8));
    let forged = medis.subordinate(&holder);
    let outcome =
        check_at(&forged.certificate(&Holder::numbered(9)), &forged, Purpose::HpkiAuthentication, NOW);
    assert_eq!(outcome, Err(PathError::IssuerMayNotIssue));
}

#[test]
fn an_authority_issues_only_under_the_policies_that_it_states() {
    let medis = Hierarchy::hpki_auth(1);
    let bent = |policy: &ObjectIdentifier| {
        medis.certificate(&Holder::numbered(7)).with(Extension::policy(policy, None))
    };
    let signature = bent(&Hierarchy::hpki_sign(1).policy()).with(Extension::key_usage(&[1]));
    assert_eq!(check_at(&signature, &medis, Purpose::HpkiSignature, NOW), Err(PathError::IssuerPolicy));
    // Another hierarchy's purpose: JPKI has no authority between holder and anchor.
    let resident = bent(&jpki().policy()).with(Extension::client_authentication());
    let outcome = check_at(&resident, &medis, Purpose::JpkiAuthentication, NOW);
    assert_eq!(outcome.map_err(|error| error.doubt()), Err(Doubt::UntrustedIssuer));
    let middle = jpki().authority_certificate(Name::japan("JPKI").cn("below"));
    let below = jpki().subordinate(&middle);
    let holder = below.certificate(&Holder::numbered(7));
    assert_eq!(check_at(&holder, &below, Purpose::JpkiAuthentication, NOW), Err(PathError::PathTooLong));
    // A production holder under an authority that only tests.
    let test =
        Hierarchy::new(HierarchySpec { realm: Realm::Test, ..HierarchySpec::new(Profile::HpkiAuth, 1) });
    let holder = test.certificate(&Holder::numbered(7)).with(Extension::policy(&medis.policy(), None));
    assert_eq!(check_at(&holder, &test, Purpose::HpkiAuthentication, NOW), Err(PathError::IssuerPolicy));
}

#[test]
fn an_anchor_with_an_unknown_critical_extension_cannot_be_pinned() {
    let key = jpki().issuing_key().clone();
    let sound = CertificateSpec {
        serial: vec![1],
        issuer: jpki().issuing_name().clone(),
        subject: jpki().issuing_name().clone(),
        not_before: UnixMillis::new(1_689_379_200_000),
        not_after: UnixMillis::new(2_005_052_399_000),
        spki: key.spki().to_vec(),
        extensions: vec![Extension::key_usage(&[5, 6]), Extension::authority(None)],
        signer: key.clone(),
        key,
    };
    let pin =
        |spec: &CertificateSpec| Verifier::new(TestHierarchies::Refuse).pin_anchor(&spec.issue().certificate);
    assert_eq!(pin(&sound), Ok(()));
    let unknown = Extension::new(ObjectIdentifier::new_unwrap("1.2.3.4"), true, vec![5, 0]);
    assert_eq!(pin(&sound.with(unknown)), Err(AnchorError::Form(PathError::UnknownCriticalExtension)));
}

#[test]
fn only_self_signed_authorities_can_be_pinned() {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    let holder = jpki().issue(&Holder::numbered(7)).certificate;
    assert_eq!(verifier.pin_anchor(&holder), Err(AnchorError::NoAuthority));
    assert_eq!(verifier.pin_anchor(&[0x30, 0x00]), Err(AnchorError::Malformed));
    let middle = Hierarchy::hpki_auth(1);
    let middle = middle.intermediates().next().unwrap();
    assert_eq!(verifier.pin_anchor(middle), Err(AnchorError::NoAuthority));
}

#[test]
fn every_error_leads_to_a_doubt() {
    assert_eq!(PathError::UntrustedIssuer.doubt(), Doubt::UntrustedIssuer);
    assert_eq!(PathError::Expired { time: NOW, not_after: NOW }.doubt(), Doubt::Expired);
    assert_eq!(PathError::NotYetValid { time: NOW, not_before: NOW }.doubt(), Doubt::NotYetValid);
    assert_eq!(PathError::Policy.doubt(), Doubt::WrongPurpose);
}

/// Every bit: parsing, the rules or the signature must notice each one.
#[test]
fn no_bent_bit_passes() {
    let verifier = verifier(&jpki());
    let der = sound().issue().certificate;
    for (position, bit) in (0..der.len()).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let mut bent = der.clone();
        bent[position] ^= 1 << bit;
        if let Ok(certificate) = CardCertificate::parse(&bent) {
            let outcome = verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW);
            assert!(outcome.is_err(), "byte {position}, bit {bit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_overwritten_or_cut_certificate_passes(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 1..16),
        cut in any::<prop::sample::Index>(),
    ) {
        let sound = sound().issue().certificate;
        let mut der = sound.clone();
        der.truncate(cut.index(der.len()) + 1);
        let start = at.index(der.len());
        der.iter_mut().skip(start).zip(&with).for_each(|(to, from)| *to = *from);
        prop_assume!(der != sound);
        if let Ok(certificate) = CardCertificate::parse(&der) {
            let verifier = verifier(&jpki());
            prop_assert!(verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).is_err());
        }
    }
}
