//! What the town hall gets out at the command line: figures, reports, lists, exports, answers. Here is what all of these share:
//! the stores, the people, who asked, and files that are written as a whole.
//!
//! Whatever shows names is written into the log `commands` before it is written anywhere else: who, what, how many.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hinamori_model::{HouseholdId, IncidentId, Mode, PersonId, RegisteredKind, UnixMillis};
use hinamori_paper::PaperError;
use hinamori_report::{
    BadPosition, Figures, FiguresError, NotHidden, Period, PfifError, ReportError, Secrecy,
};
use hinamori_store_sqlite::{RegisteredHere, StoreError};
use hinamori_sync::town::{Incidents, Package, Person, TownSecret};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::alerts::STAFF;
use crate::archive::Stores;
use crate::browser::{ACTS, BROWSERS};
use crate::data::{DataError, DataFolder, Keys};
use crate::figures::figures_of;
use crate::inquiry::INQUIRIES;
use crate::own_shelter::Places;
use crate::paper::NotPrinted;
use crate::report_file::NotTheTurn;
use crate::roster;
use crate::signed_log::{Line, LogError, SignedLog};
use crate::town::Says;

/// The log of commands that show names.
pub(crate) const COMMANDS: &str = "commands";

/// Why nothing was handed out.
#[derive(Debug, thiserror::Error)]
pub enum HallError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The databases.
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
    /// The log, without which nobody is shown.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The figures cannot be, so that something in the records is wrong.
    #[error("the figures do not fit each other")]
    Figures(#[from] FiguresError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The page or its fonts.
    #[error(transparent)]
    Paper(#[from] NotPrinted),
    /// The file for registries of missing people.
    #[error(transparent)]
    Pfif(#[from] PfifError),
    /// A site's position.
    #[error(transparent)]
    Position(#[from] BadPosition),
    /// A table that is no JSON.
    #[error("the table cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A step of a report whose turn it is not.
    #[error(transparent)]
    Step(#[from] NotTheTurn),
    /// The file system.
    #[error("{file} cannot be written")]
    Write {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The operator.
    #[error("{0}")]
    Asked(&'static str),
}

impl From<PaperError> for HallError {
    fn from(error: PaperError) -> Self {
        Self::Paper(error.into())
    }
}

/// The incident of a mode.
pub(crate) const fn incident_of(incidents: Incidents, mode: Mode) -> IncidentId {
    match mode {
        Mode::DailyLife => incidents.daily_life,
        Mode::Live => incidents.live,
        Mode::Drill => incidents.drill,
    }
}

/// The incident in which the records of the one of a mode count, by headquarters' word.
pub(crate) fn shown_incident(stores: &Stores, incidents: Incidents, mode: Mode) -> IncidentId {
    stores.shown(incident_of(incidents, mode))
}

/// A town, its people and its records, opened beside a running server.
pub(crate) struct Hall {
    pub(crate) folder: DataFolder,
    pub(crate) keys: Keys,
    pub(crate) package: Package,
    pub(crate) stores: Stores,
}

impl Hall {
    pub(crate) fn open(folder: &DataFolder) -> Result<Self, HallError> {
        let keys = folder.keys()?;
        let (_, package) = folder.town(&keys)?;
        let mut stores = Stores::open(folder, &keys.key_table)?;
        // Before the server ran once, nobody said it yet.
        stores.follow(&Says::of(&package, &keys.town_root.public()))?;
        Ok(Self { folder: folder.clone(), keys, package, stores })
    }

    /// Everybody, for answers about an incident of this mode.
    pub(crate) fn people(&self, mode: Mode) -> Result<Townspeople, HallError> {
        Townspeople::read(&self.folder, &self.package, &self.stores, mode)
    }

    /// The places of the incident of a mode.
    pub(crate) fn places(&self, mode: Mode) -> Result<Places, HallError> {
        let (rulings, incident) =
            (self.folder.registry()?.shelters, shown_incident(&self.stores, self.package.incidents, mode));
        Ok(Places::read(&self.stores, &self.package, &rulings, incident)?)
    }

    /// The figures of the incident of a mode for a period.
    pub(crate) fn figures(&self, mode: Mode, period: Period, now: UnixMillis) -> Result<Figures, HallError> {
        let (people, places) = (self.people(mode)?, self.places(mode)?);
        figures_of(&self.stores, &self.package, &people, &places, mode, period, now)
    }

    /// Writes down that somebody is shown names; they may be shown when this returns.
    pub(crate) fn note(
        &self,
        user: &str,
        command: &str,
        mode: Mode,
        people: usize,
        now: UnixMillis,
    ) -> Result<(), HallError> {
        note(&self.folder, &self.keys, (user, command, mode, people), now)
    }
}

/// Writes down who is shown what: the user, the command, and how many people it names.
pub(crate) fn note(
    folder: &DataFolder,
    keys: &Keys,
    (user, command, mode, people): (&str, &str, Mode, usize),
    now: UnixMillis,
) -> Result<(), HallError> {
    let log = SignedLog::new(folder.path(), COMMANDS, &keys.log);
    log.append(now, Shown { user, command, mode, people })?;
    Ok(())
}

/// Throws away what the databases say of the changes, and makes it anew from them. How many records that are.
///
/// # Errors
/// [`HallError`]; also when the server runs.
pub fn rebuild(folder: &DataFolder) -> Result<u64, HallError> {
    let _alone = folder.lock_for_running()?;
    Ok(Hall::open(folder)?.stores.rebuild()?)
}

/// A line of the log of commands.
#[derive(Serialize)]
struct Shown<'a> {
    user: &'a str,
    command: &'a str,
    mode: Mode,
    people: usize,
}

/// A log of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichLog {
    /// Commands that showed names.
    Commands,
    /// Inquiries.
    Inquiries,
    /// Who changed the officers who sign alerts.
    Staff,
    /// Who signed in with a browser, who was refused, and who let whom in.
    Browsers,
    /// Which official opened, closed or adopted which site.
    Acts,
}

/// Checks a log from its first line and shows each line as JSON. It says how many there are and the digest of the last one, which
/// somebody may write down elsewhere: a log that was cut at its end has another one. That it was read stands in the log of
/// commands.
///
/// # Errors
/// [`HallError`]; the lines before a broken one are shown.
pub fn show_log(
    folder: &DataFolder,
    which: WhichLog,
    user: &str,
    now: UnixMillis,
    mut show: impl FnMut(&str),
) -> Result<String, HallError> {
    let keys = folder.keys()?;
    let name = match which {
        WhichLog::Commands => COMMANDS,
        WhichLog::Inquiries => INQUIRIES,
        WhichLog::Staff => STAFF,
        WhichLog::Browsers => BROWSERS,
        WhichLog::Acts => ACTS,
    };
    let shown = Shown { user, command: "log", mode: Mode::DailyLife, people: 0 };
    SignedLog::new(folder.path(), COMMANDS, &keys.log).append(now, shown)?;
    let head = SignedLog::new(folder.path(), name, &keys.log).read(|line: Line<serde_json::Value>| {
        show(&serde_json::json!({ "number": line.number, "at": line.at, "entry": line.entry }).to_string());
    })?;
    Ok(head.to_string())
}

/// The people of the roster, who of them and of others is hidden, and who was registered in the field.
pub(crate) struct Townspeople {
    people: BTreeMap<PersonId, Person>,
    hidden: BTreeSet<PersonId>,
    registered: BTreeMap<PersonId, RegisteredHere>,
}

/// People who belong together: a household, or somebody alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Together {
    Household(HouseholdId),
    Alone(PersonId),
}

impl Townspeople {
    fn read(folder: &DataFolder, package: &Package, stores: &Stores, mode: Mode) -> Result<Self, HallError> {
        let people = roster::people_of(folder.path(), package)?;
        let [live, drill] = stores.all();
        // What was said in earnest counts in a drill, and never the other way round.
        let (mut hidden, mut registered) = (live.hidden_people()?, live.registered()?);
        if mode == Mode::Drill {
            for person in drill.hidden_people()? {
                hidden.insert(live.canonical(person)?);
            }
            for (person, entry) in drill.registered()? {
                registered.entry(live.canonical(person)?).or_insert(entry);
            }
        }
        Ok(Self::new(people, hidden, registered))
    }

    /// Whom the roster hides is hidden, whatever a record says: the town lifts that in its register.
    pub(crate) fn new(
        people: Vec<Person>,
        mut hidden: BTreeSet<PersonId>,
        registered: BTreeMap<PersonId, RegisteredHere>,
    ) -> Self {
        hidden.extend(people.iter().filter(|person| person.hidden).map(|person| person.id));
        let people = people.into_iter().map(|person| (person.id, person)).collect();
        Self { people, hidden, registered }
    }

    /// Somebody of the roster.
    pub(crate) fn person(&self, person: PersonId) -> Option<&Person> {
        self.people.get(&person)
    }

    /// Everybody of the roster who is not hidden.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Person> {
        self.people.values().filter(|person| !self.hidden.contains(&person.id))
    }

    /// Whether somebody is hidden.
    pub(crate) fn secrecy(&self, person: PersonId) -> Secrecy {
        if self.hidden.contains(&person) { Secrecy::Hidden } else { Secrecy::Open }
    }

    /// The proof that somebody is not hidden, if so.
    pub(crate) fn not_hidden(&self, person: PersonId) -> Option<NotHidden> {
        NotHidden::check(person, |person| self.secrecy(person))
    }

    /// Whether somebody is on no roster because they only visit.
    pub(crate) fn is_visitor(&self, person: PersonId) -> bool {
        self.registered.get(&person).is_some_and(|entry| entry.kind == RegisteredKind::Visitor)
    }

    /// Whether somebody was registered in the field.
    pub(crate) fn registered(&self, person: PersonId) -> Option<RegisteredHere> {
        self.registered.get(&person).copied()
    }

    /// With whom somebody is counted as one household.
    pub(crate) fn together(&self, person: PersonId) -> Together {
        let of_roster = self.person(person).and_then(|person| person.household);
        let household = of_roster.or_else(|| self.registered(person)?.household);
        household.map_or(Together::Alone(person), Together::Household)
    }
}

/// A key of its own for one use, made of the town's secret.
pub(crate) fn key_for(use_of: &[u8], secret: &TownSecret) -> hmac::Key {
    let town = hmac::Key::new(hmac::HMAC_SHA256, &secret.0);
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&town, use_of).as_ref())
}

