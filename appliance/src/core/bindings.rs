//! テレビを つなぐ: a household's television is given to it at a counter. Somebody who may do so types what the set shows, somebody of the household
//! holds their card, and with one touch it is on this box's disk; the town hall, which has the codes, does it when it hears of it, and says what
//! became of it.
//!
//! What is kept and said is the household and never whose card it was, so that a **hidden** person's card does what any card of the household
//! does, and nobody can tell that it was theirs.

use std::collections::BTreeMap;
use std::time::Instant;

use hinamori_ipc::{BindingStanding, Refusal, SignInFault, TelevisionBinding, ToKiosk};
use hinamori_model::{HouseholdId, LaneId, Mode, UnixMillis};
use hinamori_pki::{Age, Revocation};
use hinamori_store_sqlite::{Store, StoreError};
use hinamori_sync::{BindingOutcome, CarriedBinding, KeptBinding, MOST_BINDINGS};
use tracing::{error, info, warn};

use super::Core;
use super::staff::Purpose;
use crate::checks::{Found, Reading};

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
pub(super) struct Bindings {
    root: Option<[u8; 32]>,
    all: Vec<KeptBinding>,
    /// Since when they are known to this run.
    began: Instant,
    /// When this run kept those that it did not read from the disk, by code.
    kept: BTreeMap<u32, Instant>,
}

impl Default for Bindings {
    fn default() -> Self {
        Self { root: None, all: Vec::new(), began: Instant::now(), kept: BTreeMap::new() }
    }
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
        *self = Self { root: Some(root), all: kept.unwrap_or_default(), ..Self::default() };
    }

    /// What the town hall did not answer, as much as goes at once. How long ago it was the box's running time says, which no clock can set:
    /// what was there at the start is as old as this run at least.
    pub(super) fn waiting(&self, now: Instant) -> Vec<CarriedBinding> {
        let carried = |kept: &KeptBinding| {
            let since = self.kept.get(&kept.code).unwrap_or(&self.began);
            let ago = now.saturating_duration_since(*since).as_millis();
            let ago = u64::try_from(ago).unwrap_or(u64::MAX);
            CarriedBinding { code: kept.code, household: kept.household, staff: kept.staff, ago }
        };
        let waiting = self.all.iter().filter(|kept| kept.settled.is_none());
        waiting.take(MOST_BINDINGS).map(carried).collect()
    }

    /// As if so much time had gone by.
    #[cfg(test)]
    pub(super) fn grow_old(&mut self, by: std::time::Duration) {
        let older = |since: &mut Instant| *since = since.checked_sub(by).unwrap_or(*since);
        older(&mut self.began);
        self.kept.values_mut().for_each(older);
    }

    fn shown(&self) -> Vec<TelevisionBinding> {
        let shown = |kept: &KeptBinding| TelevisionBinding {
            code: kept.code,
            at: kept.at,
            standing: match kept.settled {
                None => BindingStanding::Waiting,
                Some((BindingOutcome::Bound, _)) => BindingStanding::Bound,
                Some((BindingOutcome::NoSuchCode, _)) => BindingStanding::NoSuchCode,
                Some((BindingOutcome::NotItsHousehold, _)) => BindingStanding::NotHere,
            },
        };
        self.all.iter().rev().map(shown).collect()
    }
}

/// Whether a list that is not too old speaks for the card and does not name it. To let somebody in nobody asks that (law 1).
const fn is_surely_good(reading: &Reading) -> bool {
    let Found::Certificate { verdict: Ok(verified), .. } = &reading.evidence else { return false };
    matches!(verified.revocation(), Revocation::NotRevoked { age: Age::Fresh | Age::Stale, .. })
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
        if !is_surely_good(reading) {
            return Err(SignInFault::NotChecked);
        }
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
        let mut all = self.bindings.all.clone();
        // Somebody pressed twice, or was not sure; of a code that waits, the latest card counts.
        let is_there =
            |kept: &KeptBinding| kept.settled.is_none() && (kept.code, kept.household) == (code, household);
        let is_new = !all.iter().any(is_there);
        if is_new {
            all.retain(|kept| kept.settled.is_some() || kept.code != code);
            all.push(KeptBinding { code, household, staff, at: self.late(now), settled: None });
        }
        if all.len() > MOST_KEPT {
            return Err(Refusal::NotNow);
        }
        self.keep_bindings(all).map_err(|problem| {
            error!(error = &problem as &dyn std::error::Error, "a television that was given is not kept");
            Refusal::Disk
        })?;
        if is_new {
            self.bindings.kept.insert(code, Instant::now());
        }
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
            let is_it = |kept: &&mut KeptBinding| {
                let CarriedBinding { code, household, staff, ago: _ } = *binding;
                kept.settled.is_none() && (kept.code, kept.household, kept.staff) == (code, household, staff)
            };
            let kept = all.iter_mut().find(is_it);
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

    /// Takes out what the town hall answered so long ago that no kiosk shows it.
    pub(super) fn drop_old_bindings(&mut self, now: UnixMillis) {
        self.drop_settled(|at| now.since(at) >= SHOWN_MILLIS);
    }

    /// Takes out all that the town hall answered: an incident or a person is erased. What waits was promised to somebody.
    pub(super) fn erase_settled_bindings(&mut self) {
        self.drop_settled(|_at| true);
    }

    fn drop_settled(&mut self, is_over: impl Fn(UnixMillis) -> bool) {
        let is_over = |kept: &KeptBinding| kept.settled.is_some_and(|(_, at)| is_over(at));
        if !self.bindings.all.iter().any(is_over) {
            return;
        }
        let left = self.bindings.all.iter().filter(|kept| !is_over(kept)).copied().collect();
        if let Err(problem) = self.keep_bindings(left) {
            warn!(error = &problem as &dyn std::error::Error, "given televisions stay on the disk for now");
        }
    }

    fn keep_bindings(&mut self, all: Vec<KeptBinding>) -> Result<(), StoreError> {
        let Some(root) = self.bindings.root else { return Ok(()) };
        let kept = [root.as_slice(), &KeptBinding::all_to_bytes(&all)].concat();
        self.ledger.main_store().set_setting(SETTING, &kept)?;
        self.bindings.kept.retain(|code, _| all.iter().any(|kept| kept.code == *code));
        self.bindings.all = all;
        Ok(())
    }
}
