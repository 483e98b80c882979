//! 定時報告: frozen at an hour, checked by one, released by another, and kept for ever with every version.
//!
//! One file for each hour and incident in the folder `reports`: `live-UNTIL.json`, where UNTIL is the end of its period in
//! milliseconds. Every released version is signed with the server's key `keys/report`, and whoever reads a file checks all
//! of them. A correction is the next version; nothing is announced again by itself.

use std::path::{Path, PathBuf};

use hinamori_model::{IncidentId, Mode, PersonalText, SiteId, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_report::{Figures, Occasion, Period, Position, Release, ScheduledReport, Site, SiteFigures};
use serde::{Deserialize, Serialize};

use crate::counts_file::{AskedFigures, SheetFiles};
use crate::data::{DataError, DataFolder, Keys};
use crate::figures::HOUR_MILLIS;
use crate::hall::{Hall, HallError, WhichIncident, write_out};
use crate::hex;
use crate::server_key::ServerKey;

/// In the data folder.
const FOLDER: &str = "reports";
/// Ahead of the signed bytes.
const DOMAIN: &[u8] = b"hinamori report signature/v1";
/// Bytes of a file: a thousand sites and some hundred corrections.
const LONGEST: u64 = 256 << 20;

/// The figures of a version, as they are kept.
#[derive(Clone, Serialize, Deserialize)]
struct Frozen {
    sites: Vec<FrozenSite>,
    households: u32,
}

#[derive(Clone, Serialize, Deserialize)]
struct FrozenSite {
    id: SiteId,
    name: String,
    /// Millionths of a degree, east and north.
    position: Option<(i32, i32)>,
    figures: SiteFigures,
}

/// Frozen and not released yet.
#[derive(Serialize, Deserialize)]
struct Waiting {
    frozen_at: UnixMillis,
    counts: Frozen,
    checked_by: Option<PersonalText>,
}

#[derive(Serialize, Deserialize)]
struct Version {
    counts: Frozen,
    checked_by: PersonalText,
    released_by: PersonalText,
    released_at: UnixMillis,
    signature: String,
}

/// Why a step is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTheTurn {
    /// Of that hour nothing was frozen.
    #[error("there is no report of that hour: freeze one first")]
    NoReport,
    /// A released hour is not frozen again.
    #[error("that hour is released: correct it instead")]
    Released,
    /// Nothing was frozen since the last release.
    #[error("nothing waits to be checked or released: freeze it first")]
    NothingWaits,
    /// Somebody froze it anew since whoever does the step looked at it.
    #[error("the figures were frozen anew meanwhile: look at them again")]
    OtherFigures,
    /// Checking comes before releasing.
    #[error("nobody has checked it yet")]
    Unchecked,
    /// Two people answer for a report.
    #[error("whoever checked it cannot release it too")]
    SamePerson,
    /// Only what was released is corrected.
    #[error("nothing of that hour is released")]
    NothingReleased,
}

impl Waiting {
    fn is_what_was_seen(&self, seen: Option<UnixMillis>) -> Result<(), NotTheTurn> {
        if seen.is_none_or(|seen| seen == self.frozen_at) { Ok(()) } else { Err(NotTheTurn::OtherFigures) }
    }
}

/// Everything of one hour.
#[derive(Serialize, Deserialize)]
struct Hour {
    mode: Mode,
    incident: IncidentId,
    name: String,
    from: UnixMillis,
    until: UnixMillis,
    waiting: Option<Waiting>,
    versions: Vec<Version>,
}

impl Frozen {
    fn of(figures: &Figures) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a position was made of millionths in an i32")]
        let millionths = |degrees: f64| (degrees * 1e6).round() as i32;
        let site = |(site, counts): &(Site, SiteFigures)| FrozenSite {
            id: site.id,
            name: site.name.clone(),
            position: site.position.map(|at| (millionths(at.longitude()), millionths(at.latitude()))),
            figures: counts.clone(),
        };
        Self { sites: figures.sites().iter().map(site).collect(), households: figures.households() }
    }

    fn figures(&self, hour: &Hour) -> Result<Figures, HallError> {
        let site = |frozen: &FrozenSite| -> Result<_, HallError> {
            let position = frozen.position.map(|(east, north)| Position::from_millionths(east, north));
            let site = Site { id: frozen.id, name: frozen.name.clone(), position: position.transpose()? };
            Ok((site, frozen.figures.clone()))
        };
        let sites: Result<Vec<_>, _> = self.sites.iter().map(site).collect();
        let occasion = Occasion { mode: hour.mode, incident: hour.incident, name: hour.name.clone() };
        let period = Period { from: hour.from, until: hour.until };
        Ok(Figures::new(occasion, period, sites?, self.households)?)
    }
}

