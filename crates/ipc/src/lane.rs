//! Everything that a kiosk may draw of its lane.

use hinamori_model::{
    CounterKind, Destination, Direction, Doubt, LaneId, Leaving, Mode, PersonId, PersonalText, UnixMillis,
};
use serde::{Deserialize, Serialize};

use crate::{AttributeFault, Candidates, HoldReason, LaneAlerts, StaffSession, StickState};

/// The whole of what a kiosk shows: sent once as a snapshot, then changed field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneState {
    /// Mode, incident, site and lane: on every screen.
    pub banner: Banner,
    /// The health of the box.
    pub status: Status,
    /// What the lane does now.
    pub counter: CounterKind,
    /// Entrance or exit.
    pub direction: Direction,
    /// Whether the site is open in the current incident.
    pub site: SiteState,
    /// People here now (shelter) or seen today (watch).
    pub here: u32,
    /// Of those here, people whom somebody saw within the last 12 hours.
    pub confirmed: u32,
    /// Taps waiting in the leader's list.
    pub later: u32,
    /// Whether the town lists staff: then lists with names ask for a sign-in. A box without a town asks nobody.
    pub asks_sign_in: bool,
    /// Who is signed in.
    pub staff: Option<StaffSession>,
    /// Sticks; `None` at a box that looks for none.
    pub stick: Option<Box<StickState>>,
    /// What the town's officers say; `None` while they say nothing.
    pub alerts: Option<Box<LaneAlerts>>,
    /// What fills the screen.
    pub screen: Screen,
}

/// One changed field of [`LaneState`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the field of LaneState with the same name")]
pub enum LaneChange {
    Banner(Banner),
    Status(Status),
    Counter(CounterKind),
    Direction(Direction),
    Site(SiteState),
    Here(u32),
    Confirmed(u32),
    Later(u32),
    AsksSignIn(bool),
    Staff(Option<StaffSession>),
    Stick(Option<Box<StickState>>),
    Alerts(Option<Box<LaneAlerts>>),
    Screen(Screen),
}

impl LaneState {
    /// Applies one change.
    pub fn apply(&mut self, change: LaneChange) {
        match change {
            LaneChange::Banner(banner) => self.banner = banner,
            LaneChange::Status(status) => self.status = status,
            LaneChange::Counter(counter) => self.counter = counter,
            LaneChange::Direction(direction) => self.direction = direction,
            LaneChange::Site(site) => self.site = site,
            LaneChange::Here(here) => self.here = here,
            LaneChange::Confirmed(confirmed) => self.confirmed = confirmed,
            LaneChange::Later(later) => self.later = later,
            LaneChange::AsksSignIn(asks) => self.asks_sign_in = asks,
            LaneChange::Staff(staff) => self.staff = staff,
            LaneChange::Stick(stick) => self.stick = stick,
            LaneChange::Alerts(alerts) => self.alerts = alerts,
            LaneChange::Screen(screen) => self.screen = screen,
        }
    }

    /// The changes that turn `self` into `next`.
    pub fn changes_to(&self, next: &Self) -> Vec<LaneChange> {
        let Self {
            banner,
            status,
            counter,
            direction,
            site,
            here,
            confirmed,
            later,
            asks_sign_in,
            staff,
            stick,
            alerts,
            screen,
        } = next;
        let mut changes = Vec::new();
        if self.banner != *banner {
            changes.push(LaneChange::Banner(banner.clone()));
        }
        if self.status != *status {
            changes.push(LaneChange::Status(*status));
        }
        if self.counter != *counter {
            changes.push(LaneChange::Counter(*counter));
        }
        if self.direction != *direction {
            changes.push(LaneChange::Direction(*direction));
        }
        if self.site != *site {
            changes.push(LaneChange::Site(*site));
        }
        if self.here != *here {
            changes.push(LaneChange::Here(*here));
        }
        if self.confirmed != *confirmed {
            changes.push(LaneChange::Confirmed(*confirmed));
        }
        if self.later != *later {
            changes.push(LaneChange::Later(*later));
        }
        if self.asks_sign_in != *asks_sign_in {
            changes.push(LaneChange::AsksSignIn(*asks_sign_in));
        }
        if self.staff != *staff {
            changes.push(LaneChange::Staff(staff.clone()));
        }
        if self.stick != *stick {
            changes.push(LaneChange::Stick(stick.clone()));
        }
        if self.alerts != *alerts {
            changes.push(LaneChange::Alerts(alerts.clone()));
        }
        // Last, so that the counts beside an answer are already those after it.
        if self.screen != *screen {
            changes.push(LaneChange::Screen(screen.clone()));
        }
        changes
    }
}

