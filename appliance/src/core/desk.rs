//! One lane with its reader and what its kiosks show.

use hinamori_counter::Lane;
use hinamori_ipc::{
    Answer, AnswerId, Banner, CardData, ClockState, DiskState, LaneChange, LaneState, LinkState, ReaderState,
    Screen, SiteState, Status,
};
use hinamori_model::{CounterKind, Direction, LaneId, Mode, SiteKind, UnixMillis};
use hinamori_store_sqlite::{Looked, Store, StoreError};

use super::Core;
use super::audit::is_of_nobody_seen;
use super::staff::AtDesk;
use crate::config::LaneConfig;

/// See the module.
pub(super) struct Desk {
    pub(super) lane: Lane,
    pub(super) reader: ReaderState,
    pub(super) shown: LaneState,
    /// Who works here.
    pub(super) at: AtDesk,
    /// How often the person of the answer that is shown was looked at, as they may know it.
    looked: Option<(AnswerId, u32)>,
}

fn setting_name(lane: LaneId) -> String {
    format!("lane/{}", lane.0)
}

impl Desk {
    /// The lane as it was left, else as the configuration says.
    pub(super) fn open(config: &LaneConfig, site: SiteKind, store: &Store) -> Result<Self, StoreError> {
        let kept = store.setting(&setting_name(config.lane))?;
        let (counter, direction) = match kept.as_deref() {
            Some([counter, direction]) => {
                (CounterKind::from_code((*counter).into()), Direction::from_code((*direction).into()))
            }
            Some(_) | None => (None, None),
        };
        let by_site = match site {
            SiteKind::Shelter | SiteKind::CheckPoint | SiteKind::EmergencySite => CounterKind::Shelter,
            SiteKind::WatchSpot => CounterKind::Watch,
        };
        let counter = counter.or(config.counter).unwrap_or(by_site);
        let direction = direction.unwrap_or(Direction::Entrance);
        let lane = Lane::new(config.lane, site, counter, direction);
        let (at, looked) = (AtDesk::default(), None);
        Ok(Self { shown: nothing_yet(&lane), lane, reader: ReaderState::Missing, at, looked })
    }

    /// Keeps what the lane does.
    pub(super) fn keep(&self, store: &mut Store) -> Result<(), StoreError> {
        let kept = [self.lane.counter().code(), self.lane.direction().code()];
        store.set_setting(&setting_name(self.lane.id()), &kept)
    }
}

/// What nobody has seen: replaced before the first kiosk joins.
fn nothing_yet(lane: &Lane) -> LaneState {
    LaneState {
        banner: Banner {
            mode: Mode::DailyLife,
            incident: None,
            is_closed: false,
            site: String::new(),
            lane: lane.id(),
        },
        status: Status {
            reader: ReaderState::Missing,
            link: LinkState::NotEnrolled,
            disk: DiskState::Ok,
            clock: ClockState::Unsure,
            card_data: CardData::None,
            unsent: 0,
            received: None,
        },
        counter: lane.counter(),
        direction: lane.direction(),
        site: SiteState::Closed,
        here: 0,
        confirmed: 0,
        later: 0,
        asks_sign_in: false,
        staff: None,
        stick: None,
        alerts: None,
        screen: Screen::Idle,
    }
}

impl Core {
    /// Brings what a lane shows up to date; gives what changed.
    pub(super) fn refresh(&mut self, lane: LaneId, now: UnixMillis) -> Vec<LaneChange> {
        self.count_lookups(lane);
        let Some(next) = self.lane_state(lane, now) else { return Vec::new() };
        let Some(desk) = self.desks.get_mut(&lane) else { return Vec::new() };
        let changes = desk.shown.changes_to(&next);
        desk.shown = next;
        changes
    }

    fn lane_state(&self, lane: LaneId, now: UnixMillis) -> Option<LaneState> {
        let desk = self.desks.get(&lane)?;
        let mode = self.opening.mode();
        Some(LaneState {
            banner: Banner {
                mode,
                incident: self.incident_name(),
                is_closed: self.is_closed_by_headquarters(),
                site: self.town.site.name.clone(),
                lane,
            },
            status: Status {
                reader: desk.reader,
                link: self.uplink.state(self.town.is_enrolled()),
                disk: self.disk,
                clock: self.clock_state(now),
                card_data: self.card_data(now),
                unsent: self.tally.unsent,
                received: self.uplink.received,
            },
            counter: desk.lane.counter(),
            direction: desk.lane.direction(),
            site: self.opening.site(),
            here: match desk.lane.counter() {
                CounterKind::Shelter => self.tally.here,
                CounterKind::Watch => self.tally.watched,
            },
            confirmed: match desk.lane.counter() {
                CounterKind::Shelter => self.tally.confirmed,
                CounterKind::Watch => self.tally.watched,
            },
            later: self.tally.later,
            asks_sign_in: self.town.staff.is_asked_for(),
            staff: desk.at.shown(self.alarms, self.officer_standing(lane, now)),
            stick: self.stick.shown(),
            alerts: self.alerts_shown.for_lanes(),
            screen: match (desk.lane.screen().clone(), desk.looked) {
                (Screen::Answer(answer), Some((of, lookups))) if answer.id == of => {
                    Screen::Answer(Answer { lookups, ..answer })
                }
                (screen, _) => screen,
            },
        })
    }

    /// Counts who looked at the person of a new answer. Counted for everybody; of a hidden person only what there is of somebody never seen.
    fn count_lookups(&mut self, lane: LaneId) {
        let Some(desk) = self.desks.get(&lane) else { return };
        let Screen::Answer(answer) = desk.lane.screen() else { return };
        let id = answer.id;
        if desk.looked.is_some_and(|(of, _)| of == id) {
            return;
        }
        let visitor = desk.lane.visitor(id).ok().flatten();
        let counted = visitor.map(|visitor| {
            let looked = self.readable(self.lookups_of(visitor.person).map(Some), "who looked at a person");
            let shown = |looked: &&Looked| !visitor.is_hidden || is_of_nobody_seen(looked.action);
            let looked = looked.map_or(0, |looked| looked.iter().filter(shown).count());
            let looked = u32::try_from(looked).unwrap_or(u32::MAX);
            if visitor.shows_lookups() { looked } else { 0 }
        });
        if let Some(desk) = self.desks.get_mut(&lane) {
            desk.looked = Some((id, counted.unwrap_or(0)));
        }
    }
}