impl Hour {
    /// Every released version, each checked.
    fn reports(&self, key: &ServerKey, file: &Path) -> Result<Vec<ScheduledReport>, HallError> {
        let mut reports: Vec<ScheduledReport> = Vec::new();
        for version in &self.versions {
            let release = Release {
                checked_by: version.checked_by.clone(),
                released_by: version.released_by.clone(),
                at: version.released_at,
            };
            let figures = version.counts.figures(self)?;
            let report = match reports.last() {
                None => ScheduledReport::release(figures, release)?,
                Some(before) => before.correct(figures, release)?,
            };
            let signature = hex::bytes(&version.signature).unwrap_or_default();
            if !key.signed(DOMAIN, &report.signed_bytes(), &signature) {
                return Err(DataError::Damaged { file: file.to_owned() }.into());
            }
            reports.push(report);
        }
        Ok(reports)
    }
}

/// The reports of a data folder.
struct Reports<'a> {
    folder: PathBuf,
    key: &'a ServerKey,
}

impl<'a> Reports<'a> {
    fn new(folder: &DataFolder, keys: &'a Keys) -> Self {
        Self { folder: folder.path().join(FOLDER), key: &keys.report }
    }

    fn name(mode: Mode, until: UnixMillis) -> String {
        format!("{}-{}.json", word(mode), until.get())
    }

    fn failed(&self, name: &str, source: std::io::Error) -> HallError {
        DataError::File { file: self.folder.join(name), source }.into()
    }

    /// The hours of a mode, the oldest first.
    fn hours(&self, mode: Mode) -> Result<Vec<UnixMillis>, HallError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("", error)),
        };
        let mut hours = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| self.failed("", error))?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
            let until = name.and_then(|name| name.strip_prefix(word(mode))?.strip_prefix('-')?.parse().ok());
            hours.extend(until.map(UnixMillis::new));
        }
        hours.sort_unstable();
        Ok(hours)
    }

    fn read(&self, mode: Mode, until: UnixMillis) -> Result<Option<(Hour, Vec<ScheduledReport>)>, HallError> {
        let name = Self::name(mode, until);
        let bytes = private_file::read(&self.folder, &name, LONGEST);
        let Some(bytes) = bytes.map_err(|error| self.failed(&name, error))? else { return Ok(None) };
        let file = self.folder.join(&name);
        let damaged = || DataError::Damaged { file: file.clone() };
        let hour: Hour = serde_json::from_slice(&bytes).map_err(|_malformed| damaged())?;
        if hour.mode != mode || hour.until != until {
            return Err(damaged().into());
        }
        let reports = hour.reports(self.key, &file)?;
        Ok(Some((hour, reports)))
    }

    fn save(&self, hour: &Hour) -> Result<(), HallError> {
        let name = Self::name(hour.mode, hour.until);
        let failed = |error| self.failed(&name, error);
        let bytes = serde_json::to_vec(hour).map_err(|error| failed(error.into()))?;
        private_file::private_folder(&self.folder).map_err(failed)?;
        private_file::replace(&self.folder, &name, &bytes).map_err(failed)
    }

    /// The hour that is asked for, or the latest one.
    fn find(&self, mode: Mode, until: Option<UnixMillis>) -> Result<(Hour, Vec<ScheduledReport>), HallError> {
        let Some(until) = until.or(self.hours(mode)?.pop()) else { return Err(NotTheTurn::NoReport.into()) };
        Ok(self.read(mode, until)?.ok_or(NotTheTurn::NoReport)?)
    }
}

const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::DailyLife => "daily_life",
        Mode::Live => "live",
        Mode::Drill => "drill",
    }
}

/// Which report is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhichReport {
    /// Of which incident.
    pub incident: WhichIncident,
    /// The end of its period; the latest one where nothing is said, and for freezing the last full hour.
    pub until: Option<UnixMillis>,
}

