//! OpenSSL judges the same bytes: where it accepts we accept, where it refuses we refuse, for its reason.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;
use hinamori_pki::{
    Age, CardCertificate, PathError, Purpose, Revocation, TestHierarchies, UnknownReason, Verifier,
};
use hinamori_sim::ca::{
    CertificateSpec, CrlSpec, Extension, Hierarchy, HierarchySpec, Holder, Municipality, NOW, Profile, Realm,
    id,
};

/// What both verifiers are given.
struct Case<'a> {
    pinned: &'a Hierarchy,
    issuing: &'a Hierarchy,
    certificate: CertificateSpec,
    lists: Vec<CrlSpec>,
    now: UnixMillis,
}

impl<'a> Case<'a> {
    fn new(hierarchy: &'a Hierarchy) -> Self {
        let certificate = hierarchy.certificate(&holder());
        Self { pinned: hierarchy, issuing: hierarchy, certificate, lists: Vec::new(), now: NOW }
    }

    fn with(self, extension: Extension) -> Self {
        Self { certificate: self.certificate.with(extension), ..self }
    }

    fn without(self, kind: &ObjectIdentifier) -> Self {
        Self { certificate: self.certificate.without(kind), ..self }
    }

    fn lists(self, lists: &[CrlSpec]) -> Self {
        Self { lists: lists.to_vec(), ..self }
    }

    fn at(self, now: UnixMillis) -> Self {
        Self { now, ..self }
    }

    fn ours(&self, purpose: Purpose) -> Result<Revocation, PathError> {
        let mut verifier = Verifier::new(TestHierarchies::Refuse);
        verifier.pin_anchor(self.pinned.anchor_der()).unwrap();
        let between: Vec<_> = self.issuing.intermediates().collect();
        for list in &self.lists {
            verifier.add_crl(&list.issue(), &between, self.now).unwrap();
        }
        let certificate = CardCertificate::parse(&self.certificate.issue().certificate).unwrap();
        verifier.check(&certificate, &between, purpose, self.now).map(|verified| verified.revocation())
    }

    /// The numbers of OpenSSL's errors; none when it says OK.
    fn openssl(&self, purpose: Purpose, revocation: &str) -> Vec<u32> {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let certificate = self.certificate.issue().certificate;
        let between: Vec<&[u8]> = self.issuing.intermediates().collect();
        let mut command = Command::new("openssl");
        // A path to an anchor, the anchor's policy as the only one, every error told.
        command.args(["verify", "-x509_strict", "-policy_check", "-explicit_policy"]);
        command.args(["-policy", &self.policy(purpose)]);
        command.args(["-attime", &(self.now.get() / 1000).to_string()]);
        if purpose == Purpose::JpkiAuthentication {
            command.args(["-purpose", "sslclient"]);
        }
        command.arg("-CAfile").arg(pem(directory, "anchor", "x509", &[self.pinned.anchor_der()]));
        if !between.is_empty() {
            command.arg("-untrusted").arg(pem(directory, "between", "x509", &between));
        }
        if !revocation.is_empty() {
            command.arg(revocation);
        }
        let lists: Vec<_> = self.lists.iter().map(CrlSpec::issue).collect();
        if !lists.is_empty() {
            let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
            command.arg("-CRLfile").arg(pem(directory, "lists", "crl", &lists));
        }
        let out = command.arg(pem(directory, "card", "x509", &[&certificate])).output().unwrap();
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        let errors: Vec<u32> = said
            .lines()
            .filter_map(|line| line.strip_prefix("error ")?.split(' ').next()?.parse().ok())
            .collect();
        assert_eq!(out.status.success(), errors.is_empty(), "openssl: {said}");
        errors
    }

    fn policy(&self, purpose: Purpose) -> String {
        match purpose {
            Purpose::JpkiAuthentication => Hierarchy::jpki_auth(1),
            Purpose::JpkiSignature => Hierarchy::jpki_sign(1),
            Purpose::HpkiAuthentication => Hierarchy::hpki_auth(1),
            Purpose::HpkiSignature => Hierarchy::hpki_sign(1),
        }
        .policy()
        .to_string()
    }

