//! The alerts that this box has: each verified by the town root before it counts, kept on the disk, and passed on as it came. Whoever
//! brought one is believed nothing; what a file says is verified again at every start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinamori_alert::{
    Alerts, BadKeyList, EVERYBODY, Envelope, EnvelopeError, Instruction, InstructionPath, KeyList,
    LONGEST_VALIDITY_SECONDS, Sequence, SequenceVerdict, Sequences, SignedAlert, Status, Taken,
};
use hinamori_model::UnixMillis;
use hinamori_plan::BadSignedPlan;
use hinamori_private_file as private_file;
use hinamori_store_sqlite::ToldByMessage;
use hinamori_sync::{
    AlertMessage, AlertsHeld, CarriedAlert, CarriedInstruction, LONGEST_ALERT, LONGEST_KEY_LIST, MOST_ALERTS,
    OriginatedAlert,
};
use tracing::{error, warn};

/// The file of the list of keys, in the folder of alerts.
const KEYS: &str = "keys";
/// Bytes of an alert's file: the alert, its envelope, lengths.
const LONGEST_FILE: usize = LONGEST_ALERT + (64 << 10);

/// The way of an instruction that is the only one.
const ALONE: InstructionPath = InstructionPath { index: 0, beside: Vec::new() };

/// See the module.
pub(crate) struct BoxAlerts {
    folder: PathBuf,
    /// Whose alerts they are; `None` before the box joined a town.
    root: Option<[u8; 32]>,
    list: Option<(KeyList, Vec<u8>)>,
    alerts: Alerts,
    sequences: Sequences,
    /// By the digest by which boxes and the server speak of them.
    kept: BTreeMap<[u8; 32], Kept>,
}

/// One that is kept and passed on.
struct Kept {
    /// [`AlertMessage::Sent`], or [`AlertMessage::Originated`] with what everybody is told.
    message: AlertMessage,
    signed: SignedAlert,
    sequence: Sequence,
    sent: UnixMillis,
    is_exercise: bool,
}

/// What the time is, as far as it matters to alerts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AlertTime {
    /// It is not earlier than this.
    pub(crate) now: UnixMillis,
    /// What was sent later than this cannot be.
    pub(crate) latest: UnixMillis,
    /// When the server was heard before this came; `None` where the clock cannot be trusted.
    pub(crate) heard: Option<UnixMillis>,
}

impl AlertTime {
    /// What time it is where `signed` is judged: two officers who sign live put a clock that is behind forward, as far as can be believed.
    pub(crate) fn now_for(&self, signed: &SignedAlert) -> UnixMillis {
        let sent = signed.alert().alert().sent.at();
        if sent <= self.latest { self.now.max(sent) } else { self.now }
    }
}

