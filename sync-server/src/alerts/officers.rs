//! The officers who may sign alerts, their devices, and the list of keys that the town root signs of them.
//!
//! An administrator invites an officer; the device that has the code brings two public keys; the administrator compares three words with
//! the officer and lets the device in. Only then does the root list it: what a page of the server takes in by itself signs nothing. For
//! somebody whom two officers took in, one of them invites and the other one compares, with passkeys that are listed (`staff_change.rs`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use hinamori_alert::{
    Device, DeviceKey, KeyClass, KeyList, OfficerId, Policy, ReleasePolicy, SealedKioskKey,
};
use hinamori_model::{BoxId, PersonalText, UnixMillis};
use hinamori_net_tls::ThreeWords;
use hinamori_store_sqlite::{AlertStore, StoreError};
use hinamori_sync::{KioskKeys, MOST_KIOSK_KEYS};
use serde::{Deserialize, Serialize};

use crate::alerts::board::{FilesRead, Inner, Message};
use crate::alerts::deputies::Standing;
use crate::alerts::draft::About;
use crate::alerts::staff_change::{NextOrder, PendingChange};
use crate::data::{DataError, DataFolder, Keys, Locked};
use crate::hex;
use crate::one_time_code::{hash_of, new_code};
use crate::signed_log::sha256;
use crate::staff::day_of;

/// How long an invitation is good.
const GOOD_FOR_MILLIS: u64 = 15 * 60_000;
/// How long a key that signed something counts as one that can: a month, and some days for whoever was away.
pub(crate) const PROVED_MILLIS: u64 = 35 * 24 * 3_600_000;
/// How far a box's clock may be ahead of this machine's.
const CLOCKS_DIFFER_MILLIS: u64 = 2 * 60_000;
/// A later proof within so long changes nothing that anybody looks at.
const PROVED_AGAIN_MILLIS: u64 = 3_600_000;
/// Keys of as many people wait that were made at one box.
const WAITING_OF_A_BOX: usize = 8;
/// More than a town has.
pub(crate) const MOST_OFFICERS: usize = 100;

/// What `officers.json` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    /// Of the list of keys.
    version: u32,
    /// In the order of deputies: the first one is called first.
    pub(crate) officers: Vec<Officer>,
    pub(crate) invitations: Vec<Invitation>,
    /// Of older files. Codes have 80 bits: to count wrong ones would only let strangers end invitations.
    #[serde(default, skip_serializing, rename = "wrong_tries")]
    _wrong_tries: Option<u8>,
    #[serde(default)]
    policy: TownPolicy,
    pub(crate) devices: Vec<OfficerDevice>,
    /// Made at boxes.
    #[serde(default)]
    kiosks: Vec<KioskDevice>,
    /// How often officers were changed: an old change is none of the new table.
    #[serde(default)]
    pub(crate) changes: u32,
    /// An order that holds from a day on.
    #[serde(default)]
    pub(crate) next_order: Option<NextOrder>,
    /// A change that waits for its second signature.
    #[serde(default)]
    pub(crate) pending: Option<PendingChange>,
}

/// What the town decided of releases and check-points, as the root signs it with each list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TownPolicy {
    staff_leave_minutes: Option<u8>,
    /// The trigger's public key, in hexadecimal.
    trigger: Option<String>,
    needs_officer: bool,
    /// What was signed in advance before this moment is void.
    #[serde(default)]
    void_before: UnixMillis,
}

/// What the administrator changes of the town's policy; nothing stays as it is.
#[derive(Debug, Clone, Default)]
pub struct PolicyChange {
    /// How many minutes before a tsunami is expected staff leave a check-point too.
    pub staff_leave_minutes: Option<u8>,
    /// The trigger's public key.
    pub trigger: Option<[u8; 32]>,
    /// Whether an officer on duty signs each release.
    pub needs_officer: Option<bool>,
    /// No trigger releases anything any more.
    pub no_trigger: bool,
    /// What was signed in advance until now is void, whoever kept a copy of it.
    pub void_releases: bool,
    /// What becomes of orders in force.
    pub in_force: InForce,
}

