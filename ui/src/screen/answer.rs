//! The left half of every answer: symbol, word, name, next step; and the white panel beside it for the one
//! thing that may be touched.

use egui::{Align, Align2, Rect, Stroke, pos2, vec2};
use hinamori_ipc::{Answer, Command};
use hinamori_model::{Mode, PersonalText};

use super::{View, is_portrait};
use crate::Action;
use crate::theme::{Fill, size};
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type};

/// The field's words.
#[derive(Debug)]
pub(crate) struct Field {
    /// The ground; drawn by the caller.
    pub(crate) fill: Fill,
    /// One silhouette per answer.
    pub(crate) symbol: Pictogram,
    /// The word of the answer.
    pub(crate) word: String,
    /// Who.
    pub(crate) name: Option<String>,
    /// One quiet line.
    pub(crate) say: Option<String>,
    /// Whether the small neutral mark is shown.
    pub(crate) doubt: bool,
}

/// Fills the screen and cuts it into the field and the panel; the panel is drawn, what is returned is
/// inside its margins.
pub(crate) fn split_ui(canvas: &Canvas<'_>, body: Rect, fill: Fill) -> (Rect, Rect) {
    canvas.fill(body, fill.fill);
    let mut inner = body.shrink(size::EDGE);
    let field = if is_portrait(body) {
        let field = inner.cut_top((inner.height() * 0.38).min(476.0));
        let _gap = inner.cut_top(size::GAP);
        field
    } else {
        let field = inner.cut_left((inner.width() * 0.39).min(480.0));
        let _gap = inner.cut_left(size::EDGE);
        field
    };
    (field, panel_ui(canvas, inner))
}

/// Draws the white panel; returns the place inside.
pub(crate) fn panel_ui(canvas: &Canvas<'_>, rect: Rect) -> Rect {
    let palette = canvas.palette;
    // A panel on a ground of its own brightness needs an edge to be seen.
    let filled = palette.accepted.on == palette.surface;
    let edge = if filled { Stroke::NONE } else { Stroke::new(size::LINE, palette.edge) };
    canvas.card(rect, size::RADIUS_PANEL, palette.surface, edge);
    rect.shrink(28.0)
}

/// Draws the field. In landscape the next person is told that the card may be held already.
pub(crate) fn field_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, field: &Field) {
    /// Between the symbol and its word.
    const SPACE: f32 = 28.0;
    let on = field.fill.on;
    let mut inner = rect;
    if field.doubt {
        const MARK: f32 = 40.0;
        let place = Rect::from_min_size(inner.min + vec2(4.0, 4.0), vec2(MARK, MARK));
        Pictogram::Diamond.draw(canvas.ui.painter(), place, on);
    }
    // Beside tiles in portrait there is no room for it.
    if rect.height() > rect.width() * 0.95 && rect.width() > 400.0 {
        next_person_ui(canvas, inner.cut_bottom(56.0), on);
    }
    if view.mode() == Mode::Drill {
        drill_tag_ui(canvas, inner.cut_top(64.0), Align::Center);
        let _gap = inner.cut_top(size::GAP);
    }
    let word = Type::bold(size::ANSWER, on);
    let name = Type::bold(size::NAME, on);
    let say = Type::regular(size::TILE_TEXT, on);
    let width = inner.width();
    let lines = [
        (word, Some(field.word.as_str()), 10.0),
        (name, field.name.as_deref(), 8.0),
        (say, field.say.as_deref(), 0.0),
    ];
    let height_of = |canvas: &Canvas<'_>, look: Type, text: &str| {
        let lines = text.lines().count().max(1);
        let longest = text.lines().map(|line| canvas.width_of(look, line)).fold(1.0, f32::max);
        // A word too wide is set smaller, not broken.
        let shrink = (width / longest).min(1.0);
        let wraps = shrink * look.size < size::BODY;
        #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
        let rows = lines as f32 * if wraps { 2.0 } else { 1.0 };
        rows * look.size * 1.3 * if wraps { 1.0 } else { shrink }
    };
    let texts: f32 = lines
        .iter()
        .filter_map(|(look, text, gap)| text.map(|text| height_of(canvas, *look, text) + gap))
        .sum();
    // Above tiles and inside the frame of a drill there is little room.
    let space = if inner.height() - texts < 130.0 { SPACE / 2.0 } else { SPACE };
    let symbol = (inner.height() - texts - space - 6.0).clamp(56.0, 216.0);
    let spare = (inner.height() - texts - symbol - space - 6.0).max(0.0) / 2.0;
    let _margin = inner.cut_top(spare);
    field.symbol.draw(canvas.ui.painter(), inner.cut_top(symbol).square(symbol), on);
    let _gap = inner.cut_top(space);
    for (look, text, gap) in lines {
        let Some(text) = text else { continue };
        let height = height_of(canvas, look, text);
        canvas.text(inner.cut_top(height).expand2(vec2(0.0, 4.0)), Align2::CENTER_CENTER, look, text);
        let _gap = inner.cut_top(gap);
    }
}

