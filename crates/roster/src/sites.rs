//! National open data of emergency sites (指定緊急避難場所) and shelters (指定避難所): the form of 自治体標準オープンデータセット
//! and those of the Geospatial Information Authority (GSI).

use std::borrow::Cow;
use std::collections::BTreeMap;

use hinamori_model::{Hazard, MunicipalityCode};

use crate::field::{Field, SiteField};
use crate::fold::{kana, narrow_text, word};
use crate::geojson;
use crate::hazard::{Hazards, Suitability};
use crate::mapping::{Flags, Settings};
use crate::municipality::{code_of_common_id, municipality_code};
use crate::problem::{Column, Problem, Problems, Reason, Severity};
use crate::table::{MyNumbers, Row, read_table};

/// Japan from 与那国島 and 沖ノ鳥島 to 択捉島 and 南鳥島, in microdegrees.
const LATITUDES: std::ops::RangeInclusive<i32> = 20_000_000..=46_000_000;
const LONGITUDES: std::ops::RangeInclusive<i32> = 122_000_000..=154_500_000;

/// What the town designated a place as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Designation {
    /// 指定緊急避難場所: to be safe for hours.
    EmergencySite,
    /// 指定避難所: for a stay.
    Shelter,
    /// Both at the same address.
    Both,
}

/// A point on the map (WGS 84 or JGD 2011, which are the same here).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GeoPosition {
    /// Millionths of a degree to the north.
    pub latitude_microdegrees: i32,
    /// Millionths of a degree to the east.
    pub longitude_microdegrees: i32,
}

/// One place of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSite {
    /// Never empty.
    pub name: String,
    /// The reading in full-width katakana; empty when the list has none.
    pub kana: String,
    /// Empty when the list has none.
    pub address: String,
    /// From its column, else from the common id.
    pub municipality: Option<MunicipalityCode>,
    /// 共通ID or ID in half width; empty when the list has none.
    pub common_id: String,
    /// `None` when it is missing or no place in Japan.
    pub position: Option<GeoPosition>,
    /// What it is safe from.
    pub hazards: Hazards,
    /// What it is for.
    pub designation: Designation,
    /// People.
    pub capacity: Option<u32>,
    /// 受入対象者, such as 要配慮者; empty for everybody.
    pub received: String,
    /// 備考
    pub remarks: String,
}

/// What a list of places says.
#[derive(Debug)]
pub struct Sites {
    /// In the order of the file.
    pub sites: Vec<ListedSite>,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
}

impl Sites {
    /// Reads a list as CSV or GeoJSON. It is one of emergency sites when it says for which hazards they are, or which of
    /// them are shelters too; else one of shelters.
    ///
    /// # Errors
    /// A problem that refuses the whole file.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut problems = Problems::default();
        let mut list = List::default();
        let first =
            bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF));
        if first == Some(&b'{') {
            geojson::read(bytes, &mut problems, |place, problems| list.add(place, problems))?;
        } else {
            let settings = Settings::default();
            let columns = read_table(bytes, &settings, MyNumbers::Ignore, &mut problems, |row, problems| {
                list.add(&Place::of_row(row), problems);
            })?;
            if !columns.has(SiteField::Name) {
                let name = Column::Named(SiteField::Name.label());
                return Err(Problem::of_file(1, Some(name), Reason::ColumnMissing));
            }
        }
        Ok(Self { sites: list.sites, problems: problems.finish() })
    }
}

/// The fields of one place, and where in the file it stands.
pub(crate) struct Place<'a> {
    pub(crate) line: u32,
    /// By the field's place; `None` where the list has no such column.
    texts: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Place<'a> {
    pub(crate) fn new(line: u32) -> Self {
        Self { line, texts: vec![None; SiteField::ALL.len()] }
    }

    fn of_row(row: &Row<'a, SiteField>) -> Self {
        let mut place = Self::new(row.line);
        for field in SiteField::ALL.iter().filter(|field| row.columns.has(**field)) {
            place.set(*field, Cow::Borrowed(row.text(*field)));
        }
        place
    }

    pub(crate) fn set(&mut self, field: SiteField, text: Cow<'a, str>) {
        if let Some(place) = self.texts.get_mut(field.place()) {
            *place = Some(text);
        }
    }

    fn text(&self, field: SiteField) -> &str {
        self.texts.get(field.place()).and_then(Option::as_deref).unwrap_or_default()
    }

    fn has(&self, field: SiteField) -> bool {
        self.texts.get(field.place()).is_some_and(Option::is_some)
    }

    fn warn(&self, problems: &mut Problems, field: SiteField, reason: Reason) {
        problems.add(self.line, Some(Column::Named(field.label())), Severity::Warning, reason);
    }

    pub(crate) fn refuse(&self, problems: &mut Problems, field: SiteField, reason: Reason) {
        problems.add(self.line, Some(Column::Named(field.label())), Severity::Refused, reason);
    }
}

#[derive(Default)]
struct List {
    sites: Vec<ListedSite>,
    line_of: BTreeMap<String, u32>,
    flags: Flags,
}