/// Whether a change may have it that whoever starts from then on does not believe an order that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InForce {
    /// Then nothing is changed.
    #[default]
    Kept,
    /// The administrator says so.
    MayBeLost,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Officer {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) title: String,
    /// The first moment of their first day; nothing for whoever was there before days were written down.
    #[serde(default)]
    pub(crate) from: UnixMillis,
    /// The last moment of their last day.
    pub(crate) until: UnixMillis,
    /// By which the others call them. In no log.
    #[serde(default)]
    pub(crate) telephone: Option<PersonalText>,
    /// Taken out: by a moment, and for good.
    #[serde(default)]
    pub(crate) gone: bool,
    /// The two officers who took them in, and may invite their first device.
    #[serde(default)]
    pub(crate) approved: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    /// SHA-256 of the code: the file opens no door.
    #[serde(with = "hex")]
    digest: [u8; 32],
    officer: u32,
    until: UnixMillis,
    /// The officer who saw the code; nobody where it was the administrator.
    #[serde(default)]
    by: Option<u32>,
}

impl Invitation {
    pub(crate) const fn is_of(&self, officer: u32) -> bool {
        self.officer == officer
    }
}

/// Two passkeys that were made on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfficerDevice {
    pub(crate) officer: u32,
    pub(crate) live: Passkey,
    pub(crate) exercise: Passkey,
    words: ThreeWords,
    pub(crate) joined: UnixMillis,
    /// Whether somebody compared its words, and let it in.
    pub(crate) admitted: bool,
    /// The officer who saw its code, and must not be the one who compares its words.
    #[serde(default)]
    pub(crate) invited_by: Option<u32>,
}

impl OfficerDevice {
    pub(crate) const fn is_of(&self, officer: u32) -> bool {
        self.officer == officer
    }

    /// Of whom it is, and both its passkeys: what an officer signs who lets it in.
    pub(crate) fn digest(&self) -> [u8; 32] {
        device_digest(self.officer, &self.live, &self.exercise)
    }

    /// As both sides read them out.
    pub(crate) fn words(&self) -> [&'static str; 3] {
        self.words.hiragana()
    }
}

fn device_digest(officer: u32, live: &Passkey, exercise: &Passkey) -> [u8; 32] {
    let all = [live.credential.as_str(), &live.key, &exercise.credential, &exercise.key].join(" ");
    sha256(format!("hinamori alert device/v1 {officer} {all}").as_bytes())
}

/// An officer's two keys for kiosks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KioskDevice {
    /// Whose; nobody's until the administrator let it in.
    officer: Option<u32>,
    /// Sealed under a card.
    keys: KioskKeys,
    /// At which box.
    made_at: BoxId,
    words: ThreeWords,
    joined: UnixMillis,
    /// When each signed something last, if only its test.
    #[serde(default)]
    live_proved: UnixMillis,
    #[serde(default)]
    exercise_proved: UnixMillis,
}

impl KioskDevice {
    /// Both sealed keys, each of its class.
    fn sealed(&self) -> Option<[SealedKioskKey; 2]> {
        sealed_keys(&self.keys)
    }

    /// When its key of this class worked last: whoever makes one signs with it.
    fn proved(&self, class: KeyClass) -> UnixMillis {
        self.joined.max(match class {
            KeyClass::Live => self.live_proved,
            KeyClass::Exercise => self.exercise_proved,
        })
    }

    /// Where it is noted of the key with this public half.
    fn proof_of(&mut self, key: &DeviceKey) -> Option<&mut UnixMillis> {
        let class = self.sealed()?.iter().find(|sealed| sealed.public() == *key)?.class();
        Some(match class {
            KeyClass::Live => &mut self.live_proved,
            KeyClass::Exercise => &mut self.exercise_proved,
        })
    }
}

