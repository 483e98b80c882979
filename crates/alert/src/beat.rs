//! What the server says between alerts: that it is there, and who has arrived (docs/tv.md §4). Nobody is warned by it, so that one
//! key that the town root lists is enough.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hinamori_model::UnixMillis;

use crate::sequence::Sequence;
use crate::wire::Reader;

const BEAT_DOMAIN: &[u8; 23] = b"hinamori alert/beat /v1";
const SEEN_DOMAIN: &[u8; 23] = b"hinamori alert/seen /v1";

/// A heartbeat: whoever has none for 90 seconds is cut off, and whoever has one knows how far the sender's sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When.
    pub at: UnixMillis,
    /// The sender's latest message.
    pub latest: Sequence,
}

/// The key of heartbeats and arrivals. It cannot be printed.
pub struct BeatKey(SigningKey);

impl std::fmt::Debug for BeatKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("BeatKey(hidden)")
    }
}

impl BeatKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which the list of keys names.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// A heartbeat's bytes.
    pub fn beat(&self, Beat { at, latest }: Beat) -> Vec<u8> {
        let mut body = Vec::with_capacity(84);
        body.extend_from_slice(&at.get().to_be_bytes());
        body.extend_from_slice(&latest.epoch.to_be_bytes());
        body.extend_from_slice(&latest.number.to_be_bytes());
        self.signed(BEAT_DOMAIN, body)
    }

    /// What a household's television is told of its people, with a signature.
    pub fn people(&self, json: Vec<u8>) -> Vec<u8> {
        self.signed(SEEN_DOMAIN, json)
    }

    fn signed(&self, domain: &[u8], mut body: Vec<u8>) -> Vec<u8> {
        let signature = self.0.sign(&[domain, &body].concat()).to_bytes();
        body.extend_from_slice(&signature);
        body
    }
}

impl Beat {
    /// Reads a heartbeat whose signature by `key` holds.
    pub fn decode(bytes: &[u8], key: &[u8; 32]) -> Option<Self> {
        let (body, signature) = bytes.split_last_chunk::<64>()?;
        let key = VerifyingKey::from_bytes(key).ok()?;
        let signed = [BEAT_DOMAIN.as_slice(), body].concat();
        key.verify_strict(&signed, &Signature::from_bytes(signature)).ok()?;
        let mut from = Reader(body);
        let (at, epoch, number) = (from.time()?, from.u32()?, from.u64()?);
        from.is_at_end().then_some(Self { at, latest: Sequence { epoch, number } })
    }
}
