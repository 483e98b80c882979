//! 端末の ようす: each part with its fact and its age; only what needs somebody is framed.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{CardData, ClockState, DiskState, LinkState, ReaderState, Status};
use hinamori_model::UnixMillis;

use super::page::{header_ui, parts};
use super::{View, is_portrait};
use crate::clock::CivilTime;
use crate::theme::{Severity, size};
use crate::widget::{Canvas, Grid, Pictogram, Place, Type, light_ui};
use crate::{Action, SoundOutput, Texts};

const DAY: u64 = 24 * HOUR;
const HOUR: u64 = 60 * MINUTE;
const MINUTE: u64 = 60_000;

/// One part of the box.
struct Check {
    picture: Pictogram,
    name: &'static str,
    fact: String,
    severity: Severity,
    /// What somebody should do, when something is to be done.
    advice: Option<&'static str>,
}

/// The most that asks for attention.
pub(crate) fn severity_of(view: &View<'_>) -> Severity {
    let status = view.lane.status;
    [reader(status.reader), disk(status.disk), clock(status.clock), link(status.link).0, sound(view).0]
        .into_iter()
        .chain([card_data(view).0])
        .max()
        .unwrap_or(Severity::Fine)
        .max(Severity::Fine)
}

const fn reader(state: ReaderState) -> Severity {
    match state {
        ReaderState::Ready => Severity::Fine,
        ReaderState::Missing | ReaderState::Stuck => Severity::Broken,
    }
}

const fn disk(state: DiskState) -> Severity {
    match state {
        DiskState::Ok => Severity::Fine,
        DiskState::Full | DiskState::Failing => Severity::Broken,
    }
}

const fn clock(state: ClockState) -> Severity {
    match state {
        ClockState::Sure => Severity::Fine,
        ClockState::Unsure | ClockState::Ahead { .. } | ClockState::Behind { .. } => Severity::Notice,
    }
}

/// Without a link is the normal state.
const fn link(state: LinkState) -> (Severity, &'static str) {
    match state {
        LinkState::NotEnrolled => (Severity::Notice, "health-link-not-enrolled"),
        LinkState::Online => (Severity::Fine, "health-link-online"),
        LinkState::Offline { last_contact: None } => (Severity::Fine, "health-link-offline"),
        LinkState::Offline { last_contact: Some(_) } => (Severity::Fine, "health-link-offline-since"),
    }
}

const fn card_data(view: &View<'_>) -> (Severity, Option<UnixMillis>) {
    match view.lane.status.card_data {
        CardData::None => (Severity::Plain, None),
        CardData::AsOf(at) => (Severity::Fine, Some(at)),
        CardData::TooOld(at) | CardData::Contested(at) => (Severity::Notice, Some(at)),
    }
}

fn sound(view: &View<'_>) -> (Severity, &'static str) {
    match view.state.sound {
        SoundOutput::Missing => (Severity::Notice, "health-sound-missing"),
        SoundOutput::Off => (Severity::Plain, "health-sound-off"),
        SoundOutput::Starting | SoundOutput::Ready if view.state.is_silent() => {
            (Severity::Plain, "health-sound-off")
        }
        SoundOutput::Starting | SoundOutput::Ready => (Severity::Fine, "health-sound-on"),
    }
}

/// How long ago, in the largest unit.
fn age(texts: &Texts, at: UnixMillis, now: UnixMillis) -> String {
    let millis = now.since(at);
    let (key, count) = match millis {
        DAY.. => ("age-days", millis / DAY),
        HOUR.. => ("age-hours", millis / HOUR),
        MINUTE.. => ("age-minutes", millis / MINUTE),
        _ => return texts.get("age-now"),
    };
    texts.with(key, [("count", count.into())])
}

fn clock_differs(texts: &Texts, key: &str, time: &str, minutes: u32) -> String {
    let difference = duration(texts, minutes);
    texts.with(key, [("time", time.into()), ("difference", difference.as_str().into())])
}

/// A difference of clocks, in the largest unit that fits.
pub(super) fn duration(texts: &Texts, minutes: u32) -> String {
    let (key, count) = match minutes {
        2_880.. => ("duration-days", minutes / 1_440),
        120.. => ("duration-hours", minutes / 60),
        _ => ("duration-minutes", minutes),
    };
    texts.with(key, [("count", count.into())])
}

