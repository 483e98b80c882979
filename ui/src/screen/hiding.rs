//! 秘匿: asked for in a low voice, lifted only by the person with their own card and a leader.

use egui::{Align2, Rect, vec2};

use super::number_pad::Words;
use super::page::header_ui;
use super::sign_in::pin_ui;
use super::{View, is_portrait};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Page};

/// Two ways.
pub(crate) fn hiding_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), "hiding-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let say = canvas.texts.get("hiding-quiet");
    canvas.text(inner.cut_top(60.0), Align2::LEFT_CENTER, Type::bold(size::LEAD, canvas.palette.ink), &say);
    let _gap = inner.cut_top(size::GAP);
    let grid = if is_portrait(rect) {
        Grid { columns: 1, rows: 2, gap: size::GAP }
    } else {
        Grid { columns: 2, rows: 1, gap: size::GAP }
    };
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(480.0)));
    let ways = [
        (Pictogram::Shield, "hide-title", "hide-note", Page::HidingSearch),
        (Pictogram::Undo, "lift-title", "lift-note", Page::LiftHiding),
    ];
    for (position, (picture, key, note, page)) in ways.into_iter().enumerate() {
        let (word, note) = (canvas.texts.get(key), canvas.texts.get(note));
        let button = Button::new(ButtonLook::Framed, &word).picture_above(picture).note(&note);
        if button.size(size::TITLE).show(canvas, key, area.cell(grid, position)) {
            action = Some(Action::Open(page));
        }
    }
    action
}

/// The person types their PIN and holds their card.
pub(crate) fn lift_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let words = Words { title: "lift-title", word: "lift-pin", say: "lift-say", next: "registration-next" };
    pin_ui(canvas, rect, view, words, "lift-card")
}
