//! The pages of care: whose page is wanted and why, what is written down, and the way back.

use hinamori_ipc::{CareEntry, Command, SecretDigits, ToKiosk};
use hinamori_model::{PersonalText, YesNo};

use super::{leave_page, open, open_now, people};
use crate::{CareKey, CareStep, Effect, Key, NeedDraft, Now, Page, State};

/// Takes a reply; one that comes after its page was left, or of somebody else, is dropped.
pub(super) fn told(state: &mut State, message: ToKiosk, now: Now) {
    if state.page != Page::Care {
        return;
    }
    match message {
        ToKiosk::CareList(list) => state.care.list = Some(list),
        ToKiosk::CarePerson(person)
            if state.care.wanted.as_ref().is_some_and(|(wanted, _)| *wanted == person.person) =>
        {
            state.care.person = Some(person);
            state.active_at = now.steady;
        }
        _ => {}
    }
}

/// A touch.
pub(super) fn press(state: &mut State, key: CareKey, now: Now) -> Vec<Effect> {
    state.turned = 0;
    let care = &mut state.care;
    match key {
        CareKey::Choose(person, name) => {
            if state.page != Page::Care {
                // Somebody who was found by name: the list behind their page is asked for afresh.
                let effects = open_now(state, Page::Care, now);
                state.care.wanted = Some((person, name));
                return effects;
            }
            care.wanted = Some((person, name));
        }
        CareKey::Why(reason) => {
            let Some((person, _)) = &care.wanted else { return Vec::new() };
            care.reason = Some(reason);
            return vec![Effect::Send(Command::ShowCarePerson { person: *person, reason })];
        }
        CareKey::Begin(step) => {
            care.step = step;
            if matches!(care.step, CareStep::ProxyName(_) | CareStep::ContactName) {
                care.text = PersonalText::new("");
            }
            state.draft.digits = SecretDigits::default();
        }
        CareKey::Need(kind) => care.step = CareStep::Need(NeedDraft::of(care.person.as_ref(), kind)),
        CareKey::Later(minutes) => {
            if let CareStep::Need(need) = &mut care.step {
                need.put_off(minutes, now.wall);
            }
        }
        CareKey::NoTime => {
            if let CareStep::Need(need) = &mut care.step {
                need.due_by = None;
            }
        }
        CareKey::Degree(step) => {
            if let CareStep::Need(need) = &mut care.step {
                need.turn_degree(step);
            }
        }
        CareKey::Write(entry) => return write(state, entry),
    }
    Vec::new()
}

fn write(state: &mut State, entry: CareEntry) -> Vec<Effect> {
    let care = &mut state.care;
    let Some((person, _)) = &care.wanted else { return Vec::new() };
    // Several consents of one circle are touched one after the other.
    if !matches!(care.step, CareStep::Consents(_) | CareStep::Helps) {
        care.step = CareStep::Reading;
    }
    vec![Effect::Send(Command::WriteDown { person: *person, entry })]
}

/// Somebody to turn to: the name was typed before the number.
pub(super) fn contact(state: &mut State, digits: &SecretDigits) -> Vec<Effect> {
    let name = state.care.text.clone();
    let reached_by = Some(PersonalText::new(digits.expose()));
    write(state, CareEntry::Contact { name, relation: None, reached_by })
}

/// A keyboard, where a name is typed.
pub(super) fn typed(state: &mut State, text: &PersonalText, now: Now) {
    if !matches!(state.care.step, CareStep::ProxyName(_) | CareStep::ContactName) {
        return;
    }
    state.active_at = now.steady;
    for letter in text.expose().chars() {
        let key = match letter {
            '\u{8}' => Key::Delete,
            letter => Key::Letter(PersonalText::new(letter.to_string())),
        };
        state.care.text = key.applied_to(&state.care.text);
    }
}

/// One step back.
pub(super) fn back(state: &mut State, now: Now) -> Vec<Effect> {
    let care = &mut state.care;
    let before = match std::mem::take(&mut care.step) {
        CareStep::Reading => {
            if care.wanted.take().is_some() {
                (care.person, care.reason) = (None, None);
                return people::ask_for(state, now);
            }
            if state.has_leader_page() {
                return open(state, Page::Leader, now);
            }
            leave_page(state, now);
            return Vec::new();
        }
        CareStep::Need(_) => CareStep::Needs,
        CareStep::Consents(_) => CareStep::Circles,
        CareStep::ProxyName(_) => CareStep::Purposes,
        CareStep::ProxyUntil(purpose) => CareStep::ProxyName(purpose),
        CareStep::ContactPhone => CareStep::ContactName,
        CareStep::Needs
        | CareStep::Stay
        | CareStep::Helps
        | CareStep::Circles
        | CareStep::Purposes
        | CareStep::ContactName => CareStep::Reading,
    };
    care.step = before;
    Vec::new()
}

/// What is said of `answer` when it is touched again.
pub(crate) const fn other(answer: Option<YesNo>) -> YesNo {
    match answer {
        Some(YesNo::Yes) => YesNo::No,
        Some(YesNo::No) | None => YesNo::Yes,
    }
}
