//! The town's registers become people of the directory: the list of residents and households, and the list of persons
//! needing support to evacuate. What is wrong with a line is told and the rest goes in; a file that cannot be trusted as
//! a whole changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hinamori_model::{BirthDate, CalendarDate, PersonId, PersonalText, SupportReasons, TownKey, UnixMillis};
use hinamori_roster::{Mapping, Problem, Reason, Resident, Residents, Severity, SupportList, Supported};
use hinamori_sync::town::Person;

use crate::data::DataError;
use crate::import::{ImportError, read, wrong};

/// Of the people of the version before, so many of a hundred may be missing in a new list. More is a list that was cut off
/// between two lines, or one of another town.
const MOST_MISSING_PERCENT: usize = 10;
/// A list of so few people may change as it likes.
const FEW: usize = 50;
/// Japan has one time zone and no summer time: UTC+9.
const JAPAN_SECONDS: i64 = 9 * 3_600;

/// Where the registers are.
#[derive(Debug, Clone)]
pub struct RegisterFiles {
    /// The list of residents and households (CSV).
    pub residents: PathBuf,
    /// The list of persons needing support to evacuate (CSV).
    pub support: Option<PathBuf>,
    /// How their columns are named (TOML).
    pub mapping: Option<PathBuf>,
    /// Takes a list also when a tenth of the people or more are missing in it.
    pub allow_removals: bool,
    /// Takes a list also when it no longer says of many hidden people that they are hidden.
    pub allow_unhiding: bool,
}

/// What the registers say.
#[derive(Debug, Default)]
pub struct Register {
    /// People, in the order of the list.
    pub people: Vec<Person>,
    /// What is wrong, by file.
    pub problems: Vec<(PathBuf, Problem)>,
    /// Entries of the support list that fit nobody, or more than one.
    pub support_unmatched: usize,
    /// People of the list before who stay because no new one was given.
    pub kept: usize,
}

impl Register {
    /// The people of the list before, as they are.
    pub(crate) fn kept(mut before: Vec<Person>) -> Self {
        before.retain(|person| person.on_register);
        Self { kept: before.len(), people: before, ..Self::default() }
    }

    /// How many lines were not taken.
    pub fn refused(&self) -> usize {
        self.problems.iter().filter(|(_, problem)| problem.severity == Severity::Refused).count()
    }
}

/// The day that it is in Japan.
fn japanese_day(now: UnixMillis) -> Option<CalendarDate> {
    let seconds = i64::try_from(now.get() / 1_000).ok()?.checked_add(JAPAN_SECONDS)?;
    let day = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |number: i8| u8::try_from(number).ok();
    CalendarDate::new(u16::try_from(day.year()).ok()?, part(day.month())?, part(day.day())?).ok()
}

/// Reads the registers. `before` are the people that boxes work with now, if they can be read.
///
/// # Errors
/// [`ImportError`]: a whole file was refused, and nothing changes.
pub(crate) fn read_register(
    files: &RegisterFiles,
    key: &TownKey,
    before: Result<Vec<Person>, DataError>,
    now: UnixMillis,
) -> Result<Register, ImportError> {
    let before = match before {
        Ok(people) => Some(people),
        // This import brings the parts back.
        Err(_) if files.allow_removals => None,
        Err(lost) => return Err(ImportError::NotComparable(lost)),
    };
    let today = japanese_day(now).ok_or_else(|| wrong(&files.residents, "this machine's clock is wrong"))?;
    let mapping = files.mapping.as_deref().map_or_else(|| Ok(Mapping::default()), read_mapping)?;
    let refused = |file: &Path| {
        let file = file.to_owned();
        move |problem: Problem| ImportError::File { file, reason: problem.to_string() }
    };
    let list =
        Residents::read(&read(&files.residents)?, &mapping, today).map_err(refused(&files.residents))?;
    let mut register = Register::default();
    register.note(&files.residents, list.problems);
    let mut places = BTreeMap::new();
    for resident in list.residents {
        places.insert(resident.number.expose().to_owned(), register.people.len());
        register.people.push(person_of(resident, key));
    }
    if let Some(before) = &before {
        check_missing(files, &register, before)?;
    }
    check_unhidden(files, &register, before.as_deref())?;
    if let Some(file) = &files.support {
        let list = SupportList::read(&read(file)?, &mapping, today).map_err(refused(file))?;
        register.note(file, list.problems);
        for entry in list.entries {
            let place = match &entry.person {
                Supported::Number(number) => places.get(number.expose()).copied(),
                Supported::Described { name, birth, .. } => register.only_one(name, *birth),
            };
            let person = place.and_then(|place| register.people.get_mut(place));
            match person {
                Some(person) => {
                    // A reason that this program has no word for is one all the same.
                    let other = SupportReasons::NONE.with(hinamori_model::SupportReason::Other);
                    person.support = if entry.reasons.is_empty() { other } else { entry.reasons };
                }
                None => register.support_unmatched = register.support_unmatched.saturating_add(1),
            }
        }
    }
    Ok(register)
}

