//! The core: one thread that owns keys, databases, lanes and the sync session. Everything else sends it
//! events and never waits for it longer than one commit takes.
//!
//! The order of a tap is the second law: [`hinamori_counter::Lane::plan`] says what to record, [`Ledger::write`] returns after
//! the disk has it, [`hinamori_counter::Lane::complete`] gives the answer, [`Core::publish`] sends it. What can wait (seals,
//! the server, checkpoints) is done when no event waits.

mod alerts;
mod attributes;
mod audit;
mod bindings;
mod bundle;
mod care;
mod care_entry;
mod closing;
mod desk;
mod drill_end;
mod hiding;
mod key_exchange;
mod lists;
mod neighbours;
mod officers;
mod own_shelter;
mod passes;
mod people;
mod profile;
mod retention;
mod revocation;
mod roster;
mod site;
mod slip;
mod staff;
mod stick;
mod tally;
mod tapped;
mod televisions;
mod uplink;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::time::{Duration, Instant};

use hinamori_card_pcsc::ReaderEvent;
use hinamori_counter::{Input, Opening, Plan, RecentTaps, Written};
use hinamori_ipc::{
    BuildingAnswer, Command, DiskState, HoldReason, PROTOCOL, ReaderState, Refusal, StickState, ToKiosk,
};
use hinamori_model::{
    BoxId, CounterKind, IncidentId, LaneId, Mode, PersonId, Right, SiteId, StaffId, UnixMillis,
};
use hinamori_people::RosterIndex;
use hinamori_pki::TestHierarchies;
use hinamori_record::{Building, Fact, Period};
use hinamori_store_sqlite::{DrillWatch, KeyTable, Store, StoreError};
use hinamori_sync::Battery;
use tracing::{error, info, warn};

use crate::alerts::BoxAlerts;
use crate::attributes::issuers_of;
use crate::checks::{CheckedTap, Reading};
use crate::clock::{self, HallClock};
use crate::config::Config;
use crate::keys::{self, Keys};
use crate::kiosk::{KioskEvent, KioskId, Outbox};
use crate::ledger::{Ledger, Place};
use crate::link::LinkEvent;
use crate::lists::{Keeper, ListEvent, Lists, Shown};
use crate::own_time::{OwnTimes, TapLog};
use crate::roster::RosterEvent;
use crate::status::Report;
use crate::town::Town;
use alerts::AlertsShown;
use audit::ReadLately;
use bindings::Bindings;
pub use bundle::{BundleError, Imported};
pub(crate) use bundle::{BundleTask, Exported, LONGEST_HERE};
use bundle::{Export, Import};
use closing::Closing;
use desk::Desk;
use hiding::Register;
use neighbours::Neighbours;
pub(crate) use neighbours::{Dialler, NeighbourEvent};
use officers::Officers;
use roster::People;
use staff::Purpose;
use stick::Stick;
use tally::Tally;
use televisions::Screens;
use uplink::Uplink;

/// Events that wait for the core. Readers and kiosks wait when it is full.
const INBOX: usize = 256;
/// Longest wait without looking at the time.
const LONGEST_NAP: Duration = Duration::from_secs(30);
/// While the disk takes nothing, try again this often.
const DISK_AGAIN: Duration = Duration::from_secs(5);
/// Bytes of write-ahead log from which it is moved into the database when nobody waits.
const LONG_LOG: u64 = 16 << 20;
/// Bytes: what a tap and its page of the database take, many times over.
const DISK_PROBE: usize = 64 << 10;
const MODE: &str = "mode";
const DISK: &str = "disk";

/// Everything that the core hears of.
#[derive(Debug)]
pub(crate) enum Event {
    Reader(Box<ReaderEvent<Reading>>),
    Kiosk(KioskEvent),
    Link(LinkEvent),
    Neighbour(NeighbourEvent),
    Bundle(BundleTask),
    /// There is something to say of televisions.
    Televisions,
    /// How it stands with sticks.
    Stick(StickState),
    /// The battery is another one, or there is none.
    Battery(Option<Battery>),
    Lists(ListEvent),
    Roster(RosterEvent),
    /// A new index of the roster, and whom records hid when it was made.
    RosterIndex(Box<(Result<RosterIndex, StoreError>, BTreeSet<PersonId>)>),
    /// Somebody asks how the box is.
    Status(Sender<Report>),
    /// The daemon is to end.
    Stop,
}

/// The way to the core.
#[derive(Debug, Clone)]
pub(crate) struct Inbox(SyncSender<Event>);

