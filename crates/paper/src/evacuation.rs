//! The report of an alert (訓練の報告, 避難の報告): how long it took from the alert until households had acknowledged it, passed a check-point and
//! arrived; by town, district and household, beside the drill before it. Nobody is named.

use hinamori_model::UnixMillis;

use crate::area::Area;
use crate::error::PaperError;
use crate::press::{Format, MARGIN, Mode, Press};
use crate::sheet::{Sheet, Style, Thickness};
use crate::time;

const WIDTH: f32 = 297.0;
const HEIGHT: f32 = 210.0;
const HEAD: f32 = 8.0;
const ROW: f32 = 7.0;
const DISTRICTS_PER_PAGE: usize = 17;
const HOUSEHOLDS_PER_PAGE: usize = 19;
const NONE: &str = "―";

/// Times from the alert in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The arithmetic mean.
    pub mean: u64,
    /// Half of them took no longer.
    pub median: u64,
    /// 95 % of them took no longer, by nearest rank.
    pub p95: u64,
}

/// A stage that has a time of its own in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimedStage {
    /// Households that reached it.
    pub households: u32,
    /// How long that took those that reached it after the alert.
    pub times: Option<Spread>,
}

/// How far the households of a town or a district got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvacuationFigures {
    /// Households that the alert was for.
    pub told: u32,
    /// Households with a television that fetched it.
    pub delivered: u32,
    /// Households with a television that showed it.
    pub shown: u32,
    /// Households that answered it.
    pub acknowledged: TimedStage,
    /// Households of which somebody passed a check-point.
    pub check_point: TimedStage,
    /// Households that arrived.
    pub arrived: TimedStage,
}

/// One district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictEvacuation {
    /// Its name.
    pub name: String,
    /// Its households.
    pub figures: EvacuationFigures,
    /// The mean time to arrival in the drill before, where the district was in it.
    pub before: Option<u64>,
}

/// One household. Its place in the list is all that tells it from another one of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdEvacuation {
    /// Its district.
    pub district: String,
    /// Its neighbourhood group.
    pub group: String,
    /// How many they are.
    pub people: u32,
    /// Whether somebody needs support.
    pub needs_support: bool,
    /// When it was told. All other times are printed from here.
    pub told: UnixMillis,
    /// When a television fetched it.
    pub delivered: Option<UnixMillis>,
    /// When a television showed it.
    pub shown: Option<UnixMillis>,
    /// When somebody answered.
    pub acknowledged: Option<UnixMillis>,
    /// Whether help was asked for.
    pub asked_for_help: bool,
    /// When somebody passed a check-point.
    pub check_point: Option<UnixMillis>,
    /// When they had arrived.
    pub arrived: Option<UnixMillis>,
}

/// Everything of one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvacuationReport {
    /// What was ordered: 大津波警報　避難指示.
    pub title: String,
    /// When it was sent first.
    pub sent: UnixMillis,
    /// When it was taken back or over.
    pub ended: Option<UnixMillis>,
    /// The whole town.
    pub town: EvacuationFigures,
    /// When the drill before was, and its figures.
    pub before: Option<(UnixMillis, EvacuationFigures)>,
    /// The districts.
    pub districts: Vec<DistrictEvacuation>,
    /// The households.
    pub households: Vec<HouseholdEvacuation>,
}

impl Press<'_> {
    /// The report: a page of the town, the districts, the households.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn evacuation_report(&self, report: &EvacuationReport) -> Result<Vec<u8>, PaperError> {
        let title = match self.mode {
            Mode::Drill => "訓練の 報告",
            Mode::Live => "避難の 報告",
        };
        let districts: Vec<_> = report.districts.chunks(DISTRICTS_PER_PAGE).collect();
        let households: Vec<_> = report.households.chunks(HOUSEHOLDS_PER_PAGE).collect();
        let pages = districts.len().saturating_add(households.len()).saturating_add(1);
        self.print(title, &Format::page(WIDTH, HEIGHT, MARGIN), pages, |sheet, page, place| {
            let body = self.heading(sheet, page, title, &report.title);
            let district = place.checked_sub(1);
            let household = district.and_then(|place| place.checked_sub(districts.len()));
            match (district, household) {
                (None, _) => town(sheet, body, report),
                (Some(place), None) => {
                    district_table(sheet, body, districts.get(place).copied().unwrap_or_default());
                }
                (Some(_), Some(place)) => {
                    let first = place.saturating_mul(HOUSEHOLDS_PER_PAGE).saturating_add(1);
                    household_table(sheet, body, households.get(place).copied().unwrap_or_default(), first);
                }
            }
            self.footing(sheet, page, place, pages);
        })
    }
}

