//! 定時報告: the figures of an hour, frozen, with who checked and who released them.
//!
//! A report never changes. What was wrong in it is put right by a new version that names the one it corrects and what
//! changed; only that is told again ([`ScheduledReport::correction_csv`]).

use hinamori_model::{PersonalText, SiteId, UnixMillis};

use crate::canonical::Canonical;
use crate::column::Column;
use crate::csv::CsvFile;
use crate::figures::{Figures, MOST_NAME_BYTES};
use crate::occasion::word;
use crate::sheet::{Audience, Cell, Sheet};
use crate::time;

/// Who answers for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who checked the figures.
    pub checked_by: PersonalText,
    /// Who let them go.
    pub released_by: PersonalText,
    /// When.
    pub at: UnixMillis,
}

/// What a correction changed in one cell of headquarters' sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The site; `None` for the town's row.
    pub site: Option<SiteId>,
    /// The kind of count.
    pub column: Column,
    /// The count before; `None` for a site that was not in the report.
    pub before: Option<u32>,
    /// The count now; `None` for a site that is not in it any more.
    pub after: Option<u32>,
}

/// What makes a report a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The version that it corrects.
    pub version: u32,
    /// What changed. It may be empty when only words or places of sites did.
    pub changes: Vec<Change>,
}

/// A report that is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Released before its hour.
    #[error("released before the end of its period")]
    BeforeItsHour,
    /// A correction released before what it corrects.
    #[error("released before the version that it corrects")]
    BeforeTheCorrected,
    /// A correction is of another incident, of another mode, or of another period.
    #[error("a correction has the incident, the mode and the period of what it corrects")]
    OtherReport,
    /// A correction that changes nothing.
    #[error("nothing differs from version {version}")]
    NothingChanged {
        /// The version that was to be corrected.
        version: u32,
    },
    /// A name is empty or too long.
    #[error("a name of {bytes} bytes, not between 1 and {MOST_NAME_BYTES}")]
    BadName {
        /// Its length.
        bytes: usize,
    },
    /// Versions have run out.
    #[error("no version after {}", u32::MAX)]
    NoMoreVersions,
}

/// One version of the report of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledReport {
    figures: Figures,
    version: u32,
    release: Release,
    correction: Option<Correction>,
}

impl ScheduledReport {
    /// The first version for an hour.
    ///
    /// # Errors
    /// [`ReportError`] when it is released before its hour, or a name is missing or too long.
    pub fn release(figures: Figures, release: Release) -> Result<Self, ReportError> {
        check(&figures, &release)?;
        Ok(Self { figures, version: 1, release, correction: None })
    }

    /// The next version, with other figures for the same hour.
    ///
    /// # Errors
    /// [`ReportError`] as for [`Self::release`]; when the figures are of another incident, mode or period, so that
    /// no drill corrects a live report; and when nothing differs.
    pub fn correct(&self, figures: Figures, release: Release) -> Result<Self, ReportError> {
        check(&figures, &release)?;
        if figures.occasion() != self.figures.occasion() || figures.period() != self.figures.period() {
            return Err(ReportError::OtherReport);
        }
        if release.at < self.release.at {
            return Err(ReportError::BeforeTheCorrected);
        }
        let [before, after] = [&self.figures, &figures].map(|figures| figures.sheet(Audience::Headquarters));
        if before == after {
            return Err(ReportError::NothingChanged { version: self.version });
        }
        let version = self.version.checked_add(1).ok_or(ReportError::NoMoreVersions)?;
        let changes = difference(&before, &after);
        let correction = Some(Correction { version: self.version, changes });
        Ok(Self { figures, version, release, correction })
    }

    /// Which version of its hour: 1, then one more with each correction.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Who answers for it.
    pub const fn released(&self) -> &Release {
        &self.release
    }

    /// What it corrects, if it is a correction.
    pub const fn correction(&self) -> Option<&Correction> {
        self.correction.as_ref()
    }

    /// The figures for an audience, with the version in every row; for headquarters also who answers for them.
    pub fn sheet(&self, audience: Audience) -> Sheet {
        self.figures.sheet(audience).issued(self.version, &self.release)
    }

