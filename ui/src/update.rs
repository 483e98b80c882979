//! The kiosk's one transition: an event changes the state and asks the shell for effects. Pure.

use std::collections::BTreeSet;

use hinamori_ipc::{AnswerKind, Command, LaneChange, LaneState, Refusal, Screen, Sound, ToKiosk, WatchAsk};
use hinamori_model::Mode;

use crate::state::open_members;
use crate::{
    Action, Care, Draft, Effect, Event, Language, LinkEvent, LinkStage, Notice, Now, OfficerPages, Page,
    People, Registration, SitePages, StaffPages, State, Step,
};

mod care;
mod officers;
mod people;
mod site;
mod staff;

pub(crate) use care::other;
pub(crate) use staff::{is_whole, longest};

/// Takes one event.
///
/// A sound is asked for only by a change that brings an answer with a new id: the daemon sends it after
/// the record is durable. A snapshot is silent.
pub fn update(state: &mut State, event: Event, now: Now) -> Vec<Effect> {
    match event {
        Event::Link(event) => linked(state, event, now),
        Event::Touched(action) => touched(state, action, now),
        Event::Tick => tick(state, now),
        Event::Sound(output) => {
            state.sound = output;
            Vec::new()
        }
    }
}

fn linked(state: &mut State, event: LinkEvent, now: Now) -> Vec<Effect> {
    match event {
        LinkEvent::Message(message) => return told(state, *message, now),
        LinkEvent::Lost => state.link = LinkStage::Connecting,
        LinkEvent::OtherVersion => state.link = LinkStage::OtherVersion,
        LinkEvent::NotSent => {
            state.notice = Some((Notice::NotSent, now.steady));
            state.resume = None;
        }
    }
    Vec::new()
}

fn told(state: &mut State, message: ToKiosk, now: Now) -> Vec<Effect> {
    match message {
        ToKiosk::Hello { .. } => {}
        ToKiosk::Snapshot(lane) => snapshot(state, *lane, now),
        ToKiosk::Changes(changes) => {
            return changes.into_iter().flat_map(|change| changed(state, change, now)).collect();
        }
        ToKiosk::Refused(refusal) => return refused(state, refusal, now),
        list @ (ToKiosk::LeaderList(_)
        | ToKiosk::WatchList(_)
        | ToKiosk::Found(_)
        | ToKiosk::Districts(_)
        | ToKiosk::Group(_)
        | ToKiosk::NotArrived(_)
        | ToKiosk::Stays(_)) => people::listed(state, list),
        ToKiosk::NotSignedIn(fault) => staff::not_signed_in(state, fault, now),
        ToKiosk::Pass(pass) => staff::issued(state, pass, now),
        ToKiosk::Lookups(lookups) => staff::looked_up(state, lookups),
        care @ (ToKiosk::CareList(_) | ToKiosk::CarePerson(_)) => care::told(state, care, now),
        site @ (ToKiosk::Assessment(_)
        | ToKiosk::Slip(_)
        | ToKiosk::Conflicts(_)
        | ToKiosk::HeadCounts(_)
        | ToKiosk::Televisions(_)
        | ToKiosk::TelevisionOf { .. }) => site::told(state, site, now),
        officer @ (ToKiosk::AlertDesk(_)
        | ToKiosk::AlertDraft(_)
        | ToKiosk::AlertRefused(_)
        | ToKiosk::OfficerKeysMade(_)
        | ToKiosk::OfficerKeysTested) => officers::told(state, officer, now),
        ToKiosk::Done => return done(state, now),
        ToKiosk::Terminating => state.link = LinkStage::Connecting,
    }
    Vec::new()
}

fn refused(state: &mut State, refusal: Refusal, now: Now) -> Vec<Effect> {
    state.resume = None;
    state.ends_drill = false;
    state.draft.registration = Registration::default();
    state.draft.awaits_card = false;
    state.active_at = now.steady;
    // A dismissal that crossed the answer's end is nobody's concern.
    if state.dismissed.take().is_some() && refusal == Refusal::AnswerIsOver {
        return Vec::new();
    }
    match refusal {
        Refusal::SignIn | Refusal::Pin if state.page != Page::SignIn => {
            return staff::refused(state, refusal, now);
        }
        _ => state.notice = Some((Notice::Refused(refusal), now.steady)),
    }
    Vec::new()
}

/// What was asked for is done: a page that waited for it has nothing more to say.
fn done(state: &mut State, now: Now) -> Vec<Effect> {
    state.notice = Some((Notice::Done, now.steady));
    state.active_at = now.steady;
    match state.page {
        Page::HandOver => {
            state.draft.awaits_card = false;
            open(state, Page::Care, now)
        }
        Page::LiftHiding | Page::HidingSearch | Page::OwnShelter => {
            leave_page(state, now);
            Vec::new()
        }
        Page::Assessment => people::ask_for(state, now),
        // The town hall took a signature, and what it was under is not here any more.
        Page::Officers => {
            state.officers = OfficerPages::default();
            state.draft.awaits_card = false;
            people::ask_for(state, now)
        }
        _ => Vec::new(),
    }
}

