//! Who works here, and what each may see and do. Signing in is never needed to receive people.

use crate::code::code;
use crate::id::id128;

id128! {
    /// One member of staff: on the town's list, or with a pass that a leader issued.
    StaffId
}

code! {
    /// What somebody does (役割).
    Role {
        /// ボランティア: receives people; sees whoever stands there.
        Volunteer = 0,
        /// 責任者 of a shelter.
        Leader = 1,
        /// 看護師・医師
        Nurse = 2,
        /// 町の職員
        Official = 3,
        /// 安否照会の係
        InquiryClerk = 4,
        /// 監査
        Auditor = 5,
    }
}
code! {
    /// Why somebody's data is looked at (理由).
    LookupReason {
        /// 手当て・介護
        Care = 0,
        /// 家族を さがす
        Family = 1,
        /// 名簿を なおす
        Correction = 2,
        /// 点呼・見回り
        Round = 3,
        /// 安否の 照会
        Inquiry = 4,
        /// 救助
        Rescue = 5,
        /// 引き継ぎ
        Handover = 6,
        /// ほか
        Other = 7,
    }
}
code! {
    /// What is kept of what staff do: each is a record under the box's seal, in the chain of its changes.
    AuditAction {
        /// Signed in.
        SignedIn = 0,
        /// Signed out, or was signed out after three idle minutes.
        SignedOut = 1,
        /// 職員がいない: somebody opened the leader's pages without a card.
        OpenedWithoutStaff = 2,
        /// Looked people up by name.
        Searched = 3,
        /// Saw the leader's list.
        SawLeaderList = 4,
        /// Saw a neighbourhood group.
        SawGroup = 5,
        /// Saw by name who has not arrived.
        SawNotArrived = 6,
        /// Saw everybody's stay.
        SawStays = 7,
        /// Saw the list of those who need care.
        SawCareList = 8,
        /// Saw or changed what is written down of one person.
        SawPerson = 9,
        /// Answered an inquiry.
        AnsweredInquiry = 10,
        /// Exported or printed a list of people.
        Exported = 11,
        /// 大量の閲覧: more people than the work needs. Written by the box itself.
        BulkReading = 12,
        /// Saw the audit log itself.
        SawAudit = 13,
        /// Had the box's records written to a stick, and what was on it read in.
        ExchangedStick = 14,
    }
}
code! {
    /// A thing that not everybody may do.
    Right {
        /// Look people up, name cards, tick groups, hold a roll-call, read lists with names.
        People = 0,
        /// Needs, and what is written down of a person's health.
        Health = 1,
        /// Hide a person, and lift it with them.
        Hiding = 2,
        /// Issue a pass to relief staff.
        Passes = 3,
        /// Say which of two sites is right, adopt a shelter, close an incident, give a television to a household.
        Rulings = 4,
        /// Answer those who ask after somebody.
        Inquiries = 5,
        /// Read who looked at what.
        Audit = 6,
        /// Know who is hidden and where they are (named roles of law 7).
        Hidden = 7,
        /// The settings of the box, and an incident's end.
        Settings = 8,
    }
}

impl Role {
    /// Whether somebody of this role may do it.
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::People => matches!(self, Self::Leader | Self::Nurse | Self::Official),
            Right::Health => matches!(self, Self::Nurse),
            Right::Hiding => matches!(self, Self::Leader | Self::Official),
            // Whoever brings somebody their oxygen has to know that they are here.
            Right::Hidden => matches!(self, Self::Leader | Self::Nurse | Self::Official),
            Right::Passes | Right::Rulings | Right::Settings => matches!(self, Self::Leader | Self::Official),
            Right::Inquiries => matches!(self, Self::Official | Self::InquiryClerk),
            Right::Audit => matches!(self, Self::Auditor | Self::Official),
        }
    }
}

impl Right {
    /// Whether the card is not enough and its PIN is needed: health data, and what overrides somebody.
    pub const fn needs_pin(self) -> bool {
        matches!(self, Self::Health | Self::Hiding | Self::Hidden | Self::Passes | Self::Rulings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volunteer_and_an_auditor_see_nobody() {
        for right in Right::ALL {
            assert!(!Role::Volunteer.may(*right), "{right:?}");
        }
        assert!(!Role::Auditor.may(Right::People) && Role::Auditor.may(Right::Audit));
        assert!(!Role::InquiryClerk.may(Right::Health) && !Role::Leader.may(Right::Health));
    }

    #[test]
    fn every_right_is_somebodys() {
        for right in Right::ALL {
            assert!(Role::ALL.iter().any(|role| role.may(*right)), "{right:?}");
        }
    }
}
