//! What the town's officers say: taken from the server and from other boxes, passed on to them, and told to kiosks.

use std::fmt;
use std::time::{Duration, Instant};

use hinamori_alert::{
    Evacuation, Info, KeyList, MessageKind, SignedAlert, SignedMessage as _, Status, TsunamiKind, ValidAlert,
    WarningLevel,
};
use hinamori_ipc::{AlertClass, AlertKind, AlertNotice, ClockState, Danger, LaneAlerts, MOST_SHOWN, Passage};
use hinamori_model::{BoxId, Hazard, SiteKind, UnixMillis};
use hinamori_sync::{AlertMessage, AlertsHeld};
use tracing::{info, warn};

use super::Core;
use crate::alerts::{AlertTime, NotTaken};
use crate::clock;

/// How often it is looked for what is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Characters of a text that a kiosk is told: what is longer has no room on any screen.
const LONGEST_TEXT: usize = 120;
/// Districts that a kiosk is told.
const MOST_DISTRICTS: usize = 24;

/// What lanes are told, until it is looked again.
#[derive(Default)]
pub(super) struct AlertsShown {
    shown: Option<Box<LaneAlerts>>,
    looked: Option<Instant>,
}

impl AlertsShown {
    pub(super) fn for_lanes(&self) -> Option<Box<LaneAlerts>> {
        self.shown.clone()
    }
}

/// Who brought something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Carrier {
    Server,
    Neighbour(BoxId),
}

impl fmt::Display for Carrier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => out.write_str("the town's server"),
            Self::Neighbour(id) => write!(out, "the box {id}"),
        }
    }
}

impl Core {
    pub(super) fn alert_time(&self, wall: UnixMillis) -> AlertTime {
        let not_before = self.town.checks.time.not_before(wall);
        let heard = match clock::state(wall, not_before) {
            ClockState::Sure => self.uplink.heard_before,
            ClockState::Unsure | ClockState::Ahead { .. } | ClockState::Behind { .. } => None,
        };
        AlertTime { now: wall.max(not_before), latest: clock::latest_believable(wall, not_before), heard }
    }

    /// Whether the time that an alert of now would carry is right, as far as anybody here knows: the town hall, or a time server.
    pub(super) fn clock_state(&self, wall: UnixMillis) -> ClockState {
        let alone = clock::state(wall, self.town.checks.time.not_before(wall));
        self.hall_clock.judge(self.late(wall), alone, Instant::now())
    }

    /// What was originated by a clock ahead of the town hall's is refused there until its time has come, and then said again.
    fn say_early_alerts_again(&mut self) {
        let Some(number) = self.uplink.number() else { return };
        let Some((from, upto)) = self.hall_clock.newly_taken(number, Instant::now()) else { return };
        let early = self.alerts.originated_between(from, upto);
        if let Some(line) = &mut self.uplink.line
            && !early.is_empty()
        {
            info!(alerts = early.len(), "the town hall can take what was dated later than its clock");
            let bytes = line.session.say_again(early);
            line.send(bytes);
        }
    }

    /// The box is of this town: what the disk has of its alerts counts.
    pub(super) fn follow_alerts_of(&mut self, root: [u8; 32], now: UnixMillis) {
        self.alerts.follow(root, self.alert_time(now));
        if let Some(televisions) = self.televisions() {
            televisions.follow(root);
        }
        self.bindings.follow(root, self.ledger.main_store());
        self.officers.files.follow(root);
        self.show_alerts(now);
    }

