//! 建物は 安全ですか: the first screen of a site that opens. Any person may answer; both answers have equal
//! weight and both start the reception.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{BuildingAnswer, BuildingFinding, Command};
use hinamori_model::Mode;

use super::answer::drill_tag_ui;
use super::{View, is_portrait};
use crate::Action;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};

const PICTURES: [(BuildingFinding, Pictogram, &str); 4] = [
    (BuildingFinding::Tilt, Pictogram::Tilt, "building-tilt"),
    (BuildingFinding::Crack, Pictogram::Crack, "building-crack"),
    (BuildingFinding::Falling, Pictogram::Falling, "building-falling"),
    (BuildingFinding::FireOrGas, Pictogram::Fire, "building-fire"),
];

/// The question, four pictures, two answers.
pub(crate) fn building_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE_IDLE + 8.0, 20.0));
    if view.mode() == Mode::Drill {
        drill_tag_ui(canvas, inner.cut_top(if portrait { 76.0 } else { 56.0 }), egui::Align::Min);
        let _gap = inner.cut_top(4.0);
    }
    let title = canvas.texts.get("building-question");
    canvas.text(inner.cut_top(88.0), Align2::LEFT_CENTER, Type::bold(size::ANSWER, palette.ink), &title);
    let say = canvas.texts.get(if portrait { "building-hint-tall" } else { "building-hint" });
    let lines = if portrait { 96.0 } else { 46.0 };
    canvas.text(inner.cut_top(lines), Align2::LEFT_TOP, Type::regular(34.0, palette.ink_soft), &say);
    let _gap = inner.cut_top(size::GAP);

    let findings = &view.state.draft.findings;
    let answers = if portrait {
        inner.cut_bottom(2.0 * 170.0 + size::GAP)
    } else {
        inner.cut_bottom((inner.height() * 0.38).clamp(size::TARGET + 12.0, 186.0))
    };
    let _gap = inner.cut_bottom(20.0);
    let grid = Grid { columns: if portrait { 2 } else { 4 }, rows: if portrait { 2 } else { 1 }, gap: 18.0 };
    let mut action = None;
    for (position, (finding, picture, key)) in PICTURES.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let look = ButtonLook::Choice { chosen: findings.contains(&finding) };
        let button = Button::new(look, &word).picture_above(picture).size(30.0);
        if button.show(canvas, ("finding", finding as u8), inner.cell(grid, position)) {
            action = Some(Action::ToggleFinding(finding));
        }
    }

    let grid = if portrait {
        Grid { columns: 1, rows: 2, gap: size::GAP }
    } else {
        Grid { columns: 2, rows: 1, gap: 24.0 }
    };
    // "Nothing" beside a touched picture would be two answers in one.
    let nothing = if findings.is_empty() { ButtonLook::Framed } else { ButtonLook::Disabled };
    let note = if findings.is_empty() { "building-nothing-note" } else { "building-nothing-marked" };
    let choices = [
        (BuildingAnswer::NothingSeen, nothing, Pictogram::Ring, "building-nothing", note),
        (
            BuildingAnswer::SomethingOrUnsure,
            ButtonLook::Framed,
            Pictogram::Cross,
            "building-something",
            "building-something-note",
        ),
    ];
    for (position, (answer, look, picture, word, note)) in choices.into_iter().enumerate() {
        let (word_text, note) = (canvas.texts.get(word), canvas.texts.get(note));
        let button = Button::new(look, &word_text).picture(picture).note(&note).size(46.0);
        if button.show(canvas, word, answers.cell(grid, position)) {
            let findings = findings.iter().copied().collect();
            action = Some(Action::Send(Command::AnswerBuilding { answer, findings }));
        }
    }
    action
}
