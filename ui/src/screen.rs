//! Which screen is drawn, and what all of them wear: ground, drill frame, banner, notice.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{AnswerKind, BuildingAnswer, LaneState, Party, Refusal, Screen, SiteState};
use hinamori_model::{CounterKind, Mode, UnixMillis};

use crate::clock::CivilTime;
use crate::theme::{Palette, Severity, size};
use crate::widget::{Banner, Canvas, Place, Type, banner_ui, drill_frame_ui, light_ui};
use crate::{Action, Catalogue, LinkStage, Notice, Now, Page, State, Texts};

mod alert;
mod answer;
mod answer_tiles;
mod assessment;
mod building;
mod candidates;
mod care;
mod care_person;
mod care_words;
mod care_write;
mod conflicts;
mod connecting;
mod departure;
mod done;
mod flow;
mod group;
mod head_count;
mod heads;
mod health;
mod here;
mod hiding;
mod households;
mod idle;
mod kana_pad;
mod leader;
mod leader_list;
mod lookups;
mod not_arrived;
mod number_pad;
mod officer_keys;
mod officers;
mod opening;
mod own_shelter;
mod page;
mod paged;
mod passage;
mod passes;
mod qr;
mod question;
mod registration;
mod roll_call;
mod search;
mod session;
mod settings;
mod sign_in;
mod slip;
mod staff;
mod stick;
mod televisions;
mod watch;
mod watch_list;
mod welcome;

/// What a screen is drawn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// Everything.
    pub(crate) state: &'a State,
    /// The daemon's lane.
    pub(crate) lane: &'a LaneState,
    /// The clocks.
    pub(crate) now: Now,
}

impl View<'_> {
    /// The mode whose colours and words the screen wears.
    pub(crate) fn mode(&self) -> Mode {
        self.state.mode().unwrap_or(self.lane.banner.mode)
    }

    /// Where an accepted person goes next.
    pub(crate) const fn next_step_key(&self) -> &'static str {
        match self.lane.site {
            SiteState::Closed => "next-step-daily",
            SiteState::AwaitingBuildingCheck => "next-step-wait",
            SiteState::Open(BuildingAnswer::NothingSeen) => "next-step-inside",
            SiteState::Open(BuildingAnswer::SomethingOrUnsure) => "next-step-outside",
        }
    }
}

/// Whether a place is taller than wide.
pub(crate) fn is_portrait(rect: Rect) -> bool {
    rect.height() > rect.width()
}

/// The ground that every screen stands on. Whoever draws clears with it: a rectangle as large as the panel is
/// the dearest thing on a screen without a graphics processor.
pub fn ground(state: &State) -> egui::Color32 {
    palette_of(state).background
}

fn palette_of(state: &State) -> Palette {
    // Before the daemon said which world this is, none is claimed.
    Palette::of(state.look, state.mode().unwrap_or(Mode::DailyLife))
}

/// Draws the whole kiosk on its [`ground`]; returns what was touched.
pub fn kiosk_ui(ui: &mut egui::Ui, state: &State, catalogue: &Catalogue, now: Now) -> Option<Action> {
    let palette = palette_of(state);
    let mut rect = ui.max_rect();
    let mut canvas = Canvas { ui, palette, texts: catalogue.of(state.language) };
    if let Some((lane, passage)) = state.lane.as_ref().zip(state.staff_leave(now)) {
        return passage::leave_ui(&mut canvas, rect, &View { state, lane, now }, passage);
    }
    if let Some(stripes) = palette.stripes {
        rect = drill_frame_ui(&canvas, rect, stripes);
        canvas.fill(rect, palette.background);
    }
    let Some(lane) = &state.lane else {
        connecting::connecting_ui(&mut canvas, rect, state.link);
        return None;
    };
    let view = View { state, lane, now };
    let passage = state.passage().filter(|_| state.page == Page::Lane);
    // Nothing jumps when a card is held in passing.
    let tall = is_idle(&view) || passage.is_some();
    let bar = rect.cut_top(if tall { size::BANNER } else { size::BANNER_SLIM });
    let banner = banner(&view, canvas.texts, tall);
    match state.alerts().filter(|_| passage.is_none()) {
        Some(alerts) if tall => {
            banner_ui(&mut canvas, bar, &banner);
            alert::band_ui(&mut canvas, rect.cut_top(alert::BAND), &view, alerts);
        }
        Some(alerts) => alert::bar_ui(&mut canvas, bar, &view, alerts, banner),
        None => banner_ui(&mut canvas, bar, &banner),
    }
    if state.link != LinkStage::Following {
        connecting::connecting_ui(&mut canvas, rect, state.link);
        return None;
    }
    if let Some((notice, _)) = state.notice {
        notice_ui(&mut canvas, rect.cut_top(NOTICE), notice);
    }
    match passage {
        Some(passage) => passage::passage_ui(&mut canvas, rect, &view, passage),
        None => body_ui(&mut canvas, rect, &view),
    }
}