    /// Both accept the path, without lists.
    #[track_caller]
    fn accepted(&self, purpose: Purpose) {
        assert_eq!(self.openssl(purpose, ""), Vec::<u32>::new());
        assert!(self.ours(purpose).is_ok(), "{:?}", self.ours(purpose));
    }

    /// Both refuse the path: OpenSSL with this error first.
    #[track_caller]
    fn refused(&self, purpose: Purpose, number: u32, error: PathError) {
        assert_eq!(self.openssl(purpose, "").first(), Some(&number));
        assert_eq!(self.ours(purpose), Err(error));
    }

    /// Both say this of the revocation of a sound certificate; no number when OpenSSL says OK.
    #[track_caller]
    fn revocation(&self, number: Option<u32>, says: Revocation) {
        let purpose = Purpose::JpkiAuthentication;
        assert_eq!(self.openssl(purpose, "-crl_check").first().copied(), number);
        assert_eq!(self.ours(purpose), Ok(says));
    }
}

fn pem(directory: &Path, name: &str, label: &str, ders: &[&[u8]]) -> PathBuf {
    let path = directory.join(name);
    let mut text = Vec::new();
    for der in ders {
        let input = directory.join("input.der");
        std::fs::write(&input, der).unwrap();
        let mut command = Command::new("openssl");
        let out = command.args([label, "-inform", "DER", "-in"]).arg(&input).output().unwrap();
        assert!(out.status.success(), "openssl does not read {name}: {out:?}");
        text.extend(out.stdout);
    }
    std::fs::write(&path, text).unwrap();
    path
}

fn holder() -> Holder {
    Holder::numbered(7)
}

const AUTH: Purpose = Purpose::JpkiAuthentication;

#[test]
fn sound_certificates_of_every_profile_are_accepted() {
    Case::new(&Hierarchy::jpki_auth(1)).accepted(AUTH);
    Case::new(&Hierarchy::jpki_sign(1)).accepted(Purpose::JpkiSignature);
    Case::new(&Hierarchy::hpki_auth(1)).accepted(Purpose::HpkiAuthentication);
    Case::new(&Hierarchy::hpki_sign(1)).accepted(Purpose::HpkiSignature);
}

#[test]
fn validity_is_judged_alike() {
    let jpki = Hierarchy::jpki_auth(1);
    let (first, last) = (holder().not_before, holder().not_after);
    let (early, late) = (UnixMillis::new(first.get() - 1_000), last.plus(1_000));
    Case::new(&jpki).at(first).accepted(AUTH);
    Case::new(&jpki).at(early).refused(AUTH, 9, PathError::NotYetValid { time: early, not_before: first });
    Case::new(&jpki).at(late).refused(AUTH, 10, PathError::Expired { time: late, not_after: last });
}

#[test]
fn purposes_are_judged_alike() {
    let jpki = Hierarchy::jpki_auth(1);
    // 26: unsuitable certificate purpose, 43: no explicit policy, 34: unhandled critical extension.
    Case::new(&jpki).with(Extension::key_usage(&[1])).refused(AUTH, 26, PathError::KeyUsage);
    let server = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
    let server = Extension::extended_key_usage(&server);
    Case::new(&jpki).with(server).refused(AUTH, 26, PathError::ExtendedKeyUsage);
    let other = Extension::policy(&Hierarchy::jpki_sign(1).policy(), None);
    Case::new(&jpki).with(other).refused(AUTH, 43, PathError::Policy);
    Case::new(&jpki).without(&id::CERTIFICATE_POLICIES).refused(AUTH, 43, PathError::Policy);
    let unknown = Extension::new(ObjectIdentifier::new_unwrap("1.2.3.4"), true, vec![5, 0]);
    Case::new(&jpki).with(unknown).refused(AUTH, 34, PathError::UnknownCriticalExtension);
}

#[test]
fn issuers_are_judged_alike() {
    let generation =
        |generation| Hierarchy::new(HierarchySpec { generation, ..HierarchySpec::new(Profile::JpkiAuth, 1) });
    let (pinned, other) = (generation(1), generation(2));
    // 20: unable to get local issuer certificate, 7: certificate signature failure.
    let wrong = Case { pinned: &pinned, ..Case::new(&other) };
    wrong.refused(AUTH, 20, PathError::UntrustedIssuer);
    let mut forged = Case::new(&pinned);
    forged.certificate.signer = forged.certificate.key.clone();
    forged.refused(AUTH, 7, PathError::UntrustedIssuer);
    // In production OpenSSL is only told which policy it may accept.
    let test =
        Hierarchy::new(HierarchySpec { realm: Realm::Test, ..HierarchySpec::new(Profile::JpkiAuth, 1) });
    Case::new(&test).refused(AUTH, 43, PathError::TestHierarchy);
}

