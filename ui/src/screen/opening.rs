//! The second of the two touches that open a site: live, or for a drill in the colours of a drill.

use egui::{Align, Align2, Rect, vec2};
use hinamori_ipc::Command;
use hinamori_model::Mode;

use super::page::header_ui;
use super::{View, is_portrait};
use crate::Action;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type};

/// What is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opens {
    /// The standby live incident.
    Live,
    /// The standby drill.
    Drill,
}

/// One question, one button. It stands where no tile of idle stands: two touches of one place open nothing.
pub(crate) fn opening_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    opens: Opens,
) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let (title, say, word, picture, mode) = match opens {
        Opens::Live => {
            ("open-live-title", "open-live-say", "open-live-confirm", Pictogram::OpenShelter, Mode::Live)
        }
        Opens::Drill => {
            ("open-drill-title", "open-drill-say", "open-drill-confirm", Pictogram::Flag, Mode::Drill)
        }
    };
    let mut action =
        header_ui(canvas, inner.cut_top(size::TARGET), "opening-header").then_some(Action::Return);
    let portrait = is_portrait(rect);
    // Above the row of idle's tiles in either orientation.
    let words = inner.cut_top(if portrait { 460.0 } else { 290.0 });
    words_ui(canvas, words, view, (title, say, picture));
    let place = inner.cut_top(if portrait { 180.0 } else { 130.0 });
    let word = canvas.texts.get(word);
    let button = Button::new(ButtonLook::Primary, &word).size(size::NAME);
    if button.show(canvas, "confirm opening", place) {
        action = Some(Action::SendAndReturn(Command::OpenIncident { mode }));
    }
    action
}

/// 訓練は 中止・本番です: somebody pressed it elsewhere. Two words and one button; a card ends it too.
pub(crate) fn drill_ended_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let _gap = inner.cut_top(size::TARGET);
    let portrait = is_portrait(rect);
    let words = inner.cut_top(if portrait { 460.0 } else { 290.0 });
    words_ui(canvas, words, view, ("drill-ended-title", "drill-ended-say", Pictogram::Bang));
    let place = inner.cut_top(if portrait { 180.0 } else { 130.0 });
    let word = canvas.texts.get("drill-ended-next");
    let button = Button::new(ButtonLook::Primary, &word).size(size::NAME);
    button.show(canvas, "drill ended", place).then_some(Action::Return)
}

/// The question beside its picture, or below it in portrait.
fn words_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (title, say, picture): (&str, &str, Pictogram),
) {
    let palette = canvas.palette;
    let mut inner = rect.shrink2(vec2(0.0, size::GAP));
    let portrait = is_portrait(rect) || rect.width() < 900.0;
    let (align, symbol) =
        if portrait { (Align::Center, inner.cut_top(170.0)) } else { (Align::Min, inner.cut_left(300.0)) };
    picture.draw(canvas.ui.painter(), symbol.square(symbol.height().min(200.0) - 20.0), palette.ink);
    let _gap = inner.cut_left(if portrait { 0.0 } else { size::EDGE });
    let (title, say) = (canvas.texts.get(title), canvas.texts.get(say));
    let (question, site) = (Type::bold(size::ANSWER, palette.ink), Type::bold(size::LEAD, palette.ink));
    let quiet = Type::regular(size::TILE_TEXT, palette.ink_soft);
    let height = canvas.height_of(inner.width(), quiet, &say);
    let _margin = inner.cut_top(((inner.height() - 92.0 - 56.0 - height) / 2.0).max(0.0));
    canvas.text(inner.cut_top(92.0), Align2([align, Align::Center]), question, &title);
    canvas.text(inner.cut_top(56.0), Align2([align, Align::Center]), site, &view.lane.banner.site);
    canvas.text(inner, Align2([align, Align::Min]), quiet, &say);
}
