//! Which command needs which right. Kiosk and daemon read the same table: the kiosk to ask for a sign-in before somebody
//! types, the daemon to refuse.
//!
//! Receiving people needs nobody's sign-in, and neither does anything that the person who stands there does: the queue never
//! stops (laws 1 and 6). What shows others, or overrules something, does.

use hinamori_model::{Mode, Right, Role};

use crate::{CareEntry, Command, Refusal, SignedInBy};

impl Command {
    /// The rights of which any one opens this; none when nobody has to sign in.
    pub const fn rights(&self) -> &'static [Right] {
        match self {
            Self::Search { .. }
            | Self::ShowLeaderList
            | Self::GiveName { .. }
            | Self::Register { .. }
            | Self::ReadAttributes { .. }
            | Self::ShowGroup { .. }
            | Self::DeclareGroup { .. }
            | Self::CheckIn { .. }
            | Self::ToldElsewhere { .. }
            | Self::ShowNotArrived { district: Some(_), .. }
            | Self::ShowStays
            | Self::ConfirmStays { .. }
            | Self::CloseRollCall { .. }
            | Self::ShowConflicts
            | Self::ShowHeadCounts
            | Self::NameHeads { .. }
            // Whoever works with the records carries them. Nobody but the town reads them off the stick.
            | Self::ExchangeStick => &[Right::People],
            // Whose set it is from then on: somebody answers for it with their PIN.
            Self::Settle { .. }
            | Self::ShowTelevisions
            | Self::BindTelevision { .. }
            | Self::ConfirmTelevision => &[Right::Rulings],
            Self::ShowCareList | Self::ShowCarePerson { .. } | Self::HandOver { .. } => &[Right::Health],
            Self::WriteDown { entry, .. } => written_down(entry),
            Self::Hide { .. } | Self::LiftHiding { .. } => &[Right::Hiding],
            Self::IssuePass { .. } => &[Right::Passes],
            // Whoever moves the box to another site moves everybody who comes afterwards.
            Self::SwitchCounter(_) | Self::SetDirection(_) | Self::OpenOwnShelter { .. } => &[Right::Settings],
            // 訓練中止・本番 waits for nobody.
            Self::EndDrill { then: Mode::Live } => &[],
            Self::EndDrill { .. } => &[Right::Settings],
            Self::ConfirmHousehold { .. }
            | Self::CountPeople { .. }
            | Self::Undo { .. }
            | Self::Leave { .. }
            | Self::LeavingTo { .. }
            | Self::Dismiss { .. }
            | Self::OpenIncident { .. }
            | Self::AnswerBuilding { .. }
            | Self::WatchConsent { .. }
            | Self::WatchMood { .. }
            | Self::ShowWatchList
            | Self::Badge { .. }
            // The card's owner is shown these after their own secret, which needed a sign-in.
            | Self::ConfirmCandidate { .. }
            // Names of places and numbers only.
            | Self::ShowDistricts
            | Self::ShowNotArrived { district: None, .. }
            | Self::SignIn { .. }
            | Self::SignInWithPass { .. }
            | Self::OpenWithoutStaff
            | Self::SignOut
            | Self::ShowLookups { .. }
            | Self::AskForRoom { .. }
            | Self::TellNeeds { .. }
            | Self::ShowAssessment
            | Self::Assess { .. }
            | Self::LeavePhone { .. }
            | Self::ShowSlip { .. }
            // No role makes an officer: the town root's list of keys does, and each signature takes a card and its PIN.
            | Self::ShowAlertDesk
            | Self::DraftAlert { .. }
            | Self::SignAlert { .. }
            | Self::DropAlert { .. }
            | Self::MakeOfficerKeys { .. }
            | Self::TestOfficerKeys { .. } => &[],
        }
    }

    /// Whether it goes, for whoever is signed in with this role and in this way.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] when nobody is signed in who may do it; [`Refusal::Pin`] when they may and gave no PIN.
    pub fn opens_for(&self, session: Option<(Role, SignedInBy)>) -> Result<(), Refusal> {
        let rights = self.rights();
        if rights.is_empty() {
            return Ok(());
        }
        let (role, by) = session.ok_or(Refusal::SignIn)?;
        let mut refusal = Refusal::SignIn;
        for right in rights.iter().filter(|right| role.may(**right)) {
            match by {
                _ if !right.needs_pin() => return Ok(()),
                SignedInBy::CardAndPin => return Ok(()),
                SignedInBy::Card | SignedInBy::Pass => refusal = Refusal::Pin,
                // Nobody's PIN would help.
                SignedInBy::Nobody => {}
            }
        }
        Err(refusal)
    }
}

/// Where somebody can be reached and what they agreed to is asked by whoever receives them; health is the nurse's.
const fn written_down(entry: &CareEntry) -> &'static [Right] {
    match entry {
        CareEntry::Name(_)
        | CareEntry::Kana(_)
        | CareEntry::Address(_)
        | CareEntry::Phone(_)
        | CareEntry::Contact { .. } => &[Right::People, Right::Health],
        // In another person's name: somebody answers for it with their PIN.
        CareEntry::Proxy { .. } | CareEntry::Consent { .. } => &[Right::Rulings, Right::Health],
        CareEntry::Language(_)
        | CareEntry::Stay(_)
        | CareEntry::HouseDamage(_)
        | CareEntry::Need { .. }
        | CareEntry::Help { .. } => &[Right::Health],
    }
}