/// The first 16 bytes of a keyed hash over fields, each behind its length so that no two lists of fields are alike.
pub(crate) fn mac16(key: &hmac::Key, fields: &[&[u8]]) -> [u8; 16] {
    let mut context = hmac::Context::with_key(key);
    for field in fields {
        context.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(field);
    }
    let mut cut = [0; 16];
    cut.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    cut
}

/// Writes a file as a whole, for the server's user alone.
pub(crate) fn write_out(file: &Path, bytes: &[u8]) -> Result<(), HallError> {
    let failed = |source| HallError::Write { file: file.to_owned(), source };
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
    hinamori_private_file::replace(parent, name, bytes).map_err(failed)
}

/// Who sits at this machine: whoever logged in, also behind `sudo`; else the user of this process. It has to be asked before the
/// process becomes the server's user.
pub fn os_user() -> String {
    const NOBODY_LOGGED_IN: u32 = u32::MAX;
    let logged_in = std::fs::read_to_string("/proc/self/loginuid").ok();
    let logged_in = logged_in.and_then(|text| text.trim().parse::<u32>().ok());
    let own = || std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?).into();
    let Some(user) = logged_in.filter(|user| *user != NOBODY_LOGGED_IN).or_else(own) else {
        return "unknown".to_owned();
    };
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {user}"))
}

