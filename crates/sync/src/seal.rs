//! Seals: one signature over a run of one actor's changes.
//!
//! It covers hashes and not encodings, so it survives another way of packing the same changes.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hinamori_model::BoxId;
use hinamori_record::{ActorId, Change, ChangeHash, DocumentScope, Record, decode_change};
use ring::digest::{SHA256, digest};

use crate::message::Speaker;
use crate::{Grant, Grants};

const DOMAIN: &[u8; 16] = b"hinamori seal/v2";
const POSSESSION_DOMAIN: &[u8; 22] = b"hinamori possession/v1";
/// The most changes under one seal: a day of a busy box is some thousand.
const LONGEST_RUN: usize = 4_096;
/// The most bytes of changes under one seal: they travel as one message.
pub(crate) const LONGEST_RUN_BYTES: usize = 8 << 20;

/// The key that a box seals with (Ed25519). It cannot be printed and is wiped when dropped.
pub struct SealKey(SigningKey);

impl SealKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The box that this key makes: the first 16 bytes of the SHA-256 of the public key.
    pub fn box_id(&self) -> BoxId {
        box_of_key(&self.public())
    }

    /// Seals one run of an actor's changes, in sequence and without gaps. `before` is the hash of the actor's change before
    /// them; `None` where they begin the document.
    ///
    /// # Errors
    /// [`SealError::WrongRun`] when the run is empty, has gaps, mixes actors, is too long, or follows something although it is the
    /// first; [`SealError::ForeignActor`] when the actor is another box's.
    pub fn seal(
        &self,
        scope: DocumentScope,
        before: Option<ChangeHash>,
        changes: &[Change],
    ) -> Result<Seal, SealError> {
        let run = Run::of(changes)?;
        if !run.follows(before) {
            return Err(SealError::WrongRun);
        }
        if !run.actor.belongs_to(self.box_id()) {
            return Err(SealError::ForeignActor);
        }
        let (Run { actor, from, upto, digest }, key) = (run, self.public());
        let mut seal = Seal { scope, actor, from, upto, before, digest, key, signature: [0; 64] };
        seal.signature = self.0.sign(&signed_bytes(&seal)).to_bytes();
        Ok(seal)
    }

    /// A signature over bytes that begin with a domain of their own.
    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }

    /// Proves to whoever asked that this key is at hand, by a signature over their `statement`. It can never
    /// be taken for a seal: the two begin with different words.
    pub fn prove_possession(&self, statement: &[u8]) -> [u8; 64] {
        self.0.sign(&[POSSESSION_DOMAIN.as_slice(), statement].concat()).to_bytes()
    }
}

/// The box whose seal key `key` made `proof` over `statement` ([`SealKey::prove_possession`]); `None` when
/// the proof does not hold.
pub fn possessor(key: &[u8; 32], statement: &[u8], proof: &[u8; 64]) -> Option<BoxId> {
    let bytes = [POSSESSION_DOMAIN.as_slice(), statement].concat();
    let public = VerifyingKey::from_bytes(key).ok()?;
    public.verify_strict(&bytes, &Signature::from_bytes(proof)).ok()?;
    Some(box_of_key(key))
}

impl fmt::Debug for SealKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealKey(hidden)")
    }
}

/// The box of a seal key's public half.
pub(crate) fn box_of_key(key: &[u8; 32]) -> BoxId {
    let hash = digest(&SHA256, key);
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    BoxId::from_bytes(id)
}

/// A box's signature over a run of its changes.
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
    /// The hash of the actor's change before them: whoever holds another one there holds another history. `None` where `from` is 1.
    pub before: Option<ChangeHash>,
    /// SHA-256 over the hashes of the changes, in order.
    pub digest: [u8; 32],
    /// The sealing key's public half.
    pub key: [u8; 32],
    /// Ed25519 (RFC 8032 §5.1.6).
    pub signature: [u8; 64],
}

