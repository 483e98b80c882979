//! Televisions on a box's network: whose they are and what their households are told, for when the town hall is gone, and what they answered
//! there. A box is told no more than what its own site knows in peace: its catchment (`Site::is_for`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_alert::{EVERYBODY, Sequence};
use hinamori_model::{BoxId, HouseholdId};
use hinamori_store_sqlite::{Answer, Television};
use hinamori_sync::town::Site;
use hinamori_sync::{
    AlertMessage, CarriedAnswer, CarriedTelevision, MOST_STRANGERS, MOST_TELEVISIONS, MOST_TOLD, Session,
};

use crate::alerts::board::{Board, Inner, Message};
use crate::alerts::keeper::NotKept;
use crate::alerts::of_base64;
use crate::clock::now;

/// What a box was told on its connection.
#[derive(Default)]
pub(crate) struct ToldToBox {
    /// It asked for televisions: a box without a door is told nothing of them.
    has_door: bool,
    televisions: Option<Vec<CarriedTelevision>>,
    instructions: BTreeSet<([u8; 32], HouseholdId)>,
}

impl ToldToBox {
    /// Televisions ask at the box. Whether that is new.
    pub(crate) const fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.has_door, true)
    }
}

/// A household's television, and where the household lives.
struct BoundTelevision {
    token: [u8; 32],
    household: HouseholdId,
    district: String,
}

/// Televisions that asked at a box, and whose household it may not know: as many as stand at a box. The one that it named longest ago makes
/// room, so that nobody keeps others from a code; where it still asks there, the box names it again.
#[derive(Default)]
pub(super) struct Strangers(Vec<Stranger>);

struct Stranger {
    token: [u8; 32],
    /// It was never seen but there: its code goes with it.
    is_of_the_box: bool,
}

impl Strangers {
    /// The box names this one now. Gives one whose code nobody can read any more.
    fn name(&mut self, token: [u8; 32], is_of_the_box: bool) -> Option<[u8; 32]> {
        let before = self.0.iter().position(|one| one.token == token).map(|place| self.0.remove(place));
        let is_of_the_box = before.map_or(is_of_the_box, |before| before.is_of_the_box);
        let gone = (self.0.len() >= MOST_STRANGERS).then(|| self.0.remove(0));
        self.0.push(Stranger { token, is_of_the_box });
        gone.filter(|gone| gone.is_of_the_box).map(|gone| gone.token)
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.0.iter().map(|one| &one.token)
    }
}

/// What boxes are told of televisions, as far as it is theirs.
#[derive(Default)]
pub(super) struct ForTelevisions {
    bound: Vec<BoundTelevision>,
    strangers: BTreeMap<BoxId, Vec<CarriedTelevision>>,
    messages: Vec<Arc<Message>>,
}

impl ForTelevisions {
    pub(super) fn of(inner: &Inner, messages: Vec<Arc<Message>>) -> Self {
        let bound = inner.televisions.iter().filter_map(|(token, receiver)| {
            let household = receiver.household()?;
            let district = inner.households.one(household)?.district;
            Some(BoundTelevision { token: *token, household, district })
        });
        let stranger = |token: &[u8; 32]| {
            let receiver = inner.televisions.get(token)?;
            let code = receiver.household().is_none().then(|| receiver.code());
            Some(CarriedTelevision { token: *token, code, household: None })
        };
        let of_box =
            |(id, strangers): (&BoxId, &Strangers)| (*id, strangers.tokens().filter_map(stranger).collect());
        Self { bound: bound.collect(), strangers: inner.strangers.iter().map(of_box).collect(), messages }
    }

    /// The bytes of what the box at this site lacks of it. Before its hello nothing is said.
    pub(super) fn offer(
        &self,
        session: &mut Session,
        (id, site): (BoxId, &Site),
        told: &mut ToldToBox,
    ) -> Vec<u8> {
        if !told.has_door {
            return Vec::new();
        }
        let own: Vec<_> = self.bound.iter().filter(|one| site.is_for(&one.district)).collect();
        let mut televisions: BTreeMap<[u8; 32], CarriedTelevision> =
            self.strangers.get(&id).into_iter().flatten().map(|one| (one.token, *one)).collect();
        televisions.extend(own.iter().map(|BoundTelevision { token, household, .. }| {
            (*token, CarriedTelevision { token: *token, code: None, household: Some(*household) })
        }));
        let televisions: Vec<_> = televisions.into_values().take(MOST_TELEVISIONS).collect();
        let mut send = Vec::new();
        if told.televisions.as_ref() != Some(&televisions) {
            send = session.offer_of_alerts([&AlertMessage::Televisions(televisions.clone())]);
            if send.is_empty() {
                return send;
            }
            told.televisions = Some(televisions);
        }
        let households: BTreeSet<HouseholdId> =
            own.iter().map(|one| one.household).chain([EVERYBODY]).collect();
        // A box forgets the words of a household that has no set there any more.
        told.instructions.retain(|(_, of)| households.contains(of));
        for message in &self.messages {
            let lacking = households.iter().filter(|of| !told.instructions.contains(&(message.digest, **of)));
            let lacking = lacking.filter_map(|of| Some((*of, message.instruction_of(*of)?)));
            let (ids, instructions): (Vec<_>, Vec<_>) = lacking.unzip();
            for instructions in instructions.chunks(MOST_TOLD) {
                let instructions = instructions.to_vec();
                send.extend(
                    session.offer_of_alerts([&AlertMessage::Told { message: message.digest, instructions }]),
                );
            }
            told.instructions.extend(ids.into_iter().map(|of| (message.digest, of)));
        }
        send
    }
}

