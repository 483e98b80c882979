//! What whoever leaves takes along, and what happens when somebody comes with it.
//!
//! | Code | What | Who reads it |
//! |---|---|---|
//! | `HL1…` | 控え: the record of the leaving, until when, and the town's mark over both and the incident | this town's boxes, while that incident is open: seen here |
//! | `HT1…` | 転所票, see [`TransferSlip`] | this town's boxes: arrived; another town's: a visitor with that name |
//!
//! A slip is nobody's proof: it can be photographed. Who comes with a 控え is as well known as with a badge; of who comes with a
//! 転所票 the record says that somebody declared it.
//!
//! **Hidden people** (law 7): whoever holds their card was shown their name, as at anybody's first arrival, and a slip without
//! it would tell that they hide. So it says what anybody's would who came for the first time, under another id; whoever comes with
//! it gets the answer of a first arrival.

use hinamori_counter::{Evidence, Input, KnownPerson, Tap, WatchStanding, proof_of};
use hinamori_ipc::{AnswerId, Departure, HoldReason, Refusal, Slip, SlipKind, ToKiosk};
use hinamori_model::{
    Assurance, BindingAssurance, CardKey, Doubt, IncidentId, LaneId, Leaving, Mode, NeedKind, PersonId,
    PersonalText, RecordId, RegisteredKind, TokenKind, UnixMillis, YesNo,
};
use hinamori_profile::{Entry, Field, Need, TextField};
use hinamori_record::{Fact, Proof};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::{SealedSlip, TransferSlip, from_base32, to_base32};
use tracing::warn;

use super::Core;
use super::people::unreadable;
use crate::ledger::Writing;

const LEAVING: &str = "HL1";
const RECORD: usize = 16;
const UNTIL: usize = 8;

impl Core {
    /// What the person of an answer takes along who leaves.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for somebody who does not leave.
    pub(super) fn show_slip(&self, lane: LaneId, answer: AnswerId) -> Result<ToKiosk, Refusal> {
        let desk = self.desks.get(&lane).ok_or(Refusal::NotNow)?;
        let (person, departure, record) = desk.lane.leaver(answer)?;
        let Departure { leaving, until, .. } = departure;
        let at = answer_time(desk.lane.screen());
        Ok(ToKiosk::Slip(match leaving {
            Leaving::Moved => {
                let slip = self.transfer_slip(person, record, at).map_err(unreadable)?;
                Slip { kind: SlipKind::Transfer, code: slip.seal(&self.keys.seal), until }
            }
            Leaving::Out | Leaving::Overnight | Leaving::Left => {
                Slip { kind: SlipKind::Leaving, code: self.leaving_slip(record, until), until }
            }
        }))
    }

    fn leaving_slip(&self, record: RecordId, until: UnixMillis) -> PersonalText {
        let mut said = record.as_bytes().to_vec();
        said.extend(until.get().to_be_bytes());
        let mark = self.mark_of_leaving(&said, self.open_incident());
        said.extend(mark);
        PersonalText::new(format!("{LEAVING}{}", to_base32(&said)))
    }

    /// The record that a 控え of this town names.
    fn record_of_leaving_slip(&self, text: &str) -> Option<RecordId> {
        let text = text.trim();
        if text.len() > 80 {
            return None;
        }
        let bytes = from_base32(text.strip_prefix(LEAVING)?)?;
        let (said, mark) = bytes.split_at_checked(RECORD + UNTIL)?;
        let (record, _until) = said.split_first_chunk::<RECORD>()?;
        // Also one of an incident that is one with the open one by now.
        let mut incidents = self.counted_together(self.shown_incident()).into_iter();
        let is_ours = incidents.any(|incident| self.mark_of_leaving(said, incident) == mark);
        is_ours.then(|| RecordId::from_bytes(*record))
    }

    /// It holds in its incident only: a drill's 控え lets nobody in when it is no drill.
    fn mark_of_leaving(&self, said: &[u8], incident: IncidentId) -> [u8; 16] {
        self.town.key.slip_mark(&[said, incident.as_bytes().as_slice()].concat())
    }

