//! What is asked and said of people without a card: searching, naming, neighbourhood groups, who has not arrived, and the
//! roll-call.
//!
//! **Hidden people** (law 7) are for ever not seen yet in everything that is sent from here: also in the roll-call, where somebody who
//! was never seen does not stand. A touch that names them is written down like any other.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_counter::{Declared, DeclaredPerson, Input};
use hinamori_ipc::{
    District, DistrictStanding, Found, FoundPerson, Group, GroupMember, GroupName, HoldReason,
    HouseholdStanding, MemberState, NotArrived, PersonStanding, Refusal, Stay, StayState, ToKiosk,
};
use hinamori_model::{
    BindingAssurance, IncidentId, LaneId, PersonId, PersonalText, RegisteredKind, SiteId, SiteKind,
    UnixMillis,
};
use hinamori_people::{DistrictFigures, Page, Standing};
use hinamori_record::{Details, Fact, Presence, PresenceEvent, PresenceState, Proof};
use hinamori_store_sqlite::{Concerned, StoreError};
use hinamori_sync::town::Person;
use tracing::error;

use super::Core;

/// People that one answer names at most: two tiles and their pages.
const MOST_FOUND: usize = 40;
/// People of one group on a tick list.
const MOST_OF_A_GROUP: usize = 3_000;
/// Stays in one list: a gym holds fewer.
const MOST_STAYS: usize = 3_000;
/// People in one touch: more than a neighbourhood, less than a change has room for.
const MOST_AT_ONCE: usize = 200;

/// What cannot be read is said in the log; the screen stays as it is.
pub(super) fn unreadable(problem: StoreError) -> Refusal {
    error!(error = &problem as &dyn std::error::Error, "people cannot be looked up");
    Refusal::Disk
}

fn bounded(people: &[PersonId]) -> Result<BTreeSet<PersonId>, Refusal> {
    if people.len() > MOST_AT_ONCE { Err(Refusal::NotNow) } else { Ok(people.iter().copied().collect()) }
}

impl Core {
    /// Whether somebody was seen at this site already, as everybody may know it.
    fn shown_state(&self, person: &Person) -> Result<MemberState, StoreError> {
        let is_checkpoint = self.town.site.kind == SiteKind::CheckPoint;
        let is_shown = |state| match state {
            PresenceState::Here => true,
            // Nobody saw whom somebody only told of.
            PresenceState::ToldElsewhere => false,
            _ => is_checkpoint,
        };
        // Read for everybody, so that a hidden person's line takes no other time.
        let presence = self.presence_here(person.id)?;
        let presence = presence.filter(|presence| !person.hidden && is_shown(presence.state));
        Ok(presence.map_or(MemberState::NotSeen, |presence| MemberState::AlreadyIn {
            at: presence.arrived_at.unwrap_or(presence.seen_at.millis()),
        }))
    }