#[cfg(test)]
mod tests {
    use hinamori_model::{Circle, ConsentItem, NeedKind, PersonId, PersonalText, YesNo};

    use super::*;
    use crate::{AnswerId, BuildingAnswer, SecretDigits};

    const SOMEBODY: PersonId = PersonId::from_bytes([1; 16]);

    fn refused(command: &Command, role: Role, by: SignedInBy) -> Option<Refusal> {
        command.opens_for(Some((role, by))).err()
    }

    #[test]
    fn the_queue_asks_nobody_to_sign_in() {
        let answer = AnswerId(1);
        for command in [
            Command::ConfirmHousehold { answer, members: Vec::new() },
            Command::CountPeople { answer: None, adults: 1, children: 0, infants: 0 },
            Command::Undo { answer },
            Command::Dismiss { answer },
            Command::Badge { code: PersonalText::new("") },
            Command::OpenIncident { mode: Mode::Live },
            Command::EndDrill { then: Mode::Live },
            Command::AnswerBuilding { answer: BuildingAnswer::NothingSeen, findings: Vec::new() },
            Command::ShowWatchList,
            Command::ShowNotArrived { district: None, from: 0 },
            Command::AskForRoom { answer },
            Command::TellNeeds { answer, needs: Vec::new() },
        ] {
            assert_eq!(command.opens_for(None), Ok(()));
        }
    }

    #[test]
    fn what_shows_others_needs_somebody_and_what_overrules_needs_their_pin() {
        let search = Command::Search { query: PersonalText::new("は") };
        let stick = Command::ExchangeStick;
        let settle = Command::Settle { person: SOMEBODY, site: hinamori_model::SiteId::from_bytes([2; 16]) };
        let hide = Command::Hide { person: SOMEBODY };
        let television = Command::BindTelevision { code: 48_217_350 };
        let care = Command::ShowCareList;
        for command in [&search, &stick, &settle, &hide, &care, &television, &Command::ConfirmTelevision] {
            assert_eq!(command.opens_for(None), Err(Refusal::SignIn));
            assert_eq!(refused(command, Role::Volunteer, SignedInBy::CardAndPin), Some(Refusal::SignIn));
        }
        for command in [&search, &stick] {
            assert_eq!(refused(command, Role::Leader, SignedInBy::Nobody), None);
            assert_eq!(refused(command, Role::Nurse, SignedInBy::Card), None);
        }
        for command in [&settle, &hide, &television, &Command::ConfirmTelevision] {
            assert_eq!(refused(command, Role::Leader, SignedInBy::Card), Some(Refusal::Pin));
            assert_eq!(refused(command, Role::Leader, SignedInBy::Pass), Some(Refusal::Pin));
            assert_eq!(refused(command, Role::Leader, SignedInBy::Nobody), Some(Refusal::SignIn));
            assert_eq!(refused(command, Role::Leader, SignedInBy::CardAndPin), None);
            assert_eq!(refused(command, Role::Nurse, SignedInBy::CardAndPin), Some(Refusal::SignIn));
        }
        assert_eq!(refused(&care, Role::Leader, SignedInBy::CardAndPin), Some(Refusal::SignIn));
        assert_eq!(refused(&care, Role::Nurse, SignedInBy::Card), Some(Refusal::Pin));
        let pass = Command::IssuePass { role: Role::Nurse, days: 1 };
        assert_eq!(refused(&pass, Role::Leader, SignedInBy::CardAndPin), None);
        let settings = Command::EndDrill { then: Mode::DailyLife };
        assert_eq!(refused(&settings, Role::Nurse, SignedInBy::CardAndPin), Some(Refusal::SignIn));
        let lift = Command::LiftHiding { pin: SecretDigits::default() };
        assert_eq!(refused(&lift, Role::Official, SignedInBy::Card), Some(Refusal::Pin));
    }

    #[test]
    fn a_leader_writes_down_how_somebody_is_reached_and_nothing_of_their_health() {
        let write = |entry| Command::WriteDown { person: SOMEBODY, entry };
        let phone = write(CareEntry::Phone(PersonalText::new("0")));
        let consent = write(CareEntry::Consent {
            item: ConsentItem::ALL[0],
            circle: Circle::ALL[0],
            answer: YesNo::Yes,
        });
        let need = write(CareEntry::Need {
            kind: NeedKind::ALL[0],
            answer: YesNo::Yes,
            degree: None,
            due_by: None,
            note: None,
        });
        assert_eq!(refused(&phone, Role::Leader, SignedInBy::Card), None);
        assert_eq!(refused(&consent, Role::Leader, SignedInBy::Card), Some(Refusal::Pin));
        assert_eq!(refused(&consent, Role::Leader, SignedInBy::CardAndPin), None);
        assert_eq!(refused(&consent, Role::Leader, SignedInBy::Nobody), Some(Refusal::SignIn));
        assert_eq!(refused(&need, Role::Leader, SignedInBy::CardAndPin), Some(Refusal::SignIn));
        // A nurse writes down both, and the health with the PIN only.
        assert_eq!(refused(&phone, Role::Nurse, SignedInBy::Card), None);
        assert_eq!(refused(&need, Role::Nurse, SignedInBy::Card), Some(Refusal::Pin));
    }
}
