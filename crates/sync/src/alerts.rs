//! The town's alerts on their way from the server to boxes and from box to box, as they were signed. Relaying needs no key: what an alert
//! is, and whether it holds, whoever keeps it knows (crate `alert`); here it is bytes. What households are told is not among them.
//!
//! What was originated at a box goes the other way too, and with it what everybody is told: the town hall may have been gone. Beside them go
//! what officers need at a kiosk: the town's plan, their sealed keys, and what waits for their signatures.

use std::collections::BTreeSet;

use hinamori_model::{CardKey, HouseholdId, StaffId, TelevisionAnswer, UnixMillis};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::session::Side;

/// Alerts that a box keeps and that a hello names: a town in a bad week sends a hundred, with its exercises.
pub const MOST_ALERTS: usize = 256;
/// Bytes of an alert: what the crate `alert` reads at most.
pub const LONGEST_ALERT: usize = 1 << 20;
/// Bytes of an envelope: eight signatures of passkeys, twice where it was prepared, and what released it.
pub(crate) const LONGEST_ENVELOPE: usize = 32 << 10;
/// Bytes of a list of keys: 512 devices.
pub const LONGEST_KEY_LIST: usize = 64 << 10;
/// Bytes of a signed plan: a thousand districts.
pub const LONGEST_PLAN: usize = (4 << 20) + 128;
/// Officers with keys at kiosks: each has two in a list of 512.
pub const MOST_KIOSK_KEYS: usize = 256;
/// Tests of officers' keys that a box tells of.
pub const MOST_KEY_TESTS: usize = 64;
/// Bytes of a sealed key.
const LONGEST_SEALED_KEY: usize = 128;
/// Bytes of what everybody is told of an alert.
const LONGEST_LEAF: usize = 16 << 10;
/// Drafts that wait for officers at a time.
pub const MOST_DRAFTS: usize = 8;
/// Digests that a hello names: of alerts, of the plan and of the officers' sealed keys.
const MOST_HELD: usize = MOST_ALERTS + 2;
/// Instructions in one message.
pub const MOST_TOLD: usize = 256;
/// Bytes of an instruction's way up among a million.
const LONGEST_PATH: usize = 4 + 20 * 32;
/// Bytes of a heartbeat (docs/tv.md §4).
const BEAT: usize = 84;
/// Televisions that a box may tell of their household: those of a town whose box has no catchment.
pub const MOST_TELEVISIONS: usize = 1 << 15;
/// Televisions that a box asks about at a time: each may be anybody's on its network.
pub const MOST_STRANGERS: usize = 64;
/// Answers of televisions in one message.
pub const MOST_ANSWERS: usize = 1_024;
/// Televisions that were given to households at a box, in one message: a day's work at one counter.
pub const MOST_BINDINGS: usize = 64;
/// Bytes of a draft's name.
const LONGEST_NAME: usize = 32;
/// Bytes of a kiosk's signature (RFC 8032 §5.1.6).
const LONGEST_SIGNATURE: usize = 64;

/// What a side has of alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsHeld {
    /// The version of its list of keys; 0 for none.
    pub list: u32,
    /// Each alert's [`CarriedAlert::digest`], and those of the plan and of the officers' sealed keys ([`AlertMessage::digest`]).
    pub digests: BTreeSet<[u8; 32]>,
}

impl AlertsHeld {
    /// Nothing.
    pub const NOTHING: &'static Self = &Self { list: 0, digests: BTreeSet::new() };

    /// Whether it is as short as a hello may have it.
    pub(crate) fn is_bounded(&self) -> bool {
        self.digests.len() <= MOST_HELD
    }
}

/// An alert with what the officers signed: the exact bytes of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedAlert {
    /// CAP.
    pub alert: Vec<u8>,
    /// The officers' envelope.
    pub envelope: Vec<u8>,
}

impl CarriedAlert {
    /// SHA-256 over the hashes of both: with another officer's signature it is another one, and has to be sent.
    pub fn digest(&self) -> [u8; 32] {
        let hashes = [&self.alert, &self.envelope].map(|bytes| digest(&SHA256, bytes));
        let [alert, envelope] = hashes.each_ref().map(AsRef::as_ref);
        digest(&SHA256, &[alert, envelope].concat()).as_ref().try_into().unwrap_or([0; 32])
    }

    /// As a box keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`CarriedAlert::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (read, rest): (Self, _) = postcard::take_from_bytes(bytes).ok()?;
        (rest.is_empty() && read.is_bounded()).then_some(read)
    }

    /// Whether it is as short as one may be.
    pub fn is_bounded(&self) -> bool {
        self.alert.len() <= LONGEST_ALERT && self.envelope.len() <= LONGEST_ENVELOPE
    }
}

