//! The pages of people: what is asked for, what is taken of the replies, and the way back.

use hinamori_ipc::{Command, District, Exchange, GroupMember, MemberState, NotArrived, ToKiosk};
use hinamori_model::{PersonId, PersonalText};

use super::{care, leave_page, officers, open, staff};
use crate::theme::{SCAN, SCAN_LETTER};
use crate::{Effect, Key, Now, Page, State, TelevisionStep};

/// The most that a scanner types, in bytes: the slip of whoever moves is the longest.
const MAXIMUM_CODE: usize = 1_024;
/// How what is taken like a card begins, in any case: badges, and the slips of whoever left or moved.
const TAPPED: [&str; 3] = ["HM1", "HL1", "HT1"];
/// How a pass of staff begins.
const PASS: &str = "HS1";

/// What an open page needs is asked for afresh.
pub(super) fn ask_for(state: &mut State, now: Now) -> Vec<Effect> {
    let people = &mut state.people;
    let command = match state.page {
        Page::LeaderList => Command::ShowLeaderList,
        Page::WatchList => Command::ShowWatchList,
        Page::Group => Command::ShowDistricts,
        Page::NotArrived => {
            people.asked_at = now.steady;
            Command::ShowNotArrived { district: people.district.clone(), from: people.from }
        }
        Page::RollCall => Command::ShowStays,
        Page::Care => Command::ShowCareList,
        Page::HeadCounts => Command::ShowHeadCounts,
        Page::Conflicts => Command::ShowConflicts,
        Page::Televisions => Command::ShowTelevisions,
        Page::Assessment => Command::ShowAssessment,
        Page::OwnShelter => Command::ShowDistricts,
        Page::Officers => Command::ShowAlertDesk,
        Page::Stick => {
            // One touch is enough for a stick that nothing was done with yet.
            let stick = state.lane.as_ref().and_then(|lane| lane.stick.as_ref());
            if !stick.is_some_and(|stick| stick.may_begin() && stick.exchange == Exchange::NotBegun) {
                return Vec::new();
            }
            Command::ExchangeStick
        }
        Page::Lookups | Page::Slip => {
            let Some(answer) = state.answer().map(|answer| answer.id) else { return Vec::new() };
            if state.page == Page::Slip {
                Command::ShowSlip { answer }
            } else {
                Command::ShowLookups { answer }
            }
        }
        Page::Lane
        | Page::Settings
        | Page::OpenLive
        | Page::OpenDrill
        | Page::HeadCount
        | Page::Health
        | Page::Leader
        | Page::Search
        | Page::Registration
        | Page::SignIn
        | Page::Passes
        | Page::Phone
        | Page::CareSearch
        | Page::HandOver
        | Page::Hiding
        | Page::HidingSearch
        | Page::LiftHiding
        | Page::DrillEnded
        | Page::OfficerKeys => return Vec::new(),
    };
    vec![Effect::Send(command)]
}

/// Takes a list that was asked for. One that comes after its page was left, or after something else was asked
/// for, is dropped: names are not kept longer than they are shown.
pub(super) fn listed(state: &mut State, message: ToKiosk) {
    let people = &mut state.people;
    match (state.page, message) {
        (Page::LeaderList, ToKiosk::LeaderList(list)) => state.leader_list = Some(list),
        (Page::WatchList, ToKiosk::WatchList(list)) => state.watch_list = Some(list),
        (Page::Search | Page::HidingSearch | Page::CareSearch, ToKiosk::Found(found))
            if found.query == people.search.text =>
        {
            people.search.found = Some(found);
        }
        (Page::Group | Page::OwnShelter, ToKiosk::Districts(districts)) => people.districts = Some(districts),
        (Page::Group, ToKiosk::Group(group))
            if Some(&group.district) == people.district.as_ref()
                && Some(&group.group) == people.group_name.as_ref() =>
        {
            people.group = Some(group);
        }
        (Page::NotArrived, ToKiosk::NotArrived(list)) if list.of == people.district => {
            people.from = list.from;
            people.not_arrived = Some(list);
        }
        (Page::RollCall, ToKiosk::Stays(stays)) => {
            people.stays = Some(stays);
            // The reply to what was ticked: the next round begins without ticks.
            if state.resume.take().is_some() {
                state.draft.members.clear();
            }
        }
        _ => {}
    }
}

