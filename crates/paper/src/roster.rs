//! The evacuee list of a site (避難者名簿).

use hinamori_model::{PersonalText, UnixMillis};

use crate::area::Area;
use crate::error::PaperError;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};
use crate::time;

const TITLE: &str = "避難者名簿";
const ROWS: u16 = 22;
const PER_PAGE: usize = 22;
const HEAD: f32 = 8.0;
const ROW: f32 = 10.8;
/// Number, name, state, since when: 186 together.
const COLUMNS: [f32; 4] = [30.0, 82.0, 32.0, 42.0];

/// One person of the list.
#[derive(Debug, Clone)]
pub struct RosterRow {
    /// The receipt number: `1-0042-A`.
    pub number: PersonalText,
    /// The name.
    pub name: PersonalText,
    /// Its reading, or nothing.
    pub kana: PersonalText,
    /// In the screens' words: 在所, 外出, 外泊.
    pub state: String,
    /// Since when.
    pub since: UnixMillis,
}

impl Press<'_> {
    /// The people of a site in the order in which they are given.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn roster(&self, site: &str, rows: &[RosterRow]) -> Result<Vec<u8>, PaperError> {
        let pages = rows.len().div_ceil(PER_PAGE);
        self.print(TITLE, &Format::a4(), pages, |sheet, page, place| {
            let body = self.heading(sheet, page, TITLE, site);
            for (cell, name) in
                body.band(0.0, HEAD).columns(COLUMNS).into_iter().zip(["番号", "氏名", "状態", "いつから"])
            {
                sheet.head(cell, name);
            }
            let shown = rows.chunks(PER_PAGE).nth(place).unwrap_or_default();
            let places = body.band(HEAD, ROW * f32::from(ROWS)).grid(1, ROWS);
            for (area, row) in places.zip(shown) {
                draw(sheet, area, row);
            }
            self.footing(sheet, page, place, pages);
        })
    }
}

fn draw(sheet: &mut Sheet<'_, '_>, area: Area, row: &RosterRow) {
    let RosterRow { number, name, kana, state, since } = row;
    let cells = area.columns(COLUMNS);
    for cell in cells {
        sheet.frame(cell, Thickness::Hair);
    }
    let [numbers, names, states, times] = cells;
    sheet.cell(numbers, number.expose(), Style::bold(14.0));
    sheet.cell(names.band(0.5, 3.9), kana.expose(), Style::regular(10.0));
    sheet.cell(names.band(4.3, 6.2), name.expose(), Style::bold(15.0));
    sheet.cell(states, state, Style::regular(13.0));
    sheet.cell(times, &time::short(*since), Style::regular(13.0).right());
}