/// An alert that was originated at a box, with what everybody is told (docs/tv.md §3): its tree has this one instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginatedAlert {
    /// The alert.
    pub carried: CarriedAlert,
    /// Salt, household and content.
    pub leaf: Vec<u8>,
}

/// An officer's keys at kiosks, sealed under their card: see `SealedKioskKey` of the crate `alert`. They are no secret, and nothing but a
/// claim until the town root lists their public halves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KioskKeys {
    /// Who made them.
    pub staff: StaffId,
    /// With which card.
    pub card: CardKey,
    /// For what is real.
    pub live: Vec<u8>,
    /// For exercises.
    pub exercise: Vec<u8>,
}

impl KioskKeys {
    /// SHA-256 over all of it: what two screens compare.
    pub fn digest(&self) -> [u8; 32] {
        let Self { staff, card, live, exercise } = self;
        let hashes = [live, exercise].map(|bytes| digest(&SHA256, bytes));
        let [live, exercise] = hashes.each_ref().map(AsRef::as_ref);
        sha256(&[b"hinamori officer/new/v1", staff.as_bytes(), card.as_bytes(), live, exercise])
    }

    /// Several of them, as a box keeps them.
    pub fn all_to_bytes(all: &[Self]) -> Vec<u8> {
        postcard::to_stdvec(all).unwrap_or_default()
    }

    /// Reads what [`KioskKeys::all_to_bytes`] wrote; `None` for anything else.
    pub fn all_from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        let (all, rest): (Vec<Self>, _) = postcard::take_from_bytes(bytes).ok()?;
        let is_bounded = all.len() <= MOST_KIOSK_KEYS && all.iter().all(Self::is_bounded);
        (rest.is_empty() && is_bounded).then_some(all)
    }

    fn is_bounded(&self) -> bool {
        [&self.live, &self.exercise].iter().all(|bytes| bytes.len() <= LONGEST_SEALED_KEY)
    }
}

/// An officer's key at kiosks showed that it works (`test_digest` of the crate `alert`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTest {
    /// The public half of the key.
    pub key: [u8; 32],
    /// When, by the box's clock: the key signed it too.
    pub at: UnixMillis,
    /// Ed25519, 64 bytes.
    pub signature: Vec<u8>,
}

impl KeyTest {
    /// Several of them, as a box keeps them.
    pub fn all_to_bytes(all: &[Self]) -> Vec<u8> {
        postcard::to_stdvec(all).unwrap_or_default()
    }

    /// Reads what [`KeyTest::all_to_bytes`] wrote; `None` for anything else.
    pub fn all_from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        let (all, rest): (Vec<Self>, _) = postcard::take_from_bytes(bytes).ok()?;
        (rest.is_empty() && Self::are_bounded(&all)).then_some(all)
    }

    fn are_bounded(all: &[Self]) -> bool {
        all.len() <= MOST_KEY_TESTS && all.iter().all(|test| test.signature.len() <= LONGEST_SIGNATURE)
    }
}

/// What waits for officers at the town hall's desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDraft {
    /// Its name at the desk.
    pub id: String,
    /// With the signatures so far.
    pub draft: CarriedAlert,
    /// How many officers have to sign.
    pub needed: u8,
    /// When it is dropped by itself.
    pub until: UnixMillis,
}

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApprovalAnswer {
    /// It is taken, and another officer is needed.
    Taken,
    /// It is taken, and the alert went out.
    Sent,
    /// The draft is gone, or what was sent since says otherwise.
    Gone,
    /// This officer signed already.
    SignedAlready,
    /// The signature does not hold for the town hall.
    NotSigned,
    /// What was to be taken back by one officer takes two.
    NeedsAnother,
    /// The town hall's disk.
    NotKept,
}

/// What a household, or everybody, is told of an alert (docs/tv.md §3). It cannot be printed: names are in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedInstruction {
    /// Salt, household and content.
    pub leaf: Vec<u8>,
    /// Its way up to what the officers signed.
    pub path: Vec<u8>,
}

impl std::fmt::Debug for CarriedInstruction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "CarriedInstruction({} bytes)", self.leaf.len())
    }
}

/// What a box may know of a television.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedTelevision {
    /// SHA-256 of its token.
    pub token: [u8; 32],
    /// What it shows until it is bound.
    pub code: Option<u32>,
    /// Whose it is, where the box may know.
    pub household: Option<HouseholdId>,
}

/// What a television said to a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CarriedAnswer {
    /// Of the envelope of the message.
    pub message: [u8; 32],
    /// Whose television.
    pub household: HouseholdId,
    /// What.
    pub answer: TelevisionAnswer,
    /// When, by the box's clock.
    pub at: UnixMillis,
}

