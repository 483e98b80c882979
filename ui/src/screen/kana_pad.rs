//! The pad of fifty sounds, what was typed above it, and a page that asks for a name.

use egui::{Align2, Rect, Stroke, pos2, vec2};
use hinamori_model::PersonalText;

use super::{View, is_portrait};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Key};

/// Between keys and around the page: a pad of five rows leaves no more.
pub(crate) const GAP: f32 = 5.0;
pub(crate) const MARGIN: f32 = 8.0;
/// The least height of a page with the whole pad.
const WHOLE_PAD: f32 = size::TARGET * 6.0 + GAP * 5.0 + MARGIN * 2.0;
/// Its least width.
const WHOLE_WIDTH: f32 = size::TARGET * 10.0 + GAP * 9.0 + MARGIN * 2.0;

/// The columns of the pad.
const COLUMNS: [&str; 10] = [
    "あいうえお",
    "かきくけこ",
    "さしすせそ",
    "たちつてと",
    "なにぬねの",
    "はひふへほ",
    "まみむめも",
    "やゆよ",
    "らりるれろ",
    "わをん",
];

/// The marks in the gaps of the columns: column, row, sign, word.
const MARKS: [(usize, usize, &str, &str); 4] = [
    (7, 3, "゛", "pad-voiced"),
    (7, 4, "゜", "pad-half-voiced"),
    (9, 3, "ー", "pad-long"),
    (9, 4, "小", "pad-small"),
];

fn key_of(sign: &str) -> Key {
    match sign {
        "゛" => Key::Voiced,
        "゜" => Key::HalfVoiced,
        "小" => Key::Small,
        sign => Key::Letter(PersonalText::new(sign)),
    }
}

/// Whether a page has room for the whole pad.
pub(crate) fn has_room(rect: Rect) -> bool {
    rect.height() >= WHOLE_PAD && rect.width() >= WHOLE_WIDTH
}

/// All sounds at once.
pub(crate) fn whole_pad_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let grid = Grid { columns: COLUMNS.len(), rows: 5, gap: GAP };
    let mut action = None;
    for (column, letters) in COLUMNS.into_iter().enumerate() {
        for (row, letter) in letters.chars().enumerate() {
            let place = rect.cell(grid, row * COLUMNS.len() + column);
            action = letter_ui(canvas, place, letter).or(action);
        }
    }
    for (column, row, sign, word) in MARKS {
        action = mark_ui(canvas, rect.cell(grid, row * COLUMNS.len() + column), sign, word).or(action);
    }
    action
}

/// First the row, then its five: where the whole pad has no room. Cuts it off the bottom; the place after its last key is
/// left for one more.
pub(crate) fn spread_pad_ui(
    canvas: &mut Canvas<'_>,
    rect: &mut Rect,
    (portrait, spread): (bool, usize),
) -> (Option<Action>, Rect) {
    let gap = if portrait { GAP } else { 3.0 };
    let (columns, rows) = if portrait { (5, 4) } else { (10, 2) };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = (size::TARGET + 4.0) * rows as f32 + gap * (rows - 1) as f32;
    let pad = rect.cut_bottom(height);
    let _gap = rect.cut_bottom(size::GAP);
    let grid = Grid { columns, rows, gap };
    let spread = spread.min(COLUMNS.len() - 1);
    let mut action = None;
    for (row, letters) in COLUMNS.into_iter().enumerate() {
        let first: String = letters.chars().take(1).collect();
        let word = canvas.texts.with("pad-row", [("row", first.as_str().into())]);
        let look = ButtonLook::Choice { chosen: row == spread };
        if Button::new(look, &word).size(size::TITLE).show(canvas, ("row", row), pad.cell(grid, row)) {
            action = Some(Action::ChooseRow(row));
        }
    }
    let letters = COLUMNS.get(spread).copied().unwrap_or_default();
    for (position, letter) in letters.chars().enumerate() {
        action = letter_ui(canvas, pad.cell(grid, COLUMNS.len() + position), letter).or(action);
    }
    let marks = COLUMNS.len() + 5;
    for (position, (_, _, sign, word)) in MARKS.into_iter().enumerate() {
        action = mark_ui(canvas, pad.cell(grid, marks + position), sign, word).or(action);
    }
    (action, pad.cell(grid, marks + MARKS.len()))
}

