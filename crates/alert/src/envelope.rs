//! The officers' envelope: what two of them sign, and what a receiver checks before it shows anything.

use std::collections::BTreeSet;

use hinamori_model::UnixMillis;

use crate::evacuation::MessageKind;
use crate::instruction::{Hash, Instruction, InstructionPath, Instructions, hash, is_under};
use crate::keys::{KeyClass, KeyList, NotSigned, OfficerId};
use crate::release::{NotReleased, Released, TRIGGER_DOMAIN, read_signatures};
use crate::report::{Report, ValidAlert};
use crate::rule::Violation;
use crate::sequence::Sequence;
use crate::signature::OfficerSignature;
use crate::wire::{Reader, put_text};
use crate::word::Status;
use crate::xml::Refusal;

/// The highest number that a television's page can hold: whatever is higher would be one for boxes and none for televisions.
const HIGHEST_NUMBER: u64 = (1 << 53) - 1;
/// Stands for the class of a live alert that a trigger released.
const RELEASED: u8 = 2;
/// More signatures than anybody needs are not looked at.
pub(crate) const MOST_SIGNATURES: usize = 8;

/// What officers sign. It travels with the alert and goes with each household's instruction; its bytes stand in docs/tv.md §2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// For what the signatures are good.
    pub class: KeyClass,
    /// What the alert is for those who hear it: a household's television reads no CAP.
    pub message: MessageKind,
    /// When the alert was sent.
    pub sent: UnixMillis,
    /// Its place among the sender's messages.
    pub sequence: Sequence,
    /// When the alert ends: the latest `expires` of its blocks.
    pub expires: UnixMillis,
    /// SHA-256 of the exact bytes of the alert.
    pub alert: [u8; 32],
    /// How many households have an instruction.
    pub households: u32,
    /// The hash that binds their instructions ([`Instructions`]).
    pub instructions: [u8; 32],
    /// Whose sequence it is.
    pub sender: String,
    /// Of whoever signed; of a released alert, the officers on duty.
    pub signatures: Vec<OfficerSignature>,
    /// What released it, where two officers signed it in advance.
    pub release: Option<Box<Released>>,
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
    /// The envelope says something else than the alert: its hash, its sender, its times, what it is, or whether it is an exercise.
    #[error("the envelope is another alert's")]
    OtherAlert,
    /// The alert is somebody's whom the list of keys is not about.
    #[error("the keys are another sender's")]
    OtherSender,
    /// A signature that does not count.
    #[error(transparent)]
    NotSigned(NotSigned),
    /// Fewer different officers than the alert needs, however many signatures, or too many signatures.
    #[error("{officers} officers signed, {needed} have to")]
    TooFewOfficers {
        /// How many did.
        officers: usize,
        /// How many have to.
        needed: usize,
    },
    /// Of an alert that was prepared.
    #[error(transparent)]
    NotReleased(#[from] NotReleased),
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
            class,
            message: valid.evacuation().message,
            sent: valid.alert().sent.at(),
            sequence,
            expires: valid.expires(),
            alert: hash(&[alert]),
            households: instructions.count(),
            instructions: instructions.root(),
            sender: valid.alert().sender.clone(),
            signatures: Vec::new(),
            release: None,
        })
    }

    /// Checks everything that can be checked without a memory: the alert, that the envelope is its own, that every signature holds,
    /// and that as many different officers signed as it needs: two for an actual alert, one for an exercise. An actual cancel by one
    /// officer passes here; [`Alerts`](crate::Alerts) knows when it counts. Two officers may have signed an actual alert in advance:
    /// then its trigger has to hold, and whatever else the town's policy asks for.
    ///
    /// # Errors
    /// [`EnvelopeError`]. One signature that does not count is enough: nobody honest adds one.
    pub fn verify(&self, alert: &[u8], keys: &KeyList) -> Result<SignedAlert, EnvelopeError> {
        let (valid, _) = judged(alert)?;
        if !self.is_around(alert, &valid) {
            return Err(EnvelopeError::OtherAlert);
        }
        if self.sender != keys.sender {
            return Err(EnvelopeError::OtherSender);
        }
        let officers = match &self.release {
            Some(released) => released.verify(self, released.is_filled(self, &valid, alert), keys)?.len(),
            None => self.enough_officers(keys)?,
        };
        let digest = self.digest();
        let Self { sequence, households, instructions, .. } = *self;
        Ok(SignedAlert { alert: valid, digest, sequence, households, instructions, officers })
    }

    /// How many different officers signed it, in advance or now: as many as it needs. The alert itself is not looked at.
    pub(crate) fn officers_of_told(&self, keys: &KeyList) -> Result<usize, EnvelopeError> {
        match &self.release {
            Some(released) => Ok(released.verify(self, true, keys)?.len()),
            None => self.enough_officers(keys),
        }
    }

    /// How many different officers signed it: as many as it needs.
    fn enough_officers(&self, keys: &KeyList) -> Result<usize, EnvelopeError> {
        let needed = match (self.class, self.message) {
            (KeyClass::Live, MessageKind::Order | MessageKind::AllClear) => 2,
            (KeyClass::Live, MessageKind::Cancel) | (KeyClass::Exercise, _) => 1,
        };
        let officers = self.officers(keys).map_err(EnvelopeError::NotSigned)?.len();
        if officers < needed || self.signatures.len() > MOST_SIGNATURES {
            return Err(EnvelopeError::TooFewOfficers { officers, needed });
        }
        Ok(officers)
    }

    /// Whether it is this alert's: `alert` are its exact bytes, and `valid` what they say. Nothing is said of who signed.
    pub fn is_around(&self, alert: &[u8], valid: &ValidAlert) -> bool {
        class_of(valid) == Some(self.class)
            && hash(&[alert]) == self.alert
            && valid.evacuation().message == self.message
            && valid.alert().sender == self.sender
            && valid.alert().sent.at() == self.sent
            && valid.expires() == self.expires
    }

    /// Who signed it; of a released alert, which officers on duty.
    ///
    /// # Errors
    /// [`NotSigned`] when one of the first signatures does not count.
    pub fn officers(&self, keys: &KeyList) -> Result<BTreeSet<OfficerId>, NotSigned> {
        let digest = self.digest();
        let signer = |signed: &OfficerSignature| {
            let officer = keys.officer(self.class, &signed.key, self.sent)?;
            signed.verify(&digest, &keys.relying_party).map(|()| officer)
        };
        self.signatures.iter().take(MOST_SIGNATURES).map(signer).collect()
    }

    /// What is signed, and by what receivers know a message: SHA-256 of the class and everything but the signatures. Only the sender
    /// has no fixed length, and stands last, so that no two envelopes share their bytes. Of a released alert it is what the trigger signs.
    pub fn digest(&self) -> [u8; 32] {
        let (fixed, sender) = (self.fixed(), self.sender.as_bytes());
        match &self.release {
            None => hash(&[self.class.domain(), &fixed, sender]),
            Some(released) => {
                let Released { prepared, trigger } = released.as_ref();
                hash(&[TRIGGER_DOMAIN, &fixed, &prepared.digest(), &trigger.said(), sender])
            }
        }
    }

    fn fixed(&self) -> Vec<u8> {
        let Self { message, sent, sequence, expires, alert, households, instructions, .. } = self;
        let kind = match message {
            MessageKind::Order => 0,
            MessageKind::AllClear => 1,
            MessageKind::Cancel => 2,
        };
        let mut fixed = Vec::with_capacity(97);
        fixed.push(kind);
        fixed.extend_from_slice(&sent.get().to_be_bytes());
        fixed.extend_from_slice(&sequence.epoch.to_be_bytes());
        fixed.extend_from_slice(&sequence.number.to_be_bytes());
        fixed.extend_from_slice(&expires.get().to_be_bytes());
        fixed.extend_from_slice(alert);
        fixed.extend_from_slice(&households.to_be_bytes());
        fixed.extend_from_slice(instructions);
        fixed
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![if self.release.is_some() { RELEASED } else { self.class.code() }];
        out.extend(self.fixed());
        put_text(&mut out, &self.sender);
        self.release.iter().for_each(|released| released.encode(&mut out));
        out.push(u8::try_from(self.signatures.len()).unwrap_or(u8::MAX));
        self.signatures.iter().for_each(|signed| signed.encode(&mut out));
        out
    }

    /// Reads its bytes; `None` for anything that is no envelope. Nothing is verified yet.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let code = from.u8()?;
        let class = if code == RELEASED { KeyClass::Live } else { KeyClass::of_code(code)? };
        let message = match from.u8()? {
            0 => MessageKind::Order,
            1 => MessageKind::AllClear,
            2 => MessageKind::Cancel,
            _ => return None,
        };
        let (sent, epoch, number, expires) = (from.time()?, from.u32()?, from.u64()?, from.time()?);
        if number > HIGHEST_NUMBER {
            return None;
        }
        let (alert, households, instructions) = (from.array()?, from.u32()?, from.array()?);
        let sender = from.text()?.to_owned();
        let release = match code {
            RELEASED => Some(Box::new(Released::read(&mut from)?)),
            _ => None,
        };
        let signatures = read_signatures(&mut from)?;
        let sequence = Sequence { epoch, number };
        from.is_at_end().then_some(Self {
            class,
            message,
            sent,
            sequence,
            expires,
            alert,
            households,
            instructions,
            sender,
            signatures,
            release,
        })
    }
}

