//! What the two ends say to each other, as it travels (postcard inside frames).

use std::collections::BTreeMap;

use hinamori_model::{IncidentId, SiteId, UnixMillis};
use hinamori_record::{ActorId, ChangeHash, DocumentScope, Period, pack, unpack};
use serde::{Deserialize, Serialize};

use crate::frame::frames_of;
use crate::names::{Heard, Named, Told};
use crate::seal::{LONGEST_RUN_BYTES, digest_over};
use crate::{
    AlertMessage, AlertsHeld, Grants, HandOver, HandOverDigest, KeyMark, KeyRows, ListMessage, Receipt,
    RosterMessage, Seal, SealError, SealedBatch, Vectors, VerifiedBatch, verify,
};

/// The version of everything in this file.
pub(crate) const PROTOCOL: u16 = 9;

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// First, from both sides.
    Hello(Hello),
    /// Changes under their seal.
    Batch(WireBatch),
    /// From the server: it has these durably.
    Receipt(WireReceipt),
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
    /// The digest of the other's hello is not this side's: what does it hold of those documents?
    ElderWanted,
    /// What the sender holds of the documents that its hello told by a digest.
    Elder(Vec<WireDocument>),
    /// About alerts.
    Alerts(AlertMessage),
}

impl Message {
    /// The message in frames.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Only a length that cannot be told fails to encode, and every list here knows its own.
        postcard::to_stdvec(self).map_or_else(|_never| Vec::new(), |message| frames_of(&message))
    }
}

/// See [`Message::Hello`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// [`PROTOCOL`].
    pub(crate) protocol: u16,
    /// Version of the town package that the sender holds; 0 for none.
    pub(crate) town: u64,
    /// What the sender holds durably, but for `elder`.
    pub(crate) vectors: Vec<WireDocument>,
    /// What it holds of older documents; `None` when there are none.
    pub(crate) elder: Option<Elder>,
    /// From a box: how far the server may have what it waits for a receipt of.
    pub(crate) waiting: Vec<WireDocument>,
    /// How far the sender has absorbed the other side's key table; `None` when it never heard of one.
    pub(crate) keys: Option<KeyMark>,
    /// What it has of alerts.
    pub(crate) alerts: AlertsHeld,
}

/// All documents of periods before one, told by the digest of their vectors: one line, however many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elder {
    /// The first period that is not among them.
    pub(crate) before: u32,
    /// SHA-256 over scopes, actors and sequences.
    pub(crate) digest: [u8; 32],
}

/// A document, by the names of its parts: most documents of a connection are of one incident and one site.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireScope {
    incident: Named<[u8; 16]>,
    site: Named<[u8; 16]>,
    period: u32,
}

/// A writer: its box, and which of its epochs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireActor {
    writer: Named<[u8; WRITER]>,
    epoch: u32,
}

/// Bytes of an actor that name its box.
const WRITER: usize = 12;

/// One document and its version vector.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireDocument {
    scope: Named<WireScope>,
    actors: Vec<(Named<WireActor>, u32)>,
}

/// A sealed batch. The changes say themselves what they hash to, and the town whose key sealed them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireBatch {
    scope: Named<WireScope>,
    actor: Named<WireActor>,
    from: u32,
    before: Option<[u8; 32]>,
    signature: Vec<u8>,
    /// As [`pack`] made it.
    changes: Vec<u8>,
}

/// A receipt.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireReceipt {
    scope: Named<WireScope>,
    actor: Named<WireActor>,
    upto: u32,
    at: u64,
    signature: Vec<u8>,
}

/// What this side has named on the connection.
#[derive(Debug, Default)]
pub(crate) struct Speaker {
    ids: Told<[u8; 16]>,
    writers: Told<[u8; WRITER]>,
    scopes: Told<DocumentScope>,
    actors: Told<ActorId>,
}

impl Speaker {
    fn scope(&mut self, scope: DocumentScope) -> Named<WireScope> {
        match self.scopes.name(scope) {
            Named::Known(number) => Named::Known(number),
            Named::New(DocumentScope { incident, site, period }) => Named::New(WireScope {
                incident: self.ids.name(*incident.as_bytes()),
                site: self.ids.name(*site.as_bytes()),
                period: period.0,
            }),
        }
    }

    fn actor(&mut self, actor: ActorId) -> Named<WireActor> {
        match self.actors.name(actor) {
            Named::Known(number) => Named::Known(number),
            Named::New(actor) => {
                let (writer, epoch) = actor.parts();
                Named::New(WireActor { writer: self.writers.name(writer), epoch })
            }
        }
    }

    pub(crate) fn documents<'v>(
        &mut self,
        vectors: impl Iterator<Item = (&'v DocumentScope, &'v BTreeMap<ActorId, u32>)>,
    ) -> Vec<WireDocument> {
        vectors
            .map(|(scope, held)| WireDocument {
                scope: self.scope(*scope),
                actors: held.iter().map(|(actor, upto)| (self.actor(*actor), *upto)).collect(),
            })
            .collect()
    }

    pub(crate) fn batch(&mut self, SealedBatch { seal, changes }: SealedBatch) -> WireBatch {
        let Seal { scope, actor, from, before, signature, .. } = seal;
        WireBatch {
            scope: self.scope(scope),
            actor: self.actor(actor),
            from,
            before: before.map(|before| before.0),
            signature: signature.to_vec(),
            changes: pack(&changes, before.unwrap_or(ChangeHash([0; 32]))),
        }
    }

    pub(crate) fn receipt(&mut self, receipt: &Receipt) -> Message {
        let Receipt { scope, actor, upto, at, signature } = *receipt;
        Message::Receipt(WireReceipt {
            scope: self.scope(scope),
            actor: self.actor(actor),
            upto,
            at: at.get(),
            signature: signature.to_vec(),
        })
    }
}

