//! USBメモリで 運ぶ: one touch reads in what others wrote and writes what this box holds; then it says that the stick may be
//! taken out, or whose fault it is that nothing was written and what to do.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{
    Command, Exchange, ExchangeReport, FileNotTaken, StickFault, StickState, SticksThere, WhyNotTaken,
};

use super::health::advice_ui;
use super::page::{header_ui, parts};
use super::paged::rows_that_fit;
use super::{View, is_portrait, when_words};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type, light_ui};
use crate::{Action, Texts};

/// The height of a row, at most.
const ROW: f32 = 96.0;
/// A file's name and its reason.
const FILE: f32 = 66.0;
/// The height of the yellow card.
const ADVICE: f32 = 190.0;

/// What is said beside the numbers.
struct Said {
    /// The light; the picture of a stick where there is nothing to judge.
    severity: Severity,
    title: &'static str,
    say: String,
    /// The one thing to do now.
    advice: Option<&'static str>,
}

/// The quiet line of the tile that leads here.
pub(crate) const fn note_key(stick: &StickState) -> &'static str {
    match (&stick.exchange, stick.there) {
        (Exchange::Reading { .. } | Exchange::Writing, _) => "stick-note-underway",
        (Exchange::Over(_), _) => "stick-note-over",
        (Exchange::NotBegun, SticksThere::None) => "stick-note-none",
        (Exchange::NotBegun, SticksThere::One | SticksThere::Several) => "stick-note-there",
    }
}

/// The page.
pub(crate) fn stick_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let parts = parts(rect, 330.0);
    let mut action = header_ui(canvas, parts.header, "stick-title").then_some(Action::Back);
    let Some(stick) = &view.lane.stick else { return action };
    let said = said(canvas.texts, view, stick);
    said_ui(canvas, parts.aside, &said, is_portrait(rect));
    let mut content = parts.content;
    if stick.may_begin() {
        action = begin_ui(canvas, &mut content, stick).or(action);
    }
    match &stick.exchange {
        Exchange::NotBegun if stick.there == SticksThere::None => none_ui(canvas, content),
        Exchange::NotBegun => {}
        Exchange::Reading { .. } | Exchange::Writing => steps_ui(canvas, content, &stick.exchange),
        Exchange::Over(report) => report_ui(canvas, content, report),
    }
    action
}

fn said(texts: &Texts, view: &View<'_>, stick: &StickState) -> Said {
    let plain = |title, say| Said { severity: Severity::Plain, title, say: texts.get(say), advice: None };
    match (&stick.exchange, stick.there) {
        (Exchange::Reading { .. } | Exchange::Writing, _) => {
            let is_writing = matches!(stick.exchange, Exchange::Writing);
            let title = if is_writing { "stick-writing" } else { "stick-reading" };
            let say = String::new();
            Said { severity: Severity::Notice, title, say, advice: Some("stick-keep") }
        }
        (Exchange::Over(report), there) => over(texts, view, report, there),
        (Exchange::NotBegun, SticksThere::None) => plain("stick-none", "stick-none-say"),
        (Exchange::NotBegun, SticksThere::One) => plain("stick-there", "stick-there-say"),
        (Exchange::NotBegun, SticksThere::Several) => Said {
            severity: Severity::Notice,
            title: "stick-several",
            say: texts.get("stick-several-say"),
            advice: Some("advice-stick-several"),
        },
    }
}

fn over(texts: &Texts, view: &View<'_>, report: &ExchangeReport, there: SticksThere) -> Said {
    let Err(fault) = report.written else {
        let title = if there == SticksThere::None { "stick-over" } else { "stick-take-out" };
        let when = when_words(texts, report.at, view.now.wall);
        let say = texts.with("stick-next", [("when", when.as_str().into())]);
        return Said { severity: Severity::Fine, title, say, advice: None };
    };
    let (title, advice) = match fault {
        StickFault::Full => ("stick-full", "advice-stick-full"),
        StickFault::ReadOnly => ("stick-read-only", "advice-stick-read-only"),
        StickFault::TakenOut => ("stick-taken-out", "advice-stick-again"),
        StickFault::Broken => ("stick-broken", "advice-stick-other"),
        StickFault::NoTown => ("stick-no-town", "advice-enrol"),
        StickFault::OurFault => ("stick-our-fault", "advice-stick-health"),
    };
    Said { severity: Severity::Broken, title, say: texts.get("stick-not-written"), advice: Some(advice) }
}