/// A television that was given to a household at a box, with a card of somebody of it. The card is not said, nor whose of the household it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CarriedBinding {
    /// What the set shows: eight digits.
    pub code: u32,
    /// Whose it is to be.
    pub household: HouseholdId,
    /// Who was signed in there; `None` where the town lists no staff.
    pub staff: Option<StaffId>,
    /// How many milliseconds ago, at least: no clock is asked, for the box's may be wrong by hours.
    pub ago: u64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BindingOutcome {
    /// The set is the household's.
    Bound,
    /// No set shows this code, or it is another household's by now.
    NoSuchCode,
    /// The town has no such household, or it is none of the box's.
    NotItsHousehold,
}

/// The same, as a box keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBinding {
    /// [`CarriedBinding::code`].
    pub code: u32,
    /// [`CarriedBinding::household`].
    pub household: HouseholdId,
    /// [`CarriedBinding::staff`].
    pub staff: Option<StaffId>,
    /// When, by the box's clock.
    pub at: UnixMillis,
    /// What became of it, and when the box heard so.
    pub settled: Option<(BindingOutcome, UnixMillis)>,
}

impl KeptBinding {
    /// Several of them, as a box keeps them.
    pub fn all_to_bytes(all: &[Self]) -> Vec<u8> {
        postcard::to_stdvec(all).unwrap_or_default()
    }

    /// Reads what [`KeptBinding::all_to_bytes`] wrote; `None` for anything else.
    pub fn all_from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        let (all, rest): (Vec<Self>, _) = postcard::take_from_bytes(bytes).ok()?;
        rest.is_empty().then_some(all)
    }
}

/// What is said of alerts. Whoever hears it verifies it: the other side is believed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertMessage {
    /// The list of keys, as the town root signed it.
    Keys {
        /// Its version, by which it is known who has it.
        version: u32,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// One alert.
    Sent(CarriedAlert),
    /// One that was originated at a box: from whoever has it to whoever lacks it.
    Originated(OriginatedAlert),
    /// The town's plan, as the town root signed it.
    Plan(Vec<u8>),
    /// The sealed keys of every officer who has some.
    KioskKeys(Vec<KioskKeys>),
    /// From a box: an officer made these there, and they wait for the administrator.
    KeysMade(KioskKeys),
    /// From the server: all that waits for officers now.
    Drafts(Vec<WaitingDraft>),
    /// From a box: an officer's signature under a draft.
    Approval {
        /// The draft.
        draft: String,
        /// The public half of the officer's key.
        key: [u8; 32],
        /// Ed25519 over the digest of its envelope, 64 bytes.
        signature: Vec<u8>,
    },
    /// From the server: what became of it.
    Approved {
        /// The draft.
        draft: String,
        /// What.
        answer: ApprovalAnswer,
    },
    /// From the server, and of what everybody is told from box to box: what televisions are told of a message.
    Told {
        /// Of the message's envelope.
        message: [u8; 32],
        /// Whoever takes it verifies each by the envelope.
        instructions: Vec<CarriedInstruction>,
    },
    /// From the server: its latest heartbeat.
    Beat(Vec<u8>),
    /// From the server: every television that this box may know.
    Televisions(Vec<CarriedTelevision>),
    /// From a box at which televisions ask, once on each connection at least: the hashed tokens of those that it does not know.
    Strangers(Vec<[u8; 32]>),
    /// From a box: what televisions said to it; again, until the server has it.
    Answers(Vec<CarriedAnswer>),
    /// From the server: it has these on its disk.
    AnswersTaken(Vec<CarriedAnswer>),
    /// From a box: televisions that were given to households there; again, until the server says what became of them.
    Bindings(Vec<CarriedBinding>),
    /// From the server: what became of them, which is on its disk.
    BindingsSettled(Vec<(CarriedBinding, BindingOutcome)>),
    /// From a box, on each connection again: which officers' keys were tested there in the last month.
    KeyTests(Vec<KeyTest>),
}