/// Why something is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    /// No town, so nobody signs for it.
    #[error("this box has joined no town")]
    NoTown,
    /// Whoever brought the list.
    #[error("the list of keys does not hold")]
    List(#[from] BadKeyList),
    /// It came before the list of keys.
    #[error("the town's list of keys is not here yet")]
    NoList,
    /// Whoever brought it.
    #[error("the envelope cannot be read")]
    NoEnvelope,
    /// Whoever brought it, or the officers.
    #[error("the envelope does not hold")]
    Envelope(#[source] Box<EnvelopeError>),
    /// Whoever brought it, or the town's server.
    #[error("its number is old")]
    OldNumber,
    /// The town's server, or somebody with two officers' devices.
    #[error("another message has its number")]
    Forked,
    /// Whoever brought it.
    #[error("what everybody is told is not what the officers signed")]
    OtherLeaf,
    /// Whoever brought the plan, or the operator.
    #[error("the plan does not hold")]
    Plan(#[from] BadSignedPlan),
    /// Whoever brought it: only the server says it.
    #[error("only the town's server says this")]
    NotTheServer,
    /// The officers, a clock, or whoever brought it late.
    #[error("it does not count: {0:?}")]
    DoesNotCount(Taken),
    /// This box's disk. Only what is originated here needs it before it counts.
    #[error("it cannot be kept on this box's disk")]
    NotKept(#[source] std::io::Error),
}

impl BoxAlerts {
    /// None yet.
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.join("alerts"),
            root: None,
            list: None,
            alerts: Alerts::default(),
            sequences: Sequences::default(),
            kept: BTreeMap::new(),
        }
    }

    /// From now on those of the town with this root count, as far as the disk has them. Nothing when it is the same town.
    pub(crate) fn follow(&mut self, root: [u8; 32], time: AlertTime) {
        if self.root == Some(root) {
            return;
        }
        let folder = std::mem::take(&mut self.folder);
        *self = Self { folder, root: Some(root), ..Self::new(Path::new("")) };
        if let Err(problem) = self.read(time) {
            error!(error = &problem as &dyn std::error::Error, "the alerts on the disk cannot be read");
        }
    }

    fn read(&mut self, time: AlertTime) -> std::io::Result<()> {
        private_file::private_folder(&self.folder)?;
        let longest = u64::try_from(LONGEST_KEY_LIST).unwrap_or(u64::MAX);
        if let Some(bytes) = private_file::read(&self.folder, KEYS, longest)?
            && let Err(problem) = self.believe_list(bytes)
        {
            warn!(error = &problem as &dyn std::error::Error, "the list of keys on the disk is not used");
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str().filter(|name| name.len() == 64) else { continue };
            let longest = u64::try_from(LONGEST_FILE).unwrap_or(u64::MAX);
            let read = private_file::read(&self.folder, name, longest).unwrap_or_default();
            match read.and_then(|bytes| CarriedAlert::from_bytes(&bytes)) {
                Some(carried) if name_of(&carried.digest()) == name => {
                    let longest = u64::try_from(LONGEST_FILE).unwrap_or(u64::MAX);
                    let leaf = private_file::read(&self.folder, &leaf_name(name), longest);
                    found.push((carried, leaf.unwrap_or_default()));
                }
                Some(_) | None => warn!(name, "the file of an alert is damaged and is left as it is"),
            }
        }
        // In the sender's order: what is far behind the newest one would be taken for old.
        let place =
            |(carried, _): &(CarriedAlert, _)| Envelope::decode(&carried.envelope).map(|read| read.sequence);
        found.sort_by_key(place);
        for (carried, leaf) in found {
            if let Err(problem) = self.bring_back(carried, leaf, time.now) {
                warn!(error = &problem as &dyn std::error::Error, "an alert on the disk does not count");
            }
        }
        Ok(())
    }

    /// What this box has, for the other side of a connection.
    pub(crate) fn held(&self) -> AlertsHeld {
        AlertsHeld { list: self.version(), digests: self.kept.keys().copied().collect() }
    }

    fn version(&self) -> u32 {
        self.list.as_ref().map_or(0, |(list, _)| list.version)
    }

    /// What is passed on: the list of keys, and every alert in the order in which they were sent.
    pub(crate) fn to_pass_on(&self) -> (Option<(u32, &[u8])>, Vec<&AlertMessage>) {
        let list = self.list.as_ref().map(|(list, bytes)| (list.version, bytes.as_slice()));
        let mut kept: Vec<&Kept> = self.kept.values().collect();
        kept.sort_by_key(|kept| (kept.sent, kept.sequence));
        (list, kept.into_iter().map(|kept| &kept.message).collect())
    }

    /// Those that were originated at a box, in the same order: the town hall may have been gone.
    pub(crate) fn originated(&self) -> Vec<&AlertMessage> {
        let (_, all) = self.to_pass_on();
        all.into_iter().filter(|message| matches!(message, AlertMessage::Originated(_))).collect()
    }

    /// Those of them that were sent after `from` and not after `upto`.
    pub(crate) fn originated_between(&self, from: UnixMillis, upto: UnixMillis) -> Vec<&AlertMessage> {
        let kept = self.kept.values().filter(|kept| from < kept.sent && kept.sent <= upto);
        let messages = kept.map(|kept| &kept.message);
        messages.filter(|message| matches!(message, AlertMessage::Originated(_))).collect()
    }

    /// Whose signatures count.
    pub(crate) fn list(&self) -> Option<&KeyList> {
        self.list.as_ref().map(|(list, _)| list)
    }

    /// The highest number that came of a box.
    pub(crate) fn highest_of(&self, epoch: u32) -> u64 {
        // Those are counted apart: one officer's exercise would otherwise take two officers' numbers away.
        let is_counted = |kept: &&Kept| !kept.is_exercise && kept.signed.officers() >= 2;
        let of_box = self.kept.values().filter(is_counted).filter(|kept| kept.sequence.epoch == epoch);
        of_box.map(|kept| kept.sequence.number).max().unwrap_or_default()
    }

    /// Each that is kept, with its envelope, in the same order.
    pub(crate) fn signed(&self) -> impl Iterator<Item = (&SignedAlert, &[u8])> {
        let mut kept: Vec<&Kept> = self.kept.values().collect();
        kept.sort_by_key(|kept| (kept.sent, kept.sequence));
        kept.into_iter().filter_map(|kept| match &kept.message {
            AlertMessage::Sent(carried) | AlertMessage::Originated(OriginatedAlert { carried, .. }) => {
                Some((&kept.signed, carried.envelope.as_slice()))
            }
            _ => None,
        })
    }

    /// What everybody is told of those that were originated at a box: it came with them, and not from the town hall.
    pub(crate) fn told_everybody(&self) -> ToldByMessage {
        let told = |kept: &Kept| match &kept.message {
            AlertMessage::Originated(OriginatedAlert { leaf, .. }) => {
                let told = CarriedInstruction { leaf: leaf.clone(), path: ALONE.encode() };
                Some(((kept.signed.digest(), EVERYBODY), told))
            }
            _ => None,
        };
        self.kept.values().filter_map(told).collect()
    }

    /// Those that were verified.
    pub(crate) const fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// Takes a list of keys that somebody brought; gives whether it is a newer one.
    ///
    /// # Errors
    /// [`NotTaken::NoTown`], [`NotTaken::List`].
    pub(crate) fn take_list(&mut self, bytes: Vec<u8>) -> Result<bool, NotTaken> {
        let is_newer = self.believe_list(bytes)?;
        if is_newer && let Some((_, bytes)) = &self.list {
            self.keep(KEYS, bytes);
        }
        Ok(is_newer)
    }

    fn believe_list(&mut self, bytes: Vec<u8>) -> Result<bool, NotTaken> {
        let root = self.root.as_ref().ok_or(NotTaken::NoTown)?;
        let list = KeyList::decode(&bytes, root)?;
        let is_newer = list.version > self.version();
        if is_newer {
            self.list = Some((list, bytes));
        }
        Ok(is_newer)
    }

    /// Takes an alert that somebody brought; gives whether it is new here.
    ///
    /// # Errors
    /// [`NotTaken`], but not what is only too late to matter.
    pub(crate) fn take(&mut self, carried: CarriedAlert, time: AlertTime) -> Result<bool, NotTaken> {
        self.take_with(carried, None, time)
    }

    /// The same of what was originated at a box, with what everybody is told.
    ///
    /// # Errors
    /// As [`BoxAlerts::take`]; [`NotTaken::OtherLeaf`].
    pub(crate) fn take_originated(
        &mut self,
        OriginatedAlert { carried, leaf }: OriginatedAlert,
        time: AlertTime,
    ) -> Result<bool, NotTaken> {
        self.take_with(carried, Some(leaf), time)
    }

    /// Takes what officers originated at this box. It counts once it is on the disk: nobody else may have it, and whoever signed it is told
    /// that it went out. Where the disk refuses, nothing of it stays anywhere.
    ///
    /// # Errors
    /// As [`BoxAlerts::take_originated`]; [`NotTaken::NotKept`].
    pub(crate) fn originate(
        &mut self,
        OriginatedAlert { carried, leaf }: OriginatedAlert,
        time: AlertTime,
    ) -> Result<(), NotTaken> {
        let (sequences, alerts) = (self.sequences.clone(), self.alerts.clone());
        let (digest, bytes) = (carried.digest(), carried.to_bytes());
        let name = name_of(&digest);
        self.believe(carried, Some(leaf.clone()), time)?;
        let kept = self.write(&leaf_name(&name), &leaf).and_then(|()| self.write(&name, &bytes));
        if let Err(problem) = kept {
            (self.sequences, self.alerts) = (sequences, alerts);
            self.kept.remove(&digest);
            // Half of it may be there: after a power cut it would count.
            for name in [leaf_name(&name), name] {
                drop(std::fs::remove_file(self.folder.join(name)));
            }
            return Err(NotTaken::NotKept(problem));
        }
        self.make_room();
        Ok(())
    }

    fn take_with(
        &mut self,
        carried: CarriedAlert,
        leaf: Option<Vec<u8>>,
        time: AlertTime,
    ) -> Result<bool, NotTaken> {
        let digest = carried.digest();
        let is_known = self
            .kept
            .get(&digest)
            .is_some_and(|kept| leaf.is_none() || matches!(kept.message, AlertMessage::Originated(_)));
        if is_known {
            return Ok(false);
        }
        let (bytes, leaf_bytes) = (carried.to_bytes(), leaf.clone());
        let is_new = self.believe(carried, leaf, time)?;
        if is_new {
            let name = name_of(&digest);
            // First, so that no alert is kept without it.
            leaf_bytes.into_iter().for_each(|leaf| self.keep(&leaf_name(&name), &leaf));
            self.keep(&name, &bytes);
            self.make_room();
        }
        Ok(is_new)
    }

    /// One that counted before a restart counts after it: nobody knows any more what was in force, and who was heard, when it came.
    fn bring_back(
        &mut self,
        carried: CarriedAlert,
        leaf: Option<Vec<u8>>,
        now: UnixMillis,
    ) -> Result<(), NotTaken> {
        let digest = carried.digest();
        // Without what everybody is told it is still what the officers signed.
        let verified = match leaf {
            Some(leaf) => {
                self.verified(carried.clone(), Some(leaf)).or_else(|_bent| self.verified(carried, None))
            }
            None => self.verified(carried, None),
        };
        let (signed, kept) = verified?;
        self.note(&signed)?;
        self.alerts.restore(signed, now);
        self.kept.insert(digest, kept);
        Ok(())
    }

    fn verified(
        &self,
        carried: CarriedAlert,
        leaf: Option<Vec<u8>>,
    ) -> Result<(SignedAlert, Kept), NotTaken> {
        let (list, _) = self.list.as_ref().ok_or(NotTaken::NoList)?;
        let envelope = Envelope::decode(&carried.envelope).ok_or(NotTaken::NoEnvelope)?;
        let verified = envelope.verify(&carried.alert, list);
        let signed = verified.map_err(|problem| NotTaken::Envelope(Box::new(problem)))?;
        let kept = Kept {
            sequence: signed.sequence(),
            sent: signed.alert().alert().sent.at(),
            is_exercise: signed.alert().alert().status == Status::Exercise,
            signed: signed.clone(),
            message: match leaf {
                Some(leaf) if is_told_everybody(&signed, &leaf) => {
                    AlertMessage::Originated(OriginatedAlert { carried, leaf })
                }
                Some(_) => return Err(NotTaken::OtherLeaf),
                None => AlertMessage::Sent(carried),
            },
        };
        Ok((signed, kept))
    }

    fn believe(
        &mut self,
        carried: CarriedAlert,
        leaf: Option<Vec<u8>>,
        time: AlertTime,
    ) -> Result<bool, NotTaken> {
        let digest = carried.digest();
        let has_leaf = leaf.is_some();
        let (signed, kept) = self.verified(carried, leaf)?;
        match self.judge(signed, time)? {
            Taken::InForce
            | Taken::Superseded
            | Taken::Cancelled
            | Taken::Cancels { .. }
            | Taken::CancelsUnknown
            // It is over, and an earlier one of its thread must not come back at the next start.
            | Taken::Expired => {}
            // It came before without what everybody is told.
            Taken::Duplicate if has_leaf && self.kept.contains_key(&digest) => {}
            Taken::Duplicate => return Ok(false),
            refused @ (Taken::OtherContent
            | Taken::FromTheFuture
            | Taken::NeedsAnotherOfficer
            | Taken::Full) => return Err(NotTaken::DoesNotCount(refused)),
        }
        self.kept.insert(digest, kept);
        Ok(true)
    }

    /// By its number, then by what is known of its thread. As many officers as it needs say that it is as late as they sent it, which a
    /// clock without power does not know.
    fn judge(&mut self, signed: SignedAlert, time: AlertTime) -> Result<Taken, NotTaken> {
        let now = time.now_for(&signed);
        self.note(&signed)?;
        Ok(self.alerts.take(signed, now, time.heard))
    }

    fn note(&mut self, signed: &SignedAlert) -> Result<(), NotTaken> {
        match self.sequences.note(signed) {
            SequenceVerdict::New | SequenceVerdict::Known => Ok(()),
            SequenceVerdict::Old => Err(NotTaken::OldNumber),
            SequenceVerdict::Forked => Err(NotTaken::Forked),
        }
    }

    /// Without it the next start asks for it again: that is no reason to show it later.
    fn keep(&self, name: &str, bytes: &[u8]) {
        if let Err(problem) = self.write(name, bytes) {
            error!(error = &problem as &dyn std::error::Error, "what came of alerts is not kept");
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        private_file::private_folder(&self.folder)?;
        private_file::replace(&self.folder, name, bytes)
    }

    /// Drops what was sent so long ago that nothing of its thread can hold. Only for a clock that can be trusted.
    pub(crate) fn drop_old(&mut self, now: UnixMillis) {
        let longest = LONGEST_VALIDITY_SECONDS.unsigned_abs().saturating_mul(1_000);
        let old = self.kept.iter().filter(|(_, kept)| kept.sent.plus(longest) <= now);
        let old: Vec<_> = old.map(|(digest, _)| *digest).collect();
        old.iter().for_each(|digest| self.drop(digest));
    }

    /// Exercises go before what is live, then what was sent first.
    fn make_room(&mut self) {
        while self.kept.len() > MOST_ALERTS {
            let least = self.kept.iter().min_by_key(|(_, kept)| (!kept.is_exercise, kept.sent));
            let Some(digest) = least.map(|(digest, _)| *digest) else { return };
            self.drop(&digest);
        }
    }

    fn drop(&mut self, digest: &[u8; 32]) {
        self.kept.remove(digest);
        let name = name_of(digest);
        // Most have none.
        drop(std::fs::remove_file(self.folder.join(leaf_name(&name))));
        if let Err(problem) = std::fs::remove_file(self.folder.join(name)) {
            warn!(error = &problem as &dyn std::error::Error, "the file of an old alert stays");
        }
    }
}

/// Whether the officers signed this with it, for everybody (docs/tv.md §3): the only instruction of its tree.
fn is_told_everybody(signed: &SignedAlert, leaf: &[u8]) -> bool {
    Instruction::decode(leaf).is_some_and(|own| own.household == EVERYBODY && signed.has(&own, &ALONE))
}

fn leaf_name(name: &str) -> String {
    format!("{name}.leaf")
}

/// A file's name.
fn name_of(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
