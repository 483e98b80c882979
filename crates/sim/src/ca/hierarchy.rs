//! Authorities and the profiles they issue under.

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::asn1;
use super::extension::{DistributionPointName, Extension};
use super::key::{Key, KeyUse};
use super::name::{Municipality, Name};
use super::spec::{CertificateSpec, CrlSpec, Holder, Issued};

/// Which national profile a hierarchy issues under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// JPKI certificates for user authentication.
    JpkiAuth,
    /// JPKI certificates for digital signature.
    JpkiSign,
    /// HPKI certificates for authentication of individuals.
    HpkiAuth,
    /// HPKI certificates for non-repudiation.
    HpkiSign,
}

/// Whether a hierarchy wears the production or the test marks of its profile. Both are fictional: what a
/// verifier trusts is decided by the anchors that are pinned in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// O=JPKI and the production policies.
    Production,
    /// O=JPKI-TEST and the test policies.
    Test,
}

/// What makes one hierarchy different from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HierarchySpec {
    /// The profile.
    pub profile: Profile,
    /// Production or test marks.
    pub realm: Realm,
    /// Everything random follows from it.
    pub seed: u64,
    /// Roots of all generations share one distinguished name; each has a key of its own.
    pub generation: u8,
    /// notBefore of the authorities.
    pub not_before: UnixMillis,
    /// notAfter of the authorities.
    pub not_after: UnixMillis,
}

impl HierarchySpec {
    /// Generation 1 with production marks, valid from 2023-07-15 to 2033-07-15.
    pub const fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            realm: Realm::Production,
            seed,
            generation: 1,
            not_before: UnixMillis::new(1_689_379_200_000),
            not_after: UnixMillis::new(2_005_052_399_000),
        }
    }
}

#[derive(Debug, Clone)]
struct Authority {
    name: Name,
    certificate_issuer: Name,
    certificate: Issued,
}

/// A root, the authorities under it, and the last of them, which issues.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    spec: HierarchySpec,
    root: Authority,
    intermediates: Vec<Authority>,
}

impl Hierarchy {
    /// A JPKI hierarchy for user authentication.
    pub fn jpki_auth(seed: u64) -> Self {
        Self::new(HierarchySpec::new(Profile::JpkiAuth, seed))
    }

    /// A JPKI hierarchy for digital signature.
    pub fn jpki_sign(seed: u64) -> Self {
        Self::new(HierarchySpec::new(Profile::JpkiSign, seed))
    }

    /// An HPKI hierarchy for authentication: root and one authority under it.
    pub fn hpki_auth(seed: u64) -> Self {
        Self::new(HierarchySpec::new(Profile::HpkiAuth, seed))
    }

    /// An HPKI hierarchy for non-repudiation: root and one authority under it.
    pub fn hpki_sign(seed: u64) -> Self {
        Self::new(HierarchySpec::new(Profile::HpkiSign, seed))
    }

    /// The hierarchy of `spec`. The root carries no authorityKeyIdentifier, as the national ones do not.
    pub fn new(spec: HierarchySpec) -> Self {
        let name = root_name(spec.profile, spec.realm);
        let key =
            Key::named(spec.seed, &format!("root {:?} {:?} {}", spec.profile, spec.realm, spec.generation));
        let certificate = CertificateSpec {
            serial: vec![0x06, 0xD1, 0x80, spec.generation],
            issuer: name.clone(),
            subject: name.clone(),
            not_before: spec.not_before,
            not_after: spec.not_after,
            spki: key.spki().to_vec(),
            extensions: vec![
                Extension::subject_key_identifier(&key_identifier(key.spki())),
                Extension::key_usage(&[5, 6]),
                Extension::authority(None),
            ],
            signer: key.clone(),
            key,
        };
        let root = Authority { certificate_issuer: name.clone(), name, certificate: certificate.issue() };
        let hierarchy = Self { spec, root, intermediates: Vec::new() };
        match spec.profile {
            Profile::JpkiAuth | Profile::JpkiSign => hierarchy,
            Profile::HpkiAuth => hierarchy.with_medis("HPKI-01-MedisAuthCA2-forAuthentication-forIndividual"),
            Profile::HpkiSign => hierarchy.with_medis("HPKI-01-MedisSignCA2-forNonRepudiation"),
        }
    }

    fn with_medis(&self, common_name: &str) -> Self {
        let name = Name::japan("MEDIS").ou("MEDIS HPKI CA").cn(common_name);
        self.subordinate(&self.authority_certificate(name))
    }

    /// The self-signed certificate of the root: what a box pins.
    pub fn anchor_der(&self) -> &[u8] {
        &self.root.certificate.certificate
    }

    /// The certificates between root and holder, from the root downwards; none in JPKI.
    pub fn intermediates(&self) -> impl Iterator<Item = &[u8]> {
        self.intermediates.iter().map(|authority| authority.certificate.certificate.as_slice())
    }

    fn issuer(&self) -> &Authority {
        self.intermediates.last().unwrap_or(&self.root)
    }

    /// The key that signs certificates and lists.
    pub fn issuing_key(&self) -> &Key {
        &self.issuer().certificate.key
    }

