//! 秘匿: who is hidden, by the town's list or by somebody's word at a box.
//!
//! [`Register`] is the one place where both come together: every person that the core reads passes through it. What records
//! say is kept in memory and read anew with every record that may change it, on the thread that writes them; the town's list
//! is read with each person, because people are loaded and unloaded by another thread.
//!
//! Whoever is hidden in earnest is hidden in drills too. What is said in a drill holds in the drill.

use std::collections::BTreeSet;

use hinamori_counter::Lane;
use hinamori_ipc::{AnswerId, Refusal, SignInFault, ToKiosk};
use hinamori_model::{
    Assurance, BindingAssurance, CardKey, CounterKind, Doubt, HouseholdId, LaneId, Mode, PersonId, Right,
    UnixMillis,
};
use hinamori_record::{Details, Fact, Presence, PresenceEvent, PresenceState, Proof};
use hinamori_store_sqlite::{Directory, HiddenHere, KnownCard, StoreError};
use hinamori_sync::town::Person;
use tracing::error;

use super::Core;
use super::people::unreadable;
use crate::checks::Reading;
use crate::holder::HolderProof;

/// The directory as the core reads it: see the module.
pub(super) struct Register {
    directory: Directory,
    by_records: HiddenHere,
}

impl Register {
    pub(super) fn new(directory: Directory) -> Self {
        Self { directory, by_records: HiddenHere::default() }
    }

    /// Every id of whom records hide.
    pub(super) const fn hidden_by_records(&self) -> &BTreeSet<PersonId> {
        &self.by_records.ids
    }

    fn seen(&self, mut person: Person) -> Person {
        person.hidden |= self.by_records.ids.contains(&person.id);
        person
    }

    fn all_seen(&self, people: Vec<Person>) -> Vec<Person> {
        people.into_iter().map(|person| self.seen(person)).collect()
    }

    /// [`Directory::card`].
    pub(super) fn card(&self, key: CardKey) -> Result<Option<KnownCard>, StoreError> {
        self.directory.card(key)
    }

    /// [`Directory::card_of_derived`].
    pub(super) fn card_of_derived(&self, derived: PersonId) -> Result<Option<KnownCard>, StoreError> {
        self.directory.card_of_derived(derived)
    }

    /// [`Directory::owner_of_derived`].
    pub(super) fn owner_of_derived(
        &self,
        derived: PersonId,
    ) -> Result<Option<(PersonId, BindingAssurance)>, StoreError> {
        self.directory.owner_of_derived(derived)
    }

    /// [`Directory::person`].
    pub(super) fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        Ok(self.directory.person(id)?.map(|person| self.seen(person)))
    }

    /// Whether somebody appears on no screen, also somebody of whom nothing but a card is known.
    pub(super) fn is_hidden(&self, id: PersonId) -> Result<bool, StoreError> {
        // Both are asked for everybody.
        let by_list = self.directory.is_hidden(id)?;
        Ok(by_list | self.by_records.ids.contains(&id))
    }

    /// Everybody who appears on no screen.
    pub(super) fn hidden(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut hidden = self.directory.hidden()?;
        hidden.extend(&self.by_records.people);
        Ok(hidden)
    }

    /// [`Directory::household`].
    pub(super) fn household(&self, id: HouseholdId) -> Result<Vec<Person>, StoreError> {
        Ok(self.all_seen(self.directory.household(id)?))
    }

    /// [`Directory::watched`].
    pub(super) fn watched(&self) -> Result<Vec<Person>, StoreError> {
        Ok(self.all_seen(self.directory.watched()?))
    }

    /// [`Directory::group`].
    pub(super) fn group(&self, district: &str, group: &str) -> Result<Vec<Person>, StoreError> {
        Ok(self.all_seen(self.directory.group(district, group)?))
    }

    /// [`Directory::groups`].
    pub(super) fn groups(&self) -> Result<Vec<(String, String, u32)>, StoreError> {
        self.directory.groups()
    }

    /// [`Directory::for_each_person`].
    pub(super) fn for_each_person(&self, mut each: impl FnMut(Person)) -> Result<(), StoreError> {
        self.directory.for_each_person(|person| each(self.seen(person)))
    }
}

/// Whether a record may change who is hidden.
pub(super) const fn may_hide(fact: &Fact) -> bool {
    matches!(fact, Fact::Hiding { .. } | Fact::Link { .. } | Fact::Undo { .. })
}

