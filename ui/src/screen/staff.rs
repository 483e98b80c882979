//! Two answers that are no acceptance: staff should help, and hold the card again.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Answer, AttributeFault, Command, HoldReason};
use hinamori_model::{CounterKind, Mode};

use super::answer::{drill_tag_ui, panel_ui};
use super::{View, is_portrait};
use crate::theme::{Fill, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Page};

/// A large symbol with the call beside it, or above it in portrait.
struct Call {
    on: egui::Color32,
    soft: egui::Color32,
    symbol: Pictogram,
    call: String,
    say: String,
}

/// 係の人に お声がけください: counted already.
pub(crate) fn ask_staff_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
) -> Option<Action> {
    let words = Words {
        call: canvas.texts.get("staff-call"),
        counted: canvas.texts.get("staff-counted"),
        to: "staff-to",
        what: "staff-what",
    };
    staff_ui(canvas, rect, view, answer, words)
}

/// The attributes of a card were not read: the person is in, and nothing else is asked.
pub(crate) fn not_read_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    fault: AttributeFault,
) -> Option<Action> {
    let (call, what) = match fault {
        AttributeFault::Wrong { .. } => ("attributes-wrong", "attributes-wrong-what"),
        AttributeFault::Blocked => ("attributes-blocked", "attributes-blocked-what"),
        AttributeFault::LastTry => ("attributes-last-try", "attributes-last-try-what"),
        AttributeFault::NotThere => ("attributes-not-there", "attributes-by-name"),
        AttributeFault::NotRead => ("attributes-not-read", "attributes-not-read-what"),
        AttributeFault::NotSigned => ("attributes-not-signed", "attributes-by-name"),
    };
    let mut call = canvas.texts.get(call);
    if let AttributeFault::Wrong { tries_left: Some(tries) } = fault {
        let left = canvas.texts.with("attributes-tries-left", [("tries", u32::from(tries).into())]);
        call = format!("{call}\n{left}");
    }
    let counted = canvas.texts.get("attributes-counted");
    staff_ui(canvas, rect, view, answer, Words { call, counted, to: "registration-title", what })
}

/// What is said where staff may be needed.
struct Words {
    call: String,
    counted: String,
    /// Keys of the two lines in the panel.
    to: &'static str,
    what: &'static str,
}

fn staff_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    words: Words,
) -> Option<Action> {
    let fill = canvas.palette.ask;
    canvas.fill(rect, fill.fill);
    let mut inner = rect.shrink(size::EDGE);
    let panel = inner.cut_bottom(size::TARGET + 56.0);
    let say = format!("{}\n{}", words.counted, canvas.texts.get(view.next_step_key()));
    let call = Call { on: fill.on, soft: fill.on, symbol: Pictogram::AskStaff, call: words.call, say };
    call_ui(canvas, inner, view, &call);

    let palette = canvas.palette;
    let mut panel = panel_ui(canvas, panel);
    let next = panel.cut_right(300.0_f32.min(panel.width() * 0.42));
    let _gap = panel.cut_right(size::GAP);
    let (to, what) = (canvas.texts.get(words.to), canvas.texts.get(words.what));
    let (caption, lead) = (Type::regular(size::CAPTION, palette.ink_soft), Type::bold(34.0, palette.ink));
    let words = 34.0 + canvas.height_of(panel.width(), lead, &what);
    let _margin = panel.cut_top(((panel.height() - words) / 2.0).max(0.0));
    canvas.text(panel.cut_top(34.0), Align2::LEFT_CENTER, caption, &to);
    canvas.text(panel, Align2::LEFT_TOP, lead, &what);
    let word = canvas.texts.get("staff-next");
    let touched = Button::new(ButtonLook::Primary, &word).size(size::TITLE).show(canvas, "next", next);
    touched.then_some(Action::Send(Command::Dismiss { answer: answer.id }))
}

