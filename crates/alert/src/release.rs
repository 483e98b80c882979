//! Alerts that two officers sign in advance, for a night in which the town hall has nobody: each is bounded to one kind of warning of the
//! Meteorological Agency, one segment of coast, one text for each household and at most ninety days. A trigger that the town root lists
//! releases exactly that, with or without an officer on duty, as the town's [`Policy`](crate::Policy) says. Bytes: docs/tv.md §2.1.
//!
//! What the officers sign is the alert of the first moment (1970) under the identifier `prepared`: a valid alert like any other, whose times,
//! identifier and references the trigger fills in. Nothing else of it can change.

use std::collections::BTreeSet;
use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hinamori_model::{Hazard, UnixMillis};

use crate::alert::{Alert, Info, MessageId};
use crate::envelope::{Envelope, EnvelopeError, MOST_SIGNATURES, judged};
use crate::evacuation::{MessageKind, TsunamiKind};
use crate::instruction::{Instructions, hash};
use crate::keys::{KeyClass, KeyList, NotSigned, OfficerId};
use crate::report::ValidAlert;
use crate::sequence::Sequence;
use crate::signature::OfficerSignature;
use crate::time::CapTime;
use crate::wire::{Reader, put_text};
use crate::word::MessageType;
use crate::write::write;

const PREPARED_DOMAIN: &[u8; 23] = b"hinamori alert/prep /v1";
const HEARD_DOMAIN: &[u8; 23] = b"hinamori alert/hear /v1";
pub(crate) const TRIGGER_DOMAIN: &[u8; 23] = b"hinamori alert/trig /v1";
/// The longest that a release stands, in milliseconds: whoever signed it looks at it again each season.
pub const LONGEST_RELEASE_MILLIS: u64 = 90 * 24 * 3_600_000;
/// The most messages of its thread that a trigger names.
pub const MOST_REFERENCES: usize = 16;
/// How many officers sign a release.
const NEEDED: usize = 2;
const HOUR_MILLIS: u64 = 3_600_000;
/// The identifier of an alert that waits for its trigger.
pub const PREPARED_IDENTIFIER: &str = "prepared";
/// When it is sent, as long as nobody knows.
pub const PREPARED_SENT: UnixMillis = UnixMillis::new(0);

/// A segment of coast for which the Meteorological Agency warns of tsunamis (津波予報区), by the agency's own number of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoastSegment(u16);

impl CoastSegment {
    /// `None` for anything that has not three digits.
    pub const fn new(number: u16) -> Option<Self> {
        if number >= 100 && number <= 999 { Some(Self(number)) } else { None }
    }

    /// 100 to 999.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// An alert that two officers sign in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedRelease {
    /// Which warning releases it.
    pub kind: TsunamiKind,
    /// For which segment.
    pub segment: CoastSegment,
    /// From when on it stands: when it was made. Its officers' devices are good then.
    pub from: UnixMillis,
    /// Until when: at most [`LONGEST_RELEASE_MILLIS`] later.
    pub until: UnixMillis,
    /// How long the released alert holds, in hours.
    pub hours: u8,
    /// SHA-256 of the exact bytes of the alert before it is filled in.
    pub template: [u8; 32],
    /// How many households have an instruction.
    pub households: u32,
    /// The hash that binds their instructions.
    pub instructions: [u8; 32],
    /// Whose alert it is.
    pub sender: String,
    /// Of whoever signed it.
    pub signatures: Vec<OfficerSignature>,
}

/// What released it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Which warning the agency gave.
    pub kind: TsunamiKind,
    /// For which segment.
    pub segment: CoastSegment,
    /// SHA-256 of the agency's number of the event.
    pub event: [u8; 32],
    /// When the agency expects the tsunami there, if it says so.
    pub arrives: Option<UnixMillis>,
    /// Earlier messages of the town about the event, by identifier and time: at most [`MOST_REFERENCES`].
    pub references: Vec<(String, UnixMillis)>,
    /// Ed25519 (RFC 8032 §5.1.6) over the envelope's digest.
    pub signature: [u8; 64],
}

