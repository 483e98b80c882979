//! テレビを つなぐ: what a household's set shows is typed, somebody of the household holds their card, and one touch gives the set to them.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{BindingStanding, TelevisionBinding};

use super::number_pad::Words;
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::sign_in::pin_ui;
use super::{View, when_words};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type, light_ui};
use crate::{Action, TelevisionStep};

const TITLE: &str = "television-title";
/// The line of a code, and two lines of what became of it.
const CODE: f32 = 48.0;
const ROW: f32 = CODE + 72.0;

/// The page.
pub(crate) fn televisions_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    match &view.state.site.television {
        TelevisionStep::List => list_ui(canvas, rect, view),
        TelevisionStep::Code => {
            let words = Words {
                title: TITLE,
                word: "television-code",
                say: "television-code-say",
                next: "registration-next",
            };
            pin_ui(canvas, rect, view, words, "television-card")
        }
        TelevisionStep::Household { code, name } => {
            let spoken = canvas.texts.with("name-spoken", [("name", name.expose().into())]);
            let about = canvas.texts.with("television-home", [("name", spoken.as_str().into())]);
            let number = canvas.texts.with("television-number", [("code", code_text(*code).as_str().into())]);
            let notes = [number, canvas.texts.get("television-names")];
            let asked = Asked {
                title: TITLE,
                question: "television-question",
                about: &about,
                notes: &notes,
                yes_note: "television-yes",
            };
            asked_ui(canvas, rect, &asked, |_, _| None, Action::ConfirmTelevision)
        }
    }
}

/// What was given here, and how far each is. Whose they are stands nowhere.
fn list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let begin = inner.cut_bottom(size::TILE);
    let _gap = inner.cut_bottom(size::GAP);
    let palette = canvas.palette;
    let say = canvas.texts.get("television-say");
    let quiet = Type::regular(size::BODY, palette.ink);
    let height = canvas.height_of(inner.width(), quiet, &say);
    canvas.text(inner.cut_top(height), Align2::LEFT_TOP, quiet, &say);
    let _gap = inner.cut_top(size::GAP);
    let list = view.state.site.televisions.as_deref();
    let given = list.unwrap_or_default();
    let pages = Pages::new(given.len(), rows_that_fit(inner.height(), ROW, size::GAP), view.state.turned);
    let mut action = None;
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.38).min(340.0));
        let _gap = header.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next");
    }
    action = header_ui(canvas, header, TITLE).then_some(Action::Back).or(action);
    if given.is_empty() {
        let text = canvas.texts.get(if list.is_some() { "television-none" } else { "list-loading" });
        let quiet = Type::regular(size::TILE_TEXT, palette.ink_soft);
        canvas.text(inner, Align2::LEFT_TOP, quiet, &text);
    }
    for television in pages.slice(given) {
        given_ui(canvas, inner.cut_top(ROW), view, television);
        let _gap = inner.cut_top(size::GAP);
    }
    let word = canvas.texts.get("television-type");
    let button = Button::new(ButtonLook::Primary, &word).picture(Pictogram::Television).size(size::LEAD);
    if button.show(canvas, "type", begin) {
        action = Some(Action::TypeTelevision);
    }
    action
}

fn given_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, television: &TelevisionBinding) {
    let (severity, key) = match television.standing {
        BindingStanding::Waiting => (Severity::Plain, "television-waiting"),
        BindingStanding::Bound => (Severity::Fine, "television-bound"),
        BindingStanding::NoSuchCode => (Severity::Notice, "television-no-such-code"),
        BindingStanding::NotHere => (Severity::Notice, "television-not-here"),
    };
    let palette = canvas.palette;
    let mut inner = rect;
    let mut mark = inner.cut_left(48.0);
    light_ui(canvas, mark.cut_top(CODE).square(40.0), severity);
    let _gap = inner.cut_left(size::GAP);
    let when = when_words(canvas.texts, television.at, view.now.wall);
    let code = code_text(television.code);
    let mut line = inner.cut_top(CODE);
    let bold = Type::bold(size::LEAD, palette.ink);
    let width = canvas.width_of(bold, &code) + size::GAP * 2.0;
    canvas.text(line.cut_left(width), Align2::LEFT_CENTER, bold, &code);
    canvas.text(line, Align2::LEFT_CENTER, Type::regular(size::BODY, palette.ink_soft), &when);
    let text = canvas.texts.get(key);
    canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::BODY, palette.ink), &text);
}

/// As sets show it: 4821 7350.
fn code_text(code: u32) -> String {
    format!("{:04} {:04}", code / 10_000, code % 10_000)
}