/// What is done with a report.
#[derive(Debug, Clone)]
pub enum ReportStep {
    /// The figures of the hour are kept as they are known now.
    Freeze {
        /// Hours of the period.
        hours: u32,
    },
    /// Somebody says that the frozen figures are right.
    Check {
        /// Who.
        by: PersonalText,
        /// When the figures were frozen that they looked at; whatever waits, where nothing is said.
        seen: Option<UnixMillis>,
    },
    /// Somebody else lets them go.
    Release {
        /// Who.
        by: PersonalText,
        /// When the figures were frozen that they looked at; whatever waits, where nothing is said.
        seen: Option<UnixMillis>,
    },
    /// The figures of a released hour are frozen anew, to be checked and released as its next version.
    Correct,
}

/// Does one step. What it says names the hour and the version.
///
/// # Errors
/// [`HallError`]; nothing is changed then.
pub fn report_step(
    folder: &DataFolder,
    which: WhichReport,
    step: ReportStep,
    user: &str,
    now: UnixMillis,
) -> Result<String, HallError> {
    let hall = Hall::open(folder)?;
    let reports = Reports::new(folder, &hall.keys);
    let _locked = folder.lock()?;
    let mode = Mode::from(which.incident);
    match step {
        ReportStep::Freeze { hours } => {
            let until = which.until.unwrap_or(UnixMillis::new(now.get() / HOUR_MILLIS * HOUR_MILLIS));
            if reports.read(mode, until)?.is_some_and(|(hour, _)| !hour.versions.is_empty()) {
                return Err(NotTheTurn::Released.into());
            }
            let period = AskedFigures { incident: which.incident, until: Some(until), hours }.period(now);
            let figures = hall.figures(mode, period, now)?;
            let Occasion { incident, name, .. } = figures.occasion().clone();
            let waiting = Some(Waiting { frozen_at: now, counts: Frozen::of(&figures), checked_by: None });
            let Period { from, until } = period;
            hall.note(user, "report freeze", mode, 0, now)?;
            reports.save(&Hour { mode, incident, name, from, until, waiting, versions: Vec::new() })?;
            Ok(format!("frozen {}", until.get()))
        }
        ReportStep::Check { by, seen } => {
            let (mut hour, _) = reports.find(mode, which.until)?;
            let waiting = hour.waiting.as_mut().ok_or(NotTheTurn::NothingWaits)?;
            waiting.is_what_was_seen(seen)?;
            waiting.checked_by = Some(by);
            hall.note(user, "report check", mode, 0, now)?;
            reports.save(&hour)?;
            Ok(format!("checked {}", hour.until.get()))
        }
        ReportStep::Release { by, seen } => {
            let (mut hour, released) = reports.find(mode, which.until)?;
            let waiting = hour.waiting.take().ok_or(NotTheTurn::NothingWaits)?;
            waiting.is_what_was_seen(seen)?;
            let checked_by = waiting.checked_by.ok_or(NotTheTurn::Unchecked)?;
            if checked_by == by {
                return Err(NotTheTurn::SamePerson.into());
            }
            let release = Release { checked_by: checked_by.clone(), released_by: by.clone(), at: now };
            let figures = waiting.counts.figures(&hour)?;
            let report = match released.last() {
                None => ScheduledReport::release(figures, release)?,
                Some(before) => before.correct(figures, release)?,
            };
            let signature = hex::text(&reports.key.sign(DOMAIN, &report.signed_bytes()));
            let (counts, released_at) = (waiting.counts, now);
            hour.versions.push(Version { counts, checked_by, released_by: by, released_at, signature });
            hall.note(user, "report release", mode, 0, now)?;
            reports.save(&hour)?;
            Ok(format!("released {} version {}", hour.until.get(), report.version()))
        }
        ReportStep::Correct => {
            let (mut hour, released) = reports.find(mode, which.until)?;
            let before = released.last().ok_or(NotTheTurn::NothingReleased)?;
            let period = Period { from: hour.from, until: hour.until };
            let figures = hall.figures(mode, period, now)?;
            // Refused here already, and not only when two people have looked at it.
            before.correct(figures.clone(), before.released().clone())?;
            hour.waiting = Some(Waiting { frozen_at: now, counts: Frozen::of(&figures), checked_by: None });
            hall.note(user, "report correct", mode, 0, now)?;
            reports.save(&hour)?;
            Ok(format!("frozen anew {}", hour.until.get()))
        }
    }
}