fn next_person_ui(canvas: &mut Canvas<'_>, rect: Rect, on: egui::Color32) {
    let look = Type::regular(26.0, on);
    let text = canvas.texts.get("answer-next-person");
    let width = canvas.width_of(look, &text).min(rect.width() - 58.0);
    let left = rect.center().x - (width + 58.0) / 2.0;
    let icon = Rect::from_min_size(pos2(left, rect.center().y - 22.0), vec2(44.0, 44.0));
    Pictogram::Card.draw(canvas.ui.painter(), icon, on);
    let words = Rect::from_min_max(pos2(left + 58.0, rect.top()), pos2(left + 59.0 + width, rect.bottom()));
    canvas.text(words, Align2::LEFT_CENTER, look, &text);
}

/// The word 訓練, large.
pub(crate) fn drill_tag_ui(canvas: &mut Canvas<'_>, rect: Rect, align: Align) {
    let palette = canvas.palette;
    let look = Type::bold((rect.height() * 0.62).max(size::CAPTION), palette.bar.on);
    let text = canvas.texts.get("drill-tag");
    let width = canvas.width_of(look, &text) + 56.0;
    let tag = Align2([align, Align::Center]).align_size_within_rect(vec2(width, rect.height()), rect);
    let edge = Stroke::new(
        size::LINE,
        if palette.bar.fill == palette.surface { palette.ink } else { palette.bar.fill },
    );
    canvas.card(tag, size::RADIUS_TAG * 1.5, palette.bar.fill, edge);
    canvas.text(tag, Align2::CENTER_CENTER, look, &text);
}

/// What a name may end in when it needs no さん.
const HONORIFICS: [&str; 6] = ["さん", "ちゃん", "くん", "君", "先生", "様"];

/// A name as a neighbour says it, or that it is asked later.
pub(crate) fn spoken_name(canvas: &Canvas<'_>, name: Option<&PersonalText>) -> String {
    match name {
        // A called name may have its own: はなちゃん, 源さん.
        Some(name) if HONORIFICS.iter().any(|ending| name.expose().ends_with(ending)) => {
            name.expose().to_owned()
        }
        Some(name) => canvas.texts.with("name-spoken", [("name", name.expose().into())]),
        None => canvas.texts.get("name-later"),
    }
}

/// Whole seconds that the answer can still be taken back.
pub(crate) const fn undo_seconds(view: &View<'_>, answer: &Answer) -> Option<u64> {
    match answer.undo_until {
        Some(until) if until.get() > view.now.wall.get() => Some(until.since(view.now.wall).div_ceil(1_000)),
        _ => None,
    }
}

/// 取り消す with the seconds left, when there is something to take back.
pub(crate) fn undo_ui(canvas: &mut Canvas<'_>, rect: Rect, answer: &Answer, seconds: u64) -> Option<Action> {
    let word = canvas.texts.get("undo-records");
    let note = canvas.texts.with("undo-seconds", [("seconds", seconds.into())]);
    let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Undo).note(&note).size(34.0);
    button.show(canvas, "undo", rect).then_some(Action::Send(Command::Undo { answer: answer.id }))
}

/// The bottom row of a panel: 取り消す, while it is possible, and the one primary button.
pub(crate) fn finish_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    (word, command): (&str, Command),
) -> Option<Action> {
    let mut inner = rect;
    let mut action = None;
    // Its place is kept when it is gone: nothing moves under a finger.
    let undo = inner.cut_left((rect.width() * 0.39).max(size::TARGET));
    let _gap = inner.cut_left(size::GAP);
    if let Some(seconds) = undo_seconds(view, answer) {
        action = undo_ui(canvas, undo, answer, seconds);
    }
    let button = Button::new(ButtonLook::Primary, word).size(size::TITLE);
    if button.show(canvas, "finish", inner) {
        action = Some(Action::Send(command));
    }
    action
}

/// A panel's question.
pub(crate) fn question_ui(canvas: &mut Canvas<'_>, rect: Rect, key: &str) {
    let text = canvas.texts.get(key);
    canvas.text(rect, Align2::LEFT_CENTER, Type::bold(38.0, canvas.palette.ink), &text);
}

/// The height of [`question_ui`].
pub(crate) const QUESTION: f32 = 52.0;
