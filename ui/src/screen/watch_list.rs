//! 今日 まだの方: who is expected at the watch counter today and was not seen.

use egui::{Align2, Rect, Stroke, vec2};

use super::View;
use super::page::{header_ui, parts};
use super::paged::{Pages, rows_that_fit};
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Grid, Place, Type};

const COLUMNS: usize = 2;
const ROW: f32 = 92.0;

/// Called names, in the daemon's order.
pub(crate) fn watch_list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let mut parts = parts(rect, 130.0);
    let mut action = header_ui(canvas, parts.header, "watch-list").then_some(Action::Return);
    let list = view.state.watch_list.as_deref();
    let text = match list {
        None => canvas.texts.get("list-loading"),
        Some([]) => canvas.texts.get("watch-list-empty"),
        Some(names) => {
            let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
            canvas.texts.with("watch-list-say", [("count", count.into())])
        }
    };
    let rows = rows_that_fit(parts.content.height(), ROW, size::GAP);
    let names = list.unwrap_or_default();
    let pages = Pages::new(names.len(), rows * COLUMNS, view.state.turned);
    if pages.has_more() {
        let place = if super::is_portrait(rect) {
            parts.aside.cut_right(parts.aside.width() * 0.4)
        } else {
            parts.aside.cut_bottom(size::TARGET)
        };
        let place = Rect::from_center_size(place.center(), vec2(place.width(), size::TARGET));
        action = pages.turn_ui(canvas, place, "page-next").or(action);
    }
    canvas.text(parts.aside, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, palette.ink), &text);
    let grid = Grid { columns: COLUMNS, rows, gap: size::GAP };
    for (position, name) in pages.slice(names).iter().enumerate() {
        let place = parts.content.cell(grid, position);
        let place = Rect::from_min_size(place.min, vec2(place.width(), place.height().min(110.0)));
        canvas.card(place, size::RADIUS_TILE, palette.surface, Stroke::new(2.0, palette.hairline));
        let look = Type::bold(size::LEAD, palette.ink);
        canvas.text(place.shrink2(vec2(20.0, 4.0)), Align2::LEFT_CENTER, look, name.expose());
    }
    action
}