    /// Who fits what was typed.
    pub(super) fn search(&self, query: PersonalText) -> Result<ToKiosk, Refusal> {
        let found = self.roster.index().map(|roster| roster.search(&query, MOST_FOUND));
        let (ids, total) = found.unwrap_or_default();
        let mut people = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(person) = self.directory.person(id).map_err(unreadable)? else { continue };
            people.push(self.found(person)?);
        }
        Ok(ToKiosk::Found(Found { query, people, total }))
    }

    /// Somebody of the roster, as whoever looks for them may see it.
    pub(super) fn found(&self, person: Person) -> Result<FoundPerson, Refusal> {
        let state = self.shown_state(&person).map_err(unreadable)?;
        let Person { id: person, name, kana, district, group, .. } = person;
        let group = if group.is_empty() { district } else { format!("{district} {group}") };
        Ok(FoundPerson { person, name, kana, group, state })
    }

    /// Districts and groups of the roster that this box holds.
    pub(super) fn districts(&self) -> Result<ToKiosk, Refusal> {
        let groups = self.directory.groups().map_err(unreadable)?;
        let mut districts: Vec<District> = Vec::new();
        for (name, group, people) in groups {
            let group = GroupName { name: group, people };
            match districts.last_mut().filter(|last| last.name == name) {
                Some(last) => last.groups.push(group),
                None => districts.push(District { name, groups: vec![group] }),
            }
        }
        Ok(ToKiosk::Districts(districts))
    }

    /// The tick list of a group.
    pub(super) fn group(&self, district: String, group: String) -> Result<ToKiosk, Refusal> {
        let people = self.directory.group(&district, &group).map_err(unreadable)?;
        let (mut members, mut households) = (Vec::new(), Vec::new());
        for person in people.into_iter().take(MOST_OF_A_GROUP) {
            let state = self.shown_state(&person).map_err(unreadable)?;
            let Person { id: person, household, name, .. } = person;
            // Whoever is in no household lives alone.
            let household = household.map_or(*person.as_bytes(), |household| *household.as_bytes());
            let number = households.iter().position(|known| *known == household).unwrap_or_else(|| {
                households.push(household);
                households.len().saturating_sub(1)
            });
            let household = u16::try_from(number).unwrap_or(u16::MAX);
            members.push(GroupMember { person, name, household, state });
        }
        Ok(ToKiosk::Group(Group { district, group, members }))
    }

    /// Somebody says that these people of the roster are here.
    pub(super) fn declare(
        &mut self,
        lane: LaneId,
        by: Option<PersonId>,
        people: &[PersonId],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut declared = Declared { by, people: Vec::new() };
        for person in bounded(people)? {
            let known = self.directory.person(person).map_err(unreadable)?.ok_or(Refusal::NotNow)?;
            let presence = self.presence_here(person).map_err(unreadable)?;
            declared.people.push(DeclaredPerson { person, presence, hidden: known.hidden });
        }
        self.act(lane, Input::Declared(declared), now).map(|_done| ())
    }

    /// The leader of a group says who of it is here. The leader is one of its people, and everybody named is.
    pub(super) fn declare_group(
        &mut self,
        lane: LaneId,
        leader: PersonId,
        present: &[PersonId],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let of = |core: &Self, id| -> Result<(String, String), Refusal> {
            let person = core.directory.person(id).map_err(unreadable)?.ok_or(Refusal::NotNow)?;
            Ok((person.district, person.group))
        };
        let group = of(self, leader)?;
        for person in bounded(present)? {
            if of(self, person)? != group {
                return Err(Refusal::NotNow);
            }
        }
        self.declare(lane, Some(leader), present, now)
    }

    /// The card or badge that nobody knew belongs to a person of the roster.
    pub(super) fn give_name(
        &mut self,
        lane: LaneId,
        nameless: PersonId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let is_person = self.directory.person(person).map_err(unreadable)?.is_some();
        if !nameless.is_of_unknown_card() || !is_person {
            return Err(Refusal::NotNow);
        }
        let binding = BindingAssurance::MatchedByStaff;
        let mut facts = vec![Fact::Link { from: nameless, to: person, binding }];
        if self.is_shadow(nameless).map_err(unreadable)? {
            // Whoever is named is here from then on, as with any other card: staff said so.
            facts.push(Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED));
        }
        self.say(lane, &facts, now)?;
        Ok(ToKiosk::LeaderList(self.leader_list()))
    }

    /// The card or badge that nobody knew belongs to somebody who is on no roster.
    pub(super) fn register(
        &mut self,
        lane: LaneId,
        nameless: PersonId,
        kind: RegisteredKind,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        if !nameless.is_of_unknown_card() {
            return Err(Refusal::NotNow);
        }
        self.say(lane, &[Fact::Registered { person: nameless, kind, household: None }], now)?;
        Ok(ToKiosk::LeaderList(self.leader_list()))
    }

    /// Somebody said that these people are safe elsewhere.
    pub(super) fn told_elsewhere(
        &mut self,
        lane: LaneId,
        people: &[PersonId],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut facts = Vec::new();
        for person in bounded(people)? {
            if self.directory.person(person).map_err(unreadable)?.is_none() {
                return Err(Refusal::NotNow);
            }
            facts.push(Fact::presence(person, PresenceEvent::ToldElsewhere, Proof::DECLARED));
        }
        self.say(lane, &facts, now)
    }

    /// 点呼: these people were seen on a round. Only who stays here can be: nobody arrives by it, and who lives beside the site
    /// goes on living there. Whoever left meanwhile is passed over. Hidden people are in no list, so nobody ticks them.
    pub(super) fn confirm_stays(
        &mut self,
        lane: LaneId,
        people: &[PersonId],
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let mut facts = Vec::new();
        for person in bounded(people)? {
            let is_hidden = self.directory.is_hidden(person).map_err(unreadable)?;
            let presence = self.presence_here(person).map_err(unreadable)?;
            let Some(presence) = presence.filter(|presence| !is_hidden && presence.state.is_a_stay()) else {
                continue;
            };
            let (event, details) = match presence.state {
                PresenceState::AtHome => (PresenceEvent::AtHome, presence.details),
                PresenceState::InCar => (PresenceEvent::InCar, presence.details),
                _ => (PresenceEvent::Seen, Details::NONE),
            };
            facts.push(Fact::Presence { person, event, proof: Proof::DECLARED, details });
        }
        self.say(lane, &facts, now)?;
        self.stays(now)
    }

    /// 点呼 is over.
    pub(super) fn close_roll_call(
        &mut self,
        lane: LaneId,
        since: UnixMillis,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        // Nobody can have been seen in the future, and everybody would be unaccounted for.
        if since > now {
            return Err(Refusal::NotNow);
        }
        self.say(lane, &[Fact::RollCall { since }], now)?;
        self.stays(now)
    }

    /// Everybody's stay here, whoever was not seen for longest first. Hidden people are not in it: they were never seen.
    pub(super) fn stays(&self, now: UnixMillis) -> Result<ToKiosk, Refusal> {
        self.read_stays(now).map(ToKiosk::Stays).map_err(unreadable)
    }

    fn read_stays(&self, now: UnixMillis) -> Result<Vec<Stay>, StoreError> {
        let (incident, site) = (self.shown_incident(), self.site());
        let store = self.ledger.store(incident);
        let since = store.roll_call(incident, site, now)?.unwrap_or_default();
        let mut here = Vec::new();
        store.for_each_presence(incident, |person, presence| {
            if presence.site == site && presence.state.is_a_stay() {
                here.push((person, *presence));
            }
        })?;
        here.sort_by_key(|(person, presence)| (presence.seen_at, *person));
        let mut stays = Vec::new();
        for (person, presence) in here.into_iter().take(MOST_STAYS) {
            let seen_at = presence.seen_at.millis();
            let known = self.directory.person(person)?;
            if self.directory.is_hidden(person)? {
                continue;
            }
            let name = match known {
                Some(known) => Some(known.name),
                None => self.written_name(person)?,
            };
            let state = match presence.state {
                PresenceState::Here if seen_at < since => StayState::Unaccounted,
                PresenceState::Here => StayState::Here,
                PresenceState::Out | PresenceState::Overnight => {
                    StayState::Out { due: presence.details.until }
                }
                _ => StayState::Beside,
            };
            stays.push(Stay { person, name, seen_at, state });
        }
        Ok(stays)
    }

    /// Whether an id stands for somebody hidden in the leader's list.
    fn is_shadow(&self, id: PersonId) -> Result<bool, StoreError> {
        Ok(self.directory.hidden()?.into_iter().any(|hidden| self.shadow_of(hidden) == id))
    }

    /// Writes facts that change no lane's screen, in the open incident.
    pub(super) fn say(&mut self, lane: LaneId, facts: &[Fact], now: UnixMillis) -> Result<(), Refusal> {
        if facts.is_empty() {
            return Err(Refusal::NotNow);
        }
        self.say_in(self.open_incident(), lane, facts, now)
    }

    /// The same in another incident.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn say_in(
        &mut self,
        incident: IncidentId,
        lane: LaneId,
        facts: &[Fact],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let written: Result<_, HoldReason> = self.write(incident, lane, facts, now);
        self.note_disk(written.as_ref().err().copied());
        written.map_err(|_reason_is_on_the_screen| Refusal::Disk)?;
        self.count(incident, facts, now);
        Ok(())
    }
}