/// With what an officer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceKind {
    /// At the desk.
    Passkey,
    /// Under their card.
    Kiosk,
}

fn sealed_keys(keys: &KioskKeys) -> Option<[SealedKioskKey; 2]> {
    let read = |bytes: &[u8], class| SealedKioskKey::from_bytes(bytes).filter(|key| key.class() == class);
    Some([read(&keys.live, KeyClass::Live)?, read(&keys.exercise, KeyClass::Exercise)?])
}

/// One passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passkey {
    /// As the browser names it (WebAuthn Level 2 §4 credential ID), in hexadecimal.
    pub(crate) credential: String,
    /// The uncompressed point, in hexadecimal.
    key: String,
    /// When it signed something last, if only its test.
    #[serde(default)]
    proved: UnixMillis,
}

impl Passkey {
    pub(crate) fn new(credential: &[u8], key: &[u8; 65]) -> Self {
        Self { credential: hex::text(credential), key: hex::text(key), proved: UnixMillis::default() }
    }

    pub(crate) fn key(&self) -> Option<DeviceKey> {
        hex::bytes(&self.key)?.try_into().ok().map(DeviceKey::Passkey)
    }
}

/// Why an officer's change is not made. The administrator's.
#[derive(Debug, thiserror::Error)]
pub enum OfficerError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Who.
    #[error("there is no officer {0}")]
    Unknown(u32),
    /// A person has one number.
    #[error("there is an officer {0} already")]
    Twice(u32),
    /// A name that fits on no screen, or too many officers.
    #[error(
        "an officer has a name and a title of 1 to 40 characters, and a town {MOST_OFFICERS} officers at most"
    )]
    BadOfficer,
    /// The words that were read out are no waiting device's.
    #[error("no device waits with these words: invite the officer again")]
    NoSuchDevice,
    /// Keys that were made at a box are nobody's until somebody says whose.
    #[error("these keys were made at a box: say whose they are (--officer NUMBER)")]
    WhichOfficer,
    /// Two that wait show the same words, or a person would be two officers.
    #[error("{0}: have the officer make the keys again, and compare who it is")]
    Ambiguous(&'static str),
    /// What the keys say.
    #[error("the list of keys cannot be made: {0}")]
    Keys(#[from] hinamori_alert::BadKeyList),
    /// The file of alerts.
    #[error("the file of alerts cannot be used")]
    Store(#[from] StoreError),
    /// The administrator: an order was released as it would be no more.
    #[error(
        "{0} is in force, and a television or a box that starts after this change would not show it: have two officers send it once more at the \
         desk (もう一度 送る), and change the policy then; or say --although-in-force"
    )]
    InForce(String),
    /// No plan yet.
    #[error("no alert plan was read in yet: run `hinamori-server alert plan` first")]
    NoPlan,
}

/// Adds an officer.
///
/// # Errors
/// [`OfficerError`].
pub fn add_officer(
    folder: &DataFolder,
    id: u32,
    name: &str,
    title: &str,
    until: UnixMillis,
) -> Result<(), OfficerError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let fits = |text: &str| (1..=40).contains(&text.trim().chars().count());
    if !fits(name) || !fits(title) || register.officers.len() >= MOST_OFFICERS {
        return Err(OfficerError::BadOfficer);
    }
    if register.officer(id).is_some() {
        return Err(OfficerError::Twice(id));
    }
    register.officers.push(Officer {
        id,
        name: name.to_owned(),
        title: title.to_owned(),
        from: UnixMillis::default(),
        until,
        telephone: None,
        gone: false,
        approved: Vec::new(),
    });
    register.changes = register.changes.saturating_add(1);
    Ok(locked.save_officers(&register)?)
}

