//! カードで登録: a secret for a lane's next card, and whom of the roster the card may belong to.

use std::time::Instant;

use hinamori_counter::{AttributesRead, Input};
use hinamori_ipc::{Agreement, AttributeFault, AttributeSecret, Candidate, Candidates, Compared, Refusal};
use hinamori_model::{CardKey, CounterKind, LaneId, PersonId, Sex, UnixMillis};
use hinamori_people::{Attributes, propose};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Person;
use tracing::error;

use super::Core;
use super::people::unreadable;
use crate::attributes::CardAttributes;

/// People that one answer proposes.
const MOST_PROPOSED: usize = 3;
/// People who are compared at once: the rest of the roster is not in memory meanwhile.
const AT_ONCE: usize = 1_000;

impl Core {
    /// The lane's next card is read with this.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] at another counter, and when it is no secret of its kind.
    pub(super) fn expect_attributes(&self, lane: LaneId, secret: &AttributeSecret) -> Result<(), Refusal> {
        let receives = self.desks.get(&lane).is_some_and(|desk| desk.lane.counter() == CounterKind::Shelter);
        let reader = self.config.reader_of(lane).filter(|_| receives).ok_or(Refusal::NotNow)?;
        self.checks.secrets().put(reader, secret).or(Err(Refusal::NotNow))
    }

    /// Nothing waits for the lane's next card any more.
    pub(super) fn forget_secret(&self, lane: LaneId) {
        if let Some(reader) = self.config.reader_of(lane) {
            self.checks.secrets().forget(reader);
        }
    }

    /// The time of a secret may be over.
    pub(super) fn forget_old_secrets(&self) {
        self.checks.secrets().forget_old(Instant::now());
    }

    /// What the lane says of a card whose tap was just recorded, after its attributes were to be read.
    pub(super) fn answer_attributes(
        &mut self,
        lane: LaneId,
        card: CardKey,
        read: Result<CardAttributes, AttributeFault>,
        now: UnixMillis,
    ) {
        let input = match read {
            // It shows its own person already.
            Ok(_) if self.is_bound(card) => return,
            Ok(attributes) => match self.candidates(card, &attributes) {
                Ok(candidates) => AttributesRead::Candidates { candidates, binding: attributes.binding },
                // It is in the log, and the tap's own answer stays.
                Err(_) => return,
            },
            Err(fault) => AttributesRead::NotRead(fault),
        };
        if let Err(refusal) = self.act(lane, Input::Attributes(input), now) {
            error!(?refusal, "a lane refuses what a card's attributes say");
        }
    }

    fn candidates(&self, card: CardKey, attributes: &CardAttributes) -> Result<Candidates, Refusal> {
        let mut people = Vec::new();
        for (person, agreement) in self.proposed(attributes).map_err(unreadable)? {
            let Some(known) = self.directory.person(person).map_err(unreadable)? else { continue };
            people.push(Candidate { found: self.found(known)?, agreement });
        }
        let nameless = self.town.key.person_of_unknown_card(card);
        Ok(Candidates { nameless, people, signed: attributes.is_signed() })
    }

    /// The best of everybody whom this box knows now.
    fn proposed(&self, attributes: &CardAttributes) -> Result<Vec<(PersonId, Agreement)>, StoreError> {
        let card = attributes.to_compare();
        let (mut best, mut next) = (Vec::new(), Vec::new());
        self.directory.for_each_person(|person| {
            next.push(person);
            if next.len() == AT_ONCE {
                best.append(&mut next);
                keep_best(&card, &mut best);
            }
        })?;
        best.append(&mut next);
        let proposed = keep_best(&card, &mut best);
        Ok(proposed.into_iter().map(|candidate| (candidate.person, agreement(candidate.agreement))).collect())
    }
}

/// Leaves those whom the card may belong to best. The best of all are among the best of each part.
fn keep_best(card: &Attributes<'_>, people: &mut Vec<Person>) -> Vec<hinamori_people::Candidate> {
    let proposed = propose(card, people.iter().map(known_attributes), MOST_PROPOSED);
    people.retain(|person| proposed.iter().any(|candidate| candidate.person == person.id));
    proposed
}

/// What the roster says of somebody, in the form that a card has.
fn known_attributes(person: &Person) -> (PersonId, Attributes<'_>) {
    let birth = person.birth.map(|birth| {
        let date = birth.expose();
        u32::from(date.year()) * 10_000 + u32::from(date.month()) * 100 + u32::from(date.day())
    });
    let sex = match person.sex {
        Sex::Male => Some(1),
        Sex::Female => Some(2),
        Sex::Other => Some(3),
        Sex::Unknown => None,
    };
    (person.id, Attributes { name: person.name.expose(), address: person.address.expose(), birth, sex })
}

fn agreement(of: hinamori_people::Agreement) -> Agreement {
    let hinamori_people::Agreement { name, birth, sex, address } = of;
    let [name, birth, sex, address] = [name, birth, sex, address].map(|compared| match compared {
        hinamori_people::Compared::Agrees => Compared::Agrees,
        hinamori_people::Compared::Differs => Compared::Differs,
        hinamori_people::Compared::NotKnown => Compared::NotKnown,
    });
    Agreement { name, birth, sex, address }
}
