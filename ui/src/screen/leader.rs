//! 係の方へ: what a leader looks at, behind one tile of idle.

use egui::Rect;

use super::View;
use super::page::header_ui;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place};
use crate::{Action, Page};

/// Three lists and the settings.
pub(crate) fn leader_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), "leader-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::EDGE);
    let later = canvas.texts.with("leader-list-count", [("count", view.lane.later.into())]);
    let tiles = [
        (Pictogram::List, "leader-list", later, Page::LeaderList),
        (Pictogram::NotArrived, "not-arrived", canvas.texts.get("not-arrived-note"), Page::NotArrived),
        (Pictogram::RollCall, "roll-call", canvas.texts.get("roll-call-note"), Page::RollCall),
        (Pictogram::Settings, "settings-title", canvas.texts.get("settings-note"), Page::Settings),
    ];
    let grid = Grid { columns: 2, rows: 2, gap: size::EDGE };
    for (position, (picture, key, note, page)) in tiles.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let button =
            Button::new(ButtonLook::Tile, &word).picture_above(picture).note(&note).size(size::TITLE);
        if button.show(canvas, key, inner.cell(grid, position)) {
            action = Some(Action::Open(page));
        }
    }
    action
}