fn said_ui(canvas: &mut Canvas<'_>, rect: Rect, said: &Said, portrait: bool) {
    let palette = canvas.palette;
    let mut inner = rect;
    if let Some(advice) = said.advice {
        let place = if portrait { inner.cut_right(inner.width() * 0.46) } else { inner.cut_bottom(ADVICE) };
        advice_ui(canvas, place, advice);
        let _gap = if portrait { inner.cut_right(size::GAP) } else { inner.cut_bottom(size::GAP) };
    }
    let side = if portrait { 110.0 } else { 150.0_f32.min(inner.height() * 0.35) };
    let mark = Rect::from_min_size(inner.min, vec2(side, side));
    let _mark = inner.cut_top(side + size::GAP);
    match said.severity {
        Severity::Plain => Pictogram::Stick.draw(canvas.ui.painter(), mark, palette.ink),
        severity => light_ui(canvas, mark, severity),
    }
    let title = canvas.texts.get(said.title);
    let look = Type::bold(if portrait { size::LEAD } else { size::TITLE }, palette.ink);
    let height = canvas.height_of(inner.width(), look, &title);
    canvas.text(inner.cut_top(height), Align2::LEFT_CENTER, look, &title);
    let _gap = inner.cut_top(10.0);
    if !said.say.is_empty() {
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::BODY, palette.ink), &said.say);
    }
}

/// What may be touched; after the first time it is a quiet offer.
fn begin_ui(canvas: &mut Canvas<'_>, content: &mut Rect, stick: &StickState) -> Option<Action> {
    let is_first = stick.exchange == Exchange::NotBegun;
    let (look, key, note) = if is_first {
        (ButtonLook::Primary, "stick-begin", "stick-begin-note")
    } else {
        (ButtonLook::Tile, "stick-again", "stick-again-note")
    };
    let place = if is_first {
        let height = content.height().min(320.0);
        content.cut_top(height)
    } else {
        let place = content.cut_bottom(size::TARGET);
        let _gap = content.cut_bottom(size::GAP);
        place
    };
    let (word, note) = (canvas.texts.get(key), canvas.texts.get(note));
    let button = Button::new(look, &word).note(&note);
    let button = if is_first {
        button.picture_above(Pictogram::Stick).size(size::TITLE)
    } else {
        button.picture(Pictogram::Stick)
    };
    button.show(canvas, key, place).then_some(Action::Send(Command::ExchangeStick))
}

/// What to do when none is seen.
fn none_ui(canvas: &mut Canvas<'_>, rect: Rect) {
    let palette = canvas.palette;
    let area = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height().min(420.0)));
    canvas.card(area, size::RADIUS_PANEL, palette.surface, Stroke::new(2.0, palette.hairline));
    let mut inner = area.shrink(28.0);
    let picture = inner.cut_top(inner.height() * 0.45);
    Pictogram::Stick.draw(canvas.ui.painter(), picture.square(picture.height().min(150.0)), palette.ink);
    let text = canvas.texts.get("stick-wait");
    canvas.text(inner, Align2::CENTER_CENTER, Type::regular(size::TILE_TEXT, palette.ink), &text);
}

/// The two steps, and which one it is.
fn steps_ui(canvas: &mut Canvas<'_>, rect: Rect, exchange: &Exchange) {
    let mut inner = rect;
    let (reading, writing) = match exchange {
        Exchange::Reading { file, files } if *files > 0 => {
            let (file, files) = (u32::from(*file), u32::from(*files));
            let of = canvas.texts.with("page-of", [("page", file.into()), ("pages", files.into())]);
            (of, "stick-step-later")
        }
        Exchange::Reading { .. } => (canvas.texts.get("stick-step-now"), "stick-step-later"),
        _ => (canvas.texts.get("stick-step-done"), "stick-step-now"),
    };
    let is_writing = matches!(exchange, Exchange::Writing);
    let done = if is_writing { Severity::Fine } else { Severity::Plain };
    let writing = canvas.texts.get(writing);
    for (picture, key, value, severity, is_now) in [
        (Pictogram::ReadIn, "stick-step-read", reading, done, !is_writing),
        (Pictogram::Unsent, "stick-step-write", writing, Severity::Plain, is_writing),
    ] {
        let row = Row { picture, key, value: &value, severity, stands_out: is_now };
        row.show(canvas, inner.cut_top(ROW + size::GAP));
        let _gap = inner.cut_top(size::GAP);
    }
}