/// Which incident is meant: the town's live one, its drill, or daily life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichIncident {
    /// 災害
    #[default]
    Live,
    /// 訓練
    Drill,
    /// 平常時
    DailyLife,
}

impl From<WhichIncident> for Mode {
    fn from(which: WhichIncident) -> Self {
        match which {
            WhichIncident::Live => Self::Live,
            WhichIncident::Drill => Self::Drill,
            WhichIncident::DailyLife => Self::DailyLife,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::PersonalText;

    const ONE: PersonId = PersonId::from_bytes([1; 16]);
    const TWO: PersonId = PersonId::from_bytes([2; 16]);

    #[test]
    fn nobody_whom_the_roster_or_a_record_hides_can_be_shown() {
        let person = |id, hidden| Person { hidden, ..Person::named(id, PersonalText::new("浜田 花子")) };
        let third = PersonId::from_bytes([3; 16]);
        let roster = vec![person(ONE, true), person(TWO, false), person(third, false)];
        let people = Townspeople::new(roster, BTreeSet::from([TWO]), BTreeMap::new());
        assert_eq!(people.shown().map(|person| person.id).collect::<Vec<_>>(), [third]);
        assert!(people.not_hidden(ONE).is_none() && people.not_hidden(TWO).is_none());
        assert_eq!(people.not_hidden(third).map(NotHidden::person), Some(third));
    }

    #[test]
    fn the_hash_of_fields_depends_on_every_field_and_where_it_ends() {
        let key = key_for(b"a", &TownSecret([1; 32]));
        let one = mac16(&key, &[b"ab", b"c"]);
        assert_ne!(one, mac16(&key, &[b"a", b"bc"]));
        assert_ne!(one, mac16(&key_for(b"b", &TownSecret([1; 32])), &[b"ab", b"c"]));
        assert_eq!(one, mac16(&key_for(b"a", &TownSecret([1; 32])), &[b"ab", b"c"]));
    }
}