/// A release with its trigger: what stands in an envelope instead of two officers' signatures over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// What two officers signed in advance.
    pub prepared: PreparedRelease,
    /// What released it.
    pub trigger: Trigger,
}

/// Why a released alert is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It is no order about a tsunami in earnest, or is not in the form that waits for a trigger.
    #[error("only an order about a tsunami is prepared, in its own form")]
    NotPreparable,
    /// The town lists no trigger.
    #[error("the town lists no trigger")]
    NoTrigger,
    /// It stands for over ninety days, or was released before or after it stood.
    #[error("it does not stand at that time")]
    OtherTime,
    /// The town has declared void what was signed in advance until some later moment.
    #[error("the town has declared it void")]
    Void,
    /// Another warning, or another coast.
    #[error("the trigger is of another warning or another coast than what was prepared")]
    OtherTrigger,
    /// The alert is not what the officers signed with the trigger's own words in it.
    #[error("something else was filled in than what the trigger says")]
    OtherContent,
    /// The trigger's signature does not hold, or is by another key than the one that the town root lists.
    #[error("the trigger's signature does not hold")]
    BadTrigger,
    /// The town's policy asks for one.
    #[error("no officer on duty signed it, and the town's policy asks for one")]
    NeedsOfficer,
}

impl PreparedRelease {
    /// Puts an alert that waits for its trigger together with its bounds, still without signatures.
    ///
    /// # Errors
    /// [`EnvelopeError`] for an alert that breaks rules, [`EnvelopeError::NotReleased`] for one that cannot wait for a trigger so long.
    pub fn around(
        template: &[u8],
        segment: CoastSegment,
        (from, until): (UnixMillis, UnixMillis),
        instructions: &Instructions,
    ) -> Result<Self, EnvelopeError> {
        let (valid, class) = judged(template)?;
        let hours = u8::try_from(valid.expires().get() / HOUR_MILLIS).unwrap_or_default();
        let kind = valid.evacuation().tsunami.filter(|_| is_order(&valid) && class == KeyClass::Live);
        let kind = kind.filter(|_| write(&emptied(valid.alert(), hours)) == template);
        let kind = kind.ok_or(EnvelopeError::NotReleased(NotReleased::NotPreparable))?;
        let prepared = Self {
            kind,
            segment,
            from,
            until,
            hours,
            template: hash(&[template]),
            households: instructions.count(),
            instructions: instructions.root(),
            sender: valid.alert().sender.clone(),
            signatures: Vec::new(),
        };
        prepared.bounds_hold().then_some(prepared).ok_or(EnvelopeError::NotReleased(NotReleased::OtherTime))
    }

    fn bounds_hold(&self) -> bool {
        self.from <= self.until && self.until.since(self.from) <= LONGEST_RELEASE_MILLIS
    }

    /// Whether it stands at a time.
    pub fn stands_at(&self, at: UnixMillis) -> bool {
        self.bounds_hold() && self.from <= at && at <= self.until
    }

    /// Whether the town has declared void what was signed until now: withdrawing it at the desk takes no copy of it away.
    pub fn is_void(&self, keys: &KeyList) -> bool {
        keys.policy().release.is_some_and(|policy| self.from < policy.void_before)
    }

    /// What its officers sign.
    pub fn digest(&self) -> [u8; 32] {
        hash(&[PREPARED_DOMAIN, &self.fixed(), self.sender.as_bytes()])
    }

    /// Who signed it.
    ///
    /// # Errors
    /// [`NotSigned`] when one of the signatures does not count.
    pub fn officers(&self, keys: &KeyList) -> Result<BTreeSet<OfficerId>, NotSigned> {
        let digest = self.digest();
        let signer = |signed: &OfficerSignature| {
            let officer = keys.officer(KeyClass::Live, &signed.key, self.from)?;
            signed.verify(&digest, &keys.relying_party).map(|()| officer)
        };
        self.signatures.iter().take(MOST_SIGNATURES).map(signer).collect()
    }

