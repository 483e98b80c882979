//! What is asked once more before it is sent: one question, はい and いいえ of equal weight.

use egui::{Align2, Rect, Stroke, vec2};

use super::is_portrait;
use super::page::header_ui;
use crate::Action;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};

/// The words of a question.
pub(crate) struct Asked<'a> {
    /// The page it belongs to: the key of its title.
    pub(crate) title: &'a str,
    /// The question's key.
    pub(crate) question: &'a str,
    /// What or who it is about, large.
    pub(crate) about: &'a str,
    /// Quiet lines below.
    pub(crate) notes: &'a [String],
    /// The key of the quiet line under はい.
    pub(crate) yes_note: &'a str,
}

/// Draws the question; はい is `yes`. `more_ui` may cut something to choose off the bottom of the place above the answers.
pub(crate) fn asked_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    asked: &Asked<'_>,
    more_ui: impl FnOnce(&mut Canvas<'_>, &mut Rect) -> Option<Action>,
    yes: Action,
) -> Option<Action> {
    let palette = canvas.palette;
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), asked.title).then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let portrait = is_portrait(rect);
    let low = inner.height() < 560.0;
    let answers = inner.cut_bottom(if portrait {
        260.0
    } else if low {
        150.0
    } else {
        200.0
    });
    let _gap = inner.cut_bottom(size::GAP);
    action = more_ui(canvas, &mut inner).or(action);
    canvas.card(inner, size::RADIUS_PANEL, palette.surface, Stroke::new(2.0, palette.hairline));
    let mut panel = inner.shrink2(vec2(28.0, 18.0));
    let question = canvas.texts.get(asked.question);
    let look = Type::bold(38.0, palette.ink);
    let height = canvas.height_of(panel.width(), look, &question);
    canvas.text(panel.cut_top(height.min(120.0)), Align2::CENTER_CENTER, look, &question);
    let notes = asked.notes.join("\n");
    let quiet = Type::regular(size::TILE_TEXT, palette.ink_soft);
    let lower = canvas.height_of(panel.width(), quiet, &notes).min(panel.height() * 0.5);
    let spare = (panel.height() - lower - 96.0).max(0.0) / 2.0;
    let _margin = panel.cut_top(spare);
    let place = panel.cut_top(96.0_f32.min(panel.height() - lower));
    canvas.text(place, Align2::CENTER_CENTER, Type::bold(size::ANSWER, palette.ink), asked.about);
    canvas.text(panel.cut_top(lower + 8.0), Align2::CENTER_TOP, quiet, &notes);

    let grid = Grid { columns: 2, rows: 1, gap: size::GAP };
    let choices = [
        ("answer-yes", asked.yes_note, Pictogram::Ring, yes),
        ("answer-no", "answer-no-note", Pictogram::Cross, Action::Back),
    ];
    for (position, (word, note, picture, touched)) in choices.into_iter().enumerate() {
        let (text, note) = (canvas.texts.get(word), canvas.texts.get(note));
        let button = Button::new(ButtonLook::Framed, &text).picture_above(picture).size(size::NAME);
        if button.note(&note).show(canvas, word, answers.cell(grid, position)) {
            action = Some(touched);
        }
    }
    action
}
