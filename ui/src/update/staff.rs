//! Signing in: what is sent, what its replies open, and the pads of numbers.

use hinamori_ipc::{Command, Lookup, Pass, Refusal, SecretDigits, SignInFault, StaffSession};
use hinamori_model::{ArrivalNeed, PersonalText};

use super::{care, leave_page, officers, open, open_now, site, toggle};
use crate::staff::Opens;
use crate::{
    Dial, Effect, Now, Page, SecretKind, SignIn, SignInKey, SignInStep, SignInTrouble, StaffPages, State,
};

/// Digits of a telephone number; fewer are no number.
const LEAST_PHONE: usize = 6;

/// Whether somebody has to sign in before this page opens.
pub(super) fn sign_in_before(state: &State, page: Page) -> Option<Opens> {
    let opens = page.opens_on(state.lane.as_ref()?);
    (opens != Opens::Now).then_some(opens)
}

/// The page of a sign-in, for a page that does not open yet.
pub(super) fn sign_in_for(state: &mut State, page: Page, opens: Opens, now: Now) -> Vec<Effect> {
    let needs_pin = page.right().is_some_and(hinamori_model::Right::needs_pin);
    let trouble = (opens == Opens::ForOthers).then_some(SignInTrouble::NotAllowed);
    begin(state, Some(page), needs_pin, trouble, now)
}

fn begin(
    state: &mut State,
    then: Option<Page>,
    needs_pin: bool,
    trouble: Option<SignInTrouble>,
    now: Now,
) -> Vec<Effect> {
    let mut effects = open_now(state, Page::SignIn, now);
    let step = if needs_pin { SignInStep::Digits } else { SignInStep::Card };
    state.staff.sign_in = SignIn { then, needs_pin, step, pass: None, trouble };
    if step == SignInStep::Card {
        effects.push(Effect::Send(Command::SignIn { pin: None }));
    }
    effects
}

/// The daemon opens what was asked for only after a sign-in.
pub(super) fn refused(state: &mut State, refusal: Refusal, now: Now) -> Vec<Effect> {
    let page = state.page;
    let then = (page != Page::Lane && !page.is_over_answer()).then_some(page);
    let needs_pin = refusal == Refusal::Pin || page.right().is_some_and(hinamori_model::Right::needs_pin);
    begin(state, then, needs_pin, None, now)
}

/// Somebody signed in, or out.
pub(super) fn session_changed(state: &mut State, earlier: Option<&StaffSession>, now: Now) -> Vec<Effect> {
    let Some(lane) = &state.lane else { return Vec::new() };
    let who = |session: &StaffSession| (session.name.clone(), session.role, session.by);
    let is_other = earlier.map(who) != lane.staff.as_ref().map(who);
    if state.page != Page::SignIn {
        // Names stay no longer than somebody who may see them.
        if is_other && state.page.opens_on(lane) != Opens::Now {
            leave_page(state, now);
        }
        return Vec::new();
    }
    // A session is also told afresh when only its end is another.
    let is_answer = lane.staff.is_some() && state.staff.sign_in.step == SignInStep::Card;
    let opens = state.staff.sign_in.then.map(|page| page.opens_on(lane));
    if !is_answer || !(is_other || opens == Some(Opens::Now)) {
        return Vec::new();
    }
    match state.staff.sign_in.then {
        Some(page) => open(state, page, now),
        None if state.has_leader_page() => open(state, Page::Leader, now),
        None => {
            leave_page(state, now);
            Vec::new()
        }
    }
}

/// Nobody was signed in: the words say why, and another try takes a touch. A card that lies on the reader is not tried twice.
pub(super) fn not_signed_in(state: &mut State, fault: SignInFault, now: Now) {
    state.active_at = now.steady;
    if matches!(
        state.page,
        Page::HandOver | Page::LiftHiding | Page::Officers | Page::OfficerKeys | Page::Televisions
    ) {
        state.draft.awaits_card = false;
    } else if state.page != Page::SignIn {
        // A pass that was scanned on idle.
        drop(open_now(state, Page::SignIn, now));
    }
    let sign_in = &mut state.staff.sign_in;
    sign_in.trouble = Some(SignInTrouble::Fault(fault));
    sign_in.step = SignInStep::Again;
}

/// A touch on the page of a sign-in.
pub(super) fn press(state: &mut State, key: SignInKey) -> Vec<Effect> {
    let sign_in = &mut state.staff.sign_in;
    (sign_in.trouble, sign_in.pass) = (None, None);
    state.draft.digits = SecretDigits::default();
    if key == SignInKey::TypePin || sign_in.needs_pin {
        sign_in.step = SignInStep::Digits;
        return Vec::new();
    }
    sign_in.step = SignInStep::Card;
    vec![Effect::Send(Command::SignIn { pin: None })]
}

/// A pass was held to the scanner: its number is asked for where a PIN is.
pub(super) fn scanned_pass(state: &mut State, code: PersonalText, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.page != Page::SignIn {
        effects = open_now(state, Page::SignIn, now);
    }
    state.active_at = now.steady;
    state.draft.digits = SecretDigits::default();
    let sign_in = &mut state.staff.sign_in;
    sign_in.trouble = None;
    sign_in.pass = Some(code.clone());
    if sign_in.needs_pin || sign_in.step == SignInStep::Digits {
        sign_in.step = SignInStep::Digits;
    } else {
        sign_in.step = SignInStep::Card;
        effects.push(Effect::Send(Command::SignInWithPass { code, number: None }));
    }
    effects
}

