//! 応援職員証: as what and for how many days; then its code and its number, once.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Command, Pass};
use hinamori_model::Role;

use super::page::header_ui;
use super::qr::qr_ui;
use super::session::role_key;
use super::{View, is_portrait, when_words};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, MOST_DAYS};

/// The page.
pub(crate) fn passes_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    match &view.state.staff.pass {
        Some(pass) => pass_ui(canvas, rect, view, pass),
        None => choose_ui(canvas, rect, view),
    }
}

fn choose_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let done = header.cut_right((header.width() * 0.36).min(380.0));
    let _gap = header.cut_right(size::GAP);
    let mut action = header_ui(canvas, header, "pass-title").then_some(Action::Back);
    let staff = &view.state.staff;
    let word = canvas.texts.get("pass-issue");
    let command = match (staff.role, staff.days) {
        (Some(role), days @ 1..=MOST_DAYS) => Some(Command::IssuePass { role, days }),
        _ => None,
    };
    let look = if command.is_some() { ButtonLook::Primary } else { ButtonLook::Disabled };
    if Button::new(look, &word).show(canvas, "issue", done)
        && let Some(command) = command
    {
        action = Some(Action::Send(command));
    }
    let palette = canvas.palette;
    let bold = Type::bold(size::BODY, palette.ink);
    let question = canvas.texts.get("pass-role");
    canvas.text(inner.cut_top(48.0), Align2::LEFT_CENTER, bold, &question);
    let columns = if portrait { 2 } else { 3 };
    let rows = Role::ALL.len().div_ceil(columns);
    let height = |rows: usize| {
        #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
        let rows = rows as f32;
        rows * (size::TARGET + size::GAP) - size::GAP
    };
    let area = inner.cut_top(height(rows));
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, role) in Role::ALL.iter().enumerate() {
        let word = canvas.texts.get(role_key(*role));
        let button = Button::new(ButtonLook::Choice { chosen: staff.role == Some(*role) }, &word);
        if button.picture(Pictogram::Staff).show(canvas, ("role", role.code()), area.cell(grid, position)) {
            action = Some(Action::ChooseRole(*role));
        }
    }
    let question = canvas.texts.get("pass-days");
    canvas.text(inner.cut_top(52.0), Align2::LEFT_CENTER, bold, &question);
    let columns = if portrait { 4 } else { 7 };
    let rows = usize::from(MOST_DAYS).div_ceil(columns);
    let area = inner.cut_top(height(rows));
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, days) in (1..=MOST_DAYS).enumerate() {
        let word = canvas.texts.with("pass-day", [("days", u32::from(days).into())]);
        let button = Button::new(ButtonLook::Choice { chosen: staff.days == days }, &word);
        if button.show(canvas, ("days", days), area.cell(grid, position)) {
            action = Some(Action::ChooseDays(days));
        }
    }
    action
}

/// The code beside its number: both are seen once.
fn pass_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, pass: &Pass) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let action = header_ui(canvas, inner.cut_top(size::TARGET), "pass-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let code = if is_portrait(rect) {
        inner.cut_top(inner.width().min(inner.height() * 0.6))
    } else {
        inner.cut_left(inner.height().min(inner.width() * 0.55))
    };
    qr_ui(canvas, code, pass.code.expose());
    let mut words = if is_portrait(rect) { inner } else { inner.shrink2(vec2(size::EDGE, 0.0)) };
    let palette = canvas.palette;
    let role = canvas.texts.get(role_key(pass.role));
    canvas.text(words.cut_top(58.0), Align2::LEFT_CENTER, Type::bold(size::TITLE, palette.ink), &role);
    let until = when_words(canvas.texts, pass.until, view.now.wall);
    let until = canvas.texts.with("slip-until", [("when", until.as_str().into())]);
    let quiet = Type::regular(size::BODY, palette.ink_soft);
    canvas.text(words.cut_top(44.0), Align2::LEFT_CENTER, quiet, &until);
    let _gap = words.cut_top(size::GAP);
    let number = canvas.texts.get("pass-number");
    canvas.text(words.cut_top(40.0), Align2::LEFT_CENTER, Type::regular(size::BODY, palette.ink), &number);
    let digits: Vec<String> = pass.number.expose().chars().map(String::from).collect();
    let look = Type::bold(96.0, palette.ink);
    canvas.text(words.cut_top(130.0), Align2::LEFT_CENTER, look, &digits.join(" "));
    let say = canvas.texts.get("pass-say");
    canvas.text(words, Align2::LEFT_TOP, Type::bold(size::TILE_TEXT, palette.ink), &say);
    action
}
