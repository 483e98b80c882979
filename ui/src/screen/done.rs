//! Answers that ask nothing: they fill the screen for two seconds.

use egui::{Rect, vec2};
use hinamori_ipc::Answer;
use hinamori_model::{CounterKind, PersonalText};

use super::View;
use super::answer::{Field, field_ui, undo_seconds, undo_ui};
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
    full_ui(canvas, rect, view, answer, &field)
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
    canvas.fill(rect, field.fill.fill);
    let mut inner = rect.shrink(size::EDGE);
    let row = inner.cut_bottom(size::TARGET);
    field_ui(canvas, inner, view, field);
    let seconds = undo_seconds(view, answer)?;
    let place = Rect::from_min_size(row.min, vec2(280.0, row.height()));
    undo_ui(canvas, place, answer, seconds)
}