    /// Checks that two different officers of this town signed it.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherSender`], [`EnvelopeError::NotSigned`], [`EnvelopeError::TooFewOfficers`],
    /// [`EnvelopeError::NotReleased`] for bounds that are none, and for one that the town has declared void.
    pub fn verify(&self, keys: &KeyList) -> Result<BTreeSet<OfficerId>, EnvelopeError> {
        if self.sender != keys.sender {
            return Err(EnvelopeError::OtherSender);
        }
        if !self.bounds_hold() {
            return Err(EnvelopeError::NotReleased(NotReleased::OtherTime));
        }
        if self.is_void(keys) {
            return Err(EnvelopeError::NotReleased(NotReleased::Void));
        }
        let officers = self.officers(keys).map_err(EnvelopeError::NotSigned)?;
        if officers.len() < NEEDED || self.signatures.len() > MOST_SIGNATURES {
            return Err(EnvelopeError::TooFewOfficers { officers: officers.len(), needed: NEEDED });
        }
        Ok(officers)
    }

    fn fixed(&self) -> Vec<u8> {
        let Self { kind, segment, from, until, hours, template, households, instructions, .. } = self;
        let mut fixed = Vec::with_capacity(88);
        put_warning(&mut fixed, (*kind, *segment));
        fixed.extend_from_slice(&from.get().to_be_bytes());
        fixed.extend_from_slice(&until.get().to_be_bytes());
        fixed.push(*hours);
        fixed.extend_from_slice(template);
        fixed.extend_from_slice(&households.to_be_bytes());
        fixed.extend_from_slice(instructions);
        fixed
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.fixed();
        put_text(&mut out, &self.sender);
        out.push(u8::try_from(self.signatures.len()).unwrap_or(u8::MAX));
        self.signatures.iter().for_each(|signed| signed.encode(&mut out));
        out
    }

    /// Reads its bytes; `None` for anything that is none. Nothing is verified yet.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let prepared = Self::read(&mut from)?;
        from.is_at_end().then_some(prepared)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (kind, segment) = read_warning(reader)?;
        let (from, until, hours) = (reader.time()?, reader.time()?, reader.u8()?);
        let (template, households, instructions) = (reader.array()?, reader.u32()?, reader.array()?);
        let sender = reader.text()?.to_owned();
        let signatures = read_signatures(reader)?;
        Some(Self {
            kind,
            segment,
            from,
            until,
            hours,
            template,
            households,
            instructions,
            sender,
            signatures,
        })
    }
}

impl Trigger {
    /// What it says, as the envelope's digest has it.
    pub(crate) fn said(&self) -> Vec<u8> {
        let Self { kind, segment, event, arrives, references, signature: _ } = self;
        let mut said = Vec::with_capacity(64);
        put_warning(&mut said, (*kind, *segment));
        said.extend_from_slice(event);
        said.extend_from_slice(&arrives.unwrap_or_default().get().to_be_bytes());
        said.push(u8::try_from(references.len()).unwrap_or(u8::MAX));
        for (identifier, sent) in references {
            put_text(&mut said, identifier);
            said.extend_from_slice(&sent.get().to_be_bytes());
        }
        said
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (kind, segment) = read_warning(from)?;
        let (event, arrives) = (from.array()?, from.time()?);
        let count = usize::from(from.u8()?);
        if count > MOST_REFERENCES {
            return None;
        }
        let reference = |_| Some((from.text()?.to_owned(), from.time()?));
        let references = (0..count).map(reference).collect::<Option<_>>()?;
        let arrives = Some(arrives).filter(|arrives| *arrives != UnixMillis::default());
        Some(Self { kind, segment, event, arrives, references, signature: from.array()? })
    }
}

