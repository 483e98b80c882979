//! What the two ends say to each other, as it travels (postcard inside frames).

use hinamori_model::{IncidentId, SiteId};
use hinamori_record::{ActorId, Change, DocumentScope, Period, decode_change};
use serde::{Deserialize, Serialize};

use crate::frame::frames_of;
use crate::{
    HandOver, HandOverDigest, KeyMark, KeyRows, ListMessage, RosterMessage, Seal, SealedBatch, Vectors,
};

/// The version of everything in this file.
pub(crate) const PROTOCOL: u16 = 4;

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// First, from both sides.
    Hello {
        /// [`PROTOCOL`].
        protocol: u16,
        /// Version of the town package that the sender holds; 0 for none.
        town: u64,
        /// What the sender holds durably.
        vectors: Vec<WireDocument>,
        /// How far the sender has absorbed the other side's key table; `None` when it never heard of one.
        keys: Option<KeyMark>,
    },
    /// Changes under their seal.
    Batch(WireBatch),
    /// From the server: it has these durably.
    Durable(Vec<WireDocument>),
    /// From the server: a town package.
    Town(Vec<u8>),
    /// About revocation lists.
    List(ListMessage),
    /// About the parts of the roster.
    Roster(RosterMessage),
    /// Rows of the sender's key table.
    Keys(KeyRows),
    /// From a box: of a closed incident, what was never confirmed.
    HandOver(HandOver),
    /// From the server: it has this piece durably.
    HandedOver(HandOverDigest),
}

impl Message {
    /// The message in frames.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Only a length that cannot be told fails to encode, and every list here knows its own.
        postcard::to_stdvec(self).map_or_else(|_never| Vec::new(), |message| frames_of(&message))
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct WireScope {
    incident: IncidentId,
    site: SiteId,
    period: u32,
}

impl From<DocumentScope> for WireScope {
    fn from(DocumentScope { incident, site, period }: DocumentScope) -> Self {
        Self { incident, site, period: period.0 }
    }
}

impl From<WireScope> for DocumentScope {
    fn from(WireScope { incident, site, period }: WireScope) -> Self {
        Self { incident, site, period: Period(period) }
    }
}

/// One document and its version vector.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireDocument {
    scope: WireScope,
    actors: Vec<([u8; 16], u32)>,
}

pub(crate) fn wire_vectors<'v>(
    vectors: impl Iterator<Item = (&'v DocumentScope, &'v std::collections::BTreeMap<ActorId, u32>)>,
) -> Vec<WireDocument> {
    let actors = |(actor, upto): (&ActorId, &u32)| (*actor.as_bytes(), *upto);
    vectors
        .map(|(scope, held)| WireDocument {
            scope: (*scope).into(),
            actors: held.iter().map(actors).collect(),
        })
        .collect()
}

pub(crate) fn vectors_of(documents: Vec<WireDocument>) -> Vectors {
    let mut vectors = Vectors::new();
    for WireDocument { scope, actors } in documents {
        let held = vectors.entry(scope.into()).or_default();
        held.extend(actors.into_iter().map(|(actor, upto)| (ActorId::from_bytes(actor), upto)));
    }
    vectors
}

/// A sealed batch. The changes say themselves who wrote them, where they stand and what they hash to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireBatch {
    scope: WireScope,
    actor: [u8; 16],
    from: u32,
    upto: u32,
    digest: [u8; 32],
    key: [u8; 32],
    signature: Vec<u8>,
    changes: Vec<Vec<u8>>,
}

impl From<SealedBatch> for WireBatch {
    fn from(SealedBatch { seal, changes }: SealedBatch) -> Self {
        let Seal { scope, actor, from, upto, digest, key, signature } = seal;
        Self {
            scope: scope.into(),
            actor: *actor.as_bytes(),
            from,
            upto,
            digest,
            key,
            signature: signature.to_vec(),
            changes: changes.into_iter().map(|change| change.bytes).collect(),
        }
    }
}

impl WireBatch {
    /// The batch that is claimed; `None` when a change does not decode.
    pub(crate) fn claimed(self) -> Option<SealedBatch> {
        let Self { scope, actor, from, upto, digest, key, signature, changes } = self;
        let changes = changes
            .iter()
            .map(|bytes| decode_change(bytes).map(|decoded| decoded.change))
            .collect::<Result<Vec<Change>, _>>();
        let (scope, actor) = (scope.into(), ActorId::from_bytes(actor));
        let signature = signature.as_slice().try_into().ok()?;
        let seal = Seal { scope, actor, from, upto, digest, key, signature };
        Some(SealedBatch { seal, changes: changes.ok()? })
    }
}
