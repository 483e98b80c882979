//! One lane: what both counters share. Answers and their time, taking back, the same card twice.
//!
//! The caller plans, writes, then completes: [`Lane::plan`] changes nothing; the facts of the [`Plan`] are
//! written durably as one action; only then [`Lane::complete`] moves the lane on. A new card takes over any
//! open panel at once: what was recorded stays.
//!
//! The kiosk alone sees every touch, so it is the one that ends panels ([`Command::Dismiss`], 12 s after the
//! last touch). The lane ends what nobody dismissed, so that no name stays on a screen whose kiosk is gone.

use hinamori_ipc::{Answer, AnswerId, AnswerKind, Command, Departure, HoldReason, Refusal, Screen};
use hinamori_model::{CounterKind, Direction, LaneId, PersonId, RecordId, SiteKind, UnixMillis};

use crate::attributes;
use crate::departure;
use crate::plan::{By, Input, Plan, Then, Written};
use crate::shelter::{self, Gate};
use crate::tap::{Tap, Visitor};
use crate::visit::{Offer, Visit};
use crate::watch;

/// How long an answer stays that asks nothing.
pub const ANSWER_HOLD_MILLIS: u64 = 2_000;
/// How long a panel that asks stays after its last touch.
pub const PANEL_HOLD_MILLIS: u64 = 12_000;
/// How long records can be taken back.
pub const UNDO_MILLIS: u64 = 30_000;
/// The same card on the same lane within this time is one tap.
pub const SAME_TAP_MILLIS: u64 = 5_000;

/// When nobody dismissed a panel: five times its time, because touches that only choose are not told to
/// the daemon, and a large family must not lose its panel.
const PANEL_ABANDONED_MILLIS: u64 = 5 * PANEL_HOLD_MILLIS;

/// One lane: what it does, and the answer on its screen.
#[derive(Debug, Clone)]
pub struct Lane {
    id: LaneId,
    site: SiteKind,
    counter: CounterKind,
    direction: Direction,
    screen: Screen,
    /// When the answer came to the screen.
    shown_at: UnixMillis,
    last_answer: AnswerId,
    visit: Option<Visit>,
}

impl Lane {
    /// An idle lane.
    pub const fn new(id: LaneId, site: SiteKind, counter: CounterKind, direction: Direction) -> Self {
        Self {
            id,
            site,
            counter,
            direction,
            screen: Screen::Idle,
            shown_at: UnixMillis::new(0),
            last_answer: AnswerId(0),
            visit: None,
        }
    }

    /// Which lane.
    pub const fn id(&self) -> LaneId {
        self.id
    }

    /// What fills the screen.
    pub const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// 業務
    pub const fn counter(&self) -> CounterKind {
        self.counter
    }

    /// 入口・出口
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Another incident is open from now on: whatever was on the screen is over. Without this a touch on a
    /// drill's panel, or taking it back, would be recorded in the live incident.
    pub fn incident_changed(&mut self) {
        self.clear();
    }

    /// The box stands at another site from now on: whatever was on the screen is over. Answers go on being
    /// numbered, or a kiosk would take the first one there for one that it has shown already.
    pub fn move_to(&mut self, site: SiteKind) {
        self.site = site;
        self.clear();
    }

    fn clear(&mut self) {
        self.screen = Screen::Idle;
        self.visit = None;
    }

    /// What `input` asks for.
    ///
    /// # Errors
    /// [`Refusal`] when a command does not fit the lane's state.
    pub fn plan(&self, input: Input, now: UnixMillis) -> Result<Plan, Refusal> {
        match input {
            Input::Tap(tap) => Ok(self.plan_tap(&tap, now)),
            Input::Nameless(_doubts) => {
                let step = match self.counter {
                    CounterKind::Shelter => shelter::nameless(self.gate()),
                    CounterKind::Watch => watch::nameless(),
                };
                Ok(Plan::begin(By::Card, true, step))
            }
            Input::NotRead(reason) => Ok(Plan::of(By::Card, Vec::new(), Then::HoldAgain(reason))),
            Input::Attributes(read) => {
                // They belong to the tap before them.
                self.visit.as_ref().filter(|visit| visit.card.is_some()).ok_or(Refusal::NotNow)?;
                Ok(Plan::next(attributes::read(read)))
            }
            Input::Declared(declared) => match self.counter {
                CounterKind::Shelter => {
                    let step = shelter::declared(self.gate(), &declared);
                    // When all of them were here already there is nothing to answer.
                    let is_new = !step.facts.is_empty();
                    is_new.then(|| Plan::begin(By::Touch, false, step)).ok_or(Refusal::NotNow)
                }
                CounterKind::Watch => Err(Refusal::NotNow),
            },
            Input::Command(command) => self.plan_command(command, now),
        }
    }

