//! People, cards and a lane for the tests.

use hinamori_ipc::{Answer, AnswerId, AnswerKind, Command, Refusal, Screen};
use hinamori_model::{
    Assurance, BindingAssurance, CardKey, CounterKind, Direction, Doubts, Hlc, LaneId, PersonId,
    PersonalText, RecordId, SiteId, SiteKind, UnixMillis,
};
use hinamori_record::{Fact, Presence, PresenceState, Proof, RevocationMark};

use crate::{Housemate, Input, KnownPerson, Lane, Tap, WatchStanding, Written};

pub(crate) const NOON: UnixMillis = UnixMillis::new(1_791_774_000_000);
pub(crate) const HANAKO: u8 = 1;
pub(crate) const ISAMU: u8 = 2;
pub(crate) const YO: u8 = 3;

pub(crate) const READ: Proof = Proof {
    assurance: Assurance::CertificateRead,
    binding: BindingAssurance::AttributesSigned,
    doubts: Doubts::NONE,
    revocation: RevocationMark::NotChecked,
};

pub(crate) fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

pub(crate) fn text(number: u8, kind: &str) -> PersonalText {
    PersonalText::new(format!("{kind} {number}"))
}

pub(crate) fn presence(state: PresenceState) -> Presence {
    Presence {
        site: SiteId::from_bytes([9; 16]),
        state,
        arrived_at: Some(UnixMillis::new(NOON.get() - 60_000)),
        seen_at: Hlc::from_packed((NOON.get() - 30_000) << 16),
        details: hinamori_record::Details::NONE,
    }
}

pub(crate) fn mate(number: u8) -> Housemate {
    Housemate {
        person: person(number),
        name: text(number, "name"),
        relation: text(number, "relation"),
        hidden: false,
        presence: None,
    }
}

/// Hanako's card, with Isamu and Yo in the household; nobody has come yet.
pub(crate) fn hanako() -> Tap {
    let known = KnownPerson {
        name: text(HANAKO, "name"),
        called_name: Some(text(HANAKO, "called")),
        household: vec![mate(ISAMU), mate(YO)],
    };
    Tap { known: Some(known), ..unknown(HANAKO, READ) }
}

/// A card that nobody is bound to.
pub(crate) fn unknown(number: u8, proof: Proof) -> Tap {
    Tap {
        card: CardKey::from_bytes([number; 16]),
        person: person(number),
        known: None,
        hidden: false,
        presence: None,
        watch: WatchStanding::default(),
        proof,
    }
}

pub(crate) fn at(mut tap: Tap, state: PresenceState) -> Tap {
    tap.presence = Some(presence(state));
    tap
}

pub(crate) fn hidden(mut tap: Tap) -> Tap {
    tap.hidden = true;
    tap
}

/// A lane with its disk: every record gets the next number.
pub(crate) struct Desk {
    pub(crate) lane: Lane,
    pub(crate) now: UnixMillis,
    pub(crate) written: Vec<Fact>,
    pub(crate) answers: Vec<AnswerId>,
}

impl Desk {
    pub(crate) fn new(site: SiteKind, counter: CounterKind, direction: Direction) -> Self {
        let lane = Lane::new(LaneId(1), site, counter, direction);
        Self { lane, now: NOON, written: Vec::new(), answers: Vec::new() }
    }

    pub(crate) fn shelter() -> Self {
        Self::new(SiteKind::Shelter, CounterKind::Shelter, Direction::Entrance)
    }

    pub(crate) fn watch() -> Self {
        Self::new(SiteKind::WatchSpot, CounterKind::Watch, Direction::Entrance)
    }

    /// Plans, writes, completes; gives the facts of this action.
    pub(crate) fn try_input(&mut self, input: Input) -> Result<Vec<Fact>, Refusal> {
        let plan = self.lane.plan(input, self.now)?;
        let facts = plan.facts().to_vec();
        let first = self.written.len();
        self.written.extend(facts.iter().cloned());
        let records = (first..self.written.len()).map(record).collect();
        self.lane.complete(plan, Written::Durable(records), self.now);
        Ok(facts)
    }

    pub(crate) fn tap(&mut self, tap: &Tap) -> Vec<Fact> {
        self.try_input(Input::Tap(Box::new(tap.clone()))).unwrap()
    }

    pub(crate) fn touch(&mut self, command: Command) -> Result<Vec<Fact>, Refusal> {
        self.try_input(Input::Command(command))
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.lane.tick(self.now);
    }

    pub(crate) fn answer(&self) -> &Answer {
        match self.lane.screen() {
            Screen::Answer(answer) => answer,
            Screen::Idle => panic!("the screen is idle"),
        }
    }

    /// The latest answer that was seen.
    pub(crate) fn last_answer(&self) -> AnswerId {
        self.answers.last().copied().unwrap_or(AnswerId(0))
    }

    pub(crate) fn kind(&self) -> &AnswerKind {
        &self.answer().kind
    }
}

/// The id of the record that was written as this one, from 0.
pub(crate) fn record(number: usize) -> RecordId {
    RecordId::new(NOON, number as u128)
}