/// Ends an officer's time now. Their devices stay on the list for what they signed before: what is out must not lose its signatures, or
/// nobody could take it back.
///
/// # Errors
/// [`OfficerError`].
pub fn remove_officer(
    folder: &DataFolder,
    keys: &Keys,
    id: u32,
    now: UnixMillis,
) -> Result<(), OfficerError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let officer =
        register.officers.iter_mut().find(|officer| officer.id == id).ok_or(OfficerError::Unknown(id))?;
    officer.until = officer.until.min(now);
    officer.gone = true;
    register.changes = register.changes.saturating_add(1);
    register.devices.retain(|device| device.admitted || device.officer != id);
    register.invitations.retain(|invitation| invitation.officer != id);
    list(folder, keys, &locked, &mut register, now)
}

/// Invites an officer to enrol one device. The code is good for fifteen minutes.
///
/// # Errors
/// [`OfficerError`].
pub fn invite_officer(folder: &DataFolder, id: u32, now: UnixMillis) -> Result<String, OfficerError> {
    invite(folder, id, None, now)
}

/// The same, where the code is shown to an officer.
pub(crate) fn invite(
    folder: &DataFolder,
    id: u32,
    by: Option<u32>,
    now: UnixMillis,
) -> Result<String, OfficerError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    register.officer(id).filter(|officer| !officer.is_over(now)).ok_or(OfficerError::Unknown(id))?;
    let (code, digest) = new_code()?;
    register.invitations.retain(|invitation| invitation.until >= now && invitation.officer != id);
    register.invitations.push(Invitation { digest, officer: id, until: now.plus(GOOD_FOR_MILLIS), by });
    locked.save_officers(&register)?;
    Ok(code)
}

/// Lets the device in that shows these words, and has the root list it. `officer` says whose keys are that were made at a box; a device that
/// was invited is whose it was invited for.
///
/// # Errors
/// [`OfficerError`].
pub fn admit_device(
    folder: &DataFolder,
    keys: &Keys,
    (words, officer): (&str, Option<u32>),
    now: UnixMillis,
) -> Result<(), OfficerError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let said: Vec<&str> = words.split(['・', ' ', ',', '、', '　']).filter(|word| !word.is_empty()).collect();
    let waits = |device: &&mut OfficerDevice| !device.admitted && said == device.words.hiragana();
    let waiting = |device: &&KioskDevice| device.officer.is_none() && said == device.words.hiragana();
    let made_at_boxes = register.kiosks.iter().filter(waiting).count();
    match (register.devices.iter_mut().find(waits), made_at_boxes) {
        (Some(device), 0) => device.admitted = true,
        (None, 0) => return Err(OfficerError::NoSuchDevice),
        (None, 1) => register.admit_kiosk(&said, officer.ok_or(OfficerError::WhichOfficer)?, now)?,
        (Some(_), _) | (None, _) => return Err(OfficerError::Ambiguous("two devices show these words")),
    }
    list(folder, keys, &locked, &mut register, now)
}

/// Changes the town's policy, and has the root sign it. Gives it back in words.
///
/// # Errors
/// [`OfficerError`].
pub fn set_policy(
    folder: &DataFolder,
    keys: &Keys,
    change: &PolicyChange,
    now: UnixMillis,
) -> Result<String, OfficerError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let before = register.policy.clone();
    let policy = &mut register.policy;
    policy.staff_leave_minutes = change.staff_leave_minutes.or(policy.staff_leave_minutes);
    policy.trigger = change.trigger.map(|key| hex::text(&key)).or(policy.trigger.take());
    policy.needs_officer = change.needs_officer.unwrap_or(policy.needs_officer);
    if change.no_trigger {
        policy.trigger = None;
    }
    if change.void_releases {
        // They are made at whole seconds: this one is over too.
        policy.void_before = policy.void_before.max(UnixMillis::new(now.get() / 1_000 * 1_000).plus(1_000));
    }
    if *policy != before {
        if change.in_force == InForce::Kept {
            keeps_what_is_in_force(folder, keys, &next_list(folder, keys, &mut register.clone(), now)?, now)?;
        }
        list(folder, keys, &locked, &mut register, now)?;
    }
    let Policy { staff_leave_minutes, release } = register.policy.signed();
    let release = match release {
        None => "no trigger releases anything".to_owned(),
        Some(ReleasePolicy { trigger, needs_officer, void_before: _ }) => {
            let duty = if needs_officer { "and one officer on duty release" } else { "alone releases" };
            format!("the trigger {} {duty} what two officers signed in advance", hex::text(&trigger))
        }
    };
    Ok(format!("staff leave check-points {staff_leave_minutes} minutes before a tsunami\n{release}"))
}

