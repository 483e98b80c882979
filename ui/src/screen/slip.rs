//! 控え and 転所票: a code that whoever leaves photographs, and what to do with it.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::SlipKind;

use super::page::header_ui;
use super::qr::qr_ui;
use super::{View, is_portrait, when_words};
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Place, Type};

/// The page over the goodbye.
pub(crate) fn slip_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let palette = canvas.palette;
    let slip = view.state.site.slip.as_ref();
    let (title, say) = match slip.map(|slip| slip.kind) {
        Some(SlipKind::Transfer) => ("slip-transfer", "slip-transfer-say"),
        Some(SlipKind::Leaving) | None => ("slip-leaving", "slip-leaving-say"),
    };
    let portrait = is_portrait(rect);
    let quiet = Type::regular(size::TILE_TEXT, palette.ink_soft);
    let Some(slip) = slip else {
        let action = header_ui(canvas, inner.cut_top(size::TARGET), title).then_some(Action::Back);
        let text = canvas.texts.get("list-loading");
        canvas.text(inner, Align2::CENTER_CENTER, quiet, &text);
        return action;
    };
    let (header, code, mut words);
    if portrait {
        header = inner.cut_top(size::TARGET);
        let _gap = inner.cut_top(size::GAP);
        code = inner.cut_top(inner.width().min(inner.height() * 0.7));
        let _gap = inner.cut_top(size::GAP);
        words = inner;
    } else {
        // As large as the screen: the code is what matters.
        code = inner.cut_left(inner.height().min(inner.width() * 0.6));
        words = inner.shrink2(vec2(size::EDGE, 0.0));
        header = words.cut_top(size::TARGET);
        let _gap = words.cut_top(size::EDGE);
    }
    let action = header_ui(canvas, header, title).then_some(Action::Back);
    qr_ui(canvas, code, slip.code.expose());
    let look = Type::bold(size::LEAD, palette.ink);
    let say = canvas.texts.get(say);
    let height = canvas.height_of(words.width(), look, &say).min(words.height() * 0.7);
    canvas.text(words.cut_top(height), Align2::LEFT_TOP, look, &say);
    let _gap = words.cut_top(size::EDGE);
    let until = when_words(canvas.texts, slip.until, view.now.wall);
    let until = canvas.texts.with("slip-until", [("when", until.as_str().into())]);
    canvas.text(words, Align2::LEFT_TOP, quiet, &until);
    action
}
