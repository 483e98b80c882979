//! Who may sign lists about whom: link certificates, keys of their own for lists, and revoked authorities.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers fail by panicking")]

use std::sync::Arc;

use der::Decode;
use hinamori_crl::{Additions, Crl, Index, SharedBytes, build};
use hinamori_model::UnixMillis;
use hinamori_pki::{
    Age, CardCertificate, CrlRefused, PathError, Purpose, Revocation, TestHierarchies, UnknownReason,
    Verifier,
};
use hinamori_sim::ca::{
    CertificateSpec, CrlSpec, DistributionPointName, Extension, Hierarchy, HierarchySpec, Holder, Key, NOW,
    Name, Profile, asn1, id,
};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use x509_cert::Certificate;

fn generation(generation: u8) -> Hierarchy {
    Hierarchy::new(HierarchySpec { generation, ..HierarchySpec::new(Profile::JpkiAuth, 1) })
}

fn pinning(hierarchies: &[&Hierarchy]) -> Verifier {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    for hierarchy in hierarchies {
        verifier.pin_anchor(hierarchy.anchor_der()).unwrap();
    }
    verifier
}

fn holder() -> Holder {
    Holder::numbered(7)
}

/// A self-issued certificate for this key, signed by `by`.
fn link(by: &Hierarchy, key: &Key) -> CertificateSpec {
    let spec = by.authority_certificate(by.issuing_name().clone()).without(&id::SUBJECT_KEY_IDENTIFIER);
    CertificateSpec { key: key.clone(), spki: key.spki().to_vec(), ..spec }.with(Extension::authority(None))
}

fn revocation(verifier: &Verifier, by: &Hierarchy) -> Revocation {
    let certificate = CardCertificate::parse(&by.issue(&holder()).certificate).unwrap();
    let between: Vec<_> = by.intermediates().collect();
    let purpose = match between.len() {
        0 => Purpose::JpkiAuthentication,
        _ => Purpose::HpkiAuthentication,
    };
    verifier.check(&certificate, &between, purpose, NOW).unwrap().revocation()
}

fn list(by: &Hierarchy, number: u64) -> CrlSpec {
    by.crl(&holder().municipality, number, NOW)
}

const FINE: Revocation = Revocation::NotRevoked { as_of: NOW, age: Age::Fresh };
const UNKNOWN: Revocation = Revocation::Unknown { why: UnknownReason::NoListForPartition };

#[test]
fn generations_speak_for_each_other_only_through_a_link_certificate() {
    let (old, new) = (generation(1), generation(2));
    let by_new = list(&new, 1).revoking(&holder().serial(), NOW, 1).issue();
    let with = |certificates: &[CertificateSpec]| {
        let issued: Vec<_> = certificates.iter().map(|spec| spec.issue().certificate).collect();
        let mut verifier = pinning(&[&old, &new]);
        verifier.know_authorities(&issued.iter().map(Vec::as_slice).collect::<Vec<_>>(), NOW);
        verifier.add_crl(&by_new, &[], NOW).unwrap();
        revocation(&verifier, &old)
    };
    let revoked = Revocation::Revoked { at: NOW, reason: 1 };
    assert_eq!(with(&[]), UNKNOWN);
    let (new_with_old, old_with_new) = (link(&old, new.issuing_key()), link(&new, old.issuing_key()));
    assert_eq!(with(std::slice::from_ref(&new_with_old)), revoked);
    assert_eq!(with(&[old_with_new]), revoked);
    // Each rule of a link certificate refuses the nearest wrong one.
    let unknown = Extension::new(der::asn1::ObjectIdentifier::new_unwrap("1.2.3.4"), true, vec![5, 0]);
    let past = UnixMillis::new(NOW.get() - 1_000);
    let wrong = [
        CertificateSpec { signer: new.issuing_key().clone(), ..new_with_old.clone() },
        CertificateSpec { not_after: past, ..new_with_old.clone() },
        CertificateSpec { not_before: NOW.plus(1_000), ..new_with_old.clone() },
        CertificateSpec { subject: Name::country().cn("somebody else"), ..new_with_old.clone() },
        new_with_old.clone().with(unknown),
        new_with_old.without(&id::BASIC_CONSTRAINTS).with(Extension::key_usage(&[0])),
        link(&old, generation(3).issuing_key()),
    ];
    for (number, wrong) in wrong.iter().enumerate() {
        assert_eq!(with(std::slice::from_ref(wrong)), UNKNOWN, "{number}");
    }
}