    /// The bytes that the caller signs: the whole report as headquarters get it, its mode in the title. So a drill's
    /// signature fits no live report, and how many are hidden stands nowhere in them.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let occasion = self.figures.occasion();
        let period = self.figures.period();
        let mut out = Canonical::new(&format!("hinamori scheduled report 1 {}", word(occasion.mode)));
        out.bytes(occasion.incident.as_bytes()).text(&occasion.name);
        out.number(period.from.get()).number(period.until.get()).number(u64::from(self.version));
        let Release { checked_by, released_by, at } = &self.release;
        out.text(checked_by.expose()).text(released_by.expose()).number(at.get());
        // A version counts from 1, so that 0 is none.
        match &self.correction {
            None => out.number(0).length(0),
            Some(Correction { version, changes }) => {
                out.number(u64::from(*version)).length(changes.len());
                changes.iter().for_each(|change| write_change(&mut out, change));
                &mut out
            }
        };
        write_sheet(&mut out, &self.sheet(Audience::Headquarters));
        out.into_bytes()
    }

    /// A correction for headquarters: a row for each count that changed, and no other. `None` for a first version.
    pub fn correction_csv(&self) -> Option<Vec<u8>> {
        let Correction { version, changes } = self.correction.as_ref()?;
        let mut file = CsvFile::new();
        file.record([
            "区分",
            "災害事案",
            "時点",
            "版",
            "訂正した版",
            "拠点ID",
            "項目",
            "訂正前",
            "訂正後",
            "確認者",
            "発表者",
            "発表日時",
        ]);
        let occasion = self.figures.occasion();
        let Release { checked_by, released_by, at } = &self.release;
        for change in changes {
            let count = |count: Option<u32>| count.map_or_else(String::new, |count| count.to_string());
            file.text(occasion.mark()).text(&occasion.name).text(&time::japan(self.figures.period().until));
            file.number(self.version).number(version);
            file.text(&change.site.map_or_else(|| "計".to_owned(), |site| site.to_string()));
            file.text(change.column.header()).text(&count(change.before)).text(&count(change.after));
            file.text(checked_by.expose()).text(released_by.expose()).text(&time::japan(*at));
            file.end();
        }
        Some(file.into_bytes())
    }
}

fn check(figures: &Figures, release: &Release) -> Result<(), ReportError> {
    if release.at < figures.period().until {
        return Err(ReportError::BeforeItsHour);
    }
    for name in [&release.checked_by, &release.released_by] {
        let bytes = name.expose().len();
        if !(1..=MOST_NAME_BYTES).contains(&bytes) {
            return Err(ReportError::BadName { bytes });
        }
    }
    Ok(())
}

/// What differs in two sheets of headquarters, by site and then by column, the town's row last.
pub fn difference(before: &Sheet, after: &Sheet) -> Vec<Change> {
    let rows = |sheet: &Sheet| {
        sheet
            .rows()
            .iter()
            .map(|row| (row.site.id, row.cells.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let (old, new) = (rows(before), rows(after));
    let sites: std::collections::BTreeSet<SiteId> = old.keys().chain(new.keys()).copied().collect();
    let of_sites = sites.into_iter().map(|site| (Some(site), old.get(&site), new.get(&site)));
    let (old_town, new_town) = (before.town().to_vec(), after.town().to_vec());
    let of_town = std::iter::once((None, Some(&old_town), Some(&new_town)));
    let count = |cells: Option<&Vec<Cell>>, at: usize| {
        cells.and_then(|cells| cells.get(at)).and_then(|cell| cell.count())
    };
    of_sites
        .chain(of_town)
        .flat_map(|(site, old, new)| {
            let change = move |(at, column): (usize, &Column)| {
                let (before, after) = (count(old, at), count(new, at));
                (before != after).then_some(Change { site, column: *column, before, after })
            };
            after.columns().iter().enumerate().filter_map(change).collect::<Vec<_>>()
        })
        .collect()
}

fn write_change(out: &mut Canonical, change: &Change) {
    let Change { site, column, before, after } = change;
    out.bytes(site.as_ref().map_or(&[], |site| site.as_bytes().as_slice())).text(column.key());
    for count in [before, after] {
        write_count(out, *count);
    }
}

fn write_count(out: &mut Canonical, count: Option<u32>) {
    // One more than the count, so that 0 is none.
    out.number(count.map_or(0, |count| u64::from(count) + 1));
}

fn write_sheet(out: &mut Canonical, sheet: &Sheet) {
    out.length(sheet.columns().len());
    for column in sheet.columns() {
        out.text(column.key());
    }
    out.length(sheet.rows().len());
    for row in sheet.rows() {
        out.bytes(row.site.id.as_bytes()).text(&row.site.name);
        // The bits of a number of degrees, one way to write each; nothing where there is no position.
        let degrees = row.site.position.map(|at| [at.longitude().to_bits(), at.latitude().to_bits()]);
        out.length(degrees.iter().flatten().count());
        degrees.iter().flatten().for_each(|bits| {
            out.number(*bits);
        });
        row.cells.iter().for_each(|cell| write_count(out, cell.count()));
    }
    sheet.town().iter().for_each(|cell| write_count(out, cell.count()));
}

#[cfg(test)]
mod tests;
