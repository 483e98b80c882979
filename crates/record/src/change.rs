//! One Automerge change: the unit that is stored, sealed and sent.

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ExpandedChange, ObjType};
use hinamori_model::RecordId;

use crate::fields::Fields;
use crate::outline;
use crate::record::Record;
use crate::scope::{ActorId, ChangeHash};

/// A change as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who wrote it.
    pub actor: ActorId,
    /// Its place in the actor's gapless sequence, from 1.
    pub sequence: u32,
    /// Its hash.
    pub hash: ChangeHash,
    /// Automerge's own encoding.
    pub bytes: Vec<u8>,
}

/// What a change says, read without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedChange {
    /// The change; actor, sequence and hash are those that the bytes themselves state.
    pub change: Change,
    /// The records that it creates.
    pub records: Vec<Record>,
    /// Records of a newer version: kept in the change, not understood here.
    pub newer: u32,
}

/// Why bytes are no change of ours. The party at fault is whoever sent them.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// More than [`MAXIMUM_CHANGE`] bytes.
    #[error("a change of {length} bytes is over the maximum of {MAXIMUM_CHANGE}")]
    TooLong {
        /// Bytes received.
        length: usize,
    },
    /// Not an Automerge change, or its own hash does not fit.
    #[error("the bytes are no Automerge change")]
    NotAChange(#[source] automerge::LoadChangeError),
    /// The four check bytes of the chunk are not the beginning of its hash (Automerge reads on regardless).
    #[error("the change's check bytes do not fit its content")]
    Damaged,
    /// Not one plain change, or one with more operations than it has room for.
    #[error("the bytes are no change, or one that announces more than it has")]
    Outline,
    /// It refers to something that it does not name.
    #[error("the change refers to something that it does not name")]
    Incomplete,
    /// The actor is not 16 bytes long, or the sequence is out of range.
    #[error("the change's actor or sequence number has no form of ours")]
    ForeignActor,
    /// Something else than creating records with scalar fields.
    #[error("the change does something other than create records")]
    ForeignOperation,
}

/// Bytes: a family's action is under 2 kB; the bound keeps a hostile peer from filling memory.
pub const MAXIMUM_CHANGE: usize = 64 * 1024;

/// Reads a change without its document, in time that depends on the change alone.
///
/// # Errors
/// [`ChangeError`]; the caller quarantines the bytes.
pub fn decode_change(bytes: &[u8]) -> Result<DecodedChange, ChangeError> {
    if bytes.len() > MAXIMUM_CHANGE {
        return Err(ChangeError::TooLong { length: bytes.len() });
    }
    outline::check(bytes)?;
    let (change, expanded) =
        catch_unwind(|| expand(bytes)).unwrap_or_else(|_panic| Err(ChangeError::Incomplete))?;
    let mut created = Created::default();
    let ExpandedChange { operations, start_op, actor_id, .. } = expanded;
    for (operation, counter) in operations.iter().zip(start_op.get()..) {
        created.read(operation, &OpId::new(counter, &actor_id))?;
    }
    let (records, newer) = created.finish();
    Ok(DecodedChange { change: change_from_automerge(&change)?, records, newer })
}

/// Automerge's part of the reading. Where an operation has an actor by a number that the change gives to none, Automerge
/// 0.12 panics (`From<&Change> for ExpandedChange`); the caller catches that.
fn expand(bytes: &[u8]) -> Result<(automerge::Change, ExpandedChange), ChangeError> {
    let change = automerge::Change::try_from(bytes).map_err(ChangeError::NotAChange)?;
    // A chunk begins with four magic bytes and then the first four of its hash.
    if bytes.get(4..8) != change.hash().0.get(..4) {
        return Err(ChangeError::Damaged);
    }
    let expanded = change.decode();
    Ok((change, expanded))
}

pub(crate) fn change_from_automerge(change: &automerge::Change) -> Result<Change, ChangeError> {
    let foreign = || ChangeError::ForeignActor;
    let actor = <[u8; 16]>::try_from(change.actor_id().to_bytes()).map_err(|_wrong_length| foreign())?;
    Ok(Change {
        actor: ActorId::from_bytes(actor),
        sequence: u32::try_from(change.seq()).map_err(|_too_large| foreign())?,
        hash: ChangeHash(change.hash().0),
        bytes: change.raw_bytes().to_vec(),
    })
}

/// The maps that a change creates under the root, and the fields it puts into them.
#[derive(Default)]
struct Created {
    ids: BTreeMap<u64, RecordId>,
    fields: BTreeMap<u64, Fields>,
}

impl Created {
    fn read(&mut self, operation: &Op, own: &OpId) -> Result<(), ChangeError> {
        let Key::Map(key) = &operation.key else { return Err(ChangeError::ForeignOperation) };
        // Records are made and never overwritten: what replaces something else may not even find it.
        if operation.insert || !operation.pred.is_empty() {
            return Err(ChangeError::ForeignOperation);
        }
        match (&operation.obj, &operation.action) {
            (ObjectId::Root, OpType::Make(ObjType::Map)) => {
                let id = RecordId::from_ulid_text(key).ok_or(ChangeError::ForeignOperation)?;
                self.ids.insert(own.counter(), id);
            }
            // The whole id, with its actor: a map of somebody else by the same counter is not this change's.
            (ObjectId::Id(map), OpType::Put(value))
                if map.actor() == own.actor() && self.ids.contains_key(&map.counter()) =>
            {
                self.fields.entry(map.counter()).or_default().push(key, value.clone());
            }
            // The schema change, and whatever a newer version writes at the root.
            (ObjectId::Root, OpType::Put(_)) => {}
            _ => return Err(ChangeError::ForeignOperation),
        }
        Ok(())
    }

    fn finish(self) -> (Vec<Record>, u32) {
        let mut newer = 0;
        let mut records = Vec::with_capacity(self.ids.len());
        for (counter, id) in &self.ids {
            match self.fields.get(counter).and_then(|fields| fields.record(*id)) {
                Some(record) => records.push(record),
                None => newer += 1,
            }
        }
        (records, newer)
    }
}
