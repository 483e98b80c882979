//! Answers that ask nothing: they fill the screen for two seconds.

use egui::Rect;
use hinamori_ipc::Answer;
use hinamori_model::{CounterKind, PersonalText};

use super::View;
use super::answer::{Field, field_ui, undo_seconds, undo_ui};
use super::answer_tiles::row_tiles_ui;
use super::welcome::accepted_field;
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Pictogram, Place};

/// Somebody without a household to ask about.
pub(crate) fn accepted_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    name: Option<&PersonalText>,
) -> Option<Action> {
    let field = accepted_field(canvas, view, answer, name);
    full_with_ui(canvas, rect, view, (answer, &field), row_tiles_ui)
}

/// The members or the count were recorded.
pub(crate) fn done_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    people: u32,
) -> Option<Action> {
    let watch = view.lane.counter == CounterKind::Watch;
    let field = Field {
        fill: canvas.palette.accepted,
        symbol: Pictogram::Ring,
        word: canvas.texts.get(if watch { "answer-recorded" } else { "answer-accepted" }),
        name: (people > 0 && !watch).then(|| canvas.texts.with("done-people", [("people", people.into())])),
        say: Some(canvas.texts.get(if watch { "done-watch" } else { view.next_step_key() })),
        doubt: answer.doubt,
    };
    full_ui(canvas, rect, view, answer, &field)
}

/// Taken back.
pub(crate) fn undone_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
) -> Option<Action> {
    let field = Field {
        fill: canvas.palette.here,
        symbol: Pictogram::Undo,
        word: canvas.texts.get("answer-undone"),
        name: None,
        say: Some(canvas.texts.get("undone-note")),
        doubt: answer.doubt,
    };
    full_ui(canvas, rect, view, answer, &field)
}

/// A field over the whole screen; 取り消す stands where it stands in a panel, far from 完了, so that a
/// second touch of a hasty hand hits nothing.
pub(crate) fn full_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    field: &Field,
) -> Option<Action> {
    full_with_ui(canvas, rect, view, (answer, field), |_, _, _, _, _| None)
}

/// The same with more to touch: `more_ui` is given the place above the lowest row, to cut from, and the row beside 取り消す.
pub(crate) fn full_with_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (answer, field): (&Answer, &Field),
    more_ui: impl FnOnce(&mut Canvas<'_>, &mut Rect, Rect, &View<'_>, &Answer) -> Option<Action>,
) -> Option<Action> {
    canvas.fill(rect, field.fill.fill);
    let mut inner = rect.shrink(size::EDGE);
    let mut row = inner.cut_bottom(size::TARGET);
    let _gap = inner.cut_bottom(size::GAP);
    // Its place is kept when it is gone: nothing moves under a finger.
    let place = row.cut_left(280.0);
    let _gap = row.cut_left(size::GAP);
    let action = more_ui(canvas, &mut inner, row, view, answer);
    field_ui(canvas, inner, view, field);
    let Some(seconds) = undo_seconds(view, answer) else { return action };
    undo_ui(canvas, place, answer, seconds).or(action)
}
