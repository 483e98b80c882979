//! The exchange in which a box joins a town: one request, one answer. Between them both ends draw a random number for the words that
//! they show (see [`crate::words`]).

use std::fmt;
use std::path::Path;
use std::time::Duration;

use hinamori_model::BoxId;
use hinamori_sync::{SealKey, possessor};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use crate::certificate::{SigningRequest, sha256};
use crate::connection::dial;
use crate::frame::{read_frame, within, write_frame};
use crate::identity::{self, Stored, enrol_config};
use crate::verifier::{TownBoxes, provider};
use crate::words::{Agreed, Nonce, Nonces, commitment, nonce};
use crate::{ENROL_PROTOCOL, EnrolmentCode, ThreeWords, TlsError};

/// Bytes: a token, a key, a signature, a commitment and a signing request are under 500.
pub(crate) const LONGEST_REQUEST: u32 = 4 << 10;
/// Bytes of a random number.
pub(crate) const NONCE: u32 = 32;
/// Bytes: a town package is at most 16 MiB; certificates beside it.
const LONGEST_ANSWER: u32 = 17 << 20;
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// A large package over a thin link.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// The first message of a box.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    token: [u8; 10],
    seal_key: [u8; 32],
    /// Ed25519 by the seal key over token and SHA-256 of the signing request.
    proof: Vec<u8>,
    /// PKCS#10 (RFC 2986).
    signing_request: Vec<u8>,
    /// To the random number that it tells after it heard the server's.
    commitment: [u8; 32],
}

/// What the server says after both random numbers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Granted(Granted),
    Refused(Refusal),
}

/// What a box gets.
#[derive(Serialize, Deserialize)]
pub struct Granted {
    /// Its certificate (DER).
    pub certificate: Vec<u8>,
    /// The TLS root's certificate (DER).
    pub tls_root: Vec<u8>,
    /// The town's signed package, in which the box already has its grant.
    pub package: Vec<u8>,
}

/// Why a box was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Nobody gave out this code: it was mistyped, or is of another server.
    #[error("this code was not given out here; type it again, or ask for a new one")]
    UnknownCode,
    /// It was given out too long ago.
    #[error("this code is older than 15 minutes; ask for a new one")]
    Expired,
    /// A box has already joined with it.
    #[error("this code was used already; ask for a new one")]
    Used,
    /// It was mistyped five times.
    #[error("this code was tried five times; ask for a new one")]
    TriedTooOften,
    /// The box is on the deny list.
    #[error("this box was shut out of the town")]
    Denied,
    /// The server's disk or keys.
    #[error("the server could not do it; look at its log")]
    ServerFault,
}

/// A request whose two keys are proved to be at hand.
pub struct EnrolmentRequest {
    /// The one-time token, to be looked up.
    pub token: [u8; 10],
    /// The box: the hash of its seal key.
    pub box_id: BoxId,
    /// The public half of its seal key.
    pub seal_key: [u8; 32],
    /// The TLS key that wants a certificate.
    pub signing_request: SigningRequest,
    nonces: Nonces,
}

/// The same before the box told its random number.
pub(crate) struct Committed {
    token: [u8; 10],
    box_id: BoxId,
    seal_key: [u8; 32],
    signing_request: SigningRequest,
    commitment: [u8; 32],
}

impl fmt::Debug for EnrolmentRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EnrolmentRequest({})", self.box_id)
    }
}

impl EnrolmentRequest {
    /// What the box shows of this enrolment too, if nobody came between. The caller names the town's two roots: the town root's
    /// public key, and the SHA-256 of the TLS root's certificate.
    pub fn words(&self, town_root: &[u8; 32], tls_root: &[u8; 32]) -> ThreeWords {
        let Self { token, box_id: _, seal_key, signing_request, nonces } = self;
        let (tls_key, nonces) = (&signing_request.key().0, *nonces);
        ThreeWords::of(&Agreed { town_root, tls_root, token, seal_key, tls_key, nonces })
    }
}

impl Committed {
    /// Reads a request and checks both proofs; `None` when anything is wrong with it.
    pub(crate) fn verified(bytes: &[u8]) -> Option<Self> {
        let Request { token, seal_key, proof, signing_request, commitment } =
            postcard::from_bytes(bytes).ok()?;
        let statement = statement(&token, &signing_request);
        let box_id = possessor(&seal_key, &statement, proof.as_slice().try_into().ok()?)?;
        let signing_request = SigningRequest::verified(&signing_request)?;
        Some(Self { token, box_id, seal_key, signing_request, commitment })
    }

