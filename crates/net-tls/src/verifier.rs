//! Who is believed in a handshake.
//!
//! Both verifiers hand the certificate to rustls' own path check (signature by the pinned root, purpose,
//! basic constraints, critical extensions, name) and differ from it in one point: the instant of the check
//! is the certificate's own notBefore. A box's clock may be decades off after a power cut, and nobody would
//! be there to set it; what ends a certificate's life is the grant that is taken away.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::certificate::{Facts, sha256};

/// ring, and of it only what the project uses: TLS 1.3 suites.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| suite.version().version == rustls::ProtocolVersion::TLSv1_3);
    Arc::new(provider)
}

fn anchors(root: &CertificateDer<'_>) -> Result<Arc<RootCertStore>, Error> {
    let mut anchors = RootCertStore::empty();
    anchors.add(root.clone().into_owned())?;
    Ok(Arc::new(anchors))
}

/// The instant of the check.
fn beginning_of(certificate: &CertificateDer<'_>) -> Result<UnixTime, Error> {
    let facts = Facts::of(certificate).ok_or(CertificateError::BadEncoding)?;
    Ok(facts.not_before)
}

/// TLS 1.2 is never offered: nothing to verify.
fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(PeerIncompatible::Tls12NotOffered.into())
}

/// Every key of the town is Ed25519 (RFC 8446 §4.2.3).
fn ed25519_only() -> Vec<SignatureScheme> {
    vec![SignatureScheme::ED25519]
}

/// What a box believes: the town's server.
#[derive(Debug)]
pub(crate) struct TownServer {
    root: PinnedRoot,
    provider: Arc<CryptoProvider>,
}

/// How much a box knows of the root.
#[derive(Debug)]
pub(crate) enum PinnedRoot {
    /// Everything: the box is enrolled.
    Certificate(CertificateDer<'static>),
    /// Its SHA-256, from the enrolment code; the server sends the certificate along.
    Fingerprint([u8; 32]),
}

impl TownServer {
    pub(crate) fn new(root: PinnedRoot, provider: Arc<CryptoProvider>) -> Self {
        Self { root, provider }
    }
}

impl ServerCertVerifier for TownServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let root = match &self.root {
            PinnedRoot::Certificate(root) => root,
            PinnedRoot::Fingerprint(pinned) => intermediates
                .iter()
                .find(|sent| sha256(sent) == *pinned)
                .ok_or(CertificateError::UnknownIssuer)?,
        };
        let verifier =
            WebPkiServerVerifier::builder_with_provider(anchors(root)?, Arc::clone(&self.provider))
                .build()
                .map_err(|_no_anchor| CertificateError::UnknownIssuer)?;
        let at = beginning_of(end_entity)?;
        // No intermediates: the root issues directly.
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, at)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ed25519_only()
    }
}

/// What the server believes: a box that this town's root named.
#[derive(Debug)]
pub(crate) struct TownBoxes {
    path: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl TownBoxes {
    pub(crate) fn new(root: &CertificateDer<'_>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let path = WebPkiClientVerifier::builder_with_provider(anchors(root)?, Arc::clone(&provider))
            // A box has one certificate; the root's name in every handshake would be wasted bytes.
            .clear_root_hint_subjects()
            .build()
            .map_err(|_no_anchor| Error::General("the pinned TLS root is unusable".to_owned()))?;
        Ok(Self { path, provider })
    }

    /// The same check outside of a handshake: of the certificate that an enrolment brought.
    pub(crate) fn check(&self, certificate: &CertificateDer<'_>) -> Result<Facts, Error> {
        let facts = Facts::of(certificate).ok_or(CertificateError::BadEncoding)?;
        self.path.verify_client_cert(certificate, &[], facts.not_before)?;
        if facts.box_id.is_none() {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(facts)
    }
}

impl ClientCertVerifier for TownBoxes {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|_facts| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ed25519_only()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{box_params, server_params};
    use crate::{SERVER_NAME, TlsRoot};
    use hinamori_model::BoxId;
    use rcgen::{CertificateParams, KeyPair, SanType, date_time_ymd};

    struct Town {
        _folder: tempfile::TempDir,
        root: TlsRoot,
        key: KeyPair,
    }

    impl Town {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = TlsRoot::open_or_make(folder.path()).unwrap();
            Self { _folder: folder, root, key: KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap() }
        }

        fn root(&self) -> CertificateDer<'static> {
            self.root.certificate().to_vec().into()
        }

        fn issue(&self, params: &CertificateParams) -> CertificateDer<'static> {
            self.root.issue(params, &self.key).unwrap().into()
        }

