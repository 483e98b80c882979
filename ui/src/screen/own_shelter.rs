//! 自主避難所 として 開く: a name out of the districts, and a second touch.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::Command;

use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::{View, is_portrait};
use crate::Action;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};

/// The page.
pub(crate) fn own_shelter_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    if let Some(name) = &view.state.site.name {
        let yes = Action::SendAndReturn(Command::OpenOwnShelter { name: name.clone() });
        let notes = [canvas.texts.get("own-shelter-say")];
        let asked = Asked {
            title: "own-shelter-title",
            question: "own-shelter-sure",
            about: name,
            notes: &notes,
            yes_note: "own-shelter-yes",
        };
        return asked_ui(canvas, rect, &asked, |_, _| None, yes);
    }
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let texts = canvas.texts;
    let Some(districts) = &view.state.people.districts else {
        let action = header_ui(canvas, header, "own-shelter-title").then_some(Action::Back);
        let text = texts.get("list-loading");
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
        return action;
    };
    let names: Vec<String> = districts
        .iter()
        .map(|district| texts.with("own-shelter-of", [("district", district.name.as_str().into())]))
        .chain([texts.get("own-shelter-plain")])
        .collect();
    let look = Type::bold(size::TILE_TEXT, canvas.palette.ink);
    let question = texts.get("own-shelter-question");
    canvas.text(inner.cut_top(54.0), Align2::LEFT_CENTER, look, &question);
    let columns = if is_portrait(rect) { 1 } else { 2 };
    let rows = rows_that_fit(inner.height(), size::TARGET, size::GAP);
    let pages = Pages::new(names.len(), rows * columns, view.state.turned);
    let mut action = None;
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.4).min(340.0));
        let _gap = header.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next");
    }
    action = header_ui(canvas, header, "own-shelter-title").then_some(Action::Back).or(action);
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, name) in pages.slice(&names).iter().enumerate() {
        let place = inner.cell(grid, position);
        let place = Rect::from_min_size(place.min, vec2(place.width(), place.height().min(size::TILE)));
        let button = Button::new(ButtonLook::Tile, name).picture(Pictogram::OpenShelter);
        if button.show(canvas, ("name", position), place) {
            action = Some(Action::ChooseName(name.clone()));
        }
    }
    action
}
