//! The check without profiles: what is fine, what is not, and the line that says why.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;
use hinamori_pki::{
    Age, AnchorError, CrlRefused, PathError, PathQuestion, PathReport, Revocation, UnknownReason, check_path,
    der_values, time_of,
};
use hinamori_sim::ca::{
    CertificateSpec, CrlSpec, DistributionPointName, Extension, Hierarchy, Holder, Key, NOW, Name, asn1, id,
};

fn medis() -> Hierarchy {
    Hierarchy::hpki_auth(1)
}

fn holder() -> Holder {
    Holder::numbered(7)
}

/// The root's list of authorities, and the authority's list of holders.
fn lists() -> [CrlSpec; 2] {
    let holders = medis().crl(&holder().municipality, 1, NOW);
    let only_authorities = asn1::sequence(&[asn1::context_primitive(2, &[0xFF])]);
    let authorities = CrlSpec {
        issuer: Name::japan("Ministry of Health, Labour and Welfare").cn("MHLW HPKI Root CA V2"),
        signer: Key::named(1, "root HpkiAuth Production 1"),
        ..holders.clone()
    }
    .without(&id::AUTHORITY_KEY_IDENTIFIER)
    .with(Extension::new(id::ISSUING_DISTRIBUTION_POINT, true, only_authorities));
    [authorities, holders]
}

fn check(lists: &[CrlSpec], policy: Option<&str>, time: UnixMillis) -> PathReport {
    let medis = medis();
    let candidates: Vec<_> = medis.intermediates().collect();
    let lists: Vec<_> = lists.iter().map(CrlSpec::issue).collect();
    let lists: Vec<_> = lists.iter().map(Vec::as_slice).collect();
    let certificate = medis.issue(&holder()).certificate;
    let question = PathQuestion {
        certificate: &certificate,
        anchors: &[medis.anchor_der()],
        candidates: &candidates,
        lists: &lists,
        policy,
        time,
    };
    check_path(&question).unwrap()
}

const FINE: Revocation = Revocation::NotRevoked { as_of: NOW, age: Age::Fresh };

#[test]
fn every_certificate_of_the_path_has_to_be_known_as_not_revoked() {
    let [authorities, holders] = lists();
    let policy = medis().policy().to_string();
    let both = check(&[authorities.clone(), holders.clone()], Some(&policy), NOW);
    assert_eq!((both.is_fine(), both.revocations.as_slice()), (true, [FINE, FINE].as_slice()));
    let line = "fine; path: leads to an anchor, authorities between: 1; \
                certificate: not revoked as of 2026-05-01T00:00:00Z (fresh); \
                authority 1: not revoked as of 2026-05-01T00:00:00Z (fresh)";
    assert_eq!(both.to_string(), line);
    for one in [&authorities, &holders] {
        let alone = check(std::slice::from_ref(one), None, NOW);
        assert!(!alone.is_fine() && alone.problems.is_empty(), "{alone}");
    }
    let revoked = holders.clone().revoking(&holder().serial(), NOW, 1);
    let revoked = check(&[authorities.clone(), revoked], None, NOW);
    assert_eq!(revoked.revocations.first(), Some(&Revocation::Revoked { at: NOW, reason: 1 }));
    assert!(!revoked.is_fine());
    let days = |number: u64| NOW.plus(number * 86_400_000);
    assert!(check(&[authorities.clone(), holders.clone()], None, days(4)).is_fine(), "stale");
    assert!(!check(&[authorities, holders], None, days(5)).is_fine(), "too old");
}

#[test]
fn each_rule_of_the_path_speaks() {
    let policy = |policy| check(&lists(), Some(policy), NOW).problems;
    assert_eq!(policy("1.2.3"), [PathError::IssuerPolicy, PathError::Policy]);
    assert_eq!(policy("no numbers"), [PathError::IssuerPolicy, PathError::Policy]);
    let late = holder().not_after.plus(1_000);
    let problems = check(&lists(), None, late).problems;
    assert!(matches!(problems.as_slice(), [PathError::Expired { .. }]), "{problems:?}");
}

