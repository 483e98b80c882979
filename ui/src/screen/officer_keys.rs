//! 発令の 鍵: an officer makes their keys with their own card, and reads three words out to the town hall.

use egui::{Align2, Rect};
use hinamori_ipc::OfficerStanding;

use super::View;
use super::number_pad::Words;
use super::officers::refusal_ui;
use super::page::header_ui;
use super::sign_in::pin_ui;
use crate::Action;
use crate::theme::size;
use crate::widget::{Canvas, Place, Type};

/// The page.
pub(crate) fn officer_keys_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let Some(words) = &view.state.officers.words else {
        let waits = view.lane.staff.as_ref().is_some_and(|staff| staff.officer == OfficerStanding::Waits);
        let mut rect = rect;
        refusal_ui(canvas, &mut rect, view);
        let say = if waits { "officer-keys-again" } else { "officer-keys-say" };
        let words =
            Words { title: "officer-keys-title", word: "officer-keys-pin", say, next: "registration-next" };
        return pin_ui(canvas, rect, view, words, "officer-keys-card");
    };
    let mut inner = rect.shrink(size::EDGE);
    let action = header_ui(canvas, inner.cut_top(size::TARGET), "officer-keys-title").then_some(Action::Back);
    let palette = canvas.palette;
    let _gap = inner.cut_top(size::GAP);
    let call = canvas.texts.get("officer-keys-read-out");
    let look = Type::bold(size::LEAD, palette.ink);
    let height = canvas.height_of(inner.width(), look, &call);
    canvas.text(inner.cut_top(height), Align2::LEFT_CENTER, look, &call);
    let say = canvas.texts.get("officer-keys-until");
    let quiet = Type::regular(size::BODY, palette.ink_soft);
    let below = canvas.height_of(inner.width(), quiet, &say);
    canvas.text(inner.cut_bottom(below), Align2::LEFT_BOTTOM, quiet, &say);
    let words = words.join("・");
    canvas.text(inner, Align2::CENTER_CENTER, Type::bold(size::ANSWER, palette.ink), &words);
    action
}