/// Why a batch is not believed. The party at fault is the box that sealed it, or whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No changes, a gap, several actors, too many, or not the run that the seal names.
    #[error("the changes are not the run that the seal names")]
    WrongRun,
    /// The actor is not one of the sealing box.
    #[error("the changes are by another box than the one that sealed them")]
    ForeignActor,
    /// The town does not know the box, or knows another key for it.
    #[error("no box of this town has this seal key")]
    UnknownBox,
    /// The box may not write documents of this site.
    #[error("the box may not write for this site")]
    NotGranted,
    /// The signature does not hold.
    #[error("the seal's signature does not hold")]
    WrongSignature,
    /// A change does not decode, or is not what is said of it.
    #[error("change {sequence} is not what is said of it")]
    ForeignChange {
        /// Its sequence.
        sequence: u32,
    },
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
    /// Of each change.
    records: Vec<Vec<Record>>,
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

    /// The changes, in order, each with the records that it creates.
    pub fn decoded(&self) -> impl Iterator<Item = (&Change, &[Record])> {
        self.batch.changes.iter().zip(self.records.iter().map(Vec::as_slice))
    }

    /// The batch as it can be passed on.
    pub fn into_sealed(self) -> SealedBatch {
        self.batch
    }

    /// What somebody needs in order to judge a batch that was not taken, or to look at it again.
    pub fn to_evidence(&self) -> Vec<u8> {
        postcard::to_stdvec(&Speaker::default().batch(self.batch.clone())).unwrap_or_default()
    }
}

/// Checks a batch: that the box is known and may write this document's site, the signature, the digest, and
/// that every change decodes to exactly the actor, sequence and hash that are said of it.
///
/// # Errors
/// [`SealError`]; the caller quarantines the batch.
pub fn verify(batch: SealedBatch, grants: &Grants) -> Result<VerifiedBatch, SealError> {
    if !granted(&batch.seal, grants)?.may_write(batch.seal.scope.site) {
        return Err(SealError::NotGranted);
    }
    verify_seal(batch, grants)
}

/// What the town grants the box that sealed this.
fn granted<'g>(seal: &Seal, grants: &'g Grants) -> Result<&'g Grant, SealError> {
    let grant = grants.0.get(&box_of_key(&seal.key)).filter(|grant| grant.seal_key == seal.key);
    grant.ok_or(SealError::UnknownBox)
}

/// The same for what was taken long ago: a box may stand elsewhere now, and what it wrote where it stood before is its own all
/// the same.
///
/// # Errors
/// [`SealError`], but for [`SealError::NotGranted`].
pub fn verify_seal(batch: SealedBatch, grants: &Grants) -> Result<VerifiedBatch, SealError> {
    let seal = &batch.seal;
    granted(seal, grants)?;
    if !seal.actor.belongs_to(box_of_key(&seal.key)) {
        return Err(SealError::ForeignActor);
    }
    let key = VerifyingKey::from_bytes(&seal.key).map_err(|_no_point| SealError::WrongSignature)?;
    key.verify_strict(&signed_bytes(seal), &Signature::from_bytes(&seal.signature))
        .map_err(|_no_reason_is_given| SealError::WrongSignature)?;
    let run = Run::of(&batch.changes)?;
    if (run.actor, run.from, run.upto, run.digest) != (seal.actor, seal.from, seal.upto, seal.digest)
        || !run.follows(seal.before)
    {
        return Err(SealError::WrongRun);
    }
    let mut records = Vec::with_capacity(batch.changes.len());
    for change in &batch.changes {
        let foreign = SealError::ForeignChange { sequence: change.sequence };
        match decode_change(&change.bytes) {
            Ok(decoded) if decoded.change == *change => records.push(decoded.records),
            Ok(_) | Err(_) => return Err(foreign),
        }
    }
    Ok(VerifiedBatch { batch, records })
}

/// What a seal says of its changes.
struct Run {
    actor: ActorId,
    from: u32,
    upto: u32,
    digest: [u8; 32],
}

impl Run {
    fn of(changes: &[Change]) -> Result<Self, SealError> {
        let [first, .., last] = changes else {
            return match changes {
                [only] => Ok(Self::over(changes, only, only)),
                _ => Err(SealError::WrongRun),
            };
        };
        let dense = changes
            .iter()
            .zip(first.sequence..)
            .all(|(change, expected)| change.actor == first.actor && change.sequence == expected);
        let bytes = changes.iter().fold(0_usize, |sum, change| sum.saturating_add(change.bytes.len()));
        if !dense || changes.len() > LONGEST_RUN || bytes > LONGEST_RUN_BYTES || first.sequence == 0 {
            return Err(SealError::WrongRun);
        }
        Ok(Self::over(changes, first, last))
    }