#[test]
fn limits_that_are_not_processed_refuse_critical_or_not() {
    let name = Name::japan("MEDIS").ou("MEDIS HPKI CA").cn("limits");
    let root = Hierarchy::jpki_auth(1);
    for (last, value) in [(30, vec![0x30, 0]), (33, vec![0x30, 0]), (36, vec![0x30, 0]), (54, vec![2, 1, 0])]
    {
        let kind = ObjectIdentifier::new_unwrap(&format!("2.5.29.{last}"));
        for critical in [false, true] {
            let limit = Extension::new(kind, critical, value.clone());
            let problems = |certificate: &[u8], anchor: &[u8], between: &[&[u8]]| {
                let question = PathQuestion {
                    certificate,
                    anchors: &[anchor],
                    candidates: between,
                    lists: &[],
                    policy: None,
                    time: NOW,
                };
                check_path(&question).unwrap().problems
            };
            let card = root.certificate(&holder()).with(limit.clone()).issue().certificate;
            let said = problems(&card, root.anchor_der(), &[]);
            assert_eq!(said.first(), Some(&PathError::Limits), "2.5.29.{last} of the certificate");
            let middle = root.authority_certificate(name.clone()).with(limit);
            let below = root.subordinate(&middle);
            let card = below.certificate(&holder()).issue().certificate;
            let between: Vec<_> = below.intermediates().collect();
            let said = problems(&card, root.anchor_der(), &between);
            assert_eq!(said, [PathError::Limits], "2.5.29.{last} of an authority");
        }
    }
}

#[test]
fn what_is_refused_is_named_by_its_place() {
    let jpki = Hierarchy::jpki_auth(1);
    let card = jpki.issue(&holder()).certificate;
    let whole = jpki.crl(&holder().municipality, 1, NOW);
    let delta = whole.clone().with(Extension::crl_number(2));
    let delta = delta.with(Extension::new(id::DELTA_CRL_INDICATOR, true, vec![2, 1, 1])).issue();
    let (whole, foreign) =
        (whole.issue(), Hierarchy::jpki_auth(2).crl(&holder().municipality, 1, NOW).issue());
    let question = PathQuestion {
        certificate: &card,
        anchors: &[&card, jpki.anchor_der()],
        candidates: &[],
        // The delta list before its base.
        lists: &[&delta, &foreign, &whole],
        policy: None,
        time: NOW,
    };
    let report = check_path(&question).unwrap();
    assert_eq!(report.anchors_refused, [(0, AnchorError::NoAuthority)]);
    assert_eq!(report.lists_refused, [(1, CrlRefused::WrongSigner)]);
    assert!(report.is_fine(), "{report}");
    let line = report.to_string();
    assert!(line.ends_with("; list 2: no pinned authority signed the list"), "{line}");
    let unpinned = PathQuestion { anchors: &[], ..question };
    assert_eq!(check_path(&unpinned).unwrap().problems, [PathError::UntrustedIssuer]);
    assert!(check_path(&PathQuestion { certificate: &[0x30, 0], ..question }).is_err());
}

#[test]
fn a_list_by_a_key_of_which_nothing_is_known_says_nothing() {
    let jpki = Hierarchy::jpki_auth(1);
    let (card, key) = (jpki.issue(&holder()).certificate, Key::named(1, "lists"));
    let signing = jpki.authority_certificate(jpki.issuing_name().clone());
    let signing = CertificateSpec { spki: key.spki().to_vec(), key: key.clone(), ..signing }
        .without(&id::SUBJECT_KEY_IDENTIFIER)
        .without(&id::BASIC_CONSTRAINTS)
        .with(Extension::key_usage(&[6]));
    let serial = signing.serial.clone();
    let signing = signing.issue().certificate;
    let list = jpki.crl(&holder().municipality, 1, NOW);
    let by_key = CrlSpec { signer: key, ..list.clone().without(&id::AUTHORITY_KEY_IDENTIFIER) }.issue();
    let address =
        DistributionPointName::Address("http://hpki.example.jp/repository/rlist/rarl.crl".to_owned());
    let about_key = list.with(Extension::issuing_distribution_point(&address));
    let says = |lists: &[&[u8]]| {
        let anchors = [jpki.anchor_der()];
        let question = PathQuestion {
            certificate: &card,
            anchors: &anchors,
            candidates: &[&signing],
            lists,
            policy: None,
            time: NOW,
        };
        check_path(&question).unwrap().revocations
    };
    let unknown = Revocation::Unknown { why: UnknownReason::NoListForPartition };
    assert_eq!(says(&[&by_key]), [unknown]);
    assert_eq!(says(&[&by_key, &about_key.issue()]), [FINE]);
    assert_eq!(says(&[&by_key, &about_key.revoking(&serial, NOW, 1).issue()]), [unknown]);
}

#[test]
fn files_are_der_or_pem() {
    let pem = "text before\n-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\nbetween\n\
               -----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\nafter\n";
    assert_eq!(der_values(pem.as_bytes()), [vec![0x30, 0], vec![0x30, 3, 2, 1, 5]]);
    assert_eq!(der_values(&[0x30, 3, 2, 1, 5]), [vec![0x30, 3, 2, 1, 5]]);
    assert!(der_values(b"-----BEGIN CERTIFICATE-----\nMAA=\n").is_empty());
    assert!(der_values(b"").is_empty());
    assert_eq!(time_of("2026-05-01T00:00:00Z"), Some(NOW));
    assert_eq!(time_of("2026-05-01"), None);
}
