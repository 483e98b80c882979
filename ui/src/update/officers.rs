//! The pages of officers: what is sent, and what the replies open.

use hinamori_ipc::{AlertKind, AlertRefusal, AlertWanted, Command, ToKiosk};

use super::staff::takes_back;
use super::{leave_page, open};
use crate::{Effect, Now, OfficerStep, OfficerTouch, Page, SignIn, State};

/// A touch.
pub(super) fn press(state: &mut State, touch: OfficerTouch) -> Vec<Effect> {
    let officers = &mut state.officers;
    officers.refusal = None;
    state.turned = 0;
    match touch {
        OfficerTouch::Begin(class) => officers.step = OfficerStep::Message(class),
        OfficerTouch::Choose(message) => {
            if let OfficerStep::Message(class) = officers.step {
                officers.step = OfficerStep::Districts { class, message, left_out: Default::default() };
            }
        }
        OfficerTouch::ToggleDistrict(place) => {
            if let OfficerStep::Districts { left_out, .. } = &mut officers.step
                && !left_out.remove(&place)
            {
                left_out.insert(place);
            }
        }
        OfficerTouch::Ready => return ready(state),
        OfficerTouch::OpenThread(id) => officers.step = OfficerStep::Thread(id),
        OfficerTouch::End(kind) => {
            let OfficerStep::Thread(thread) = officers.step.clone() else { return Vec::new() };
            let wanted = match kind {
                AlertKind::Cancel => AlertWanted::Cancel { thread },
                AlertKind::AllClear => AlertWanted::AllClear { thread },
                AlertKind::Order => return Vec::new(),
            };
            return vec![Effect::Send(Command::DraftAlert { wanted })];
        }
        OfficerTouch::OpenDraft(id) => {
            let drafts = officers.desk.iter().flat_map(|desk| &desk.drafts);
            if let Some(draft) = drafts.into_iter().find(|draft| draft.id == id) {
                officers.step = OfficerStep::Draft(Box::new(draft.clone()));
            }
        }
        OfficerTouch::Sign => {
            if let OfficerStep::Draft(draft) = &officers.step {
                officers.step = OfficerStep::Sign(draft.clone());
                state.staff.sign_in = SignIn::default();
                state.draft.digits = Default::default();
            }
        }
        OfficerTouch::Drop => {
            let OfficerStep::Draft(draft) = &officers.step else { return Vec::new() };
            let draft = draft.id.clone();
            officers.step = OfficerStep::Start;
            return vec![Effect::Send(Command::DropAlert { draft })];
        }
    }
    Vec::new()
}

fn ready(state: &State) -> Vec<Effect> {
    let officers = &state.officers;
    let (OfficerStep::Districts { class, message, left_out }, Some(desk)) = (&officers.step, &officers.desk)
    else {
        return Vec::new();
    };
    let all = desk.districts.iter().enumerate();
    let chosen: Vec<String> =
        all.filter(|(place, _)| !left_out.contains(place)).map(|(_, name)| name.clone()).collect();
    if chosen.is_empty() {
        return Vec::new();
    }
    // The whole town, also where it has more districts than a kiosk is told.
    let districts = if left_out.is_empty() { Vec::new() } else { chosen };
    let wanted = AlertWanted::Order { class: *class, message: message.clone(), districts };
    vec![Effect::Send(Command::DraftAlert { wanted })]
}

/// The PIN is typed; nothing of it stays here.
pub(super) fn dialled(state: &mut State, pin: hinamori_ipc::SecretDigits) -> Vec<Effect> {
    state.draft.awaits_card = true;
    state.staff.sign_in = SignIn::default();
    let command = match (&state.page, &state.officers.step) {
        (Page::OfficerKeys, _) => Command::MakeOfficerKeys { pin },
        (_, OfficerStep::Sign(draft)) => Command::SignAlert { draft: draft.id.clone(), pin },
        _ => return Vec::new(),
    };
    vec![Effect::Send(command)]
}

/// Takes a reply; one that comes after its page was left is dropped.
pub(super) fn told(state: &mut State, message: ToKiosk, now: Now) {
    let officers = &mut state.officers;
    match (state.page, message) {
        (Page::Officers, ToKiosk::AlertDesk(desk)) => officers.desk = Some(*desk),
        (Page::Officers, ToKiosk::AlertDraft(draft)) => officers.step = OfficerStep::Draft(draft),
        (Page::Officers, ToKiosk::AlertRefused(why)) => {
            officers.step = match std::mem::take(&mut officers.step) {
                // There is nothing to be signed any more.
                _ if matches!(why, AlertRefusal::Gone | AlertRefusal::Overtaken) => OfficerStep::Start,
                OfficerStep::Sign(draft) => OfficerStep::Draft(draft),
                step => step,
            };
            officers.refusal = Some(why);
        }
        (Page::OfficerKeys, ToKiosk::AlertRefused(why)) => officers.refusal = Some(why),
        (Page::OfficerKeys, ToKiosk::OfficerKeysMade(words)) => officers.words = Some(words),
        _ => return,
    }
    state.draft.awaits_card = false;
    state.active_at = now.steady;
}

/// Back by one step; a card that is waited for is not any more.
pub(super) fn back(state: &mut State, now: Now) -> Vec<Effect> {
    let awaited = std::mem::take(&mut state.draft.awaits_card);
    state.draft.digits = Default::default();
    state.officers.refusal = None;
    let before = match (state.page, std::mem::take(&mut state.officers.step)) {
        (Page::OfficerKeys, _) | (_, OfficerStep::Start) => {
            let mut effects = if state.has_leader_page() {
                open(state, Page::Leader, now)
            } else {
                leave_page(state, now);
                Vec::new()
            };
            if awaited {
                effects.push(takes_back());
            }
            return effects;
        }
        (_, OfficerStep::Districts { class, .. }) => OfficerStep::Message(class),
        (_, OfficerStep::Sign(draft)) => OfficerStep::Draft(draft),
        (_, OfficerStep::Message(_) | OfficerStep::Thread(_) | OfficerStep::Draft(_)) => OfficerStep::Start,
    };
    let is_start = before == OfficerStep::Start;
    state.officers.step = before;
    match (is_start, awaited) {
        // What is out and what waits may be other than before.
        (true, _) => vec![Effect::Send(Command::ShowAlertDesk)],
        (false, true) => vec![takes_back()],
        (false, false) => Vec::new(),
    }
}