/// A line for each hour: when it ends, how many versions are released, what waits.
///
/// # Errors
/// [`HallError`].
pub fn list_reports(folder: &DataFolder, incident: WhichIncident) -> Result<String, HallError> {
    let keys = folder.keys()?;
    let reports = Reports::new(folder, &keys);
    let mode = Mode::from(incident);
    let mut text = String::new();
    for until in reports.hours(mode)? {
        let Some((hour, released)) = reports.read(mode, until)? else { continue };
        let waits = match &hour.waiting {
            None => "",
            Some(Waiting { checked_by: None, .. }) => ", waits to be checked",
            Some(Waiting { checked_by: Some(_), .. }) => ", waits to be released",
        };
        text.push_str(&format!(
            "{} {} {}: {} released{waits}\n",
            word(mode),
            until.get(),
            time_of(until),
            released.len()
        ));
    }
    Ok(text)
}

fn time_of(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.get() / 1_000).unwrap_or(0);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.display_with_offset(jiff::tz::offset(9)).to_string()
}

/// Which version of a report goes to which files.
#[derive(Debug, Clone)]
pub struct ShownReport {
    /// The hour.
    pub which: WhichReport,
    /// The version; the latest where nothing is said.
    pub version: Option<u32>,
    /// Its counts.
    pub files: SheetFiles,
    /// What it changed, for headquarters (CSV).
    pub changes: Option<PathBuf>,
    /// The bytes that are signed, and behind them the signature (64 bytes).
    pub signed: Option<PathBuf>,
}

/// Writes a released version. The public key of its signature is what it gives back, in hexadecimal.
///
/// # Errors
/// [`HallError`].
pub fn show_report(folder: &DataFolder, shown: &ShownReport, now: UnixMillis) -> Result<String, HallError> {
    let keys = folder.keys()?;
    let (_, package) = folder.town(&keys)?;
    let reports = Reports::new(folder, &keys);
    let mode = Mode::from(shown.which.incident);
    let (hour, released) = reports.find(mode, shown.which.until)?;
    let wanted = |report: &&ScheduledReport| shown.version.is_none_or(|version| report.version() == version);
    let report = released.iter().rfind(wanted);
    let report = report.ok_or(HallError::Asked("no such version is released"))?;
    let mut is_written = false;
    if let Some(file) = &shown.changes {
        let none = HallError::Asked("a first version corrects nothing");
        write_out(file, &report.correction_csv().ok_or(none)?)?;
        is_written = true;
    }
    if let Some(file) = &shown.signed {
        let place = usize::try_from(report.version().saturating_sub(1)).unwrap_or(usize::MAX);
        let signature = hour.versions.get(place).and_then(|version| hex::bytes(&version.signature));
        write_out(file, &[report.signed_bytes(), signature.unwrap_or_default()].concat())?;
        is_written = true;
    }
    if !is_written || shown.files != SheetFiles::default() {
        shown.files.write(&package.name, &report.sheet(shown.files.audience()), mode, now)?;
    }
    Ok(hex::text(&keys.report.public()))
}

/// The reports of an hour as people look at them.
pub(crate) struct ReportedHour {
    pub(crate) period: Period,
    /// The versions, the latest one last.
    pub(crate) released: Vec<ScheduledReport>,
    pub(crate) waiting: Option<WaitingReport>,
}

/// Figures that somebody has to check, or to release.
pub(crate) struct WaitingReport {
    pub(crate) frozen_at: UnixMillis,
    pub(crate) checked_by: Option<PersonalText>,
    pub(crate) figures: Figures,
}

fn reported((hour, released): (Hour, Vec<ScheduledReport>)) -> Result<ReportedHour, HallError> {
    let waiting = match &hour.waiting {
        None => None,
        Some(Waiting { frozen_at, counts, checked_by }) => Some(WaitingReport {
            frozen_at: *frozen_at,
            checked_by: checked_by.clone(),
            figures: counts.figures(&hour)?,
        }),
    };
    Ok(ReportedHour { period: Period { from: hour.from, until: hour.until }, released, waiting })
}