fn letter_ui(canvas: &mut Canvas<'_>, place: Rect, letter: char) -> Option<Action> {
    let word = letter.to_string();
    let button = Button::new(ButtonLook::Tile, &word).size(52.0);
    let touched = button.show(canvas, ("letter", letter), place);
    touched.then(|| Action::Press(Key::Letter(PersonalText::new(word))))
}

fn mark_ui(canvas: &mut Canvas<'_>, place: Rect, sign: &str, word: &str) -> Option<Action> {
    let note = canvas.texts.get(word);
    let button = Button::new(ButtonLook::Band, sign).note(&note).size(size::TITLE);
    button.show(canvas, word, place).then(|| Action::Press(key_of(sign)))
}

/// Back, what was typed, and the key that takes a letter away; cut off the left of `rect`.
pub(crate) fn entry_ui(
    canvas: &mut Canvas<'_>,
    rect: &mut Rect,
    (text, empty): (&PersonalText, &str),
    width: f32,
) -> Option<Action> {
    let palette = canvas.palette;
    let mut action = None;
    let label = canvas.texts.get("page-back");
    let back = Button::new(ButtonLook::Tile, &label).only(Pictogram::Back);
    if back.show(canvas, "back", rect.cut_left(size::TARGET)) {
        action = Some(Action::Back);
    }
    let _gap = rect.cut_left(MARGIN);
    let field = rect.cut_left(width.max(size::TARGET) - MARGIN);
    canvas.card(field, size::RADIUS_TILE, palette.surface, Stroke::new(size::LINE_CHOSEN, palette.ink));
    let look = Type::bold(52.0, palette.ink);
    let mut inner = field.shrink2(vec2(20.0, 8.0));
    let _caret = inner.cut_right(10.0);
    let shown = tail_of(canvas, inner.width(), look, text.expose());
    let end = if shown.is_empty() {
        canvas.text(inner, Align2::LEFT_CENTER, Type::regular(size::BODY, palette.ink_soft), empty);
        inner.left() - 10.0
    } else {
        canvas.text(inner, Align2::LEFT_CENTER, look, &shown).right()
    };
    let caret = [pos2(end + 5.0, inner.center().y - 30.0), pos2(end + 5.0, inner.center().y + 30.0)];
    canvas.ui.painter().line_segment(caret, Stroke::new(size::LINE, palette.ink));
    let _gap = rect.cut_left(MARGIN);
    let word = canvas.texts.get("pad-delete");
    let delete = Button::new(ButtonLook::Tile, &word).size(size::BODY);
    if delete.show(canvas, "delete", rect.cut_left(size::TARGET)) {
        action = Some(Action::Press(Key::Delete));
    }
    let _gap = rect.cut_left(MARGIN);
    action
}

/// The end of a text that is too long for its line.
fn tail_of(canvas: &Canvas<'_>, width: f32, look: Type, text: &str) -> String {
    let mut tail = text.to_owned();
    let mut from = text.chars();
    while canvas.width_of(look, &tail) > width && from.next().is_some() {
        tail = format!("…{}", from.as_str());
    }
    tail
}

/// A page that asks for a name; with one, `next` goes on.
pub(crate) fn name_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    question: &str,
    next: Action,
) -> Option<Action> {
    const NEXT: f32 = 180.0;
    let (whole, portrait) = (has_room(rect), is_portrait(rect));
    let edge = if whole || !portrait { vec2(4.0, MARGIN) } else { vec2(size::EDGE / 2.0, MARGIN) };
    let mut inner = rect.shrink2(edge);
    let mut top = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(if whole { GAP } else { size::GAP });
    let text = &view.state.care.text;
    let empty = canvas.texts.get(question);
    let width = top.width() - 2.0 * (size::TARGET + MARGIN) - NEXT - MARGIN;
    let mut action = entry_ui(canvas, &mut top, (text, &empty), width);
    let is_typed = !text.expose().trim().is_empty();
    let word = canvas.texts.get("registration-next");
    let look = if is_typed { ButtonLook::Primary } else { ButtonLook::Disabled };
    if Button::new(look, &word).size(size::LEAD).show(canvas, "next", top) && is_typed {
        action = Some(next);
    }
    let touched = if whole {
        whole_pad_ui(canvas, inner)
    } else {
        spread_pad_ui(canvas, &mut inner, (portrait, view.state.care.row)).0
    };
    touched.or(action)
}