/// Whoever starts with this list believes every order in force that is believed now. What is sent in this very moment is not seen: the desk
/// alarms.
fn keeps_what_is_in_force(
    folder: &DataFolder,
    keys: &Keys,
    list: &KeyList,
    now: UnixMillis,
) -> Result<(), OfficerError> {
    let (mut inner, root) = (Inner::default(), keys.town_root.public());
    FilesRead::of(folder, &root, inner.seen)?.into_iter().for_each(|read| inner.take_files(read));
    inner.take_all_sent(&AlertStore::open(&folder.alerts(), &keys.alerts, now)?, &root)?;
    let name = |message: &&Arc<Message>| {
        let About { title, districts, .. } = &message.about;
        format!("「{title}」 ({}, {})", districts.join("・"), message.alert().sent)
    };
    let lost: Vec<String> = inner.lost_by(list, now).iter().map(name).collect();
    if lost.is_empty() { Ok(()) } else { Err(OfficerError::InForce(lost.join(" and "))) }
}

/// The officers, and their devices with the words that they showed.
///
/// # Errors
/// [`OfficerError`].
pub fn officer_list(folder: &DataFolder) -> Result<String, OfficerError> {
    let register = folder.officers()?;
    let mut text = String::new();
    for Officer { id, name, title, until, .. } in &register.officers {
        // Writing to a string does not fail.
        writeln!(text, "{id}  {}  {title}  {name}", day_of(*until)).ok();
        for device in register.devices.iter().filter(|device| device.officer == *id) {
            let state = if device.admitted { "signs" } else { "waits to be let in" };
            writeln!(text, "    {}  {state}  {}", day_of(device.joined), device.words).ok();
        }
        for device in register.kiosks.iter().filter(|device| device.officer == Some(*id)) {
            writeln!(text, "    {}  signs at kiosks  {}", day_of(device.joined), device.words).ok();
        }
    }
    for KioskDevice { keys, made_at, words, joined, .. } in
        register.kiosks.iter().filter(|device| device.officer.is_none())
    {
        let staff = keys.staff;
        writeln!(text, "staff {staff} made keys at the box {made_at}:").ok();
        writeln!(text, "    {}  waits to be let in as an officer  {words}", day_of(*joined)).ok();
    }
    Ok(text)
}

/// Changes the register, and writes it down where something of it is other than before.
pub(crate) fn change_register<T>(
    folder: &DataFolder,
    change: impl FnOnce(&mut Register) -> T,
) -> Result<T, DataError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let before = register.clone();
    let outcome = change(&mut register);
    if register != before {
        locked.save_officers(&register)?;
    }
    Ok(outcome)
}

/// Has the root sign the next list. The register goes first: no version is ever of two lists.
pub(crate) fn list(
    folder: &DataFolder,
    keys: &Keys,
    locked: &Locked<'_>,
    register: &mut Register,
    now: UnixMillis,
) -> Result<(), OfficerError> {
    let list = next_list(folder, keys, register, now)?;
    locked.save_officers(register)?;
    Ok(folder.save_key_list(&list.encode(|domain, body| keys.town_root.sign_alert_keys(domain, body)))?)
}

