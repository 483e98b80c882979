//! The pages of officers: what is sent, and what the replies open.

use hinamori_ipc::{
    AlertClass, AlertDesk, AlertKind, AlertRefusal, AlertThread, AlertWanted, Arrival, Command, ToKiosk,
};

use super::staff::takes_back;
use super::{leave_page, open};
use crate::{Effect, Now, OfficerPages, OfficerStep, OfficerTouch, Page, Saying, SignIn, State};

/// A touch.
pub(super) fn press(state: &mut State, touch: OfficerTouch) -> Vec<Effect> {
    let officers = &mut state.officers;
    officers.refusal = None;
    state.turned = 0;
    match touch {
        OfficerTouch::Begin(class) => officers.step = OfficerStep::Message { class, thread: None },
        OfficerTouch::Choose(message) => {
            if let (OfficerStep::Message { class, thread }, Some(desk)) = (&officers.step, &officers.desk) {
                officers.step = OfficerStep::Districts(begun(desk, *class, thread.clone(), message));
            }
        }
        OfficerTouch::ToggleDistrict(place) => {
            if let (OfficerStep::Districts(saying), Some(desk)) = (&mut officers.step, &officers.desk)
                && !stays(desk, saying, place)
                && !saying.left_out.remove(&place)
            {
                saying.left_out.insert(place);
            }
        }
        OfficerTouch::OpenPlaces => {
            if let OfficerStep::Districts(saying) = &officers.step {
                officers.step = OfficerStep::Places(saying.clone());
            }
        }
        OfficerTouch::TogglePlace(place) => {
            if let OfficerStep::Places(saying) = &mut officers.step
                && !saying.closed.remove(&place)
            {
                saying.closed.insert(place);
            }
        }
        OfficerTouch::Ready => return ready(state),
        OfficerTouch::Arrives(arrival) => {
            let OfficerStep::Arrival(saying) = &officers.step else { return Vec::new() };
            return drafted(officers.desk.as_ref(), saying, arrival);
        }
        OfficerTouch::OpenThread(id) => officers.step = OfficerStep::Thread(id),
        OfficerTouch::Change => {
            let Some((class, thread)) = opened(officers) else { return Vec::new() };
            let (id, only) = (thread.id.clone(), thread.may_become.len() <= 1);
            let message = thread.message.clone().filter(|_| only);
            let Some(desk) = &officers.desk else { return Vec::new() };
            officers.step = match message {
                // There is nothing to choose.
                Some(message) => OfficerStep::Districts(begun(desk, class, Some(id), message)),
                None => OfficerStep::Message { class, thread: Some(id) },
            };
        }
        OfficerTouch::ChangeArrival => {
            let Some((class, thread)) = opened(officers) else { return Vec::new() };
            let (id, message) = (thread.id.clone(), thread.message.clone());
            let (Some(message), Some(desk)) = (message, &officers.desk) else { return Vec::new() };
            officers.step = OfficerStep::Arrival(begun(desk, class, Some(id), message));
        }
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
        OfficerTouch::Test => {
            officers.step = OfficerStep::Test;
            state.staff.sign_in = SignIn::default();
            state.draft.digits = Default::default();
        }
    }
    Vec::new()
}

/// What is out and open, and whether it is real.
fn opened(officers: &OfficerPages) -> Option<(AlertClass, &AlertThread)> {
    let OfficerStep::Thread(id) = &officers.step else { return None };
    let thread = officers.desk.as_ref()?.threads.iter().find(|thread| thread.id == *id)?;
    Some((thread.notice.class, thread))
}

/// Something new is for the whole town at first, a change for whom it was before and without the places that were closed before.
fn begun(desk: &AlertDesk, class: AlertClass, thread: Option<String>, message: String) -> Saying {
    let mut saying =
        Saying { class, thread, message, left_out: Default::default(), closed: Default::default() };
    if let Some(thread) = saying.changes(desk) {
        let others = desk.districts.iter().enumerate().filter(|(_, name)| !thread.districts.contains(name));
        let (left_out, closed) =
            (others.map(|(place, _)| place).collect(), thread.closed.iter().cloned().collect());
        (saying.left_out, saying.closed) = (left_out, closed);
    }
    saying
}

