//! A pad of numbers: for a PIN, whose digits nobody sees, and for a telephone number, which is read over.

use egui::{Align2, Rect, Stroke, vec2};

use super::View;
use super::page::{header_ui, parts};
use crate::theme::size;
use crate::update::{is_whole, longest};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Dial, Digit};

/// The pad, row by row, before the last row.
const PAD: [char; 9] = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// The keys; what is typed goes on when it is whole.
pub(crate) fn number_pad_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    (whole, next): (bool, &str),
    press: impl Fn(Dial) -> Action,
) -> Option<Action> {
    let grid = Grid { columns: 3, rows: 4, gap: size::GAP };
    let cell = |position| rect.cell(grid, position);
    let mut action = None;
    for (position, digit) in PAD.into_iter().chain(['0']).enumerate() {
        // Zero stands between the two other keys of the last row.
        let place = cell(if digit == '0' { 10 } else { position });
        let word = digit.to_string();
        if Button::new(ButtonLook::Tile, &word).size(52.0).show(canvas, ("digit", digit), place) {
            action = Some(press(Dial::Digit(Digit(digit))));
        }
    }
    let delete = canvas.texts.get("pad-delete");
    if Button::new(ButtonLook::Band, &delete).size(size::BODY).show(canvas, "delete", cell(9)) {
        action = Some(press(Dial::Delete));
    }
    let next = canvas.texts.get(next);
    let look = if whole { ButtonLook::Primary } else { ButtonLook::Disabled };
    if Button::new(look, &next).size(size::LEAD).show(canvas, "next", cell(11)) && whole {
        action = Some(press(Dial::Done));
    }
    action
}

/// The ground of what is typed; returns the place inside.
pub(crate) fn typed_ground_ui(canvas: &Canvas<'_>, rect: Rect) -> Rect {
    let palette = canvas.palette;
    canvas.card(rect, size::RADIUS_TILE, palette.surface, Stroke::new(size::LINE_CHOSEN, palette.ink));
    rect.shrink2(vec2(20.0, 8.0))
}

/// A secret is dots, for those who stand behind.
pub(crate) fn dots_ui(canvas: &Canvas<'_>, rect: Rect, length: usize, typed: usize) {
    let palette = canvas.palette;
    let inner = typed_ground_ui(canvas, rect);
    let grid = Grid { columns: length, rows: 1, gap: 0.0 };
    for position in 0..length {
        let centre = inner.cell(grid, position).center();
        let painter = canvas.ui.painter();
        if position < typed {
            painter.circle_filled(centre, 18.0, palette.ink);
        } else {
            painter.circle_stroke(centre, 18.0, Stroke::new(size::LINE, palette.edge));
        }
    }
}

/// The keys of a page's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    /// The page's title.
    pub(crate) title: &'a str,
    /// What is typed.
    pub(crate) word: &'a str,
    /// Who types it, and why.
    pub(crate) say: &'a str,
    /// What the last key says.
    pub(crate) next: &'a str,
}

/// A page with a pad. What is said beside it may be something else than its words, when something went wrong.
pub(crate) fn pad_page_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    words: Words<'_>,
    trouble: Option<&str>,
) -> Option<Action> {
    let mut parts = parts(rect, 300.0);
    let mut action = header_ui(canvas, parts.header, words.title).then_some(Action::Back);
    let palette = canvas.palette;
    let word = canvas.texts.get(words.word);
    let bold = Type::bold(size::LEAD, palette.ink);
    canvas.text(parts.aside.cut_top(56.0), Align2::LEFT_CENTER, bold, &word);
    let (page, digits) = (view.state.page, &view.state.draft.digits);
    let place = parts.aside.cut_top(96.0);
    if longest(page) > 4 {
        let inner = typed_ground_ui(canvas, place);
        canvas.text(inner, Align2::LEFT_CENTER, bold, digits.expose());
    } else {
        dots_ui(canvas, place, longest(page), digits.length());
    }
    let _gap = parts.aside.cut_top(size::GAP);
    let say = canvas.texts.get(words.say);
    let said = trouble.unwrap_or(&say);
    let look = match trouble {
        Some(_) => Type::bold(size::BODY, palette.ink),
        None => Type::regular(size::BODY, palette.ink_soft),
    };
    canvas.text(parts.aside, Align2::LEFT_TOP, look, said);
    let whole = is_whole(page, digits);
    action = number_pad_ui(canvas, parts.content, (whole, words.next), Action::Dial).or(action);
    action
}

/// The card may come now.
pub(crate) fn card_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    (title, call, say): (&str, &str, &str),
) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let action = header_ui(canvas, inner.cut_top(size::TARGET), title).then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let (call, say) = (canvas.texts.get(call), canvas.texts.get(say));
    let palette = canvas.palette;
    let mut words = inner.cut_bottom(200.0);
    canvas.text(words.cut_top(100.0), Align2::CENTER_CENTER, Type::bold(size::ANSWER, palette.ink), &call);
    canvas.text(words, Align2::CENTER_TOP, Type::regular(size::TILE_TEXT, palette.ink_soft), &say);
    crate::widget::reader_ui(canvas, inner.shrink(size::EDGE));
    action
}

/// A telephone number of whoever leaves. Nobody has to give one: back is the way without.
pub(crate) fn phone_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let words = Words { title: "phone-title", word: "phone-word", say: "phone-say", next: "phone-done" };
    let mut rect = rect;
    let mut action = None;
    // At the bottom of the aside, where the thumb is not on the way to the pad.
    let place = if super::is_portrait(rect) {
        let row = rect.cut_bottom(size::TARGET + size::EDGE);
        Rect::from_min_size(
            row.min + vec2(size::EDGE, 0.0),
            vec2(row.width() - 2.0 * size::EDGE, size::TARGET),
        )
    } else {
        let mut aside = parts(rect, 300.0).aside;
        aside.cut_bottom(size::TARGET)
    };
    let skip = canvas.texts.get("phone-skip");
    if Button::new(ButtonLook::Tile, &skip).picture(Pictogram::Next).show(canvas, "skip", place) {
        action = Some(Action::Back);
    }
    pad_page_ui(canvas, rect, view, words, None).or(action)
}
