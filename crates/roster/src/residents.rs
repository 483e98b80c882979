//! The list of residents and households (住民・世帯名簿).

use std::collections::BTreeMap;

use hinamori_model::{BirthDate, CalendarDate, PersonalText, Sex};

use crate::field::{Field, ResidentField};
use crate::fold::{name, narrow_text};
use crate::mapping::Mapping;
use crate::number::{HouseholdNumber, ResidentNumber};
use crate::person::{Reading, Refused, WhenUnclear, some};
use crate::problem::{Column, Problem, Problems, Reason, Severity};
use crate::table::{Columns, MyNumbers, read_table};

/// Relations of the head of a household.
const HEADS: [&str; 2] = ["世帯主", "本人"];

/// One person as the town's register says. Text is as the town wrote it, but for widths and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Unique in the file.
    pub number: ResidentNumber,
    /// The household, if the file says.
    pub household: Option<HouseholdNumber>,
    /// Family and given name with one full-width space between.
    pub name: PersonalText,
    /// The reading in full-width katakana.
    pub kana: Option<PersonalText>,
    /// What the person chose to be called by.
    pub called_name: Option<PersonalText>,
    /// To the head of the household.
    pub relation: Option<PersonalText>,
    /// `None` also when the town does not know it.
    pub birth: Option<BirthDate>,
    /// 性別
    pub sex: Sex,
    /// Seven digits with a hyphen behind the third.
    pub postcode: Option<PersonalText>,
    /// With house and room at the end.
    pub address: Option<PersonalText>,
    /// 行政区 or 町字; empty when the file does not say.
    pub district: String,
    /// 班; empty when the file does not say.
    pub group: String,
    /// In half width.
    pub phone: Option<PersonalText>,
    /// 支援措置: nobody but named roles may learn of this person. An unclear mark counts as yes.
    pub hidden: bool,
    /// 見守り: somebody should see this person every day.
    pub watch: bool,
    /// As the file says it.
    pub nationality: Option<PersonalText>,
    /// As the file says it.
    pub language: Option<PersonalText>,
}

/// What a list of residents says.
#[derive(Debug)]
pub struct Residents {
    /// In the order of the file.
    pub residents: Vec<Resident>,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
}

impl Residents {
    /// Reads a list of residents; `today` is the day in Japan.
    ///
    /// # Errors
    /// A problem that refuses the whole file.
    pub fn read(bytes: &[u8], mapping: &Mapping, today: CalendarDate) -> Result<Self, Problem> {
        let mut problems = Problems::default();
        let mut list = List::default();
        let settings = &mapping.residents;
        let columns = read_table(bytes, settings, MyNumbers::Refuse, &mut problems, |row, problems| {
            let mut reading = Reading { row, problems };
            if let Ok(resident) = read_resident(&mut reading, mapping, today) {
                list.add(resident, &mut reading);
            }
        })?;
        for needed in [ResidentField::Number, ResidentField::Name] {
            if !columns.has(needed) {
                return Err(Problem::of_file(1, Some(Column::Named(needed.label())), Reason::ColumnMissing));
            }
        }
        // Somebody who hides is in danger when a header is only spelled otherwise.
        if !columns.has(ResidentField::Hidden) && !settings.columns.contains_key(&ResidentField::Hidden) {
            let hidden = Some(Column::Named(ResidentField::Hidden.label()));
            problems.add(1, hidden, Severity::Warning, Reason::NobodyHidden);
        }
        list.compare(&columns, &mut problems);
        Ok(Self { residents: list.residents, problems: problems.finish() })
    }
}

fn read_resident(
    reading: &mut Reading<'_, '_, ResidentField>,
    mapping: &Mapping,
    today: CalendarDate,
) -> Result<Resident, Refused> {
    use ResidentField as Is;
    let flags = &mapping.residents.flags;
    let number = reading.number(Is::Number)?.ok_or(Is::Number);
    let number = number.map_err(|field| reading.refuse(field, Reason::ValueMissing))?;
    let name = reading.name(Is::Name).ok_or(Is::Name);
    let name = name.map_err(|field| reading.refuse(field, Reason::ValueMissing))?;
    Ok(Resident {
        number,
        household: household(reading)?,
        name,
        kana: reading.kana(Is::Kana),
        called_name: reading.name(Is::CalledName),
        relation: reading.words(Is::Relation),
        birth: reading.birth(Is::Birth, today)?,
        sex: sex(reading),
        postcode: postcode(reading),
        address: address(reading.row.text(Is::Address), reading.row.text(Is::House)),
        district: reading.row.text(Is::District).to_owned(),
        group: reading.row.text(Is::Group).to_owned(),
        phone: reading.phone(Is::Phone),
        hidden: reading.flag(Is::Hidden, flags, WhenUnclear::Yes),
        watch: reading.flag(Is::Watch, flags, WhenUnclear::No),
        nationality: reading.words(Is::Nationality),
        language: reading.words(Is::Language),
    })
}