/// The height of a notice under the banner.
const NOTICE: f32 = 60.0;

fn is_idle(view: &View<'_>) -> bool {
    let waits = view.lane.screen == Screen::Idle && view.state.page == Page::Lane;
    waits && view.state.link == LinkStage::Following
}

fn body_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    match view.state.page {
        Page::Lane => lane_ui(canvas, rect, view),
        Page::Settings => settings::settings_ui(canvas, rect, view),
        Page::OpenLive => opening::opening_ui(canvas, rect, view, opening::Opens::Live),
        Page::OpenDrill => opening::opening_ui(canvas, rect, view, opening::Opens::Drill),
        Page::HeadCount => head_count::head_count_ui(canvas, rect, view),
        Page::LeaderList => leader_list::leader_list_ui(canvas, rect, view),
        Page::WatchList => watch_list::watch_list_ui(canvas, rect, view),
        Page::Health => health::health_ui(canvas, rect, view),
        Page::Leader => leader::leader_ui(canvas, rect, view),
        Page::Search => search::search_ui(canvas, rect, view),
        Page::Group => group::group_ui(canvas, rect, view),
        Page::NotArrived => not_arrived::not_arrived_ui(canvas, rect, view),
        Page::RollCall => roll_call::roll_call_ui(canvas, rect, view),
        Page::Registration => registration::registration_ui(canvas, rect, view),
        Page::HidingSearch | Page::CareSearch => search::search_ui(canvas, rect, view),
        Page::SignIn => sign_in::sign_in_ui(canvas, rect, view),
        Page::Passes => passes::passes_ui(canvas, rect, view),
        Page::Lookups => lookups::lookups_ui(canvas, rect, view),
        Page::Phone => number_pad::phone_ui(canvas, rect, view),
        Page::Slip => slip::slip_ui(canvas, rect, view),
        Page::Care => care::care_ui(canvas, rect, view),
        Page::HandOver => care::hand_over_ui(canvas, rect, view),
        Page::HeadCounts => heads::heads_ui(canvas, rect, view),
        Page::Conflicts => conflicts::conflicts_ui(canvas, rect, view),
        Page::Assessment => assessment::assessment_ui(canvas, rect, view),
        Page::OwnShelter => own_shelter::own_shelter_ui(canvas, rect, view),
        Page::Stick => stick::stick_ui(canvas, rect, view),
        Page::Hiding => hiding::hiding_ui(canvas, rect),
        Page::LiftHiding => hiding::lift_ui(canvas, rect, view),
        Page::DrillEnded => opening::drill_ended_ui(canvas, rect, view),
        Page::Officers => officers::officers_ui(canvas, rect, view),
        Page::Televisions => televisions::televisions_ui(canvas, rect, view),
        Page::OfficerKeys => officer_keys::officer_keys_ui(canvas, rect, view),
    }
}

fn lane_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let Screen::Answer(answer) = &view.lane.screen else {
        return match view.lane.site {
            SiteState::AwaitingBuildingCheck => building::building_ui(canvas, rect, view),
            SiteState::Closed | SiteState::Open(_) => idle::idle_ui(canvas, rect, view),
        };
    };
    match &answer.kind {
        AnswerKind::Welcome { name, party: Party::Nobody } => {
            done::accepted_ui(canvas, rect, view, answer, name.as_ref())
        }
        AnswerKind::Welcome { name, party: Party::Household(members) } => {
            welcome::household_ui(canvas, rect, view, answer, name.as_ref(), members)
        }
        AnswerKind::Welcome { name, party: Party::Count } => {
            welcome::count_ui(canvas, rect, view, answer, name.as_ref())
        }
        AnswerKind::Here { name } => here::here_ui(canvas, rect, view, answer, name.as_ref()),
        AnswerKind::Left { name, departure, ask } => {
            let left = (name.as_ref(), departure, ask.as_ref());
            departure::left_ui(canvas, rect, view, answer, left)
        }
        AnswerKind::Done { people } => done::done_ui(canvas, rect, view, answer, *people),
        AnswerKind::Undone => done::undone_ui(canvas, rect, view, answer),
        AnswerKind::Greeting { called_name, ask } => {
            watch::greeting_ui(canvas, rect, view, answer, called_name.as_ref(), *ask)
        }
        AnswerKind::Candidates(candidates) => {
            candidates::candidates_ui(canvas, rect, view, answer, candidates)
        }
        AnswerKind::AttributesNotRead(fault) => staff::not_read_ui(canvas, rect, view, answer, *fault),
        AnswerKind::AskStaff => staff::ask_staff_ui(canvas, rect, view, answer),
        AnswerKind::HoldAgain { reason } => staff::hold_again_ui(canvas, rect, view, *reason),
    }
}