/// A key of the pad: every one asks the daemon anew.
pub(super) fn press(state: &mut State, key: &Key) -> Vec<Effect> {
    let search = &mut state.people.search;
    let text = key.applied_to(&search.text);
    if text == search.text {
        return Vec::new();
    }
    search.found = None;
    search.text = text.clone();
    state.turned = 0;
    if text.expose().is_empty() {
        return Vec::new();
    }
    vec![Effect::Send(Command::Search { query: text })]
}

/// A keyboard on the search page; a scanner elsewhere.
pub(super) fn typed(state: &mut State, text: &PersonalText, now: Now) -> Vec<Effect> {
    match state.page {
        Page::Search | Page::HidingSearch | Page::CareSearch if state.people.question.is_none() => {
            state.active_at = now.steady;
            let keys = text.expose().chars().map(|letter| match letter {
                '\u{8}' => Key::Delete,
                letter => Key::Letter(PersonalText::new(letter.to_string())),
            });
            // One question to the daemon for all that came at once.
            let asked = keys.flat_map(|key| press(state, &key)).last();
            let is_empty = state.people.search.text.expose().is_empty();
            asked.filter(|_| !is_empty).into_iter().collect()
        }
        Page::Care => {
            care::typed(state, text, now);
            Vec::new()
        }
        Page::Lane | Page::Leader | Page::SignIn => scanned(state, text, now),
        _ => Vec::new(),
    }
}

/// A scanner types a code and the return key at once; a hand does not.
fn scanned(state: &mut State, text: &PersonalText, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    for letter in text.expose().chars() {
        // A long code takes a scanner longer, and a hand much longer still.
        let is_late = |typed: &str, since| {
            let letters = u32::try_from(typed.len()).unwrap_or(u32::MAX);
            now.steady.saturating_sub(since) > SCAN.saturating_add(SCAN_LETTER.saturating_mul(letters))
        };
        let (before, since) = match state.scanned.take() {
            Some((before, since)) if !is_late(before.expose(), since) => (before, since),
            _ => (PersonalText::new(""), now.steady),
        };
        if letter == '\n' {
            effects.extend(whole(state, before, now));
        } else if before.expose().len() < MAXIMUM_CODE {
            state.scanned = Some((PersonalText::new(format!("{}{letter}", before.expose())), since));
        } else {
            // Too long already: nothing of it is a code until it pauses.
            state.scanned = Some((before, since));
        }
    }
    effects
}

/// A whole code.
fn whole(state: &mut State, code: PersonalText, now: Now) -> Vec<Effect> {
    let begins_with = |begin: &str| {
        let begins = code.expose().get(..begin.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(begin))
    };
    if begins_with(PASS) {
        return staff::scanned_pass(state, code, now);
    }
    if state.page == Page::Lane && TAPPED.into_iter().any(begins_with) {
        return vec![Effect::Send(Command::Badge { code })];
    }
    Vec::new()
}

/// Looks for the name of somebody in the leader's list.
pub(super) fn find_name(state: &mut State, nameless: PersonId, now: Now) -> Vec<Effect> {
    let effects = open(state, Page::Search, now);
    state.people.search.nameless = Some(nameless);
    effects
}

/// A district's groups. Where there is only one, nobody has to choose it.
pub(super) fn choose_district(state: &mut State, district: String) -> Vec<Effect> {
    let districts = state.people.districts.iter().flatten();
    let groups = districts.filter(|known| known.name == district).flat_map(|known| &known.groups);
    let names: Vec<_> = groups.map(|group| group.name.clone()).collect();
    state.people.district = Some(district);
    state.turned = 0;
    match <[String; 1]>::try_from(names) {
        Ok([only]) => choose_group(state, only),
        Err(_) => Vec::new(),
    }
}

