//! 点呼: everybody's stay here, whoever was not seen for longest first. A touch ticks, a button sends.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Command, Stay, StayState};
use hinamori_model::{PersonId, UnixMillis};

use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::welcome::{tick_ui, tile_ground_ui};
use super::{View, is_portrait, when_words};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Place, Touchable, Type, light_ui};
use crate::{Action, Page, Question, RollCallHour};

/// The list, or the question whether it is over.
pub(crate) fn roll_call_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let people = &view.state.people;
    let stays = people.stays.as_deref();
    if people.question == Some(Question::RollCallOver) {
        return over_ui(canvas, rect, view, stays.unwrap_or_default());
    }
    list_ui(canvas, rect, view, stays)
}

/// Whoever would be unaccounted for: still of this place, and not seen since.
fn unaccounted(stays: &[Stay], since: UnixMillis) -> u32 {
    let is_here = |stay: &&Stay| matches!(stay.state, StayState::Here | StayState::Unaccounted);
    let missing = stays.iter().filter(is_here).filter(|stay| stay.seen_at < since).count();
    u32::try_from(missing).unwrap_or(u32::MAX)
}

fn ticked(view: &View<'_>, stays: &[Stay]) -> Vec<PersonId> {
    let ticks = &view.state.draft.members;
    stays.iter().map(|stay| stay.person).filter(|person| ticks.contains(person)).collect()
}

fn list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, stays: Option<&[Stay]>) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let items = stays.unwrap_or_default();
    let chosen = ticked(view, items);
    let mut action = None;
    if !items.is_empty() {
        let place = header.cut_right((header.width() * 0.38).min(330.0));
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get("roll-call-end");
        // A round that was ticked is sent before it is judged.
        let note = (!chosen.is_empty()).then(|| canvas.texts.get("roll-call-first"));
        let look = if chosen.is_empty() { ButtonLook::Tile } else { ButtonLook::Disabled };
        let mut button = Button::new(look, &word);
        if let Some(note) = &note {
            button = button.note(note);
        }
        if button.show(canvas, "end", place) {
            action = Some(Action::Ask(Question::RollCallOver));
        }
    }
    if header_ui(canvas, header, "roll-call") {
        action = Some(Action::Back);
    }
    if items.is_empty() {
        let text = canvas.texts.get(if stays.is_some() { "roll-call-empty" } else { "list-loading" });
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
        return action;
    }
    let mut foot = inner.cut_bottom(size::TARGET);
    let _gap = inner.cut_bottom(size::GAP);
    let columns = if portrait { 2 } else { 3 };
    let rows = rows_that_fit(inner.height(), size::TARGET, 10.0);
    let pages = Pages::new(items.len(), columns * rows, view.state.turned);
    if pages.has_more() {
        let place = foot.cut_left((foot.width() * 0.4).min(390.0));
        action = pages.turn_ui(canvas, place, "page-next").or(action);
        let _gap = foot.cut_left(size::GAP);
    }
    action = send_ui(canvas, foot, view, chosen).or(action);
    let grid = Grid { columns, rows, gap: 10.0 };
    for (position, stay) in pages.slice(items).iter().enumerate() {
        if stay_ui(canvas, inner.cell(grid, position), view, stay) {
            action = Some(Action::ToggleMember(stay.person));
        }
    }
    action
}

/// What was ticked goes out with one button; the round goes on after its answer.
fn send_ui(canvas: &mut Canvas<'_>, place: Rect, view: &View<'_>, chosen: Vec<PersonId>) -> Option<Action> {
    if chosen.is_empty() {
        let numbers = [("confirmed", view.lane.confirmed.into()), ("people", view.lane.here.into())];
        let confirmed = canvas.texts.with("idle-confirmed", numbers);
        let text = format!("{}\n{confirmed}", canvas.texts.get("roll-call-say"));
        let look = Type::regular(size::BODY, canvas.palette.ink);
        canvas.text(place, Align2::CENTER_CENTER, look, &text);
        return None;
    }
    let people = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    let word = canvas.texts.with("roll-call-send", [("people", people.into())]);
    let touched = Button::new(ButtonLook::Primary, &word).size(size::TITLE).show(canvas, "send", place);
    touched.then_some(Action::SendThen(Command::ConfirmStays { people: chosen }, Page::RollCall))
}