impl Released {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.prepared.encode());
        out.extend(self.trigger.said());
        out.extend_from_slice(&self.trigger.signature);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { prepared: PreparedRelease::read(from)?, trigger: Trigger::read(from)? })
    }

    /// Whether the town's trigger signed it. Everybody can make up the rest.
    pub fn is_triggered(&self, envelope: &Envelope, keys: &KeyList) -> bool {
        let policy = keys.policy().release;
        policy.is_some_and(|policy| holds(&policy.trigger, &envelope.digest(), &self.trigger.signature))
    }

    /// Checks everything about the envelope of a released alert but that it is the alert's own; gives the officers who signed in advance and
    /// on duty.
    pub(crate) fn verify(
        &self,
        envelope: &Envelope,
        is_filled: bool,
        keys: &KeyList,
    ) -> Result<BTreeSet<OfficerId>, EnvelopeError> {
        let refuse = |why| Err(EnvelopeError::NotReleased(why));
        let Self { prepared, trigger } = self;
        let Some(policy) = keys.policy().release else { return refuse(NotReleased::NoTrigger) };
        if (trigger.kind, trigger.segment) != (prepared.kind, prepared.segment) {
            return refuse(NotReleased::OtherTrigger);
        }
        if !prepared.stands_at(envelope.sent) {
            return refuse(NotReleased::OtherTime);
        }
        if !is_filled || !self.is_of(envelope) {
            return refuse(NotReleased::OtherContent);
        }
        if !self.is_triggered(envelope, keys) {
            return refuse(NotReleased::BadTrigger);
        }
        let mut officers = prepared.verify(keys)?;
        let on_duty = envelope.officers(keys).map_err(EnvelopeError::NotSigned)?;
        if (policy.needs_officer && on_duty.is_empty()) || envelope.signatures.len() > MOST_SIGNATURES {
            return refuse(NotReleased::NeedsOfficer);
        }
        officers.extend(on_duty);
        Ok(officers)
    }

    /// Whether the envelope and the alert are what the officers signed with the trigger's words in it, and nothing else.
    pub(crate) fn is_filled(&self, envelope: &Envelope, valid: &ValidAlert, alert: &[u8]) -> bool {
        let Self { prepared, trigger } = self;
        let template = emptied(valid.alert(), prepared.hours);
        is_order(valid)
            && valid.evacuation().tsunami == Some(prepared.kind)
            && hash(&[&write(&template)]) == prepared.template
            && write(&filled(&template, prepared.hours, trigger, (envelope.sequence, envelope.sent))) == alert
    }

    /// Whether the envelope goes as far as the officers said: a household's receiver has no alert to look at.
    fn is_of(&self, envelope: &Envelope) -> bool {
        let prepared = &self.prepared;
        let holds = u64::from(prepared.hours).saturating_mul(HOUR_MILLIS);
        (envelope.class, envelope.message) == (KeyClass::Live, MessageKind::Order)
            && envelope.expires == envelope.sent.plus(holds)
            && (envelope.households, envelope.instructions) == (prepared.households, prepared.instructions)
            && envelope.sender == prepared.sender
    }
}

impl Envelope {
    /// Fills a template in: the envelope of the released alert, whose trigger is still to be signed, and the alert's exact bytes.
    ///
    /// # Errors
    /// [`EnvelopeError`] where the bytes are not the template, or what is filled in breaks a rule.
    pub fn released(
        released: Released,
        template: &[u8],
        (sequence, sent): (Sequence, UnixMillis),
    ) -> Result<(Self, Vec<u8>), EnvelopeError> {
        let Released { prepared, trigger } = &released;
        if hash(&[template]) != prepared.template {
            return Err(EnvelopeError::NotReleased(NotReleased::OtherContent));
        }
        let (valid, _) = judged(template)?;
        let alert = write(&filled(valid.alert(), prepared.hours, trigger, (sequence, sent)));
        let (valid, class) = judged(&alert)?;
        let envelope = Self {
            class,
            message: valid.evacuation().message,
            sent: valid.alert().sent.at(),
            sequence,
            expires: valid.expires(),
            alert: hash(&[&alert]),
            households: prepared.households,
            instructions: prepared.instructions,
            sender: prepared.sender.clone(),
            signatures: Vec::new(),
            release: Some(Box::new(released)),
        };
        Ok((envelope, alert))
    }
}

/// The key of the town's trigger. It cannot be printed.
pub struct TriggerKey(SigningKey);

impl fmt::Debug for TriggerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TriggerKey(hidden)")
    }
}

