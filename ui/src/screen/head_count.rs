//! 人数だけ: a head can always be counted now and named later.

use egui::{Align2, Rect};
use hinamori_ipc::Command;
use hinamori_model::Mode;

use super::answer::{drill_tag_ui, panel_ui};
use super::page::{header_ui, parts};
use super::welcome::steppers_ui;
use super::{View, is_portrait};
use crate::Action;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Place, Type};

/// Count people without a card.
pub(crate) fn head_count_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let mut parts = parts(rect, 190.0);
    let mut action = header_ui(canvas, parts.header, "head-count").then_some(Action::Return);
    if view.mode() == Mode::Drill && !is_portrait(rect) {
        drill_tag_ui(canvas, parts.aside.cut_top(64.0), egui::Align::Min);
        let _gap = parts.aside.cut_top(10.0);
    }
    let say = canvas.texts.get("head-count-say");
    let look = Type::regular(size::TILE_TEXT, palette.ink);
    canvas.text(
        parts.aside,
        if is_portrait(rect) { Align2::LEFT_CENTER } else { Align2::LEFT_TOP },
        look,
        &say,
    );

    let (steps, is_done) = counted_ui(canvas, parts.content, view, "head-count-done");
    action = steps.or(action);
    if is_done {
        let [adults, children, infants] = view.state.draft.counts;
        let command = Command::CountPeople { answer: None, adults, children, infants };
        action = Some(Action::SendAndReturn(command));
    }
    action
}

/// Steps for adults, children and infants, and the touch that ends them: whether it was touched.
pub(crate) fn counted_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    done: &'static str,
) -> (Option<Action>, bool) {
    let mut panel = panel_ui(canvas, rect);
    let finish = panel.cut_bottom(size::TARGET);
    let _gap = panel.cut_bottom(size::GAP);
    let steps = steppers_ui(canvas, panel, view);
    let people = view.state.draft.counted();
    if people == 0 {
        let word = canvas.texts.get("head-count-none");
        Button::new(ButtonLook::Disabled, &word).size(size::TILE_TEXT).show(canvas, "finish", finish);
        return (steps, false);
    }
    let word = canvas.texts.with(done, [("people", people.into())]);
    let button = Button::new(ButtonLook::Primary, &word).size(size::LEAD);
    (steps, button.show(canvas, "finish", finish))
}