#[test]
fn a_new_key_is_believed_through_the_old_anchor_alone() {
    let (old, new) = (generation(1), generation(2));
    let mut verifier = pinning(&[&old]);
    let by_new = list(&new, 1).issue();
    assert_eq!(verifier.add_crl(&by_new, &[], NOW), Err(CrlRefused::WrongSigner));
    let link = link(&old, new.issuing_key()).issue().certificate;
    verifier.add_crl(&by_new, &[&link], NOW).unwrap();
    assert_eq!(revocation(&verifier, &old), FINE);
}

#[test]
fn a_key_of_its_own_signs_lists_until_it_is_revoked() {
    let jpki = generation(1);
    let key = generation(2).issuing_key().clone();
    let signing = link(&jpki, &key).without(&id::BASIC_CONSTRAINTS).with(Extension::key_usage(&[6]));
    let signing = CertificateSpec { serial: vec![0x55], ..signing }.issue();
    let mut verifier = pinning(&[&jpki]);
    let own = CrlSpec { signer: key, ..list(&jpki, 1).without(&id::AUTHORITY_KEY_IDENTIFIER) };
    verifier.add_crl(&own.issue(), &[&signing.certificate], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), FINE);
    // The authority's own list names that key's certificate: whom the key's list does not name is not fine.
    let address =
        DistributionPointName::Address("http://hpki.example.jp/repository/rlist/rarl.crl".to_owned());
    let about_keys = list(&jpki, 1).with(Extension::issuing_distribution_point(&address));
    verifier.add_crl(&about_keys.issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), FINE);
    let naming = about_keys.with(Extension::crl_number(2)).revoking(&[0x55], NOW, 1);
    verifier.add_crl(&naming.issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), UNKNOWN);
    let naming = own.with(Extension::crl_number(2)).revoking(&holder().serial(), NOW, 4);
    verifier.add_crl(&naming.issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), Revocation::Revoked { at: NOW, reason: 4 });
}

#[test]
fn a_revoked_authority_vouches_for_nobody() {
    let medis = Hierarchy::hpki_auth(1);
    let between: Vec<_> = medis.intermediates().collect();
    let middle = Certificate::from_der(between[0]).unwrap();
    let certificate = CardCertificate::parse(&medis.issue(&holder()).certificate).unwrap();
    let mut verifier = pinning(&[&medis]);
    let only_authorities = asn1::sequence(&[asn1::context_primitive(2, &[0xFF])]);
    let arl = CrlSpec {
        issuer: Name::japan("Ministry of Health, Labour and Welfare").cn("MHLW HPKI Root CA V2"),
        signer: Key::named(1, "root HpkiAuth Production 1"),
        ..list(&medis, 1)
    }
    .without(&id::AUTHORITY_KEY_IDENTIFIER)
    .with(Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, only_authorities));
    verifier.add_crl(&arl.issue(), &[], NOW).unwrap();
    let check =
        |verifier: &Verifier| verifier.check(&certificate, &between, Purpose::HpkiAuthentication, NOW);
    // A list of authorities says nothing of holders.
    assert_eq!(check(&verifier).unwrap().revocation(), UNKNOWN);
    let serial = middle.tbs_certificate().serial_number().as_bytes();
    let next = arl.with(Extension::crl_number(2)).revoking(serial, NOW, 2);
    verifier.add_crl(&next.issue(), &[], NOW).unwrap();
    assert_eq!(check(&verifier), Err(PathError::IssuerRevoked));
}