fn town(sheet: &mut Sheet<'_, '_>, area: Area, report: &EvacuationReport) {
    let ended = report.ended.map_or(String::new(), |at| format!("　終わり {}", time::short(at)));
    let line = format!("発令 {}{ended}", time::full(report.sent));
    sheet.text(area.band(0.0, 8.0), &line, Style::bold(16.0));
    let EvacuationFigures { told, delivered, shown, acknowledged, check_point, arrived } = report.town;
    let stages = [
        ("知らせた 世帯", told),
        ("届いた", delivered),
        ("表示した", shown),
        ("答えた", acknowledged.households),
        ("途中（チェックポイント）", check_point.households),
        ("着いた", arrived.households),
    ];
    for (cell, (name, households)) in area.band(10.0, 32.0).grid(6, 1).zip(stages) {
        sheet.head(cell.band(0.0, HEAD), "");
        sheet.text(cell.band(0.0, HEAD).inset_by(1.0, 0.0), name, Style::bold(12.0).centred());
        sheet.frame(cell, Thickness::Normal);
        sheet.text(cell.band(8.0, 16.0), &households.to_string(), Style::bold(34.0).centred());
        sheet.text(cell.band(24.0, 7.0), &share(households, told), Style::regular(12.0).centred());
    }
    compared(sheet, area.band(47.0, 40.0), report);
    means(sheet, area.band(92.0, 22.0), report);
    let notes = [
        "時間は お知らせを 送った時からの 分:秒。平均・中央・95％は、その段階に 着いた 世帯だけで 数えます（送る前から 着いていた 世帯は のぞく）。",
        "95％: 時間の 短い順に ならべて、95％目に あたる 世帯の 時間（最近順位法）。中央: まん中の 世帯の 時間（偶数なら 2つの 平均）。",
        "途中: 世帯の だれかが チェックポイントを 通った時。着いた: 世帯の みんなが 受付された時。前回: 同じ 災害で 1つ前に した 演習。",
    ];
    for (row, note) in area.band(118.0, 18.0).grid(1, 3).zip(notes) {
        sheet.text(row, note, Style::regular(10.5));
    }
}

