//! What people need: the three questions of an arrival, the nurse's list, and what is written down of one person.
//!
//! **Hidden people** (law 7) answer the questions like anybody, and what they answer is sealed under the id that stands for them
//! in the leader's list ([`Core::shadow_of`]): a name that is given to that line takes the needs along, as with any card that
//! nobody knew, and nothing of it stands in what is shown of the hidden person. Whoever is signed in and may know of them
//! ([`Core::sees_hidden`]) has them in the list with both, and with a mark; for everybody else they are in no list.
//!
//! A key is made with the first thing that is written of somebody, which the disk takes longer for. So that nobody tells from it
//! whether something was written before, the key is made after the tap, when nobody waits.

use hinamori_ipc::{AnswerId, CareEntry, CareItem, CareList, CarePerson, Refusal, Screen, ToKiosk};
use hinamori_model::{ArrivalNeed, LaneId, NeedKind, PersonId, PersonalText, StaffId, UnixMillis, YesNo};
use hinamori_profile::{Entry, Field, Need, TextField, nurse_order};
use hinamori_record::Fact;
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Person;
use ring::digest::{SHA256, digest};
use tracing::warn;

use super::Core;
use super::care_entry::{age, shown_need, to_profile, to_screen};
use super::people::unreadable;
use crate::ledger::Writing;

/// People on one list: no shelter's nurse has more.
const MOST_ON_A_ROUND: usize = 1_000;
/// Answers of one touch: there are three questions.
const MOST_ANSWERS: usize = 8;
/// Ahead of what two teams sign for.
const HAND_OVER: &[u8] = b"hinamori hand-over/v1";

/// Somebody of the round.
struct Patient {
    item: CareItem,
    needs: Vec<Need>,
}

impl Core {
    /// Under which id something is sealed that was said at a lane.
    pub(super) fn writes_for(&self, person: PersonId) -> Result<PersonId, StoreError> {
        let shadow = self.shadow_of(person);
        Ok(if self.directory.is_hidden(person)? { shadow } else { person })
    }

    /// Something may be written down of whoever is on the screen of a lane.
    pub(super) fn await_key(&mut self, lane: LaneId) {
        let Some(desk) = self.desks.get(&lane) else { return };
        let Screen::Answer(answer) = desk.lane.screen() else { return };
        if let Ok(person) = desk.lane.holder(answer.id)
            && let Ok(person) = self.writes_for(person)
        {
            self.key_awaited = Some(person);
        }
    }

    /// Nobody waits: makes the key for whoever came last, if they have none.
    pub(super) fn make_awaited_key(&mut self) {
        let Some(person) = self.key_awaited.take() else { return };
        // A town without keys for its incidents says so at the first thing that is to be written down.
        if self.town.incident_keys.contains_key(&self.open_incident())
            && let Err(refusal) = self.key_for(person)
        {
            warn!(?refusal, "no key was made for somebody who came");
        }
    }

    /// The person of an answer said what of the three questions is so.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn tell_needs(
        &mut self,
        lane: LaneId,
        answer: AnswerId,
        told: &[ArrivalNeed],
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        if told.is_empty() || told.len() > MOST_ANSWERS {
            return Err(Refusal::NotNow);
        }
        let mut kinds: Vec<NeedKind> = told.iter().map(|need| need.need()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let entries = kinds.into_iter().map(|kind| Entry::Need(Need::yes(kind))).collect();
        self.note_for_visit(lane, answer, entries, now)
    }

    /// The person of an answer who leaves can be called under this number.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for what is no telephone number, and for somebody who does not leave.
    pub(super) fn leave_phone(
        &mut self,
        lane: LaneId,
        answer: AnswerId,
        phone: PersonalText,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        self.desks.get(&lane).ok_or(Refusal::NotNow)?.lane.leaver(answer)?;
        let text = phone.expose();
        let is_phone = |character: char| character.is_ascii_digit() || "+-".contains(character);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if !(6..=15).contains(&digits) || text.len() > 24 || !text.chars().all(is_phone) {
            return Err(Refusal::NotNow);
        }
        self.note_for_visit(lane, answer, vec![Entry::Text(TextField::Phone, phone)], now)
    }

