//! OpenSSL judges what the test authority issues.

#![expect(clippy::expect_used, reason = "a test may stop where its own files or tools fail")]

use std::path::{Path, PathBuf};
use std::process::Command;

use hinamori_sim::ca::{CrlSpec, Hierarchy, HierarchySpec, Holder, Municipality, NOW, Profile, Realm};

/// Writes DER as PEM into `directory`, because `openssl verify` takes files of PEM.
fn pem(directory: &Path, name: &str, label: &str, ders: &[&[u8]]) -> PathBuf {
    let path = directory.join(name);
    let mut text = String::new();
    for der in ders {
        let input = directory.join("input.der");
        std::fs::write(&input, der).expect("write");
        let out = Command::new("openssl")
            .args([label, "-inform", "DER", "-in"])
            .arg(&input)
            .output()
            .expect("openssl is installed");
        assert!(out.status.success(), "openssl does not read {name}: {out:?}");
        text.push_str(&String::from_utf8(out.stdout).expect("PEM is text"));
    }
    std::fs::write(&path, text).expect("write");
    path
}

/// What `openssl verify` says about a holder's certificate, with these lists when there are any.
fn verify(hierarchy: &Hierarchy, holder: &Holder, lists: &[CrlSpec]) -> String {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let anchor = pem(directory, "anchor.pem", "x509", &[hierarchy.anchor_der()]);
    let between: Vec<&[u8]> = hierarchy.intermediates().collect();
    let between = pem(directory, "between.pem", "x509", &between);
    let card = pem(directory, "card.pem", "x509", &[&hierarchy.issue(holder).certificate]);
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-policy_check", "-explicit_policy", "-attime", "1777593600"]);
    command.args(["-policy", &hierarchy.policy().to_string()]);
    command.arg("-CAfile").arg(anchor);
    if std::fs::metadata(&between).is_ok_and(|file| file.len() > 0) {
        command.arg("-untrusted").arg(between);
    }
    if !lists.is_empty() {
        let lists: Vec<Vec<u8>> = lists.iter().map(CrlSpec::issue).collect();
        let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
        command.arg("-crl_check").arg("-CRLfile").arg(pem(directory, "lists.pem", "crl", &lists));
    }
    let out = command.arg(card).output().expect("openssl is installed");
    String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
}

#[test]
fn every_profile_verifies() {
    for profile in [Profile::JpkiAuth, Profile::JpkiSign, Profile::HpkiAuth, Profile::HpkiSign] {
        for realm in [Realm::Production, Realm::Test] {
            let hierarchy = Hierarchy::new(HierarchySpec { realm, ..HierarchySpec::new(profile, 1) });
            let answer = verify(&hierarchy, &Holder::numbered(1), &[]);
            assert!(answer.ends_with("OK\n"), "{profile:?} {realm:?}: {answer}");
        }
    }
}

#[test]
fn a_list_speaks_for_its_partition_only() {
    let hierarchy = Hierarchy::jpki_auth(1);
    let holder = Holder::numbered(1);
    let serial = hierarchy.issue(&holder).serial;
    let home = hierarchy.crl(&holder.municipality, 1, NOW);
    let elsewhere = hierarchy.crl(&Municipality::new("99502", "Mihon-ken", "Tonari-cho"), 1, NOW);

    assert!(verify(&hierarchy, &holder, std::slice::from_ref(&home)).ends_with("OK\n"));
    let neighbour = Holder::numbered(2).serial();
    assert!(verify(&hierarchy, &holder, &[home.clone().revoking(&neighbour, NOW, 1)]).ends_with("OK\n"));
    let revoked = verify(&hierarchy, &holder, &[home.revoking(&serial, NOW, 1)]);
    assert!(revoked.contains("error 23"), "{revoked}");
    let other_scope = verify(&hierarchy, &holder, &[elsewhere]);
    assert!(other_scope.contains("error 44"), "{other_scope}");
}

#[test]
fn lists_of_the_health_professionals_authority_verify() {
    let hierarchy = Hierarchy::hpki_sign(1);
    let holder = Holder::numbered(1);
    let list = hierarchy.crl(&holder.municipality, 1, NOW);
    assert!(verify(&hierarchy, &holder, std::slice::from_ref(&list)).ends_with("OK\n"));
    let revoked = verify(&hierarchy, &holder, &[list.revoking(&holder.serial(), NOW, 1)]);
    assert!(revoked.contains("error 23"), "{revoked}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_real_sizes() {
    let (one, again, other) = (Hierarchy::jpki_auth(1), Hierarchy::jpki_auth(1), Hierarchy::jpki_auth(2));
    let holder = Holder::numbered(1);
    assert_eq!(one.issue(&holder).certificate, again.issue(&holder).certificate);
    assert_ne!(one.anchor_der(), other.anchor_der());
    let size = one.issue(&holder).certificate.len();
    assert!((1_400..1_700).contains(&size), "{size}");
    let size = Hierarchy::jpki_sign(1).issue(&holder).certificate.len();
    assert!((1_500..1_900).contains(&size), "{size}");
}
