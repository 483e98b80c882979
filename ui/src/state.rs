//! What a kiosk knows: the daemon's lane as it was last told, and drafts that nobody would miss.

use std::collections::BTreeSet;
use std::time::Duration;

use hinamori_ipc::{
    AlertClass, Answer, AnswerId, AnswerKind, BuildingFinding, LaneAlerts, LaneState, LeaderItem, Member,
    MemberState, Party, Passage, Refusal, Screen, SecretDigits, SiteState, StickState,
};
use hinamori_model::{ArrivalNeed, CounterKind, Leaving, Mode, PersonId, PersonalText, UnixMillis};

use crate::theme::{
    ANSWER_HOLD, CARD_HOLD, GOODBYE_HOLD, Look, NOTICE_HOLD, PAGE_HOLD, PANEL_HOLD, REFRESH, ROUND_HOLD,
    STAY_HOLD,
};
use crate::{
    Care, Now, OfficerPages, Page, People, Registration, SignInStep, SitePages, SoundOutput, StaffPages,
    Volume, Who,
};

/// The most people of one kind that a panel counts at once.
pub const MAXIMUM_COUNT: u16 = 99;

/// The state of one kiosk. Losing it loses nothing: the next snapshot tells everything again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The socket.
    pub link: LinkStage,
    /// The lane as the daemon last told it. While the link is down only its banner is shown.
    pub lane: Option<LaneState>,
    /// What the kiosk shows on top.
    pub page: Page,
    /// The part of a list that is shown, from 0.
    pub turned: usize,
    /// What was touched and not sent yet.
    pub draft: Draft,
    /// あとで確認, `None` until it arrives.
    pub leader_list: Option<Vec<LeaderItem>>,
    /// 今日 まだの方, `None` until it arrives.
    pub watch_list: Option<Vec<PersonalText>>,
    /// The lists of people, and how far somebody is in them.
    pub people: People,
    /// Who works here.
    pub staff: StaffPages,
    /// What people need.
    pub care: Care,
    /// The pages of the site.
    pub site: SitePages,
    /// The pages of officers.
    pub officers: OfficerPages,
    /// The page that opens again after the answer to what was sent from it.
    pub resume: Option<Page>,
    /// 訓練中止・本番 was pressed here.
    pub ends_drill: bool,
    /// What a scanner has typed so far, and since when.
    pub scanned: Option<(PersonalText, Duration)>,
    /// What could not be done, for a few seconds.
    pub notice: Option<(Notice, Duration)>,
    /// When somebody laid aside that staff are to leave (steady clock).
    pub stays_since: Option<Duration>,
    /// The sound card.
    pub sound: SoundOutput,
    /// How loud.
    pub volume: Volume,
    /// The language on the screen.
    pub language: Language,
    /// The light in the hall.
    pub look: Look,
    /// The last answer that was seen: only a new one makes its sound.
    pub last_answer: Option<AnswerId>,
    /// The answer that was dismissed already.
    pub dismissed: Option<AnswerId>,
    /// When the screen last changed or was touched (steady clock).
    pub active_at: Duration,
}

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkStage {
    /// No snapshot yet, or the connection was lost.
    #[default]
    Connecting,
    /// The lane is known and followed.
    Following,
    /// The daemon is of another version: an update is half done.
    OtherVersion,
}

/// Drafts: gone without loss.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Members that were touched.
    pub members: BTreeSet<PersonId>,
    /// People counted, in the order of [`Who::ALL`].
    pub counts: [u16; 3],
    /// Pictures of the building check that were touched.
    pub findings: BTreeSet<BuildingFinding>,
    /// カードで 登録
    pub registration: Registration,
    /// Digits of a PIN or of a telephone number. They cannot be printed.
    pub digits: SecretDigits,
    /// The digits were handed over, and the daemon waits for the card.
    pub awaits_card: bool,
    /// Questions of an arrival that were touched.
    pub needs: BTreeSet<ArrivalNeed>,
    /// A telephone number of whoever leaves was handed over.
    pub phone_given: bool,
}

impl Draft {
    /// How many of `who`.
    pub fn count(&self, who: Who) -> u16 {
        let [adults, children, infants] = self.counts;
        match who {
            Who::Adults => adults,
            Who::Children => children,
            Who::Infants => infants,
        }
    }

