//! Before the daemon speaks, after it went away, and when it is of another version. Nothing of a lane is
//! shown then, and the way on with paper is.

use egui::{Align2, Rect, Stroke, vec2};

use super::is_portrait;
use super::staff::lines_of;
use crate::LinkStage;
use crate::theme::size;
use crate::widget::{Canvas, Pictogram, Place, Type};

/// 本体に 再接続中…
pub(crate) fn connecting_ui(canvas: &mut Canvas<'_>, rect: Rect, link: LinkStage) {
    let palette = canvas.palette;
    let (title, say) = match link {
        LinkStage::Connecting | LinkStage::Following => ("connecting-title", "connecting-say"),
        LinkStage::OtherVersion => ("version-title", "version-say"),
    };
    let mut inner = rect.shrink(size::EDGE * 2.0);
    let paper = inner.cut_bottom((inner.height() * 0.36).clamp(170.0, 240.0));
    let portrait = is_portrait(rect);
    let (title, say) = (canvas.texts.get(title), canvas.texts.get(say));
    let (upper, lower) = (lines_of(&title) * size::ANSWER * 1.3, lines_of(&say) * size::LEAD * 1.4);
    let symbol = if portrait {
        let side = (inner.height() * 0.4).min(300.0);
        let _margin = inner.cut_top(((inner.height() - side - upper - lower) / 2.0).max(0.0));
        let symbol = inner.cut_top(side);
        inner = inner.cut_top(inner.height().min(upper + lower + 20.0));
        symbol
    } else {
        inner.cut_left((inner.width() * 0.28).min(320.0))
    };
    let side = symbol.width().min(symbol.height()).min(230.0);
    Pictogram::Link.draw(canvas.ui.painter(), symbol.square(side), palette.ink);
    let _gap = inner.cut_left(if portrait { 0.0 } else { size::EDGE });
    let align = if portrait { Align2::CENTER_TOP } else { Align2::LEFT_TOP };
    let _margin = inner.cut_top(((inner.height() - upper - lower) / 2.0).max(0.0));
    canvas.text(inner.cut_top(upper), align, Type::bold(size::ANSWER, palette.ink), &title);
    let _gap = inner.cut_top(10.0);
    canvas.text(inner, align, Type::regular(size::LEAD, palette.ink_soft), &say);

    canvas.card(paper, size::RADIUS_PANEL, palette.surface, Stroke::new(size::LINE, palette.edge));
    let mut inner = paper.shrink2(vec2(size::BODY, 16.0));
    Pictogram::Paper.draw(canvas.ui.painter(), inner.cut_left(110.0).square(96.0), palette.ink);
    let _gap = inner.cut_left(size::EDGE);
    let (title, say) = (canvas.texts.get("paper-title"), canvas.texts.get("paper-say"));
    let upper = inner.cut_top(inner.height() * 0.4);
    canvas.text(upper, Align2::LEFT_BOTTOM, Type::bold(size::LEAD, palette.ink), &title);
    canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::BODY, palette.ink), &say);
}
