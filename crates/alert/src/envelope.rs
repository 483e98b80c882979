//! The officers' envelope: what two of them sign, and what a receiver checks before it shows anything.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::UnixMillis;

use crate::instruction::{Hash, Instruction, InstructionPath, Instructions, hash, is_under};
use crate::officer::{KeyClass, NotSigned, OfficerKey, OfficerSignature, Officers};
use crate::report::{Report, ValidAlert};
use crate::rule::Violation;
use crate::word::Status;
use crate::xml::Refusal;

/// How many of a sender's latest messages may still come out of order. What is further back is old.
const WINDOW: u64 = 64;
/// More signatures than anybody needs are not looked at.
const MOST_SIGNATURES: usize = 8;

/// A place in a sender's sequence. The sender never uses one twice and never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence {
    /// Counts up when a sender's machine was lost, so that its numbers may begin anew.
    pub epoch: u32,
    /// Counts up with every message of the epoch.
    pub number: u64,
}

/// What officers sign. It travels with the alert and goes with each household's instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whose sequence it is.
    pub sender: String,
    /// Its place in it.
    pub sequence: Sequence,
    /// For what the signatures are good.
    pub class: KeyClass,
    /// When the alert ends: the latest `expires` of its blocks.
    pub expires: UnixMillis,
    /// SHA-256 of the exact bytes of the alert.
    pub alert: [u8; 32],
    /// How many households have an instruction.
    pub households: u32,
    /// The hash that binds their instructions ([`Instructions`]).
    pub instructions: [u8; 32],
    /// Of whoever signed.
    pub signatures: Vec<OfficerSignature>,
}

/// Why an alert with its envelope is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The alert's bytes are none.
    #[error("the alert is not read")]
    Refused(#[source] Refusal),
    /// The alert breaks rules.
    #[error("the alert breaks {} rules", .0.len())]
    Broken(Vec<Violation>),
    /// Status System and Test: nothing of it is for people.
    #[error("the alert is neither Actual nor an Exercise")]
    NotForPeople,
    /// The envelope says something else than the alert: its hash, its sender, its end, or whether it is an exercise.
    #[error("the envelope is another alert's")]
    OtherAlert,
    /// No officer of this town has the key.
    #[error("a signature is by a key that no officer has")]
    UnknownKey,
    /// An exercise's key on an actual alert, or the reverse.
    #[error("a signature is by a key of the other class")]
    OtherClass,
    /// A signature does not hold.
    #[error("a signature does not hold")]
    WrongSignature,
    /// Fewer different officers than the alert needs, however many signatures, or too many signatures.
    #[error("{officers} officers signed, {needed} have to")]
    TooFewOfficers {
        /// How many did.
        officers: usize,
        /// How many have to.
        needed: usize,
    },
}

impl Envelope {
    /// Puts an alert that is fine in an envelope, still without signatures. `alert` are its exact bytes.
    ///
    /// # Errors
    /// [`EnvelopeError::Refused`], [`EnvelopeError::Broken`], [`EnvelopeError::NotForPeople`].
    pub fn around(
        alert: &[u8],
        sequence: Sequence,
        instructions: &Instructions,
    ) -> Result<Self, EnvelopeError> {
        let (valid, class) = judged(alert)?;
        Ok(Self {
            sender: valid.alert().sender.clone(),
            sequence,
            class,
            expires: end_of(&valid),
            alert: hash(&[alert]),
            households: instructions.count(),
            instructions: instructions.root(),
            signatures: Vec::new(),
        })
    }

    /// Adds an officer's signature.
    pub fn sign(&mut self, key: &OfficerKey) {
        self.signatures.push(key.sign(&self.body()));
    }

    /// Checks everything that can be checked without a memory: the alert, that the envelope is its own, and that as many
    /// different officers signed as it needs: two for an actual alert, one for an exercise.
    ///
    /// # Errors
    /// [`EnvelopeError`]. One signature that does not count is enough: nobody honest adds one.
    pub fn verify(&self, alert: &[u8], officers: &Officers) -> Result<SignedAlert, EnvelopeError> {
        let (valid, class) = judged(alert)?;
        let is_its_own = class == self.class
            && hash(&[alert]) == self.alert
            && valid.alert().sender == self.sender
            && end_of(&valid) == self.expires;
        if !is_its_own {
            return Err(EnvelopeError::OtherAlert);
        }
        let needed = match class {
            KeyClass::Live => 2,
            KeyClass::Exercise => 1,
        };
        let mut signers = BTreeSet::new();
        let body = self.body();
        for signed in self.signatures.iter().take(MOST_SIGNATURES) {
            signers.insert(officers.signer(class, &body, signed).map_err(|why| match why {
                NotSigned::UnknownKey => EnvelopeError::UnknownKey,
                NotSigned::OtherClass => EnvelopeError::OtherClass,
                NotSigned::WrongSignature => EnvelopeError::WrongSignature,
            })?);
        }
        if signers.len() < needed || self.signatures.len() > MOST_SIGNATURES {
            return Err(EnvelopeError::TooFewOfficers { officers: signers.len(), needed });
        }
        let Self { sequence, households, instructions, .. } = self;
        let (sequence, households, instructions) = (*sequence, *households, *instructions);
        Ok(SignedAlert { alert: valid, digest: hash(&[&body]), sequence, households, instructions })
    }

