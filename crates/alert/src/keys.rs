//! The officers who may sign, by the devices that the town root lists for them, in two classes that never meet (law 8). The bytes
//! stand in docs/tv.md §1.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, VerifyingKey};
use hinamori_model::UnixMillis;

use crate::policy::Policy;
use crate::wire::{Reader, put_text};

/// Ahead of a list's bytes where the town root signs it.
pub const KEY_LIST_DOMAIN: &[u8; 23] = b"hinamori alert/keys /v1";
/// The most devices of a town: some hundred officers with two or three each, in two classes.
pub const MOST_DEVICES: usize = 512;

/// For so long, in milliseconds, somebody may still go by a list that was replaced, or date what they send by a clock that is ahead.
const REPLACED_MILLIS: u64 = 2 * 60 * 1_000;

/// For what a key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyClass {
    /// Actual alerts, and nothing else.
    Live,
    /// Exercises, and nothing else.
    Exercise,
}

impl KeyClass {
    /// Ahead of the signed bytes: a signature of one class is none of the other, even if one key made both.
    pub(crate) const fn domain(self) -> &'static [u8; 23] {
        match self {
            Self::Live => b"hinamori alert/live /v1",
            Self::Exercise => b"hinamori alert/drill/v1",
        }
    }

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Exercise => 1,
        }
    }

    pub(crate) const fn of_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Live),
            1 => Some(Self::Exercise),
            _ => None,
        }
    }
}

/// An officer, as the town numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficerId(pub u32);

/// The public key of a device. Both kinds sign only while their officer is there: a kiosk after their card and PIN, a passkey after
/// its own check of the user. A key that a browser keeps is not among them: whoever has the machine has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKey {
    /// Ed25519 (RFC 8032), kept by a box.
    Kiosk([u8; 32]),
    /// ECDSA P-256: the uncompressed point (SEC 1 §2.3.3).
    Passkey([u8; 65]),
}

impl DeviceKey {
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Kiosk(_) => 0,
            Self::Passkey(_) => 1,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Kiosk(key) => key,
            Self::Passkey(key) => key,
        }
    }

    pub(crate) fn read(kind: u8, from: &mut Reader<'_>) -> Option<Self> {
        match kind {
            0 => from.array().map(Self::Kiosk),
            1 => from.array().map(Self::Passkey),
            _ => None,
        }
    }

    /// Whether somebody can have the other half: not of small order, on the curve as far as its form says. A passkey's point is
    /// checked whenever something is verified by it.
    fn is_sound(&self) -> bool {
        match self {
            Self::Kiosk(key) => VerifyingKey::from_bytes(key).is_ok_and(|key| !key.is_weak()),
            Self::Passkey(key) => key.first() == Some(&4),
        }
    }
}

/// One of an officer's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// For what it signs.
    pub class: KeyClass,
    /// Whose it is.
    pub officer: OfficerId,
    /// It signs nothing that was sent later.
    pub until: UnixMillis,
    /// Its key.
    pub key: DeviceKey,
}

/// A list that is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyList {
    /// Cut off, too long, or of a form that does not exist.
    #[error("the list of keys is malformed")]
    Malformed,
    /// The town root did not sign it.
    #[error("the town root did not sign the list of keys")]
    NotSigned,
    /// One key for two officers, for two classes, or listed again.
    #[error("a key is listed twice")]
    KeyTwice,
    /// Not a point of the curve, or of small order: everybody could sign for it.
    #[error("a key is none")]
    NoKey,
}

/// Whose signatures a receiver believes. It comes from the town root, never with an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyList {
    /// Counts up.
    pub version: u32,
    /// When it was made.
    pub made: UnixMillis,
    /// Ed25519: signs heartbeats and arrivals.
    pub beat: [u8; 32],
    /// SHA-256 of the relying party id of the officers' passkeys (WebAuthn Level 2 §6.1).
    pub relying_party: [u8; 32],
    /// What the town decided about releases and check-points.
    policy: Policy,
    /// Whose alerts they sign.
    pub sender: String,
    devices: BTreeMap<DeviceKey, (KeyClass, OfficerId, UnixMillis)>,
}

impl KeyList {
    /// Puts a list together. An officer may have several devices, each with a key of its own for each class.
    ///
    /// # Errors
    /// [`BadKeyList`]; never [`BadKeyList::NotSigned`].
    pub fn new(
        version: u32,
        made: UnixMillis,
        (beat, relying_party): ([u8; 32], [u8; 32]),
        sender: &str,
        listed: impl IntoIterator<Item = Device>,
    ) -> Result<Self, BadKeyList> {
        let mut devices = BTreeMap::new();
        for Device { class, officer, until, key } in listed {
            if !key.is_sound() {
                return Err(BadKeyList::NoKey);
            }
            if devices.insert(key, (class, officer, until)).is_some() {
                return Err(BadKeyList::KeyTwice);
            }
        }
        if !DeviceKey::Kiosk(beat).is_sound() {
            return Err(BadKeyList::NoKey);
        }
        if devices.len() > MOST_DEVICES || sender.is_empty() || sender.len() > usize::from(u8::MAX) {
            return Err(BadKeyList::Malformed);
        }
        let policy = Policy::default();
        Ok(Self { version, made, beat, relying_party, policy, sender: sender.to_owned(), devices })
    }