    fn over(changes: &[Change], first: &Change, last: &Change) -> Self {
        let hashes: Vec<u8> = changes.iter().flat_map(|change| change.hash.0).collect();
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, &hashes).as_ref());
        Self { actor: first.actor, from: first.sequence, upto: last.sequence, digest: sum }
    }

    /// Only the first change of all has none before it.
    const fn follows(&self, before: Option<ChangeHash>) -> bool {
        before.is_none() == (self.from == 1)
    }
}

/// What a seal says of the changes that came: the digest that it must have covered.
pub(crate) fn digest_over(changes: &[Change]) -> Result<[u8; 32], SealError> {
    Run::of(changes).map(|run| run.digest)
}

/// Domain (16 bytes), scope (36), actor (16), first and last sequence (4 + 4, big-endian), the hash before (32; zeros for none, which
/// the first sequence tells), digest (32) and the public key (32): every part has a fixed length, so that no two seals share their
/// bytes.
fn signed_bytes(seal: &Seal) -> Vec<u8> {
    let Seal { scope, actor, from, upto, before, digest, key, signature: _ } = seal;
    let mut bytes = Vec::with_capacity(172);
    bytes.extend_from_slice(DOMAIN);
    bytes.extend_from_slice(&scope.to_bytes());
    bytes.extend_from_slice(actor.as_bytes());
    bytes.extend_from_slice(&from.to_be_bytes());
    bytes.extend_from_slice(&upto.to_be_bytes());
    bytes.extend_from_slice(&before.map_or([0; 32], |before| before.0));
    bytes.extend_from_slice(digest);
    bytes.extend_from_slice(key);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grant;
    use hinamori_model::{Hlc, IncidentId, PersonId, RecordId, SiteId, UnixMillis};
    use hinamori_record::{Document, Fact, Period, PresenceEvent, Proof, Record};
    use std::collections::BTreeMap;

    const SITE: SiteId = SiteId::from_bytes([2; 16]);

    fn scope() -> DocumentScope {
        DocumentScope { incident: IncidentId::from_bytes([1; 16]), site: SITE, period: Period(20_738) }
    }

    fn key(number: u8) -> SealKey {
        SealKey::from_bytes(&[number; 32])
    }

    fn changes(by: &SealKey, count: u64) -> Vec<Change> {
        let mut document = Document::new(scope(), ActorId::new(by.box_id(), 1)).unwrap();
        (0..count)
            .map(|number| {
                let at = UnixMillis::new(1_791_730_800_000 + number);
                let person = PersonId::from_bytes([7; 16]);
                let fact = Fact::presence(person, PresenceEvent::Seen, Proof::DECLARED);
                let id = RecordId::new(at, u128::from(number));
                let at_clock = Hlc::from_packed(at.get() << 16);
                let record = Record { id, at: at_clock, clock_unsure: false, lane: None, fact };
                document.append(&[record], at).unwrap()
            })
            .collect()
    }

    fn batch(by: &SealKey, count: u64) -> SealedBatch {
        let changes = changes(by, count);
        SealedBatch { seal: by.seal(scope(), None, &changes).unwrap(), changes }
    }

    fn grants(of: &SealKey, site: SiteId) -> Grants {
        let grant = Grant { seal_key: of.public(), tls_key: [0; 32], site, reads: Vec::new() };
        Grants(BTreeMap::from([(of.box_id(), grant)]))
    }

    #[test]
    fn a_sealed_run_is_believed() {
        for count in [1, 2, 5] {
            let sealed = batch(&key(1), count);
            let verified = verify(sealed.clone(), &grants(&key(1), SITE)).unwrap();
            assert_eq!((verified.seal(), verified.changes()), (&sealed.seal, sealed.changes.as_slice()));
        }
        assert_eq!(format!("{:?}", key(1)), "SealKey(hidden)");
    }

    #[test]
    fn who_is_not_granted_is_not_believed() {
        let sealed = batch(&key(1), 2);
        let refused = |grants: &Grants| verify(sealed.clone(), grants).unwrap_err();
        assert_eq!(refused(&Grants::default()), SealError::UnknownBox);
        assert_eq!(refused(&grants(&key(2), SITE)), SealError::UnknownBox);
        assert_eq!(refused(&grants(&key(1), SiteId::from_bytes([9; 16]))), SealError::NotGranted);
        let other_key = Grant { seal_key: key(2).public(), tls_key: [0; 32], site: SITE, reads: Vec::new() };
        assert_eq!(refused(&Grants(BTreeMap::from([(key(1).box_id(), other_key)]))), SealError::UnknownBox);
    }

    #[test]
    fn a_box_is_believed_at_a_shelter_that_it_opened_itself_and_at_no_other_box_s() {
        let sealed = |by: &SealKey, site| {
            let scope = DocumentScope { site, ..scope() };
            let mut document = Document::new(scope, ActorId::new(by.box_id(), 1)).unwrap();
            let at = UnixMillis::new(1_791_730_800_000);
            let fact = Fact::SelfOpened { name: "浜町の集会所".to_owned() };
            let id = RecordId::new(at, 1);
            let at_clock = Hlc::from_packed(at.get() << 16);
            let record = Record { id, at: at_clock, clock_unsure: false, lane: None, fact };
            let changes = vec![document.append(&[record], at).unwrap()];
            SealedBatch { seal: by.seal(scope, None, &changes).unwrap(), changes }
        };
        let (one, two) = (key(1), key(2));
        let own = crate::own_shelter(one.box_id(), 3);
        let mut both = grants(&one, SITE);
        both.0.extend(grants(&two, SITE).0);
        verify(sealed(&one, own), &both).unwrap();
        assert_eq!(verify(sealed(&two, own), &both), Err(SealError::NotGranted));
        let beyond = crate::own_shelter(one.box_id(), crate::MOST_OWN_SHELTERS);
        assert_eq!(verify(sealed(&one, beyond), &both), Err(SealError::NotGranted));
    }

    #[test]
    fn every_bent_part_is_refused() {
        let check = |bend: &dyn Fn(&mut SealedBatch), error: SealError| {
            let mut bent = batch(&key(1), 3);
            bend(&mut bent);
            assert_eq!(verify(bent, &grants(&key(1), SITE)), Err(error));
        };
        check(&|batch| batch.seal.signature[0] ^= 1, SealError::WrongSignature);
        check(&|batch| batch.seal.upto += 1, SealError::WrongSignature);
        check(&|batch| batch.seal.digest[0] ^= 1, SealError::WrongSignature);
        check(&|batch| batch.seal.scope.period = Period(1), SealError::WrongSignature);
        check(&|batch| drop(batch.changes.pop()), SealError::WrongRun);
        check(&|batch| drop(batch.changes.remove(1)), SealError::WrongRun);
        check(&|batch| batch.changes.clear(), SealError::WrongRun);
        check(&|batch| batch.changes[1].hash.0[0] ^= 1, SealError::WrongRun);
        check(&|batch| batch.changes[1].bytes[9] ^= 1, SealError::ForeignChange { sequence: 2 });
        check(&|batch| batch.seal.actor = ActorId::new(key(2).box_id(), 1), SealError::ForeignActor);
    }

    #[test]
    fn possession_is_proved_for_one_key_and_one_statement() {
        let proof = key(1).prove_possession(b"join");
        assert_eq!(possessor(&key(1).public(), b"join", &proof), Some(key(1).box_id()));
        assert_eq!(possessor(&key(2).public(), b"join", &proof), None);
        assert_eq!(possessor(&key(1).public(), b"leave", &proof), None);
        let seal = key(1).seal(scope(), None, &changes(&key(1), 1)).unwrap();
        assert_eq!(possessor(&key(1).public(), &signed_bytes(&seal), &seal.signature), None);
    }

    #[test]
    fn a_box_seals_only_its_own_whole_runs() {
        let run = changes(&key(1), 3);
        assert_eq!(key(2).seal(scope(), None, &run), Err(SealError::ForeignActor));
        assert_eq!(key(1).seal(scope(), None, &[]), Err(SealError::WrongRun));
        assert_eq!(key(1).seal(scope(), None, &[run[0].clone(), run[2].clone()]), Err(SealError::WrongRun));
        assert_eq!(key(1).seal(scope(), Some(run[0].hash), &run), Err(SealError::WrongRun));
        assert_eq!(key(1).seal(scope(), None, &run[1..]), Err(SealError::WrongRun));
        let later = key(1).seal(scope(), Some(run[0].hash), &run[1..]).unwrap();
        let batch = |seal| SealedBatch { seal, changes: run[1..].to_vec() };
        verify(batch(later.clone()), &grants(&key(1), SITE)).unwrap();
        let other_history = Seal { before: Some(run[1].hash), ..later };
        assert_eq!(verify(batch(other_history), &grants(&key(1), SITE)), Err(SealError::WrongSignature));
    }
}
