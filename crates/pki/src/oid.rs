//! Object identifiers by their names in the standards.

use der::asn1::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
pub(crate) const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
pub(crate) const SHA384_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
pub(crate) const SECP256R1: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
pub(crate) const SECP384R1: ObjectIdentifier = oid("1.3.132.0.34");
pub(crate) const ECDSA_WITH_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
pub(crate) const ECDSA_WITH_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");

pub(crate) const ORGANIZATION: ObjectIdentifier = oid("2.5.4.10");

pub(crate) const SUBJECT_DIRECTORY_ATTRIBUTES: ObjectIdentifier = oid("2.5.29.9");
pub(crate) const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.14");
pub(crate) const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
pub(crate) const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
pub(crate) const DELTA_CRL_INDICATOR: ObjectIdentifier = oid("2.5.29.27");
pub(crate) const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = oid("2.5.29.28");
pub(crate) const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");
pub(crate) const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
pub(crate) const CERTIFICATE_POLICIES: ObjectIdentifier = oid("2.5.29.32");
pub(crate) const POLICY_MAPPINGS: ObjectIdentifier = oid("2.5.29.33");
pub(crate) const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.35");
pub(crate) const POLICY_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.36");
pub(crate) const EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
pub(crate) const INHIBIT_ANY_POLICY: ObjectIdentifier = oid("2.5.29.54");

pub(crate) const ANY_POLICY: ObjectIdentifier = oid("2.5.29.32.0");
pub(crate) const CLIENT_AUTHENTICATION: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.2");

pub(crate) const JPKI_AUTHENTICATION_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.3.30");
pub(crate) const JPKI_AUTHENTICATION_TEST_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.0.30");
pub(crate) const JPKI_SIGNATURE_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.1.20");
pub(crate) const JPKI_SIGNATURE_TEST_POLICY: ObjectIdentifier = oid("1.2.392.200149.8.5.1.0.20");
pub(crate) const HPKI_AUTHENTICATION_POLICY: ObjectIdentifier = oid("1.2.392.100495.1.5.1.2.3.1");
pub(crate) const HPKI_SIGNATURE_POLICY: ObjectIdentifier = oid("1.2.392.100495.1.5.1.1.3.1");
pub(crate) const HPKI_TEST_POLICY: ObjectIdentifier = oid("1.2.392.100495.1.5.1.1.0.1");

pub(crate) const HC_ROLE: ObjectIdentifier = oid("1.0.17090.0.1");
pub(crate) const HC_CODING_SCHEME: ObjectIdentifier = oid("1.2.392.100495.1.6.1.1");