    /// The name that certificates and lists carry as their issuer.
    pub fn issuing_name(&self) -> &Name {
        &self.issuer().name
    }

    /// A sound certificate of an authority of this name below the one that issues now.
    pub fn authority_certificate(&self, subject: Name) -> CertificateSpec {
        let label = digest(&SHA256, &subject.der());
        let key = Key::named(self.spec.seed, &format!("{:?} {:?}", label, self.spec.realm));
        let list =
            DistributionPointName::Address("http://hpki.example.jp/repository/rlist/rarl.crl".to_owned());
        CertificateSpec {
            serial: label.as_ref().iter().take(4).map(|byte| byte | 1).collect(),
            issuer: self.issuing_name().clone(),
            subject,
            not_before: self.spec.not_before,
            not_after: self.spec.not_after,
            spki: key.spki().to_vec(),
            extensions: vec![
                self.authority_key_identifier(),
                Extension::subject_key_identifier(&key_identifier(key.spki())),
                Extension::key_usage(&[5, 6]),
                Extension::policy(&self.policy(), None),
                Extension::authority(Some(0)),
                Extension::distribution_point(&list),
            ],
            signer: self.issuing_key().clone(),
            key,
        }
    }

    /// The hierarchy continued by the authority of this certificate.
    #[must_use]
    pub fn subordinate(&self, certificate: &CertificateSpec) -> Self {
        let mut longer = self.clone();
        longer.intermediates.push(Authority {
            name: certificate.subject.clone(),
            certificate_issuer: certificate.issuer.clone(),
            certificate: certificate.issue(),
        });
        longer
    }

    /// A sound certificate of this holder under the hierarchy's profile, to be issued as it is or bent first.
    pub fn certificate(&self, holder: &Holder) -> CertificateSpec {
        let usage = match self.spec.profile {
            Profile::JpkiAuth | Profile::HpkiAuth => KeyUse::Authentication,
            Profile::JpkiSign | Profile::HpkiSign => KeyUse::Signature,
        };
        let key = Key::held(self.spec.seed, holder.number, usage);
        let mut extensions = vec![
            self.authority_key_identifier(),
            Extension::subject_key_identifier(&key_identifier(key.spki())),
            Extension::distribution_point(&self.distribution_point(&holder.municipality)),
        ];
        extensions.extend(self.profile_extensions(holder));
        CertificateSpec {
            serial: holder.serial().to_vec(),
            issuer: self.issuing_name().clone(),
            subject: self.subject(holder),
            not_before: holder.not_before,
            not_after: holder.not_after,
            spki: key.spki().to_vec(),
            extensions,
            signer: self.issuing_key().clone(),
            key,
        }
    }

    /// Issues the sound certificate of this holder.
    pub fn issue(&self, holder: &Holder) -> Issued {
        self.certificate(holder).issue()
    }

    /// An empty list for this municipality's partition, good for 24 hours; in HPKI there is one list.
    pub fn crl(&self, municipality: &Municipality, number: u64, this_update: UnixMillis) -> CrlSpec {
        CrlSpec {
            version: Some(1),
            issuer: self.issuing_name().clone(),
            this_update,
            next_update: Some(this_update.plus(24 * 3_600_000)),
            revoked: Vec::new(),
            extensions: vec![
                self.authority_key_identifier(),
                Extension::crl_number(number),
                Extension::issuing_distribution_point(&self.distribution_point(municipality)),
            ],
            signer: self.issuing_key().clone(),
        }
    }

    /// Where the revocations of holders of this municipality are published.
    pub fn distribution_point(&self, municipality: &Municipality) -> DistributionPointName {
        match self.spec.profile {
            Profile::JpkiAuth | Profile::JpkiSign => DistributionPointName::municipality(
                jpki_base(self.spec.profile, self.spec.realm),
                municipality,
            ),
            Profile::HpkiAuth => {
                DistributionPointName::Address("http://cert.example.jp/auth/crl.crl".to_owned())
            }
            Profile::HpkiSign => {
                DistributionPointName::Address("http://cert.example.jp/sign/crl.crl".to_owned())
            }
        }
    }

    fn authority_key_identifier(&self) -> Extension {
        let issuer = self.issuer();
        let identifier = key_identifier(issuer.certificate.key.spki());
        Extension::authority_key_identifier(
            &identifier,
            &issuer.certificate_issuer,
            &issuer.certificate.serial,
        )
    }

    fn subject(&self, holder: &Holder) -> Name {
        let label = [&self.spec.seed.to_be_bytes()[..], &holder.number.to_be_bytes()].concat();
        let hash = digest(&SHA256, &label);
        let pseudonym: String = hash.as_ref().iter().take(7).map(|byte| format!("{byte:02X}")).collect();
        let Municipality { code, prefecture, city } = &holder.municipality;
        match self.spec.profile {
            Profile::JpkiAuth => Name::country().cn(&format!("{pseudonym}{code}0001")),
            Profile::JpkiSign => {
                Name::country().locality(prefecture).locality(city).cn(&format!("20241001000000{pseudonym}"))
            }
            Profile::HpkiAuth | Profile::HpkiSign => Name::japan("Mihon Hospital")
                .cn(&holder.latin_name)
                .serial_number(&format!("{:06}", holder.number)),
        }
    }