    fn plan_tap(&self, tap: &Tap, now: UnixMillis) -> Plan {
        let is_same_tap = |visit: &Visit| {
            let began = visit.began_at;
            visit.card == Some(tap.card) && now >= began && now.since(began) < SAME_TAP_MILLIS
        };
        if self.visit.as_ref().is_some_and(is_same_tap) {
            return Plan::of(By::Card, Vec::new(), Then::Repeat);
        }
        let step = match self.counter {
            CounterKind::Shelter => shelter::tap(self.gate(), tap, now),
            CounterKind::Watch => watch::tap(tap),
        };
        Plan::begin_with(tap, step)
    }

    fn plan_command(&self, command: Command, now: UnixMillis) -> Result<Plan, Refusal> {
        match command {
            Command::ConfirmHousehold { answer, members } => match self.offer(answer)? {
                Offer::Household(invited) => shelter::confirm(invited, &members).map(Plan::next),
                _ => Err(Refusal::NotNow),
            },
            Command::CountPeople { answer: Some(answer), adults, children, infants } => {
                match self.offer(answer)? {
                    Offer::Count => Ok(Plan::next(shelter::count(1, [adults, children, infants]))),
                    _ => Err(Refusal::NotNow),
                }
            }
            Command::CountPeople { answer: None, adults, children, infants } => {
                let step = shelter::count(0, [adults, children, infants]);
                match (self.counter, step.facts.is_empty()) {
                    (CounterKind::Shelter, false) => Ok(Plan::begin(By::Touch, false, step)),
                    _ => Err(Refusal::NotNow),
                }
            }
            Command::Undo { answer } => {
                let visit = self.visit.as_ref().filter(|visit| visit.answer == answer);
                let facts = visit.ok_or(Refusal::AnswerIsOver)?.undo(now)?;
                Ok(Plan::of(By::Touch, facts, Then::Undone))
            }
            Command::Leave { answer, leaving } => {
                departure::leave(self.offer(answer)?, leaving, now).map(Plan::next)
            }
            Command::LeavingTo { answer, destination, companions } => {
                departure::leaving_to(self.offer(answer)?, destination, &companions, now).map(Plan::next)
            }
            Command::Dismiss { answer } => match &self.screen {
                Screen::Answer(shown) if shown.id == answer => Ok(Plan::touch(Then::Dismiss)),
                Screen::Answer(_) | Screen::Idle => Err(Refusal::AnswerIsOver),
            },
            Command::SwitchCounter(counter) => Ok(Plan::touch(Then::Counter(counter))),
            Command::SetDirection(Direction::Exit) if self.site == SiteKind::CheckPoint => {
                Err(Refusal::NotNow)
            }
            Command::SetDirection(direction) => Ok(Plan::touch(Then::Direction(direction))),
            Command::WatchConsent { answer, agreed } => {
                let agreement = watch::consent(self.offer(answer)?)?;
                Ok(if agreed { Plan::next(agreement) } else { Plan::touch(Then::End) })
            }
            Command::WatchMood { answer, mood } => watch::mood(self.offer(answer)?, mood).map(Plan::next),
            Command::ConfirmCandidate { answer, person } => match (self.offer(answer)?, person) {
                (offer, Some(person)) => attributes::confirm(offer, person).map(Plan::next),
                (Offer::Candidates { .. }, None) => Ok(Plan::touch(Then::Dismiss)),
                (_, None) => Err(Refusal::NotNow),
            },
            // The caller's.
            _ => Err(Refusal::NotNow),
        }
    }

