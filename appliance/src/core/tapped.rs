//! From a card that was read to what a lane needs to know of it.

use std::time::Instant;

use hinamori_card::{CardError, TransportError};
use hinamori_counter::{Evidence, Housemate, Input, KnownPerson, RecentTaps, Tap, WatchStanding, proof_of};
use hinamori_ipc::{HoldReason, Refusal, Screen};
use hinamori_model::{
    Assurance, Badge, BadgeCode, BindingAssurance, CardKey, CounterKind, Doubt, LaneId, Mode, PersonId,
    PersonalText, UnixMillis,
};
use hinamori_record::{Presence, Proof, has_consented};
use hinamori_store_sqlite::{KnownCard, StoreError};
use hinamori_sync::town::Person;
use tracing::{error, info};

use super::Core;
use crate::checks::{Found, Reading};
use crate::own_time::LoggedTap;

impl Found {
    const fn as_evidence(&self) -> Evidence<'_> {
        match self {
            Self::Certificate { verdict: Ok(verified), chip } => {
                Evidence::Certificate { verdict: Ok(verified), chip: *chip }
            }
            Self::Certificate { verdict: Err(error), chip } => {
                Evidence::Certificate { verdict: Err(*error), chip: *chip }
            }
            Self::UnreadableCertificate => Evidence::UnreadableCertificate,
            Self::PinNeeded => Evidence::PinNeeded,
            Self::ContactlessOnly | Self::Unsupported => Evidence::ContactlessOnly,
        }
    }
}

fn hold_reason(error: &CardError) -> HoldReason {
    match error {
        CardError::Transport(TransportError::TornAway) => HoldReason::TornAway,
        _ => HoldReason::Mute,
    }
}

impl Core {
    /// A card was worked on at a lane's reader.
    pub(super) fn tapped(
        &mut self,
        lane: LaneId,
        mut outcome: Result<Reading, CardError>,
        last_byte: Instant,
        now: UnixMillis,
    ) {
        // It was for this card, also if nothing came of it.
        self.forget_secret(lane);
        let holder = outcome.as_mut().ok().and_then(|reading| reading.holder.take());
        if self.holder_came(lane, outcome.as_ref().ok().map(|reading| (reading, holder)), now) {
            return;
        }
        let card = outcome.as_ref().ok().and_then(|reading| reading.card);
        if let Some(card) = card {
            self.note_staff_card(lane, card, now);
        }
        let attributes =
            outcome.as_mut().ok().and_then(|reading| reading.card.zip(reading.attributes.take()));
        let began = outcome.as_ref().map_or(last_byte, |reading| reading.began);
        let (input, recent) = match outcome {
            Ok(reading) if reading.version == self.town.version => self.input_of(lane, &reading, now),
            // The town's key changed between the card and here: its hash means nothing any more.
            Ok(_) => (Input::NotRead(HoldReason::TornAway), None),
            Err(problem) => {
                info!(lane = lane.0, error = &problem as &dyn std::error::Error, "a card was not read");
                (Input::NotRead(hold_reason(&problem)), None)
            }
        };
        let was_read = !matches!(input, Input::NotRead(_));
        match self.act(lane, input, now) {
            Ok(done) => {
                if let Some(recent) = recent {
                    self.recent = recent;
                }
                if was_read {
                    self.note_own_time(lane, began, last_byte, done.committed);
                    if let Some((card, read)) = attributes {
                        self.answer_attributes(lane, card, read, now);
                    }
                }
            }
            // The lane asks for the card again by itself.
            Err(Refusal::Disk) => {}
            Err(refusal) => error!(?refusal, "a lane refuses a tap"),
        }
    }

    fn note_own_time(&mut self, lane: LaneId, began: Instant, last_byte: Instant, committed: Instant) {
        self.taps = self.taps.saturating_add(1);
        self.own_times.note(committed.saturating_duration_since(last_byte));
        let answer = self.desks.get(&lane).and_then(|desk| match desk.lane.screen() {
            Screen::Answer(answer) => Some(answer.id),
            Screen::Idle => None,
        });
        if let Some(log) = &mut self.tap_log {
            log.note(LoggedTap { lane, began, last_byte, committed, answer });
        }
    }

    /// What the lane is told, and the taps to remember once it is written.
    fn input_of(&self, lane: LaneId, reading: &Reading, now: UnixMillis) -> (Input, Option<RecentTaps>) {
        let evidence = reading.evidence.as_evidence();
        let Some(card) = reading.card else {
            let doubts = proof_of(&evidence, None).doubts;
            let doubts = match reading.evidence {
                Found::Unsupported => doubts.with(Doubt::UnsupportedCard),
                _ => doubts,
            };
            return (Input::Nameless(doubts), None);
        };
        let mut recent = self.recent.clone();
        let on_two_readers = recent.note(card, lane, now);
        let mut tap = self.tap_of(card, &evidence);
        if on_two_readers {
            tap.proof.doubts = tap.proof.doubts.with(Doubt::TwoReaders);
        }
        (Input::Tap(Box::new(tap)), Some(recent))
    }

