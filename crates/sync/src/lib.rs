//! The protocol between boxes and the server, without any I/O: seals, version vectors, messages and frames,
//! and the town's signed package.

pub mod town;

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SiteId};
use hinamori_record::{ActorId, Change, DocumentScope};

/// What somebody holds: per document and actor the largest sequence of the gapless run from 1.
pub type Vectors = BTreeMap<DocumentScope, BTreeMap<ActorId, u32>>;

/// The key that a box seals with (Ed25519). Cannot be printed.
pub struct SealKey {}

impl SealKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(_seed: &[u8; 32]) -> Self {
        todo!()
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        todo!()
    }

    /// The box that this key makes: the first 16 bytes of the SHA-256 of the public key.
    pub fn box_id(&self) -> BoxId {
        todo!()
    }

    /// Seals one run of an actor's changes, in sequence and without gaps.
    ///
    /// # Errors
    /// [`SealError`] when the run is empty, has gaps or is of an actor of another box.
    pub fn seal(&self, _scope: DocumentScope, _changes: &[Change]) -> Result<Seal, SealError> {
        todo!()
    }
}

/// A box's signature over a run of its changes: domain "hinamori seal/v1", scope, actor, first and last
/// sequence, and the SHA-256 of the changes' hashes in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The document.
    pub scope: DocumentScope,
    /// The writer.
    pub actor: ActorId,
    /// First sequence covered.
    pub from: u32,
    /// Last sequence covered.
    pub upto: u32,
    /// SHA-256 over the hashes of the changes.
    pub digest: [u8; 32],
    /// The sealing key's public half.
    pub key: [u8; 32],
    /// Ed25519 (RFC 8032 §5.1.6).
    pub signature: [u8; 64],
}

/// Why a seal does not hold. The party at fault is whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No changes, or not exactly the run that the seal names.
    #[error("the changes are not the run that the seal names")]
    WrongRun,
}

/// A seal and the changes under it, as they travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBatch {
    /// The seal.
    pub seal: Seal,
    /// The run, in order.
    pub changes: Vec<Change>,
}

/// A batch whose seal, hashes, decoding and right to write were checked; only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBatch {
    batch: SealedBatch,
}

impl VerifiedBatch {
    /// The seal.
    pub const fn seal(&self) -> &Seal {
        &self.batch.seal
    }

    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.batch.changes
    }
}

/// Checks a batch: the signature, the digest, that every change decodes and hashes to what it says, that the
/// actor is the key's own, and that the box's grant lets it write this document's site.
///
/// # Errors
/// [`SealError`]; the caller quarantines the batch.
pub fn verify(_batch: SealedBatch, _grants: &Grants) -> Result<VerifiedBatch, SealError> {
    todo!()
}

/// Which boxes may write and read what, from the town's package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub BTreeMap<BoxId, Grant>);

/// One box's rights.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// The public half of its seal key.
    #[serde(with = "serde_bytes32")]
    pub seal_key: [u8; 32],
    /// The site where it stands: what it may write.
    pub site: SiteId,
    /// Other sites whose documents it may read.
    pub reads: Vec<SiteId>,
}

mod serde_bytes32 {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], out: S) -> Result<S::Ok, S::Error> {
        bytes.serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        <[u8; 32]>::deserialize(from)
    }
}

/// Which end of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A box at its server.
    Box,
    /// The server; the peer's box id comes from its device certificate.
    Server {
        /// The box at the other end.
        peer: BoxId,
    },
}

/// One connection's state. Feed it decoded bytes as they come and its own side's changes; do what its
/// [`Effects`] say. It reads no clock and no disk: the caller looks up batches with [`Session::peer`].
pub struct Session {}

/// What the caller has to do, in this order.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    /// Store these, then call [`Session::stored`] with the vectors after the commit.
    pub store: Vec<VerifiedBatch>,
    /// Keep these for an operator: reason and bytes. The connection goes on.
    pub quarantine: Vec<(String, Vec<u8>)>,
    /// The server has these durably: take them out of the outbox.
    pub confirmed: Vec<(DocumentScope, ActorId, u32)>,
    /// A complete newer town package whose signature holds: store it.
    pub town: Option<town::SignedPackage>,
    /// The peer's vectors changed, or it said hello: look for batches it lacks and [`Session::offer`] them.
    pub look_up: bool,
    /// Bytes to send.
    pub send: Vec<u8>,
}

/// The peer broke the protocol: close the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerMisbehaved {
    /// A frame that cannot be followed.
    #[error("the peer sent a frame that cannot be followed")]
    Frame,
}

impl Session {
    /// Begins; the second value is the bytes of this side's hello. `town` is the newest package held (the
    /// server sends it to boxes that hold an older one); `root` is the pinned town root key.
    pub fn new(
        _side: Side,
        _root: [u8; 32],
        _town: Option<town::SignedPackage>,
        _grants: Grants,
        _own: &Vectors,
    ) -> (Self, Vec<u8>) {
        todo!()
    }

    /// Takes bytes as they came from the stream, cut anywhere.
    ///
    /// # Errors
    /// [`PeerMisbehaved`].
    pub fn received(&mut self, _bytes: &[u8]) -> Result<Effects, PeerMisbehaved> {
        todo!()
    }

    /// What the peer is known to have or was already sent: what `Store::batches_missing_at` asks for. Scopes
    /// that the peer may not read are not filtered here but in [`Session::offer`].
    pub fn peer(&self) -> &Vectors {
        todo!()
    }

    /// Sends batches to the peer as far as it may read them, and remembers that it has them.
    pub fn offer(&mut self, _batches: Vec<SealedBatch>) -> Vec<u8> {
        todo!()
    }

    /// The batches of [`Effects::store`] are durable; `own` is what this side holds now. A server answers
    /// with what is durable (the receipt's first form).
    pub fn stored(&mut self, _own: &Vectors) -> Vec<u8> {
        todo!()
    }

    /// The server has a newer package (a box was enrolled): grants change and the package is sent.
    pub fn town_changed(&mut self, _town: town::SignedPackage, _grants: Grants) -> Vec<u8> {
        todo!()
    }
}
