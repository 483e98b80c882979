//! テレビを つなぐ: a household's television is given to it at a counter. Somebody who may do so types what the set shows, somebody of the household
//! holds their card, and with one touch it is on this box's disk; the town hall, which has the codes, does it when it hears of it, and says what
//! became of it.
//!
//! What is kept and said is the household and never whose card it was, so that a **hidden** person's card does what any card of the household
//! does, and nobody can tell that it was theirs.

use hinamori_ipc::{BindingStanding, Refusal, SignInFault, TelevisionBinding, ToKiosk};
use hinamori_model::{HouseholdId, LaneId, Mode, UnixMillis};
use hinamori_store_sqlite::{Store, StoreError};
use hinamori_sync::{BindingOutcome, CarriedBinding, KeptBinding, MOST_BINDINGS};
use tracing::{error, info, warn};

use super::Core;
use super::staff::Purpose;
use crate::checks::Reading;

const SETTING: &str = "television-bindings";
/// What a set can show.
const CODES: std::ops::RangeInclusive<u32> = 10_000_000..=99_999_999;
/// The second touch is waited for so long.
const TOUCH_MILLIS: u64 = 60_000;
/// What the town hall said is shown so long.
const SHOWN_MILLIS: u64 = 86_400_000;
/// Those that are kept: some days of counters without a line.
const MOST_KEPT: usize = 512;

/// A card that was held: whose household's the television may be now.
pub(super) struct ChosenTelevision {
    code: u32,
    household: HouseholdId,
    until: UnixMillis,
}

/// Televisions that were given to households here, in the order in which they were.
#[derive(Default)]
pub(super) struct Bindings {
    root: Option<[u8; 32]>,
    all: Vec<KeptBinding>,
}

impl Bindings {
    /// The box is of this town: what the disk has of it counts.
    pub(super) fn follow(&mut self, root: [u8; 32], store: &Store) {
        if self.root == Some(root) {
            return;
        }
        let kept = store.setting(SETTING).unwrap_or_else(|problem| {
            error!(error = &problem as &dyn std::error::Error, "given televisions cannot be read");
            None
        });
        let kept = kept.as_deref().and_then(|kept| kept.split_first_chunk::<32>());
        let kept =
            kept.filter(|(of, _)| **of == root).and_then(|(_, kept)| KeptBinding::all_from_bytes(kept));
        *self = Self { root: Some(root), all: kept.unwrap_or_default() };
    }

    /// What the town hall did not answer, as much as goes at once.
    pub(super) fn waiting(&self) -> Vec<CarriedBinding> {
        let waiting = self.all.iter().filter(|kept| kept.settled.is_none());
        waiting.take(MOST_BINDINGS).map(|kept| kept.binding).collect()
    }

    fn shown(&self) -> Vec<TelevisionBinding> {
        let shown = |KeptBinding { binding, settled }: &KeptBinding| TelevisionBinding {
            code: binding.code,
            at: binding.at,
            standing: match settled {
                None => BindingStanding::Waiting,
                Some((BindingOutcome::Bound, _)) => BindingStanding::Bound,
                Some((BindingOutcome::NoSuchCode, _)) => BindingStanding::NoSuchCode,
                Some((BindingOutcome::NotItsHousehold, _)) => BindingStanding::NotHere,
            },
        };
        self.all.iter().rev().map(shown).collect()
    }
}

impl Core {
    /// The lane's next card says whose household's the television with this code is to be.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for what no set shows, in a drill, and for a box of no town.
    pub(super) fn await_television(
        &mut self,
        lane: LaneId,
        code: u32,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let is_practice = self.opening.mode() == Mode::Drill;
        if is_practice || self.bindings.root.is_none() || !CODES.contains(&code) {
            return Err(Refusal::NotNow);
        }
        self.await_holder(lane, Purpose::BindTelevision { code }, None, now)
    }