/// The words of the bar. They follow the mode that the screen wears.
fn banner(view: &View<'_>, texts: &Texts, tall: bool) -> Banner {
    let lane = view.lane;
    let site = lane.banner.site.clone();
    let civil = CivilTime::of(view.now.wall);
    let mut end = civil.time();
    if tall || view.mode() == Mode::DailyLife {
        end = format!("{} {end}", date(civil, texts));
    }
    if view.state.is_silent() {
        end = format!("{} ・ {end}", texts.get("banner-silent"));
    }
    let counter = texts.get(counter_key(lane.counter));
    let (tag, strong, quiet) = match view.mode() {
        Mode::DailyLife if tall => ("mode-daily-life", counter, String::new()),
        Mode::DailyLife => ("mode-daily-life", site, counter),
        Mode::Live => {
            let incident = lane.banner.incident.clone();
            let incident = incident.unwrap_or_else(|| texts.get("incident-unnamed"));
            ("mode-live", incident, if tall { texts.get(receiving_key(lane.site)) } else { site })
        }
        // Nothing may say that a warning is practice which is none.
        Mode::Drill if view.state.has_live_alert() => {
            ("alert-real", texts.get("drill-to-stop"), String::new())
        }
        Mode::Drill => {
            let quiet = if tall { texts.get("drill-not-real") } else { site };
            ("mode-drill", texts.get("drill-this-is"), quiet)
        }
    };
    let staff = lane.staff.as_ref().map(|staff| session::chips(texts, staff)).unwrap_or_default();
    Banner { tag: texts.get(tag), strong, quiet, staff, end }
}

const fn receiving_key(site: SiteState) -> &'static str {
    match site {
        SiteState::Closed => "receiving-closed",
        SiteState::AwaitingBuildingCheck => "receiving-opening",
        SiteState::Open(BuildingAnswer::NothingSeen) => "receiving-inside",
        SiteState::Open(BuildingAnswer::SomethingOrUnsure) => "receiving-outside",
    }
}

pub(crate) const fn counter_key(counter: CounterKind) -> &'static str {
    match counter {
        CounterKind::Shelter => "counter-shelter",
        CounterKind::Watch => "counter-watch",
    }
}

/// A moment as it is said today: 今日 21:00, 明日 12:00, 10月15日(木) 12:00.
pub(crate) fn when_words(texts: &Texts, at: UnixMillis, now: UnixMillis) -> String {
    let (civil, today) = (CivilTime::of(at), CivilTime::of(now));
    let time = civil.time();
    let key = match civil.days_after(today) {
        -1 => "when-yesterday",
        0 => "when-today",
        1 => "when-tomorrow",
        _ => {
            let day = date(civil, texts);
            return texts.with("when-day", [("day", day.as_str().into()), ("time", time.as_str().into())]);
        }
    };
    texts.with(key, [("time", time.as_str().into())])
}

fn date(civil: CivilTime, texts: &Texts) -> String {
    const MONTHS: [&str; 12] = [
        "month-january",
        "month-february",
        "month-march",
        "month-april",
        "month-may",
        "month-june",
        "month-july",
        "month-august",
        "month-september",
        "month-october",
        "month-november",
        "month-december",
    ];
    const WEEKDAYS: [&str; 7] = [
        "weekday-monday",
        "weekday-tuesday",
        "weekday-wednesday",
        "weekday-thursday",
        "weekday-friday",
        "weekday-saturday",
        "weekday-sunday",
    ];
    let name = |names: &[&str], number: i8| {
        let position = usize::try_from(number.saturating_sub(1)).unwrap_or_default();
        names.get(position).map(|key| texts.get(key)).unwrap_or_default()
    };
    let month = name(&MONTHS, civil.month());
    let weekday = name(&WEEKDAYS, civil.weekday());
    let day = u64::try_from(civil.day()).unwrap_or_default();
    texts.with(
        "banner-date",
        [("month", month.as_str().into()), ("day", day.into()), ("weekday", weekday.as_str().into())],
    )
}

fn notice_ui(canvas: &mut Canvas<'_>, rect: Rect, notice: Notice) {
    let key = match notice {
        Notice::NotSent => "notice-not-sent",
        Notice::Done => "notice-done",
        Notice::Refused(Refusal::AnswerIsOver) => "notice-over",
        Notice::Refused(Refusal::NotNow) => "notice-not-now",
        Notice::Refused(Refusal::Disk) => "notice-disk",
        Notice::Refused(Refusal::SignIn) => "notice-sign-in",
        Notice::Refused(Refusal::Pin) => "notice-pin",
    };
    let ground = canvas.palette.notice;
    canvas.fill(rect, ground.fill);
    let mut inner = rect.shrink2(vec2(size::EDGE, 4.0));
    let mark = inner.cut_left(44.0);
    let severity = if notice == Notice::Done { Severity::Fine } else { Severity::Notice };
    light_ui(canvas, mark.square(40.0), severity);
    let _gap = inner.cut_left(size::GAP);
    let text = canvas.texts.get(key);
    canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::BODY, ground.on), &text);
}