    /// The production or test policy of the profile.
    pub fn policy(&self) -> ObjectIdentifier {
        match (self.spec.profile, self.spec.realm) {
            (Profile::JpkiAuth, Realm::Production) => {
                ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.3.30")
            }
            (Profile::JpkiAuth, Realm::Test) => ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.30"),
            (Profile::JpkiSign, Realm::Production) => {
                ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.1.20")
            }
            (Profile::JpkiSign, Realm::Test) => ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.20"),
            (Profile::HpkiAuth, Realm::Production) => {
                ObjectIdentifier::new_unwrap("1.2.392.100495.1.5.1.2.3.1")
            }
            (Profile::HpkiSign, Realm::Production) => {
                ObjectIdentifier::new_unwrap("1.2.392.100495.1.5.1.1.3.1")
            }
            (Profile::HpkiAuth | Profile::HpkiSign, Realm::Test) => {
                ObjectIdentifier::new_unwrap("1.2.392.100495.1.5.1.1.0.1")
            }
        }
    }

    fn profile_extensions(&self, holder: &Holder) -> Vec<Extension> {
        let jpki_policy = Extension::policy(&self.policy(), Some("http://www.jpki.go.jp/cps.html"));
        match self.spec.profile {
            Profile::JpkiAuth => vec![
                Extension::key_usage(&[0]),
                Extension::client_authentication(),
                jpki_policy,
                Extension::issuer_alt_name(&japanese_issuer("公的個人認証サービス利用者証明用")),
                Extension::ocsp("http://ocspauthnorm.example.jp"),
            ],
            Profile::JpkiSign => vec![
                Extension::key_usage(&[0, 1]),
                jpki_policy,
                Extension::issuer_alt_name(&japanese_issuer("公的個人認証サービス署名用")),
                Extension::subject_alt_name(&basic_attributes(holder)),
            ],
            Profile::HpkiAuth | Profile::HpkiSign => {
                let bit = u8::from(self.spec.profile == Profile::HpkiSign);
                let name = Name::country().cn(&holder.name);
                vec![
                    Extension::key_usage(&[bit]),
                    Extension::policy(&self.policy(), None),
                    Extension::subject_alt_name(&[asn1::context(4, &name.der())]),
                    Extension::health_role(&holder.health_role),
                ]
            }
        }
    }
}

/// SHA-1 of the public key's bits (RFC 5280 §4.2.1.2, method 1).
fn key_identifier(spki: &[u8]) -> Vec<u8> {
    // A 2048-bit RSA SubjectPublicKeyInfo carries the key after 24 bytes of headers.
    let public_key = spki.get(24..).unwrap_or(spki);
    digest(&SHA1_FOR_LEGACY_USE_ONLY, public_key).as_ref().to_vec()
}

fn jpki_base(profile: Profile, realm: Realm) -> Name {
    let organization = match realm {
        Realm::Production => "JPKI",
        Realm::Test => "JPKI-TEST",
    };
    Name::japan(organization).ou(match profile {
        Profile::JpkiSign => "JPKI for digital signature",
        Profile::JpkiAuth | Profile::HpkiAuth | Profile::HpkiSign => "JPKI for user authentication",
    })
}

fn root_name(profile: Profile, realm: Realm) -> Name {
    match profile {
        Profile::JpkiAuth | Profile::JpkiSign => {
            jpki_base(profile, realm).ou("Japan Agency for Local Authority Information Systems")
        }
        Profile::HpkiAuth | Profile::HpkiSign => {
            Name::japan("Ministry of Health, Labour and Welfare").cn("MHLW HPKI Root CA V2")
        }
    }
}

fn japanese_issuer(service: &str) -> Name {
    Name::japan("公的個人認証サービス").ou(service).ou("地方公共団体情報システム機構")
}

/// The four basic attributes as subjectAltName otherName values, in the order of a real card.
fn basic_attributes(holder: &Holder) -> Vec<Vec<u8>> {
    let era = if holder.birth_date.as_str() >= "20190501" { 5 } else { 3 };
    let substitutes = |text: &str| "0".repeat(text.chars().count());
    [
        ("1.2.392.200149.8.5.5.1", holder.name.clone()),
        ("1.2.392.200149.8.5.5.4", format!("{era}{}", holder.birth_date)),
        ("1.2.392.200149.8.5.5.3", holder.sex.to_string()),
        ("1.2.392.200149.8.5.5.5", holder.address.clone()),
        ("1.2.392.200149.8.5.5.2", substitutes(&holder.name)),
        ("1.2.392.200149.8.5.5.6", substitutes(&holder.address)),
    ]
    .into_iter()
    .map(|(identifier, text)| {
        let kind = asn1::oid(&ObjectIdentifier::new_unwrap(identifier));
        asn1::context(0, &[kind, asn1::context(0, &asn1::utf8(&text))].concat())
    })
    .collect()
}