    /// Takes the box's random number; `None` when it is not the one to which the box committed itself.
    pub(crate) fn told(self, nonces: Nonces) -> Option<EnrolmentRequest> {
        let Self { token, box_id, seal_key, signing_request, commitment: committed } = self;
        let request = EnrolmentRequest { token, box_id, seal_key, signing_request, nonces };
        (commitment(&nonces.of_box) == committed).then_some(request)
    }
}

/// What the seal key signs: the token is fresh, so the proof cannot be used twice.
fn statement(token: &[u8; 10], signing_request: &[u8]) -> Vec<u8> {
    [token.as_slice(), &sha256(signing_request)].concat()
}

/// What a box brings home from its town.
pub struct Joined {
    words: ThreeWords,
    package: Vec<u8>,
    identity: Stored,
}

impl fmt::Debug for Joined {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Joined(hidden)")
    }
}

impl Joined {
    /// The bytes of the town's package, which the caller opens under the code's town root.
    pub fn package(&self) -> &[u8] {
        &self.package
    }

    /// What the town hall shows of this enrolment too, if nobody came between.
    pub const fn words(&self) -> ThreeWords {
        self.words
    }

    /// Stores the identity in `folder`: from now on the box goes by it. So the package has to be kept before.
    ///
    /// # Errors
    /// [`TlsError`]; the old identity stays then.
    pub fn keep(&self, folder: &Path) -> Result<(), TlsError> {
        identity::store(folder, &self.identity)
    }
}

/// Joins the box to a town: makes a TLS key, proves the seal key, and checks the server against the code.
/// Nothing is stored yet.
///
/// # Errors
/// [`TlsError`].
pub async fn enrol(code: &EnrolmentCode, seal_key: &SealKey) -> Result<Joined, TlsError> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(TlsError::Certificate)?;
    let of_box = nonce()?;
    let request = encoded_request(&key, code, seal_key, commitment(&of_box))?;
    let mut stream = dial(&code.address, enrol_config(code.tls_root)?, ENROL_PROTOCOL).await?;
    within(REQUEST_WITHIN, "the request to leave", write_frame(&mut stream, &request)).await?;
    let of_server = within(REQUEST_WITHIN, "the server's number", read_frame(&mut stream, NONCE)).await?;
    let of_server = of_server.and_then(|bytes| Nonce::try_from(bytes).ok());
    let of_server = of_server.ok_or(TlsError::Misbehaved { what: "no random number" })?;
    within(REQUEST_WITHIN, "the box's number to leave", write_frame(&mut stream, &of_box)).await?;
    let answer = within(ANSWER_WITHIN, "the answer", read_frame(&mut stream, LONGEST_ANSWER)).await?;
    // The answer is here; how the connection ends matters to nobody.
    drop(within(Duration::from_secs(1), "the farewell", stream.shutdown()).await);
    let answer = answer.and_then(|answer| postcard::from_bytes::<Answer>(&answer).ok());
    match answer.ok_or(TlsError::Misbehaved { what: "an answer that cannot be read" })? {
        Answer::Refused(refusal) => Err(TlsError::Refused(refusal)),
        Answer::Granted(granted) => {
            check(&granted, code, seal_key.box_id(), &key)?;
            let words = ThreeWords::of(&Agreed {
                town_root: &code.town_root,
                tls_root: &code.tls_root,
                token: &code.token,
                seal_key: &seal_key.public(),
                tls_key: &sha256(&key.subject_public_key_info()),
                nonces: Nonces { of_box, of_server },
            });
            let Granted { certificate, tls_root, package } = granted;
            let (address, town_root) = (code.address.clone(), code.town_root);
            let identity = Stored { address, town_root, tls_root, certificate, key: key.serialize_der() };
            Ok(Joined { words, package, identity })
        }
    }
}

fn encoded_request(
    key: &KeyPair,
    code: &EnrolmentCode,
    seal_key: &SealKey,
    commitment: [u8; 32],
) -> Result<Vec<u8>, TlsError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let signing_request = params.serialize_request(key).map_err(TlsError::Certificate)?.der().to_vec();
    let proof = seal_key.prove_possession(&statement(&code.token, &signing_request)).to_vec();
    let request =
        Request { token: code.token, seal_key: seal_key.public(), proof, signing_request, commitment };
    postcard::to_stdvec(&request).map_err(|_never| TlsError::Unencodable { what: "the request" })
}

