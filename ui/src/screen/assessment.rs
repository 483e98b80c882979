//! 施設の 状態: six aspects, each with four signs and words. Nothing that nobody looked at is "good".

use egui::{Align2, Rect, vec2};
use hinamori_ipc::Command;
use hinamori_model::{Aspect, Grade};

use super::page::header_ui;
use super::{View, is_portrait, when_words};
use crate::Action;
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Place, Type, light_ui};

const fn aspect_key(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Toilets => "aspect-toilets",
        Aspect::Water => "aspect-water",
        Aspect::Heating => "aspect-heating",
        Aspect::Food => "aspect-food",
        Aspect::Infection => "aspect-infection",
        Aspect::Space => "aspect-space",
    }
}

const fn grade_words(grade: Grade) -> (Severity, &'static str) {
    match grade {
        Grade::NotLookedAt => (Severity::Plain, "grade-not-looked"),
        Grade::Good => (Severity::Fine, "grade-good"),
        Grade::Short => (Severity::Notice, "grade-short"),
        Grade::Urgent => (Severity::Broken, "grade-urgent"),
    }
}

/// The page.
pub(crate) fn assessment_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 10.0));
    let mut header = inner.cut_top(size::TARGET);
    let site = &view.state.site;
    let mut action = None;
    if site.assessment.is_some() {
        let place = header.cut_right((header.width() * 0.3).min(280.0));
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get("write-down");
        if Button::new(ButtonLook::Primary, &word).show(canvas, "finish", place) {
            action = Some(Action::Send(Command::Assess { grades: site.grades }));
        }
    }
    let last = site.assessment.and_then(|assessment| assessment.at);
    let said = match (site.assessment, last) {
        (None, _) => canvas.texts.get("list-loading"),
        (Some(_), None) => canvas.texts.get("assessment-never"),
        (Some(_), Some(at)) => {
            let when = when_words(canvas.texts, at, view.now.wall);
            canvas.texts.with("assessment-last", [("when", when.as_str().into())])
        }
    };
    if portrait {
        let line = inner.cut_top(44.0);
        canvas.text(line, Align2::LEFT_CENTER, Type::regular(size::BODY, canvas.palette.ink_soft), &said);
    } else {
        let place = header.cut_right((header.width() * 0.46).min(400.0));
        canvas.text(place, Align2::RIGHT_CENTER, Type::regular(size::BODY, canvas.palette.ink_soft), &said);
    }
    action = header_ui(canvas, header, "assessment-title").then_some(Action::Back).or(action);
    let _gap = inner.cut_top(6.0);
    let columns = if portrait { 1 } else { 2 };
    let grid =
        Grid { columns, rows: Aspect::ALL.len().div_ceil(columns), gap: if portrait { 14.0 } else { 8.0 } };
    for (position, (aspect, grade)) in Aspect::ALL.iter().zip(site.grades).enumerate() {
        action = aspect_ui(canvas, inner.cell(grid, position), (*aspect, grade), portrait).or(action);
    }
    action
}

fn aspect_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    (aspect, now): (Aspect, Grade),
    portrait: bool,
) -> Option<Action> {
    let mut inner = rect;
    let word = canvas.texts.get(aspect_key(aspect));
    let place = if portrait {
        inner.cut_left(170.0)
    } else {
        // In two columns the right one keeps away from the left one.
        inner = inner.shrink2(vec2(6.0, 0.0));
        inner.cut_top((inner.height() - size::TARGET).min(46.0))
    };
    canvas.text(place, Align2::LEFT_CENTER, Type::bold(size::BODY, canvas.palette.ink), &word);
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(140.0)));
    let grid = Grid { columns: Grade::ALL.len(), rows: 1, gap: 8.0 };
    let mut action = None;
    for (position, grade) in Grade::ALL.iter().enumerate() {
        let (severity, key) = grade_words(*grade);
        let text = canvas.texts.get(key);
        let label = format!("{word} {text}");
        let place = area.cell(grid, position);
        let look = ButtonLook::Choice { chosen: *grade == now };
        // The sign stands above the word: the button leaves its place empty.
        if Button::new(look, "").label(&label).show(canvas, ("grade", aspect.code(), grade.code()), place) {
            action = Some(Action::Grade(aspect, *grade));
        }
        let mut face = place.shrink2(vec2(8.0, 10.0));
        light_ui(canvas, face.cut_top(face.height() * 0.56).square(48.0), severity);
        let colour = if *grade == now { canvas.palette.chosen.on } else { canvas.palette.ink };
        canvas.paint(face, Align2::CENTER_CENTER, Type::bold(size::CAPTION, colour), &text);
    }
    action
}
