//! Who may sign, in the order in which they are called: the first one who can is called first, and whoever cannot has a reason.

use std::fmt::Write as _;

use hinamori_alert::{KeyClass, KeyList, OfficerId};
use hinamori_model::UnixMillis;

use crate::alerts::officers::{Officer, OfficerError, PROVED_MILLIS, Register};
use crate::data::{DataFolder, Keys};
use crate::staff::day_of;

/// How long the table still has whoever left: who looks for them finds that they are gone.
const SHOWN_AFTER_MILLIS: u64 = 35 * 24 * 3_600_000;

/// Whether an officer can sign now, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// In office, listed, and with a passkey, or a key at kiosks, that was made or signed something in the last 35 days.
    Able,
    /// Their first day is to come.
    NotYet,
    /// Their last day is over.
    Over,
    /// No device was let in.
    NoDevice,
    /// The list of keys that is in force has none of their devices.
    NotListed,
    /// No key of theirs signed anything for so long that it may not work any more.
    OldProof,
}

impl Standing {
    /// As the desk's page is told it (docs/desk.md §3).
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Able => "able",
            Self::NotYet => "not_yet",
            Self::Over => "over",
            Self::NoDevice => "no_device",
            Self::NotListed => "not_listed",
            Self::OldProof => "old_proof",
        }
    }
}

impl Officer {
    /// Whether their last day is over. Whoever was taken out stays out, also where a clock goes back.
    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        self.gone || self.until < now
    }

    /// Whether it is neither before their first day nor after their last one.
    pub(crate) fn is_in_office(&self, now: UnixMillis) -> bool {
        self.from <= now && !self.is_over(now)
    }
}

impl Register {
    /// Whether an officer can sign in this class.
    pub(crate) fn standing(
        &self,
        officer: &Officer,
        class: KeyClass,
        list: Option<&KeyList>,
        now: UnixMillis,
    ) -> Standing {
        if officer.is_over(now) {
            return Standing::Over;
        }
        if officer.from > now {
            return Standing::NotYet;
        }
        let Some(proved) = self.proved(officer.id, class) else { return Standing::NoDevice };
        let id = OfficerId(officer.id);
        let is_listed = list.is_some_and(|list| {
            list.devices().any(|device| device.class == class && device.officer == id && device.until >= now)
        });
        if !is_listed {
            return Standing::NotListed;
        }
        // A proof of a day to come is one of a clock that was wrong.
        let is_fresh = proved <= now && now.since(proved) <= PROVED_MILLIS;
        if is_fresh { Standing::Able } else { Standing::OldProof }
    }

    /// Everybody whom the table has, in the order in which they are called, and whoever left lately at the end.
    pub(crate) fn deputies(&self, now: UnixMillis) -> Vec<&Officer> {
        let has_left_lately =
            |officer: &&Officer| officer.is_over(now) && now.since(officer.until) <= SHOWN_AFTER_MILLIS;
        let left = self.officers.iter().filter(has_left_lately);
        self.staff(now).into_iter().chain(left).collect()
    }
}

/// The order of deputies as a table: place, number, first and last day, when keys of each class worked last, whether they can sign, whether
/// there is a telephone number (never which), title, name.
///
/// # Errors
/// [`OfficerError`].
pub fn staff_table(folder: &DataFolder, keys: &Keys, now: UnixMillis) -> Result<String, OfficerError> {
    let register = folder.officers()?;
    let list = folder.key_list()?.and_then(|bytes| KeyList::decode(&bytes, &keys.town_root.public()).ok());
    let mut text =
        String::from("place  officer  from  until  live  drill  can sign  telephone  title  name\n");
    for (place, officer) in (1_usize..).zip(register.deputies(now)) {
        let day = |at: UnixMillis| if at.get() == 0 { "-".to_owned() } else { day_of(at) };
        let proved = |class| register.proved(officer.id, class).map_or_else(|| "-".to_owned(), day);
        let standing = register.standing(officer, KeyClass::Live, list.as_ref(), now).text();
        let telephone = if officer.telephone.is_some() { "yes" } else { "no" };
        let Officer { id, name, title, from, until, .. } = officer;
        let (from, until) = (day(*from), day(*until));
        let (live, drill) = (proved(KeyClass::Live), proved(KeyClass::Exercise));
        // Writing to a string does not fail.
        writeln!(
            text,
            "{place}  {id}  {from}  {until}  {live}  {drill}  {standing}  {telephone}  {title}  {name}"
        )
        .ok();
    }
    Ok(text)
}