    /// Takes what somebody says of alerts; gives how much of it was refused.
    pub(super) fn take_alerts(&mut self, from: Carrier, heard: Vec<AlertMessage>, now: UnixMillis) -> usize {
        if heard.is_empty() {
            return 0;
        }
        let time = self.alert_time(now);
        let (mut refused, mut is_new) = (0_usize, false);
        for message in heard {
            let taken = match message {
                AlertMessage::Keys { version: _, bytes } => self.alerts.take_list(bytes),
                AlertMessage::Sent(carried) => {
                    let taken = self.alerts.take(carried, time);
                    // What televisions are told of it stands behind it.
                    self.show_to_televisions(now, time.now);
                    taken
                }
                AlertMessage::Originated(originated) => self.alerts.take_originated(originated, time),
                AlertMessage::Beat(beat) => {
                    self.hear_beat(beat);
                    continue;
                }
                told @ (AlertMessage::Told { .. }
                | AlertMessage::Televisions(_)
                | AlertMessage::AnswersTaken(_)) => {
                    refused = refused.saturating_add(usize::from(self.hear_of_televisions(from, told)));
                    continue;
                }
                AlertMessage::BindingsSettled(settled) => {
                    self.bindings_settled(&settled, now);
                    continue;
                }
                message => self.take_for_officers(message),
            };
            match taken {
                Ok(new) => is_new |= new,
                Err(problem) => {
                    refused = refused.saturating_add(usize::from(is_their_fault(&problem)));
                    let error = &problem as &dyn std::error::Error;
                    warn!(error, %from, "what was said of alerts does not count");
                }
            }
        }
        if is_new {
            info!(%from, "the town's officers say something new");
            self.show_alerts(now);
            self.tell_neighbours_of_alerts();
            self.tell_server_of_alerts();
        }
        refused
    }

    /// What this box has of alerts, for the other side of a connection.
    pub(super) fn alerts_held(&self) -> AlertsHeld {
        let mut held = self.alerts.held();
        held.digests.extend(self.officers.files.to_pass_on().iter().filter_map(AlertMessage::digest));
        held
    }

    /// Brings what lanes are told up to date, once in a while.
    pub(super) fn look_at_alerts(&mut self, now: UnixMillis) {
        if self.alerts_shown.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return;
        }
        if self.clock_state(now) == ClockState::Sure {
            self.alerts.drop_old(now);
        }
        self.say_early_alerts_again();
        self.show_alerts(now);
    }

    /// How long before the tsunami is expected staff leave a check-point too, by the town's policy.
    fn staff_leave_millis(&self) -> u64 {
        let policy = self.alerts.list().map(KeyList::policy).unwrap_or_default();
        u64::from(policy.staff_leave_minutes).saturating_mul(60_000)
    }

    pub(super) fn show_alerts(&mut self, wall: UnixMillis) {
        let now = self.alert_time(wall).now;
        let alerts = self.alerts.alerts();
        let all: Vec<&SignedAlert> = alerts.shown(now).iter().map(|thread| thread.latest).collect();
        let passage = all
            .iter()
            .any(|signed| signed.is_tsunami_order())
            .then(|| passage(&all, (wall, now), self.staff_leave_millis()))
            .filter(|_| self.town.site.kind == SiteKind::CheckPoint);
        let more = u16::try_from(all.len().saturating_sub(MOST_SHOWN)).unwrap_or(u16::MAX);
        let shown: Vec<AlertNotice> =
            all.iter().take(MOST_SHOWN).map(|signed| notice_of(signed.alert())).collect();
        let shown = (!shown.is_empty()).then(|| Box::new(LaneAlerts { shown, more, passage }));
        self.alerts_shown.shown = shown;
        self.show_to_televisions(wall, now);
        self.alerts_shown.looked = Some(Instant::now());
    }
}

/// Whether who brought it may be to blame, and not a list that is on its way or a clock.
const fn is_their_fault(problem: &NotTaken) -> bool {
    matches!(
        problem,
        NotTaken::List(_)
            | NotTaken::NoEnvelope
            | NotTaken::Envelope(_)
            | NotTaken::Forked
            | NotTaken::OtherLeaf
            | NotTaken::Plan(_)
            | NotTaken::NotTheServer
    )
}