#[test]
fn authorities_in_the_middle_are_judged_alike() {
    let purpose = Purpose::HpkiAuthentication;
    let root = Hierarchy::hpki_auth(1);
    let name = hinamori_sim::ca::Name::japan("MEDIS").ou("MEDIS HPKI CA").cn("below");
    let middle = root.authority_certificate(name);
    let below = |middle: &CertificateSpec| root.subordinate(middle);
    // 25: path length constraint exceeded.
    let longer = below(&middle);
    Case { pinned: &root, ..Case::new(&longer) }.refused(purpose, 25, PathError::PathTooLong);
    // A holder of the health professionals' signature policy under an authority for authentication.
    let other = Extension::policy(&Hierarchy::hpki_sign(1).policy(), None);
    let signature = Case::new(&root).with(other).with(Extension::key_usage(&[1]));
    signature.refused(Purpose::HpkiSignature, 43, PathError::IssuerPolicy);
    // 24 or 79: invalid CA certificate, by missing basicConstraints.
    let holder = root.certificate(&Holder::numbered(8));
    let forged = below(&holder);
    let case = Case { pinned: &root, ..Case::new(&forged) };
    assert!(matches!(case.openssl(purpose, "").first(), Some(24 | 79)), "{:?}", case.openssl(purpose, ""));
    assert_eq!(case.ours(purpose), Err(PathError::IssuerMayNotIssue));
}

#[test]
fn lists_are_judged_alike() {
    let jpki = Hierarchy::jpki_auth(1);
    let case = || Case::new(&jpki);
    let home = jpki.crl(&holder().municipality, 1, NOW);
    let elsewhere = jpki.crl(&Municipality::new("99502", "Mihon-ken", "Tonari-cho"), 1, NOW);
    let fine = Revocation::NotRevoked { as_of: NOW, age: Age::Fresh };
    let unknown = |why| Revocation::Unknown { why };

    case().lists(std::slice::from_ref(&home)).revocation(None, fine);
    case().lists(&[elsewhere.clone(), home.clone()]).revocation(None, fine);
    let neighbour = home.clone().revoking(&Holder::numbered(8).serial(), NOW, 1);
    case().lists(&[neighbour]).revocation(None, fine);
    let revoked = home.revoking(&holder().serial(), NOW, 1);
    case().lists(&[revoked]).revocation(Some(23), Revocation::Revoked { at: NOW, reason: 1 });
    // 44: different CRL scope, 3: unable to get certificate CRL.
    let elsewhere_only = case().lists(&[elsewhere]);
    elsewhere_only.revocation(Some(44), unknown(UnknownReason::NoListForPartition));
    case().revocation(Some(3), unknown(UnknownReason::NoData));
    let whole = jpki.crl(&holder().municipality, 1, NOW).without(&id::ISSUING_DISTRIBUTION_POINT);
    case().lists(&[whole]).revocation(None, fine);
}

/// Where we differ on purpose: a list past its nextUpdate still revokes, and says its age otherwise.
#[test]
fn a_stale_list_keeps_its_force_where_openssl_gives_up() {
    let jpki = Hierarchy::jpki_auth(1);
    let later = NOW.plus(90 * 86_400_000);
    let list = jpki.crl(&holder().municipality, 1, NOW);
    let stale = Case::new(&jpki).at(later).lists(std::slice::from_ref(&list));
    // 12: CRL has expired.
    stale.revocation(Some(12), Revocation::NotRevoked { as_of: NOW, age: Age::TooOld });
    let revoked = Case::new(&jpki).at(later).lists(&[list.revoking(&holder().serial(), NOW, 1)]);
    assert_eq!(revoked.ours(AUTH), Ok(Revocation::Revoked { at: NOW, reason: 1 }));
}