/// A group's tick list is asked for.
pub(super) fn choose_group(state: &mut State, group: String) -> Vec<Effect> {
    let Some(district) = state.people.district.clone() else { return Vec::new() };
    state.people.group_name = Some(group.clone());
    state.people.group = None;
    state.turned = 0;
    vec![Effect::Send(Command::ShowGroup { district, group })]
}

/// Who speaks for the group is here: that is one touch fewer.
pub(super) fn choose_leader(state: &mut State, leader: PersonId) {
    let members = state.people.group.iter().flat_map(|group| &group.members);
    let is_open = |member: &GroupMember| member.state == MemberState::NotSeen;
    if members.into_iter().any(|member| member.person == leader && is_open(member)) {
        state.draft.members.insert(leader);
    }
    state.people.leader = Some(leader);
    state.turned = 0;
}

/// The incomplete households of a district from a place on.
pub(super) fn show_households(state: &mut State, district: String, from: u32, now: Now) -> Vec<Effect> {
    let people = &mut state.people;
    if people.district.as_ref() != Some(&district) {
        people.not_arrived = None;
    }
    people.district = Some(district);
    people.from = from;
    ask_for(state, now)
}

/// One step back: out of a question, a list, a page.
pub(super) fn back(state: &mut State, now: Now) -> Vec<Effect> {
    let people = &mut state.people;
    if people.question.take().is_some() {
        return Vec::new();
    }
    state.turned = 0;
    match state.page {
        page if page.is_over_answer() => staff::back_to_answer(state, now),
        Page::SignIn => return staff::back(state, now),
        Page::Officers | Page::OfficerKeys => return officers::back(state, now),
        Page::Care => return care::back(state, now),
        Page::CareSearch => return open(state, Page::Care, now),
        Page::HandOver => return staff::back_from_pin(state, Page::Care, now),
        Page::LiftHiding => return staff::back_from_pin(state, Page::Hiding, now),
        Page::HidingSearch => return open(state, Page::Hiding, now),
        Page::HeadCounts if state.site.heads.take().is_some() => state.draft.counts = [0; 3],
        // Asking for the list takes back what a card said.
        Page::Televisions if state.site.television != TelevisionStep::List => {
            return open(state, Page::Televisions, now);
        }
        Page::OwnShelter if state.site.name.take().is_some() => {}
        Page::Group if people.leader.take().is_some() => {}
        Page::Group if people.group_name.is_some() => {
            state.draft.members.clear();
            (people.group_name, people.group) = (None, None);
            let of_one = |districts: &Vec<District>| {
                let known = districts.iter().find(|known| Some(&known.name) == people.district.as_ref());
                known.is_some_and(|known| known.groups.len() == 1)
            };
            // A district of one group was chosen with it.
            if people.districts.as_ref().is_some_and(of_one) {
                people.district = None;
            }
        }
        Page::Group if people.district.take().is_some() => {}
        Page::NotArrived if people.district.take().is_some() => {
            people.from = 0;
            // The districts stay on the screen until they come afresh.
            people.not_arrived = people.not_arrived.take().map(without_households);
            return ask_for(state, now);
        }
        Page::Registration if state.draft.registration.back() => {}
        Page::Registration => return open(state, Page::LeaderList, now),
        Page::Search if people.search.nameless.is_some() => return open(state, Page::LeaderList, now),
        page if page.is_behind_leader_page() && state.has_leader_page() => {
            return open(state, Page::Leader, now);
        }
        _ => leave_page(state, now),
    }
    Vec::new()
}

fn without_households(list: NotArrived) -> NotArrived {
    NotArrived { of: None, households: Vec::new(), from: 0, total: 0, ..list }
}

/// A command that leads to a list: it is sent, the list is asked for afresh.
pub(super) fn send_and_refresh(state: &mut State, command: Command, now: Now) -> Vec<Effect> {
    state.people.question = None;
    state.draft.members.clear();
    let mut effects = vec![Effect::Send(command)];
    effects.extend(ask_for(state, now));
    effects
}

/// A page that waited for the end of an answer is opened again.
pub(super) fn resume(state: &mut State, now: Now) -> Vec<Effect> {
    match state.resume.take() {
        Some(page) => open(state, page, now),
        None => Vec::new(),
    }
}