const fn timed(figures: &EvacuationFigures) -> [(&'static str, TimedStage); 3] {
    let EvacuationFigures { acknowledged, check_point, arrived, .. } = *figures;
    [("答えるまで", acknowledged), ("途中（チェックポイント）まで", check_point), ("着くまで", arrived)]
}

/// The stages with a time, beside those of the drill before.
fn compared(sheet: &mut Sheet<'_, '_>, area: Area, report: &EvacuationReport) {
    let widths = [63.0, 35.0, 35.0, 35.0, 35.0, 35.0, 35.0];
    let [names, now, before] = area.band(0.0, HEAD).columns([63.0, 105.0, 105.0]);
    sheet.head(names, "");
    sheet.head(now, "今回");
    let when = report
        .before
        .map_or_else(|| "前回は ありません".to_owned(), |(at, _)| format!("前回（{}）", time::full(at)));
    sheet.head(before, &when);
    for (cell, name) in area.band(HEAD, HEAD).columns(widths).into_iter().zip([
        "お知らせから",
        "平均",
        "中央",
        "95％",
        "平均",
        "中央",
        "95％",
    ]) {
        sheet.head(cell, name);
    }
    let earlier = report.before.map(|(_, figures)| timed(&figures).map(|(_, stage)| stage.times));
    for ((row, (name, stage)), earlier) in
        area.band(2.0 * HEAD, 24.0).grid(1, 3).zip(timed(&report.town)).zip(earlier.unwrap_or_default())
    {
        let [first, values @ ..] = row.columns(widths);
        sheet.frame(first, Thickness::Hair);
        sheet.cell(first, name, Style::bold(13.0));
        for (cell, value) in values.into_iter().zip([spread(stage.times), spread(earlier)].concat()) {
            sheet.frame(cell, Thickness::Hair);
            sheet.text(cell, &value, Style::bold(14.0).centred());
        }
    }
}

/// What is said of it afterwards: the mean, in minutes, beside the figures with which everybody compares.
fn means(sheet: &mut Sheet<'_, '_>, area: Area, report: &EvacuationReport) {
    let mean = |figures: &EvacuationFigures| figures.arrived.times.map(|times| times.mean);
    let minutes =
        |mean: Option<u64>| mean.map_or_else(|| NONE.to_owned(), |mean| format!("{}分", tenths(mean)));
    let boxes = [
        ("今回", minutes(mean(&report.town))),
        ("前回", minutes(report.before.and_then(|(_, figures)| mean(&figures)))),
        ("実証 美波町 阿部地区（2014年 → 2015年）", "11.2分 → 9.6分".to_owned()),
    ];
    let [label, first, second, third] = area.columns([63.0, 60.0, 60.0, 90.0]);
    sheet.head(label, "");
    sheet.text(label.inset(2.0).band(1.0, 8.0), "平均の 避難時間", Style::bold(15.0).centred());
    sheet.text(label.inset(2.0).band(9.0, 8.0), "お知らせから 着くまで", Style::regular(11.0).centred());
    for (cell, (name, value)) in [first, second, third].into_iter().zip(boxes) {
        sheet.frame(cell, Thickness::Normal);
        sheet.text(cell.band(1.0, 6.0).inset_by(1.0, 0.0), name, Style::regular(11.0).centred());
        sheet.text(cell.band(7.0, 14.0), &value, Style::bold(26.0).centred());
    }
}

fn district_table(sheet: &mut Sheet<'_, '_>, area: Area, districts: &[DistrictEvacuation]) {
    let widths: [f32; 17] = [
        41.0, 13.0, 13.0, 13.0, 13.0, 13.0, 13.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 19.0,
    ];
    let bands = [119.0, 45.0, 45.0, 64.0];
    let over = ["世帯の 数", "答えるまで", "途中まで", "着くまで"];
    for (cell, name) in area.band(0.0, HEAD).columns(bands).into_iter().zip(over) {
        sheet.head(cell, name);
    }
    let heads = [
        "地区",
        "全部",
        "届いた",
        "表示",
        "答えた",
        "途中",
        "着いた",
        "平均",
        "中央",
        "95％",
        "平均",
        "中央",
        "95％",
        "平均",
        "中央",
        "95％",
        "前回平均",
    ];
    for (cell, name) in area.band(HEAD, HEAD).columns(widths).into_iter().zip(heads) {
        sheet.head(cell, "");
        sheet.text(cell.inset_by(0.4, 0.0), name, Style::bold(10.0).centred());
    }
    for (place, DistrictEvacuation { name, figures, before }) in (0_u16..).zip(districts) {
        let row = area.band(2.0 * HEAD + ROW * f32::from(place), ROW);
        let [first, values @ ..] = row.columns(widths);
        sheet.frame(first, Thickness::Hair);
        sheet.cell(first, name, Style::bold(13.0));
        let EvacuationFigures { told, delivered, shown, acknowledged, check_point, arrived } = *figures;
        let counts =
            [told, delivered, shown, acknowledged.households, check_point.households, arrived.households];
        let counts = counts.into_iter().map(|count| count.to_string());
        let times = [acknowledged, check_point, arrived].into_iter().flat_map(|stage| spread(stage.times));
        let before = before.map_or_else(|| NONE.to_owned(), running);
        for (cell, value) in values.into_iter().zip(counts.chain(times).chain([before])) {
            sheet.frame(cell, Thickness::Hair);
            sheet.text(cell.inset_by(0.5, 0.0), &value, Style::regular(11.0).centred());
        }
    }
}

fn household_table(sheet: &mut Sheet<'_, '_>, area: Area, households: &[HouseholdEvacuation], first: usize) {
    let widths: [f32; 11] = [18.0, 44.0, 33.0, 16.0, 16.0, 24.0, 24.0, 24.0, 26.0, 24.0, 24.0];
    let heads =
        ["番号", "地区", "隣組", "人数", "支援", "届いた", "表示した", "答えた", "答え", "途中", "着いた"];
    for (cell, name) in area.band(0.0, HEAD).columns(widths).into_iter().zip(heads) {
        sheet.head(cell, name);
    }
    for (place, (number, of)) in (0_u16..).zip((first..).zip(households)) {
        let row = area.band(HEAD + ROW * f32::from(place), ROW);
        let after = |at: Option<UnixMillis>| match at {
            None => NONE.to_owned(),
            Some(at) if at < of.told => "前から".to_owned(),
            Some(at) => running(at.since(of.told)),
        };
        let answer = match (of.acknowledged, of.asked_for_help) {
            (None, _) => NONE,
            (Some(_), false) => "避難します",
            (Some(_), true) => "助けが必要",
        };
        let values = [
            number.to_string(),
            of.district.clone(),
            of.group.clone(),
            format!("{}人", of.people),
            if of.needs_support { "支援" } else { "" }.to_owned(),
            after(of.delivered),
            after(of.shown),
            after(of.acknowledged),
            answer.to_owned(),
            after(of.check_point),
            after(of.arrived),
        ];
        for ((place, cell), value) in row.columns(widths).into_iter().enumerate().zip(values) {
            sheet.frame(cell, Thickness::Hair);
            let is_word = matches!(place, 1 | 2);
            let style = Style::regular(11.0);
            sheet.cell(cell, &value, if is_word { style } else { style.centred() });
        }
    }
}

fn spread(times: Option<Spread>) -> [String; 3] {
    let printed = times.map(|Spread { mean, median, p95 }| [mean, median, p95].map(running));
    printed.unwrap_or_else(|| [NONE; 3].map(str::to_owned))
}

/// Minutes and seconds: `9:36`; from an hour on `1:02:03`.
fn running(millis: u64) -> String {
    let seconds = millis / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Minutes with one decimal, rounded.
fn tenths(millis: u64) -> String {
    let tenths = millis.saturating_add(3_000) / 6_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// 37％ of a whole, rounded down: not everybody is never everybody.
fn share(part: u32, whole: u32) -> String {
    let share = u64::from(part).saturating_mul(100).checked_div(u64::from(whole));
    share.map_or_else(|| NONE.to_owned(), |share| format!("{share}％"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_they_are_said() {
        assert_eq!([0, 9_999, 576_000, 3_723_000].map(running), ["0:00", "0:09", "9:36", "1:02:03"]);
        assert_eq!([0, 576_000, 574_000, 672_000].map(tenths), ["0.0", "9.6", "9.6", "11.2"]);
        assert_eq!([share(199, 200), share(0, 0), share(3, 3)], ["99％", NONE, "100％"]);
    }
}