    /// The same list with a policy. A trigger's key is nothing else.
    ///
    /// # Errors
    /// [`BadKeyList`]; never [`BadKeyList::NotSigned`].
    pub fn with_policy(self, policy: Policy) -> Result<Self, BadKeyList> {
        if !policy.is_sound() {
            return Err(BadKeyList::Malformed);
        }
        if let Some(release) = policy.release {
            let key = DeviceKey::Kiosk(release.trigger);
            if !key.is_sound() {
                return Err(BadKeyList::NoKey);
            }
            if release.trigger == self.beat || self.devices.contains_key(&key) {
                return Err(BadKeyList::KeyTwice);
            }
        }
        Ok(Self { policy, ..self })
    }

    /// What the town decided about releases and check-points.
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether `later` had taken this list's place long before something was sent: whoever knows of both does not judge that by this one,
    /// for officers who left keep their keys.
    pub fn was_replaced_by(&self, later: &Self, sent: UnixMillis) -> bool {
        later.version > self.version && later.made.plus(REPLACED_MILLIS) <= sent
    }

    /// The devices, in the order of their keys.
    pub fn devices(&self) -> impl Iterator<Item = Device> {
        let device = |(key, (class, officer, until)): (&DeviceKey, &(KeyClass, OfficerId, UnixMillis))| {
            Device { class: *class, officer: *officer, until: *until, key: *key }
        };
        self.devices.iter().map(device)
    }

    /// How many officers can sign in this class at a time.
    pub fn officers(&self, class: KeyClass, now: UnixMillis) -> usize {
        let able = self.devices().filter(|device| device.class == class && device.until >= now);
        able.map(|device| device.officer).collect::<BTreeSet<_>>().len()
    }

    /// Its bytes with the town root's signature: `sign` gets [`KEY_LIST_DOMAIN`] and the bytes behind it.
    pub fn encode(&self, sign: impl FnOnce(&'static [u8; 23], &[u8]) -> [u8; 64]) -> Vec<u8> {
        let mut body = Vec::with_capacity(128 + self.devices.len().saturating_mul(80));
        body.extend_from_slice(&self.version.to_be_bytes());
        body.extend_from_slice(&self.made.get().to_be_bytes());
        body.extend_from_slice(&self.beat);
        body.extend_from_slice(&self.relying_party);
        self.policy.encode(&mut body);
        put_text(&mut body, &self.sender);
        body.extend_from_slice(&u16::try_from(self.devices.len()).unwrap_or(u16::MAX).to_be_bytes());
        for Device { class, officer, until, key } in self.devices() {
            body.extend_from_slice(&[class.code(), key.kind()]);
            body.extend_from_slice(&officer.0.to_be_bytes());
            body.extend_from_slice(&until.get().to_be_bytes());
            body.extend_from_slice(key.bytes());
        }
        let signature = sign(KEY_LIST_DOMAIN, &body);
        body.extend_from_slice(&signature);
        body
    }

    /// Reads a list whose signature by the town `root` holds.
    ///
    /// # Errors
    /// [`BadKeyList`]
    pub fn decode(bytes: &[u8], root: &[u8; 32]) -> Result<Self, BadKeyList> {
        let (body, signature) = bytes.split_last_chunk::<64>().ok_or(BadKeyList::Malformed)?;
        let root = VerifyingKey::from_bytes(root).map_err(|_no_point| BadKeyList::NotSigned)?;
        let signed = [KEY_LIST_DOMAIN.as_slice(), body].concat();
        if root.verify_strict(&signed, &Signature::from_bytes(signature)).is_err() {
            return Err(BadKeyList::NotSigned);
        }
        let mut from = Reader(body);
        let mut read = || -> Option<_> {
            let (version, made) = (from.u32()?, from.time()?);
            let fixed = (from.array()?, from.array()?);
            let policy = Policy::read(&mut from)?;
            let sender = from.text()?;
            let count = usize::from(u16::from_be_bytes(from.array()?));
            if count > MOST_DEVICES {
                return None;
            }
            let mut devices = Vec::with_capacity(count);
            for _ in 0..count {
                let [class, kind] = from.array()?;
                let (class, officer) = (KeyClass::of_code(class)?, OfficerId(from.u32()?));
                let until = from.time()?;
                devices.push(Device { class, officer, until, key: DeviceKey::read(kind, &mut from)? });
            }
            from.is_at_end().then_some((version, made, fixed, policy, sender, devices))
        };
        let (version, made, fixed, policy, sender, devices) = read().ok_or(BadKeyList::Malformed)?;
        Self::new(version, made, fixed, sender, devices)?.with_policy(policy)
    }

    /// Whose device a key is, if it may sign what was sent at this time.
    pub(crate) fn officer(
        &self,
        class: KeyClass,
        key: &DeviceKey,
        sent: UnixMillis,
    ) -> Result<OfficerId, NotSigned> {
        let (own_class, officer, until) = self.devices.get(key).ok_or(NotSigned::UnknownKey)?;
        if *own_class != class {
            return Err(NotSigned::OtherClass);
        }
        if *until < sent { Err(NotSigned::KeyOver) } else { Ok(*officer) }
    }
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// No officer of this town has the key.
    #[error("a signature is by a key that no officer has")]
    UnknownKey,
    /// An exercise's key on an actual alert, or the reverse.
    #[error("a signature is by a key of the other class")]
    OtherClass,
    /// The officer's time was over.
    #[error("a signature is by a key whose time was over")]
    KeyOver,
    /// It does not hold, or a passkey did not check its user, or signed for somebody else than this town's desk.
    #[error("a signature does not hold")]
    Wrong,
}