    /// Whose card brought the answer that is on the screen; `None` for heads that were counted, and for people of whom
    /// somebody said that they are here.
    ///
    /// # Errors
    /// [`Refusal::AnswerIsOver`] when it is not there any more.
    pub fn visitor(&self, answer: AnswerId) -> Result<Option<Visitor>, Refusal> {
        match (&self.screen, &self.visit) {
            (Screen::Answer(shown), Some(visit)) if shown.id == answer && visit.answer == answer => {
                Ok(visit.visitor)
            }
            (Screen::Answer(shown), _) if shown.id == answer => Ok(None),
            _ => Err(Refusal::AnswerIsOver),
        }
    }

    /// What may be touched beside `answer`, which must be on the screen.
    fn offer(&self, answer: AnswerId) -> Result<&Offer, Refusal> {
        match (&self.screen, &self.visit) {
            (Screen::Answer(shown), Some(visit)) if shown.id == answer && visit.answer == answer => {
                Ok(&visit.offer)
            }
            (Screen::Answer(shown), _) if shown.id == answer => Err(Refusal::NotNow),
            _ => Err(Refusal::AnswerIsOver),
        }
    }

    /// Whose visit `answer` belongs to, which must be on the screen.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for a visit of nobody who can be told again, [`Refusal::AnswerIsOver`] for another answer.
    pub fn holder(&self, answer: AnswerId) -> Result<PersonId, Refusal> {
        self.visitor(answer)?.map(|visitor| visitor.person).ok_or(Refusal::NotNow)
    }

    /// How the holder of the card of `answer` leaves, which must be on the screen, and the record that says so.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] when the answer is about nobody who leaves, [`Refusal::AnswerIsOver`] for another answer.
    pub fn leaver(&self, answer: AnswerId) -> Result<(PersonId, Departure, RecordId), Refusal> {
        let person = self.holder(answer)?;
        let visit = self.visit.as_ref().ok_or(Refusal::NotNow)?;
        let AnswerKind::Left { departure, .. } = &visit.kind else { return Err(Refusal::NotNow) };
        // The first one: whatever is said of the departure afterwards is about the same leaving.
        let record = visit.records.first().ok_or(Refusal::NotNow)?;
        Ok((person, *departure, *record))
    }

    /// More was recorded for the visit of `answer`, and the answer stays: taking the visit back takes this back too.
    pub fn wrote(&mut self, answer: AnswerId, records: Vec<RecordId>) {
        if let Some(visit) = self.visit.as_mut().filter(|visit| visit.answer == answer) {
            visit.records.extend(records);
        }
    }

    const fn gate(&self) -> Gate {
        Gate::of(self.site, self.direction)
    }

    /// Moves on after the facts of `plan` were written, or not. When they were not, nothing is
    /// remembered: the same card can be held again at once.
    pub fn complete(&mut self, plan: Plan, written: Written, now: UnixMillis) {
        let Plan { facts, by, then } = plan;
        match (written, by) {
            (Written::Durable(records), _) if records.len() == facts.len() => {
                self.move_on(then, records, now);
            }
            (Written::Failed(reason), By::Card) => self.hold_again(reason, now),
            (Written::Durable(_), By::Card) => self.hold_again(HoldReason::DiskFailing, now),
            (Written::Failed(_) | Written::Durable(_), By::Touch) => {}
        }
    }

