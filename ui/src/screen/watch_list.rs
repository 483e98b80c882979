//! 今日 まだの方: who is expected at the watch counter today and was not seen.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_model::PersonalText;

use super::View;
use super::paged::ListPage;
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Type};

/// Called names, in the daemon's order.
pub(crate) fn watch_list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let list = view.state.watch_list.as_deref();
    let (title, say, empty) = ("watch-list", "watch-list-say", "watch-list-empty");
    ListPage { title, say, empty, list, columns: 2, row: 92.0, gap: size::GAP }
        .show(canvas, rect, view, name_ui)
}

fn name_ui(canvas: &mut Canvas<'_>, rect: Rect, name: &PersonalText) -> Option<Action> {
    let palette = canvas.palette;
    let rect = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height().min(110.0)));
    canvas.card(rect, size::RADIUS_TILE, palette.surface, Stroke::new(2.0, palette.hairline));
    let look = Type::bold(size::LEAD, palette.ink);
    canvas.text(rect.shrink2(vec2(20.0, 4.0)), Align2::LEFT_CENTER, look, name.expose());
    None
}
