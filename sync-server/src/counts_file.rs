//! `hinamori-server counts`: the figures as they are now, or were at an hour, in files.

use std::path::PathBuf;

use hinamori_model::{Mode, PersonalText, UnixMillis};
use hinamori_paper::{Count, Counts, Mode as PaperMode, Press};
use hinamori_report::{AgeBand, Audience, Cell, Column, Hxl, Need, Period, Sheet};

use crate::data::DataFolder;
use crate::figures::HOUR_MILLIS;
use crate::hall::{Hall, HallError, WhichIncident, write_out};
use crate::paper::fonts;

/// Which figures are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedFigures {
    /// Of which incident.
    pub incident: WhichIncident,
    /// Until when; now, where nothing is said.
    pub until: Option<UnixMillis>,
    /// How many hours before that count as its period.
    pub hours: u32,
}

impl AskedFigures {
    pub(crate) fn period(self, now: UnixMillis) -> Period {
        let until = self.until.unwrap_or(now);
        let long = u64::from(self.hours).saturating_mul(HOUR_MILLIS);
        Period { from: UnixMillis::new(until.get().saturating_sub(long)), until }
    }
}

/// In which files figures are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetFiles {
    /// CSV with HXL tags.
    pub csv: Option<PathBuf>,
    /// GeoJSON.
    pub geo_json: Option<PathBuf>,
    /// A page to print; headquarters' figures only.
    pub pdf: Option<PathBuf>,
    /// Only what everybody may read.
    pub public: bool,
}

impl SheetFiles {
    pub(crate) const fn audience(&self) -> Audience {
        if self.public { Audience::Everybody } else { Audience::Headquarters }
    }

    /// Writes a sheet to every file that is asked for. Nobody is named in it.
    pub(crate) fn write(
        &self,
        town: &str,
        sheet: &Sheet,
        mode: Mode,
        now: UnixMillis,
    ) -> Result<(), HallError> {
        let Self { csv, geo_json, pdf, public } = self;
        if csv.is_none() && geo_json.is_none() && pdf.is_none() {
            return Err(HallError::Asked("say at least one of --csv, --geojson and --pdf"));
        }
        if *public && pdf.is_some() {
            return Err(HallError::Asked("the page to print has every count: it is not made for the public"));
        }
        for (kind, file) in [(SheetKind::Csv, csv), (SheetKind::GeoJson, geo_json), (SheetKind::Pdf, pdf)] {
            if let Some(file) = file {
                write_out(file, &kind.bytes(town, sheet, mode, now)?)?;
            }
        }
        Ok(())
    }
}

/// A form in which a sheet is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SheetKind {
    /// With HXL tags.
    Csv,
    GeoJson,
    /// A page to print; of headquarters' sheets only.
    Pdf,
}

impl SheetKind {
    /// The file. Nobody of whom a sheet counts is named in it.
    pub(crate) fn bytes(
        self,
        town: &str,
        sheet: &Sheet,
        mode: Mode,
        now: UnixMillis,
    ) -> Result<Vec<u8>, HallError> {
        match self {
            Self::Csv => Ok(sheet.csv(Hxl::Write)),
            Self::GeoJson => Ok(sheet.geo_json()?),
            Self::Pdf => page(town, sheet, mode, now),
        }
    }
}

/// Counts and writes.
///
/// # Errors
/// [`HallError`].
pub fn write_counts(
    folder: &DataFolder,
    asked: AskedFigures,
    files: &SheetFiles,
    now: UnixMillis,
) -> Result<(), HallError> {
    let hall = Hall::open(folder)?;
    let mode = asked.incident.into();
    let figures = hall.figures(mode, asked.period(now), now)?;
    files.write(&hall.package.name, &figures.sheet(files.audience()), mode, now)
}

/// The town's row of headquarters' sheet as a page.
fn page(town: &str, sheet: &Sheet, mode: Mode, now: UnixMillis) -> Result<Vec<u8>, HallError> {
    let count = |column: Column| {
        let cells = sheet.columns().iter().zip(sheet.town());
        cells.filter(|(of, _)| **of == column).find_map(|(_, cell): (_, &Cell)| cell.count()).unwrap_or(0)
    };
    let row = |column: Column| Count { label: column.header().to_owned(), people: count(column) };
    let needs = Need::ALL.map(|need| row(Column::Need(need))).into_iter().filter(|row| row.people > 0);
    let (released_by, released_at) = match sheet.release() {
        Some(release) => (release.released_by.clone(), release.at),
        None => (PersonalText::new("発表前の集計"), now),
    };
    let counts = Counts {
        site: "町ぜんたい",
        version: sheet.version().unwrap_or(0),
        from: sheet.period().from,
        until: sheet.period().until,
        released_by,
        released_at,
        people: count(Column::InShelter),
        households: count(Column::Households),
        by_day: count(Column::ByDay),
        by_night: count(Column::ByNight),
        arrived: count(Column::Arrived),
        left: count(Column::Left),
        age_bands: AgeBand::ALL.map(|band| row(Column::Age(band))).into(),
        needs: needs.collect(),
    };
    let fonts = fonts()?;
    Ok(Press { fonts: &fonts, mode: paper_mode(mode), town, printed_at: now }.counts_sheet(&counts)?)
}

/// Whether paper wears 訓練.
pub(crate) const fn paper_mode(mode: Mode) -> PaperMode {
    match mode {
        Mode::Drill => PaperMode::Drill,
        Mode::Live | Mode::DailyLife => PaperMode::Live,
    }
}
