//! A check-point while a tsunami is on its way: nobody is to stop. A card that is held all the same is counted, and its answer is a strip
//! above the picture. When the town's time is over, staff leave too.

use egui::{Align, Align2, Rect, vec2};
use hinamori_ipc::{Answer, AnswerKind, Passage, Screen, WatchAsk};
use hinamori_model::{Mode, PersonalText};

use super::alert::{edge_ui, head_ui, minutes_left};
use super::answer::spoken_name;
use super::{View, idle, is_portrait};
use crate::Action;
use crate::theme::{AlertSkin, Fill, Palette, size};
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type};

/// The row of the alert's title.
const HEAD: f32 = 76.0;
/// The strip of an answer: it takes the place of the title.
const STRIP: f32 = 132.0;
/// The frame in the danger's colour.
const FRAME: f32 = 18.0;
/// The words that everybody has to read from far away.
const CALL: f32 = 132.0;
/// A portrait screen lower than this has no room for the picture.
const ROOMY: f32 = 420.0;
/// A smaller picture says nothing.
const SMALLEST_PICTURE: f32 = 72.0;
/// The minutes.
const MINUTES: f32 = 92.0;

/// The picture of a passage, in place of idle and of every answer.
pub(crate) fn passage_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    passage: Passage,
) -> Option<Action> {
    let mut inner = rect;
    let mut below = inner.shrink2(vec2(size::EDGE_IDLE, 0.0));
    let _gap = below.cut_bottom(size::BODY);
    let action = idle::tiles_ui(canvas, &mut below, view);
    inner.max.y = below.max.y - size::GAP;
    let mut inner = framed_ui(canvas, inner, view);
    top_ui(canvas, &mut inner, view);
    let skin = skin(view);
    let note = canvas.texts.get("passage-card");
    let look = Type::regular(size::LEAD, skin.ground.on);
    let width = inner.width() - 2.0 * size::EDGE;
    let height = canvas.height_of(width, look, &note);
    let place = inner.cut_bottom(height + size::GAP).shrink2(vec2(size::EDGE, 0.0));
    canvas.text(place, Align2::CENTER_CENTER, look, &note);
    call_ui(canvas, inner, view, passage, "passage-call");
    action
}

/// The same when staff are to leave: over everything, until somebody who stays lays it aside for a minute.
pub(crate) fn leave_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    passage: Passage,
) -> Option<Action> {
    // Whatever is practised here, this is not.
    canvas.palette = Palette::of(view.state.look, Mode::Live);
    let mut inner = framed_ui(canvas, rect, view);
    top_ui(canvas, &mut inner, view);
    let mut inner = inner.shrink(size::EDGE);
    let row = inner.cut_bottom(size::TARGET);
    let _gap = inner.cut_bottom(size::GAP);
    let width = row.width().min(620.0);
    let place = Rect::from_center_size(row.center(), vec2(width, row.height()));
    let (word, note) = (canvas.texts.get("leave-stay"), canvas.texts.get("leave-stay-note"));
    let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Clock).note(&note);
    let is_touched = button.show(canvas, "stay", place);
    call_ui(canvas, inner, view, passage, "leave-call");
    is_touched.then_some(Action::StayAMinute)
}

fn skin(view: &View<'_>) -> AlertSkin {
    let notice = view.lane.alerts.as_ref().and_then(|alerts| alerts.shown.first());
    notice.map_or_else(AlertSkin::unnamed, |notice| AlertSkin::of(notice, view.state.look))
}

/// Fills the place, with an edge of the danger's colour around it; returns what is inside.
fn framed_ui(canvas: &Canvas<'_>, rect: Rect, view: &View<'_>) -> Rect {
    let skin = skin(view);
    edge_ui(canvas, rect, &skin);
    let inner = rect.shrink(FRAME);
    canvas.fill(inner, skin.ground.fill);
    inner
}

/// The answer to a card while there is one, else what the alert is called.
fn top_ui(canvas: &mut Canvas<'_>, inner: &mut Rect, view: &View<'_>) {
    if let Screen::Answer(answer) = &view.lane.screen {
        return strip_ui(canvas, inner.cut_top(STRIP), answer);
    }
    let notice = view.lane.alerts.as_ref().and_then(|alerts| alerts.shown.first());
    if let Some(notice) = notice {
        let mut head = inner.cut_top(HEAD).shrink2(vec2(size::EDGE, 0.0));
        head_ui(canvas, &mut head, view, notice, size::TITLE);
    }
}

