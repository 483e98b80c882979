//! The change of staff on the disk. A line of the signed log comes ahead of everything that counts, the root's list behind it.

use std::path::Path;

use hinamori_alert::KeyList;
use hinamori_model::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::alerts::desk_door::Asserted;
use crate::alerts::officers::{OfficerDevice, OfficerError, Register, invite, list};
use crate::alerts::staff_change::{
    BadChange, Difference, NotApproved, PendingChange, Row, StaffChange, Wanted,
};
use crate::data::{DataError, DataFolder, Keys};
use crate::hex;
use crate::signed_log::{LogError, SignedLog};

/// The log of who changed officers.
pub(crate) const STAFF: &str = "staff";
const DAY_MILLIS: u64 = 24 * 3_600_000;

/// Why staff is not changed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The table. Its maker's.
    #[error(transparent)]
    Bad(#[from] BadChange),
    /// The officers, the data folder or the list of keys.
    #[error(transparent)]
    Officers(#[from] OfficerError),
    /// The signed log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The file with the table. The administrator's.
    #[error("the table cannot be read: {0}")]
    Form(String),
    /// A signature. The officer's.
    #[error("{0}")]
    Signature(String),
    /// One after the other.
    #[error("署名を 待っている 変更が もう あります。署名するか、捨ててから 作って ください")]
    OneWaits,
    /// Not one of the two who took somebody in, or somebody who has a device.
    #[error("この 職員を 招待できるのは、加えた 2人だけ、最初の 端末だけです。管理者に 伝えて ください")]
    NotYours,
    /// Whoever saw the code could have used it.
    #[error("番号を 見た人は 登録できません。もう1人が 3つの ことばを 確かめて ください")]
    SawTheCode,
}

impl From<DataError> for StaffError {
    fn from(error: DataError) -> Self {
        Self::Officers(error.into())
    }
}

impl From<NotApproved> for StaffError {
    fn from(error: NotApproved) -> Self {
        match error {
            NotApproved::Bad(bad) => Self::Bad(bad),
            other => Self::Signature(other.to_string()),
        }
    }
}

/// A line of the log.
#[derive(Default, Serialize)]
struct Entry<'a> {
    did: &'a str,
    /// The officers who signed; of the administrator, the name of their account.
    by: &'a [u32],
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<u32>,
    /// What was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "<[Difference]>::is_empty")]
    differences: &'a [Difference],
}

fn write_down(folder: &DataFolder, keys: &Keys, entry: Entry<'_>, now: UnixMillis) -> Result<(), LogError> {
    SignedLog::new(folder.path(), STAFF, &keys.log).append(now, entry).map(|_head| ())
}

fn listed(folder: &DataFolder, keys: &Keys) -> Result<Option<KeyList>, DataError> {
    let bytes = folder.key_list()?;
    Ok(bytes.and_then(|bytes| KeyList::decode(&bytes, &keys.town_root.public()).ok()))
}

/// Writes down what an administrator does to an officer by a command of their own.
///
/// # Errors
/// [`StaffError`].
pub fn note_staff_command(
    folder: &DataFolder,
    (did, officer): (&str, Option<u32>),
    user: &str,
    now: UnixMillis,
) -> Result<(), StaffError> {
    let entry = Entry { did, user: Some(user), officer, ..Entry::default() };
    Ok(write_down(folder, &folder.keys()?, entry, now)?)
}

/// Keeps a change that waits for two signatures. Gives back its name.
pub(crate) fn prepare(folder: &DataFolder, wanted: &Wanted, now: UnixMillis) -> Result<String, StaffError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    if register.pending.as_ref().is_some_and(|pending| !pending.is_over(now)) {
        return Err(StaffError::OneWaits);
    }
    let change = register.change_of(wanted, now)?;
    let id = change.id();
    register.pending = Some(PendingChange { change, approvals: Vec::new() });
    locked.save_officers(&register)?;
    Ok(id)
}

/// An officer's signature under it. Whether it counts from now on.
pub(crate) fn sign(
    folder: &DataFolder,
    keys: &Keys,
    (id, officer): (&str, u32),
    asserted: Asserted,
    now: UnixMillis,
) -> Result<bool, StaffError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let before = register.clone();
    let list_in_force = listed(folder, keys)?.ok_or(NotApproved::BadSignature)?;
    let Some((change, by)) = register.approve((id, officer), asserted, &list_in_force, now)? else {
        locked.save_officers(&register)?;
        return Ok(false);
    };
    note_change(folder, keys, (&before, &change), (&by, None), now)?;
    list(folder, keys, &locked, &mut register, now)?;
    Ok(true)
}

fn note_change(
    folder: &DataFolder,
    keys: &Keys,
    (before, change): (&Register, &StaffChange),
    (by, user): (&[u32], Option<&str>),
    now: UnixMillis,
) -> Result<(), LogError> {
    let differences = before.differences(change, now);
    let digest = Some(hex::text(&change.digest()));
    let entry = Entry { did: "changed", by, user, digest, differences: &differences, ..Entry::default() };
    write_down(folder, keys, entry, now)
}