/// The bar at the top of every screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banner {
    /// Which world this is: daily life, live, drill.
    pub mode: Mode,
    /// The incident's name once headquarters gave one.
    pub incident: Option<String>,
    /// Whether headquarters closed the site. Whoever comes is taken in all the same.
    pub is_closed: bool,
    /// The site's name.
    pub site: String,
    /// The lane.
    pub lane: LaneId,
}

/// The health of the box, as codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The lane's reader.
    pub reader: ReaderState,
    /// The way to the town hall.
    pub link: LinkState,
    /// The disk.
    pub disk: DiskState,
    /// The clock.
    pub clock: ClockState,
    /// The revocation data (カード確認データ).
    pub card_data: CardData,
    /// Records that the server has not confirmed yet.
    pub unsent: u32,
    /// When the town hall had the latest of this box's records, by its latest receipt and its clock.
    pub received: Option<UnixMillis>,
}

/// A card reader's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderState {
    /// Taps are read.
    Ready,
    /// No reader, or no reader service.
    Missing,
    /// It does not answer any more; pulling the plug for a moment helps.
    Stuck,
}

/// The way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// This box was never joined to a town's server.
    NotEnrolled,
    /// Connected.
    Online,
    /// Not connected: the normal state.
    Offline {
        /// When the server last confirmed something.
        last_contact: Option<UnixMillis>,
    },
}

/// The disk's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskState {
    /// Records are durable.
    Ok,
    /// The last write failed because the disk is full: nothing new is recorded.
    Full,
    /// The last write failed for another reason.
    Failing,
}

/// Whether the time can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// A trusted time was heard since boot.
    Sure,
    /// None was: records carry a mark.
    Unsure,
    /// It is ahead of the town hall's, which takes no alert that is dated by it.
    Ahead {
        /// By so many.
        minutes: u32,
    },
    /// It is behind the town hall's.
    Behind {
        /// By so many.
        minutes: u32,
    },
}

/// What revocation data the box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardData {
    /// None at all: the normal first year of a town.
    None,
    /// The oldest list in use was issued at this time, and the town's policy lets it count.
    AsOf(UnixMillis),
    /// It was issued at this time, and that is too long ago: a card that it does not name is marked.
    TooOld(UnixMillis),
    /// Two lists contradict each other, or the server reported what the authority did not confirm: somebody at the
    /// town hall has to look. The oldest list in use was issued at this time.
    Contested(UnixMillis),
}

/// Whether people are received here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteState {
    /// Not opened in this incident; in daily life always so.
    Closed,
    /// The incident is open, nobody has answered 建物は安全ですか yet. Taps are taken all the same.
    AwaitingBuildingCheck,
    /// Open.
    Open(BuildingAnswer),
}

/// The answer to 建物は安全ですか.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildingAnswer {
    /// どれもない: people go in.
    NothingSeen,
    /// ある・わからない: people are received outside.
    SomethingOrUnsure,
}

/// What fills the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// Waiting for a card (or, while the site awaits it, asking for the building check).
    Idle,
    /// The answer to a tap or a command.
    Answer(Answer),
}

/// A number that grows with every answer of a lane since the daemon started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AnswerId(pub u64);

/// One full-screen answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Names this answer in the commands that follow it.
    pub id: AnswerId,
    /// When it was given.
    pub at: UnixMillis,
    /// What is shown.
    pub kind: AnswerKind,
    /// Whether one small neutral mark is shown: look at it later.
    pub doubt: bool,
    /// Until when `Undo` is taken; `None` when there is nothing to undo.
    pub undo_until: Option<UnixMillis>,
    /// How often staff looked at the person in this incident; 0 where the card proves too little, and always for a
    /// hidden person.
    pub lookups: u32,
    /// Whether the three questions of an arrival are asked beside it.
    pub asks_needs: bool,
}