/// What became of the card, in one word and one name.
fn strip_ui(canvas: &mut Canvas<'_>, rect: Rect, answer: &Answer) {
    let Strip { key, name, symbol, fill } = Strip::of(&answer.kind, canvas.palette);
    canvas.fill(rect, fill.fill);
    let mut inner = rect.shrink2(vec2(size::EDGE, 14.0));
    let side = inner.height();
    symbol.draw(canvas.ui.painter(), inner.cut_left(side), fill.on);
    let _gap = inner.cut_left(size::EDGE);
    let word = canvas.texts.get(key);
    let look = Type::bold(size::NAME, fill.on);
    let Some(name) = name.map(|name| spoken_name(canvas, Some(name))) else {
        canvas.text(inner, Align2::LEFT_CENTER, look, &word);
        return;
    };
    let upper = inner.cut_top(inner.height() * 0.54);
    canvas.text(upper.expand2(vec2(0.0, 4.0)), Align2::LEFT_CENTER, look, &word);
    canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::LEAD, fill.on), &name);
}

struct Strip<'a> {
    key: &'static str,
    name: Option<&'a PersonalText>,
    symbol: Pictogram,
    fill: Fill,
}

impl<'a> Strip<'a> {
    fn of(kind: &'a AnswerKind, palette: Palette) -> Self {
        let accepted =
            |name| Self { key: "answer-accepted", name, symbol: Pictogram::Ring, fill: palette.accepted };
        match kind {
            AnswerKind::Welcome { name, .. } | AnswerKind::Here { name } => accepted(name.as_ref()),
            AnswerKind::Left { name, .. } => {
                Self { symbol: Pictogram::House, fill: palette.here, ..accepted(name.as_ref()) }
            }
            // Nothing was recorded yet: the question waits for another day.
            AnswerKind::Greeting { ask: WatchAsk::Consent, .. } | AnswerKind::HoldAgain { .. } => {
                Self { key: "passage-not-read", name: None, symbol: Pictogram::HoldAgain, fill: palette.ask }
            }
            AnswerKind::Greeting { called_name, .. } => accepted(called_name.as_ref()),
            AnswerKind::Done { .. }
            | AnswerKind::Candidates(_)
            | AnswerKind::AttributesNotRead(_)
            | AnswerKind::AskStaff => accepted(None),
            AnswerKind::Undone => {
                Self { key: "answer-undone", name: None, symbol: Pictogram::Undo, fill: palette.here }
            }
        }
    }
}

/// The call, the way up, and how long there is.
fn call_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, passage: Passage, key: &str) {
    let skin = skin(view);
    let mut inner = rect.shrink2(vec2(size::EDGE, 8.0));
    let call = canvas.texts.get(key);
    let look = Type::bold(CALL, skin.line);
    let portrait = is_portrait(rect) || rect.width() < 900.0;
    let mut side = if portrait {
        inner.cut_bottom(inner.height() * if inner.height() > ROOMY { 0.48 } else { 0.38 })
    } else {
        inner.cut_right(inner.width() * 0.36)
    };
    let align = if portrait { Align::Center } else { Align::Min };
    canvas.text(inner, Align2([align, Align::Center]), look, &call);
    if let Some(expected) = passage.expected {
        let (until, minutes) = match minutes_left(expected, view.now.wall) {
            0 => ("passage-tsunami", canvas.texts.get("alert-soon")),
            minutes => ("passage-until", canvas.texts.with("alert-minutes", [("minutes", minutes.into())])),
        };
        let place = side.cut_bottom((side.height() * 0.4).min(MINUTES * 1.3));
        canvas.text(place, Align2::CENTER_CENTER, Type::bold(MINUTES, skin.ground.on), &minutes);
        let until = canvas.texts.get(until);
        let place = side.cut_bottom(size::LEAD * 1.4);
        canvas.text(place, Align2::CENTER_CENTER, Type::regular(size::LEAD, skin.ground.on), &until);
    }
    if side.height() > SMALLEST_PICTURE {
        Pictogram::Uphill.draw(canvas.ui.painter(), side.shrink(8.0), skin.line);
    }
}