/// もう一度 かざしてください: paper-coloured, because nothing is recorded.
pub(crate) fn hold_again_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    reason: HoldReason,
) -> Option<Action> {
    let palette = canvas.palette;
    let mut inner = rect.shrink2(vec2(size::EDGE * 2.0, size::EDGE));
    let (symbol, call, say, is_card) = match reason {
        HoldReason::TornAway => (Pictogram::HoldAgain, "again-call", "again-torn", true),
        HoldReason::Mute => (Pictogram::HoldAgain, "again-call", "again-mute", true),
        HoldReason::ForeignBadge => (Pictogram::HoldAgain, "again-call", "again-foreign-badge", true),
        HoldReason::DiskFull => (Pictogram::Paper, "disk-call", "disk-full-note", false),
        HoldReason::DiskFailing => (Pictogram::Paper, "disk-call", "disk-failing-note", false),
    };
    let call = Call {
        on: palette.ink,
        soft: palette.ink_soft,
        symbol,
        call: canvas.texts.get(call),
        say: canvas.texts.get(say),
    };
    // Without a disk nobody can be counted either, and at the watch counter nobody is.
    let offers_count = is_card && view.lane.counter == CounterKind::Shelter;
    let mut action = None;
    if offers_count {
        let place = inner.cut_bottom(size::TARGET);
        let _gap = inner.cut_bottom(size::GAP);
        let word = canvas.texts.get("again-without-card");
        let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::NoCard).size(size::LEAD);
        if button.show(canvas, "without card", place) {
            action = Some(Action::Open(Page::HeadCount));
        }
    }
    if is_card {
        let portrait = is_portrait(rect);
        let tips = inner.cut_bottom(if portrait { 240.0 } else { 84.0 });
        tips_ui(canvas, tips, if portrait { 1 } else { 3 });
    }
    call_ui(canvas, inner, view, &call);
    action
}

fn call_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, call: &Call) {
    let mut inner = rect;
    let portrait = is_portrait(rect);
    if view.mode() == Mode::Drill {
        let align = if portrait { egui::Align::Center } else { egui::Align::Min };
        drill_tag_ui(canvas, inner.cut_top(64.0), align);
        let _gap = inner.cut_top(6.0);
    }
    let look = Type::bold(84.0, call.on);
    let say = Type::regular(38.0, call.soft);
    let align = if portrait { Align2::CENTER_TOP } else { Align2::LEFT_TOP };
    if portrait {
        let side = (inner.height() * 0.42).min(320.0);
        let words = (lines_of(&call.call) * 84.0 + lines_of(&call.say) * 38.0) * 1.3;
        let _margin = inner.cut_top(((inner.height() - side - words) / 2.0 - size::EDGE).max(0.0));
        call.symbol.draw(canvas.ui.painter(), inner.cut_top(side).shrink(16.0), call.on);
        inner = inner.cut_top((words + size::EDGE * 2.0).min(inner.height()));
    } else {
        let symbol = inner.cut_left((inner.width() * 0.31).min(380.0));
        let side = symbol.width().min(symbol.height()).min(300.0);
        call.symbol.draw(canvas.ui.painter(), symbol.square(side), call.on);
        let _gap = inner.cut_left(size::EDGE);
    }
    let lines = lines_of(&call.call);
    let upper = (lines * 84.0 * 1.3).min(inner.height() * 0.6);
    let lower = (lines_of(&call.say) * 38.0 * 1.3).min(inner.height() - upper);
    let spare = (inner.height() - upper - lower - 16.0).max(0.0) / 2.0;
    let _margin = inner.cut_top(spare);
    let words = inner.cut_top(upper);
    canvas.text(words, align, look, &call.call);
    let _gap = inner.cut_top(12.0);
    canvas.text(inner, align, say, &call.say);
}

#[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
pub(crate) fn lines_of(text: &str) -> f32 {
    text.lines().count().max(1) as f32
}

/// How to lay the card.
fn tips_ui(canvas: &mut Canvas<'_>, rect: Rect, columns: usize) {
    let palette = canvas.palette;
    let ground = Fill { fill: palette.background, on: palette.ink };
    let tips = [
        (Pictogram::Flat, "again-flat"),
        (Pictogram::Case, "again-case"),
        (Pictogram::Single, "again-single"),
    ];
    let grid = Grid { columns, rows: tips.len().div_ceil(columns), gap: 6.0 };
    for (position, (picture, key)) in tips.into_iter().enumerate() {
        let text = canvas.texts.get(key);
        let look = Type::regular(size::TILE_TEXT, ground.on);
        let mut place = rect.cell(grid, position);
        let width = canvas.width_of(look, &text) + 82.0;
        let spare = if columns == 1 { place.width() * 0.24 } else { (place.width() - width).max(0.0) / 2.0 };
        let _margin = place.cut_left(spare);
        picture.draw(canvas.ui.painter(), place.cut_left(64.0).square(64.0), ground.on);
        let _gap = place.cut_left(18.0);
        canvas.text(place, Align2::LEFT_CENTER, look, &text);
    }
}
