//! The second of the two touches that open a site: live, or for a drill in the colours of a drill.

use egui::{Align2, Rect, vec2};
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
    let palette = canvas.palette;
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
    let _gap = inner.cut_top(size::GAP);
    let portrait = is_portrait(rect);
    let align = if portrait { Align2::CENTER_CENTER } else { Align2::LEFT_CENTER };
    let inner_width = inner.width();
    let mut inner = inner.shrink2(vec2(if portrait { 0.0 } else { inner_width * 0.02 }, 0.0));
    let title = canvas.texts.get(title);
    canvas.text(inner.cut_top(100.0), align, Type::bold(size::ANSWER, palette.ink), &title);
    canvas.text(inner.cut_top(50.0), align, Type::bold(size::LEAD, palette.ink), &view.lane.banner.site);
    let say_text = canvas.texts.get(say);
    let look = Type::regular(size::TILE_TEXT, palette.ink_soft);
    let height = canvas.height_of(inner.width(), look, &say_text).min(150.0);
    let _gap = inner.cut_top(if portrait { 60.0 } else { 20.0 });
    // Above the row of idle's tiles in either orientation.
    let place = inner.cut_top(if portrait { 220.0 } else { 130.0 });
    let place = Rect::from_center_size(place.center(), vec2(place.width().min(760.0), place.height()));
    let word = canvas.texts.get(word);
    let button = Button::new(ButtonLook::Primary, &word).picture(picture).size(size::NAME);
    if button.show(canvas, "confirm opening", place) {
        action = Some(Action::SendAndReturn(Command::OpenIncident { mode }));
    }
    let _gap = inner.cut_top(if portrait { 40.0 } else { 16.0 });
    canvas.text(
        inner.cut_top(height + 4.0),
        if portrait { Align2::CENTER_TOP } else { Align2::LEFT_TOP },
        look,
        &say_text,
    );
    action
}
