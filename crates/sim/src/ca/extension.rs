//! Certificate and list extensions (RFC 5280 §4.2, §5.2), as DER.

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;

use super::asn1;
use super::name::{Municipality, Name};

/// One extension. A test changes what it likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// extnID.
    pub oid: ObjectIdentifier,
    /// Whether a verifier that does not know it must refuse.
    pub critical: bool,
    /// The DER inside extnValue.
    pub value: Vec<u8>,
}

/// Identifiers of extensions.
pub mod id {
    use der::asn1::ObjectIdentifier;

    /// subjectDirectoryAttributes, RFC 5280 §4.2.1.8.
    pub const SUBJECT_DIRECTORY_ATTRIBUTES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.9");
    /// subjectKeyIdentifier, §4.2.1.2.
    pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
    /// keyUsage, §4.2.1.3.
    pub const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
    /// subjectAltName, §4.2.1.6.
    pub const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
    /// issuerAltName, §4.2.1.7.
    pub const ISSUER_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.18");
    /// basicConstraints, §4.2.1.9.
    pub const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
    /// cRLNumber, §5.2.3.
    pub const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
    /// reasonCode, §5.3.1.
    pub const REASON_CODE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
    /// deltaCRLIndicator, §5.2.4.
    pub const DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
    /// issuingDistributionPoint, §5.2.5.
    pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
    /// certificateIssuer, §5.3.3.
    pub const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
    /// cRLDistributionPoints, §4.2.1.13.
    pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
    /// certificatePolicies, §4.2.1.4.
    pub const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
    /// authorityKeyIdentifier, §4.2.1.1.
    pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
    /// extKeyUsage, §4.2.1.12.
    pub const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
    /// authorityInfoAccess, §4.2.2.1.
    pub const AUTHORITY_INFO_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
}

const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const CPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
const HC_ROLE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.17090.0.1");
const HC_CODING_SCHEME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.100495.1.6.1.1");

impl Extension {
    /// An extension of any kind.
    pub const fn new(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        Self { oid, critical, value }
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let critical = if self.critical { asn1::boolean_true() } else { Vec::new() };
        asn1::sequence(&[asn1::oid(&self.oid), critical, asn1::octets(&self.value)])
    }

    /// keyUsage with these bits: 0 digitalSignature, 1 nonRepudiation, 5 keyCertSign, 6 cRLSign.
    pub fn key_usage(bits: &[u8]) -> Self {
        Self::new(id::KEY_USAGE, true, asn1::named_bits(bits))
    }

    /// basicConstraints of an authority.
    pub fn authority(path_length: Option<u8>) -> Self {
        let limit = path_length.map_or_else(Vec::new, |limit| asn1::integer(&[limit]));
        Self::new(id::BASIC_CONSTRAINTS, true, asn1::sequence(&[asn1::boolean_true(), limit]))
    }

    /// certificatePolicies with one policy and, where given, the address of its practice statement.
    pub fn policy(policy: &ObjectIdentifier, practice_statement: Option<&str>) -> Self {
        let qualifiers = practice_statement.map_or_else(Vec::new, |address| {
            let address = asn1::value(0x16, address.as_bytes());
            asn1::sequence(&[asn1::sequence(&[asn1::oid(&CPS), address])])
        });
        let information = asn1::sequence(&[asn1::oid(policy), qualifiers]);
        Self::new(id::CERTIFICATE_POLICIES, true, asn1::sequence(&[information]))
    }

    /// extKeyUsage clientAuth.
    pub fn client_authentication() -> Self {
        Self::extended_key_usage(&CLIENT_AUTH)
    }

    /// extKeyUsage with one purpose.
    pub fn extended_key_usage(purpose: &ObjectIdentifier) -> Self {
        Self::new(id::EXTENDED_KEY_USAGE, false, asn1::sequence(&[asn1::oid(purpose)]))
    }

    /// authorityInfoAccess with an OCSP address.
    pub fn ocsp(address: &str) -> Self {
        let access = asn1::sequence(&[asn1::oid(&OCSP), asn1::context_primitive(6, address.as_bytes())]);
        Self::new(id::AUTHORITY_INFO_ACCESS, false, asn1::sequence(&[access]))
    }

    /// subjectKeyIdentifier.
    pub fn subject_key_identifier(key_identifier: &[u8]) -> Self {
        Self::new(id::SUBJECT_KEY_IDENTIFIER, false, asn1::octets(key_identifier))
    }