impl Core {
    /// Reads anew whom records hide. Everything that is shown follows at once.
    pub(super) fn renew_hidden(&mut self, now: UnixMillis) {
        let open = self.open_incident();
        let [earnest, _] = self.ledger.stores();
        let by_records = earnest.hidden_by_records(&BTreeSet::new()).and_then(|in_earnest| {
            if !self.ledger.is_drill(open) {
                return Ok(in_earnest);
            }
            let mut both = self.ledger.store(open).hidden_by_records(&in_earnest.ids)?;
            both.ids.extend(in_earnest.ids);
            Ok(both)
        });
        match by_records {
            Ok(by_records) if by_records == self.directory.by_records => {}
            Ok(by_records) => {
                let before = std::mem::replace(&mut self.directory.by_records, by_records);
                self.hide_in_index(&before.ids);
                self.recount(now);
            }
            // Whoever was hidden stays hidden.
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "who is hidden cannot be read");
            }
        }
    }

    /// Brings the index of the roster up to date, which had `before` as hidden by records.
    pub(super) fn hide_in_index(&mut self, before: &BTreeSet<PersonId>) {
        let Some(mut index) = self.roster.take_index() else { return };
        for person in before.symmetric_difference(&self.directory.by_records.ids) {
            // Whom the town's list hides stays hidden in any case; one that cannot be read does too.
            let is_hidden = self.directory.is_hidden(*person).unwrap_or(true);
            index.hide(*person, is_hidden);
        }
        self.roster.put_index(index);
    }

    /// From now on this person is for ever not seen yet.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] without a member of staff who answers for it; [`Refusal::NotNow`] for somebody whom nobody knows;
    /// [`Refusal::Disk`].
    pub(super) fn hide(
        &mut self,
        lane: LaneId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let staff = self.staff_at(lane).ok_or(Refusal::SignIn)?;
        let person = self.canonical(person);
        let is_known = self.directory.person(person).map_err(unreadable)?.is_some()
            || self.presence_here(person).map_err(unreadable)?.is_some();
        if !is_known {
            return Err(Refusal::NotNow);
        }
        if !self.directory.by_records.ids.contains(&person) {
            let fact = Fact::Hiding { person, hidden: true, staff, proof: Proof::DECLARED };
            self.say_of_secrecy(lane, fact, now)?;
            // A clock that runs behind could have put it before an older word.
            if !self.directory.by_records.ids.contains(&person) {
                return Err(Refusal::Disk);
            }
        }
        Ok(ToKiosk::Done)
    }

    /// Somebody's own card, with its PIN, beside a leader who is signed in: they can be seen again. The answer is the same for
    /// whoever was not hidden. What the town's list says stays: the town hall takes that back.
    ///
    /// # Errors
    /// [`SignInFault`].
    pub(super) fn lift_hiding(
        &mut self,
        lane: LaneId,
        reading: &Reading,
        proof: Result<HolderProof, SignInFault>,
        now: UnixMillis,
    ) -> Result<(), SignInFault> {
        let session = self.desks.get(&lane).and_then(|desk| desk.at.session());
        let leader = session.filter(|session| session.role.may(Right::Hiding));
        let staff = leader.and_then(|leader| leader.staff).ok_or(SignInFault::NotStaff)?;
        if proof? != HolderProof::Pin {
            return Err(SignInFault::NotProven);
        }
        let card = reading.card.ok_or(SignInFault::NotRead)?;
        self.certain(card, reading)?;
        let (person, binding) = self.own_card(card).ok_or(SignInFault::NotProven)?;
        if !self.directory.by_records.ids.contains(&person) {
            return Ok(());
        }
        let assurance = Assurance::PinProven;
        let proof = Proof { assurance, binding, ..Proof::DECLARED };
        let fact = Fact::Hiding { person, hidden: false, staff, proof };
        self.say_of_secrecy(lane, fact, now).or(Err(SignInFault::NotRead))
    }

    /// Written in daily life, which no disaster's end closes: whoever hides goes on hiding. What is said in a drill stays in the
    /// drill.
    fn say_of_secrecy(&mut self, lane: LaneId, fact: Fact, now: UnixMillis) -> Result<(), Refusal> {
        let open = self.open_incident();
        let incident = if self.ledger.is_drill(open) { open } else { self.incident(Mode::DailyLife) };
        self.say_in(incident, lane, &[fact], now)
    }

    /// Whose card it is, as surely as somebody may say who they are: by the town's list, by attributes that were signed, or
    /// because nobody is known but by this card. What staff joined by their own eyes does not do.
    pub(super) fn own_card(&self, card: CardKey) -> Option<(PersonId, BindingAssurance)> {
        if let Some(known) = self.readable(self.directory.card(card), "a card of the directory") {
            return Some((self.canonical(known.person), known.binding));
        }
        let derived = self.town.key.person_of_unknown_card(card);
        match self.naming(derived) {
            Some(binding) if binding >= BindingAssurance::AttributesSigned => {
                Some((self.canonical(derived), binding))
            }
            Some(_) if self.canonical(derived) != derived => None,
            Some(_) | None => Some((derived, BindingAssurance::Declared)),
        }
    }

    /// 別室で相談: a line in the leader's list, and nothing on the screen.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn ask_for_room(
        &mut self,
        lane: LaneId,
        answer: AnswerId,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let desk = self.desks.get(&lane).ok_or(Refusal::NotNow)?;
        let is_shelter = |lane: &Lane| lane.counter() == CounterKind::Shelter;
        let visitor = desk.lane.visitor(answer)?.filter(|_| is_shelter(&desk.lane));
        let visitor = visitor.ok_or(Refusal::NotNow)?;
        let presence = self.presence_here(visitor.person).map_err(unreadable)?;
        let (event, details) = again(presence.as_ref());
        let proof = Proof { doubts: visitor.proof.doubts.with(Doubt::AsksForRoom), ..visitor.proof };
        self.say(lane, &[Fact::Presence { person: visitor.person, event, proof, details }], now)
    }
}

/// What changes nothing about where somebody is: asking for a room is no way in or out.
fn again(presence: Option<&Presence>) -> (PresenceEvent, Details) {
    let Some(presence) = presence else { return (PresenceEvent::Seen, Details::NONE) };
    let event = match presence.state {
        PresenceState::Passed => PresenceEvent::Passed,
        PresenceState::Out => PresenceEvent::Out,
        PresenceState::Overnight => PresenceEvent::Overnight,
        PresenceState::Moved => PresenceEvent::Moved,
        PresenceState::Left => PresenceEvent::Left,
        PresenceState::AtHome => PresenceEvent::AtHome,
        PresenceState::InCar => PresenceEvent::InCar,
        PresenceState::Here | PresenceState::ToldElsewhere | PresenceState::Deceased => PresenceEvent::Seen,
    };
    let details = if event == PresenceEvent::Seen { Details::NONE } else { presence.details };
    (event, details)
}