/// What somebody reports between two lists by an authority that the verifier knows.
fn report(verifier: &mut Verifier, old: &CrlSpec, new: &CrlSpec) {
    let [old, new] = [old, new].map(|list| {
        let der = list.issue();
        let crl = Crl::parse(&der).unwrap();
        let signed = verifier.read_head(&crl, &[], NOW).unwrap().check_signature(&crl).unwrap();
        let mut bytes = Vec::new();
        build(&crl, signed.stated().kind, &mut bytes).unwrap().name(&signed.stated()).unwrap();
        Index::open(bytes).unwrap()
    });
    verifier.report(Arc::new(Additions::between(&old, &new))).unwrap();
}

#[test]
fn a_reported_authority_vouches_with_a_doubt() {
    let medis = Hierarchy::hpki_auth(1);
    let middle = Certificate::from_der(medis.intermediates().next().unwrap()).unwrap();
    let mut verifier = pinning(&[&medis]);
    let only_authorities = asn1::sequence(&[asn1::context_primitive(2, &[0xFF])]);
    let arl = CrlSpec {
        issuer: Name::japan("Ministry of Health, Labour and Welfare").cn("MHLW HPKI Root CA V2"),
        signer: Key::named(1, "root HpkiAuth Production 1"),
        ..list(&medis, 1)
    }
    .without(&id::AUTHORITY_KEY_IDENTIFIER)
    .with(Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, only_authorities));
    verifier.add_crl(&arl.issue(), &[], NOW).unwrap();
    let serial = middle.tbs_certificate().serial_number().as_bytes();
    let newer = arl.clone().with(Extension::crl_number(2)).revoking(serial, NOW, 2);
    report(&mut verifier, &arl, &newer);
    assert_eq!(revocation(&verifier, &medis), Revocation::Reported { since: NOW });
    let between: Vec<_> = medis.intermediates().collect();
    verifier.add_crl(&list(&medis, 1).issue(), &between, NOW).unwrap();
    assert_eq!(revocation(&verifier, &medis), Revocation::Reported { since: NOW }, "the card itself is fine");
    let naming = list(&medis, 2).revoking(&holder().serial(), NOW, 1);
    verifier.add_crl(&naming.issue(), &between, NOW).unwrap();
    assert_eq!(revocation(&verifier, &medis), Revocation::Revoked { at: NOW, reason: 1 });
}

#[test]
fn a_list_by_a_reported_key_only_denies() {
    let jpki = generation(1);
    let key = generation(2).issuing_key().clone();
    let signing = link(&jpki, &key).without(&id::BASIC_CONSTRAINTS).with(Extension::key_usage(&[6]));
    let signing = CertificateSpec { serial: vec![0x55], ..signing }.issue();
    let mut verifier = pinning(&[&jpki]);
    let own = CrlSpec { signer: key, ..list(&jpki, 1).without(&id::AUTHORITY_KEY_IDENTIFIER) };
    verifier.add_crl(&own.issue(), &[&signing.certificate], NOW).unwrap();
    let address =
        DistributionPointName::Address("http://hpki.example.jp/repository/rlist/rarl.crl".to_owned());
    let about_keys = list(&jpki, 1).with(Extension::issuing_distribution_point(&address));
    verifier.add_crl(&about_keys.issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), FINE);
    let naming = about_keys.clone().with(Extension::crl_number(2)).revoking(&[0x55], NOW, 1);
    report(&mut verifier, &about_keys, &naming);
    assert_eq!(revocation(&verifier, &jpki), UNKNOWN);
    let naming = own.clone().with(Extension::crl_number(2)).revoking(&holder().serial(), NOW, 4);
    report(&mut verifier, &own, &naming);
    assert_eq!(revocation(&verifier, &jpki), Revocation::Reported { since: NOW });
    verifier.add_crl(&naming.issue(), &[], NOW).unwrap();
    assert_eq!(revocation(&verifier, &jpki), Revocation::Revoked { at: NOW, reason: 4 });
}