impl AlertMessage {
    /// Whether it is as short as a message may be.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Self::Keys { bytes, .. } => bytes.len() <= LONGEST_KEY_LIST,
            Self::Sent(sent) => sent.is_bounded(),
            Self::Originated(OriginatedAlert { carried, leaf }) => {
                carried.is_bounded() && leaf.len() <= LONGEST_LEAF
            }
            Self::Plan(bytes) => bytes.len() <= LONGEST_PLAN,
            Self::KioskKeys(all) => all.len() <= MOST_KIOSK_KEYS && all.iter().all(KioskKeys::is_bounded),
            Self::KeysMade(keys) => keys.is_bounded(),
            Self::Drafts(all) => {
                let is_short =
                    |waiting: &WaitingDraft| waiting.id.len() <= LONGEST_NAME && waiting.draft.is_bounded();
                all.len() <= MOST_DRAFTS && all.iter().all(is_short)
            }
            Self::Approval { draft, signature, key: _ } => {
                draft.len() <= LONGEST_NAME && signature.len() <= LONGEST_SIGNATURE
            }
            Self::Approved { draft, .. } => draft.len() <= LONGEST_NAME,
            Self::Told { instructions, message: _ } => {
                let is_short = |one: &CarriedInstruction| {
                    one.leaf.len() <= LONGEST_LEAF && one.path.len() <= LONGEST_PATH
                };
                instructions.len() <= MOST_TOLD && instructions.iter().all(is_short)
            }
            Self::Beat(bytes) => bytes.len() == BEAT,
            Self::Televisions(all) => all.len() <= MOST_TELEVISIONS,
            Self::Strangers(all) => all.len() <= MOST_STRANGERS,
            Self::Answers(all) | Self::AnswersTaken(all) => all.len() <= MOST_ANSWERS,
            Self::Bindings(all) => all.len() <= MOST_BINDINGS,
            Self::BindingsSettled(all) => all.len() <= MOST_BINDINGS,
            Self::KeyTests(all) => KeyTest::are_bounded(all),
        }
    }

    /// Whether it may come to this side of a connection.
    pub(crate) const fn may_come_to(&self, side: Side) -> bool {
        match (self, side) {
            (Self::Originated(_), _)
            | (
                Self::KeysMade(_)
                | Self::Approval { .. }
                | Self::Strangers(_)
                | Self::Answers(_)
                | Self::Bindings(_)
                | Self::KeyTests(_),
                Side::Server { .. },
            )
            | (
                Self::Drafts(_)
                | Self::Approved { .. }
                | Self::Beat(_)
                | Self::Televisions(_)
                | Self::AnswersTaken(_)
                | Self::BindingsSettled(_),
                Side::Box,
            ) => true,
            (
                Self::Keys { .. } | Self::Sent(_) | Self::Plan(_) | Self::KioskKeys(_) | Self::Told { .. },
                side,
            ) => !matches!(side, Side::Server { .. }),
            (
                Self::KeysMade(_)
                | Self::Drafts(_)
                | Self::Approval { .. }
                | Self::Approved { .. }
                | Self::Beat(_)
                | Self::Televisions(_)
                | Self::Strangers(_)
                | Self::Answers(_)
                | Self::AnswersTaken(_)
                | Self::Bindings(_)
                | Self::BindingsSettled(_)
                | Self::KeyTests(_),
                _,
            ) => false,
        }
    }

    /// By what it is known who has it; `None` for what is known by its version, and for what is said once.
    pub fn digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Sent(carried) | Self::Originated(OriginatedAlert { carried, .. }) => Some(carried.digest()),
            Self::Plan(bytes) => Some(sha256(&[b"plan", bytes])),
            Self::KioskKeys(_) => {
                Some(sha256(&[b"kiosk keys", &postcard::to_stdvec(self).unwrap_or_default()]))
            }
            Self::Keys { .. }
            | Self::KeysMade(_)
            | Self::Drafts(_)
            | Self::Approval { .. }
            | Self::Approved { .. }
            | Self::Told { .. }
            | Self::Beat(_)
            | Self::Televisions(_)
            | Self::Strangers(_)
            | Self::Answers(_)
            | Self::AnswersTaken(_)
            | Self::Bindings(_)
            | Self::BindingsSettled(_)
            | Self::KeyTests(_) => None,
        }
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    digest(&SHA256, &parts.concat()).as_ref().try_into().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_signature_makes_another_one_and_a_moved_byte_too() {
        let carried = |alert: &[u8], envelope: &[u8]| CarriedAlert {
            alert: alert.to_vec(),
            envelope: envelope.to_vec(),
        };
        let one = carried(b"alert", b"envelope");
        assert_ne!(one.digest(), carried(b"alert", b"envelope with more").digest());
        assert_ne!(one.digest(), carried(b"alerte", b"nvelope").digest());
        assert_eq!(CarriedAlert::from_bytes(&one.to_bytes()), Some(one.clone()));
        let bytes = one.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(CarriedAlert::from_bytes(&bytes[..length]), None);
        }
        assert_eq!(CarriedAlert::from_bytes(&[bytes, vec![0]].concat()), None);
        let long = carried(&vec![0; LONGEST_ALERT + 1], b"");
        assert_eq!(CarriedAlert::from_bytes(&long.to_bytes()), None);
    }
}
