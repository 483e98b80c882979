//! 職員の サインイン: a card or a pass, a PIN where one is needed, and the way without staff.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Command, SignInFault};

use super::View;
use super::number_pad::{Words, card_ui, pad_page_ui};
use super::page::header_ui;
use super::question::{Asked, asked_ui};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type, light_ui, reader_ui};
use crate::{Action, Question, SignIn, SignInKey, SignInStep, SignInTrouble};

const TITLE: &str = "sign-in-title";

/// The page.
pub(crate) fn sign_in_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let sign_in = &view.state.staff.sign_in;
    if view.state.people.question == Some(Question::WithoutStaff) {
        return without_ui(canvas, rect);
    }
    match sign_in.step {
        SignInStep::Card => wait_ui(canvas, rect, sign_in),
        SignInStep::Again => again_ui(canvas, rect, sign_in),
        SignInStep::Digits => {
            let (word, say) = match sign_in.pass {
                Some(_) => ("sign-in-number", "sign-in-number-say"),
                None => ("sign-in-pin", "sign-in-pin-say"),
            };
            let words = Words { title: TITLE, word, say, next: "registration-next" };
            let trouble = sign_in.trouble.map(|trouble| trouble_words(canvas, trouble));
            pad_page_ui(canvas, rect, view, words, trouble.as_deref())
        }
    }
}

/// A page that hands a PIN over and then waits for its card: 引き継ぎ, 秘匿を 解く.
pub(crate) fn pin_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    words: Words<'_>,
    card: &str,
) -> Option<Action> {
    if view.state.draft.awaits_card {
        return card_ui(canvas, rect, (words.title, card, "registration-card-say"));
    }
    let trouble = view.state.staff.sign_in.trouble.map(|trouble| trouble_words(canvas, trouble));
    pad_page_ui(canvas, rect, view, words, trouble.as_deref())
}

const fn fault_key(fault: SignInFault) -> &'static str {
    match fault {
        SignInFault::NotStaff => "fault-not-staff",
        SignInFault::Over => "fault-over",
        SignInFault::NotProven => "fault-not-proven",
        SignInFault::Stopped => "fault-stopped",
        SignInFault::WrongPin { .. } => "attributes-wrong",
        SignInFault::Blocked => "fault-blocked",
        SignInFault::NotRead => "attributes-not-read",
        SignInFault::NoOfficerKey => "fault-no-officer-key",
        SignInFault::OtherCard => "fault-other-card",
        SignInFault::Unsuitable => "fault-unsuitable",
        SignInFault::NoHousehold => "fault-no-household",
        SignInFault::NotChecked => "fault-not-checked",
    }
}

/// What is wrong, in plain words.
fn trouble_words(canvas: &Canvas<'_>, trouble: SignInTrouble) -> String {
    match trouble {
        SignInTrouble::NotAllowed => canvas.texts.get("sign-in-not-allowed"),
        SignInTrouble::Fault(fault) => {
            let words = canvas.texts.get(fault_key(fault));
            match fault {
                SignInFault::WrongPin { tries_left: Some(tries) } => {
                    let left =
                        canvas.texts.with("attributes-tries-left", [("tries", u32::from(tries).into())]);
                    format!("{words} {left}")
                }
                _ => words,
            }
        }
    }
}

/// The ways beside the card: a PIN, and nobody's card.
fn ways_ui(canvas: &mut Canvas<'_>, rect: Rect, sign_in: &SignIn, again: bool) -> Option<Action> {
    let mut ways = Vec::new();
    if again {
        ways.push((ButtonLook::Primary, Pictogram::Card, "sign-in-again", Action::SignIn(SignInKey::Again)));
    }
    // Where a PIN is needed anyway, the next try begins with it.
    if !sign_in.needs_pin {
        ways.push((
            ButtonLook::Tile,
            Pictogram::Shield,
            "sign-in-with-pin",
            Action::SignIn(SignInKey::TypePin),
        ));
        ways.push((
            ButtonLook::Tile,
            Pictogram::NoCard,
            "sign-in-nobody",
            Action::Ask(Question::WithoutStaff),
        ));
    }
    let narrow = rect.width() < 900.0;
    let grid = Grid { columns: ways.len().max(1), rows: 1, gap: size::GAP };
    let mut action = None;
    for (position, (look, picture, key, touched)) in ways.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let button = Button::new(look, &word).size(if narrow { size::BODY } else { size::TILE_TEXT });
        let button = if narrow { button } else { button.picture(picture) };
        if button.show(canvas, key, rect.cell(grid, position)) {
            action = Some(touched);
        }
    }
    action
}

/// The card or the pass may come now.
fn wait_ui(canvas: &mut Canvas<'_>, rect: Rect, sign_in: &SignIn) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), TITLE).then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    action = ways_ui(canvas, inner.cut_bottom(size::TARGET), sign_in, false).or(action);
    let _gap = inner.cut_bottom(size::GAP);
    let palette = canvas.palette;
    let (call, say) = match sign_in.pass {
        Some(_) => ("sign-in-pass-read", "list-loading"),
        None => ("sign-in-card", "sign-in-card-say"),
    };
    let (call, mut say) = (canvas.texts.get(call), canvas.texts.get(say));
    if let Some(trouble) = sign_in.trouble {
        say = format!("{}\n{say}", trouble_words(canvas, trouble));
    }
    let tall = if super::is_portrait(rect) { 330.0 } else { 210.0 };
    let mut words = inner.cut_bottom((inner.height() * 0.45).min(tall));
    canvas.text(words.cut_top(90.0), Align2::CENTER_CENTER, Type::bold(size::ANSWER, palette.ink), &call);
    canvas.text(words, Align2::CENTER_TOP, Type::regular(size::TILE_TEXT, palette.ink_soft), &say);
    reader_ui(canvas, inner);
    action
}

/// Why it was not possible; another try takes a touch.
fn again_ui(canvas: &mut Canvas<'_>, rect: Rect, sign_in: &SignIn) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), TITLE).then_some(Action::Back);
    action = ways_ui(canvas, inner.cut_bottom(size::TARGET), sign_in, true).or(action);
    let palette = canvas.palette;
    let words = sign_in.trouble.map(|trouble| trouble_words(canvas, trouble)).unwrap_or_default();
    let look = Type::bold(size::NAME, palette.ink);
    let mut middle = Rect::from_center_size(inner.center(), vec2(inner.width(), inner.height().min(300.0)));
    light_ui(canvas, middle.cut_top(110.0).square(96.0), Severity::Notice);
    canvas.text(middle.cut_top(90.0), Align2::CENTER_CENTER, look, &words);
    let say = canvas.texts.get("sign-in-trouble-say");
    canvas.text(middle, Align2::CENTER_TOP, Type::regular(size::TILE_TEXT, palette.ink_soft), &say);
    action
}

/// 職員がいない: the second touch.
fn without_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let about = canvas.texts.get("without-staff-about");
    let notes = [canvas.texts.get("without-staff-say")];
    let asked = Asked {
        title: TITLE,
        question: "without-staff-question",
        about: &about,
        notes: &notes,
        yes_note: "without-staff-yes",
    };
    asked_ui(canvas, rect, &asked, |_, _| None, Action::Send(Command::OpenWithoutStaff))
}