#[test]
fn a_link_certificate_joins_no_anchor_of_another_name() {
    let (old, new) = (generation(1), generation(2));
    let link = link(&old, new.issuing_key()).issue().certificate;
    let by_old = list(&old, 1).issue();
    for (name, says) in [(new.issuing_name().clone(), FINE), (Name::japan("somebody else"), UNKNOWN)] {
        let key = new.issuing_key().clone();
        let anchor = new.authority_certificate(name.clone()).without(&id::SUBJECT_KEY_IDENTIFIER);
        let anchor = anchor.without(&id::AUTHORITY_KEY_IDENTIFIER).with(Extension::authority(None));
        let spki = key.spki().to_vec();
        let anchor = CertificateSpec { issuer: name.clone(), key, spki, ..anchor }.issue().certificate;
        let mut verifier = pinning(&[&old]);
        verifier.pin_anchor(&anchor).unwrap();
        verifier.know_authorities(&[&link], NOW);
        verifier.add_crl(&by_old, &[], NOW).unwrap();
        let card = CertificateSpec { issuer: name, ..new.certificate(&holder()) };
        let card = CardCertificate::parse(&card.issue().certificate).unwrap();
        let verified = verifier.check(&card, &[], Purpose::JpkiAuthentication, NOW).unwrap();
        assert_eq!(verified.revocation(), says);
    }
}

#[test]
fn an_index_from_a_file_is_held_like_a_list() {
    let jpki = generation(1);
    let mut verifier = pinning(&[&jpki]);
    let der = list(&jpki, 3).revoking(&holder().serial(), NOW, 1).issue();
    let crl = Crl::parse(&der).unwrap();
    let head = verifier.read_head(&crl, &[], NOW).unwrap();
    let mut bytes = Vec::new();
    let unnamed = build(&crl, head.kind(), &mut bytes).unwrap();
    let signed = std::thread::scope(|scope| scope.spawn(|| head.check_signature(&crl)).join().unwrap());
    unnamed.name(&signed.unwrap().stated()).unwrap();
    let taken = verifier.hold(Index::open(SharedBytes::new(bytes.clone())).unwrap()).unwrap();
    assert_eq!((taken.this_update, taken.entries), (NOW, 1));
    assert_eq!(revocation(&verifier, &jpki), Revocation::Revoked { at: NOW, reason: 1 });
    // The same again, from a package, is the same.
    verifier.add_crl(&der, &[], NOW).unwrap();
    // What names itself otherwise than its list does is none.
    let mut other = Vec::new();
    let mut stated = head.check_signature(&crl).unwrap().stated().number.to_vec();
    stated.push(0);
    let signed = head.check_signature(&crl).unwrap();
    let bent = hinamori_crl::Stated { number: &stated, ..signed.stated() };
    build(&crl, head.kind(), &mut other).unwrap().name(&bent).unwrap();
    let held = verifier.hold(Index::open(SharedBytes::new(other)).unwrap());
    assert_eq!(held, Err(CrlRefused::Malformed));
}

#[test]
fn lists_of_holders_and_of_authorities_are_rows_of_their_own() {
    let jpki = generation(1);
    let verifier = pinning(&[&jpki]);
    let scope = |list: CrlSpec| {
        let der = list.issue();
        let crl = Crl::parse(&der).unwrap();
        verifier.read_head(&crl, &[], NOW).unwrap().check_signature(&crl).unwrap().stated().scope
    };
    let whole = list(&jpki, 1).without(&id::ISSUING_DISTRIBUTION_POINT);
    let limited = |number| {
        let point = asn1::sequence(&[asn1::context_primitive(number, &[0xFF])]);
        whole.clone().with(Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, point))
    };
    let mut scopes = [scope(list(&jpki, 1)), scope(whole.clone()), scope(limited(1)), scope(limited(2))];
    assert_eq!(scopes[1].as_slice(), digest(&SHA256, b"").as_ref(), "of nothing for the whole");
    scopes.sort_unstable();
    assert!(scopes.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_bent_signature_is_no_signature() {
    let jpki = generation(1);
    let verifier = pinning(&[&jpki]);
    let mut der = list(&jpki, 3).issue();
    *der.last_mut().unwrap() ^= 1;
    let crl = Crl::parse(&der).unwrap();
    let head = verifier.read_head(&crl, &[], NOW).unwrap();
    assert_eq!(head.check_signature(&crl).err(), Some(CrlRefused::WrongSigner));
}

const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 10, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2];
/// Of a key on P-256: what stands before the point.
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3,
    1, 7, 3, 0x42, 0,
];
/// The order of P-256's group.
const ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, //
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];