pub(crate) fn judged(alert: &[u8]) -> Result<(ValidAlert, KeyClass), EnvelopeError> {
    let report = Report::of(alert).map_err(EnvelopeError::Refused)?;
    let valid = report.into_valid().map_err(EnvelopeError::Broken)?;
    let class = class_of(&valid).ok_or(EnvelopeError::NotForPeople)?;
    Ok((valid, class))
}

/// For what signatures under an alert have to be good; nothing for one that is not for people.
const fn class_of(valid: &ValidAlert) -> Option<KeyClass> {
    match valid.alert().status {
        Status::Actual => Some(KeyClass::Live),
        Status::Exercise => Some(KeyClass::Exercise),
        Status::System | Status::Test | Status::Draft => None,
    }
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
    officers: usize,
}

impl SignedAlert {
    /// The alert.
    pub const fn alert(&self) -> &ValidAlert {
        &self.alert
    }

    /// For what its signatures are good.
    pub fn class(&self) -> KeyClass {
        match self.alert.alert().status {
            Status::Exercise => KeyClass::Exercise,
            Status::Actual | Status::System | Status::Test | Status::Draft => KeyClass::Live,
        }
    }

    /// How many different officers signed it.
    pub const fn officers(&self) -> usize {
        self.officers
    }

    /// By what televisions and boxes speak of it: the digest of its envelope.
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Its place among the sender's messages.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Whether the officers signed this instruction with it.
    pub fn has(&self, instruction: &Instruction, path: &InstructionPath) -> bool {
        is_under(&self.instructions, self.households, instruction, path)
    }
}