    /// Seals something that the person of an answer said. The answer stays as it is.
    fn note_for_visit(
        &mut self,
        lane: LaneId,
        answer: AnswerId,
        entries: Vec<Entry>,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let person = self.desks.get(&lane).ok_or(Refusal::NotNow)?.lane.holder(answer)?;
        let person = self.writes_for(person).map_err(unreadable)?;
        let writing = self.seal_profile(person, entries)?;
        let incident = self.open_incident();
        let written = self.write_sealing(incident, lane, vec![writing], now);
        self.note_disk(written.as_ref().err().copied());
        let records = written.map_err(|_reason_is_on_the_screen| Refusal::Disk)?;
        if let Some(desk) = self.desks.get_mut(&lane) {
            desk.lane.wrote(answer, records);
        }
        Ok(ToKiosk::Done)
    }

    /// Everybody of this site who needs care, the most urgent first.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn care_list(&self, lane: LaneId, now: UnixMillis) -> Result<ToKiosk, Refusal> {
        self.read_care_list(lane, now).map(ToKiosk::CareList).map_err(unreadable)
    }

    fn read_care_list(&self, lane: LaneId, now: UnixMillis) -> Result<CareList, StoreError> {
        let (incident, site) = (self.shown_incident(), self.site());
        let store = self.ledger.store(incident);
        let mut staying = Vec::new();
        store.for_each_presence(incident, |person, presence| {
            if presence.site == site && presence.state.is_a_stay() {
                staying.push((person, presence.seen_at.millis()));
            }
        })?;
        let mut patients = Vec::new();
        for (person, seen_at) in staying {
            patients.extend(self.patient(person, seen_at, self.sees_hidden(lane))?);
        }
        let round = patients.iter().map(|patient| (patient.item.person, patient.needs.as_slice()));
        let mut by_person: std::collections::BTreeMap<PersonId, CareItem> = std::collections::BTreeMap::new();
        let order = nurse_order(round, now);
        by_person.extend(patients.into_iter().map(|patient| (patient.item.person, patient.item)));
        let items = order.into_iter().take(MOST_ON_A_ROUND).filter_map(|place| {
            let item = by_person.remove(&place.person)?;
            Some(CareItem { urgency: place.urgency, ..item })
        });
        let items = items.collect();
        let handed_over = store.handed_over(incident, site)?;
        let handed_over =
            handed_over.map(|(to, at)| (self.town.staff.grant(to).map(|grant| grant.name.clone()), at));
        Ok(CareList { items, handed_over })
    }

    /// Somebody who stays here, with what they need; nobody without needs.
    fn patient(
        &self,
        person: PersonId,
        seen_at: UnixMillis,
        sees_hidden: bool,
    ) -> Result<Option<Patient>, StoreError> {
        let known = self.directory.person(person)?;
        let hidden = self.directory.is_hidden(person)?;
        if hidden && !sees_hidden {
            return Ok(None);
        }
        let profile = self.profile(person)?.profile;
        let support = known.as_ref().map(|known| known.support).unwrap_or_default();
        let mut needs = profile.needs_with(support);
        // What somebody said while they hid is theirs also afterwards.
        needs.extend(self.profile(self.shadow_of(person))?.profile.needs().cloned());
        let mut kinds: Vec<NeedKind> =
            needs.iter().filter(|need| need.answer == YesNo::Yes).map(|need| need.kind).collect();
        kinds.sort_by_key(|kind| (kind.severity(), *kind));
        kinds.dedup();
        let Some(gravest) = kinds.first() else { return Ok(None) };
        let urgency = hinamori_model::Urgency::NotDue(gravest.severity());
        let name = known.map(|known| known.name).or_else(|| profile.text(TextField::Name).cloned());
        Ok(Some(Patient { item: CareItem { person, name, urgency, needs: kinds, seen_at, hidden }, needs }))
    }

    /// The name that was written down of somebody who is on no roster.
    pub(super) fn written_name(&self, person: PersonId) -> Result<Option<PersonalText>, StoreError> {
        Ok(self.profile(person)?.profile.text(TextField::Name).cloned())
    }

    /// What is written down of somebody.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for somebody of whom nothing is known at all.
    pub(super) fn care_person(
        &self,
        lane: LaneId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let known = self.directory.person(person).map_err(unreadable)?;
        let incident = self.shown_incident();
        let presence = self.ledger.store(incident).presence(incident, person).map_err(unreadable)?;
        if known.is_none() && presence.is_none() {
            return Err(Refusal::NotNow);
        }
        let found = self.profile(person).map_err(unreadable)?;
        let has_more = found.has_more || found.profile.newer().next().is_some();
        let profile = found.profile;
        let support = known.as_ref().map(|known| known.support).unwrap_or_default();
        let hidden = self.sees_hidden(lane) && self.directory.is_hidden(person).map_err(unreadable)?;
        let shadow = self.profile(self.shadow_of(person)).map_err(unreadable)?;
        let is_shown = hidden || !self.directory.is_hidden(person).map_err(unreadable)?;
        let is_a_need = |entry: &Entry| matches!(entry, Entry::Need(_));
        let written = profile.fields().map(|written| &written.entry);
        let others = written.filter(|entry| !is_a_need(entry)).filter_map(to_screen);
        let of_shadow = shadow.profile.fields().filter(|_| is_shown);
        let of_shadow = of_shadow.filter_map(|written| to_screen(&written.entry));
        let needs = profile.needs_with(support);
        let entries = needs.iter().map(shown_need).chain(others).chain(of_shadow).collect();
        let text = |field| profile.text(field).cloned();
        let born = match profile.entry(Field::BirthDate) {
            Some(Entry::BirthDate(born)) => Some(*born),
            _ => None,
        };
        let (name, kana, birth) = match known {
            Some(Person { name, kana, birth, .. }) => (Some(name), Some(kana), birth),
            None => (None, None, None),
        };
        Ok(ToKiosk::CarePerson(CarePerson {
            person,
            // What staff corrected counts, also against the roster.
            name: text(TextField::Name).or(name),
            kana: text(TextField::Kana).or(kana),
            age: born.or(birth).and_then(|born| age(born, now)),
            entries,
            hidden,
            has_more,
        }))
    }

    /// Something is written down of somebody.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for somebody of whom nothing is known, and for a text that may not be written: a My Number above all.
    pub(super) fn write_down(
        &mut self,
        lane: LaneId,
        person: PersonId,
        entry: CareEntry,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        self.care_person(lane, person, now)?;
        let known = self.profile(person).map_err(unreadable)?.profile;
        let mut number = [0; 2];
        getrandom::fill(&mut number).map_err(|problem| {
            warn!(%problem, "the system gives no random bytes");
            Refusal::Disk
        })?;
        // Under their own id also of a hidden person: whoever could not read again what they wrote would know.
        let writing =
            self.seal_profile(person, vec![to_profile(entry, &known, u16::from_be_bytes(number))])?;
        self.write_in_open_incident(lane, vec![writing], now)?;
        self.care_person(lane, person, now)
    }

    fn write_in_open_incident(
        &mut self,
        lane: LaneId,
        writings: Vec<Writing>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let incident = self.open_incident();
        let written = self.write_sealing(incident, lane, writings, now);
        self.note_disk(written.as_ref().err().copied());
        written.map(|_records| ()).map_err(|_reason_is_on_the_screen| Refusal::Disk)
    }

    /// One team hands the list over to the next, as both saw it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn hand_list_over(
        &mut self,
        lane: LaneId,
        from: StaffId,
        to: StaffId,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let list = self.read_care_list(lane, now).map_err(unreadable)?;
        let people = u16::try_from(list.items.len()).unwrap_or(u16::MAX);
        let fact = Fact::HandedOver { from, to, people, digest: digest_of(&list.items) };
        self.say(lane, &[fact], now)
    }
}

/// SHA-256 over a fixed word and the items as they went to the screen, so that whoever kept them can say that these were they.
fn digest_of(items: &[CareItem]) -> [u8; 32] {
    let shown = serde_json::to_vec(items).unwrap_or_default();
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &[HAND_OVER, shown.as_slice()].concat()).as_ref());
    sum
}
