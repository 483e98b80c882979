//! 二か所に いる人: nobody decides in silence which place is right; somebody who is allowed to says it.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Command, Conflict};

use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::{View, when_words};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Question};

/// A name and the row of its places.
const NAME: f32 = 50.0;
const ROW: f32 = NAME + size::TARGET;

/// The page.
pub(crate) fn conflicts_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    if let Some(Question::Settle { person, name, site, place }) = &view.state.people.question {
        let yes = Action::SendAndRefresh(Command::Settle { person: *person, site: *site });
        let spoken = match name {
            Some(name) => canvas.texts.with("name-spoken", [("name", name.expose().into())]),
            None => canvas.texts.get("leader-list-nameless"),
        };
        let notes = [spoken, canvas.texts.get("conflicts-settle-say")];
        let asked = Asked {
            title: "conflicts-title",
            question: "conflicts-question",
            about: place,
            notes: &notes,
            yes_note: "conflicts-yes",
        };
        return asked_ui(canvas, rect, &asked, |_, _| None, yes);
    }
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let list = view.state.site.conflicts.as_deref();
    let conflicts = list.unwrap_or_default();
    let rows = rows_that_fit(inner.height(), ROW, size::GAP);
    let pages = Pages::new(conflicts.len(), rows, view.state.turned);
    let mut action = None;
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.38).min(340.0));
        let _gap = header.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next");
    }
    action = header_ui(canvas, header, "conflicts-title").then_some(Action::Back).or(action);
    if conflicts.is_empty() {
        let text = canvas.texts.get(if list.is_some() { "conflicts-none" } else { "list-loading" });
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
    }
    for conflict in pages.slice(conflicts) {
        let place = inner.cut_top(ROW);
        let _gap = inner.cut_top(size::GAP);
        action = conflict_ui(canvas, place, view, conflict).or(action);
    }
    action
}

/// The places, the latest first; the last ones of somebody who was seen at many are behind the latest.
fn conflict_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, conflict: &Conflict) -> Option<Action> {
    let most = if rect.width() < 900.0 { 2 } else { 3 };
    let mut inner = rect;
    let name = match &conflict.name {
        Some(name) => canvas.texts.with("name-spoken", [("name", name.expose().into())]),
        None => canvas.texts.get("leader-list-nameless"),
    };
    let look = Type::bold(size::LEAD, canvas.palette.ink);
    canvas.text(inner.cut_top(NAME), Align2::LEFT_CENTER, look, &name);
    let shown = conflict.places.len().clamp(1, most);
    let grid = Grid { columns: shown, rows: 1, gap: size::GAP };
    let mut action = None;
    for (position, seen) in conflict.places.iter().take(most).enumerate() {
        let when = when_words(canvas.texts, seen.at, view.now.wall);
        let note = canvas.texts.with("stay-here", [("when", when.as_str().into())]);
        let label = format!("{} {} {note}", name, seen.name);
        let button = Button::new(ButtonLook::Tile, &seen.name).note(&note).label(&label);
        let button = if most == 2 { button } else { button.picture(Pictogram::House) };
        let button = button.size(size::BODY);
        if button.show(canvas, ("seen", conflict.person, seen.site), inner.cell(grid, position)) {
            action = Some(Action::Ask(Question::Settle {
                person: conflict.person,
                name: conflict.name.clone(),
                site: seen.site,
                place: seen.name.clone(),
            }));
        }
    }
    action
}