impl Inbox {
    /// Hands an event over, waiting for room. `false` when the core is gone.
    #[must_use]
    pub(crate) fn send(&self, event: Event) -> bool {
        self.0.send(event).is_ok()
    }

    /// Says that there is something, to whoever looks for it anyway: where there is no room, it is looked for soon.
    pub(crate) fn nudge(&self, event: Event) {
        self.0.try_send(event).ok();
    }

    /// Asks something and waits for the answer. `None` when none came in this time, or the core is gone.
    pub(crate) fn ask<T>(&self, within: Duration, ask: impl FnOnce(Sender<T>) -> Event) -> Option<T> {
        let (sender, answer) = channel();
        self.send(ask(sender)).then(|| answer.recv_timeout(within).ok()).flatten()
    }
}

/// A new inbox and its end.
pub(crate) fn inbox() -> (Inbox, Receiver<Event>) {
    let (sender, receiver) = sync_channel(INBOX);
    (Inbox(sender), receiver)
}

/// Why the core cannot begin. The installer has to look.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or folder of the box.
    #[error("{what} cannot be used")]
    File {
        /// Which.
        what: &'static str,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A database.
    #[error("the databases cannot be opened")]
    Store(#[from] StoreError),
}

/// See the module.
pub(crate) struct Core {
    config: Config,
    tests: TestHierarchies,
    own: BoxId,
    keys: Keys,
    town: Town,
    directory: Register,
    roster: People,
    ledger: Ledger,
    person_keys: KeyTable,
    /// For whom a key is made when nobody waits: something may be written down of them next.
    key_awaited: Option<PersonId>,
    closing: Closing,
    checks: Arc<CheckedTap>,
    opening: Opening,
    /// The incident that is open: it stays itself when the town's package names others. `None` in daily life.
    open: Option<IncidentId>,
    /// While a drill is open: from when on its end in earnest is listened for.
    drill_watch: Option<DrillWatch>,
    desks: BTreeMap<LaneId, Desk>,
    recent: RecentTaps,
    kiosks: BTreeMap<KioskId, (LaneId, Outbox)>,
    /// Whose command is carried out now.
    asking: Option<KioskId>,
    /// Whom staff saw lately.
    read_lately: BTreeMap<Option<StaffId>, ReadLately>,
    /// Alarms of this site that a leader should see.
    alarms: u32,
    alerts: BoxAlerts,
    alerts_shown: AlertsShown,
    screens: Screens,
    bindings: Bindings,
    hall_clock: HallClock,
    officers: Officers,
    uplink: Uplink,
    neighbours: Neighbours,
    import: Option<Import>,
    export: Option<Export>,
    stick: Stick,
    /// The lists' keeper until its thread begins, and the way to it.
    lists: Option<Lists>,
    keeper: Keeper,
    /// What the keeper said last.
    held: Shown,
    /// The keeper had no room to hear of the town.
    town_untold: bool,
    /// The newest time that the server signed.
    server_time: UnixMillis,
    tally: Tally,
    battery: Option<Battery>,
    disk: DiskState,
    disk_tried: Instant,
    own_times: OwnTimes,
    taps: u64,
    tap_log: Option<TapLog>,
    /// When it was looked last whether old days may go.
    old_days_at: Option<Instant>,
}

impl Core {
    /// Opens everything that the box has.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) fn open(config: Config) -> Result<Self, StartError> {
        let now = clock::wall();
        let keys = keys::load_or_make(&config.data)
            .map_err(|source| StartError::File { what: "the folder of the box's data", source })?;
        let own = keys.seal.box_id();
        let tests = config.test_hierarchies.into();
        let town = Town::local(&keys.local, tests);
        let mut ledger = Ledger::open(&config.data, own, now)?;
        if let Err(problem) = ledger.name(None, &town.incidents, &[]) {
            warn!(error = &problem as &dyn std::error::Error, "the made-up town's incidents are not kept");
        }
        let person_keys = KeyTable::open(&config.data.join("keys.sqlite"), &keys.table)?;
        let (directory, roster) = roster::open(&config.data)?;
        let tap_log = config.tap_log.as_deref().map(TapLog::create).transpose();
        let tap_log = tap_log.map_err(|source| StartError::File { what: "the tap log", source })?;
        let (mode, open, watch) = stored_mode(ledger.main_store())?;
        let drill_watch = watch.or_else(|| (mode == Mode::Drill).then(|| drill_end::watch(&ledger, now)));
        let (lists, keeper) = open_lists(&config.data);
        // People are received without lists too, and then nothing is said of any card.
        let held = Shown { is_unreadable: lists.is_none(), ..Shown::default() };
        let server_time = stored_time(ledger.main_store())?;
        let screens = Screens::open(&config, &keys.table);
        let mut core = Self {
            checks: Arc::new(CheckedTap::new(
                Arc::clone(&town.checks),
                issuers_of(&config.attribute_issuers),
            )),
            uplink: Uplink::new(),
            neighbours: Neighbours::default(),
            import: None,
            export: None,
            stick: Stick::default(),
            lists,
            keeper,
            held,
            town_untold: false,
            server_time,
            opening: Opening::new(mode, None),
            open,
            drill_watch,
            desks: BTreeMap::new(),
            recent: RecentTaps::default(),
            kiosks: BTreeMap::new(),
            asking: None,
            read_lately: BTreeMap::new(),
            alarms: 0,
            alerts: BoxAlerts::new(&config.data),
            alerts_shown: AlertsShown::default(),
            screens,
            bindings: Bindings::default(),
            hall_clock: HallClock::default(),
            officers: Officers::new(&config.data),
            tally: Tally::default(),
            battery: None,
            disk: DiskState::Ok,
            disk_tried: Instant::now(),
            own_times: OwnTimes::default(),
            taps: 0,
            tap_log,
            old_days_at: None,
            config,
            tests,
            own,
            keys,
            town,
            directory: Register::new(directory),
            roster,
            ledger,
            person_keys,
            key_awaited: None,
            closing: Closing::default(),
        };
        core.open_town(now);
        core.stand_where_it_stood();
        for lane in core.config.lanes.clone() {
            let desk = Desk::open(&lane, core.town.site.kind, core.ledger.main_store())?;
            core.desks.insert(lane.lane, desk);
        }
        core.reread(now);
        core.join_known_cards(now);
        for lane in core.lane_ids() {
            core.refresh(lane, now);
        }
        Ok(core)
    }

    /// Which box this is.
    pub(crate) const fn own_id(&self) -> BoxId {
        self.own
    }

    /// The work at the readers, which checks against what the core knows.
    pub(crate) fn checked_tap(&self) -> Arc<CheckedTap> {
        Arc::clone(&self.checks)
    }

    /// Lets the lists' keeper work.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start_lists(&mut self, to_core: Inbox) -> std::io::Result<()> {
        self.lists.take().map_or(Ok(()), |lists| lists.start(to_core))
    }

    /// Serves until it is told to stop. Whoever still hands it an event then hears that it is gone.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "dropped at the end: a full inbox must not hold anybody"
    )]
    pub(crate) fn run(mut self, events: Receiver<Event>) {
        let mut is_idle = false;
        loop {
            let event = match events.try_recv() {
                Ok(event) => Some(event),
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) if !is_idle => {
                    is_idle = true;
                    self.while_nobody_waits();
                    continue;
                }
                Err(TryRecvError::Empty) => match events.recv_timeout(self.nap()) {
                    Ok(event) => Some(event),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                },
            };
            is_idle = false;
            if let Some(Event::Stop) = event {
                break;
            }
            let now = clock::wall();
            if let Some(event) = event {
                self.handle(event, now);
            }
            self.tick(now);
            self.publish(now);
        }
        self.end();
    }

    fn handle(&mut self, event: Event, now: UnixMillis) {
        match event {
            Event::Reader(event) => self.reader_event(*event, now),
            Event::Kiosk(event) => self.kiosk_event(event, now),
            Event::Link(event) => self.link_event(event, now),
            Event::Neighbour(event) => self.neighbour_event(event, now),
            Event::Bundle(task) => self.bundle_task(task),
            Event::Stick(state) => self.stick.heard(state),
            Event::Battery(battery) => self.battery = battery,
            Event::Lists(event) => self.list_event(event),
            Event::Roster(event) => self.roster_event(event, now),
            Event::RosterIndex(made) => {
                let (index, hidden) = *made;
                self.take_index(index, &hidden, now);
            }
            Event::Status(answer) => {
                // Whoever asked may have given up.
                answer.send(self.report()).ok();
            }
            // It is looked for when nobody waits.
            Event::Televisions | Event::Stop => {}
        }
    }

    fn reader_event(&mut self, event: ReaderEvent<Reading>, now: UnixMillis) {
        let (reader, state) = match event {
            ReaderEvent::Tap { reader, outcome, last_byte } => {
                if let Some(lane) = self.config.lane_of(&reader.0) {
                    self.tapped(lane, outcome, last_byte, now);
                }
                return;
            }
            ReaderEvent::Removed(_) => return,
            ReaderEvent::Appeared(reader) => (reader, ReaderState::Ready),
            ReaderEvent::Gone(reader) => (reader, ReaderState::Missing),
            ReaderEvent::Stuck(reader) => (reader, ReaderState::Stuck),
        };
        let desk = self.config.lane_of(&reader.0).and_then(|lane| self.desks.get_mut(&lane));
        if let Some(desk) = desk {
            desk.reader = state;
        }
    }

    fn kiosk_event(&mut self, event: KioskEvent, now: UnixMillis) {
        match event {
            KioskEvent::Joined { kiosk, lane, out } => {
                let Some(desk) = self.desks.get(&lane) else {
                    warn!(lane = lane.0, "a kiosk asks for a lane that this box does not have");
                    return;
                };
                let greeted = out
                    .send(&ToKiosk::Hello { protocol: PROTOCOL })
                    .and_then(|()| out.send(&ToKiosk::Snapshot(Box::new(desk.shown.clone()))));
                if greeted.is_ok() {
                    self.kiosks.insert(kiosk, (lane, out));
                }
            }
            KioskEvent::Left { kiosk } => {
                // Nobody sees any more that a card is waited for.
                if let Some((lane, _)) = self.kiosks.remove(&kiosk) {
                    self.forget_secret(lane);
                    self.await_nobody(lane);
                }
            }
            KioskEvent::Command { kiosk, command } => {
                let Some((lane, _)) = self.kiosks.get(&kiosk) else { return };
                let lane = *lane;
                self.asking = Some(kiosk);
                let reply = match self.command(lane, command, now) {
                    Ok(reply) => reply,
                    Err(refusal) => Some(ToKiosk::Refused(refusal)),
                };
                self.asking = None;
                // What a command changed goes out first: a kiosk sees the answer, then what was refused.
                self.publish(now);
                if let Some(reply) = reply {
                    self.tell(kiosk, &reply);
                }
            }
        }
    }

    /// Does what somebody touched; gives what is told to that kiosk alone.
    fn command(
        &mut self,
        lane: LaneId,
        command: Command,
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, Refusal> {
        // A kiosk dismisses a panel by itself; the touch after a card is about that card.
        if !matches!(command, Command::Dismiss { .. } | Command::ConfirmTelevision) {
            self.forget_secret(lane);
            self.await_nobody(lane);
        }
        self.admit(lane, &command, now)?;
        if !matches!(command, Command::Search { .. } | Command::Dismiss { .. }) {
            self.write_down_search(lane, audit::chosen(&command), now);
        }
        let reason = audit::given_reason(&command);
        let reply = self.carry(lane, command, now)?;
        if let Some(reply) = &reply {
            self.note_look(lane, reason, reply, now)?;
        }
        Ok(reply)
    }

    fn carry(&mut self, lane: LaneId, command: Command, now: UnixMillis) -> Result<Option<ToKiosk>, Refusal> {
        match command {
            Command::SignIn { pin } => self.await_holder(lane, Purpose::SignIn, pin, now).map(|()| None),
            Command::SignInWithPass { code, number } => {
                self.sign_in_with_pass(lane, &code, number.as_ref(), now)
            }
            Command::OpenWithoutStaff => self.open_without_staff(lane, now).map(|()| None),
            Command::SignOut => {
                self.end_session(lane, now);
                Ok(None)
            }
            Command::IssuePass { role, days } => self.issue_pass(lane, role, days, now).map(Some),
            Command::ShowLookups { answer } => self.show_lookups(lane, answer).map(Some),
            Command::AskForRoom { answer } => self.ask_for_room(lane, answer, now).map(|()| None),
            Command::Hide { person } => self.hide(lane, person, now).map(Some),
            Command::LiftHiding { pin } => {
                // Without somebody who answers for it, no card is waited for.
                self.staff_at(lane).ok_or(Refusal::SignIn)?;
                self.await_holder(lane, Purpose::LiftHiding, Some(pin), now).map(|()| None)
            }
            Command::HandOver { pin } => {
                let from = self.staff_at(lane).ok_or(Refusal::SignIn)?;
                self.await_holder(lane, Purpose::HandOver { from }, Some(pin), now).map(|()| None)
            }
            Command::ReadAttributes { secret } => self.expect_attributes(lane, &secret).map(|()| None),
            Command::ShowLeaderList => Ok(Some(ToKiosk::LeaderList(self.leader_list()))),
            Command::ShowWatchList => Ok(Some(ToKiosk::WatchList(self.watch_list(now)))),
            Command::OpenIncident { .. } | Command::EndDrill { .. } | Command::AnswerBuilding { .. } => {
                self.change_incident(lane, &command, now).map(|()| None)
            }
            Command::Badge { code } => self.badge(lane, &code, now).map(|()| None),
            Command::Search { query } => self.search(query).map(Some),
            Command::CheckIn { people } => self.declare(lane, None, &people, now).map(|()| None),
            Command::GiveName { nameless, person } => self.give_name(lane, nameless, person, now).map(Some),
            Command::Register { nameless, kind } => self.register(lane, nameless, kind, now).map(Some),
            Command::ToldElsewhere { people } => self.told_elsewhere(lane, &people, now).map(|()| None),
            Command::ShowDistricts => self.districts().map(Some),
            Command::ShowGroup { district, group } => self.group(district, group).map(Some),
            Command::DeclareGroup { leader, present } => {
                self.declare_group(lane, leader, &present, now).map(|()| None)
            }
            Command::ShowNotArrived { district, from } => self.not_arrived(district, from).map(Some),
            Command::ShowStays => self.stays(now).map(Some),
            Command::ConfirmStays { people } => self.confirm_stays(lane, &people, now).map(Some),
            Command::CloseRollCall { since } => self.close_roll_call(lane, since, now).map(Some),
            Command::TellNeeds { answer, needs } => self.tell_needs(lane, answer, &needs, now).map(Some),
            Command::ShowCareList => self.care_list(lane, now).map(Some),
            Command::ShowCarePerson { person, reason: _ } => self.care_person(lane, person, now).map(Some),
            Command::WriteDown { person, entry } => {
                let shown = self.write_down(lane, person, entry, now)?;
                // Whoever may write down a telephone number does not read health data by it.
                Ok(Some(if self.opens(lane, Right::Health) { shown } else { ToKiosk::Done }))
            }
            Command::LeavePhone { answer, phone } => self.leave_phone(lane, answer, phone, now).map(Some),
            Command::ShowSlip { answer } => self.show_slip(lane, answer).map(Some),
            Command::ShowHeadCounts => self.head_counts().map(Some),
            Command::NameHeads { of, adults, children, infants } => {
                self.name_heads(lane, of, [adults, children, infants], now).map(Some)
            }
            Command::ShowConflicts => self.conflicts().map(Some),
            Command::Settle { person, site } => {
                self.settle(lane, person, site, self.staff_at(lane), now).map(Some)
            }
            Command::ShowAssessment => self.assessment(now).map(Some),
            Command::Assess { grades } => self.assess(lane, grades, self.staff_at(lane), now).map(Some),
            Command::ExchangeStick => self.exchange_stick(lane, now).map(|()| None),
            Command::ShowAlertDesk => self.alert_desk(lane, now).map(Some),
            Command::DraftAlert { wanted } => self.draft_alert(lane, &wanted, now).map(Some),
            Command::SignAlert { draft, pin } => self.await_officer_s_signature(lane, &draft, pin, now),
            Command::DropAlert { draft } => self.drop_alert(lane, &draft, now).map(Some),
            Command::MakeOfficerKeys { pin } => self.await_officer_keys(lane, pin, now).map(|()| None),
            Command::ShowTelevisions => Ok(Some(self.televisions_given())),
            Command::BindTelevision { code } => self.await_television(lane, code, now).map(|()| None),
            Command::ConfirmTelevision => self.confirm_television(lane, now).map(Some),
            Command::TestOfficerKeys { pin } => self.await_officer_s_test(lane, pin, now),
            Command::OpenOwnShelter { name } => self.open_own_shelter(lane, &name, now).map(|()| None),
            command => {
                let setting = matches!(command, Command::SwitchCounter(_) | Command::SetDirection(_));
                self.act(lane, Input::Command(command), now)?;
                if setting {
                    self.keep_lane(lane);
                }
                Ok(None)
            }
        }
    }

    /// An incident begins or ends, or the site is opened.
    fn change_incident(&mut self, lane: LaneId, command: &Command, now: UnixMillis) -> Result<(), Refusal> {
        let building = |mode| self.building(mode);
        let plan = self.opening.plan(command, building)?;
        let mode = plan.then.mode();
        let incident = self.incident(mode);
        if mode != self.opening.mode() {
            // Their last records stand where they worked.
            self.end_sessions(now);
        }
        if plan.ends_drill_everywhere {
            self.tell_of_drill_end(lane, now)?;
        }
        let written = if plan.facts.is_empty() {
            let watch = (mode == Mode::Drill).then(|| drill_end::watch(&self.ledger, now));
            self.keep_open(mode, incident, watch).map_err(|problem| {
                error!(error = &problem as &dyn std::error::Error, "the incident could not be changed");
                HoldReason::DiskFailing
            })
        } else {
            self.write(incident, lane, &plan.facts, now).map(|_records| ())
        };
        self.note_disk(written.err());
        if written.is_err() {
            return Err(Refusal::Disk);
        }
        self.enter(plan.then, incident, now);
        Ok(())
    }

    /// From now on this is open.
    fn enter(&mut self, opening: Opening, incident: IncidentId, now: UnixMillis) {
        let mode = opening.mode();
        let is_other_world = mode != self.opening.mode();
        self.opening = opening;
        self.open = (mode != Mode::DailyLife).then_some(incident);
        if is_other_world {
            info!(?mode, "another incident is open");
            // A shelter of a drill is none in earnest, and in daily life there is none.
            self.return_to_granted_site();
            self.desks.values_mut().for_each(|desk| desk.lane.incident_changed());
            // What was known in a drill says nothing in earnest, also until the new index is ready.
            self.roster.drop_index();
            self.renew_index(now);
        }
        self.renew_hidden(now);
        // The box may stand elsewhere now.
        self.reread(now);
    }

    fn building(&self, mode: Mode) -> Option<BuildingAnswer> {
        let incident = self.counts_as(self.incident(mode));
        let answer = self.ledger.store(incident).building(incident, self.town.site.id);
        match answer {
            Ok(answer) => answer.map(|building| match building {
                Building::NothingSeen => BuildingAnswer::NothingSeen,
                Building::SomethingOrUnsure => BuildingAnswer::SomethingOrUnsure,
            }),
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "the building's answer cannot be read");
                None
            }
        }
    }

    /// Plans, writes, completes: what every tap and every touch goes through.
    fn act(&mut self, lane: LaneId, input: Input, now: UnixMillis) -> Result<Done, Refusal> {
        let desk = self.desks.get(&lane).ok_or(Refusal::NotNow)?;
        let plan: Plan = desk.lane.plan(input, now)?;
        let facts = plan.facts().to_vec();
        let incident = self.incident_of(desk.lane.counter());
        let written = if facts.is_empty() { Ok(Vec::new()) } else { self.write(incident, lane, &facts, now) };
        let committed = Instant::now();
        if !facts.is_empty() {
            self.note_disk(written.as_ref().err().copied());
        }
        let failed = written.as_ref().err().copied();
        if let Some(desk) = self.desks.get_mut(&lane) {
            desk.lane.complete(plan, written.map_or_else(Written::Failed, Written::Durable), now);
        }
        match failed {
            Some(_) => Err(Refusal::Disk),
            None => {
                self.count(incident, &facts, now);
                self.await_key(lane);
                Ok(Done { committed })
            }
        }
    }

    fn write(
        &mut self,
        incident: IncidentId,
        lane: LaneId,
        facts: &[Fact],
        now: UnixMillis,
    ) -> Result<Vec<hinamori_model::RecordId>, HoldReason> {
        let written = self.ledger.write(self.place(incident, lane, now), facts, now);
        if written.is_ok() {
            self.note_own_change(incident);
            if facts.iter().any(hiding::may_hide) {
                self.renew_hidden(now);
            }
        }
        written.map_err(|problem| problem.reason())
    }

    fn place(&self, incident: IncidentId, lane: LaneId, now: UnixMillis) -> Place {
        let clock = clock::state(now, self.town.checks.time.not_before(now));
        Place { incident, site: self.town.site.id, lane, clock }
    }

    fn note_disk(&mut self, failed: Option<HoldReason>) {
        self.disk_tried = Instant::now();
        self.disk = match failed {
            None => DiskState::Ok,
            Some(HoldReason::DiskFull) => DiskState::Full,
            Some(_) => DiskState::Failing,
        };
    }

    /// A watch record belongs to daily life, also while an incident is open; a drill's stays in the drill.
    fn incident_of(&self, counter: CounterKind) -> IncidentId {
        match (self.opening.mode(), counter) {
            (Mode::Live, CounterKind::Watch) => self.incident(Mode::DailyLife),
            (mode, CounterKind::Shelter | CounterKind::Watch) => self.incident(mode),
        }
    }

    /// The incident that is open now.
    fn open_incident(&self) -> IncidentId {
        self.incident(self.opening.mode())
    }

    /// The one in which its records count: what is shown is read there.
    fn shown_incident(&self) -> IncidentId {
        self.counts_as(self.open_incident())
    }

    /// The incident in which an incident's records of this site count from now on, by headquarters' word. The box's clock goes on after
    /// the reading of the ruling, so that no splitting lies ahead of it.
    fn counts_as(&self, incident: IncidentId) -> IncidentId {
        let rulings = self.ledger.store(incident).rulings();
        rulings.counts_in(incident, self.site(), UnixMillis::new(u64::MAX))
    }

    /// An incident, and those of which something counts in it.
    fn counted_together(&self, incident: IncidentId) -> BTreeSet<IncidentId> {
        self.ledger.store(incident).rulings().counted_together(incident)
    }

    /// The incident of a mode: the one that is open, else the one that stands by.
    fn incident(&self, mode: Mode) -> IncidentId {
        // A box without its town's package stands at a site that the town does not know: what it records there
        // is not the town's, even if the town's incident was open.
        let is_ours = |open: &IncidentId| self.town.is_enrolled() || self.ledger.is_of_no_town(*open);
        let open = self.open.filter(|_| mode == self.opening.mode()).filter(is_ours);
        open.unwrap_or_else(|| self.town.incident(mode))
    }

    const fn site(&self) -> SiteId {
        self.town.site.id
    }

    fn lane_ids(&self) -> Vec<LaneId> {
        self.desks.keys().copied().collect()
    }

    /// What is open survives a restart.
    fn keep_mode(&mut self) {
        let (mode, incident, watch) = (self.opening.mode(), self.open_incident(), self.drill_watch.clone());
        if let Err(problem) = self.keep_open(mode, incident, watch) {
            warn!(error = &problem as &dyn std::error::Error, "what is open will not survive a restart");
        }
    }

    /// What a lane does survives a restart.
    fn keep_lane(&mut self, lane: LaneId) {
        let Some(desk) = self.desks.get(&lane) else { return };
        let kept = desk.keep(self.ledger.main_store());
        if let Err(problem) = kept {
            warn!(error = &problem as &dyn std::error::Error, "a lane's setting will not survive a restart");
        }
    }

    fn nap(&self) -> Duration {
        if self.has_bundle_underway() {
            // The next piece, as soon as nobody waits.
            return Duration::ZERO;
        }
        let now = clock::wall();
        let due = |desk: &Desk| [desk.lane.due(), desk.at.due()].into_iter().flatten().min();
        let next = self.desks.values().filter_map(due).min();
        let lanes = next.map_or(LONGEST_NAP, |at| Duration::from_millis(at.since(now).max(1)));
        let disk = if self.disk == DiskState::Ok { LONGEST_NAP } else { DISK_AGAIN };
        lanes.min(disk).min(LONGEST_NAP)
    }

    fn tick(&mut self, now: UnixMillis) {
        for desk in self.desks.values_mut() {
            desk.lane.tick(now);
        }
        self.forget_old_secrets();
        self.end_old_sessions(now);
        if self.disk != DiskState::Ok && self.disk_tried.elapsed() >= DISK_AGAIN {
            self.try_disk();
        }
        if self.disk == DiskState::Ok {
            self.ask_for_missed();
        }
        if self.town_untold {
            self.tell_town();
        }
        self.tell_roster(now);
        self.look_at_alerts(now);
        self.drop_old_drafts(now);
        self.tell_condition(now);
        self.drop_old_bindings(now);
        if self.tally.is_outdated(now) {
            self.recount(now);
        }
    }

    /// Whether the disk takes again what a tap needs; the room for the next one is what the probe leaves.
    fn try_disk(&mut self) {
        let store = self.ledger.main_store();
        let again = store.set_setting(DISK, &[0; DISK_PROBE]).and_then(|()| store.set_setting(DISK, &[]));
        self.note_disk(again.err().map(|problem| match problem {
            StoreError::Full => HoldReason::DiskFull,
            _ => HoldReason::DiskFailing,
        }));
    }

    fn while_nobody_waits(&mut self) {
        self.make_awaited_key();
        self.hear_bundle(clock::wall());
        self.say_bundle();
        self.tell_of_televisions();
        self.seal_and_offer();
        for moved in self.ledger.stores().map(|store| store.checkpoint_if_over(LONG_LOG)) {
            if let Err(problem) = moved {
                warn!(
                    error = &problem as &dyn std::error::Error,
                    "the log cannot be moved into the database"
                );
            }
        }
        self.leave_old_days(clock::wall());
        // Neighbours bring much of yesterday still.
        let closed_before = Period::of(clock::wall()).day().saturating_sub(1);
        for packed in self.ledger.stores_mut().map(|store| store.pack_closed(closed_before)) {
            if let Err(problem) = packed {
                warn!(
                    error = &problem as &dyn std::error::Error,
                    "changes of a day that is over cannot be packed"
                );
            }
        }
        // Also what an erasure on a full disk left there.
        if let Err(problem) = self.person_keys.checkpoint_if_over(0) {
            warn!(error = &problem as &dyn std::error::Error, "the log of the key table cannot be cut");
        }
        if let Some(log) = &mut self.tap_log {
            log.flush();
        }
    }

    /// Sends every kiosk what changed on its lane.
    fn publish(&mut self, now: UnixMillis) {
        for lane in self.lane_ids() {
            let changes = self.refresh(lane, now);
            if changes.is_empty() {
                continue;
            }
            let message = ToKiosk::Changes(changes);
            self.kiosks.retain(|_, (of, out)| *of != lane || out.send(&message).is_ok());
        }
    }

    fn tell(&mut self, kiosk: KioskId, message: &ToKiosk) {
        if self.kiosks.get(&kiosk).is_some_and(|(_, out)| out.send(message).is_err()) {
            self.kiosks.remove(&kiosk);
        }
    }

    fn end(&mut self) {
        for (_, out) in self.kiosks.values() {
            // A kiosk that fell behind learns it from the closed connection.
            out.send(&ToKiosk::Terminating).ok();
        }
        self.while_nobody_waits();
        if let Some(televisions) = self.televisions() {
            televisions.end();
        }
        info!("the box ends as told");
    }
}

