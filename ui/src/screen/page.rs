//! What the kiosk's own pages share: the way back, and the cut into an aside and the content.

use egui::{Align2, Rect, vec2};

use super::is_portrait;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type};

/// Back and the page's title; `true` when back was touched.
pub(crate) fn header_ui(canvas: &mut Canvas<'_>, rect: Rect, title: &str) -> bool {
    let mut inner = rect;
    let back = inner.cut_left(size::TARGET);
    let label = canvas.texts.get("page-back");
    let touched = Button::new(ButtonLook::Tile, &label).only(Pictogram::Back).show(canvas, "back", back);
    let _gap = inner.cut_left(20.0);
    let title = canvas.texts.get(title);
    // One line: a title that is too long is set smaller.
    let line = Rect::from_center_size(inner.center(), vec2(inner.width(), size::TITLE * 1.4));
    canvas.text(line, Align2::LEFT_CENTER, Type::bold(size::TITLE, canvas.palette.ink), &title);
    touched
}

/// A page's places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// The row with the way back.
    pub(crate) header: Rect,
    /// Beside the content, or above it in portrait.
    pub(crate) aside: Rect,
    /// The page's matter.
    pub(crate) content: Rect,
}

/// Cuts a page: header and aside at the left, or on top with `aside_height` in portrait.
pub(crate) fn parts(rect: Rect, aside_height: f32) -> Parts {
    let mut inner = rect.shrink(size::EDGE);
    if is_portrait(rect) {
        let header = inner.cut_top(size::TARGET);
        let _gap = inner.cut_top(size::GAP);
        let aside = inner.cut_top(aside_height);
        let _gap = inner.cut_top(size::GAP);
        Parts { header, aside, content: inner }
    } else {
        let mut aside = inner.cut_left((inner.width() * 0.35).min(430.0));
        let header = aside.cut_top(size::TARGET);
        let _gap = aside.cut_top(size::GAP);
        let _gap = inner.cut_left(size::BODY);
        Parts { header, aside, content: inner }
    }
}