/// A list's tbsCertList as it would be signed by ECDSA.
fn for_ecdsa(list: &CrlSpec) -> Vec<u8> {
    let der = list.issue();
    let crl = Crl::parse(&der).unwrap();
    let content = match crl.signed[1] {
        0x82 => &crl.signed[4..],
        0x81 => &crl.signed[3..],
        _ => &crl.signed[2..],
    };
    let place = content.windows(crl.algorithm.len()).position(|part| part == crl.algorithm).unwrap();
    let behind = &content[place + crl.algorithm.len()..];
    asn1::sequence(&[content[..place].to_vec(), ECDSA_WITH_SHA256.to_vec(), behind.to_vec()])
}

/// The two numbers of an ECDSA signature, of 32 bytes each.
fn numbers(signature: &[u8]) -> [[u8; 32]; 2] {
    let (first, second) = signature[4..].split_at(usize::from(signature[3]));
    [first, &second[2..]].map(|number| {
        let mut padded = [0; 32];
        padded.iter_mut().rev().zip(number.iter().rev()).for_each(|(to, from)| *to = *from);
        padded
    })
}

/// The order less the number.
fn turned(number: [u8; 32]) -> [u8; 32] {
    let mut borrow = 0;
    let mut other = [0; 32];
    for place in (0..32).rev() {
        let left = i16::from(ORDER[place]) - i16::from(number[place]) - borrow;
        borrow = i16::from(left < 0);
        other[place] = u8::try_from(left.rem_euclid(256)).unwrap();
    }
    other
}

#[test]
fn the_other_form_of_an_ecdsa_signature_is_the_same_list() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let sign = |bytes: &[u8]| key.sign(&random, bytes).unwrap().as_ref().to_vec();
    let jpki = generation(1);
    let name = jpki.issuing_name().clone();
    let anchor = jpki.authority_certificate(name).without(&id::SUBJECT_KEY_IDENTIFIER);
    let anchor = anchor.without(&id::AUTHORITY_KEY_IDENTIFIER).with(Extension::authority(None));
    let spki = [&BEFORE_POINT[..], key.public_key().as_ref()].concat();
    let anchor = CertificateSpec { spki, ..anchor }.issue_with(&ECDSA_WITH_SHA256, sign).certificate;
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(&anchor).unwrap();
    let whole = |tbs: &[u8], signature: &[u8]| {
        asn1::sequence(&[tbs.to_vec(), ECDSA_WITH_SHA256.to_vec(), asn1::bits(signature)])
    };
    let tbs = for_ecdsa(&list(&jpki, 1).without(&id::AUTHORITY_KEY_IDENTIFIER));
    let signature = sign(&tbs);
    let [first, second] = numbers(&signature);
    let other = asn1::sequence(&[first, turned(second)].map(|number| asn1::integer(&number)));
    assert_ne!(other, signature);
    verifier.add_crl(&whole(&tbs, &signature), &[], NOW).unwrap();
    assert_eq!(verifier.add_crl(&whole(&tbs, &other), &[], NOW).map(|taken| taken.entries), Ok(0));
    let says_otherwise = list(&jpki, 1).without(&id::AUTHORITY_KEY_IDENTIFIER).revoking(&[5], NOW, 1);
    let tbs = for_ecdsa(&says_otherwise);
    assert_eq!(verifier.add_crl(&whole(&tbs, &sign(&tbs)), &[], NOW), Err(CrlRefused::SameNumber));
}
