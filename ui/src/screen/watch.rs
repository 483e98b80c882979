//! The watch counter: a greeting by the name that the person chose, and how they are today.

use egui::{Align2, Rect};
use hinamori_ipc::{Answer, Command, WatchAsk, WatchMood};
use hinamori_model::PersonalText;

use super::View;
use super::answer::{Field, QUESTION, field_ui, question_ui, split_ui};
use super::done::full_ui;
use crate::Action;
use crate::clock::{CivilTime, PartOfDay};
use crate::theme::{Fill, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};

/// The counter's accepted answer.
pub(crate) fn greeting_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    called_name: Option<&PersonalText>,
    ask: WatchAsk,
) -> Option<Action> {
    let civil = CivilTime::of(answer.at);
    let greeting = canvas.texts.get(match civil.part_of_day() {
        PartOfDay::Morning => "greeting-morning",
        PartOfDay::Day => "greeting-day",
        PartOfDay::Evening => "greeting-evening",
    });
    let name = called_name.map(|name| name.expose().to_owned());
    let recorded = canvas.texts.with("greeting-recorded", [("time", civil.time().as_str().into())]);
    let palette = canvas.palette;
    let accepted = Field {
        fill: palette.accepted,
        symbol: Pictogram::Ring,
        word: greeting.clone(),
        name: name.clone(),
        say: Some(recorded),
        doubt: answer.doubt,
    };
    match ask {
        WatchAsk::Nothing => full_ui(canvas, rect, view, answer, &accepted),
        WatchAsk::Mood => mood_ui(canvas, rect, view, answer, &accepted),
        WatchAsk::Consent => {
            // Nothing is recorded yet: paper-coloured, without the ring.
            let fill = Fill { fill: palette.background, on: palette.ink };
            let say = Some(canvas.texts.get("consent-not-yet"));
            let field =
                Field { fill, symbol: Pictogram::Talk, word: greeting, name, say, doubt: answer.doubt };
            consent_ui(canvas, rect, view, answer, &field)
        }
    }
}

fn mood_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    field: &Field,
) -> Option<Action> {
    let (left, mut panel) = split_ui(canvas, rect, field.fill);
    field_ui(canvas, left, view, field);
    question_ui(canvas, panel.cut_top(QUESTION), "mood-question");
    let _gap = panel.cut_top(size::GAP);
    let note = canvas.texts.get("mood-nothing-needed");
    let row = panel.cut_bottom(50.0);
    canvas.text(row, Align2::CENTER_CENTER, Type::regular(size::BODY, canvas.palette.ink_soft), &note);
    let _gap = panel.cut_bottom(size::GAP);
    let away = panel.cut_bottom(size::TARGET);
    let _gap = panel.cut_bottom(size::GAP);

    let send = |mood| Action::Send(Command::WatchMood { answer: answer.id, mood });
    let mut action = None;
    let choices =
        [(WatchMood::Fine, Pictogram::Sun, "mood-fine"), (WatchMood::Talk, Pictogram::Talk, "mood-talk")];
    for (position, (mood, picture, key)) in choices.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let place = panel.cell(Grid { columns: 2, rows: 1, gap: size::GAP }, position);
        let button = Button::new(ButtonLook::Tile, &word).picture_above(picture).size(size::TITLE);
        if button.show(canvas, key, place) {
            action = Some(send(mood));
        }
    }
    let word = canvas.texts.get("mood-away");
    if Button::new(ButtonLook::Tile, &word).picture(Pictogram::Bag).size(38.0).show(canvas, "away", away) {
        action = Some(send(WatchMood::Away));
    }
    action
}

/// Asked before anything is recorded; both answers have equal weight.
fn consent_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    field: &Field,
) -> Option<Action> {
    let (left, mut panel) = split_ui(canvas, rect, field.fill);
    field_ui(canvas, left, view, field);
    question_ui(canvas, panel.cut_top(QUESTION), "consent-question");
    let _gap = panel.cut_top(6.0);
    let look = Type::regular(size::BODY, canvas.palette.ink_soft);
    let text = canvas.texts.get("consent-explanation");
    let height = canvas.height_of(panel.width(), look, &text).min(panel.height() * 0.4);
    canvas.text(panel.cut_top(height), Align2::LEFT_TOP, look, &text);
    let _gap = panel.cut_top(size::GAP);
    let send = |agreed| Action::Send(Command::WatchConsent { answer: answer.id, agreed });
    let mut action = None;
    let choices = [
        ("consent-yes", "consent-yes-note", Pictogram::Ring, true),
        ("consent-no", "consent-no-note", Pictogram::Cross, false),
    ];
    for (position, (key, note, picture, agreed)) in choices.into_iter().enumerate() {
        let (word, note) = (canvas.texts.get(key), canvas.texts.get(note));
        let place = panel.cell(Grid { columns: 2, rows: 1, gap: size::GAP }, position);
        let button = Button::new(ButtonLook::Framed, &word).picture_above(picture).size(size::NAME);
        let button = button.note(&note);
        if button.show(canvas, key, place) {
            action = Some(send(agreed));
        }
    }
    action
}