/// Out of the digits, or out of the page. A card that is waited for is not any more.
pub(super) fn back(state: &mut State, now: Now) -> Vec<Effect> {
    let sign_in = &state.staff.sign_in;
    if sign_in.step == SignInStep::Digits && !sign_in.needs_pin {
        return press(state, SignInKey::Again);
    }
    let from_leader = sign_in.then.is_none_or(|page| !matches!(page, Page::Search | Page::Group));
    let mut effects = if from_leader && state.has_leader_page() {
        open(state, Page::Leader, now)
    } else {
        leave_page(state, now);
        Vec::new()
    };
    effects.push(takes_back());
    effects
}

/// Any other command ends the waiting for a card; this one is refused to nobody, and its reply names nobody.
pub(super) const fn takes_back() -> Effect {
    Effect::Send(Command::ShowDistricts)
}

/// Out of a page that hands a PIN over.
pub(super) fn back_from_pin(state: &mut State, page: Page, now: Now) -> Vec<Effect> {
    let awaited = state.draft.awaits_card;
    let mut effects = open(state, page, now);
    if awaited {
        effects.push(takes_back());
    }
    effects
}

/// A touch on a pad of numbers.
pub(super) fn dial(state: &mut State, dial: &Dial, now: Now) -> Vec<Effect> {
    let longest = longest(state.page);
    let digits = &mut state.draft.digits;
    match dial {
        Dial::Digit(digit) if digits.length() < longest => digits.push(digit.0),
        Dial::Digit(_) => {}
        Dial::Delete => digits.pop(),
        Dial::Done => return dialled(state, now),
    }
    Vec::new()
}

/// How many digits a page takes.
pub(crate) const fn longest(page: Page) -> usize {
    match page {
        Page::Phone | Page::Care => 11,
        Page::Televisions => 8,
        _ => SecretKind::Pin.length(),
    }
}

/// Whether what was typed is whole.
pub(crate) fn is_whole(page: Page, digits: &SecretDigits) -> bool {
    match page {
        Page::Phone | Page::Care => digits.length() >= LEAST_PHONE,
        page => digits.length() == longest(page),
    }
}

/// What was typed goes out, and nothing of it stays here.
fn dialled(state: &mut State, now: Now) -> Vec<Effect> {
    if !is_whole(state.page, &state.draft.digits) {
        return Vec::new();
    }
    if state.page == Page::Televisions {
        return site::television_typed(state);
    }
    let digits = std::mem::take(&mut state.draft.digits);
    let command = match state.page {
        Page::SignIn => {
            let sign_in = &mut state.staff.sign_in;
            (sign_in.step, sign_in.trouble) = (SignInStep::Card, None);
            match sign_in.pass.clone() {
                Some(code) => Command::SignInWithPass { code, number: Some(digits) },
                None => Command::SignIn { pin: Some(digits) },
            }
        }
        Page::HandOver | Page::LiftHiding => {
            state.draft.awaits_card = true;
            state.staff.sign_in = SignIn::default();
            if state.page == Page::HandOver {
                Command::HandOver { pin: digits }
            } else {
                Command::LiftHiding { pin: digits }
            }
        }
        Page::Phone => {
            let Some(answer) = state.answer().map(|answer| answer.id) else { return Vec::new() };
            let phone = PersonalText::new(digits.expose());
            back_to_answer(state, now);
            state.draft.phone_given = true;
            Command::LeavePhone { answer, phone }
        }
        Page::Care => return care::contact(state, &digits),
        Page::Officers | Page::OfficerKeys => return officers::dialled(state, digits),
        _ => return Vec::new(),
    };
    vec![Effect::Send(command)]
}

/// From a page over an answer back to it; what was touched beside it stays.
pub(super) fn back_to_answer(state: &mut State, now: Now) {
    state.page = Page::Lane;
    state.active_at = now.steady;
    state.draft.digits = SecretDigits::default();
    state.staff = StaffPages::default();
    state.site.slip = None;
}

/// A pass was issued.
pub(super) fn issued(state: &mut State, pass: Pass, now: Now) {
    if state.page == Page::Passes {
        state.staff.pass = Some(pass);
        state.active_at = now.steady;
    }
}

/// Who looked at the person of the answer.
pub(super) fn looked_up(state: &mut State, lookups: Vec<Lookup>) {
    if state.page == Page::Lookups {
        state.staff.lookups = Some(lookups);
    }
}

/// One of the three questions of an arrival: what was touched is sent at once, all of it.
pub(super) fn toggle_need(state: &mut State, need: ArrivalNeed) -> Vec<Effect> {
    let Some(answer) = state.answer().map(|answer| answer.id) else { return Vec::new() };
    let needs = &mut state.draft.needs;
    toggle(needs, need);
    vec![Effect::Send(Command::TellNeeds { answer, needs: needs.iter().copied().collect() })]
}