/// Whether a district was told before: it is not left out by a change.
fn stays(desk: &AlertDesk, saying: &Saying, place: usize) -> bool {
    let name = desk.districts.get(place);
    saying.changes(desk).is_some_and(|thread| name.is_some_and(|name| thread.districts.contains(name)))
}

fn ready(state: &mut State) -> Vec<Effect> {
    let officers = &mut state.officers;
    let Some(desk) = &officers.desk else { return Vec::new() };
    match officers.step.clone() {
        OfficerStep::Places(saying) => officers.step = OfficerStep::Districts(saying),
        OfficerStep::Districts(saying) if desk.districts.len() > saying.left_out.len() => {
            if !saying.choice(desk).is_some_and(|choice| choice.danger.is_tsunami()) {
                return drafted(Some(desk), &saying, Arrival::Unknown);
            }
            officers.step = OfficerStep::Arrival(saying);
        }
        _ => {}
    }
    Vec::new()
}

/// Asks for the words that are signed.
fn drafted(desk: Option<&AlertDesk>, saying: &Saying, arrival: Arrival) -> Vec<Effect> {
    let Some(desk) = desk else { return Vec::new() };
    let Saying { class, thread, message, left_out, closed } = saying.clone();
    let closed = closed.into_iter().collect();
    let all = desk.districts.iter().enumerate();
    let chosen = all.filter(|(place, _)| !left_out.contains(place)).map(|(_, name)| name.clone()).collect();
    // The whole town, also where it has more districts than a kiosk is told.
    let chosen: Option<Vec<String>> = Some(chosen).filter(|_| !left_out.is_empty());
    let wanted = match thread {
        Some(thread) => AlertWanted::Update { thread, message, added: chosen, arrival, closed },
        None => {
            let districts = chosen.unwrap_or_default();
            AlertWanted::Order { class, message, districts, arrival, closed }
        }
    };
    vec![Effect::Send(Command::DraftAlert { wanted })]
}

/// The PIN is typed; nothing of it stays here.
pub(super) fn dialled(state: &mut State, pin: hinamori_ipc::SecretDigits) -> Vec<Effect> {
    state.draft.awaits_card = true;
    state.staff.sign_in = SignIn::default();
    let command = match (&state.page, &state.officers.step) {
        (Page::OfficerKeys, _) => Command::MakeOfficerKeys { pin },
        (_, OfficerStep::Sign(draft)) => Command::SignAlert { draft: draft.id.clone(), pin },
        (_, OfficerStep::Test) => Command::TestOfficerKeys { pin },
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
                OfficerStep::Test => OfficerStep::Start,
                step => step,
            };
            officers.refusal = Some(why);
        }
        (Page::Officers, ToKiosk::OfficerKeysTested) => officers.step = OfficerStep::Tested,
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
        (_, OfficerStep::Places(saying)) => OfficerStep::Districts(saying),
        (_, OfficerStep::Arrival(saying)) if saying.thread.is_none() => OfficerStep::Districts(saying),
        (
            _,
            OfficerStep::Arrival(Saying { thread: Some(thread), .. })
            | OfficerStep::Districts(Saying { thread: Some(thread), .. })
            | OfficerStep::Message { thread: Some(thread), .. },
        ) => OfficerStep::Thread(thread),
        (_, OfficerStep::Districts(Saying { class, .. })) => OfficerStep::Message { class, thread: None },
        (_, OfficerStep::Sign(draft)) => OfficerStep::Draft(draft),
        (
            _,
            OfficerStep::Message { .. }
            | OfficerStep::Arrival(_)
            | OfficerStep::Thread(_)
            | OfficerStep::Draft(_)
            | OfficerStep::Test
            | OfficerStep::Tested,
        ) => OfficerStep::Start,
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