/// How much the town hall lacks, and when it had the latest of the rest.
fn unsent(texts: &Texts, status: Status) -> String {
    let Some(received) = status.received else {
        return texts.with("health-unsent-count", [("count", status.unsent.into())]);
    };
    let time = CivilTime::of(received).time();
    let key = if status.unsent == 0 { "health-unsent-none" } else { "health-unsent-since" };
    texts.with(key, [("count", status.unsent.into()), ("time", time.as_str().into())])
}

fn checks(texts: &Texts, view: &View<'_>) -> Vec<Check> {
    let status = view.lane.status;
    let now = view.now.wall;
    let reader_key = match status.reader {
        ReaderState::Ready => "health-reader-ready",
        ReaderState::Missing => "health-reader-missing",
        ReaderState::Stuck => "health-reader-stuck",
    };
    let disk_key = match status.disk {
        DiskState::Ok => "health-disk-ok",
        DiskState::Full => "health-disk-full",
        DiskState::Failing => "health-disk-failing",
    };
    let time = CivilTime::of(now).time();
    let clock_fact = match status.clock {
        ClockState::Sure => texts.with("health-clock-sure", [("time", time.as_str().into())]),
        ClockState::Unsure => texts.with("health-clock-unsure", [("time", time.as_str().into())]),
        ClockState::Ahead { minutes } => clock_differs(texts, "health-clock-ahead", &time, minutes),
        ClockState::Behind { minutes } => clock_differs(texts, "health-clock-behind", &time, minutes),
    };
    let (link_severity, link_key) = link(status.link);
    let link_fact = match status.link {
        LinkState::Offline { last_contact: Some(at) } => {
            texts.with(link_key, [("age", age(texts, at, now).as_str().into())])
        }
        _ => texts.get(link_key),
    };
    let (card_severity, card_at) = card_data(view);
    let card_fact = card_at.map_or_else(
        || texts.get("health-card-data-none"),
        |at| texts.with("health-card-data-as-of", [("age", age(texts, at, now).as_str().into())]),
    );
    let (sound_severity, sound_key) = sound(view);
    let check = |picture, name, fact, severity, advice: &'static str| Check {
        picture,
        name,
        fact,
        severity,
        advice: matches!(severity, Severity::Notice | Severity::Broken).then_some(advice),
    };
    vec![
        check(
            Pictogram::Disk,
            "health-disk",
            texts.get(disk_key),
            disk(status.disk),
            if status.disk == DiskState::Full { "advice-disk-full" } else { "advice-disk-failing" },
        ),
        check(
            Pictogram::Reader,
            "health-reader",
            texts.get(reader_key),
            reader(status.reader),
            if status.reader == ReaderState::Missing {
                "advice-reader-missing"
            } else {
                "advice-reader-stuck"
            },
        ),
        check(Pictogram::Clock, "health-clock", clock_fact, clock(status.clock), "advice-clock"),
        check(
            Pictogram::Shield,
            "health-card-data",
            card_fact,
            card_severity,
            if matches!(status.card_data, CardData::Contested(_)) {
                "advice-card-data-contested"
            } else {
                "advice-card-data"
            },
        ),
        check(Pictogram::Link, "health-link", link_fact, link_severity, "advice-enrol"),
        check(Pictogram::Unsent, "health-unsent", unsent(texts, status), Severity::Fine, "advice-enrol"),
        check(Pictogram::Speaker, "health-sound", texts.get(sound_key), sound_severity, "advice-sound"),
    ]
}

/// The health of the box.
pub(crate) fn health_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let checks = checks(canvas.texts, view);
    let parts = parts(rect, 260.0);
    let back = header_ui(canvas, parts.header, "health-title");
    summary_ui(canvas, parts.aside, view, &checks, is_portrait(rect));
    let grid = Grid { columns: 1, rows: checks.len(), gap: 8.0 };
    for (position, check) in checks.iter().enumerate() {
        let place = parts.content.cell(grid, position);
        let place = Rect::from_min_size(place.min, vec2(place.width(), place.height().min(110.0)));
        check_ui(canvas, place, check);
    }
    back.then_some(Action::Return)
}

