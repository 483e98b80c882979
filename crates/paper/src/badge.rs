//! Badges (名札): ten business cards on an A4 sheet, to stick on or to hang from the neck.

use hinamori_model::PersonalText;

use crate::area::Area;
use crate::code::BadgeCode;
use crate::error::PaperError;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};

const COLUMNS: u16 = 2;
const ROWS: u16 = 5;
const PER_SHEET: usize = 10;
/// A badge in millimetres: a business card as it is cut in Japan, one millimetre lower so that the margins stay
/// white.
const WIDTH: f32 = 91.0;
const HEIGHT: f32 = 54.0;

/// One badge.
#[derive(Debug, Clone)]
pub struct Badge {
    /// Number and letter: `1-0042-A`.
    pub number: PersonalText,
    /// What a lane reads.
    pub code: BadgeCode,
    /// The name that the person wants to be called by. Without one there is a line to write it on.
    pub called_name: Option<PersonalText>,
}

impl Press<'_> {
    /// A4 sheets of ten badges each with marks to cut along.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn badge_sheet(&self, site: &str, badges: &[Badge]) -> Result<Vec<u8>, PaperError> {
        let sheets = badges.len().div_ceil(PER_SHEET);
        self.print("名札", &Format::a4(), sheets, |sheet, page, place| {
            let (width, height) = (WIDTH * f32::from(COLUMNS), HEIGHT * f32::from(ROWS));
            let block = page.part((page.width - width) / 2.0, (page.height - height) / 2.0, width, height);
            let shown = badges.chunks(PER_SHEET).nth(place).unwrap_or_default();
            for (area, badge) in block.grid(COLUMNS, ROWS).zip(shown) {
                self.badge(sheet, area.inset(4.0), site, badge);
            }
            cut_marks(sheet, block);
        })
    }

    fn badge(&self, sheet: &mut Sheet<'_, '_>, area: Area, site: &str, badge: &Badge) {
        let Badge { number, code, called_name } = badge;
        code.draw(sheet, area.part(-2.0, 5.0, 43.0, 43.0));
        let head = sheet.drill_label(area.band(0.0, 6.0), 14.0);
        sheet.text(head, &format!("{} {site}", self.town), Style::regular(10.0));
        let side = area.part(43.0, 8.0, area.width - 43.0, area.height - 8.0);
        sheet.text(side.band(0.0, 11.0), number.expose(), Style::bold(26.0));
        sheet.text(side.band(14.0, 5.0), "呼び名", Style::regular(10.0));
        if let Some(name) = called_name {
            sheet.text(side.band(19.0, 13.0), name.expose(), Style::bold(24.0));
        }
        sheet.line((side.left, side.top + 33.0), (side.right(), side.top + 33.0), Thickness::Normal);
    }
}

/// A small cross at each corner of each badge: to lay a ruler on.
fn cut_marks(sheet: &mut Sheet<'_, '_>, block: Area) {
    const ARM: f32 = 1.4;
    for row in 0..=ROWS {
        for column in 0..=COLUMNS {
            let (x, y) = (block.left + WIDTH * f32::from(column), block.top + HEIGHT * f32::from(row));
            sheet.line((x - ARM, y), (x + ARM, y), Thickness::Hair);
            sheet.line((x, y - ARM), (x, y + ARM), Thickness::Hair);
        }
    }
}