    fn transfer_slip(
        &self,
        person: PersonId,
        record: RecordId,
        at: UnixMillis,
    ) -> Result<TransferSlip, StoreError> {
        let known = self.directory.person(person)?;
        let mates = match known.as_ref().and_then(|known| known.household) {
            Some(household) => self.directory.household(household)?.len(),
            None => 0,
        };
        let subject = self.writes_for(person)?;
        let profile = self.profile(subject)?.profile;
        let support = known.as_ref().map(|known| known.support).unwrap_or_default();
        let needs = profile.needs_with(support).into_iter().filter(|need| need.answer == YesNo::Yes);
        let mut needs: Vec<NeedKind> = needs.map(|need| need.kind).collect();
        needs.sort_unstable();
        let born = match profile.entry(Field::BirthDate) {
            Some(Entry::BirthDate(born)) => Some(*born),
            _ => known.as_ref().and_then(|known| known.birth),
        };
        let household = known.as_ref().map_or(0, |_| u8::try_from(mates).unwrap_or(u8::MAX));
        let text = |field, of_roster: Option<PersonalText>| {
            profile.text(field).cloned().or(of_roster).unwrap_or_else(|| PersonalText::new(""))
        };
        let (name, kana) = known.map(|known| (known.name, known.kana)).unzip();
        Ok(TransferSlip {
            is_drill: self.opening.mode() == Mode::Drill,
            at,
            record,
            person: if subject == person { person } else { self.alias_of(person) },
            birth: born,
            household,
            needs,
            town: self.town.name.clone(),
            site: self.town.site.name.clone(),
            name: text(TextField::Name, name),
            kana: text(TextField::Kana, kana),
        })
    }

    /// The id under which a hidden person stands on a slip: like a resident's.
    fn alias_of(&self, person: PersonId) -> PersonId {
        self.town.key.person_of_resident(&format!("slip {person}"))
    }

    /// Somebody comes with a slip, or with what is none.
    ///
    /// # Errors
    /// [`Refusal`]; what is no slip that counts here asks for another code on the screen.
    pub(super) fn slip(&mut self, lane: LaneId, text: &str, now: UnixMillis) -> Result<(), Refusal> {
        if let Some(record) = self.record_of_leaving_slip(text) {
            let card = self.town.key.card_key(TokenKind::Badge, record.as_bytes());
            let incident = self.open_incident();
            let person = self.ledger.store(incident).person_of_record(record).map_err(unreadable)?;
            // This box has not heard of the leaving: somebody is here, and their name comes later.
            let person = person.unwrap_or_else(|| self.town.key.person_of_unknown_card(card));
            let tap = self.tap_by_slip(card, person, Assurance::TokenOnly);
            return self.take_code(lane, tap, now);
        }
        let is_drill = self.opening.mode() == Mode::Drill;
        match TransferSlip::read(text).filter(|sealed| sealed.slip.is_drill == is_drill) {
            Some(sealed) if self.is_of_this_town(&sealed) => {
                let card = self.card_of(&sealed);
                let person = self.whose_slip(sealed.slip.person).map_err(unreadable)?;
                self.take_over_needs(lane, person, &sealed.slip.needs, now)?;
                let tap = self.tap_by_slip(card, person, Assurance::Declared);
                self.take_code(lane, tap, now)
            }
            Some(sealed) => {
                let tap = self.visitor_of_slip(lane, sealed, now)?;
                self.take_code(lane, tap, now)
            }
            None => self.act(lane, Input::NotRead(HoldReason::ForeignBadge), now).map(|_done| ()),
        }
    }

    fn is_of_this_town(&self, sealed: &SealedSlip) -> bool {
        self.knows_seal_key(sealed.box_id(), &sealed.key) || sealed.key == self.keys.seal.public()
    }

    /// The token that a slip of whatever town is.
    fn card_of(&self, sealed: &SealedSlip) -> CardKey {
        let identity = [b"HT1".as_slice(), &sealed.key, sealed.slip.record.as_bytes()].concat();
        self.town.key.card_key(TokenKind::Badge, &identity)
    }

    /// Whom this town's slip means: hidden people stand on theirs under another id.
    fn whose_slip(&self, person: PersonId) -> Result<PersonId, StoreError> {
        let hidden = self.directory.hidden()?.into_iter().find(|hidden| self.alias_of(*hidden) == person);
        Ok(hidden.unwrap_or_else(|| self.canonical(person)))
    }

