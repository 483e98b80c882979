//! The profiles of the town's certificates, and the few facts that are read out of one.

use der::{Decode, Encode};
use hinamori_model::{BoxId, SpkiHash};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, PublicKeyData, SignatureAlgorithm, date_time_ymd,
};
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_cert::Certificate;
use x509_cert::request::CertReq;

use crate::SERVER_NAME;

/// What every root of a town calls itself: issuer names have to match byte for byte (RFC 5280 §6.1.3 (a)(4)).
const ROOT_NAME: &str = "Hinamori town TLS root";
/// Ed25519 public keys (RFC 8032 §5.1.5).
const PUBLIC_KEY: usize = 32;

/// Nobody's decision rests on these dates. 9999-12-31T23:59:59Z is how a certificate says that its end is
/// not known (RFC 5280 §4.1.2.5).
fn undated(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31) + std::time::Duration::from_secs(86_399);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// The town's TLS root.
pub(crate) fn root_params() -> CertificateParams {
    let mut params = undated(ROOT_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// The server's certificate, good for servers only.
pub(crate) fn server_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = undated(SERVER_NAME);
    params.subject_alt_names = vec![rcgen::SanType::DnsName(SERVER_NAME.try_into()?)];
    Ok(end_entity(params, ExtendedKeyUsagePurpose::ServerAuth))
}

/// The certificate of what goes to broadcasters: it signs, and is nobody's at a door.
pub(crate) fn broadcast_params() -> CertificateParams {
    let mut params = undated("Hinamori alerts to broadcasters");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

/// A box's certificate, good for boxes only: its subject is the box id.
pub(crate) fn box_params(id: BoxId) -> CertificateParams {
    end_entity(undated(&id.to_string()), ExtendedKeyUsagePurpose::ClientAuth)
}

fn end_entity(mut params: CertificateParams, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params
}

/// What is read out of a certificate. Reading is not believing: see [`crate::verifier`].
pub(crate) struct Facts {
    /// The instant at which the chain is checked, so that no clock takes part.
    pub(crate) not_before: UnixTime,
    /// The box that the subject names, if it names one.
    pub(crate) box_id: Option<BoxId>,
    /// The key.
    pub(crate) key: SpkiHash,
}

impl Facts {
    /// `None` when the bytes are no certificate (RFC 5280 §4.1).
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let body = certificate.tbs_certificate();
        let not_before = body.validity().not_before.to_unix_duration();
        let subject = body.subject().common_name().ok().flatten();
        let key = body.subject_public_key_info().to_der().ok()?;
        Some(Self {
            not_before: UnixTime::since_unix_epoch(not_before),
            box_id: subject.and_then(|name| name.value().parse().ok()),
            key: SpkiHash(sha256(&key)),
        })
    }
}

/// A box's wish for a certificate whose signature holds: whoever sent it has the private key
/// (RFC 2986 §4.2). The subject it asks for is not looked at: the server names the box.
pub struct SigningRequest {
    public_key: [u8; PUBLIC_KEY],
}

impl SigningRequest {
    /// `None` when it is no request, not of an Ed25519 key, or its signature does not hold.
    pub(crate) fn verified(der: &[u8]) -> Option<Self> {
        let request = CertReq::from_der(der).ok()?;
        let signed = request.info.to_der().ok()?;
        let key = request.info.public_key;
        let ed25519 = Self { public_key: key.subject_public_key.as_bytes()?.try_into().ok()? };
        // Ed25519 names the key's and the signature's algorithm alike (RFC 8410 §3).
        if key.to_der().ok()? != ed25519.subject_public_key_info() || request.algorithm != key.algorithm {
            return None;
        }
        let signature = request.signature.as_bytes()?;
        UnparsedPublicKey::new(&ED25519, &ed25519.public_key).verify(&signed, signature).ok()?;
        Some(ed25519)
    }

    /// The key that is asked for.
    pub fn key(&self) -> SpkiHash {
        SpkiHash(sha256(&self.subject_public_key_info()))
    }
}

impl PublicKeyData for SigningRequest {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

/// SHA-256 (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::KeyPair;

    #[test]
    fn a_request_proves_its_key() {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let request = CertificateParams::default().serialize_request(&key).unwrap();
        let verified = SigningRequest::verified(request.der()).unwrap();
        assert_eq!(verified.key(), SpkiHash(sha256(&key.subject_public_key_info())));
    }

    #[test]
    fn bent_cut_and_foreign_requests_are_refused() {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let der = CertificateParams::default().serialize_request(&key).unwrap().der().to_vec();
        for position in 0..der.len() {
            let mut bent = der.clone();
            bent[position] ^= 1;
            assert!(SigningRequest::verified(&bent).is_none(), "{position}");
            assert!(SigningRequest::verified(&der[..position]).is_none(), "{position}");
        }
        let p256 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let foreign = CertificateParams::default().serialize_request(&p256).unwrap();
        assert!(SigningRequest::verified(foreign.der()).is_none());
    }

    #[test]
    fn a_box_is_named_by_the_subject_and_a_server_is_no_box() {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let id = BoxId::from_bytes([0xb0; 16]);
        let named = box_params(id).self_signed(&key).unwrap();
        assert_eq!(Facts::of(named.der()).unwrap().box_id, Some(id));
        let server = server_params().unwrap().self_signed(&key).unwrap();
        assert_eq!(Facts::of(server.der()).unwrap().box_id, None);
        assert!(Facts::of(&CertificateDer::from(vec![0x30, 0])).is_none());
    }
}
