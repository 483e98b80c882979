//! 確認しました: seen here now, with four ways to leave. No touch means: still here.

use egui::{Align2, Rect};
use hinamori_ipc::{Answer, Command};
use hinamori_model::{Direction, Leaving, PersonalText};

use super::View;
use super::answer::{Field, QUESTION, field_ui, question_ui, split_ui, spoken_name, undo_seconds, undo_ui};
use super::answer_tiles::field_tiles_ui;
use crate::Action;
use crate::clock::CivilTime;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};

/// Picture, word and quiet line of a way to leave.
pub(super) const fn way(leaving: Leaving) -> (Pictogram, &'static str, &'static str) {
    match leaving {
        Leaving::Out => (Pictogram::Out, "leave-out", "leave-out-note"),
        Leaving::Overnight => (Pictogram::Overnight, "leave-overnight", "leave-overnight-note"),
        Leaving::Moved => (Pictogram::Move, "leave-moved", "leave-moved-note"),
        Leaving::Left => (Pictogram::Leave, "leave-left", "leave-left-note"),
    }
}

const WAYS: [Leaving; 4] = [Leaving::Out, Leaving::Overnight, Leaving::Moved, Leaving::Left];

/// Seen here; leaving may be chosen.
pub(crate) fn here_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    name: Option<&PersonalText>,
) -> Option<Action> {
    let time = CivilTime::of(answer.at).time();
    let field = Field {
        fill: canvas.palette.here,
        symbol: Pictogram::House,
        word: canvas.texts.get("answer-here"),
        name: Some(spoken_name(canvas, name)),
        say: Some(canvas.texts.with("here-at", [("time", time.as_str().into())])),
        doubt: answer.doubt,
    };
    let (mut left, mut panel) = split_ui(canvas, rect, field.fill);
    let mut action = field_tiles_ui(canvas, &mut left, view, answer);
    field_ui(canvas, left, view, &field);
    let question = match view.lane.direction {
        Direction::Entrance => "leave-question",
        Direction::Exit => "leave-question-exit",
    };
    question_ui(canvas, panel.cut_top(QUESTION), question);
    let _gap = panel.cut_top(size::GAP);

    let note = canvas.texts.get("here-stay");
    let note_look = Type::regular(size::BODY, canvas.palette.ink_soft);
    if let Some(seconds) = undo_seconds(view, answer) {
        let mut row = panel.cut_bottom(size::TARGET);
        action = undo_ui(canvas, row.cut_left(panel.width() * 0.39), answer, seconds).or(action);
        let _gap = row.cut_left(size::GAP);
        canvas.text(row, Align2::CENTER_CENTER, note_look, &note);
    } else {
        let row = panel.cut_bottom(50.0);
        canvas.text(row, Align2::CENTER_CENTER, note_look, &note);
    }
    let _gap = panel.cut_bottom(size::GAP);
    let grid = Grid { columns: 2, rows: 2, gap: size::GAP };
    for (position, leaving) in WAYS.into_iter().enumerate() {
        let (picture, word, note) = way(leaving);
        let (word, note) = (canvas.texts.get(word), canvas.texts.get(note));
        let button =
            Button::new(ButtonLook::Tile, &word).picture_above(picture).note(&note).size(size::TITLE);
        if button.show(canvas, ("leave", leaving.code()), panel.cell(grid, position)) {
            action = Some(Action::Send(Command::Leave { answer: answer.id, leaving }));
        }
    }
    action
}