fn report_ui(canvas: &mut Canvas<'_>, rect: Rect, report: &ExchangeReport) {
    let mut inner = rect;
    let texts = canvas.texts;
    let count = |key, count: u32| texts.with(key, [("count", count.into())]);
    let files = count("stick-files", report.taken.into());
    let new = count("stick-records", report.new);
    let (written, severity) = match report.written {
        Ok(records) => (count("stick-records", records), Severity::Fine),
        Err(_) => (texts.get("stick-nothing"), Severity::Broken),
    };
    let mut rows = vec![
        (Pictogram::ReadIn, "stick-row-files", files, Severity::Plain),
        (Pictogram::Plus, "stick-row-new", new, Severity::Plain),
        (Pictogram::Unsent, "stick-row-written", written, severity),
    ];
    if report.put_aside > 0 {
        let aside = count("stick-portions", report.put_aside);
        rows.insert(2, (Pictogram::Shield, "stick-row-aside", aside, Severity::Notice));
    }
    let is_long = !report.not_taken.is_empty();
    let gap = if is_long { 8.0 } else { size::GAP };
    let height = if is_long { ROW - 14.0 } else { ROW };
    for (picture, key, value, severity) in rows {
        let row = Row { picture, key, value: &value, severity, stands_out: severity == Severity::Broken };
        row.show(canvas, inner.cut_top(height));
        let _gap = inner.cut_top(gap);
    }
    if is_long {
        let _gap = inner.cut_top(4.0);
        not_taken_ui(canvas, inner, report);
    }
}

/// Files that were not read in to their end, as many as fit; the others are counted.
fn not_taken_ui(canvas: &mut Canvas<'_>, rect: Rect, report: &ExchangeReport) {
    let palette = canvas.palette;
    let mut inner = rect;
    let named = u32::try_from(report.not_taken.len()).unwrap_or(u32::MAX);
    let all = named.saturating_add(report.not_named.into());
    let title = canvas.texts.with("stick-not-taken", [("count", all.into())]);
    canvas.text(inner.cut_top(40.0), Align2::LEFT_CENTER, Type::bold(size::BODY, palette.ink), &title);
    let fit = rows_that_fit(inner.height(), FILE, 0.0);
    let is_all = report.not_named == 0 && report.not_taken.len() <= fit;
    let shown = if is_all { fit } else { rows_that_fit(inner.height() - 36.0, FILE, 0.0) };
    for FileNotTaken { name, why } in report.not_taken.iter().take(shown) {
        let mut line = inner.cut_top(FILE);
        light_ui(canvas, line.cut_left(44.0).square(36.0), Severity::Notice);
        let _gap = line.cut_left(size::GAP);
        let upper = line.cut_top(FILE / 2.0);
        canvas.text(upper, Align2::LEFT_BOTTOM, Type::bold(size::CAPTION, palette.ink), name);
        let why = canvas.texts.get(why_key(*why));
        canvas.text(line, Align2::LEFT_TOP, Type::regular(size::CAPTION, palette.ink_soft), &why);
    }
    if !is_all {
        let left = all.saturating_sub(u32::try_from(shown).unwrap_or(u32::MAX));
        let text = canvas.texts.with("stick-more", [("count", left.into())]);
        let look = Type::regular(size::CAPTION, palette.ink_soft);
        canvas.text(inner.cut_top(36.0), Align2::LEFT_CENTER, look, &text);
    }
}

const fn why_key(why: WhyNotTaken) -> &'static str {
    match why {
        WhyNotTaken::NoFile => "stick-file-none",
        WhyNotTaken::TooLong => "stick-file-long",
        WhyNotTaken::Unreadable => "stick-file-unreadable",
        WhyNotTaken::NoBundle => "stick-file-foreign",
        WhyNotTaken::Stranger => "stick-file-stranger",
        WhyNotTaken::Half => "stick-file-half",
        WhyNotTaken::OurFault => "stick-file-our-fault",
    }
}

/// What is counted, and how many.
struct Row<'a> {
    picture: Pictogram,
    key: &'static str,
    value: &'a str,
    severity: Severity,
    stands_out: bool,
}

impl Row<'_> {
    fn show(&self, canvas: &mut Canvas<'_>, rect: Rect) {
        let palette = canvas.palette;
        let edge = if self.stands_out {
            Stroke::new(size::LINE_CHOSEN, palette.ink)
        } else {
            Stroke::new(2.0, palette.hairline)
        };
        canvas.card(rect, 20.0, palette.surface, edge);
        let mut inner = rect.shrink2(vec2(26.0, 4.0));
        self.picture.draw(canvas.ui.painter(), inner.cut_left(48.0).square(46.0), palette.ink);
        let _gap = inner.cut_left(20.0);
        let light = inner.cut_right(52.0);
        if self.severity != Severity::Plain {
            light_ui(canvas, light.square(50.0), self.severity);
        }
        let _gap = inner.cut_right(16.0);
        let look = Type::bold(size::LEAD, palette.ink);
        let width = canvas.width_of(look, self.value).min(inner.width() * 0.5);
        canvas.text(inner.cut_right(width), Align2::RIGHT_CENTER, look, self.value);
        let _gap = inner.cut_right(10.0);
        let name = canvas.texts.get(self.key);
        canvas.text(inner, Align2::LEFT_CENTER, Type::regular(size::TILE_TEXT, palette.ink), &name);
    }
}