    /// Somebody of the household held their card. A card that is in doubt gives no television away.
    ///
    /// # Errors
    /// [`SignInFault`].
    pub(super) fn television_card(
        &mut self,
        lane: LaneId,
        code: u32,
        reading: &Reading,
        now: UnixMillis,
    ) -> Result<ToKiosk, SignInFault> {
        let card = reading.card.ok_or(SignInFault::NoHousehold)?;
        self.certain(card, reading).or(Err(SignInFault::Stopped))?;
        let (person, _) = self.own_card(card).ok_or(SignInFault::NoHousehold)?;
        let known = self.readable(self.directory.person(person), "a person of the directory");
        let known = known.filter(|known| self.town.granted.is_for(&known.district));
        let known = known.ok_or(SignInFault::NoHousehold)?;
        let household = known.household.ok_or(SignInFault::NoHousehold)?;
        let desk = self.desks.get_mut(&lane).ok_or(SignInFault::NotRead)?;
        desk.at.television = Some(ChosenTelevision { code, household, until: now.plus(TOUCH_MILLIS) });
        Ok(ToKiosk::TelevisionOf { code, name: known.name })
    }

    /// The second touch: it is on the disk when this returns.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] without a card that was just held, or when the town hall has not answered for long; [`Refusal::Disk`].
    pub(super) fn confirm_television(&mut self, lane: LaneId, now: UnixMillis) -> Result<ToKiosk, Refusal> {
        let chosen = self.desks.get_mut(&lane).and_then(|desk| desk.at.television.take());
        let ChosenTelevision { code, household, .. } =
            chosen.filter(|chosen| now <= chosen.until).ok_or(Refusal::NotNow)?;
        let staff = self.staff_at(lane);
        let binding = CarriedBinding { code, household, staff, at: self.late(now) };
        let mut all = self.bindings.all.clone();
        let is_shown = |kept: &KeptBinding| kept.settled.is_none_or(|(_, at)| now.since(at) < SHOWN_MILLIS);
        all.retain(is_shown);
        // Somebody pressed twice, or was not sure; of a code that waits, the latest card counts.
        let is_there = |kept: &KeptBinding| {
            kept.settled.is_none() && (kept.binding.code, kept.binding.household) == (code, household)
        };
        if !all.iter().any(is_there) {
            all.retain(|kept| kept.settled.is_some() || kept.binding.code != code);
            all.push(KeptBinding { binding, settled: None });
        }
        if all.len() > MOST_KEPT {
            return Err(Refusal::NotNow);
        }
        self.keep_bindings(all).map_err(|problem| {
            error!(error = &problem as &dyn std::error::Error, "a television that was given is not kept");
            Refusal::Disk
        })?;
        info!(?staff, "a television is to be a household's");
        Ok(self.televisions_given())
    }

    /// What was given here, and how far it is.
    pub(super) fn televisions_given(&self) -> ToKiosk {
        ToKiosk::Televisions(self.bindings.shown())
    }

    /// The town hall says what became of them.
    pub(super) fn bindings_settled(&mut self, settled: &[(CarriedBinding, BindingOutcome)], now: UnixMillis) {
        let mut all = self.bindings.all.clone();
        for (binding, outcome) in settled {
            let kept = all.iter_mut().find(|kept| kept.settled.is_none() && kept.binding == *binding);
            if let Some(kept) = kept {
                kept.settled = Some((*outcome, now));
            }
        }
        if all == self.bindings.all {
            return;
        }
        if let Err(problem) = self.keep_bindings(all) {
            // The town hall is asked again, and says the same.
            return warn!(
                error = &problem as &dyn std::error::Error,
                "what became of a television is not kept"
            );
        }
        let told = self.televisions_given();
        for lane in self.lane_ids() {
            self.tell_lane(lane, None, &told);
        }
    }

    fn keep_bindings(&mut self, all: Vec<KeptBinding>) -> Result<(), StoreError> {
        let Some(root) = self.bindings.root else { return Ok(()) };
        let kept = [root.as_slice(), &KeptBinding::all_to_bytes(&all)].concat();
        self.ledger.main_store().set_setting(SETTING, &kept)?;
        self.bindings.all = all;
        Ok(())
    }
}
