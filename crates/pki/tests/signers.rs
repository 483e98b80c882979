//! Who may sign lists about whom: link certificates, keys of their own for lists, and revoked authorities.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use der::Decode;
use hinamori_crl::{Crl, Index, SharedBytes, build};
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