    /// authorityKeyIdentifier with the key identifier, and issuer and serial of the authority's certificate.
    pub fn authority_key_identifier(key_identifier: &[u8], issuer: &Name, serial: &[u8]) -> Self {
        let serial = asn1::integer(serial);
        let contents = [
            asn1::context_primitive(0, key_identifier),
            asn1::context(1, &asn1::context(4, &issuer.der())),
            asn1::context_primitive(2, serial.get(2..).unwrap_or_default()),
        ];
        Self::new(id::AUTHORITY_KEY_IDENTIFIER, false, asn1::sequence(&contents))
    }

    /// issuerAltName with a directory name.
    pub fn issuer_alt_name(name: &Name) -> Self {
        Self::new(id::ISSUER_ALT_NAME, false, asn1::sequence(&[asn1::context(4, &name.der())]))
    }

    /// subjectAltName of these GeneralNames.
    pub fn subject_alt_name(names: &[Vec<u8>]) -> Self {
        Self::new(id::SUBJECT_ALT_NAME, false, asn1::sequence(names))
    }

    /// cRLDistributionPoints with one point of one name.
    pub fn distribution_point(name: &DistributionPointName) -> Self {
        let point = asn1::sequence(&[asn1::context(0, &name.der())]);
        Self::new(id::CRL_DISTRIBUTION_POINTS, false, asn1::sequence(&[point]))
    }

    /// issuingDistributionPoint of one name, user certificates only.
    pub fn issuing_distribution_point(name: &DistributionPointName) -> Self {
        let users_only = asn1::context_primitive(1, &[0xFF]);
        let value = asn1::sequence(&[asn1::context(0, &name.der()), users_only]);
        Self::new(id::ISSUING_DISTRIBUTION_POINT, true, value)
    }

    /// cRLNumber.
    pub fn crl_number(number: u64) -> Self {
        Self::new(id::CRL_NUMBER, false, asn1::integer(&number.to_be_bytes()))
    }

    /// reasonCode of a list entry.
    pub fn reason(code: u8) -> Self {
        Self::new(id::REASON_CODE, false, asn1::value(0x0A, &[code]))
    }

    /// subjectDirectoryAttributes with a health professional's role (ISO 17090) such as `Medical Doctor`.
    pub fn health_role(role: &str) -> Self {
        let coded = asn1::set(&[
            asn1::context(0, &asn1::oid(&HC_CODING_SCHEME)),
            asn1::context(2, &asn1::utf8(role)),
        ]);
        let actor = asn1::sequence(&[asn1::context(0, &coded)]);
        let attribute = asn1::sequence(&[asn1::oid(&HC_ROLE), asn1::set(&[asn1::set(&[actor])])]);
        Self::new(id::SUBJECT_DIRECTORY_ATTRIBUTES, false, asn1::sequence(&[attribute]))
    }
}

/// Where revocations of a certificate are published; the same bytes stand in the certificate and the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistributionPointName {
    /// A directory name: one partition of the list.
    Directory(Name),
    /// An address.
    Address(String),
}

impl DistributionPointName {
    /// The partition of a municipality in a JPKI hierarchy whose distinguished name begins with `base`.
    pub fn municipality(base: Name, municipality: &Municipality) -> Self {
        let crldp = format!("{} CRLDP", municipality.city);
        let name = base.ou("CRL Distribution Points").ou(&municipality.prefecture).cn(&crldp);
        Self::Directory(name)
    }

    /// DistributionPointName fullName with one GeneralName.
    fn der(&self) -> Vec<u8> {
        let general_name = match self {
            Self::Directory(name) => asn1::context(4, &name.der()),
            Self::Address(address) => asn1::context_primitive(6, address.as_bytes()),
        };
        asn1::context(0, &general_name)
    }
}

/// A revoked certificate of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedEntry {
    /// The certificate's serial number, big-endian.
    pub serial: Vec<u8>,
    /// revocationDate.
    pub at: UnixMillis,
    /// crlEntryExtensions.
    pub extensions: Vec<Extension>,
}

impl RevokedEntry {
    /// An entry with a reason code (RFC 5280 §5.3.1): 1 key compromise, 3 affiliation changed, 6 hold.
    pub fn new(serial: &[u8], at: UnixMillis, reason: u8) -> Self {
        Self { serial: serial.to_vec(), at, extensions: vec![Extension::reason(reason)] }
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            some => asn1::sequence(&some.iter().map(Extension::der).collect::<Vec<_>>()),
        };
        asn1::sequence(&[asn1::integer(&self.serial), asn1::time(self.at), extensions])
    }
}