/// The list of what the register says now, under its next version.
fn next_list(
    folder: &DataFolder,
    keys: &Keys,
    register: &mut Register,
    now: UnixMillis,
) -> Result<KeyList, OfficerError> {
    let plan = folder.alert_plan()?.ok_or(OfficerError::NoPlan)?;
    register.version = register.version.saturating_add(1);
    let party = sha256(plan.relying_party.as_bytes());
    let fixed = (keys.beat.public(), party);
    let before = folder.key_list()?.and_then(|bytes| KeyList::decode(&bytes, &keys.town_root.public()).ok());
    let listed = register.listed(before.as_ref(), now);
    let list = KeyList::new(register.version, now, fixed, &plan.sender, listed)?;
    Ok(list.with_policy(register.policy.signed())?)
}

impl TownPolicy {
    fn signed(&self) -> Policy {
        let trigger = self.trigger.as_deref().and_then(|key| hex::bytes(key)?.try_into().ok());
        let Self { needs_officer, void_before, .. } = *self;
        let usual = Policy::default().staff_leave_minutes;
        Policy {
            staff_leave_minutes: self.staff_leave_minutes.unwrap_or(usual),
            release: trigger.map(|trigger| ReleasePolicy { trigger, needs_officer, void_before }),
        }
    }
}

impl Register {
    pub(crate) fn officer(&self, id: u32) -> Option<&Officer> {
        self.officers.iter().find(|officer| officer.id == id)
    }

    /// Devices for the next list: of whoever is in office or was. Whoever was listed before stays, or a clock that goes back would take them off.
    fn listed(&self, before: Option<&KeyList>, now: UnixMillis) -> Vec<Device> {
        let of = |officer: u32, class, key| {
            let Officer { from, until, .. } = self.officer(officer)?;
            Some((Device { class, officer: OfficerId(officer), until: *until, key }, *from))
        };
        let at_kiosks = self.kiosks.iter().filter_map(|device| Some((device.officer?, device.sealed()?)));
        let at_kiosks =
            at_kiosks.flat_map(|(officer, keys)| keys.map(|key| of(officer, key.class(), key.public())));
        let admitted = self.devices.iter().filter(|device| device.admitted);
        let passkeys = admitted.flat_map(|device| {
            let listed = |class, passkey: &Passkey| of(device.officer, class, passkey.key()?);
            [listed(KeyClass::Live, &device.live), listed(KeyClass::Exercise, &device.exercise)]
        });
        let is_known =
            |listed: &Device| before.is_some_and(|list| list.devices().any(|known| known.key == listed.key));
        let is_due = |(listed, from): &(Device, UnixMillis)| *from <= now || is_known(listed);
        passkeys.chain(at_kiosks).flatten().filter(is_due).map(|(listed, _)| listed).collect()
    }

    /// Whether the list that is in force is not the one that the root should have signed: somebody's first day has come, or the power went
    /// between the register and the list.
    pub(crate) fn is_list_due(&self, list: &KeyList, now: UnixMillis) -> bool {
        let lacks = |device: &Device| !list.devices().any(|known| known == *device);
        self.version > list.version || self.listed(Some(list), now).iter().any(lacks)
    }