/// So many hours of a mode at the most, the latest one first.
pub(crate) fn reported_hours(
    folder: &DataFolder,
    keys: &Keys,
    mode: Mode,
    most: usize,
) -> Result<Vec<ReportedHour>, HallError> {
    let reports = Reports::new(folder, keys);
    let read = |until: UnixMillis| reports.read(mode, until).transpose();
    reports.hours(mode)?.into_iter().rev().take(most).filter_map(read).map(|read| reported(read?)).collect()
}

/// One hour, and the latest released report of an earlier one.
pub(crate) fn reported_hour(
    folder: &DataFolder,
    keys: &Keys,
    mode: Mode,
    until: UnixMillis,
) -> Result<(ReportedHour, Option<ScheduledReport>), HallError> {
    let reports = Reports::new(folder, keys);
    let hour = reported(reports.find(mode, Some(until))?)?;
    for earlier in reports.hours(mode)?.into_iter().rev().filter(|earlier| *earlier < until) {
        let released = reports.read(mode, earlier)?.and_then(|(_, mut released)| released.pop());
        if released.is_some() {
            return Ok((hour, released));
        }
    }
    Ok((hour, None))
}

/// The latest released report of a mode; nothing before the first.
pub(crate) fn latest(
    folder: &DataFolder,
    keys: &Keys,
    mode: Mode,
) -> Result<Option<ScheduledReport>, HallError> {
    let reports = Reports::new(folder, keys);
    for until in reports.hours(mode)?.into_iter().rev() {
        let released = reports.read(mode, until)?.map(|(_, released)| released).unwrap_or_default();
        if let Some(report) = released.into_iter().next_back() {
            return Ok(Some(report));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(people: u32) -> Figures {
        let site = Site { id: SiteId::from_bytes([1; 16]), name: "体育館".to_owned(), position: None };
        let counts = SiteFigures {
            in_shelter: hinamori_report::Total::shown(people),
            households: 1,
            ..SiteFigures::default()
        };
        let occasion = Occasion {
            mode: Mode::Live,
            incident: IncidentId::from_bytes([9; 16]),
            name: "汐見町".to_owned(),
        };
        let period = Period { from: UnixMillis::new(0), until: UnixMillis::new(HOUR_MILLIS) };
        Figures::new(occasion, period, [(site, counts)], 1).unwrap()
    }

    #[test]
    fn every_version_is_kept_and_a_bent_one_is_seen() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&data.path().join("server"));
        let keys = folder.initialise().unwrap();
        let reports = Reports::new(&folder, &keys);
        let (checked_by, released_by) = (PersonalText::new("岬 一郎"), PersonalText::new("浜田 花子"));
        let at = UnixMillis::new(2 * HOUR_MILLIS);
        let release = || Release { checked_by: checked_by.clone(), released_by: released_by.clone(), at };
        let first = ScheduledReport::release(figures(7), release()).unwrap();
        let second = first.correct(figures(9), release()).unwrap();
        let version = |report: &ScheduledReport, people| Version {
            counts: Frozen::of(&figures(people)),
            checked_by: checked_by.clone(),
            released_by: released_by.clone(),
            released_at: at,
            signature: hex::text(&keys.report.sign(DOMAIN, &report.signed_bytes())),
        };
        let hour = Hour {
            mode: Mode::Live,
            incident: IncidentId::from_bytes([9; 16]),
            name: "汐見町".to_owned(),
            from: UnixMillis::new(0),
            until: UnixMillis::new(HOUR_MILLIS),
            waiting: None,
            versions: vec![version(&first, 7), version(&second, 9)],
        };
        assert!(latest(&folder, &keys, Mode::Live).unwrap().is_none());
        reports.save(&hour).unwrap();
        assert_eq!(latest(&folder, &keys, Mode::Live).unwrap(), Some(second));
        assert!(latest(&folder, &keys, Mode::Drill).unwrap().is_none());
        let file = reports.folder.join(Reports::name(Mode::Live, hour.until));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("\"shown\":7", "\"shown\":8")).unwrap();
        let Err(HallError::Data(DataError::Damaged { .. })) = latest(&folder, &keys, Mode::Live) else {
            panic!("bent and believed")
        };
        std::fs::write(&file, text.replace("\"live\"", "\"drill\"")).unwrap();
        assert!(latest(&folder, &keys, Mode::Live).is_err(), "a drill's report under a live name");
    }
}
