//! The bar at the top of every screen: which world this is, where, and what time.

use egui::{Align2, Rect, Stroke, vec2};

use super::{Canvas, Place, Type};
use crate::theme::size;

/// What stands on the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banner {
    /// 災害, 訓練 or 平常時.
    pub(crate) tag: String,
    /// The incident, or that this is a drill.
    pub(crate) strong: String,
    /// The site, or what goes on; left out where there is no room.
    pub(crate) quiet: String,
    /// Who is signed in, the longest words first; empty for nobody.
    pub(crate) staff: Vec<String>,
    /// The time.
    pub(crate) end: String,
}

/// Draws the bar. On idle it is tall, elsewhere slim: `rect` says which.
pub(crate) fn banner_ui(canvas: &mut Canvas<'_>, rect: Rect, banner: &Banner) {
    let palette = canvas.palette;
    let tall = rect.height() >= size::BANNER;
    let text = if tall { 30.0 } else { size::CAPTION };
    let (edge, gap) = if tall { (size::EDGE_IDLE, 20.0) } else { (size::EDGE, 14.0) };
    canvas.fill(rect, palette.bar.fill);
    if palette.bar.fill == palette.background {
        canvas.ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(2.0, palette.hairline));
    }
    let mut inner = rect.shrink2(vec2(edge, 0.0));

    let tag = Type::bold(text, palette.tag.on);
    let width = canvas.width_of(tag, &banner.tag) + text * 1.2;
    let height = (text * 1.6).min(rect.height() - 6.0);
    let mut place = inner.cut_left(width);
    place = Rect::from_center_size(place.center(), vec2(width, height));
    canvas.card(place, size::RADIUS_TAG, palette.tag.fill, Stroke::NONE);
    canvas.text(place.expand(4.0), Align2::CENTER_CENTER, tag, &banner.tag);
    let _gap = inner.cut_left(gap);

    let regular = Type::regular(text, palette.bar.on);
    let end = canvas.width_of(regular, &banner.end);
    let place = inner.cut_right(end.min(inner.width()));
    canvas.text(place.expand(4.0), Align2::RIGHT_CENTER, regular, &banner.end);
    let _gap = inner.cut_right(gap);

    let bold = Type::bold(text, palette.bar.on);
    let chip = Type::regular(size::CAPTION, palette.bar.on);
    let width_of = |words: &String| canvas.width_of(chip, words) + size::CAPTION;
    let fits = |words: &&String| width_of(words) <= inner.width() * 0.6;
    if let Some(words) = banner.staff.iter().find(fits).or(banner.staff.last()) {
        // An outlined chip; the name of the incident gives way to it.
        let width = width_of(words).min(inner.width());
        let place = inner.cut_right(width);
        let place = Rect::from_center_size(place.center(), vec2(width, height));
        canvas.card(place, size::RADIUS_TAG, palette.bar.fill, Stroke::new(2.0, palette.bar.on));
        let inside = place.shrink2(vec2(8.0, 0.0)).expand2(vec2(0.0, 4.0));
        canvas.text(inside, Align2::CENTER_CENTER, chip, words);
        let _gap = inner.cut_right(gap);
    }
    let strong = canvas.width_of(bold, &banner.strong).min(inner.width());
    let place = inner.cut_left(strong);
    canvas.text(place.expand2(vec2(1.0, 4.0)), Align2::LEFT_CENTER, bold, &banner.strong);
    let _gap = inner.cut_left(gap * 0.8);
    if inner.width() >= canvas.width_of(regular, &banner.quiet) {
        canvas.text(inner.expand2(vec2(1.0, 4.0)), Align2::LEFT_CENTER, regular, &banner.quiet);
    }
}