impl Board {
    /// A heartbeat for boxes: it is as good as it is new.
    pub(super) fn beat_for_boxes(&self) -> Option<Arc<[u8]>> {
        let latest = self.inner().latest.unwrap_or(Sequence { epoch: 0, number: 0 });
        of_base64(&self.beat(now(), latest)).map(Arc::from)
    }

    /// Televisions asked at a box that does not know them: each gets a code here, unless it has one.
    pub(super) async fn take_strangers(&self, id: BoxId, tokens: Vec<[u8; 32]>) -> Result<(), NotKept> {
        if tokens.is_empty() {
            return Ok(());
        }
        for token in tokens {
            let is_known = self.inner().televisions.contains_key(&token);
            if !is_known && !self.take_in(token).await? {
                continue;
            }
            let gone = self.inner().strangers.entry(id).or_default().name(token, !is_known);
            if let Some(gone) = gone {
                let _alone = self.binding.lock().await;
                if self.keeper.ask(move |store| store.forget_television(&gone)).await? {
                    self.inner().televisions.remove(&gone);
                }
            }
        }
        self.tell_stations();
        Ok(())
    }

    /// Keeps what televisions answered at a box; gives those that are on the disk. Of a message or a household that is not known here, or none
    /// of the box's, nothing is taken: what is not known yet after a start may be when the box says it again.
    pub(super) async fn take_answers_of_box(
        &self,
        site: &Site,
        answers: &[CarriedAnswer],
    ) -> Result<Vec<CarriedAnswer>, NotKept> {
        let (said, taken): (Vec<CarriedAnswer>, Vec<Answer>) = {
            let inner = self.inner();
            answers.iter().filter_map(|said| Some((*said, inner.answer_of_box(site, said)?))).unzip()
        };
        if taken.len() < answers.len() {
            tracing::warn!(
                refused = answers.len().saturating_sub(taken.len()),
                "a box's answers are not taken"
            );
        }
        let kept = taken.clone();
        self.keeper.ask(move |store| store.add_answers(&kept)).await?;
        let mut inner = self.inner();
        let mut woken = Vec::new();
        for Answer { digest, household, kind, at } in taken {
            if inner.note(digest, household, kind, at) {
                woken.extend(inner.bound.get(&household).cloned().unwrap_or_default());
            }
        }
        drop(inner);
        self.wake(&woken);
        self.changed();
        Ok(said)
    }

    /// Keeps a television that somebody else took in. `false` where there are too many.
    async fn take_in(&self, token: [u8; 32]) -> Result<bool, NotKept> {
        let Some(code) = self.free_code(token).await? else { return Ok(false) };
        self.inner().add_receiver(&Television { token, code, household: None, bound_day: None });
        Ok(true)
    }
}

impl Inner {
    fn answer_of_box(&self, site: &Site, answer: &CarriedAnswer) -> Option<Answer> {
        let CarriedAnswer { message: digest, household, answer, at } = *answer;
        let is_its = self.bound.contains_key(&household)
            && self.households.one(household).is_some_and(|of| site.is_for(&of.district));
        // A box tells everybody's words where it has none of the household's own, also to one outside of the districts: its call for help is
        // one all the same.
        let is_told = |message: &&Arc<Message>| {
            message.digest == digest
                && (message.told_to(household).is_some() || message.leaf_of_everybody().is_some())
        };
        let message = self.messages.iter().find(is_told).filter(|_| is_its)?;
        // By the box's clock, which may be wrong: not before it was sent, and not later than now.
        let at = at.max(message.began()).min(now());
        Some(Answer { digest, household, kind: answer.into(), at })
    }
}
