//! 名前が わかった人数: people of a head count who have records of their own now are not counted twice.

use egui::{Align2, Rect};
use hinamori_ipc::{Command, HeadCount};

use super::head_count::counted_ui;
use super::page::{header_ui, parts};
use super::paged::ListPage;
use super::{View, when_words};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Type};
use crate::{Action, Texts};

/// The head counts, or the one that was touched.
pub(crate) fn heads_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    if let Some(heads) = view.state.site.chosen_heads() {
        return one_ui(canvas, rect, view, heads);
    }
    let list = view.state.site.head_counts.as_deref();
    let (title, say, empty) = ("heads-title", "heads-say", "heads-none");
    ListPage { title, say, empty, list, columns: 1, row: size::TARGET, gap: 10.0 }.show(
        canvas,
        rect,
        view,
        |canvas, place, heads| {
            let when = when_words(canvas.texts, heads.at, view.now.wall);
            let people = people_words(canvas.texts, *heads);
            let label = format!("{when} {people}");
            let button = Button::new(ButtonLook::Tile, &people).note(&when).label(&label);
            let button = button.picture(Pictogram::CountPeople);
            button.show(canvas, ("heads", heads.record), place).then_some(Action::ChooseHeads(heads.record))
        },
    )
}

fn people_words(texts: &Texts, heads: HeadCount) -> String {
    let parts = [
        ("count-adults", heads.adults),
        ("count-children", heads.children),
        ("count-infants", heads.infants),
    ];
    let parts = parts.into_iter().filter(|(_, people)| *people > 0);
    let parts: Vec<String> = parts.map(|(key, people)| format!("{} {people}", texts.get(key))).collect();
    parts.join(" ・ ")
}

/// How many of it have names now.
fn one_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, heads: HeadCount) -> Option<Action> {
    let parts = parts(rect, 150.0);
    let mut action = header_ui(canvas, parts.header, "heads-title").then_some(Action::Back);
    let when = when_words(canvas.texts, heads.at, view.now.wall);
    let say = canvas.texts.get("heads-question");
    let text = format!("{when}\n{}\n{say}", people_words(canvas.texts, heads));
    canvas.text(parts.aside, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
    let (steps, is_done) = counted_ui(canvas, parts.content, view, "heads-done");
    action = steps.or(action);
    if is_done {
        let [adults, children, infants] = view.state.draft.counts;
        let of = heads.record;
        action = Some(Action::Send(Command::NameHeads { of, adults, children, infants }));
    }
    action
}