    /// The row to change.
    pub(crate) const fn count_mut(&mut self, who: Who) -> &mut u16 {
        let [adults, children, infants] = &mut self.counts;
        match who {
            Who::Adults => adults,
            Who::Children => children,
            Who::Infants => infants,
        }
    }

    /// All counted people.
    pub fn counted(&self) -> u32 {
        self.counts.iter().map(|count| u32::from(*count)).sum()
    }
}

/// What could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The daemon refused the last command.
    Refused(Refusal),
    /// The last command did not reach it.
    NotSent,
    /// What was asked for is done.
    Done,
}

/// The languages of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Language {
    /// 日本語
    #[default]
    Japanese,
    /// English
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Japanese, Self::English];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Japanese => Self::English,
            Self::English => Self::Japanese,
        }
    }
}

impl State {
    /// The mode whose colours the screen wears. The page that starts a drill wears a drill already.
    pub fn mode(&self) -> Option<Mode> {
        let lane = self.lane.as_ref()?;
        let opening_a_drill = self.page == Page::OpenDrill && self.link == LinkStage::Following;
        Some(if opening_a_drill { Mode::Drill } else { lane.banner.mode })
    }

    /// The answer on the screen.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.lane.as_ref()?.screen {
            Screen::Answer(answer) => Some(answer),
            Screen::Idle => None,
        }
    }

    fn stick(&self) -> Option<&StickState> {
        self.lane.as_ref()?.stick.as_deref()
    }

    /// Whether the building check fills the screen.
    pub fn asks_for_building(&self) -> bool {
        self.page == Page::Lane
            && self.answer().is_none()
            && self.lane.as_ref().is_some_and(|lane| lane.site == SiteState::AwaitingBuildingCheck)
    }

    /// When the screen goes back to idle by itself (steady clock).
    pub fn closes_at(&self) -> Option<Duration> {
        if self.link != LinkStage::Following {
            return None;
        }
        let hold = match (self.page, self.answer()) {
            // What was practice is real now: that stays until somebody has read it, or a card comes.
            (Page::DrillEnded, _) => return None,
            (Page::Lane, Some(answer)) if self.dismissed == Some(answer.id) => return None,
            // Nobody is to stop for a question.
            (Page::Lane, Some(_)) if self.passage().is_some() => ANSWER_HOLD,
            (Page::Lane, Some(answer)) if matches!(answer.kind, AnswerKind::Candidates(_)) => CARD_HOLD,
            (Page::Lane, Some(answer)) if asks(answer) => PANEL_HOLD,
            (Page::Lane, Some(answer)) if matches!(answer.kind, AnswerKind::Left { .. }) => GOODBYE_HOLD,
            (Page::Lane, Some(_)) => ANSWER_HOLD,
            (Page::Lane, None) if self.language == Language::default() => return None,
            (Page::Group | Page::RollCall, _) if !self.draft.members.is_empty() => ROUND_HOLD,
            // Nobody takes a stick out of which the screen says no more.
            (Page::Stick, _) if self.stick().is_some_and(StickState::is_underway) => return None,
            (Page::Stick, _) => ROUND_HOLD,
            (Page::Care, _) if self.care.person.is_some() => ROUND_HOLD,
            (Page::Passes, _) if self.staff.pass.is_some() => ROUND_HOLD,
            (Page::Registration, _) if self.draft.registration == Registration::AwaitingCard => CARD_HOLD,
            (Page::SignIn, _) if self.staff.sign_in.step == SignInStep::Card => CARD_HOLD,
            (
                Page::HandOver | Page::LiftHiding | Page::Officers | Page::OfficerKeys | Page::Televisions,
                _,
            ) if self.draft.awaits_card => CARD_HOLD,
            // Two officers read every word.
            (Page::Officers | Page::OfficerKeys, _) => ROUND_HOLD,
            (_, _) => PAGE_HOLD,
        };
        Some(self.active_at.saturating_add(hold))
    }

    /// What the town's officers say.
    pub fn alerts(&self) -> Option<&LaneAlerts> {
        self.lane.as_ref()?.alerts.as_deref().filter(|alerts| !alerts.shown.is_empty())
    }

    /// Whether something that they say is real.
    pub fn has_live_alert(&self) -> bool {
        self.alerts().is_some_and(|alerts| alerts.shown.iter().any(|notice| notice.class == AlertClass::Live))
    }

    /// Nobody is to stop here: a tsunami is on its way.
    pub fn passage(&self) -> Option<Passage> {
        self.alerts()?.passage.filter(|_| self.link == LinkStage::Following)
    }

    /// Staff are to leave too, and nobody laid it aside a moment ago.
    pub fn staff_leave(&self, now: Now) -> Option<Passage> {
        let is_time = |passage: &Passage| passage.staff_leave.is_some_and(|at| at <= now.wall);
        self.passage().filter(is_time).filter(|_| self.stays_until().is_none_or(|end| now.steady >= end))
    }

    fn stays_until(&self) -> Option<Duration> {
        self.stays_since.map(|since| since.saturating_add(STAY_HOLD))
    }

    /// How long until something of an alert changes by itself: a minute, what was laid aside, or that staff are to leave.
    pub fn alert_changes_after(&self, now: Now) -> Option<Duration> {
        let alerts = self.alerts()?;
        let minute = |at: UnixMillis| at.since(now.wall) % 60_000 + 1;
        let expected = alerts.shown.iter().filter_map(|notice| notice.expected);
        let times = expected.chain(alerts.passage.and_then(|passage| passage.staff_leave)).map(minute);
        let laid_aside = self.stays_until().map(|end| end.saturating_sub(now.steady));
        times.map(Duration::from_millis).chain(laid_aside.filter(|left| !left.is_zero())).min()
    }

    /// Whether the leader's pages and the settings lie behind one page: where people are received.
    pub fn has_leader_page(&self) -> bool {
        let receives =
            |lane: &LaneState| lane.counter == CounterKind::Shelter && lane.banner.mode != Mode::DailyLife;
        self.lane.as_ref().is_some_and(receives)
    }

    /// How many of `who` may be counted: of a head count no more than it has.
    pub fn most(&self, who: Who) -> u16 {
        let Some(heads) = self.site.chosen_heads() else { return MAXIMUM_COUNT };
        match who {
            Who::Adults => heads.adults,
            Who::Children => heads.children,
            Who::Infants => heads.infants,
        }
    }

    /// When the open list is asked for again by itself (steady clock).
    pub fn refreshes_at(&self) -> Option<Duration> {
        let follows = self.link == LinkStage::Following && self.page == Page::NotArrived;
        follows.then(|| self.people.asked_at.saturating_add(REFRESH))
    }

    /// Whether no sound is to be heard: at night, switched off, or without a device.
    pub fn is_silent(&self) -> bool {
        let no_output = matches!(self.sound, SoundOutput::Missing | SoundOutput::Off);
        no_output || self.look == Look::Night || self.volume == Volume::Silent
    }

    /// When the notice goes away (steady clock).
    pub fn notice_ends_at(&self) -> Option<Duration> {
        self.notice.map(|(_, since)| since.saturating_add(NOTICE_HOLD))
    }
}

/// Whether the kiosk's panel asks for a touch: the contract's panels, and もう一度, which offers the way
/// without a card and says what to do.
pub(crate) const fn asks(answer: &Answer) -> bool {
    answer.asks() || matches!(answer.kind, AnswerKind::HoldAgain { .. })
}

/// Whether whoever left may give a telephone number and take a slip along: all but those who are back today.
pub(crate) const fn offers_slip(kind: &AnswerKind) -> bool {
    match kind {
        AnswerKind::Left { departure, ask: None, .. } => !matches!(departure.leaving, Leaving::Out),
        _ => false,
    }
}

/// The members that can still be touched. Whoever may go along is here already: that is why they can be.
pub(crate) fn open_members(answer: &Answer) -> impl Iterator<Item = &Member> {
    let (members, leaves) = match &answer.kind {
        AnswerKind::Welcome { party: Party::Household(members), .. } => (members.as_slice(), false),
        AnswerKind::Left { ask: Some(ask), .. } => (ask.companions.as_slice(), true),
        _ => (&[][..], false),
    };
    members.iter().filter(move |member| leaves || member.state == MemberState::NotSeen)
}
