//! Televisions that were given to households at a box: a card of the household was held to its reader, and somebody who may do so answered for
//! it. The box is believed no more than what it may know: a household of its own catchment, and a code that a set shows. The desk sees that
//! it was given, and takes it back.

use hinamori_model::{BoxId, UnixMillis};
use hinamori_record::Period;
use hinamori_store_sqlite::Bound;
use hinamori_sync::town::Site;
use hinamori_sync::{BindingOutcome, CarriedBinding};
use serde_json::{Value, json};

use crate::alerts::board::{Board, DRAWS, Inner, draw_code};
use crate::alerts::keeper::NotKept;
use crate::clock::now;
use crate::hex;

/// What a box may try in an hour: some minutes each at a counter. Codes are guessed by many tries, or not at all.
const MOST_TRIES: u32 = 64;
const TRIES_MILLIS: u64 = 3_600_000;
/// A set may have got its code so long after the box says that it was read: lines are slow.
const LATE_MILLIS: u64 = 10 * 60_000;
/// Televisions that a desk is shown, the latest first.
const MOST_SHOWN: usize = 100;

/// How much a box tried since when.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    since: UnixMillis,
    count: u32,
}

impl Tries {
    /// Whether one more is not too many.
    fn may_try(&mut self, now: UnixMillis) -> bool {
        if now < self.since || now >= self.since.plus(TRIES_MILLIS) {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count <= MOST_TRIES
    }
}

impl Board {
    /// Gives televisions to households, as a box wants it; what became of each, once it is on the disk. What is not among them the box says
    /// again.
    pub(super) async fn take_bindings(
        &self,
        (id, site): (BoxId, &Site),
        bindings: Vec<CarriedBinding>,
    ) -> Result<Vec<(CarriedBinding, BindingOutcome)>, NotKept> {
        // One after the other: what is read last is what is known.
        let _alone = self.binding.lock().await;
        let (mut settled, mut is_bound) = (Vec::new(), false);
        for binding in bindings {
            let CarriedBinding { code, household, staff, ago } = binding;
            let Some(is_its) = self.inner().may_bind((id, site), &binding, now()) else { break };
            let outcome = if is_its {
                let read = UnixMillis::new(now().get().saturating_sub(ago)).plus(LATE_MILLIS);
                let (read, day) = ((code, read), Period::of(now()).start());
                match self.keeper.ask(move |store| store.bind_at_box(read, household, day)).await? {
                    Bound::Now => BindingOutcome::Bound,
                    Bound::NoSuchCode => BindingOutcome::NoSuchCode,
                }
            } else {
                BindingOutcome::NotItsHousehold
            };
            is_bound |= outcome == BindingOutcome::Bound;
            let staff = staff.map(|staff| staff.to_string());
            tracing::info!(%id, ?staff, ?outcome, "a television was to be given to a household at a box");
            settled.push((binding, outcome));
        }
        if is_bound {
            let all = self.keeper.ask(|store| store.televisions()).await?;
            self.take_televisions(&all);
        }
        Ok(settled)
    }

    /// Takes a television off its household again. `false` where it is nobody's by now.
    pub(super) async fn unbind(&self, token: [u8; 32]) -> Result<bool, NotKept> {
        let _alone = self.binding.lock().await;
        for _ in 0..DRAWS {
            let Some(code) = draw_code() else { return Ok(false) };
            if self.keeper.ask(move |store| store.unbind(&token, code, now())).await? {
                let all = self.keeper.ask(|store| store.televisions()).await?;
                self.take_televisions(&all);
                return Ok(true);
            }
            if self.inner().televisions.get(&token).is_none_or(|known| known.household().is_none()) {
                break;
            }
        }
        Ok(false)
    }
}

impl Inner {
    /// Whether the household is one that the box may know; nothing where nothing can be said yet.
    fn may_bind(
        &mut self,
        (id, site): (BoxId, &Site),
        CarriedBinding { household, .. }: &CarriedBinding,
        now: UnixMillis,
    ) -> Option<bool> {
        // After a start nobody is known for a moment.
        if self.households.is_empty() {
            return None;
        }
        if !self.tries.entry(id).or_default().may_try(now) {
            tracing::warn!(%id, "a box gives out more televisions than a counter can");
            return None;
        }
        Some(self.households.one(*household).is_some_and(|of| site.is_for(&of.district)))
    }

    /// The televisions that were given to households at boxes, the latest first. Nobody is named: a district, a group and how many they are; and
    /// neither where it was nor at what time, which would say where somebody was who may be hiding (law 7). It is in the server's log.
    pub(super) fn bound_at_boxes(&self) -> Value {
        let bound = self
            .televisions
            .iter()
            .filter_map(|(token, set)| Some((set.bound_day()?, token, set.household()?)));
        let mut all: Vec<_> = bound.collect();
        all.sort_by_key(|(day, token, _)| (std::cmp::Reverse(*day), **token));
        let total = all.len();
        let shown = all.into_iter().take(MOST_SHOWN).map(|(day, token, household)| {
            // The town may have another roster by now.
            let of = self.households.one(household);
            json!({
                "id": hex::text(token), "district": of.as_ref().map_or("", |of| of.district.as_str()),
                "group": of.as_ref().map_or("", |of| of.group.as_str()),
                "people": of.as_ref().map_or(0, |of| of.people), "day": day,
            })
        });
        json!({ "total": total, "latest": shown.collect::<Vec<_>>() })
    }
}