fn summary_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, checks: &[Check], portrait: bool) {
    let palette = canvas.palette;
    let mut inner = rect;
    let severity = severity_of(view);
    let asks: Vec<_> = checks.iter().filter_map(|check| Some((check.severity, check.advice?))).collect();
    // The worst first; among equals the order of the list.
    let first = asks.iter().rev().max_by_key(|(severity, _)| *severity).map(|(_, advice)| *advice);
    let works = view.lane.status.disk == DiskState::Ok;
    let card = view.lane.status.reader == ReaderState::Ready;
    let title = match (works, card) {
        (false, _) => "light-no-record",
        (true, false) => "light-no-reader",
        (true, true) => "light-ready",
    };
    let count = u64::try_from(asks.len()).unwrap_or(u64::MAX);
    let say = if asks.is_empty() {
        canvas.texts.get("health-nothing-asked")
    } else {
        canvas.texts.with("health-asked", [("count", count.into())])
    };
    if portrait {
        let advice =
            if first.is_some() { inner.cut_right(inner.width() * 0.52) } else { inner.cut_right(0.0) };
        let light = inner.cut_top(110.0);
        light_ui(canvas, Rect::from_min_size(light.min, vec2(96.0, 96.0)), severity);
        let title = canvas.texts.get(title);
        canvas.text(inner.cut_top(64.0), Align2::LEFT_CENTER, Type::bold(size::LEAD, palette.ink), &title);
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::CAPTION, palette.ink), &say);
        if let Some(first) = first {
            advice_ui(canvas, advice, first);
        }
        return;
    }
    if let Some(first) = first {
        advice_ui(canvas, inner.cut_bottom((inner.height() * 0.42).min(220.0)), first);
    }
    let _gap = inner.cut_bottom(size::GAP);
    let side = (inner.height() * 0.42).min(150.0);
    let _gap = inner.cut_top((inner.height() - side - 128.0).max(0.0) * 0.4);
    let light = inner.cut_top(side);
    light_ui(canvas, Rect::from_min_size(light.min, vec2(side, side)), severity);
    let _gap = inner.cut_top(8.0);
    let title = canvas.texts.get(title);
    canvas.text(inner.cut_top(72.0), Align2::LEFT_CENTER, Type::bold(52.0, palette.ink), &title);
    canvas.text(inner.cut_top(48.0), Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, palette.ink), &say);
}

/// The one thing to do now.
pub(super) fn advice_ui(canvas: &mut Canvas<'_>, rect: Rect, key: &str) {
    let ground = canvas.palette.notice;
    canvas.card(rect, size::RADIUS_TILE, ground.fill, Stroke::NONE);
    let mut inner = rect.shrink2(vec2(24.0, 14.0));
    let (to_do, text) = (canvas.texts.get("advice-now"), canvas.texts.get(key));
    canvas.text(inner.cut_top(36.0), Align2::LEFT_CENTER, Type::regular(size::CAPTION, ground.on), &to_do);
    canvas.text(inner, Align2::LEFT_TOP, Type::bold(34.0, ground.on), &text);
}

fn check_ui(canvas: &mut Canvas<'_>, rect: Rect, check: &Check) {
    let palette = canvas.palette;
    let asks = check.advice.is_some();
    let edge =
        if asks { Stroke::new(size::LINE_CHOSEN, palette.ink) } else { Stroke::new(2.0, palette.hairline) };
    canvas.card(rect, 20.0, palette.surface, edge);
    let mut inner = rect.shrink2(vec2(26.0, 4.0));
    check.picture.draw(canvas.ui.painter(), inner.cut_left(48.0).square(46.0), palette.ink);
    let _gap = inner.cut_left(20.0);
    light_ui(canvas, inner.cut_right(52.0).square(50.0), check.severity);
    let _gap = inner.cut_right(16.0);
    let word = canvas.texts.get(match check.severity {
        Severity::Plain => "severity-plain",
        Severity::Fine => "severity-fine",
        Severity::Notice => "severity-notice",
        Severity::Broken => "severity-broken",
    });
    let look = if asks {
        Type::bold(size::TILE_TEXT, palette.ink)
    } else {
        Type::regular(size::TILE_TEXT, palette.ink)
    };
    let width = canvas.width_of(look, &word);
    canvas.text(inner.cut_right(width), Align2::RIGHT_CENTER, look, &word);
    let _gap = inner.cut_right(10.0);
    let upper = inner.cut_top(inner.height() * 0.53);
    let name = canvas.texts.get(check.name);
    canvas.text(upper, Align2::LEFT_CENTER, Type::bold(size::TILE_TEXT, palette.ink), &name);
    canvas.text(inner, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink_soft), &check.fact);
}