        fn server(
            &self,
            pinned: PinnedRoot,
            shown: &CertificateDer<'_>,
            along: &[CertificateDer<'_>],
        ) -> Result<(), Error> {
            let name = ServerName::try_from(SERVER_NAME).unwrap();
            // A clock in 1970, as after a power cut without a battery.
            let now = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
            TownServer::new(pinned, provider()).verify_server_cert(shown, along, &name, &[], now).map(drop)
        }

        fn boxes(&self, shown: &CertificateDer<'_>) -> Result<BoxId, Error> {
            let checked = TownBoxes::new(&self.root(), provider())?.check(shown)?;
            Ok(checked.box_id.unwrap())
        }
    }

    const ID: BoxId = BoxId::from_bytes([0xb0; 16]);

    #[test]
    fn the_towns_server_is_believed_by_root_and_by_fingerprint_whatever_the_dates() {
        let town = Town::new();
        let mut params = server_params().unwrap();
        for (not_before, not_after) in [(2000, 9999), (2001, 2002), (2090, 2091)] {
            params.not_before = date_time_ymd(not_before, 1, 1);
            params.not_after = date_time_ymd(not_after, 1, 1);
            let shown = town.issue(&params);
            town.server(PinnedRoot::Certificate(town.root()), &shown, &[]).unwrap();
            let pinned = || PinnedRoot::Fingerprint(town.root.fingerprint());
            town.server(pinned(), &shown, &[town.root()]).unwrap();
        }
    }

    #[test]
    fn other_servers_are_refused() {
        let (town, other) = (Town::new(), Town::new());
        let shown = other.issue(&server_params().unwrap());
        let pinned = || PinnedRoot::Certificate(town.root());
        let refused = |shown: &CertificateDer<'_>| town.server(pinned(), shown, &[]).unwrap_err();
        assert!(matches!(refused(&shown), Error::InvalidCertificate(_)), "other root");
        let by_fingerprint = || PinnedRoot::Fingerprint(town.root.fingerprint());
        // The right root beside a leaf of another, the wrong root, and no root at all.
        for along in [vec![town.root()], vec![other.root()], vec![]] {
            assert!(town.server(by_fingerprint(), &shown, &along).is_err());
        }
        let no_root = town.server(by_fingerprint(), &town.issue(&server_params().unwrap()), &[]);
        assert!(no_root.is_err(), "the fingerprint alone proves nothing");
        assert!(matches!(refused(&town.issue(&box_params(ID))), Error::InvalidCertificate(_)), "a box");
        let mut elsewhere = server_params().unwrap();
        elsewhere.subject_alt_names = vec![SanType::DnsName("server.other.internal".try_into().unwrap())];
        assert!(matches!(refused(&town.issue(&elsewhere)), Error::InvalidCertificate(_)), "other name");
        let mut a_box_by_purpose = server_params().unwrap();
        a_box_by_purpose.extended_key_usages = box_params(ID).extended_key_usages;
        assert!(refused(&town.issue(&a_box_by_purpose)) != Error::HandshakeNotComplete, "other purpose");
        assert!(matches!(refused(&CertificateDer::from(vec![1, 2, 3])), Error::InvalidCertificate(_)));
    }

    #[test]
    fn a_box_of_the_town_is_named_whatever_the_dates() {
        let town = Town::new();
        let mut params = box_params(ID);
        for (not_before, not_after) in [(2000, 9999), (2001, 2002), (2090, 2091)] {
            params.not_before = date_time_ymd(not_before, 1, 1);
            params.not_after = date_time_ymd(not_after, 1, 1);
            assert_eq!(town.boxes(&town.issue(&params)), Ok(ID));
        }
    }

    #[test]
    fn other_boxes_are_refused() {
        let (town, other) = (Town::new(), Town::new());
        assert!(town.boxes(&other.issue(&box_params(ID))).is_err(), "other root");
        assert!(town.boxes(&town.issue(&server_params().unwrap())).is_err(), "the server is no box");
        let self_signed = box_params(ID).self_signed(&town.key).unwrap();
        assert!(town.boxes(self_signed.der()).is_err(), "its own root");
        let mut nameless = box_params(ID);
        nameless.distinguished_name = rcgen::DistinguishedName::new();
        nameless.distinguished_name.push(rcgen::DnType::CommonName, "a box");
        let refused = town.boxes(&town.issue(&nameless)).unwrap_err();
        assert_eq!(refused, CertificateError::ApplicationVerificationFailure.into(), "no box id");
        let mut bent = town.issue(&box_params(ID)).to_vec();
        *bent.last_mut().unwrap() ^= 1;
        assert!(town.boxes(&bent.into()).is_err(), "bent signature");
    }
}