/// Tick, name, and when they were seen; 所在未確認 with a sign of its own.
fn stay_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, stay: &Stay) -> bool {
    const TICK: f32 = 50.0;
    let palette = canvas.palette;
    let texts = canvas.texts;
    let chosen = view.state.draft.members.contains(&stay.person);
    let name = match &stay.name {
        Some(name) => name.expose().to_owned(),
        None => texts.get("leader-list-nameless"),
    };
    let seen = when_words(texts, stay.seen_at, view.now.wall);
    let when = |key: &str, when: &str| texts.with(key, [("when", when.into())]);
    let note = match stay.state {
        StayState::Here => when("stay-here", &seen),
        StayState::Unaccounted => when("stay-unaccounted", &seen),
        StayState::Out { due: Some(due) } => when("stay-out", &when_words(texts, due, view.now.wall)),
        StayState::Out { due: None } => texts.get("stay-out-open"),
        StayState::Beside => when("stay-beside", &seen),
    };
    let label = format!("{name} {note}");
    let touched = tile_ground_ui(canvas, rect, stay.person, Touchable::Choice { chosen }, &label);
    let mut inner = rect.shrink2(vec2(16.0, 8.0));
    tick_ui(canvas, inner.cut_left(TICK).square(TICK), chosen);
    let _gap = inner.cut_left(14.0);
    let lines = note.lines().count();
    let (share, word) = if lines > 1 { (0.62, 30.0) } else { (0.42, size::LEAD) };
    let mut lower = inner.cut_bottom(inner.height() * share);
    canvas.paint(inner.expand2(vec2(0.0, 4.0)), Align2::LEFT_CENTER, Type::bold(word, palette.ink), &name);
    if stay.state == StayState::Unaccounted {
        light_ui(canvas, lower.cut_left(38.0).square(36.0), Severity::Notice);
        let _gap = lower.cut_left(6.0);
    }
    canvas.paint(lower, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink_soft), &note);
    touched
}

/// From when being seen counts, and how many would then be unaccounted for.
fn over_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, stays: &[Stay]) -> Option<Action> {
    let hour = view.state.people.hour;
    let since = hour.before(view.now.wall);
    let texts = canvas.texts;
    let about = texts.with("done-people", [("people", unaccounted(stays, since).into())]);
    let when = when_words(texts, since, view.now.wall);
    let notes = [
        texts.with("roll-call-over-since", [("when", when.as_str().into())]),
        texts.get("roll-call-over-say"),
    ];
    let asked = Asked {
        title: "roll-call",
        question: "roll-call-over",
        about: &about,
        notes: &notes,
        yes_note: "roll-call-over-yes",
    };
    let hours = |canvas: &mut Canvas<'_>, rest: &mut Rect| {
        let place = rest.cut_bottom(size::TARGET);
        let _gap = rest.cut_bottom(size::GAP);
        let grid = Grid { columns: RollCallHour::ALL.len(), rows: 1, gap: size::GAP };
        let mut action = None;
        for (position, choice) in RollCallHour::ALL.into_iter().enumerate() {
            let moment = when_words(canvas.texts, choice.before(view.now.wall), view.now.wall);
            let (word, note) = match choice {
                RollCallHour::OneHourAgo => (canvas.texts.get("hour-one"), Some(moment)),
                RollCallHour::ThreeHoursAgo => (canvas.texts.get("hour-three"), Some(moment)),
                RollCallHour::Morning => {
                    (canvas.texts.with("hour-morning", [("when", moment.as_str().into())]), None)
                }
            };
            let mut button =
                Button::new(ButtonLook::Choice { chosen: choice == hour }, &word).size(size::BODY);
            if let Some(note) = &note {
                button = button.note(note);
            }
            if button.show(canvas, ("hour", position), place.cell(grid, position)) {
                action = Some(Action::ChooseHour(choice));
            }
        }
        action
    };
    let yes = Action::SendAndRefresh(Command::CloseRollCall { since });
    asked_ui(canvas, rect, &asked, hours, yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_of_this_place_and_was_not_seen_would_be_unaccounted_for() {
        let stay = |seen_at, state| Stay {
            person: PersonId::from_bytes([1; 16]),
            name: None,
            seen_at: UnixMillis::new(seen_at),
            state,
        };
        let stays = [
            stay(1, StayState::Here),
            stay(5, StayState::Here),
            stay(1, StayState::Unaccounted),
            stay(1, StayState::Out { due: None }),
            stay(1, StayState::Beside),
        ];
        assert_eq!(unaccounted(&stays, UnixMillis::new(5)), 2);
    }
}