/// Households on one page of the list of who has not arrived.
const HOMES_ON_A_PAGE: usize = 12;

impl Core {
    /// Who has not arrived: all districts, and the incomplete households of one.
    pub(super) fn not_arrived(&self, of: Option<String>, from: u32) -> Result<ToKiosk, Refusal> {
        let mut told = NotArrived { districts: Vec::new(), of, households: Vec::new(), from, total: 0 };
        let Some(roster) = self.roster.index() else { return Ok(ToKiosk::NotArrived(told)) };
        told.districts = roster.districts().map(district_standing).collect();
        if let Some(district) = &told.of {
            let offset = usize::try_from(from).unwrap_or(usize::MAX);
            let found = roster.incomplete_homes(district, Page { offset, limit: HOMES_ON_A_PAGE });
            told.total = found.total;
            for home in found.homes {
                let group = roster.group_name(district, home.group).to_owned();
                let mut members = Vec::new();
                for mate in roster.members(district, home.home) {
                    let Some(known) = self.directory.person(mate.person).map_err(unreadable)? else {
                        continue;
                    };
                    members.push(PersonStanding {
                        person: mate.person,
                        name: known.name,
                        standing: shown_standing(mate.standing),
                        needs_support: mate.support > 0,
                    });
                }
                told.households.push(HouseholdStanding { group, members });
            }
        }
        Ok(ToKiosk::NotArrived(told))
    }