fn household(reading: &mut Reading<'_, '_, ResidentField>) -> Result<Option<HouseholdNumber>, Refused> {
    let text = reading.row.text(ResidentField::Household);
    if text.is_empty() {
        return Ok(None);
    }
    let number = HouseholdNumber::read(text);
    number.map(Some).ok_or_else(|| reading.refuse(ResidentField::Household, Reason::NumberMalformed))
}

fn sex(reading: &mut Reading<'_, '_, ResidentField>) -> Sex {
    match narrow_text(reading.row.text(ResidentField::Sex)).as_ref() {
        "" | "0" | "不明" | "回答なし" | "記載なし" => Sex::Unknown,
        "1" | "男" | "男性" | "M" | "m" => Sex::Male,
        "2" | "女" | "女性" | "F" | "f" => Sex::Female,
        "9" | "その他" | "X" | "x" => Sex::Other,
        _ => {
            reading.warn(ResidentField::Sex, Reason::SexUnreadable);
            Sex::Unknown
        }
    }
}

fn postcode(reading: &mut Reading<'_, '_, ResidentField>) -> Option<PersonalText> {
    let text = narrow_text(reading.row.text(ResidentField::Postcode));
    if text.is_empty() {
        return None;
    }
    let digits: String =
        text.trim_start_matches('〒').chars().filter(|one| *one != '-' && *one != ' ').collect();
    let is_postcode = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_at_checked(3).filter(|_| is_postcode) {
        Some((region, place)) => some(format!("{region}-{place}")),
        None => {
            reading.warn(ResidentField::Postcode, Reason::PostcodeMalformed);
            None
        }
    }
}

/// The parts of an address that are there, with a full-width space between.
fn address(street: &str, house: &str) -> Option<PersonalText> {
    if house.is_empty() { some(street.to_owned()) } else { some(name(&format!("{street} {house}"))) }
}

/// The residents that were taken, and their lines.
#[derive(Default)]
struct List {
    residents: Vec<Resident>,
    /// Of each resident.
    lines: Vec<u32>,
    line_of: BTreeMap<ResidentNumber, u32>,
}

impl List {
    fn add(&mut self, resident: Resident, reading: &mut Reading<'_, '_, ResidentField>) {
        if let Some(first_line) = self.line_of.get(&resident.number).copied() {
            let _refused = reading.refuse(ResidentField::Number, Reason::NumberTwice { first_line });
            return;
        }
        self.line_of.insert(resident.number.clone(), reading.row.line);
        self.lines.push(reading.row.line);
        self.residents.push(resident);
    }

    fn rows(&self) -> impl Iterator<Item = (u32, &Resident)> {
        self.lines.iter().copied().zip(&self.residents)
    }

    /// What only shows when all are there.
    fn compare(&self, columns: &Columns<ResidentField>, problems: &mut Problems) {
        self.same_people(problems);
        if columns.has(ResidentField::Household) {
            self.households(columns.has(ResidentField::Relation), problems);
        }
    }

    fn same_people(&self, problems: &mut Problems) {
        let mut first_lines = BTreeMap::new();
        for (line, Resident { name, birth, .. }) in self.rows() {
            let Some(birth) = birth else { continue };
            let first_line = *first_lines.entry((birth, name)).or_insert(line);
            if first_line != line {
                let name = Some(Column::Named(ResidentField::Name.label()));
                problems.add(line, name, Severity::Warning, Reason::SamePerson { first_line });
            }
        }
    }

    fn households(&self, has_relations: bool, problems: &mut Problems) {
        let mut households: BTreeMap<&HouseholdNumber, (u32, &str, bool)> = BTreeMap::new();
        for (line, Resident { household, district, relation, .. }) in self.rows() {
            let Some(household) = household else { continue };
            let is_head = relation.as_ref().is_some_and(|relation| HEADS.contains(&relation.expose()));
            let (first_line, first_district, has_head) =
                households.entry(household).or_insert((line, district, false));
            *has_head |= is_head;
            if *first_district != district && !first_district.is_empty() && !district.is_empty() {
                let column = Some(Column::Named(ResidentField::District.label()));
                let reason = Reason::HouseholdInTwoDistricts { first_line: *first_line };
                problems.add(line, column, Severity::Warning, reason);
            }
        }
        for (line, _, has_head) in households.into_values() {
            if has_relations && !has_head {
                let column = Some(Column::Named(ResidentField::Household.label()));
                problems.add(line, column, Severity::Warning, Reason::HouseholdWithoutHead);
            }
        }
    }
}
