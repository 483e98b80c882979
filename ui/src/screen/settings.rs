//! 窓口の設定: what the lane does, sound, light, and the drill.

use egui::{Align2, Rect};
use hinamori_ipc::Command;
use hinamori_model::{CounterKind, Direction, Mode};

use super::officers::officer_tile;
use super::page::header_ui;
use super::{View, counter_key, is_portrait};
use crate::theme::{Look, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Page, SoundOutput, Volume};

/// One row: what is set, and its values.
struct Setting {
    key: &'static str,
    values: Vec<(&'static str, Option<Pictogram>, bool, Action)>,
}

fn settings(view: &View<'_>) -> Vec<Setting> {
    let lane = view.lane;
    let counter = |kind, picture| {
        let action = Action::Send(Command::SwitchCounter(kind));
        (counter_key(kind), Some(picture), lane.counter == kind, action)
    };
    let direction = |direction, key, picture| {
        let action = Action::Send(Command::SetDirection(direction));
        (key, Some(picture), lane.direction == direction, action)
    };
    let look = |look, key| (key, None, view.state.look == look, Action::SetLook(look));
    let volume = |volume, key| (key, None, view.state.volume == volume, Action::SetVolume(volume));
    let mut settings = vec![
        Setting {
            key: "setting-counter",
            values: vec![
                counter(CounterKind::Shelter, Pictogram::House),
                counter(CounterKind::Watch, Pictogram::Sun),
            ],
        },
        Setting {
            key: "setting-direction",
            values: vec![
                direction(Direction::Entrance, "direction-entrance", Pictogram::Entrance),
                direction(Direction::Exit, "direction-exit", Pictogram::Exit),
            ],
        },
    ];
    // Loudness is offered only where something can be heard.
    if matches!(view.state.sound, SoundOutput::Ready | SoundOutput::Starting) {
        let values = Volume::ALL.map(|level| match level {
            Volume::Silent => volume(level, "volume-silent"),
            Volume::Low => volume(level, "volume-low"),
            Volume::Middle => volume(level, "volume-middle"),
            Volume::High => volume(level, "volume-high"),
        });
        settings.push(Setting { key: "setting-sound", values: values.to_vec() });
    }
    // In ordinary times there is no leader's page.
    if !view.state.has_leader_page() && view.mode() != Mode::Drill {
        let open = Action::Open(Page::Televisions);
        settings.push(Setting {
            key: "setting-television",
            values: vec![("television-title", Some(Pictogram::Television), false, open)],
        });
    }
    settings.push(Setting {
        key: "setting-look",
        values: vec![
            look(Look::Day, "look-day"),
            look(Look::Night, "look-night"),
            look(Look::Sunlight, "look-sunlight"),
        ],
    });
    settings
}

/// The lane's settings.
pub(crate) fn settings_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let settings = settings(view);
    // Five rows leave little of the height to the margins, where each is to be hit.
    let (margin, gap) = if settings.len() > 4 { (6.0, 6.0) } else { (16.0, 8.0) };
    let mut inner = rect.shrink2(egui::vec2(size::EDGE, margin));
    let mut header = inner.cut_top(size::TARGET);
    let drill = header.cut_right((header.width() * 0.36).max(300.0));
    let _gap = header.cut_right(size::GAP);
    let mut action = drill_ui(canvas, drill, view);
    if let Some((picture, key, _, page)) = officer_tile(view) {
        let place = if is_portrait(rect) {
            let _gap = inner.cut_top(8.0);
            inner.cut_top(size::TARGET)
        } else {
            let place = header.cut_right((header.width() * 0.45).min(360.0));
            let _gap = header.cut_right(size::GAP);
            place
        };
        let word = canvas.texts.get(key);
        if Button::new(ButtonLook::Framed, &word).picture(picture).show(canvas, key, place) {
            action = Some(Action::Open(page));
        }
    }
    if header_ui(canvas, header, "settings-title") {
        action = Some(Action::Back);
    }
    let _gap = inner.cut_top(6.0);
    let rows = settings.len();
    let (tall, more) = if is_portrait(rect) { (44.0, 64.0) } else { (0.0, 20.0) };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = ((inner.height() - gap * (rows - 1) as f32) / rows as f32).min(size::TILE + tall + more);
    for Setting { key, values } in settings {
        let mut row = inner.cut_top(height);
        let _gap = inner.cut_top(gap);
        let place = if is_portrait(rect) { row.cut_top(tall) } else { row.cut_left(180.0) };
        let text = canvas.texts.get(key);
        canvas.text(place, Align2::LEFT_CENTER, Type::bold(size::BODY, palette.ink), &text);
        let grid = Grid { columns: values.len(), rows: 1, gap: size::GAP };
        for (position, (word, picture, chosen, touched)) in values.into_iter().enumerate() {
            let text = canvas.texts.get(word);
            let mut button = Button::new(ButtonLook::Choice { chosen }, &text);
            if let Some(picture) = picture {
                button = button.picture(picture);
            }
            if button.show(canvas, word, row.cell(grid, position)) && !chosen {
                action = Some(touched);
            }
        }
    }
    action
}

/// Starting a drill is the first of two touches; ending it takes one.
fn drill_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let (key, action) = match view.lane.banner.mode {
        Mode::DailyLife => ("open-drill", Action::Open(Page::OpenDrill)),
        Mode::Drill => {
            let command = Command::EndDrill { then: Mode::DailyLife };
            ("drill-end", Action::SendAndReturn(command))
        }
        Mode::Live => return None,
    };
    let word = canvas.texts.get(key);
    let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Flag);
    button.show(canvas, key, rect).then_some(action)
}