    /// Takes over what the records say of whom new ones concern.
    pub(super) fn note_concerned(&mut self, concerned: Concerned, now: UnixMillis) {
        match concerned {
            Concerned::People(people) => self.note_standings(people, now),
            Concerned::Everybody => self.note_all_standings(now),
        }
    }

    fn note_standings(&mut self, people: BTreeSet<PersonId>, now: UnixMillis) {
        let Some(mut roster) = self.roster.take_index() else { return };
        let incident = self.shown_incident();
        let mut since = BTreeMap::new();
        for person in people {
            let person = self.canonical(person);
            let found = self.ledger.store(incident).presence(incident, person);
            let presence = self.readable(found, "where a person is");
            let standing =
                presence.map_or(Standing::NotSeen, |presence| self.standing(&presence, &mut since, now));
            roster.update(person, standing);
        }
        self.roster.put_index(roster);
    }

    /// Takes over what the records say of everybody.
    pub(super) fn note_all_standings(&mut self, now: UnixMillis) {
        let Some(mut roster) = self.roster.take_index() else { return };
        let (incident, mut since, mut standings) = (self.shown_incident(), BTreeMap::new(), BTreeMap::new());
        let read = self.ledger.store(incident).for_each_presence(incident, |person, presence| {
            standings.insert(person, self.standing(presence, &mut since, now));
        });
        match read {
            Ok(()) => roster.update_all(&standings),
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "who has not arrived cannot be counted");
            }
        }
        self.roster.put_index(roster);
    }

    /// `since` keeps the last roll-calls that were looked up.
    fn standing(
        &self,
        presence: &Presence,
        since: &mut BTreeMap<SiteId, UnixMillis>,
        now: UnixMillis,
    ) -> Standing {
        let incident = self.shown_incident();
        let since = *since.entry(presence.site).or_insert_with(|| {
            let found = self.ledger.store(incident).roll_call(incident, presence.site, now);
            self.readable(found, "the last roll-call").unwrap_or_default()
        });
        Standing::of(presence, presence.seen_at.millis() < since)
    }
}

fn district_standing(figures: DistrictFigures<'_>) -> DistrictStanding {
    let DistrictFigures { name, people, needing_support } = figures;
    DistrictStanding {
        name: name.to_owned(),
        people: people.all(),
        arrived: people.settled(),
        passed: people.of(Standing::PassedCheckPoint),
        told_elsewhere: people.of(Standing::ToldElsewhere),
        not_seen: people.not_arrived(),
        support_not_seen: needing_support.not_arrived(),
    }
}

const fn shown_standing(standing: Standing) -> hinamori_ipc::Standing {
    match standing {
        Standing::NotSeen => hinamori_ipc::Standing::NotSeen,
        Standing::ToldElsewhere => hinamori_ipc::Standing::ToldElsewhere,
        Standing::PassedCheckPoint => hinamori_ipc::Standing::Passed,
        Standing::Arrived | Standing::Away => hinamori_ipc::Standing::Arrived,
        Standing::Left | Standing::AtHome => hinamori_ipc::Standing::Elsewhere,
        Standing::Unaccounted => hinamori_ipc::Standing::Unaccounted,
    }
}