/// What was committed when.
struct Done {
    committed: Instant,
}

/// Where the TLS identity of a box lies.
pub(crate) fn identity_folder(config: &Config) -> PathBuf {
    config.data.join("identity")
}

/// The mode, the incident, and for a drill from when on its end is listened for.
fn kept_mode(mode: Mode, incident: IncidentId, watch: Option<&DrillWatch>) -> Vec<u8> {
    let watch = watch.map(DrillWatch::to_bytes).unwrap_or_default();
    [&[mode.code()], incident.as_bytes().as_slice(), &watch].concat()
}

/// What is open, and which incident that is; none where it was not kept yet.
fn stored_mode(store: &Store) -> Result<(Mode, Option<IncidentId>, Option<DrillWatch>), StoreError> {
    let stored = store.setting(MODE)?.unwrap_or_default();
    let (code, rest) = stored.split_first().unwrap_or((&0, &[]));
    Ok(match (Mode::from_code((*code).into()), rest.split_first_chunk()) {
        (Some(mode @ (Mode::Live | Mode::Drill)), Some((id, watch))) => {
            (mode, Some(IncidentId::from_bytes(*id)), DrillWatch::from_bytes(watch))
        }
        (Some(mode @ (Mode::Live | Mode::Drill)), None) => (mode, None, None),
        (Some(Mode::DailyLife) | None, _) => (Mode::DailyLife, None, None),
    })
}

/// The lists' keeper; without a shelf there is none, and whoever tells it something tells nobody.
fn open_lists(data: &Path) -> (Option<Lists>, Keeper) {
    match Lists::open(data) {
        Ok((lists, keeper)) => (Some(lists), keeper),
        Err(problem) => {
            error!(
                error = &problem as &dyn std::error::Error,
                "the folder of revocation lists cannot be used"
            );
            (None, Keeper::of_nobody())
        }
    }
}

/// The newest time that the server signed, as it was kept.
fn stored_time(store: &Store) -> Result<UnixMillis, StoreError> {
    let stored = store.setting(revocation::SERVER_TIME)?;
    let bytes = stored.and_then(|stored| stored.as_slice().try_into().ok());
    Ok(bytes.map_or_else(UnixMillis::default, |bytes| UnixMillis::new(u64::from_be_bytes(bytes))))
}

#[cfg(test)]
mod tests;