impl TriggerKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which the list of keys names.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs the trigger of a released alert; nothing where it is none.
    pub fn release(&self, envelope: &mut Envelope) {
        let digest = envelope.digest();
        if let Some(released) = envelope.release.as_mut() {
            released.trigger.signature = self.0.sign(&digest).to_bytes();
        }
    }

    /// What the trigger tells the town's server of the agency's messages, with its signature behind it. Nobody is warned by it.
    pub fn report(&self, mut said: Vec<u8>) -> Vec<u8> {
        let signature = self.0.sign(&[HEARD_DOMAIN.as_slice(), &said].concat()).to_bytes();
        said.extend_from_slice(&signature);
        said
    }
}

/// What the trigger with this key reported ([`TriggerKey::report`]).
pub fn reported<'a>(bytes: &'a [u8], key: &[u8; 32]) -> Option<&'a [u8]> {
    let (said, signature) = bytes.split_last_chunk::<64>()?;
    holds(key, &[HEARD_DOMAIN.as_slice(), said].concat(), signature).then_some(said)
}

/// RFC 8032 §5.1.7, strictly.
fn holds(key: &[u8; 32], signed: &[u8], signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(key);
    key.is_ok_and(|key| key.verify_strict(signed, &Signature::from_bytes(signature)).is_ok())
}

fn is_order(valid: &ValidAlert) -> bool {
    let of = valid.evacuation();
    of.hazard == Hazard::Tsunami && of.message == MessageKind::Order
}

/// As it waits for its trigger: of the first moment, for so many hours.
fn emptied(alert: &Alert, hours: u8) -> Alert {
    let expires = Some(CapTime::in_japan(ends(PREPARED_SENT, hours)));
    let info = |info: &Info| Info { expires, onset: None, ..info.clone() };
    Alert {
        identifier: PREPARED_IDENTIFIER.to_owned(),
        sent: CapTime::in_japan(PREPARED_SENT),
        message_type: MessageType::Alert,
        references: Vec::new(),
        infos: alert.infos.iter().map(info).collect(),
        ..alert.clone()
    }
}

/// With a trigger's words in it.
fn filled(template: &Alert, hours: u8, trigger: &Trigger, (sequence, sent): (Sequence, UnixMillis)) -> Alert {
    let expires = Some(CapTime::in_japan(ends(sent, hours)));
    let onset = trigger.arrives.map(CapTime::in_japan);
    let info = |info: &Info| Info { expires, onset, ..info.clone() };
    let reference = |(identifier, sent): &(String, UnixMillis)| MessageId {
        sender: template.sender.clone(),
        identifier: identifier.clone(),
        sent: CapTime::in_japan(*sent),
    };
    Alert {
        identifier: format!("{}-{}", sequence.epoch, sequence.number),
        sent: CapTime::in_japan(sent),
        message_type: if trigger.references.is_empty() { MessageType::Alert } else { MessageType::Update },
        references: trigger.references.iter().map(reference).collect(),
        infos: template.infos.iter().map(info).collect(),
        ..template.clone()
    }
}

fn ends(sent: UnixMillis, hours: u8) -> UnixMillis {
    sent.plus(u64::from(hours).saturating_mul(HOUR_MILLIS))
}

fn put_warning(out: &mut Vec<u8>, (kind, segment): (TsunamiKind, CoastSegment)) {
    out.push(match kind {
        TsunamiKind::MajorWarning => 0,
        TsunamiKind::Warning => 1,
        TsunamiKind::Advisory => 2,
    });
    out.extend_from_slice(&segment.0.to_be_bytes());
}

fn read_warning(from: &mut Reader<'_>) -> Option<(TsunamiKind, CoastSegment)> {
    let kind = match from.u8()? {
        0 => TsunamiKind::MajorWarning,
        1 => TsunamiKind::Warning,
        2 => TsunamiKind::Advisory,
        _ => return None,
    };
    Some((kind, CoastSegment::new(u16::from_be_bytes(from.array()?))?))
}

/// A count of at most [`MOST_SIGNATURES`], and so many signatures.
pub(crate) fn read_signatures(from: &mut Reader<'_>) -> Option<Vec<OfficerSignature>> {
    let count = usize::from(from.u8()?);
    if count > MOST_SIGNATURES {
        return None;
    }
    (0..count).map(|_| OfficerSignature::read(from)).collect()
}