fn snapshot(state: &mut State, lane: LaneState, now: Now) {
    state.link = LinkStage::Following;
    state.lane = Some(lane);
    state.last_answer = state.answer().map(|answer| answer.id);
    state.dismissed = None;
    state.resume = None;
    leave_page(state, now);
}

fn changed(state: &mut State, change: LaneChange, now: Now) -> Vec<Effect> {
    let Some(lane) = &mut state.lane else { return Vec::new() };
    let before = (lane.banner.mode, lane.counter);
    let is_screen = matches!(change, LaneChange::Screen(_));
    if matches!(change, LaneChange::Staff(_) | LaneChange::AsksSignIn(_)) {
        let earlier = lane.staff.clone();
        lane.apply(change);
        return staff::session_changed(state, earlier.as_ref(), now);
    }
    if matches!(change, LaneChange::Stick(_)) && state.page == Page::Stick {
        // Somebody waited for it.
        state.active_at = now.steady;
    }
    lane.apply(change);
    let switched = before != (lane.banner.mode, lane.counter);
    let is_real_now = (before.0, lane.banner.mode) == (Mode::Drill, Mode::Live);
    let answer = match &lane.screen {
        Screen::Answer(answer) if is_screen => Some((answer.id, sound_of(&answer.kind))),
        _ => None,
    };
    // Somebody else's card comes before the round of a roll-call.
    let goes_on = matches!(&lane.screen, Screen::Idle)
        || matches!(&lane.screen, Screen::Answer(answer) if matches!(answer.kind, AnswerKind::Done { .. }));
    if !goes_on || switched {
        state.resume = None;
    }
    match answer {
        // The same answer with other words: nothing new was recorded.
        Some((id, _)) if state.last_answer == Some(id) => Vec::new(),
        Some((id, sound)) => {
            state.last_answer = Some(id);
            state.notice = None;
            leave_page(state, now);
            if state.is_silent() { Vec::new() } else { vec![Effect::Play(id, sound, state.volume)] }
        }
        None => {
            // An answer ended or the lane became another; a page that somebody reads stays otherwise.
            if switched || (is_screen && (state.page == Page::Lane || state.page.is_over_answer())) {
                state.language = Language::default();
                leave_page(state, now);
                // Whoever pressed it here knows.
                if is_real_now && !std::mem::take(&mut state.ends_drill) {
                    state.page = Page::DrillEnded;
                }
                return people::resume(state, now);
            }
            Vec::new()
        }
    }
}

/// The question for consent comes before any record: the sound of "received" would be untrue.
const fn sound_of(kind: &AnswerKind) -> Sound {
    match kind {
        AnswerKind::Greeting { ask: WatchAsk::Consent, .. } => Sound::Ask,
        kind => kind.sound(),
    }
}