/// Where the clock stands before something that surely has happened, nobody is told of minutes: they would be too many.
fn passage(all: &[&SignedAlert], (wall, now): (UnixMillis, UnixMillis), staff_leave_millis: u64) -> Passage {
    let orders = all.iter().filter(|signed| signed.is_tsunami_order());
    let sent = orders.clone().map(|signed| signed.alert().alert().sent.at()).max().unwrap_or_default();
    let is_behind = wall.plus(clock::CLOCKS_DIFFER_MILLIS) < now.max(sent);
    let expected = orders.filter_map(|signed| expected(signed)).min().filter(|_| !is_behind);
    let staff_leave = expected.map(|at| UnixMillis::new(at.get().saturating_sub(staff_leave_millis)));
    Passage { expected, staff_leave }
}

fn expected(signed: &SignedAlert) -> Option<UnixMillis> {
    expected_of(signed.alert())
}

pub(super) fn expected_of(valid: &ValidAlert) -> Option<UnixMillis> {
    let of = valid.evacuation();
    let is_order = of.hazard == Hazard::Tsunami && of.message == MessageKind::Order;
    let first = valid.alert().infos.first().filter(|_| is_order)?;
    first.onset.map(|onset| onset.at())
}

/// What a kiosk is told of an alert.
pub(super) fn notice_of(valid: &ValidAlert) -> AlertNotice {
    let (alert, of) = (valid.alert(), valid.evacuation());
    let headline = |info: Option<&Info>| bounded(info.and_then(|info| info.headline.as_deref()));
    let speaks = |info: &&Info, tag: &str| info.language().to_ascii_lowercase().starts_with(tag);
    let easy = alert.infos.iter().find(|info| speaks(info, "ja") && speaks(info, "ja-simple"));
    let english = alert.infos.iter().find(|info| speaks(info, "en"));
    AlertNotice {
        class: if alert.status == Status::Exercise { AlertClass::Exercise } else { AlertClass::Live },
        kind: match of.message {
            MessageKind::Order => AlertKind::Order,
            MessageKind::AllClear => AlertKind::AllClear,
            MessageKind::Cancel => AlertKind::Cancel,
        },
        danger: danger_of(of.tsunami, of.level),
        title: title(of),
        english_title: bounded(english.map(|info| info.event.as_str())),
        easy: headline(easy.or(alert.infos.first())),
        english: headline(english),
        districts: alert.districts().take(MOST_DISTRICTS).map(|name| bounded(Some(name))).collect(),
        sent: alert.sent.at(),
        expected: expected_of(valid),
    }
}

pub(super) fn bounded(text: Option<&str>) -> String {
    text.unwrap_or_default().chars().take(LONGEST_TEXT).collect()
}

/// What it is called: the agency's warning or the danger, the level, the words of the law, and how it ended.
fn title(of: Evacuation) -> String {
    let Evacuation { message, hazard, order, level, tsunami } = of;
    let what = tsunami.map_or_else(|| hazard_word(hazard), TsunamiKind::japanese);
    let order = order.japanese();
    let level = level.map_or_else(String::new, |level| format!("警戒レベル{}　", level.number()));
    let ending = match message {
        MessageKind::Order => String::new(),
        ended @ (MessageKind::AllClear | MessageKind::Cancel) => format!("　{}", ended.japanese()),
    };
    format!("{what}　{level}{order}{ending}")
}

const fn hazard_word(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::Flood => "洪水",
        Hazard::Landslide => "土砂災害",
        Hazard::StormSurge => "高潮",
        Hazard::Earthquake => "地震",
        Hazard::Tsunami => "津波",
        Hazard::Fire => "火事",
        Hazard::InlandFlood => "内水氾濫",
        Hazard::Volcano => "噴火",
    }
}

pub(super) const fn danger_of(tsunami: Option<TsunamiKind>, level: Option<WarningLevel>) -> Danger {
    match (tsunami, level) {
        (Some(TsunamiKind::MajorWarning), _) => Danger::MajorTsunami,
        (Some(TsunamiKind::Warning), _) => Danger::Tsunami,
        (Some(TsunamiKind::Advisory), _) => Danger::TsunamiAdvisory,
        (None, Some(WarningLevel::Three)) => Danger::LevelThree,
        (None, Some(WarningLevel::Four)) => Danger::LevelFour,
        (None, Some(WarningLevel::Five)) => Danger::LevelFive,
        (None, None) => Danger::Other,
    }
}