    fn move_on(&mut self, then: Then, records: Vec<RecordId>, now: UnixMillis) {
        match then {
            Then::Begin { card, visitor, doubt, kind, offer } => {
                let (answer, began_at) = (self.next_answer(), now);
                let undo_until = (!records.is_empty()).then(|| now.plus(UNDO_MILLIS));
                self.visit =
                    Some(Visit { card, visitor, began_at, answer, kind, offer, doubt, records, undo_until });
                self.show_visit(now);
            }
            Then::Continue { kind, offer } => {
                let answer = self.next_answer();
                if let Some(visit) = &mut self.visit {
                    if !records.is_empty() {
                        visit.undo_until = Some(now.plus(UNDO_MILLIS));
                    }
                    visit.records.extend(records);
                    (visit.answer, visit.kind, visit.offer) = (answer, kind, offer);
                }
                self.show_visit(now);
            }
            Then::Repeat => self.repeat(now),
            Then::HoldAgain(reason) => self.hold_again(reason, now),
            Then::Undone => {
                self.visit = None;
                let id = self.next_answer();
                self.show(Answer {
                    id,
                    at: now,
                    kind: AnswerKind::Undone,
                    doubt: false,
                    undo_until: None,
                    lookups: 0,
                    asks_needs: false,
                });
            }
            Then::Dismiss => self.screen = Screen::Idle,
            Then::End => self.clear(),
            Then::Counter(counter) => {
                self.counter = counter;
                self.clear();
            }
            Then::Direction(direction) => {
                self.direction = direction;
                self.clear();
            }
        }
    }

    /// The answer of this tap stays; if it left the screen already, it is shown once more.
    fn repeat(&mut self, now: UnixMillis) {
        let Some(visit) = &self.visit else { return };
        if !matches!(&self.screen, Screen::Answer(shown) if shown.id == visit.answer) {
            let answer = self.next_answer();
            if let Some(visit) = &mut self.visit {
                visit.answer = answer;
            }
            self.show_visit(now);
        }
    }

    /// Covers the screen and leaves the visit: a card that is taken away slowly is often read twice.
    fn hold_again(&mut self, reason: HoldReason, now: UnixMillis) {
        let (id, kind) = (self.next_answer(), AnswerKind::HoldAgain { reason });
        self.show(Answer {
            id,
            at: now,
            kind,
            doubt: false,
            undo_until: None,
            lookups: 0,
            asks_needs: false,
        });
    }

    fn show_visit(&mut self, now: UnixMillis) {
        if let Some(Visit { answer: id, kind, doubt, undo_until, card, .. }) = &self.visit {
            let (id, kind, doubt, undo_until) = (*id, kind.clone(), *doubt, *undo_until);
            // At a check-point nobody stops for questions.
            let asks_needs = matches!(kind, AnswerKind::Welcome { .. })
                && self.site != SiteKind::CheckPoint
                && card.is_some();
            self.show(Answer { id, at: now, kind, doubt, undo_until, lookups: 0, asks_needs });
        }
    }

    fn show(&mut self, answer: Answer) {
        self.shown_at = answer.at;
        self.screen = Screen::Answer(answer);
    }

    const fn next_answer(&mut self) -> AnswerId {
        self.last_answer = AnswerId(self.last_answer.0.saturating_add(1));
        self.last_answer
    }

    /// Time passed: what is over leaves the screen, then the memory.
    pub fn tick(&mut self, now: UnixMillis) {
        // After a clock that stepped back, time begins anew instead of standing still.
        self.shown_at = self.shown_at.min(now);
        let is_over = |lane: &Self| lane.due().is_some_and(|due| due <= now);
        if matches!(self.screen, Screen::Answer(_)) && is_over(self) {
            self.screen = Screen::Idle;
        }
        if self.screen == Screen::Idle && is_over(self) {
            self.visit = None;
        }
    }

    /// When [`Lane::tick`] will change something, if at all.
    pub fn due(&self) -> Option<UnixMillis> {
        match &self.screen {
            Screen::Answer(answer) => Some(self.shown_at.plus(hold_millis(answer))),
            Screen::Idle => self.visit.as_ref().map(Visit::forget_at),
        }
    }
}

/// もう一度 offers the ways without a card beside it, so its panel stays like one that asks.
const fn hold_millis(answer: &Answer) -> u64 {
    match answer.kind {
        AnswerKind::HoldAgain { .. } => PANEL_ABANDONED_MILLIS,
        _ if answer.asks() => PANEL_ABANDONED_MILLIS,
        _ => ANSWER_HOLD_MILLIS,
    }
}

#[cfg(test)]
mod tests;
