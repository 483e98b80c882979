//! What was typed since the last frame: a scanner of badges is a keyboard, and a leader may have one.

use egui::{Event, ImeEvent, Key};
use hinamori_model::PersonalText;

use crate::Action;

/// The most that is taken of one frame, in bytes: more is no hand and no badge.
const MAXIMUM: usize = 2_048;

/// What was typed, if anything. Called before the screen is drawn.
pub fn typed(context: &egui::Context) -> Option<Action> {
    let mut text = String::new();
    context.input(|input| {
        for event in &input.events {
            match event {
                Event::Text(more) | Event::Ime(ImeEvent::Commit(more)) => text.push_str(more),
                Event::Key { key: Key::Enter, pressed: true, .. } => text.push('\n'),
                Event::Key { key: Key::Backspace, pressed: true, .. } => text.push('\u{8}'),
                _ => {}
            }
        }
    });
    if text.is_empty() || text.len() > MAXIMUM {
        return None;
    }
    // The return key at the end of a code must not press whatever button has the focus.
    context.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
    });
    Some(Action::Typed(PersonalText::new(text)))
}
