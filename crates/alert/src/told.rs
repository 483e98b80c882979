//! What a household's receiver believes of a message: it is given its own instruction and the envelope, and never the alert (docs/tv.md).

use std::fmt;

use hinamori_model::{Hazard, HouseholdId, UnixMillis};
use serde::Deserialize;

use crate::envelope::{Envelope, EnvelopeError, SignedAlert};
use crate::evacuation::MessageKind;
use crate::instruction::{Hash, Instruction, InstructionPath, is_under};
use crate::keys::{KeyClass, KeyList};
use crate::profile::LONGEST_VALIDITY_SECONDS;
use crate::release::{PREPARED_IDENTIFIER, PREPARED_SENT, Released};
use crate::sequence::Sequence;
use crate::threads::SignedMessage;
use crate::word::Word;

/// Earlier messages that one may name: as many as are held of a thread.
const MOST_REFERENCES: usize = 512;

/// What one household is told, signed by as many officers as it needs; only [`Envelope::verify_told`] makes one. What is said to the
/// household cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedInstruction {
    envelope: Envelope,
    digest: Hash,
    officers: usize,
    household: HouseholdId,
    content: Content,
}

/// As far as it decides anything, or is read aloud.
#[derive(Clone, PartialEq, Eq, Deserialize)]
struct Content {
    id: String,
    references: Vec<String>,
    sent: u64,
    expires: u64,
    message: String,
    hazard: String,
    #[serde(default)]
    tsunami: String,
    #[serde(default)]
    speech: String,
}

impl fmt::Debug for SignedInstruction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { envelope, officers, .. } = self;
        write!(out, "SignedInstruction({:?} by {officers})", envelope.message)
    }
}

impl Envelope {
    /// Checks everything that a household's receiver can check without a memory (docs/tv.md §2, §3): that the instruction is under the
    /// envelope and says the same as it, that every signature holds, and that as many different officers signed as it needs.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherAlert`] for an instruction that is not under it, or says otherwise; [`EnvelopeError::OtherSender`],
    /// [`EnvelopeError::NotSigned`], [`EnvelopeError::TooFewOfficers`].
    pub fn verify_told(
        self,
        instruction: &Instruction,
        path: &InstructionPath,
        keys: &KeyList,
    ) -> Result<SignedInstruction, EnvelopeError> {
        // Hashes are cheap, signatures are not.
        let is_own = is_under(&self.instructions, self.households, instruction, path);
        let content = Content::of(instruction, &self).filter(|_| is_own).ok_or(EnvelopeError::OtherAlert)?;
        if self.sender != keys.sender {
            return Err(EnvelopeError::OtherSender);
        }
        let officers = self.officers_of_told(keys)?;
        let digest = self.digest();
        Ok(SignedInstruction { household: instruction.household, envelope: self, digest, officers, content })
    }
}

impl Content {
    fn of(instruction: &Instruction, envelope: &Envelope) -> Option<Self> {
        let mut read: Self = serde_json::from_slice(&instruction.content.to_vec()).ok()?;
        if let Some(released) = &envelope.release {
            read = read.filled_in(envelope, released)?;
        }
        let is_same = read.sent == envelope.sent.get()
            && read.expires == envelope.expires.get()
            && MessageKind::of_text(&read.message) == Some(envelope.message);
        let longest = LONGEST_VALIDITY_SECONDS.unsigned_abs().saturating_mul(1_000);
        let holds = envelope.sent < envelope.expires && envelope.expires <= envelope.sent.plus(longest);
        let is_named = !read.id.is_empty() && read.references.len() <= MOST_REFERENCES;
        (is_same && holds && is_named).then_some(read)
    }
}

impl Content {
    /// What was said in advance, with the trigger's words in it (docs/tv.md §3); `None` where it was not, or is of another warning.
    fn filled_in(self, envelope: &Envelope, Released { prepared, trigger }: &Released) -> Option<Self> {
        let holds = envelope.expires.since(envelope.sent);
        let is_prepared = self.id == PREPARED_IDENTIFIER
            && self.references.is_empty()
            && (self.sent, self.expires) == (PREPARED_SENT.get(), PREPARED_SENT.plus(holds).get());
        let is_same = self.hazard == Hazard::Tsunami.name() && self.tsunami == prepared.kind.name();
        let Sequence { epoch, number } = envelope.sequence;
        (is_prepared && is_same).then(|| Self {
            id: format!("{epoch}-{number}"),
            references: trigger.references.iter().map(|(identifier, _)| identifier.clone()).collect(),
            sent: envelope.sent.get(),
            expires: envelope.expires.get(),
            ..self
        })
    }
}

impl SignedInstruction {
    /// Whom it tells.
    pub const fn household(&self) -> HouseholdId {
        self.household
    }

    /// What is read aloud: Japanese in kana; empty where there is nothing.
    pub fn speech(&self) -> &str {
        &self.content.speech
    }
}

impl SignedMessage for SignedInstruction {
    /// Messages of one sender name each other by their identifiers.
    type Id = String;

    fn id(&self) -> String {
        self.content.id.clone()
    }

    fn references(&self) -> &[String] {
        &self.content.references
    }

    fn sender(&self) -> &str {
        &self.envelope.sender
    }

    fn class(&self) -> KeyClass {
        self.envelope.class
    }

    fn message(&self) -> MessageKind {
        self.envelope.message
    }

    fn is_about_tsunami(&self) -> bool {
        self.content.hazard == Hazard::Tsunami.name()
    }

    fn sent(&self) -> UnixMillis {
        self.envelope.sent
    }

    fn expires(&self) -> UnixMillis {
        self.envelope.expires
    }

    fn officers(&self) -> usize {
        self.officers
    }

    fn digest(&self) -> [u8; 32] {
        self.digest
    }

    fn sequence(&self) -> Sequence {
        self.envelope.sequence
    }

    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl SignedMessage for SignedAlert {
    type Id = crate::alert::MessageId;

    fn id(&self) -> Self::Id {
        self.alert().alert().id()
    }

    fn references(&self) -> &[Self::Id] {
        &self.alert().alert().references
    }

    fn sender(&self) -> &str {
        &self.alert().alert().sender
    }

    fn class(&self) -> KeyClass {
        self.class()
    }

    fn message(&self) -> MessageKind {
        self.alert().evacuation().message
    }

    fn is_about_tsunami(&self) -> bool {
        self.alert().evacuation().hazard == Hazard::Tsunami
    }

    fn sent(&self) -> UnixMillis {
        self.alert().alert().sent.at()
    }

    fn expires(&self) -> UnixMillis {
        self.alert().expires()
    }

    fn officers(&self) -> usize {
        self.officers()
    }

    fn digest(&self) -> [u8; 32] {
        self.digest()
    }

    fn sequence(&self) -> Sequence {
        self.sequence()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.alert() == other.alert()
    }
}