impl Register {
    fn note(&mut self, file: &Path, problems: Vec<Problem>) {
        self.problems.extend(problems.into_iter().map(|problem| (file.to_owned(), problem)));
    }

    /// The place of the one person with this name and birth date.
    fn only_one(&self, name: &PersonalText, birth: BirthDate) -> Option<usize> {
        let fits = |person: &&Person| person.name == *name && person.birth == Some(birth);
        let mut found = self.people.iter().enumerate().filter(|(_, person)| fits(person));
        match (found.next(), found.next()) {
            (Some((place, _)), None) => Some(place),
            (None | Some(_), _) => None,
        }
    }
}

fn check_missing(files: &RegisterFiles, register: &Register, before: &[Person]) -> Result<(), ImportError> {
    let listed: BTreeSet<PersonId> = register.people.iter().map(|person| person.id).collect();
    let known: Vec<PersonId> =
        before.iter().filter(|person| person.on_register).map(|person| person.id).collect();
    let missing = known.iter().filter(|person| !listed.contains(person)).count();
    let is_too_many = missing.saturating_mul(100) >= known.len().saturating_mul(MOST_MISSING_PERCENT);
    if known.len() > FEW && is_too_many && !files.allow_removals {
        return Err(wrong(
            &files.residents,
            format!(
                "{missing} of the {} people of the list before are missing in it: if that is right, \
                 say --allow-removals",
                known.len()
            ),
        ));
    }
    Ok(())
}

/// A flag that an export lost is no flag that the town took back. One person may be shown again in any list that has
/// the column.
fn check_unhidden(
    files: &RegisterFiles,
    register: &Register,
    before: Option<&[Person]>,
) -> Result<(), ImportError> {
    if files.allow_unhiding {
        return Ok(());
    }
    let refused = |why: String| {
        let reason = format!("{why}: if they may be shown from now on, say --allow-unhiding");
        Err(wrong(&files.residents, reason))
    };
    let lacks_column = register.problems.iter().any(|(_, problem)| problem.reason == Reason::NobodyHidden);
    let Some(before) = before else {
        return if lacks_column && !register.people.is_empty() {
            refused(
                "it does not say who is hidden, and who was cannot be read from the package before".into(),
            )
        } else {
            Ok(())
        };
    };
    let hidden: BTreeSet<PersonId> =
        before.iter().filter(|person| person.on_register && person.hidden).map(|person| person.id).collect();
    let listed = || register.people.iter().filter(|person| hidden.contains(&person.id));
    let (all, shown) = (listed().count(), listed().filter(|person| !person.hidden).count());
    let is_too_many = shown > 1 && shown.saturating_mul(2) > all;
    if (lacks_column && shown > 0) || is_too_many {
        return refused(format!("{shown} of the {all} hidden people on it are not hidden any more"));
    }
    Ok(())
}

fn read_mapping(file: &Path) -> Result<Mapping, ImportError> {
    let bytes = read(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_not_utf8| wrong(file, "not UTF-8 text"))?;
    Mapping::parse(text).map_err(|problem| {
        let source = std::error::Error::source(&problem).map_or_else(String::new, |why| format!(": {why}"));
        wrong(file, format!("{problem}{source}"))
    })
}

fn person_of(resident: Resident, key: &TownKey) -> Person {
    let nothing = || PersonalText::new("");
    let household = resident.household.map(|number| key.household_of_register(number.expose()));
    Person {
        id: key.person_of_resident(resident.number.expose()),
        household,
        district: resident.district,
        group: resident.group,
        name: resident.name,
        kana: resident.kana.unwrap_or_else(nothing),
        called_name: resident.called_name,
        relation: resident.relation.unwrap_or_else(nothing),
        birth: resident.birth,
        sex: resident.sex,
        address: resident.address.unwrap_or_else(nothing),
        support: SupportReasons::NONE,
        hidden: resident.hidden,
        watch: resident.watch,
        on_register: true,
    }
}