    /// Keys that somebody made at a box wait from now on. Whether they are new: a box says it until the root lists them.
    pub(crate) fn wait(&mut self, made_at: BoxId, keys: KioskKeys, now: UnixMillis) -> bool {
        let Some(sealed) = sealed_keys(&keys) else { return false };
        let is_taken = |known: &KioskDevice| {
            known.sealed().is_some_and(|known| {
                known.iter().any(|known| sealed.iter().any(|new| new.public() == known.public()))
            })
        };
        if self.kiosks.iter().any(is_taken) {
            return false;
        }
        let waits = |device: &KioskDevice| device.officer.is_none();
        // Whoever makes them again has no use for those before, and a box that is not honest fills up no list but its own.
        self.kiosks.retain(|device| {
            !(waits(device) && device.made_at == made_at && device.keys.staff == keys.staff)
        });
        let of_this_box = |device: &&KioskDevice| waits(device) && device.made_at == made_at;
        if self.kiosks.iter().filter(of_this_box).count() >= WAITING_OF_A_BOX
            || self.kiosks.len() >= MOST_KIOSK_KEYS
        {
            return false;
        }
        let words = ThreeWords::of_hash(&keys.digest());
        let (live_proved, exercise_proved) = (now, now);
        self.kiosks.push(KioskDevice {
            officer: None,
            keys,
            made_at,
            words,
            joined: now,
            live_proved,
            exercise_proved,
        });
        true
    }

    fn admit_kiosk(&mut self, said: &[&str], officer: u32, now: UnixMillis) -> Result<(), OfficerError> {
        let in_office = self.officer(officer).filter(|officer| !officer.is_over(now));
        in_office.ok_or(OfficerError::Unknown(officer))?;
        let waits = |device: &&mut KioskDevice| device.officer.is_none() && said == device.words.hiragana();
        let mut waiting = self.kiosks.iter_mut().filter(waits);
        let device = waiting.next().ok_or(OfficerError::NoSuchDevice)?;
        let staff = device.keys.staff;
        device.officer = Some(officer);
        let of_two = |device: &KioskDevice| {
            device.keys.staff == staff && device.officer.is_some_and(|other| other != officer)
        };
        if self.kiosks.iter().any(of_two) {
            return Err(OfficerError::Ambiguous("this person is another officer already"));
        }
        Ok(())
    }

    /// The sealed keys of all who are in office, for boxes: of each card the latest.
    pub(crate) fn kiosk_keys(&self, now: UnixMillis) -> Vec<KioskKeys> {
        let is_in_office =
            |officer: u32| self.officer(officer).is_some_and(|officer| officer.is_in_office(now));
        let able = self.kiosks.iter().filter(|device| device.officer.is_some_and(is_in_office));
        let by_card: BTreeMap<_, _> = able.map(|device| (device.keys.card, &device.keys)).collect();
        by_card.into_values().cloned().collect()
    }

    /// The officer of a device that may sign, and for what the credential is.
    pub(crate) fn by_credential(&self, credential: &[u8]) -> Option<(&Officer, KeyClass, DeviceKey)> {
        let text = hex::text(credential);
        self.devices.iter().filter(|device| device.admitted).find_map(|device| {
            let found = [(KeyClass::Live, &device.live), (KeyClass::Exercise, &device.exercise)];
            let (class, passkey) = found.into_iter().find(|(_, passkey)| passkey.credential == text)?;
            Some((self.officer(device.officer)?, class, passkey.key()?))
        })
    }

    /// The credentials of an officer in this class, in hexadecimal.
    pub(crate) fn credentials(&self, officer: u32, class: KeyClass) -> impl Iterator<Item = &str> {
        let own = self.devices.iter().filter(move |device| device.admitted && device.officer == officer);
        own.map(move |device| match class {
            KeyClass::Live => device.live.credential.as_str(),
            KeyClass::Exercise => device.exercise.credential.as_str(),
        })
    }

    /// A passkey signed something. Whether that is worth writing down.
    pub(crate) fn prove(&mut self, credential: &[u8], now: UnixMillis) -> bool {
        let text = hex::text(credential);
        let mut passkeys =
            self.devices.iter_mut().flat_map(|device| [&mut device.live, &mut device.exercise]);
        let Some(own) = passkeys.find(|passkey| passkey.credential == text) else { return false };
        // A clock that was wrong once proves nothing for years.
        let is_news = own.proved > now || now.since(own.proved) > PROVED_AGAIN_MILLIS;
        if is_news {
            own.proved = now;
        }
        is_news
    }

