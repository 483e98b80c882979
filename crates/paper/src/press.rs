//! What every document shares: pages, the head and foot of a page, drill or live.

use hinamori_model::UnixMillis;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};

use crate::area::Area;
use crate::error::{MOST_PAGES, PaperError};
use crate::fonts::Fonts;
use crate::sheet::{POINTS, Sheet, Style, Thickness};
use crate::time;

/// White on every side of a page, in millimetres: no printer reaches further.
pub(crate) const MARGIN: f32 = 12.0;
/// The height of the head of an A4 page with the white below it.
const HEADING: f32 = 19.0;
/// The height of the foot.
const FOOTING: f32 = 7.0;

/// Whether this is real. There is no default: whoever prints says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A disaster, or daily life.
    Live,
    /// A drill: every page, card and badge wears 訓練.
    Drill,
}

/// Makes documents: one method for each, in the files of their names. The same values give the same bytes.
///
/// All methods fail with [`PaperError::TooManyPages`] above [`MOST_PAGES`] pages, with [`PaperError::Empty`] when
/// they are given nothing to print, and with [`PaperError::Writing`] when a font turns out to be broken.
pub struct Press<'a> {
    /// The typeface.
    pub fonts: &'a Fonts,
    /// Real or drill.
    pub mode: Mode,
    /// The town's name.
    pub town: &'a str,
    /// When it is printed: stands on the paper and in the file.
    pub printed_at: UnixMillis,
}

/// A kind of page: its size in millimetres and what is drawn on it one by one.
pub(crate) struct Format {
    width: f32,
    height: f32,
    /// The pages or cards of one sheet, margins off.
    parts: Vec<Area>,
}

impl Format {
    /// A page with one part.
    pub(crate) fn page(width: f32, height: f32, margin: f32) -> Self {
        Self { width, height, parts: vec![Area::new(0.0, 0.0, width, height).inset(margin)] }
    }

    pub(crate) fn a4() -> Self {
        Self::page(210.0, 297.0, MARGIN)
    }

    /// A4 on its side, two A5 pages beside each other.
    pub(crate) fn halves() -> Self {
        let half = |left| Area::new(left, 0.0, 148.5, 210.0).inset(MARGIN);
        Self { width: 297.0, height: 210.0, parts: vec![half(0.0), half(148.5)] }
    }
}

impl Press<'_> {
    /// Draws `count` parts with `draw`, which gets each one's area and place, from 0.
    pub(crate) fn print(
        &self,
        title: &str,
        format: &Format,
        count: usize,
        mut draw: impl FnMut(&mut Sheet<'_, '_>, Area, usize),
    ) -> Result<Vec<u8>, PaperError> {
        let pages = count.div_ceil(format.parts.len());
        match pages {
            0 => return Err(PaperError::Empty),
            1..=MOST_PAGES => {}
            _ => return Err(PaperError::TooManyPages { pages }),
        }
        // XMP would repeat the metadata in a longer form.
        let settings = SerializeSettings { xmp_metadata: false, ..SerializeSettings::default() };
        let mut document = Document::new_with(settings);
        document.set_metadata(self.metadata(title));
        let mut places = 0..count;
        for _ in 0..pages {
            let size = PageSettings::from_wh(format.width * POINTS, format.height * POINTS);
            let mut page = document.start_page_with(size.unwrap_or_default());
            let mut surface = page.surface();
            let mut sheet = Sheet::new(&mut surface, self.fonts, self.mode);
            for (area, place) in format.parts.iter().zip(places.by_ref()) {
                sheet.drill_mark(*area);
                draw(&mut sheet, *area, place);
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(PaperError::Writing)
    }

    /// The head of an A4 page: what it is, of which town and place. Gives the area between head and foot.
    pub(crate) fn heading(&self, sheet: &mut Sheet<'_, '_>, page: Area, title: &str, place: &str) -> Area {
        let row = page.band(0.0, HEADING - 5.0);
        let rest = sheet.drill_label(row, 26.0);
        let (left, right) =
            (rest.part(0.0, 0.0, rest.width * 0.5, rest.height), rest.after(rest.width * 0.52));
        sheet.text(left, title, Style::bold(24.0));
        sheet.text(right.band(0.0, 7.0), self.town, Style::regular(12.0).right());
        sheet.text(right.band(6.5, 7.0), place, Style::bold(16.0).right());
        let rule = row.bottom() + 1.5;
        sheet.line((page.left, rule), (page.right(), rule), Thickness::Thick);
        page.part(0.0, HEADING, page.width, page.height - HEADING - FOOTING)
    }

    /// The foot of an A4 page: when it was printed, and which of how many pages it is.
    pub(crate) fn footing(&self, sheet: &mut Sheet<'_, '_>, page: Area, place: usize, pages: usize) {
        let row = page.band(page.height - 5.0, 5.0);
        sheet.text(row, &format!("印刷 {}", time::full(self.printed_at)), Style::regular(10.0));
        sheet.text(row, &format!("{} / {pages} ページ", place + 1), Style::bold(12.0).right());
    }

    fn metadata(&self, title: &str) -> Metadata {
        let time = time::civil(self.printed_at);
        let part = |value: i8| u8::try_from(value).unwrap_or(0);
        let date = DateTime::new(u16::try_from(time.year()).unwrap_or(0))
            .month(part(time.month()))
            .day(part(time.day()))
            .hour(part(time.hour()))
            .minute(part(time.minute()))
            .second(part(time.second()))
            .utc_offset_hour(9)
            .utc_offset_minute(0);
        let title = match self.mode {
            Mode::Live => title.to_owned(),
            Mode::Drill => format!("【訓練】{title}"),
        };
        Metadata::new().title(title).language("ja".to_owned()).creation_date(date)
    }
}