impl Answer {
    /// Whether its panel waits for a touch: for what it says, or for one of the three questions.
    pub const fn asks(&self) -> bool {
        self.asks_needs || self.kind.asks()
    }
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// 受け付けました: the same ring for every accepted person.
    Welcome {
        /// The name, or `None`: お名前はあとで.
        name: Option<PersonalText>,
        /// Who else may have come.
        party: Party,
    },
    /// 確認しました: seen here now; leaving may be chosen.
    Here {
        /// The name, if known.
        name: Option<PersonalText>,
    },
    /// Leaving was recorded.
    Left {
        /// The name, if known.
        name: Option<PersonalText>,
        /// How, where to and until when.
        departure: Departure,
        /// What is asked beside it; `None` when nothing is.
        ask: Option<LeaveAsk>,
    },
    /// The members or the count were recorded: 完了.
    Done {
        /// People that this visit recorded.
        people: u32,
    },
    /// 取り消しました
    Undone,
    /// おはようございます: the watch counter's accepted answer.
    Greeting {
        /// The name that the person chose to be called by.
        called_name: Option<PersonalText>,
        /// What is asked beside it.
        ask: WatchAsk,
    },
    /// このカードは この方の ものですか: the tap was recorded, and the card's attributes say whose it may be.
    Candidates(Candidates),
    /// The tap was recorded; the card's attributes were not read.
    AttributesNotRead(AttributeFault),
    /// 係の人に お声がけください: counted, but staff should help.
    AskStaff,
    /// もう一度 かざしてください: nothing is recorded.
    HoldAgain {
        /// Why.
        reason: HoldReason,
    },
}

impl AnswerKind {
    /// The sound that goes with it.
    pub const fn sound(&self) -> Sound {
        match self {
            Self::Welcome { .. } | Self::Greeting { .. } | Self::Done { .. } | Self::Candidates(_) => {
                Sound::Welcome
            }
            Self::Here { .. } | Self::Left { .. } | Self::Undone => Sound::Here,
            Self::AskStaff | Self::AttributesNotRead(_) => Sound::Ask,
            Self::HoldAgain { .. } => Sound::Again,
        }
    }

    /// Whether the panel asks for a touch (it then stays 12 s after the last touch instead of 2 s).
    pub const fn asks(&self) -> bool {
        match self {
            Self::Welcome { party, .. } => !matches!(party, Party::Nobody),
            Self::Greeting { ask, .. } => !matches!(ask, WatchAsk::Nothing),
            // Whoever is not back today may give a telephone number and take a slip along.
            Self::Left { ask, departure, .. } => ask.is_some() || !matches!(departure.leaving, Leaving::Out),
            Self::Here { .. } | Self::AskStaff | Self::Candidates(_) | Self::AttributesNotRead(_) => true,
            Self::Done { .. } | Self::Undone | Self::HoldAgain { .. } => false,
        }
    }
}

/// The four sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// Short-long, rising.
    Welcome,
    /// One round low note.
    Here,
    /// Three equal notes.
    Ask,
    /// Two falling notes.
    Again,
}

/// How somebody left, as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// How.
    pub leaving: Leaving,
    /// Where to, once it was said.
    pub destination: Option<Destination>,
    /// When they come back (out, overnight), else when somebody asks after them.
    pub until: UnixMillis,
    /// How many left with this visit.
    pub people: u32,
}

/// What is asked of somebody who leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveAsk {
    /// Whether one of six pictures is to say where to.
    pub destination: bool,
    /// Members of the household who are here and may go along.
    pub companions: Vec<Member>,
}

/// Who else may have come with the person who tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// Nothing is asked.
    Nobody,
    /// The other members of the household.
    Household(Vec<Member>),
    /// An unknown card: how many came along, without names.
    Count,
}

/// One other member of the household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// The name.
    pub name: PersonalText,
    /// 続柄, as the roster has it.
    pub relation: PersonalText,
    /// Whether they were seen here already.
    pub state: MemberState,
}

/// What is known of a member. A hidden person is for ever `NotSeen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Not seen in this incident.
    NotSeen,
    /// Already received.
    AlreadyIn {
        /// When.
        at: UnixMillis,
    },
}

/// What the watch counter asks beside its greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchAsk {
    /// Nothing more.
    Nothing,
    /// Whether the person wants to be watched over: asked before anything is recorded.
    Consent,
    /// 今日は元気 / ちょっと相談 / しばらく留守
    Mood,
}

/// One line of the leader's list (あとで確認).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderItem {
    /// When the tap was.
    pub at: UnixMillis,
    /// The name, if known.
    pub name: Option<PersonalText>,
    /// What to look at.
    pub doubts: Vec<Doubt>,
    /// Whom a name can be given to; `None` when there is nothing to name.
    pub nameless: Option<PersonId>,
}