impl List {
    fn add(&mut self, place: &Place<'_>, problems: &mut Problems) {
        let name = place.text(SiteField::Name);
        if name.is_empty() {
            return place.refuse(problems, SiteField::Name, Reason::ValueMissing);
        }
        let common_id = narrow_text(place.text(SiteField::Id)).into_owned();
        if !common_id.is_empty() {
            let first_line = *self.line_of.entry(common_id.clone()).or_insert(place.line);
            if first_line != place.line {
                return place.refuse(problems, SiteField::Id, Reason::NumberTwice { first_line });
            }
        }
        self.sites.push(ListedSite {
            name: name.to_owned(),
            kana: kana(place.text(SiteField::Kana)),
            address: address(place),
            municipality: municipality(place, &common_id, problems),
            common_id,
            position: position(place, problems),
            hazards: hazards(place, &self.flags, problems),
            designation: designation(place, &self.flags, problems),
            capacity: capacity(place, problems),
            received: place.text(SiteField::Received).to_owned(),
            remarks: place.text(SiteField::Remarks).to_owned(),
        });
    }
}

fn address(place: &Place<'_>) -> String {
    match place.text(SiteField::Address) {
        "" => [place.text(SiteField::Town), place.text(SiteField::Number)].concat(),
        address => address.to_owned(),
    }
}

fn municipality(place: &Place<'_>, common_id: &str, problems: &mut Problems) -> Option<MunicipalityCode> {
    let text = place.text(SiteField::Code);
    if text.is_empty() {
        return code_of_common_id(common_id);
    }
    let code = municipality_code(text);
    if code.is_none() {
        place.warn(problems, SiteField::Code, Reason::CodeMalformed);
    }
    code
}

fn position(place: &Place<'_>, problems: &mut Problems) -> Option<GeoPosition> {
    let [latitude, longitude] = [SiteField::Latitude, SiteField::Longitude].map(|field| place.text(field));
    position_of(latitude, longitude).unwrap_or_else(|reason| {
        place.warn(problems, SiteField::Latitude, reason);
        None
    })
}

/// A position in degrees; nothing where both are empty.
pub(crate) fn position_of(latitude: &str, longitude: &str) -> Result<Option<GeoPosition>, Reason> {
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let degrees = microdegrees(latitude).zip(microdegrees(longitude));
    let (latitude, longitude) = degrees.ok_or(Reason::PositionUnreadable)?;
    if !LATITUDES.contains(&latitude) || !LONGITUDES.contains(&longitude) {
        return Err(Reason::PositionOutsideJapan);
    }
    Ok(Some(GeoPosition { latitude_microdegrees: latitude, longitude_microdegrees: longitude }))
}

fn microdegrees(text: &str) -> Option<i32> {
    let degrees: f64 = narrow_text(text).parse().ok()?;
    // The cast is within the range of i32, and what is lost is less than a metre.
    (degrees.abs() <= 180.0).then_some((degrees * 1e6).round() as i32)
}

fn hazards(place: &Place<'_>, flags: &Flags, problems: &mut Problems) -> Hazards {
    let fields = [
        SiteField::Flood,
        SiteField::Landslide,
        SiteField::StormSurge,
        SiteField::Earthquake,
        SiteField::Tsunami,
        SiteField::Fire,
        SiteField::InlandFlood,
        SiteField::Volcano,
    ];
    let mut hazards = Hazards::UNKNOWN;
    for (hazard, field) in Hazard::ALL.into_iter().zip(fields).filter(|(_, field)| place.has(*field)) {
        let suitability = match flags.read(place.text(field)) {
            Some(true) => Suitability::Suitable,
            Some(false) => Suitability::Unsuitable,
            None => {
                place.warn(problems, field, Reason::SuitabilityUnreadable);
                Suitability::Unknown
            }
        };
        hazards = hazards.with(hazard, suitability);
    }
    hazards
}

fn designation(place: &Place<'_>, flags: &Flags, problems: &mut Problems) -> Designation {
    let mut is_also = |field| {
        flags.read(place.text(field)).unwrap_or_else(|| {
            place.warn(problems, field, Reason::TakenAsNo);
            false
        })
    };
    let has_hazards =
        place.has(SiteField::Earthquake) || place.has(SiteField::Tsunami) || place.has(SiteField::Flood);
    let is_emergency_list =
        place.has(SiteField::AlsoShelter) || has_hazards && !place.has(SiteField::AlsoEmergencySite);
    match is_emergency_list {
        true if is_also(SiteField::AlsoShelter) => Designation::Both,
        true => Designation::EmergencySite,
        false if is_also(SiteField::AlsoEmergencySite) => Designation::Both,
        false => Designation::Shelter,
    }
}

fn capacity(place: &Place<'_>, problems: &mut Problems) -> Option<u32> {
    let text = word(place.text(SiteField::Capacity));
    if text.is_empty() {
        return None;
    }
    let capacity = text.strip_suffix('人').unwrap_or(&text).parse().ok();
    if capacity.is_none() {
        place.warn(problems, SiteField::Capacity, Reason::CapacityUnreadable);
    }
    capacity
}