fn touched(state: &mut State, action: Action, now: Now) -> Vec<Effect> {
    // A scanner is no touch: it holds no panel open.
    if let Action::Typed(text) = action {
        return people::typed(state, &text, now);
    }
    state.active_at = now.steady;
    state.resume = None;
    match action {
        Action::Send(command) => {
            state.ends_drill = matches!(command, Command::EndDrill { then: Mode::Live });
            return vec![Effect::Send(command)];
        }
        Action::SendThen(command, page) => {
            state.resume = Some(page);
            return vec![Effect::Send(command)];
        }
        Action::SendAndReturn(command) => {
            leave_page(state, now);
            return vec![Effect::Send(command)];
        }
        Action::SendAndOpen(command, page) => {
            let mut effects = vec![Effect::Send(command)];
            effects.extend(open(state, page, now));
            return effects;
        }
        Action::SendAndRefresh(command) => return people::send_and_refresh(state, command, now),
        Action::Open(page) => return open(state, page, now),
        Action::Return => leave_page(state, now),
        Action::Back => return people::back(state, now),
        Action::ToggleMember(person) => toggle(&mut state.draft.members, person),
        Action::ChooseAllMembers => {
            let everybody = state.answer().into_iter().flat_map(open_members).map(|member| member.person);
            state.draft.members = everybody.collect();
        }
        Action::Count(who, step) => {
            let most = state.most(who);
            let count = state.draft.count_mut(who);
            *count = match step {
                Step::Up => count.saturating_add(1).min(most),
                Step::Down => count.saturating_sub(1),
            };
        }
        Action::ToggleFinding(finding) => toggle(&mut state.draft.findings, finding),
        Action::Turn(Step::Up) => state.turned = state.turned.saturating_add(1),
        Action::Turn(Step::Down) => state.turned = state.turned.saturating_sub(1),
        Action::Press(key) if state.page == Page::Care => {
            state.care.text = key.applied_to(&state.care.text);
        }
        Action::Press(key) => return people::press(state, &key),
        Action::Typed(_) => {}
        Action::ChooseRow(row) if state.page == Page::Care => state.care.row = row,
        Action::ChooseRow(row) => state.people.search.row = row,
        Action::FindName(nameless) => return people::find_name(state, nameless, now),
        Action::Ask(question) => state.people.question = Some(question),
        Action::ChooseDistrict(district) => return people::choose_district(state, district),
        Action::ChooseGroup(group) => return people::choose_group(state, group),
        Action::ChooseLeader(leader) => people::choose_leader(state, leader),
        Action::ShowHouseholds(district, from) => {
            return people::show_households(state, district, from, now);
        }
        Action::ChooseHour(hour) => state.people.hour = hour,
        Action::Registration(key) => {
            let secret = state.draft.registration.press(&key);
            return secret
                .map(|secret| Effect::Send(Command::ReadAttributes { secret }))
                .into_iter()
                .collect();
        }
        Action::SignIn(key) => return staff::press(state, key),
        Action::Dial(dial) => return staff::dial(state, &dial, now),
        Action::ChooseRole(role) => state.staff.role = Some(role),
        Action::ChooseDays(days) => state.staff.days = days,
        Action::ToggleNeed(need) => return staff::toggle_need(state, need),
        Action::Care(key) => return care::press(state, key, now),
        touch @ (Action::Grade(..)
        | Action::ChooseHeads(_)
        | Action::ChooseName(_)
        | Action::TypeTelevision
        | Action::ConfirmTelevision) => return site::touched(state, touch),
        Action::Officer(touch) => return officers::press(state, touch),
        Action::StayAMinute => state.stays_since = Some(now.steady),
        Action::SwitchLanguage => state.language = state.language.other(),
        Action::SetLook(look) => state.look = look,
        Action::SetVolume(volume) => state.volume = volume,
    }
    Vec::new()
}

/// Chosen, or not any more.
fn toggle<T: Ord>(chosen: &mut BTreeSet<T>, one: T) {
    if !chosen.remove(&one) {
        chosen.insert(one);
    }
}

/// Opens a page, or the sign-in before it; its list is asked for afresh.
fn open(state: &mut State, page: Page, now: Now) -> Vec<Effect> {
    match staff::sign_in_before(state, page) {
        Some(opens) => staff::sign_in_for(state, page, opens, now),
        None => open_now(state, page, now),
    }
}

fn open_now(state: &mut State, page: Page, now: Now) -> Vec<Effect> {
    let answer = state.answer().map(|answer| answer.id);
    if page.is_over_answer() {
        // What was touched beside the answer stays.
        if answer.is_some() {
            state.page = page;
            state.turned = 0;
            state.active_at = now.steady;
        }
        return people::ask_for(state, now);
    }
    leave_page(state, now);
    state.page = page;
    let mut effects = Vec::new();
    // A page opened from an answer ends it, before anything is asked for.
    if let Some(answer) = answer.filter(|answer| state.dismissed != Some(*answer)) {
        state.dismissed = Some(answer);
        effects.push(Effect::Send(Command::Dismiss { answer }));
    }
    effects.extend(people::ask_for(state, now));
    effects
}

fn tick(state: &mut State, now: Now) -> Vec<Effect> {
    if state.notice_ends_at().is_some_and(|end| now.steady >= end) {
        state.notice = None;
    }
    if state.closes_at().is_none_or(|end| now.steady < end) {
        let is_time = state.refreshes_at().is_some_and(|at| now.steady >= at);
        return if is_time { people::ask_for(state, now) } else { Vec::new() };
    }
    match state.answer().map(|answer| answer.id) {
        Some(_) if state.page.is_over_answer() => {
            staff::back_to_answer(state, now);
            Vec::new()
        }
        Some(answer) if state.page == Page::Lane => {
            state.dismissed = Some(answer);
            vec![Effect::Send(Command::Dismiss { answer })]
        }
        _ => {
            state.language = Language::default();
            state.resume = None;
            leave_page(state, now);
            Vec::new()
        }
    }
}

/// Back to what the daemon says, with nothing drafted.
fn leave_page(state: &mut State, now: Now) {
    state.page = Page::Lane;
    state.turned = 0;
    state.draft = Draft::default();
    state.active_at = now.steady;
    // Names are not kept longer than they are shown.
    state.people = People::default();
    state.staff = StaffPages::default();
    state.care = Care::default();
    state.site = SitePages::default();
    state.officers = OfficerPages::default();
    state.leader_list = None;
    state.watch_list = None;
}

#[cfg(test)]
mod tests;