/// Takes the change that waits away.
pub(crate) fn drop_change(
    folder: &DataFolder,
    keys: &Keys,
    (id, officer): (&str, u32),
    now: UnixMillis,
) -> Result<(), StaffError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let pending = register.pending.take().filter(|pending| pending.change.id() == id);
    let pending = pending.ok_or(NotApproved::Gone)?;
    let digest = Some(hex::text(&pending.change.digest()));
    let entry = Entry { did: "dropped", by: &[officer], digest, ..Entry::default() };
    write_down(folder, keys, entry, now)?;
    Ok(locked.save_officers(&register)?)
}

/// The code for the first device of somebody new, shown to one of the two officers who took them in.
pub(crate) fn invite_newcomer(
    folder: &DataFolder,
    keys: &Keys,
    (id, by): (u32, u32),
    now: UnixMillis,
) -> Result<String, StaffError> {
    let register = folder.officers()?;
    if !register.may_invite(id, by, now) {
        return Err(StaffError::NotYours);
    }
    write_down(
        folder,
        keys,
        Entry { did: "invited", by: &[by], officer: Some(id), ..Entry::default() },
        now,
    )?;
    Ok(invite(folder, id, Some(by), now)?)
}

/// Lets the device in that this officer signed, after comparing its words.
pub(crate) fn admit_newcomer(
    folder: &DataFolder,
    keys: &Keys,
    (id, by): (&str, u32),
    asserted: &Asserted,
    now: UnixMillis,
) -> Result<(), StaffError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let waits = |device: &OfficerDevice| !device.admitted && hex::text(&device.digest()) == id;
    let place = register.devices.iter().position(waits).ok_or(NotApproved::Gone)?;
    let device = register.devices.get(place).ok_or(NotApproved::Gone)?;
    let (officer, digest, invited_by) = (device.officer, device.digest(), device.invited_by);
    if !register.may_invite(officer, by, now) {
        return Err(StaffError::NotYours);
    }
    if invited_by == Some(by) {
        return Err(StaffError::SawTheCode);
    }
    let in_force = listed(folder, keys)?.ok_or(NotApproved::BadSignature)?;
    let signer = register.signer(&digest, asserted, &in_force, now).map(|officer| officer.id);
    if signer != Some(by) {
        return Err(NotApproved::BadSignature.into());
    }
    let digest = Some(hex::text(&digest));
    let entry = Entry { did: "admitted", by: &[by], officer: Some(officer), digest, ..Entry::default() };
    write_down(folder, keys, entry, now)?;
    register.devices.iter_mut().skip(place).take(1).for_each(|device| device.admitted = true);
    Ok(list(folder, keys, &locked, &mut register, now)?)
}

/// Has the root sign the list that is due: somebody's first day has come.
pub(crate) fn list_if_due(folder: &DataFolder, keys: &Keys, now: UnixMillis) -> Result<bool, StaffError> {
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let Some(in_force) = listed(folder, keys)? else { return Ok(false) };
    if !register.is_list_due(&in_force, now) {
        return Ok(false);
    }
    list(folder, keys, &locked, &mut register, now)?;
    Ok(true)
}

/// The administrator's table (TOML).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// From when the order holds.
    day: String,
    officer: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Option<u32>,
    name: String,
    title: String,
    from: Option<String>,
    until: String,
    telephone: Option<String>,
}

/// The administrator's change: the whole table from a file, judged as officers' changes are, and counted at once. Gives back what it does.
///
/// # Errors
/// [`StaffError`].
pub fn change_staff(
    folder: &DataFolder,
    keys: &Keys,
    file: &Path,
    user: &str,
    now: UnixMillis,
) -> Result<String, StaffError> {
    let text = std::fs::read_to_string(file).map_err(|error| StaffError::Form(error.to_string()))?;
    let table: Table = toml::from_str(&text).map_err(|error| StaffError::Form(error.to_string()))?;
    let wanted = table.read()?;
    let locked = folder.lock()?;
    let mut register = folder.officers()?;
    let change = register.change_of(&wanted, now)?;
    let said = sentences(&register, &change, now).join("\n");
    note_change(folder, keys, (&register, &change), (&[], Some(user)), now)?;
    register.apply(&change, &[], now);
    list(folder, keys, &locked, &mut register, now)?;
    Ok(said)
}

impl Table {
    fn read(self) -> Result<Wanted, StaffError> {
        let first = |text: &str| {
            let until = crate::staff::end_of_day(text);
            let until =
                until.ok_or_else(|| StaffError::Form(format!("{text} is no date such as 2027-03-31")))?;
            Ok::<_, StaffError>(UnixMillis::new((until.get() + 1).saturating_sub(DAY_MILLIS)))
        };
        let row = |Line { id, name, title, from, until, telephone }: Line| {
            let from = from.as_deref().map_or_else(|| Ok(UnixMillis::default()), first)?;
            let until = first(&until)?.plus(DAY_MILLIS - 1);
            Ok::<_, StaffError>(Row { id, name, title, from, until, telephone })
        };
        let day = first(&self.day)?;
        Ok(Wanted { day, officers: self.officer.into_iter().map(row).collect::<Result<_, _>>()? })
    }
}

/// What a change does, in sentences.
pub(crate) fn sentences(register: &Register, change: &StaffChange, now: UnixMillis) -> Vec<String> {
    let telephone = |one: &Difference| {
        let Difference::Telephone { officer, .. } = one else { return None };
        change.officers.iter().find(|row| row.id == *officer)?.telephone.as_ref()
    };
    register.differences(change, now).iter().map(|one| one.japanese(telephone(one), now)).collect()
}
