//! カードで 登録: what the holder knows, its digits on a pad, then the card.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::SecretDigits;

use super::number_pad::{card_ui, dots_ui, number_pad_ui, typed_ground_ui};
use super::page::{header_ui, parts};
use super::{View, is_portrait};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Dial, Registration, RegistrationKey, SecretKind};

/// The page.
pub(crate) fn registration_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    match &view.state.draft.registration {
        Registration::Choosing => choose_ui(canvas, rect),
        Registration::Typing { kind, digits } => type_ui(canvas, rect, *kind, digits),
        Registration::AwaitingCard => {
            card_ui(canvas, rect, ("registration-title", "registration-card", "registration-card-say"))
        }
    }
}

const fn word_of(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Pin => "registration-pin",
        SecretKind::CheckNumberB => "registration-number",
    }
}

fn press(key: RegistrationKey) -> Action {
    Action::Registration(key)
}

/// Two ways to the same attributes.
fn choose_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action =
        header_ui(canvas, inner.cut_top(size::TARGET), "registration-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let question = canvas.texts.get("registration-question");
    let look = Type::bold(38.0, canvas.palette.ink);
    canvas.text(inner.cut_top(60.0), Align2::LEFT_CENTER, look, &question);
    let _gap = inner.cut_top(size::GAP);
    let grid = if is_portrait(rect) {
        Grid { columns: 1, rows: 2, gap: size::GAP }
    } else {
        Grid { columns: 2, rows: 1, gap: size::GAP }
    };
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(520.0)));
    let notes = ["registration-pin-note", "registration-number-note"];
    for (position, (kind, note)) in SecretKind::ALL.into_iter().zip(notes).enumerate() {
        let (text, note) = (canvas.texts.get(word_of(kind)), canvas.texts.get(note));
        let picture = match kind {
            SecretKind::Pin => Pictogram::Shield,
            SecretKind::CheckNumberB => Pictogram::Card,
        };
        let button = Button::new(ButtonLook::Framed, &text).picture_above(picture).note(&note);
        if button.size(size::TITLE).show(canvas, note_id(kind), area.cell(grid, position)) {
            action = Some(press(RegistrationKey::Choose(kind)));
        }
    }
    action
}

const fn note_id(kind: SecretKind) -> (&'static str, usize) {
    ("secret", kind.length())
}

/// The digits so far, and a pad.
fn type_ui(canvas: &mut Canvas<'_>, rect: Rect, kind: SecretKind, digits: &SecretDigits) -> Option<Action> {
    let mut parts = parts(rect, 300.0);
    let mut action = header_ui(canvas, parts.header, "registration-title").then_some(Action::Back);
    let palette = canvas.palette;
    let word = canvas.texts.get(word_of(kind));
    let bold = Type::bold(size::LEAD, palette.ink);
    canvas.text(parts.aside.cut_top(56.0), Align2::LEFT_CENTER, bold, &word);
    digits_ui(canvas, parts.aside.cut_top(96.0), kind, digits);
    let _gap = parts.aside.cut_top(size::GAP);
    let say = canvas.texts.get(match kind {
        SecretKind::Pin => "registration-pin-say",
        SecretKind::CheckNumberB => "registration-number-say",
    });
    canvas.text(parts.aside, Align2::LEFT_TOP, Type::regular(size::BODY, palette.ink_soft), &say);

    let whole = digits.length() == kind.length();
    let key = |dial| match dial {
        Dial::Digit(digit) => RegistrationKey::Digit(digit),
        Dial::Delete => RegistrationKey::Delete,
        Dial::Done => RegistrationKey::Read,
    };
    action = number_pad_ui(canvas, parts.content, (whole, "registration-next"), |dial| press(key(dial)))
        .or(action);
    action
}

/// The number that is printed on the card in the holder's hand is so long that it has to be compared with it.
fn digits_ui(canvas: &mut Canvas<'_>, rect: Rect, kind: SecretKind, digits: &SecretDigits) {
    match kind {
        SecretKind::Pin => dots_ui(canvas, rect, kind.length(), digits.length()),
        SecretKind::CheckNumberB => {
            let inner = typed_ground_ui(canvas, rect);
            let shown = in_groups(digits.expose());
            canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::LEAD, canvas.palette.ink), &shown);
        }
    }
}

/// As it is put together: birth date, year of expiry, security code.
fn in_groups(digits: &str) -> String {
    let mut shown = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 6 | 10) {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_is_read_in_groups() {
        assert_eq!(in_groups("35010120291234"), "350101 2029 1234");
        assert_eq!(in_groups("350"), "350");
    }
}
