//! あなたの記録を 見た職員: shown to the person who holds their own card.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::Lookup;

use super::paged::ListPage;
use super::session::{action_key, reason_key, role_key};
use super::{View, when_words};
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Place, Type};

/// The list, the latest first as the daemon sends it.
pub(crate) fn lookups_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let list = view.state.staff.lookups.as_deref();
    let (title, say, empty) = ("lookups-title", "lookups-say", "lookups-none");
    ListPage { title, say, empty, list, columns: 1, row: size::TARGET, gap: 10.0 }.show(
        canvas,
        rect,
        view,
        |canvas, place, lookup| {
            item_ui(canvas, place, view, lookup);
            None
        },
    )
}

fn item_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, lookup: &Lookup) {
    let palette = canvas.palette;
    let rect = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height().min(130.0)));
    canvas.card(rect, size::RADIUS_TILE, palette.surface, Stroke::new(2.0, palette.hairline));
    let mut inner = rect.shrink2(vec2(20.0, 8.0));
    let texts = canvas.texts;
    let name = match &lookup.by {
        Some(name) => name.expose().to_owned(),
        None => texts.get("staff-nobody"),
    };
    let who = format!("{name} ・ {}", texts.get(role_key(lookup.role)));
    let mut what = texts.get(action_key(lookup.action));
    if let Some(reason) = lookup.reason {
        what = format!("{what} ・ {}", texts.get(reason_key(reason)));
    }
    let when = when_words(texts, lookup.at, view.now.wall);
    let mut upper = inner.cut_top(inner.height() * 0.5);
    let look = Type::regular(size::CAPTION, palette.ink_soft);
    let width = canvas.width_of(look, &when) + 2.0;
    canvas.text(upper.cut_right(width), Align2::RIGHT_CENTER, look, &when);
    let _gap = upper.cut_right(10.0);
    canvas.text(upper, Align2::LEFT_CENTER, Type::bold(size::TILE_TEXT, palette.ink), &who);
    canvas.text(inner, Align2::LEFT_CENTER, look, &what);
}