    /// An officer's key at kiosks signed something at a time. Whether that is worth writing down.
    pub(crate) fn prove_kiosk(&mut self, key: &DeviceKey, at: UnixMillis, now: UnixMillis) -> bool {
        let admitted = self.kiosks.iter_mut().filter(|device| device.officer.is_some());
        let Some(proved) = admitted.filter_map(|device| device.proof_of(key)).next() else { return false };
        // A box takes back what it tested under a clock that is ahead, once it hears what time it is here.
        let is_believable = at <= now.plus(CLOCKS_DIFFER_MILLIS);
        let is_news = *proved > now || at.since(*proved) > PROVED_AGAIN_MILLIS;
        if is_believable && is_news {
            *proved = at.min(now);
        }
        is_believable && is_news
    }

    #[cfg(test)]
    pub(crate) fn set_back_kiosks(&mut self, to: UnixMillis) {
        for device in &mut self.kiosks {
            (device.joined, device.live_proved, device.exercise_proved) = (to, to, to);
        }
    }

    /// When an officer's keys of this class signed something last: the latest one.
    pub(crate) fn proved(&self, officer: u32, class: KeyClass) -> Option<UnixMillis> {
        [DeviceKind::Passkey, DeviceKind::Kiosk]
            .into_iter()
            .filter_map(|kind| self.proved_by(officer, kind, class))
            .max()
    }

    /// The same of those of one kind.
    pub(crate) fn proved_by(&self, officer: u32, kind: DeviceKind, class: KeyClass) -> Option<UnixMillis> {
        match kind {
            DeviceKind::Passkey => {
                let own = self.devices.iter().filter(|device| device.admitted && device.officer == officer);
                own.map(|device| match class {
                    KeyClass::Live => device.live.proved,
                    KeyClass::Exercise => device.exercise.proved,
                })
                .max()
            }
            DeviceKind::Kiosk => {
                let own = self.kiosks.iter().filter(|device| device.officer == Some(officer));
                own.map(|device| device.proved(class)).max()
            }
        }
    }

    /// How many officers can sign in this class.
    pub(crate) fn able(&self, class: KeyClass, list: Option<&KeyList>, now: UnixMillis) -> usize {
        let can = |officer: &&Officer| self.standing(officer, class, list, now) == Standing::Able;
        self.officers.iter().filter(can).count()
    }

    /// Whom a code invites.
    pub(crate) fn invited(&self, code: &str, now: UnixMillis) -> Option<u32> {
        let digest = hash_of(code);
        let found = self.invitations.iter().find(|known| known.digest == digest && known.until >= now);
        found.map(|found| found.officer)
    }

    /// Uses a code up for a device that waits from now on. Gives the words that both sides compare.
    pub(crate) fn join(
        &mut self,
        code: &str,
        (live, exercise): (Passkey, Passkey),
        now: UnixMillis,
    ) -> Option<ThreeWords> {
        let officer = self.invited(code, now)?;
        let invited_by = self.invitations.iter().find(|one| one.is_of(officer)).and_then(|one| one.by);
        let known = self.devices.iter().flat_map(|device| [&device.live, &device.exercise]);
        let is_known = known.into_iter().any(|known| known.key == live.key || known.key == exercise.key);
        if is_known || live.key == exercise.key {
            return None;
        }
        self.invitations.retain(|invitation| invitation.officer != officer);
        let (mut live, mut exercise) = (live, exercise);
        // Its user was there a moment ago.
        (live.proved, exercise.proved) = (now, now);
        let words = ThreeWords::of_hash(&device_digest(officer, &live, &exercise));
        self.devices.retain(|device| device.admitted || device.officer != officer);
        self.devices.push(OfficerDevice {
            officer,
            live,
            exercise,
            words,
            joined: now,
            admitted: false,
            invited_by,
        });
        Some(words)
    }
}