    /// Writes down what this town's slip says somebody needs, as far as it does not stand here: a box does not get what another shelter
    /// wrote down. What was said here, also that something is not needed, stays.
    fn take_over_needs(
        &mut self,
        lane: LaneId,
        person: PersonId,
        needs: &[NeedKind],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let known = self.directory.person(person).map_err(unreadable)?;
        let support = known.map(|known| known.support).unwrap_or_default();
        let subject = self.writes_for(person).map_err(unreadable)?;
        let here = self.profile(subject).map_err(unreadable)?.profile.needs_with(support);
        let is_new = |kind: &&NeedKind| here.iter().all(|need| need.kind != **kind);
        let entries: Vec<_> = needs.iter().filter(is_new).map(|kind| Entry::Need(Need::yes(*kind))).collect();
        if entries.is_empty() {
            return Ok(());
        }
        match self.seal_profile(subject, entries) {
            Ok(profile) => self.write_of_slip(lane, vec![profile], now),
            // What cannot be sealed keeps nobody out.
            Err(refusal) => {
                warn!(?refusal, "what a slip says was not written down");
                Ok(())
            }
        }
    }

    fn write_of_slip(&mut self, lane: LaneId, what: Vec<Writing>, now: UnixMillis) -> Result<(), Refusal> {
        let written = self.write_sealing(self.open_incident(), lane, what, now);
        self.note_disk(written.as_ref().err().copied());
        written.map(|_records| ()).map_err(|_reason_is_on_the_screen| Refusal::Disk)
    }

    fn tap_by_slip(&self, card: CardKey, person: PersonId, assurance: Assurance) -> Tap {
        let person = self.canonical(person);
        let is_named = self.readable(self.directory.person(person), "a person of the directory").is_some();
        let binding = is_named.then_some(BindingAssurance::MatchedByStaff).or_else(|| self.naming(person));
        let proof = Proof { assurance, ..proof_of(&Evidence::ContactlessOnly, binding) };
        self.tap_with(card, person, proof)
    }

    /// Somebody from another town: they are written down once, however often their slip is scanned.
    fn visitor_of_slip(&mut self, lane: LaneId, sealed: SealedSlip, now: UnixMillis) -> Result<Tap, Refusal> {
        let card = self.card_of(&sealed);
        let derived = self.town.key.person_of_unknown_card(card);
        let TransferSlip { birth, needs, town, name, kana, .. } = sealed.slip;
        if self.naming(derived).is_none() {
            let registered =
                Fact::Registered { person: derived, kind: RegisteredKind::Visitor, household: None };
            let texts = [(TextField::Name, &name), (TextField::Kana, &kana)];
            let texts = texts.into_iter().filter(|(_, text)| !text.expose().is_empty());
            let mut entries: Vec<Entry> =
                texts.map(|(field, text)| Entry::Text(field, (*text).clone())).collect();
            entries.extend(birth.map(Entry::BirthDate));
            entries.extend(needs.into_iter().map(|kind| Entry::Need(Need::yes(kind))));
            let mut writings = vec![Writing::Fact(registered.clone())];
            // What may not be written down, or cannot be sealed, keeps nobody out.
            match self.seal_profile(derived, entries) {
                Ok(profile) => writings.push(profile),
                Err(refusal) => warn!(?refusal, "what another town's slip says was not written down"),
            }
            self.write_of_slip(lane, writings, now)?;
            self.count(self.open_incident(), &[registered], now);
        }
        let person = self.canonical(derived);
        let mut tap = self.tap_with(card, person, Proof::DECLARED);
        if tap.known.is_none() {
            // Who comes from another town is told by its name too.
            let shown = match name.expose() {
                "" => PersonalText::new(town),
                name => PersonalText::new(format!("{name}（{town}）")),
            };
            let called_name = Some(shown.clone());
            tap.known = Some(KnownPerson { name: shown, called_name, household: Vec::new() });
            tap.watch = WatchStanding::default();
        }
        Ok(tap)
    }

    /// A code was read that stands for somebody.
    fn take_code(&mut self, lane: LaneId, mut tap: Tap, now: UnixMillis) -> Result<(), Refusal> {
        let mut recent = self.recent.clone();
        if recent.note(tap.card, lane, now) {
            tap.proof.doubts = tap.proof.doubts.with(Doubt::TwoReaders);
        }
        self.act(lane, Input::Tap(Box::new(tap)), now)?;
        self.recent = recent;
        Ok(())
    }
}

fn answer_time(screen: &hinamori_ipc::Screen) -> UnixMillis {
    match screen {
        hinamori_ipc::Screen::Answer(answer) => answer.at,
        hinamori_ipc::Screen::Idle => UnixMillis::default(),
    }
}
