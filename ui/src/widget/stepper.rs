//! One row of the counting panel: picture, word, one fewer, number, one more.

use egui::{Align2, Rect, vec2};

use super::{Button, ButtonLook, Canvas, Pictogram, Place, Type};
use crate::theme::size;
use crate::{Action, Step, Who};

/// The words of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Which.
    pub(crate) who: Who,
    /// How many.
    pub(crate) count: u16,
    /// The most that can be counted.
    pub(crate) most: u16,
    /// 大人
    pub(crate) word: &'a str,
    /// 15歳から
    pub(crate) note: &'a str,
}

/// Draws the row; returns what was touched.
pub(crate) fn stepper_ui(canvas: &mut Canvas<'_>, rect: Rect, row: Row<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let key = vec2(size::TARGET, size::TARGET);
    let mut inner = rect;
    let more = Rect::from_center_size(inner.cut_right(size::TARGET).center(), key);
    let number = inner.cut_right(size::TARGET);
    let fewer = Rect::from_center_size(inner.cut_right(size::TARGET).center(), key);
    let _gap = inner.cut_right(size::GAP);

    let picture = match row.who {
        Who::Adults => Pictogram::Adult,
        Who::Children => Pictogram::Child,
        Who::Infants => Pictogram::Baby,
    };
    picture.draw(canvas.ui.painter(), inner.cut_left(64.0).square(56.0), palette.ink);
    let _gap = inner.cut_left(size::GAP);
    let word = Type::bold(38.0, palette.ink);
    let note = Type::regular(size::CAPTION, palette.ink_soft);
    let upper = inner.cut_top(inner.height() * 0.56);
    canvas.text(upper, Align2::LEFT_BOTTOM, word, row.word);
    canvas.text(inner, Align2::LEFT_TOP, note, row.note);

    canvas.text(number, Align2::CENTER_CENTER, Type::bold(size::COUNT, palette.ink), &row.count.to_string());
    let mut action = None;
    let steps = [
        (fewer, Step::Down, Pictogram::Minus, row.count > 0, canvas.texts.get("count-fewer")),
        (more, Step::Up, Pictogram::Plus, row.count < row.most, canvas.texts.get("count-more")),
    ];
    for (place, step, picture, possible, label) in steps {
        let look = if possible { ButtonLook::Tile } else { ButtonLook::Disabled };
        let label = format!("{} {label}", row.word);
        let id = ("count", row.who as u8, picture as u8);
        if Button::new(look, &label).only(picture).show(canvas, id, place) {
            action = Some(Action::Count(row.who, step));
        }
    }
    action
}