/// What the peer has named on the connection.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    ids: Heard<[u8; 16]>,
    writers: Heard<[u8; WRITER]>,
    scopes: Heard<DocumentScope>,
    actors: Heard<ActorId>,
}

impl Listener {
    fn scope(&mut self, named: Named<WireScope>) -> Option<DocumentScope> {
        let named = match named {
            Named::Known(number) => Named::Known(number),
            Named::New(WireScope { incident, site, period }) => Named::New(DocumentScope {
                incident: IncidentId::from_bytes(self.ids.meant(incident)?),
                site: SiteId::from_bytes(self.ids.meant(site)?),
                period: Period(period),
            }),
        };
        self.scopes.meant(named)
    }

    fn actor(&mut self, named: Named<WireActor>) -> Option<ActorId> {
        let named = match named {
            Named::Known(number) => Named::Known(number),
            Named::New(WireActor { writer, epoch }) => {
                Named::New(ActorId::of_parts(self.writers.meant(writer)?, epoch))
            }
        };
        self.actors.meant(named)
    }

    /// `None` when something is meant that was never named.
    pub(crate) fn vectors(&mut self, documents: Vec<WireDocument>) -> Option<Vectors> {
        let mut vectors = Vectors::new();
        for WireDocument { scope, actors } in documents {
            let held = vectors.entry(self.scope(scope)?).or_default();
            for (actor, upto) in actors {
                held.insert(self.actor(actor)?, upto);
            }
        }
        Some(vectors)
    }

    /// `None` when something is meant that was never named, or the signature has another length.
    pub(crate) fn receipt(&mut self, receipt: WireReceipt) -> Option<Receipt> {
        let WireReceipt { scope, actor, upto, at, signature } = receipt;
        let (scope, actor) = (self.scope(scope)?, self.actor(actor)?);
        let signature = signature.as_slice().try_into().ok()?;
        Some(Receipt { scope, actor, upto, at: UnixMillis::new(at), signature })
    }

    /// `None` when something is meant that was never named.
    pub(crate) fn batch(&mut self, batch: WireBatch) -> Option<ClaimedBatch> {
        let WireBatch { scope, actor, from, before, signature, changes } = batch;
        let (scope, actor) = (self.scope(scope)?, self.actor(actor)?);
        Some(ClaimedBatch { scope, actor, from, before: before.map(ChangeHash), signature, changes })
    }
}

/// What somebody says is a sealed batch.
#[derive(Debug)]
pub(crate) struct ClaimedBatch {
    scope: DocumentScope,
    actor: ActorId,
    from: u32,
    before: Option<ChangeHash>,
    signature: Vec<u8>,
    changes: Vec<u8>,
}

impl ClaimedBatch {
    /// The batch, as far as its changes can be read.
    pub(crate) fn read(&self, grants: &Grants) -> Result<SealedBatch, SealError> {
        let Self { scope, actor, from, before, ref signature, ref changes } = *self;
        let key = grants.of_writer(actor).ok_or(SealError::UnknownBox)?.seal_key;
        let signature = signature.as_slice().try_into().map_err(|_length| SealError::WrongSignature)?;
        let changes = unpack(changes, actor, from, before.unwrap_or(ChangeHash([0; 32])), LONGEST_RUN_BYTES)
            .ok_or(SealError::WrongRun)?;
        let digest = digest_over(&changes)?;
        let upto = changes.last().map_or(0, |last| last.sequence);
        Ok(SealedBatch { seal: Seal { scope, actor, from, upto, before, digest, key, signature }, changes })
    }

    /// All that came, for somebody to look at: with everything named in full.
    pub(crate) fn to_evidence(&self) -> Vec<u8> {
        let mut speaker = Speaker::default();
        let batch = WireBatch {
            scope: speaker.scope(self.scope),
            actor: speaker.actor(self.actor),
            from: self.from,
            before: self.before.map(|before| before.0),
            signature: self.signature.clone(),
            changes: self.changes.clone(),
        };
        postcard::to_stdvec(&batch).unwrap_or_default()
    }

    /// Reads what [`ClaimedBatch::to_evidence`] wrote; `None` for anything else, also for its beginning alone.
    pub(crate) fn from_evidence(bytes: &[u8]) -> Option<Self> {
        let (batch, rest) = postcard::take_from_bytes(bytes).ok()?;
        if rest.is_empty() { Listener::default().batch(batch) } else { None }
    }

    /// Which document, writer, and first sequence it claims to be of.
    pub(crate) const fn place(&self) -> (DocumentScope, ActorId, u32) {
        (self.scope, self.actor, self.from)
    }
}

/// What an operator sees of a batch that was refused: which document, writer and first sequence it claims to be of. `None` when it is no
/// batch.
pub fn place_of_evidence(bytes: &[u8]) -> Option<(DocumentScope, ActorId, u32)> {
    ClaimedBatch::from_evidence(bytes).map(|claimed| claimed.place())
}

/// Looks again at a batch that was refused, by what the town says now; `None` when it is no batch.
pub fn verify_evidence(bytes: &[u8], grants: &Grants) -> Option<Result<VerifiedBatch, SealError>> {
    let claimed = ClaimedBatch::from_evidence(bytes)?;
    Some(claimed.read(grants).and_then(|batch| verify(batch, grants)))
}