    /// Everything but the signatures: sequence (4 + 8 bytes, big-endian), end (8), hash of the alert (32), households (4), hash of
    /// their instructions (32), then the sender. Only the last part has no fixed length, so that no two envelopes share their
    /// bytes; the class is in front of them ([`KeyClass`]).
    fn body(&self) -> Vec<u8> {
        let Self { sender, sequence, class: _, expires, alert, households, instructions, signatures: _ } =
            self;
        let mut body = Vec::with_capacity(88 + sender.len());
        body.extend_from_slice(&sequence.epoch.to_be_bytes());
        body.extend_from_slice(&sequence.number.to_be_bytes());
        body.extend_from_slice(&expires.get().to_be_bytes());
        body.extend_from_slice(alert);
        body.extend_from_slice(&households.to_be_bytes());
        body.extend_from_slice(instructions);
        body.extend_from_slice(sender.as_bytes());
        body
    }
}

fn judged(alert: &[u8]) -> Result<(ValidAlert, KeyClass), EnvelopeError> {
    let report = Report::of(alert).map_err(EnvelopeError::Refused)?;
    let valid = report.into_valid().map_err(EnvelopeError::Broken)?;
    let class = match valid.alert().status {
        Status::Actual => KeyClass::Live,
        Status::Exercise => KeyClass::Exercise,
        Status::System | Status::Test | Status::Draft => return Err(EnvelopeError::NotForPeople),
    };
    Ok((valid, class))
}

fn end_of(alert: &ValidAlert) -> UnixMillis {
    let ends = alert.alert().infos.iter().filter_map(|info| info.expires);
    ends.map(crate::CapTime::at).max().unwrap_or_default()
}

/// An alert that as many officers signed as it needs; only [`Envelope::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAlert {
    alert: ValidAlert,
    /// Of what was signed.
    digest: Hash,
    sequence: Sequence,
    households: u32,
    instructions: Hash,
}

impl SignedAlert {
    /// The alert.
    pub const fn alert(&self) -> &ValidAlert {
        &self.alert
    }

    /// Whether the officers signed this instruction with it.
    pub fn has(&self, instruction: &Instruction, path: &InstructionPath) -> bool {
        is_under(&self.instructions, self.households, instruction, path)
    }
}

/// Which messages of each sender came, so that an old one is not taken for a new one, also where no clock is right.
#[derive(Debug, Clone, Default)]
pub struct Sequences(BTreeMap<String, Latest>);

/// Of one sender in its latest epoch.
#[derive(Debug, Clone, Default)]
struct Latest {
    epoch: u32,
    highest: u64,
    /// Those that came, from `highest` down, with what was signed.
    came: BTreeMap<u64, Hash>,
}

/// What a place in a sequence says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceVerdict {
    /// It was not here before.
    New,
    /// The very same envelope was here before.
    Known,
    /// Of an earlier epoch, or so far back that nobody remembers. It is not shown.
    Old,
    /// Another message under the same number: the sender signed twice. It is not shown, and somebody should know.
    Forked,
}

impl Sequences {
    /// Notes a message.
    #[must_use]
    pub fn note(&mut self, signed: &SignedAlert) -> SequenceVerdict {
        let Sequence { epoch, number } = signed.sequence;
        let latest = self.0.entry(signed.alert.alert().sender.clone()).or_default();
        if epoch > latest.epoch {
            *latest = Latest { epoch, ..Latest::default() };
        }
        if epoch < latest.epoch || number.saturating_add(WINDOW) <= latest.highest {
            return SequenceVerdict::Old;
        }
        match latest.came.get(&number) {
            Some(digest) if *digest == signed.digest => return SequenceVerdict::Known,
            Some(_) => return SequenceVerdict::Forked,
            None => {}
        }
        latest.highest = latest.highest.max(number);
        latest.came.insert(number, signed.digest);
        let highest = latest.highest;
        latest.came.retain(|number, _| number.saturating_add(WINDOW) > highest);
        SequenceVerdict::New
    }
}
