//! The counts of a site for headquarters (定時報告). Small counts are the caller's to round or leave out.

use hinamori_model::{PersonalText, UnixMillis};

use crate::area::Area;
use crate::error::PaperError;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};
use crate::time;

const TITLE: &str = "定時報告";
const HEAD: f32 = 9.0;
const ROW: f32 = 10.0;
const ROWS: u16 = 14;
const PER_PAGE: usize = 14;

/// How many people of a kind.
#[derive(Debug, Clone)]
pub struct Count {
    /// Which kind: an age band, a need.
    pub label: String,
    /// How many.
    pub people: u32,
}

/// One report.
#[derive(Debug, Clone)]
pub struct Counts<'a> {
    /// The site.
    pub site: &'a str,
    /// Counts up with each report of the site: a higher one stands for all before it.
    pub version: u32,
    /// From when.
    pub from: UnixMillis,
    /// Until when.
    pub until: UnixMillis,
    /// Who lets it go to headquarters.
    pub released_by: PersonalText,
    /// When.
    pub released_at: UnixMillis,
    /// People in the shelter at the end.
    pub people: u32,
    /// Households of them.
    pub households: u32,
    /// People by day.
    pub by_day: u32,
    /// People who slept here.
    pub by_night: u32,
    /// New between `from` and `until`.
    pub arrived: u32,
    /// Left between `from` and `until`.
    pub left: u32,
    /// The people by age.
    pub age_bands: Vec<Count>,
    /// What they need, by kind.
    pub needs: Vec<Count>,
}

impl Press<'_> {
    /// The report. More kinds than fit go on over further pages, each with the same head.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn counts_sheet(&self, counts: &Counts<'_>) -> Result<Vec<u8>, PaperError> {
        let longest = counts.age_bands.len().max(counts.needs.len());
        let pages = longest.div_ceil(PER_PAGE).max(1);
        self.print(TITLE, &Format::a4(), pages, |sheet, page, place| {
            let body = self.heading(sheet, page, TITLE, counts.site);
            release(sheet, body.band(0.0, 18.0), counts);
            totals(sheet, body.band(22.0, 66.0), counts);
            let [ages, needs] = body.band(94.0, HEAD + ROW * f32::from(ROWS)).columns([91.0, 95.0]);
            table(sheet, ages, "年代", page_of(&counts.age_bands, place));
            table(sheet, needs.after(4.0), "必要な こと", page_of(&counts.needs, place));
            self.footing(sheet, page, place, pages);
        })
    }
}

fn page_of(counts: &[Count], place: usize) -> &[Count] {
    counts.chunks(PER_PAGE).nth(place).unwrap_or_default()
}

fn release(sheet: &mut Sheet<'_, '_>, area: Area, counts: &Counts<'_>) {
    let [version, rest] = area.columns([40.0, area.width - 40.0]);
    sheet.frame(version, Thickness::Thick);
    sheet.text(version.inset(2.0), &format!("第{}版", counts.version), Style::bold(28.0).centred());
    let period = format!("{} から {} まで", time::full(counts.from), time::short(counts.until));
    let released = format!("{}  {}", counts.released_by.expose(), time::full(counts.released_at));
    for (row, (name, value)) in rest.grid(1, 2).zip([("期間", period), ("発表", released)]) {
        let [head, cell] = row.columns([20.0, row.width - 20.0]);
        sheet.head(head, name);
        sheet.frame(cell, Thickness::Normal);
        sheet.cell(cell, &value, Style::regular(14.0));
    }
}

fn totals(sheet: &mut Sheet<'_, '_>, area: Area, counts: &Counts<'_>) {
    let large = [("いま いる 人", counts.people, "人"), ("世帯", counts.households, "世帯")];
    for (cell, total) in area.band(0.0, 36.0).grid(2, 1).zip(large) {
        total_box(sheet, cell, total, 54.0);
    }
    let small = [
        ("昼の 人数", counts.by_day, "人"),
        ("夜の 人数", counts.by_night, "人"),
        ("新しく 来た", counts.arrived, "人"),
        ("出た", counts.left, "人"),
    ];
    for (cell, total) in area.band(38.0, 28.0).grid(4, 1).zip(small) {
        total_box(sheet, cell, total, 30.0);
    }
}

fn total_box(sheet: &mut Sheet<'_, '_>, cell: Area, (name, value, unit): (&str, u32, &str), size: f32) {
    sheet.head(cell.band(0.0, 8.0), "");
    sheet.text(cell.band(0.0, 8.0), name, Style::bold(14.0).centred());
    sheet.frame(cell, Thickness::Normal);
    let [number, units] =
        cell.part(1.0, 8.0, cell.width - 2.0, cell.height - 8.0).columns([cell.width - 15.0, 13.0]);
    sheet.text(number, &value.to_string(), Style::bold(size).right());
    let low = units.part(0.0, units.height - 12.0, units.width, 10.0);
    sheet.cell(low, unit, Style::regular(14.0));
}

fn table(sheet: &mut Sheet<'_, '_>, area: Area, title: &str, counts: &[Count]) {
    sheet.head(area.band(0.0, HEAD), "");
    sheet.text(area.band(0.0, HEAD), title, Style::bold(14.0).centred());
    let rows = area.band(HEAD, area.height - HEAD).grid(1, ROWS);
    for (row, Count { label, people }) in rows.zip(counts) {
        sheet.frame(row, Thickness::Hair);
        let [name, number] = row.columns([row.width - 30.0, 30.0]);
        sheet.cell(name, label, Style::regular(14.0));
        sheet.cell(number, &format!("{people} 人"), Style::bold(16.0).right());
    }
}
