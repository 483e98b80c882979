//! 係の方へ: what a leader looks at, behind one tile of idle.

use egui::{Align2, Rect};
use hinamori_model::Mode;

use super::officers::officer_tile;
use super::page::header_ui;
use super::session::session_ui;
use super::stick::note_key;
use super::{View, is_portrait};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type, light_ui};
use crate::{Action, Page};

/// Lists, care, the site, and who is signed in.
pub(crate) fn leader_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut header = inner.cut_top(size::TARGET);
    let session = header.cut_right((header.width() * 0.42).min(420.0));
    let _gap = header.cut_right(size::GAP);
    let mut action = session_ui(canvas, session, view);
    action = header_ui(canvas, header, "leader-title").then_some(Action::Back).or(action);
    let _gap = inner.cut_top(size::GAP);
    let alarms = view.lane.staff.as_ref().map_or(0, |session| session.alarms);
    if alarms > 0 {
        let mut line = inner.cut_top(44.0);
        light_ui(canvas, line.cut_left(44.0).square(38.0), Severity::Notice);
        let _gap = line.cut_left(size::GAP);
        let text = canvas.texts.with("leader-alarms", [("count", alarms.into())]);
        canvas.text(line, Align2::LEFT_CENTER, Type::bold(size::BODY, canvas.palette.ink), &text);
        let _gap = inner.cut_top(size::GAP);
    }
    let later = canvas.texts.with("leader-list-count", [("count", view.lane.later.into())]);
    let texts = canvas.texts;
    let mut tiles = vec![
        (Pictogram::List, "leader-list", later, Page::LeaderList),
        (Pictogram::NotArrived, "not-arrived", texts.get("not-arrived-note"), Page::NotArrived),
        (Pictogram::RollCall, "roll-call", texts.get("roll-call-note"), Page::RollCall),
        (Pictogram::Care, "care-title", texts.get("care-note"), Page::Care),
        (Pictogram::CountPeople, "heads-title", texts.get("heads-note"), Page::HeadCounts),
        (Pictogram::TwoPlaces, "conflicts-title", texts.get("conflicts-note"), Page::Conflicts),
        (Pictogram::Tap, "assessment-title", texts.get("assessment-note"), Page::Assessment),
        (Pictogram::OpenShelter, "own-shelter-title", texts.get("own-shelter-note"), Page::OwnShelter),
        (Pictogram::Shield, "hiding-title", texts.get("hiding-note"), Page::Hiding),
        (Pictogram::Settings, "settings-title", texts.get("settings-note"), Page::Settings),
    ];
    // What is practised gives no household's television away.
    if view.lane.banner.mode != Mode::Drill {
        tiles.push((
            Pictogram::Television,
            "television-title",
            texts.get("television-note"),
            Page::Televisions,
        ));
    }
    if let Some(stick) = &view.lane.stick {
        tiles.push((Pictogram::Stick, "stick-title", texts.get(note_key(stick)), Page::Stick));
    }
    if let Some((picture, key, note, page)) = officer_tile(view) {
        tiles.insert(0, (picture, key, texts.get(note), page));
    }
    if view.lane.asks_sign_in {
        tiles.push((Pictogram::Card, "pass-title", texts.get("pass-note"), Page::Passes));
    }
    let columns = if is_portrait(rect) { 2 } else { 4 };
    let grid = Grid { columns, rows: tiles.len().div_ceil(columns), gap: size::GAP };
    for (position, (picture, key, note, page)) in tiles.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let button = Button::new(ButtonLook::Tile, &word).picture_above(picture).note(&note);
        if button.show(canvas, key, inner.cell(grid, position)) {
            action = Some(Action::Open(page));
        }
    }
    action
}
