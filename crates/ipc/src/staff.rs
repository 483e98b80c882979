//! Who works at a lane, and who looked at whom.

use hinamori_model::{AuditAction, LookupReason, PersonalText, Right, Role, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::{OfficerStanding, SecretDigits};

/// Somebody is signed in at a lane: for three idle minutes, or until another staff card is held to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffSession {
    /// Their name; `None` without a card.
    pub name: Option<PersonalText>,
    /// As what.
    pub role: Role,
    /// How they signed in.
    pub by: SignedInBy,
    /// When it ends if nothing is touched.
    pub until: UnixMillis,
    /// Alarms of this site that wait for a leader: bulk reading, pages opened without staff.
    pub alarms: u32,
    /// What they are to alerts.
    pub officer: OfficerStanding,
}

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedInBy {
    /// Their card's chip answered.
    Card,
    /// Their card and its PIN, or a pass and its number.
    CardAndPin,
    /// A pass of relief staff, without its number.
    Pass,
    /// 職員がいない: nobody's card. It is written down and somebody will ask.
    Nobody,
}

impl StaffSession {
    /// Whether what is behind this right opens now.
    pub const fn may(&self, right: Right) -> bool {
        self.role.may(right) && (!right.needs_pin() || matches!(self.by, SignedInBy::CardAndPin))
    }
}

/// Why the card or pass did not sign anybody in. Nothing was recorded of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInFault {
    /// The town lists no staff with this card, or not for this site.
    NotStaff,
    /// The grant or pass is over.
    Over,
    /// The chip proved nothing and no PIN was given: the PIN is needed.
    NotProven,
    /// The card is revoked, not valid now, or reported as lost.
    Stopped,
    /// The PIN or the pass's number is wrong.
    WrongPin {
        /// Tries that are left, if the card says so.
        tries_left: Option<u8>,
    },
    /// No try is left, or only one, which is not used here.
    Blocked,
    /// The card was taken away too early, or does not answer.
    NotRead,
    /// Of this card no officer's key is here. Its PIN was not asked for.
    NoOfficerKey,
    /// Another card than that of whoever is signed in. Its PIN was not asked for.
    OtherCard,
    /// The card does not sign the same bytes the same way every time, so that no key can be sealed under it.
    Unsuitable,
    /// No household of this card's owner is known here, or none whose televisions are given out here.
    NoHousehold,
    /// Nobody knows here whether the card was revoked: no list speaks for it, or those that do are too old.
    NotChecked,
}

/// A pass for relief staff from another town, to be printed or photographed. It is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The text of its QR code.
    pub code: PersonalText,
    /// Its four-digit number, which does what a card's PIN does. It stands in no code and on no paper.
    pub number: SecretDigits,
    /// As what.
    pub role: Role,
    /// Until when.
    pub until: UnixMillis,
}

/// Somebody looked at the person who now holds their card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// When.
    pub at: UnixMillis,
    /// Who; `None` when nobody was signed in.
    pub by: Option<PersonalText>,
    /// As what.
    pub role: Role,
    /// What they did.
    pub action: AuditAction,
    /// Why.
    pub reason: Option<LookupReason>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_opens_for_a_nurse_with_a_pin_and_for_nobody_else() {
        let session = |role, by| StaffSession {
            name: None,
            role,
            by,
            until: UnixMillis::new(0),
            alarms: 0,
            officer: OfficerStanding::Nobody,
        };
        assert!(session(Role::Nurse, SignedInBy::CardAndPin).may(Right::Health));
        assert!(!session(Role::Nurse, SignedInBy::Card).may(Right::Health));
        assert!(!session(Role::Leader, SignedInBy::CardAndPin).may(Right::Health));
        assert!(session(Role::Leader, SignedInBy::Nobody).may(Right::People));
        assert!(!session(Role::Leader, SignedInBy::Nobody).may(Right::Hiding));
    }
}