/// The root is the pinned one, and the certificate is under it, of this box and of its key.
fn check(granted: &Granted, code: &EnrolmentCode, id: BoxId, key: &KeyPair) -> Result<(), TlsError> {
    if sha256(&granted.tls_root) != code.tls_root {
        return Err(TlsError::Misbehaved { what: "another TLS root than the code names" });
    }
    let root = CertificateDer::from(granted.tls_root.as_slice());
    let boxes = TownBoxes::new(&root, provider()).map_err(TlsError::Configuration)?;
    let foreign = TlsError::Misbehaved { what: "a certificate that is not this box's" };
    match boxes.check(&CertificateDer::from(granted.certificate.as_slice())) {
        Ok(facts) if facts.box_id == Some(id) && facts.key.0 == sha256(&key.subject_public_key_info()) => {
            Ok(())
        }
        Ok(_) | Err(_) => Err(foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> EnrolmentCode {
        EnrolmentCode { address: "a:1".to_owned(), town_root: [1; 32], tls_root: [2; 32], token: [3; 10] }
    }

    #[test]
    fn a_request_proves_both_keys() {
        let (key, seal_key) =
            (KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(), SealKey::from_bytes(&[7; 32]));
        let bytes = encoded_request(&key, &code(), &seal_key, commitment(&[5; 32])).unwrap();
        assert!(bytes.len() < 500 && bytes.len() < LONGEST_REQUEST as usize);
        let request = Committed::verified(&bytes).unwrap();
        assert_eq!(
            (request.token, request.box_id, request.seal_key),
            ([3; 10], seal_key.box_id(), seal_key.public())
        );
        let nonces = |of_box| Nonces { of_box, of_server: [6; 32] };
        // The commitment stands at the end, under no signature: it binds the number alone.
        let signed = bytes.len() - 32;
        for position in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[position] ^= 1;
            let bent = Committed::verified(&bent);
            assert_eq!(bent.is_some(), position >= signed, "{position}");
            assert!(bent.and_then(|bent| bent.told(nonces([5; 32]))).is_none(), "{position}");
            assert!(Committed::verified(&bytes[..position]).is_none(), "{position}");
        }
        let (one, other) = (Committed::verified(&bytes).unwrap(), Committed::verified(&bytes).unwrap());
        let told = one.told(nonces([5; 32])).unwrap();
        assert!(told.signing_request.key().0 == sha256(&key.subject_public_key_info()));
        assert!(other.told(nonces([4; 32])).is_none(), "another number than was committed to");
    }

    #[test]
    fn a_seal_key_that_is_not_at_hand_is_refused() {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let (own, other) = (SealKey::from_bytes(&[7; 32]), SealKey::from_bytes(&[8; 32]));
        let bytes = encoded_request(&key, &code(), &own, commitment(&[5; 32])).unwrap();
        let mut request: Request = postcard::from_bytes(&bytes).unwrap();
        request.seal_key = other.public();
        assert!(Committed::verified(&postcard::to_stdvec(&request).unwrap()).is_none());
    }

    #[test]
    fn an_answer_for_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = crate::TlsRoot::open_or_make(folder.path()).unwrap();
        let (key, other) = (
            KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
            KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        );
        let (id, other_id) = (BoxId::from_bytes([1; 16]), BoxId::from_bytes([2; 16]));
        let code = EnrolmentCode { tls_root: root.fingerprint(), ..code() };
        let answer = |named: BoxId, of: &KeyPair, tls_root: &[u8]| Granted {
            certificate: root.issue(&crate::certificate::box_params(named), of).unwrap(),
            tls_root: tls_root.to_vec(),
            package: Vec::new(),
        };
        check(&answer(id, &key, root.certificate()), &code, id, &key).unwrap();
        assert!(check(&answer(other_id, &key, root.certificate()), &code, id, &key).is_err(), "other box");
        assert!(check(&answer(id, &other, root.certificate()), &code, id, &key).is_err(), "other key");
        assert!(check(&answer(id, &key, &[1, 2]), &code, id, &key).is_err(), "other root");
    }
}
