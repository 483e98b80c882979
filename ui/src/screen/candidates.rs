//! このカードは この方の ものですか: whom a card's attributes propose, one person at a time.

use egui::{Align2, Rect};
use hinamori_ipc::{Answer, Candidate, Candidates, Command, Compared};

use super::View;
use super::answer::{Field, QUESTION, field_ui, question_ui, split_ui};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type, light_ui};
use crate::{Action, Step};

/// The tap is recorded; whose card it is is asked beside it.
pub(crate) fn candidates_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    candidates: &Candidates,
) -> Option<Action> {
    let field = Field {
        fill: canvas.palette.accepted,
        symbol: Pictogram::Ring,
        word: canvas.texts.get("answer-accepted"),
        name: None,
        say: Some(canvas.texts.get(view.next_step_key())),
        doubt: answer.doubt,
    };
    let (left, mut panel) = split_ui(canvas, rect, field.fill);
    field_ui(canvas, left, view, &field);
    let shown = view.state.turned.min(candidates.people.len().saturating_sub(1));
    match candidates.people.get(shown) {
        Some(candidate) => {
            let buttons = panel.cut_bottom(size::TARGET * 2.0 + size::GAP);
            candidate_ui(canvas, panel, candidate, candidates, shown);
            let is_last = shown + 1 == candidates.people.len();
            choices_ui(canvas, buttons, answer, candidates, (candidate, is_last))
        }
        None => nobody_ui(canvas, panel, answer, candidates),
    }
}

fn candidate_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    candidate: &Candidate,
    candidates: &Candidates,
    shown: usize,
) {
    let palette = canvas.palette;
    let mut panel = rect;
    let mut top = panel.cut_top(QUESTION);
    if candidates.people.len() > 1 {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (page, pages) = (number(shown + 1), number(candidates.people.len()));
        let text = canvas.texts.with("page-of", [("page", page.into()), ("pages", pages.into())]);
        let look = Type::regular(size::BODY, palette.ink_soft);
        canvas.text(top.cut_right(110.0), Align2::RIGHT_CENTER, look, &text);
    }
    question_ui(canvas, top, "candidate-question");
    let found = &candidate.found;
    let quiet = Type::regular(size::BODY, palette.ink_soft);
    canvas.text(panel.cut_top(36.0), Align2::LEFT_CENTER, quiet, found.kana.expose());
    let look = Type::bold(size::NAME, palette.ink);
    canvas.text(panel.cut_top(66.0), Align2::LEFT_CENTER, look, found.name.expose());
    canvas.text(panel.cut_top(40.0), Align2::LEFT_CENTER, quiet, &found.group);
    let _gap = panel.cut_top(6.0);
    let note = panel.cut_bottom(if candidates.signed { 0.0 } else { 44.0 });
    agreement_ui(canvas, panel, candidate);
    if !candidates.signed {
        let text = canvas.texts.get("candidate-unsigned");
        canvas.text(note, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink), &text);
    }
}

/// What is the same on the card and in the roster: a shape and a word each.
fn agreement_ui(canvas: &mut Canvas<'_>, rect: Rect, candidate: &Candidate) {
    let of = &candidate.agreement;
    let lines = [
        ("candidate-name", of.name),
        ("candidate-birth", of.birth),
        ("candidate-sex", of.sex),
        ("candidate-address", of.address),
    ];
    let grid = Grid { columns: 2, rows: 2, gap: 8.0 };
    let area = Rect::from_min_size(rect.min, egui::vec2(rect.width(), rect.height().min(150.0)));
    for (position, (key, compared)) in lines.into_iter().enumerate() {
        let mut place = area.cell(grid, position);
        let (severity, word) = match compared {
            Compared::Agrees => (Severity::Fine, "candidate-agrees"),
            Compared::Differs => (Severity::Notice, "candidate-differs"),
            Compared::NotKnown => (Severity::Plain, "candidate-not-known"),
        };
        let mark = place.cut_left(48.0);
        light_ui(canvas, mark.square(40.0), severity);
        let _gap = place.cut_left(10.0);
        let text = format!("{} {}", canvas.texts.get(key), canvas.texts.get(word));
        canvas.text(place, Align2::LEFT_CENTER, Type::regular(size::BODY, canvas.palette.ink), &text);
    }
}

/// はい and いいえ of equal weight; ほかの人 leads to the search.
fn choices_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    answer: &Answer,
    candidates: &Candidates,
    (candidate, is_last): (&Candidate, bool),
) -> Option<Action> {
    let confirm = |person| Action::Send(Command::ConfirmCandidate { answer: answer.id, person });
    let no = if is_last { confirm(None) } else { Action::Turn(Step::Up) };
    let mut inner = rect;
    let upper = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let grid = Grid { columns: 2, rows: 1, gap: size::GAP };
    let choices = [
        ("answer-yes", Pictogram::Ring, upper.cell(grid, 0), confirm(Some(candidate.found.person))),
        ("answer-no", Pictogram::Cross, upper.cell(grid, 1), no),
    ];
    let mut action = None;
    for (word, picture, place, touched) in choices {
        let text = canvas.texts.get(word);
        let button = Button::new(ButtonLook::Framed, &text).picture(picture).size(size::TITLE);
        if button.show(canvas, word, place) {
            action = Some(touched);
        }
    }
    search_ui(canvas, inner, "candidate-other", candidates).or(action)
}

fn search_ui(canvas: &mut Canvas<'_>, rect: Rect, word: &str, candidates: &Candidates) -> Option<Action> {
    let text = canvas.texts.get(word);
    let button = Button::new(ButtonLook::Tile, &text).picture(Pictogram::Search);
    button.show(canvas, word, rect).then_some(Action::FindName(candidates.nameless))
}

fn nobody_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    answer: &Answer,
    candidates: &Candidates,
) -> Option<Action> {
    let mut inner = rect;
    let end = inner.cut_bottom(size::TARGET);
    let _gap = inner.cut_bottom(size::GAP);
    let search = inner.cut_bottom(size::TARGET);
    question_ui(canvas, inner.cut_top(QUESTION), "candidate-nobody");
    let say = canvas.texts.get("candidate-nobody-say");
    let look = Type::regular(size::TILE_TEXT, canvas.palette.ink_soft);
    canvas.text(inner, Align2::LEFT_TOP, look, &say);
    let action = search_ui(canvas, search, "search-title", candidates);
    let word = canvas.texts.get("staff-next");
    let button = Button::new(ButtonLook::Primary, &word).size(size::TITLE);
    let ends = button.show(canvas, "next", end);
    let command = Command::ConfirmCandidate { answer: answer.id, person: None };
    if ends { Some(Action::Send(command)) } else { action }
}