    /// A numbered badge was read, or typed from paper: what a card with an identifier of its own would be. What is no badge
    /// may be a slip.
    ///
    /// # Errors
    /// [`Refusal`]; a code that is no badge of this town asks for another one on the screen.
    pub(super) fn badge(
        &mut self,
        lane: LaneId,
        code: &PersonalText,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let Some(code) = Badge::read(code.expose(), &self.town.key) else {
            return self.slip(lane, code.expose(), now);
        };
        let card = code.badge().card_key(&self.town.key);
        let mut recent = self.recent.clone();
        let on_two_readers = recent.note(card, lane, now);
        let mut tap = self.tap_of(card, &Evidence::ContactlessOnly);
        match code {
            BadgeCode::Scanned(_) if on_two_readers => {
                tap.proof.doubts = tap.proof.doubts.with(Doubt::TwoReaders);
            }
            BadgeCode::Scanned(_) => {}
            // Nobody held anything to anything.
            BadgeCode::Typed(_) => tap.proof.assurance = Assurance::Declared,
        }
        self.act(lane, Input::Tap(Box::new(tap)), now)?;
        self.recent = recent;
        Ok(())
    }

    /// Everything that a lane needs to know of a card.
    fn tap_of(&self, card: CardKey, evidence: &Evidence<'_>) -> Tap {
        let known = self.known_card(card);
        let derived = || self.town.key.person_of_unknown_card(card);
        // Whoever the town has bound to the card is its owner, whatever anybody says.
        let person = known.as_ref().map_or_else(|| self.canonical(derived()), |known| known.person);
        let is_stopped = known.as_ref().is_some_and(|known| known.stopped.is_some());
        // Who was linked to it in the field is joined to it as if the town hall had done it.
        let binding = known.map(|known| known.binding).or_else(|| self.naming(derived()));
        let mut proof = proof_of(evidence, binding);
        if is_stopped {
            proof.doubts = proof.doubts.with(Doubt::Stopped);
        }
        self.tap_with(card, person, proof)
    }

    /// A tap of somebody by something that stands for them.
    pub(super) fn tap_with(&self, card: CardKey, person: PersonId, proof: Proof) -> Tap {
        Tap {
            card,
            person,
            known: self.readable(self.known_person(person), "a person of the directory"),
            hidden: self
                .readable(self.directory.is_hidden(person).map(Some), "who is hidden")
                .unwrap_or(true),
            presence: self.readable(self.presence_here(person), "where a person is"),
            watch: WatchStanding { consented: self.has_agreed(person) },
            proof,
        }
    }

    /// Who an id stands for. What was linked in earnest counts in a drill too, and never the other way round.
    pub(super) fn canonical(&self, person: PersonId) -> PersonId {
        let incidents = [self.incident(Mode::DailyLife), self.open_incident()];
        incidents.into_iter().fold(person, |person, incident| {
            let found = self.ledger.store(incident).canonical(person).map(Some);
            self.readable(found, "whom a card was linked to").unwrap_or(person)
        })
    }

    /// Whether a card has its person already.
    pub(super) fn is_bound(&self, card: CardKey) -> bool {
        self.known_card(card).is_some() || self.naming(self.town.key.person_of_unknown_card(card)).is_some()
    }

    /// How it was established in the field who an id is.
    pub(super) fn naming(&self, person: PersonId) -> Option<BindingAssurance> {
        [self.incident(Mode::DailyLife), self.open_incident()].into_iter().find_map(|incident| {
            let found = self.ledger.store(incident).naming(person);
            self.readable(found, "whether somebody was named")
        })
    }

    /// Nobody is turned away because a database cannot be read: what it would have said is left out.
    pub(super) fn readable<T>(&self, read: Result<Option<T>, StoreError>, what: &str) -> Option<T> {
        read.unwrap_or_else(|problem| {
            error!(error = &problem as &dyn std::error::Error, what, "cannot be read");
            None
        })
    }

    fn known_card(&self, card: CardKey) -> Option<KnownCard> {
        // One look for every card, also for one that the town knows from a link in the field only.
        let derived = self.town.key.person_of_unknown_card(card);
        self.readable(self.directory.card_of_derived(derived), "a card of the directory")
    }

    fn known_person(&self, person: PersonId) -> Result<Option<KnownPerson>, StoreError> {
        let Some(Person { id, household, name, called_name, .. }) = self.directory.person(person)? else {
            return Ok(None);
        };
        let members = household.map(|household| self.directory.household(household)).transpose()?;
        let others = members.unwrap_or_default().into_iter().filter(|member| member.id != id);
        let mut household = Vec::new();
        for Person { id, name, relation, hidden, .. } in others {
            let presence = self.presence_here(id)?;
            household.push(Housemate { person: id, name, relation, hidden, presence });
        }
        Ok(Some(KnownPerson { name, called_name, household }))
    }

    /// Where a person is in the open incident, if it is at this site.
    pub(super) fn presence_here(&self, person: PersonId) -> Result<Option<Presence>, StoreError> {
        let incident = self.shown_incident();
        let presence = self.ledger.store(incident).presence(incident, person)?;
        Ok(presence.filter(|presence| presence.site == self.site()))
    }

    fn has_agreed(&self, person: PersonId) -> bool {
        let incident = self.counts_as(self.incident_of(CounterKind::Watch));
        let records = self.ledger.store(incident).latest_watch(incident, person);
        self.readable(records.map(Some), "the watch records of a person")
            .is_some_and(|records| has_consented(&records))
    }
}
